import type {
  DiffAnswer,
  DraftAnswer,
  EdgeList,
  GraphAnswer,
  NodeDetail,
  NodeList,
  VersionAnswer,
} from '../../../modules/allocation/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { errors } from '../errors.ts';
import { counted } from '../output.ts';
import type { EdgesOptions, NodesOptions } from './graph.ts';
import { changeGraph, graphPath, readGraph, versionPath } from './graph-client.ts';
import {
  diffTable,
  edgeTable,
  findingTable,
  graphTable,
  hasErrors,
  nodeTable,
  printDraft,
  versionTable,
} from './graph-output.ts';
import { allPages } from './organization-client.ts';

/** `finops graph list` */
export async function listGraphs(context: Context, { entity }: { readonly entity?: string }): Promise<void> {
  const items = await withClient(context, (client) => allPages<GraphAnswer>(client, '/graphs', { entity }));
  context.print({ json: { items }, tables: [graphTable(items)] });
}

/** `finops graph create GRAPH` */
export async function createGraph(
  context: Context,
  id: string,
  { label = id, entity = null }: { readonly label?: string; readonly entity?: string | null },
): Promise<void> {
  const made = await withClient(context, (client) =>
    client.call<GraphAnswer>('POST', address('/graphs'), { id, label, entity }),
  );
  context.print({ json: made, tables: [graphTable([made])] });
}

/** `finops graph show [GRAPH]` */
export async function showGraph(context: Context, graph: string): Promise<void> {
  printGraph(context, await withClient(context, (client) => readGraph(client, graph)));
}

function printGraph(context: Context, found: GraphAnswer): void {
  const versions = [found.draft, found.published].filter((version) => version !== null);
  context.print({ json: found, tables: [graphTable([found]), versionTable(versions)] });
}

/** `finops graph retire GRAPH`, `finops graph restore GRAPH` */
export async function retireGraph(context: Context, graph: string, retired: boolean): Promise<void> {
  const after = await withClient(context, (client) =>
    changeGraph<GraphAnswer>(client, 'PATCH', { graph }, { active: !retired }),
  );
  context.print({ json: after, tables: [graphTable([after])] });
}

/** `finops graph nodes [GRAPH]` */
export async function showNodes(context: Context, graph: string, options: NodesOptions): Promise<void> {
  const { graphVersion, type, text, application } = options;
  const path = versionPath(graph, graphVersion, '/nodes');
  const items = await withClient(context, (client) =>
    allPages<NodeList['items'][number]>(client, path, { type, text, application }),
  );
  context.print({ json: { items }, tables: [nodeTable(items)] });
  context.say(counted(items.length, 'node'));
}

/** `finops graph edges [GRAPH]` */
export async function showEdges(context: Context, graph: string, options: EdgesOptions): Promise<void> {
  const { graphVersion, from, to, node, strategy, text } = options;
  const path = versionPath(graph, graphVersion, '/edges');
  const items = await withClient(context, (client) =>
    allPages<EdgeList['items'][number]>(client, path, { from, to, node, strategy, text }),
  );
  context.print({ json: { items }, tables: [edgeTable(items)] });
  context.say(counted(items.length, 'edge'));
}

/** `finops graph node show NODE` */
export async function showNode(
  context: Context,
  id: string,
  { graph, graphVersion }: { readonly graph: string; readonly graphVersion: string },
): Promise<void> {
  const path = address(versionPath(graph, graphVersion, `/nodes/${encodeURIComponent(id)}`));
  const found = await withClient(context, (client) => client.call<NodeDetail>('GET', path));
  context.print({
    json: found,
    tables: [
      nodeTable([found.node]),
      edgeTable(found.edgesIn.items, 'Gets cost from'),
      edgeTable(found.edgesOut.items, 'Passes cost on to'),
    ],
  });
}

/** `finops graph history [GRAPH]` */
export async function showHistory(context: Context, graph: string): Promise<void> {
  const path = graphPath(graph, '/versions');
  const items = await withClient(context, (client) => allPages<VersionAnswer>(client, path));
  context.print({ json: { items }, tables: [versionTable(items)] });
}

/** `finops graph diff [GRAPH]` */
export async function showDiff(
  context: Context,
  graph: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const path = address(graphPath(graph, '/diff'), { from, to });
  const found = await withClient(context, (client) => client.call<DiffAnswer>('GET', path));
  context.print({ json: found, tables: [diffTable(found.diff)] });
}

/** `finops graph publish [GRAPH]` */
export async function publishDraft(
  context: Context,
  graph: string,
  { note, dryRun = false }: { readonly note?: string; readonly dryRun?: boolean },
): Promise<void> {
  const body = { dryRun, ...(note === undefined ? {} : { note }) };
  const done = await withClient(context, async (client) => {
    const { version, draft } = await readGraph(client, graph);
    const path = address(versionPath(graph, 'draft', '/findings'));
    // All of them are shown; a refusal tells the first.
    const found =
      draft &&
      (await client.call<Pick<DraftAnswer, 'findings'> & { items: DraftAnswer['findings'] }>('GET', path));
    if (found && hasErrors(found.items)) return found;
    return changeGraph(client, 'POST', { graph, below: '/draft/publish' }, body, version);
  });
  if ('items' in done) return refuseWrong(context, graph, done.items);
  printDraft(context, done);
}

/** Prints why a draft is not published, and ends with 5. */
export function refuseWrong(context: Context, graph: string, findings: DraftAnswer['findings']): void {
  context.print({ json: { graph, published: false, findings }, tables: [findingTable(findings)] });
  context.say(`the draft of ${graph} is not published: mend the errors first`);
  context.exitWith(exitCodes.badData);
}

/** `finops graph rollback [GRAPH] --to VERSION` */
export async function rollBackGraph(
  context: Context,
  graph: string,
  { to, publish, note }: { readonly to: string; readonly publish?: boolean; readonly note?: string },
): Promise<void> {
  if (!/^[1-9]\d{0,8}$/.test(to))
    throw errors.usage({ problem: `--to takes the number of a version, not '${to}'.` });
  const said = note === undefined ? {} : { note };
  const opened = await withClient(context, (client) =>
    client.call<GraphAnswer>('POST', address(graphPath(graph, '/rollback')), {
      version: Number(to),
      ...said,
    }),
  );
  if (publish) return publishDraft(context, graph, said);
  printGraph(context, opened);
}

/** `finops graph discard [GRAPH]` */
export async function discardDraft(context: Context, graph: string): Promise<void> {
  const after = await withClient(context, (client) =>
    changeGraph<GraphAnswer>(client, 'DELETE', { graph, below: '/draft' }),
  );
  printGraph(context, after);
}
