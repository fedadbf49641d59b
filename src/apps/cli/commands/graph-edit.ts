import type { GraphChangeInput } from '../../../modules/allocation/index.ts';
import { withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { changeGraph } from './graph-client.ts';
import { printDraft } from './graph-output.ts';

export interface NodeOptions {
  readonly graph: string;
  readonly type: string;
  readonly name?: string;
  readonly application?: string;
  readonly label?: readonly string[];
  readonly archived?: boolean;
}

export interface EdgeOptions {
  readonly graph: string;
  readonly strategy: string;
  readonly param?: readonly string[];
  readonly group?: string;
  readonly validFrom?: string;
  readonly validTo?: string;
  readonly id?: string;
}

/** `finops graph node add NODE --type product` */
export async function addNode(context: Context, id: string, options: NodeOptions): Promise<void> {
  const { graph, type, name, application, label = [], archived = false } = options;
  const value = { id, type, labels: pairsOf('--label', label), archived, name, application };
  await change(context, graph, { put: 'node', value } as GraphChangeInput);
}

/** `finops graph node remove NODE` */
export async function removeNode(
  context: Context,
  id: string,
  { graph, withEdges = false }: { readonly graph: string; readonly withEdges?: boolean },
): Promise<void> {
  await change(context, graph, { remove: 'node', id, withEdges });
}

/** `finops graph edge add FROM TO --strategy proportional --param metric=requests` */
export async function addEdge(
  context: Context,
  from: string,
  to: string,
  options: EdgeOptions,
): Promise<void> {
  const { graph, param = [], ...edge } = options;
  const value = { from, to, ...edge, params: paramsOf(param) };
  await change(context, graph, { put: 'edge', value } as GraphChangeInput);
}

/** `finops graph edge remove "a -> b"` */
export async function removeEdge(
  context: Context,
  id: string,
  { graph }: { readonly graph: string },
): Promise<void> {
  await change(context, graph, { remove: 'edge', id });
}

/** The server knows what fits: what a schema here said would be said twice. */
async function change(context: Context, graph: string, asked: GraphChangeInput): Promise<void> {
  const done = await withClient(context, (client) =>
    changeGraph(client, 'POST', { graph, below: '/draft/changes' }, { changes: [asked] }),
  );
  printDraft(context, done);
}

function pairsOf(option: string, texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw errors.usage({ problem: `${option} takes name=value, not '${text}'.` });
      return [text.slice(0, at), text.slice(at + 1)] as const;
    }),
  );
}

/** Numbers of days are numbers, and a segment is JSON; anything else is text, percentages too. */
function paramsOf(texts: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(pairsOf('--param', texts)).map(([name, text]) => {
      if (name === 'windowDays' && /^\d+$/.test(text)) return [name, Number(text)];
      if (name === 'segment') return [name, jsonOf(text)];
      return [name, text];
    }),
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw errors.usage({ problem: `--param segment takes JSON, not '${text.slice(0, 60)}'.` });
  }
}
