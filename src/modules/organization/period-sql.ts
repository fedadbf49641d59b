import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { EntityPeriod } from './contract.ts';

export type PeriodState = EntityPeriod['state'];

/** The state of an entity's month; `OPEN` where nothing was ever said, which is also all that a caller without it sees. */
export async function periodStateOf(tx: Tx, entity: string, period: string): Promise<PeriodState> {
  return (await findPeriod(tx, entity, period)).state;
}

/** An entity's month with who changed it last. */
export async function findPeriod(tx: Tx, entity: string, period: string): Promise<EntityPeriod> {
  const found = await periods(tx)
    .where('entity_id', '=', entity)
    .where('period', '=', period)
    .executeTakeFirst();
  return found ?? { entity, period, state: 'OPEN', reason: null, changedAt: null, changedBy: null };
}

/** Which months to list; `after` is the entity and month of the last one shown. */
export interface AskedPeriods {
  readonly entity?: string | undefined;
  readonly state?: PeriodState | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly after?: { readonly entity: string; readonly period: string } | undefined;
  readonly limit: number;
}

/** Months of which something was said, by entity and month. */
export async function listPeriods(tx: Tx, asked: AskedPeriods): Promise<EntityPeriod[]> {
  const { entity, state, from, to, after, limit } = asked;
  let query = periods(tx).orderBy('entity_id').orderBy('period').limit(limit);
  if (entity !== undefined) query = query.where('entity_id', '=', entity);
  if (state !== undefined) query = query.where('state', '=', state);
  if (from !== undefined) query = query.where('period', '>=', from);
  if (to !== undefined) query = query.where('period', '<=', to);
  if (after) query = query.where(sql<boolean>`(entity_id, period) > (${after.entity}, ${after.period})`);
  return query.execute();
}

function periods(tx: Tx) {
  return tx
    .selectFrom('period_state')
    .select([
      'entity_id as entity',
      'period',
      'state',
      'reason',
      'changed_at as changedAt',
      'changed_by as changedBy',
    ]);
}

/** Keeps the state of an entity's month. */
export async function writePeriod(
  tx: Tx,
  row: EntityPeriod & { readonly changedAt: string; readonly changedBy: string },
): Promise<void> {
  const said = { state: row.state, reason: row.reason, changed_at: row.changedAt, changed_by: row.changedBy };
  await tx
    .insertInto('period_state')
    .values({ entity_id: row.entity, period: row.period, ...said })
    .onConflict((conflict) => conflict.columns(['entity_id', 'period']).doUpdateSet(said))
    .execute();
}
