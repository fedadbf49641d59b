import type { Caller } from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import { diffDocuments, type GraphDiff } from './diff-documents.ts';
import { errors } from './errors.ts';
import { documentOf, type Part } from './graph-parts.ts';
import { readDifference, readParts } from './graph-parts-sql.ts';
import {
  applicationsAmong,
  type GraphState,
  hasEntity,
  insertGraph,
  lockGraphRow,
  readGraphs,
  readVersions,
  updateGraph,
  type VersionRow,
} from './graph-sql.ts';
import type { GraphDocument, GraphFinding } from './model.ts';
import { validateGraph } from './validate.ts';

/** Which version: its number, the newest published one, or the open draft. */
export type VersionRef = number | 'published' | 'draft';

/** A graph as answers show it. */
export interface Graph extends GraphState {
  readonly active: boolean;
}

/** One version with its content. */
export interface GraphContent {
  readonly graph: string;
  /** Whose bills it allocates; null: the installation's. */
  readonly entity: string | null;
  readonly number: number;
  readonly state: 'draft' | 'published';
  /** SHA-256 of the document: see `hashDocument`. */
  readonly hash: string;
  /** Of the graph: what If-Match of a change names. */
  readonly version: number;
  readonly document: GraphDocument;
}

/** What graphs to list. */
export interface GraphsAsked {
  readonly entity?: string | undefined;
  readonly active?: boolean | undefined;
  readonly after?: string | undefined;
  readonly limit?: number;
}

/** Graphs that the caller sees, by id. */
export async function listGraphs(tx: Tx, asked: GraphsAsked = {}): Promise<Graph[]> {
  return (await readGraphs(tx, asked)).map(asGraph);
}

/** One graph. Refusal: `allocation.unknownGraph`. */
export async function requireGraph(tx: Tx, id: string): Promise<Graph> {
  const [found] = await readGraphs(tx, { ids: [id] });
  if (!found) throw errors.unknownGraph({ graph: id });
  return asGraph(found);
}

/** One graph, held until the end of the transaction: whoever changes it stands in line. */
export async function lockGraph(tx: Tx, id: string): Promise<Graph> {
  const found = await lockGraphRow(tx, id);
  if (!found) throw errors.unknownGraph({ graph: id });
  return asGraph(found);
}

/** As `lockGraph`; a retired one is refused. */
export async function lockActiveGraph(tx: Tx, id: string): Promise<Graph> {
  const graph = await lockGraph(tx, id);
  if (graph.retiredAt !== null) throw errors.graphRetired({ graph: id, retiredAt: graph.retiredAt });
  return graph;
}

function asGraph(state: GraphState): Graph {
  return { ...state, active: state.retiredAt === null };
}

/** A graph to be made. `entity` null: the installation's, which callers without limits make only. */
export interface NewGraph {
  readonly id: string;
  readonly label: string;
  readonly entity: string | null;
}

/** Makes a graph without any version. Its id and its entity are for ever. */
export async function createGraph(tx: Tx, caller: Caller, graph: NewGraph): Promise<Graph> {
  const { id, label, entity } = graph;
  if (entity === null && caller.scope.kind !== 'all') throw errors.wholeScopeNeeded({});
  if (entity !== null && !(await hasEntity(tx, entity))) throw errors.unknownEntity({ entity });
  if (!(await insertGraph(tx, graph))) throw errors.graphTaken({ graph: id });
  await auditGraph(tx, caller, { id, entity }, 'create', null, { id, label, entity });
  return requireGraph(tx, id);
}

/** Renames a graph, retires it (`active` false) or restores it; what is so already is no change. */
export async function changeGraph(
  tx: Tx,
  caller: Caller,
  id: string,
  { label, active }: { readonly label?: string | undefined; readonly active?: boolean | undefined },
): Promise<Graph> {
  const before = await lockGraph(tx, id);
  const isRenamed = label !== undefined && label !== before.label;
  const isMoved = active !== undefined && active !== before.active;
  if (!isRenamed && !isMoved) return before;
  await updateGraph(tx, id, {
    ...(isRenamed ? { label } : {}),
    ...(isMoved ? { retired: !active } : {}),
  });
  const after = await requireGraph(tx, id);
  const said = (graph: Graph) => ({ label: graph.label, active: graph.active });
  await auditGraph(
    tx,
    caller,
    before,
    isMoved ? (active ? 'restore' : 'retire') : 'update',
    said(before),
    said(after),
  );
  return after;
}

/** One line of the audit log about a graph: `graph.publish`. */
export async function auditGraph(
  tx: Tx,
  caller: Caller,
  { id, entity }: { readonly id: string; readonly entity: string | null },
  verb: string,
  before: unknown,
  after: unknown,
): Promise<void> {
  await audit(tx, caller, {
    action: `graph.${verb}`,
    object: { type: 'graph', id },
    entity,
    before,
    after,
  });
}

/** The version meant. Refusal: `allocation.unknownVersion`. */
export async function requireVersion(tx: Tx, graph: Graph, wanted: VersionRef): Promise<VersionRow> {
  if (wanted === 'published' && graph.published) return graph.published;
  if (wanted === 'draft' && graph.draft) return graph.draft;
  const [found] = typeof wanted === 'number' ? await readVersions(tx, graph.id, { number: wanted }) : [];
  if (!found) throw errors.unknownVersion({ graph: graph.id, version: String(wanted) });
  return found;
}

/**
 * One version of a graph with its document: nodes, edges, groups and metrics by id, rules in their order. A graph of 10,000 nodes
 * and 50,000 edges takes about half a second. Refusals: `allocation.unknownGraph`, `allocation.unknownVersion`.
 */
export async function graphDocument(tx: Tx, graphId: string, wanted: VersionRef): Promise<GraphContent> {
  const graph = await requireGraph(tx, graphId);
  const { number, state, hash } = await requireVersion(tx, graph, wanted);
  const document = documentOf(await readParts(tx, graphId, number));
  return { graph: graphId, entity: graph.entity, number, state, hash, version: graph.version, document };
}

/** The versions of a graph, the newest first; `before`: only those with a smaller number. */
export async function versionsOf(
  tx: Tx,
  graphId: string,
  page: { readonly before?: number | undefined; readonly limit?: number } = {},
): Promise<VersionRow[]> {
  await requireGraph(tx, graphId);
  return readVersions(tx, graphId, page);
}

/** Two versions of a graph, and what differs. */
export interface VersionDiff {
  readonly from: number;
  readonly to: number;
  readonly diff: GraphDiff;
}

/**
 * What changed from one version to another, by id. Only parts that differ are read; of rules, whose order counts, all.
 * Nothing published yet counts as a version without anything.
 */
export async function diffVersions(
  tx: Tx,
  graphId: string,
  from: VersionRef,
  to: VersionRef,
): Promise<VersionDiff> {
  const graph = await requireGraph(tx, graphId);
  const numberOf = async (wanted: VersionRef) =>
    wanted === 'published' && !graph.published ? 0 : (await requireVersion(tx, graph, wanted)).number;
  const [a, b] = [await numberOf(from), await numberOf(to)];
  const { before, after } = await readDifference(tx, graphId, a, b);
  const whole = async (number: number) => readParts(tx, graphId, number, ['method', 'rule']);
  const [old, now] = [
    documentOf([...others(before), ...(await whole(a))]),
    documentOf([...others(after), ...(await whole(b))]),
  ];
  return { from: a, to: b, diff: diffDocuments(old, now) };
}

function others(parts: readonly Part[]): Part[] {
  return parts.filter(({ kind }) => kind !== 'method' && kind !== 'rule');
}

/** All that is to be said of a graph's content, with the applications that there are. Order of severity is the reader's. */
export async function findingsOf(
  tx: Tx,
  { entity }: Pick<Graph, 'entity'>,
  document: GraphDocument,
): Promise<readonly GraphFinding[]> {
  const named = new Set(document.nodes.flatMap(({ application }) => application ?? []));
  const applications = await applicationsAmong(tx, [...named], entity);
  return validateGraph(document, { applications });
}
