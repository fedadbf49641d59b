import { assert, type Caller, everything, nothing, type Scope } from '../../platform/kernel/index.ts';
import type { Records, Tx } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { entitiesOfSources, sourcesOfEntities } from '../organization/index.ts';
import { errors } from './errors.ts';
import { hashDocument } from './graph-hash.ts';
import { graphDocument, requireGraph } from './graphs.ts';
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
    const { id, entity } = await requireGraph(tx, asked.graph);
    const published = await listPublished(tx, id);
    const reading = await whoReads(tx, entity, billed);
    const closed = await closedMonths(tx, reading.entities);
    const frozen = closed.has(asked.period)
      ? published.find(({ period }) => period === asked.period)?.version
      : undefined;
    const content = await contentOf(tx, id, asked.wanted ?? frozen ?? 'published');
    const owners = { entity, ofApplication: entity === null ? await entitiesOfApplications(tx) : new Map() };
    const { scope, sources } = reading;
    return {
      ...{ graph: id, entity, period: asked.period, ...content, scope, sources, closed, published },
      owners,
      ownersHash: ownersHash(owners),
    };
  });
}

async function contentOf(
  tx: Tx,
  graph: string,
  wanted: WantedGraph,
): Promise<Pick<RunPlan, 'document' | 'version' | 'graphHash'>> {
  if (typeof wanted === 'object') return { document: wanted, version: 0, graphHash: hashDocument(wanted) };
  const { document, number, state, hash } = await graphDocument(tx, graph, wanted);
  if (state === 'draft') throw errors.draftRun({ graph, number });
  return { document, version: number, graphHash: hash };
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

/** The same plan for another month, which is closed: with the graph that its published run was computed with. */
export async function planClosed(
  world: RunWorld,
  caller: Caller,
  plan: RunPlan,
  period: string,
): Promise<RunPlan> {
  const base = publishedOf(plan, period);
  assert(base !== undefined, `the closed month ${period} of ${plan.graph} has no published run`);
  return planRun(world, caller, { graph: plan.graph, period, wanted: base.version });
}
