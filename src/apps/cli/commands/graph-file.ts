import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type {
  DocumentAnswer,
  DraftAnswer,
  GraphAnswer,
  GraphDiff,
  GraphDocument,
  GraphEdge,
  GraphFile,
  GraphFinding,
  VersionAnswer,
  WhatIfAnswer,
} from '../../../modules/allocation/index.ts';
import { exitCodes } from '../../../platform/kernel/index.ts';
import { address, type Client, withClient } from '../client.ts';
import type { Context } from '../context.ts';
import { changeGraph, findGraph, readGraph, unless, versionPath } from './graph-client.ts';
import {
  diffTable,
  draftText,
  findingsText,
  findingTable,
  hasErrors,
  movedTable,
  printDraft,
} from './graph-output.ts';
import { refuseWrong } from './graph-versions.ts';

export interface PlanOptions {
  readonly graph?: string;
  readonly against: string;
  readonly month?: string;
}

export interface ApplyOptions {
  readonly graph?: string;
  readonly entity?: string;
  readonly publish?: boolean;
  readonly note?: string;
  readonly dryRun?: boolean;
}

/** `finops graph export [GRAPH]`: the file on stdout; with --json the document. */
export async function exportGraph(context: Context, graph: string, version: string): Promise<void> {
  const [found, { label, entity }] = await withClient(context, async (client) => {
    const content = await client.call<DocumentAnswer>('GET', address(versionPath(graph, version)));
    return [content, await readGraph(client, graph)] as const;
  });
  if (context.format() === 'json') return context.print({ json: found, tables: [findingTable([])] });
  const { graphToYaml } = await import('../../../modules/allocation/index.ts');
  const { edgeIdOf } = await import('../../../modules/allocation/index.ts');
  // An id that its ends make anyway is not written.
  const edges = found.document.edges.map(
    ({ id, ...edge }): GraphEdge => (id === edgeIdOf(edge) ? edge : { id, ...edge }),
  );
  const header = { graph, label, ...(entity === null ? {} : { entity }) };
  context.io.stdout.write(graphToYaml({ ...found.document, edges }, header));
}

/** A file as it was read, and all that is to be said of it. */
interface ReadFile extends GraphFile {
  readonly findings: readonly GraphFinding[];
}

async function readGraphFile(context: Context, file: string): Promise<ReadFile> {
  const text = await readFile(resolve(context.io.cwd, file), 'utf8');
  const { graphFromYaml } = await import('../../../modules/allocation/index.ts');
  const { validateGraph } = await import('../../../modules/allocation/index.ts');
  const read = graphFromYaml(text);
  if (!read.document) return read;
  const found = validateGraph(read.document).map((finding) => placed(finding, read));
  return { ...read, findings: [...read.findings, ...found] };
}

/** With the line of the file that says it. */
function placed(finding: GraphFinding, { locate }: GraphFile): GraphFinding {
  const position = locate(finding.path);
  return position ? { ...finding, params: { ...finding.params, ...position } } : finding;
}

/** `finops graph validate FILE` */
export async function validateFile(context: Context, file: string): Promise<void> {
  const { header, document, findings } = await readGraphFile(context, file);
  const valid = !hasErrors(findings);
  context.print({
    json: { graph: header.graph, valid, findings },
    tables: [fileFindings(findings)],
  });
  const size = document ? `${document.nodes.length} nodes, ${document.edges.length} edges: ` : '';
  context.say(`${size}${findingsText(findings)}`);
  if (!valid) context.exitWith(exitCodes.badData);
}

function fileFindings(findings: readonly GraphFinding[]) {
  const { columns, rows } = findingTable(findings);
  return {
    columns: [...columns.slice(0, 1), { name: 'line', kind: 'number' as const }, ...columns.slice(1)],
    rows: rows.map((row, index) => ({
      ...row,
      line: (findings[index]?.params['line'] ?? null) as number | null,
    })),
  };
}

/** The document of a file; undefined when it has none, which is then said, and the command ends with 5. */
async function documentIn(
  context: Context,
  file: string,
  { mayBeWrong }: { readonly mayBeWrong: boolean },
): Promise<(ReadFile & { readonly document: GraphDocument }) | undefined> {
  const read = await readGraphFile(context, file);
  const { header, document, findings } = read;
  if (document && (mayBeWrong || !hasErrors(findings))) return { ...read, document };
  context.print({ json: { graph: header.graph, valid: false, findings }, tables: [fileFindings(findings)] });
  context.say(`nothing was changed: ${findingsText(findings)}`);
  context.exitWith(exitCodes.badData);
  return undefined;
}

/** `finops graph plan FILE` */
export async function planFile(context: Context, file: string, options: PlanOptions): Promise<void> {
  const read = await documentIn(context, file, { mayBeWrong: false });
  if (!read) return;
  const { document, header, findings } = read;
  const { against, month } = options;
  const graph = options.graph ?? header.graph;
  const { diffDocuments, isSameGraph, formatGraphDiff } = await import(
    '../../../modules/allocation/index.ts'
  );
  const { base, moved } = await withClient(context, async (client) => ({
    base: await baseOf(client, graph, against),
    moved: month === undefined ? undefined : await whatIf(client, { graph, month, document }),
  }));
  const diff = diffDocuments(base?.document ?? (await emptyDocument()), document);
  const json = { graph, against: base?.number ?? null, diff, findings, whatIf: moved ?? null };
  if (context.format() === 'table') context.io.stdout.write(linesOf(formatGraphDiff(diff)));
  if (context.format() !== 'table')
    context.print({ json, tables: [diffTable(diff), ...(moved ? [movedTable(moved)] : [])] });
  else if (moved) context.print({ json, tables: [movedTable(moved)] });
  const than = base ? `version ${base.number} of ${graph}` : `nothing, for ${graph} has no such version yet`;
  context.say(
    isSameGraph(diff) ? `the file says what ${than} says` : `compared with ${than}: ${sizeOf(diff)}`,
  );
  if (findings.length > 0) context.say(findingsText(findings));
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line.replace(/\p{Cc}+/gu, ' ')}\n`).join('');
}

function sizeOf(diff: GraphDiff): string {
  const count = (change: string) => diffTable(diff).rows.filter((row) => row['change'] === change).length;
  return `${count('added')} added, ${count('removed')} removed, ${count('changed')} fields changed, ${count('moved')} rules moved`;
}

async function emptyDocument(): Promise<GraphDocument> {
  const { graphDocumentSchema } = await import('../../../modules/allocation/index.ts');
  return graphDocumentSchema.parse({});
}

/** The version that a file is compared with; undefined where nothing is published yet. */
async function baseOf(client: Client, graph: string, version: string): Promise<DocumentAnswer | undefined> {
  const asked = client.call<DocumentAnswer>('GET', address(versionPath(graph, version)));
  if (version !== 'published') return asked;
  return unless('allocation.unknownGraph', unless('allocation.unknownVersion', asked));
}

async function whatIf(
  client: Client,
  asked: { readonly graph: string; readonly month: string; readonly document: GraphDocument },
): Promise<WhatIfAnswer> {
  return client.call<WhatIfAnswer>('POST', address('/allocation/what-if'), asked);
}

/** `finops graph apply FILE` */
export async function applyFile(context: Context, file: string, options: ApplyOptions): Promise<void> {
  const read = await documentIn(context, file, { mayBeWrong: true });
  if (!read) return;
  const { document, header } = read;
  const graph = options.graph ?? header.graph;
  const applied = await withClient(context, async (client) => {
    const made = await graphFor(client, graph, { ...header, ...options });
    return made && (await applyDocument(client, made, document, options));
  });
  if (applied) tellApplied(context, applied, options);
  else tellMade(context, graph, read.findings);
}

/** The graph of a file; made where there is none, but not in a dry run. */
async function graphFor(
  client: Client,
  id: string,
  { label = id, entity = null, dryRun }: { label?: string; entity?: string | null; dryRun?: boolean },
): Promise<GraphAnswer | undefined> {
  const found = await findGraph(client, id);
  if (found || dryRun) return found;
  return client.call<GraphAnswer>('POST', address('/graphs'), { id, label, entity });
}

interface Applied {
  readonly draft: DraftAnswer;
  /** What was published; undefined when nothing was. */
  readonly published: DraftAnswer | undefined;
  /** The number of the published version that says the same already. */
  readonly sameAs: number | undefined;
}

async function applyDocument(
  client: Client,
  { id: graph, version, published: base, draft: open }: GraphAnswer,
  document: GraphDocument,
  { publish = false, note, dryRun = false }: ApplyOptions,
): Promise<Applied> {
  const { hashDocument } = await import('../../../modules/allocation/index.ts');
  const same = base?.hash === hashDocument(document) ? base : undefined;
  // What is published already opens no draft.
  if (same && !open)
    return { draft: unchanged(graph, version, same), published: undefined, sameAs: same.number };
  const draft = await changeGraph(client, 'PUT', { graph, below: '/draft' }, { document, dryRun }, version);
  if (!publish || dryRun || same || hasErrors(draft.findings))
    return { draft, published: undefined, sameAs: same?.number };
  const said = note === undefined ? {} : { note };
  const path = { graph, below: '/draft/publish' };
  const published = await changeGraph(client, 'POST', path, said, draft.version);
  return { draft, published, sameAs: undefined };
}

function unchanged(
  graph: string,
  version: number,
  { number, state, hash, nodes, edges, groups, rules, metrics }: VersionAnswer,
): DraftAnswer {
  const changed = { added: 0, changed: 0, removed: 0 };
  const counts = { nodes, edges, groups, rules, metrics };
  return { graph, number, state, hash, version, ...counts, changed, findings: [], dryRun: false };
}

/** What a dry run says of a graph that there is not yet. */
function tellMade(context: Context, graph: string, findings: readonly GraphFinding[]): void {
  context.print({ json: { graph, number: 1, dryRun: true, findings }, tables: [findingTable(findings)] });
  context.say(`would be: the graph ${graph} made; ${findingsText(findings)}`);
}

function tellApplied(context: Context, { draft, published, sameAs }: Applied, options: ApplyOptions): void {
  if (options.publish && !options.dryRun && hasErrors(draft.findings)) {
    context.say(draftText(draft));
    refuseWrong(context, draft.graph, draft.findings);
    return;
  }
  if (published) context.say(draftText(draft));
  printDraft(context, published ?? draft);
  if (sameAs !== undefined) context.say(`version ${sameAs}, which is published, says the same`);
}
