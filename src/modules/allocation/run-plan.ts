import { type Caller, everything, nothing, type Scope } from '../../platform/kernel/index.ts';
import type { Records, Tx } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { entitiesOfSources, sourcesOfEntities } from '../organization/index.ts';
import { errors } from './errors.ts';
import { hashDocument } from './graph-hash.ts';
import { graphDocument, requireGraph, requireVersion } from './graphs.ts';
import type { GraphDocument } from './model.ts';
import type { AllocationRun } from './run-model.ts';
import { type Owners, ownersHash } from './run-nodes.ts';
import { closedMonths, entitiesOfApplications, listPublished } from './run-records-sql.ts';

/** What runs work with. */
export interface RunWorld {
  readonly workspace: Workspace;
  readonly records: Records;
}

/**
 * Which graph to compute: a version by its number, the newest published one, or a document that is in no version, which leaves
 * nothing behind.
 */
export type WantedGraph = number | 'published' | GraphDocument;

/** Everything that the records say about a graph and a month, read at one moment. */
export interface RunPlan {
  readonly graph: string;
  readonly entity: string | null;
  readonly period: string;
  readonly document: GraphDocument;
  /** 0: a document that is in no version. */
  readonly version: number;
  readonly graphHash: string;
  /** Who reads the bills: the graph, not whoever asks. Two callers get the same run. */
  readonly scope: Scope;
  /** Sources of bills; undefined: all there are. */
  readonly sources: readonly string[] | undefined;
  readonly owners: Owners;
  readonly ownersHash: string;
  /** Months that are closed for an entity whose bills the graph reads, with these entities. */
  readonly closed: ReadonlyMap<string, readonly { readonly entity: string; readonly state: string }[]>;
  /** The published runs of the graph, by month. */
  readonly published: readonly AllocationRun[];
}

/** Whether the plan's month is closed for anybody. */
export function isClosed({ closed, period }: Pick<RunPlan, 'closed' | 'period'>): boolean {
  return closed.has(period);
}

/** The published run of the plan's month. */
export function publishedOf(plan: RunPlan, period = plan.period): AllocationRun | undefined {
  return plan.published.find((run) => run.period === period);
}

/**
 * Reads what a run depends on. A closed month is computed with the graph that it was published with, unless another is named.
 * Refusals: `allocation.unknownGraph`, `allocation.unknownVersion`, `allocation.draftRun`.
 */
export async function planRun(
  { workspace, records }: RunWorld,
  caller: Caller,
  asked: { readonly graph: string; readonly period: string; readonly wanted?: WantedGraph | undefined },
): Promise<RunPlan> {
  const billed = await sourcesWithBills(workspace);
  return records.read(caller, async (tx) => {
    const { reading, ...standing } = await readStanding(tx, asked.graph, billed);
    const { graph, entity, closed, published } = standing;
    const frozen = closed.has(asked.period)
      ? published.find(({ period }) => period === asked.period)?.version
      : undefined;
    const content = await contentOf(tx, graph, asked.wanted ?? frozen ?? 'published');
    const owners = { entity, ofApplication: entity === null ? await entitiesOfApplications(tx) : new Map() };
    const { scope, sources } = reading;
    return {
      ...{ ...standing, period: asked.period, ...content, scope, sources },
      owners,
      ownersHash: ownersHash(owners),
    };
  });
}

/** Where a graph stands: whose it is, which months are closed, which runs are published. */
export type Standing = Pick<RunPlan, 'graph' | 'entity' | 'closed' | 'published'>;

/** The standing of a graph, without what any of its versions holds. Refusal: `allocation.unknownGraph`. */
export async function standingOf(
  { workspace, records }: RunWorld,
  caller: Caller,
  graph: string,
): Promise<Standing> {
  const billed = await sourcesWithBills(workspace);
  return records.read(caller, async (tx) => {
    const { reading: _, ...standing } = await readStanding(tx, graph, billed);
    return standing;
  });
}

async function readStanding(
  tx: Tx,
  graphId: string,
  billed: readonly string[],
): Promise<Standing & { readonly reading: Awaited<ReturnType<typeof whoReads>> }> {
  const { id: graph, entity } = await requireGraph(tx, graphId);
  const published = await listPublished(tx, graph);
  const reading = await whoReads(tx, entity, billed);
  return { graph, entity, published, reading, closed: await closedMonths(tx, reading.entities) };
}

async function contentOf(
  tx: Tx,
  graph: string,
  wanted: WantedGraph,
): Promise<Pick<RunPlan, 'document' | 'version' | 'graphHash'>> {
  if (typeof wanted === 'object') return { document: wanted, version: 0, graphHash: hashDocument(wanted) };
  const { number, state, hash } = await requireVersion(tx, await requireGraph(tx, graph), wanted);
  if (state === 'draft') throw errors.draftRun({ graph, number });
  const document = readLast(hash) ?? (await graphDocument(tx, graph, number)).document;
  last = { hash, document: new WeakRef(document) };
  return { document, version: number, graphHash: hash };
}

/**
 * The document that was read last, as long as there is memory for it: a large one takes half a second to read, and twelve months
 * are computed with one. Its hash is of its content, so that it cannot be an old one.
 */
let last: { readonly hash: string; readonly document: WeakRef<GraphDocument> } | undefined;

function readLast(hash: string): GraphDocument | undefined {
  return last?.hash === hash ? last.document.deref() : undefined;
}

async function whoReads(
  tx: Tx,
  entity: string | null,
  billed: readonly string[],
): Promise<Pick<RunPlan, 'scope' | 'sources'> & { readonly entities: readonly string[] }> {
  if (entity === null)
    return { scope: everything, sources: undefined, entities: await entitiesOfSources(tx, billed) };
  const sources = await sourcesOfEntities(tx, [entity]);
  return { scope: { ...nothing, entities: [entity], sources }, sources, entities: [entity] };
}

async function sourcesWithBills({ lake }: Workspace): Promise<string[]> {
  const { partitions } = await lake.current();
  return [...new Set(partitions.filter((p) => p.dataset === costDataset.name).map(({ source }) => source))];
}
