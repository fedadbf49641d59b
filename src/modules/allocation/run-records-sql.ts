import { sql } from 'kysely';
import { jsonb, type Tx } from '../../platform/records/index.ts';
import type { AllocationRun, RunInputs, RunMethod, RunResult, RunState } from './run-model.ts';

/** The run with this id, or with an id that begins so (8 digits and more, and no other does); undefined: none in scope. */
export async function findRun(tx: Tx, id: string, lock = false): Promise<AllocationRun | undefined> {
  if (!/^[0-9a-f]{8,32}$/.test(id)) return undefined;
  const query = runs(tx).where('id', '>=', id).where('id', '<', `${id}~`).limit(2);
  const [found, other] = await (lock ? query.forUpdate() : query).execute();
  return found === undefined || other !== undefined ? undefined : runOf(found);
}

/** The published run of a graph's month. */
export async function findPublished(
  tx: Tx,
  { graph, period }: Pick<AllocationRun, 'graph' | 'period'>,
): Promise<AllocationRun | undefined> {
  const found = await runs(tx)
    .where('graph_id', '=', graph)
    .where('period', '=', period)
    .where('state', '=', 'published')
    .executeTakeFirst();
  return found && runOf(found);
}

/** Every published run of a graph, by month. */
export async function listPublished(tx: Tx, graph: string): Promise<AllocationRun[]> {
  const found = await runs(tx)
    .where('graph_id', '=', graph)
    .where('state', '=', 'published')
    .orderBy('period')
    .execute();
  return found.map(runOf);
}

/** Which runs to list, the newest first; `after` is the last one shown: the instant of its computation and its id. */
export interface AskedRuns {
  readonly graph?: string | undefined;
  readonly period?: string | undefined;
  readonly state?: RunState | undefined;
  readonly after?: readonly [computedAt: string, id: string] | undefined;
  readonly limit: number;
}

export async function listRuns(tx: Tx, asked: AskedRuns): Promise<AllocationRun[]> {
  const { graph, period, state, after, limit } = asked;
  let query = runs(tx).orderBy('computed_at', 'desc').orderBy('id', 'desc').limit(limit);
  if (graph !== undefined) query = query.where('graph_id', '=', graph);
  if (period !== undefined) query = query.where('period', '=', period);
  if (state !== undefined) query = query.where('state', '=', state);
  if (after) query = query.where(sql<boolean>`(computed_at, id) < (${after[0]}::timestamptz, ${after[1]})`);
  return (await query.execute()).map(runOf);
}

/** Keeps a run that was computed; one with this id that had failed, or that the lake has lost, is replaced. */
export async function writeRun(tx: Tx, run: AllocationRun): Promise<void> {
  const said = {
    state: run.state,
    method: jsonb(run.method),
    inputs: jsonb(run.inputs),
    result: jsonb(run.result),
    snapshot_id: run.snapshot,
    computed_at: run.computedAt,
    computed_by: run.computedBy,
    published_at: run.publishedAt,
    published_by: run.publishedBy,
  };
  const { id, graph: graph_id, version, entity: entity_id, period } = run;
  await tx
    .insertInto('allocation_run')
    .values({ id, graph_id, version, entity_id, period, ...said })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
    .execute();
}

/** Makes a run the published one of its month; whichever was, is superseded. */
export async function writePublished(
  tx: Tx,
  { id, graph, period }: Pick<AllocationRun, 'id' | 'graph' | 'period'>,
  { at, by }: { readonly at: string; readonly by: string },
): Promise<void> {
  await tx
    .updateTable('allocation_run')
    .set({ state: 'superseded' })
    .where('graph_id', '=', graph)
    .where('period', '=', period)
    .where('state', '=', 'published')
    .where('id', '<>', id)
    .execute();
  await tx
    .updateTable('allocation_run')
    .set({ state: 'published', published_at: at, published_by: by })
    .where('id', '=', id)
    .execute();
}

function runs(tx: Tx) {
  return tx.selectFrom('allocation_run').selectAll();
}

function runOf(row: Awaited<ReturnType<ReturnType<typeof runs>['execute']>>[number]): AllocationRun {
  return {
    id: row.id,
    graph: row.graph_id,
    version: row.version,
    entity: row.entity_id,
    period: row.period,
    state: row.state as RunState,
    method: row.method as RunMethod,
    inputs: row.inputs as RunInputs,
    result: row.result as RunResult,
    snapshot: row.snapshot_id,
    computedAt: row.computed_at,
    computedBy: row.computed_by,
    publishedAt: row.published_at,
    publishedBy: row.published_by,
  };
}

/** Entity of every application that the caller sees, retired ones included. */
export async function entitiesOfApplications(tx: Tx): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.selectFrom('application').select(['id', 'entity_id']).orderBy('id').execute();
  return new Map(rows.map(({ id, entity_id }) => [id, entity_id]));
}

/** Months that are closed or locked, each with the entities for which it is. */
export async function closedMonths(
  tx: Tx,
  entities: readonly string[],
): Promise<ReadonlyMap<string, readonly { readonly entity: string; readonly state: string }[]>> {
  const closed = new Map<string, { entity: string; state: string }[]>();
  if (entities.length === 0) return closed;
  const rows = await tx
    .selectFrom('period_state')
    .select(['entity_id', 'period', 'state'])
    .where('entity_id', 'in', entities)
    .where('state', '<>', 'OPEN')
    .orderBy('period')
    .orderBy('entity_id')
    .execute();
  for (const { entity_id, period, state } of rows)
    closed.set(period, [...(closed.get(period) ?? []), { entity: entity_id, state }]);
  return closed;
}
