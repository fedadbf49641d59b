import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** The state of an entity's month. */
export type PeriodState = 'OPEN' | 'CLOSED' | 'LOCKED';

/** Entity of every source of bills that somebody has assigned and the caller sees. */
export async function readOwners(tx: Tx): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.selectFrom('source').select(['name', 'entity_id']).orderBy('name').execute();
  return new Map(rows.map(({ name, entity_id }) => [name, entity_id]));
}

/** Entities that have consumption in the month. */
export async function readConsumers(tx: Tx, period: string): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('consumption_watermark')
    .select('entity_id')
    .where('period', '=', period)
    .where('facts', '>', 0)
    .orderBy('entity_id')
    .execute();
  return rows.map(({ entity_id }) => entity_id);
}

/** States of the month; an entity that is not in it has it open. */
export async function readStates(tx: Tx, period: string): Promise<ReadonlyMap<string, PeriodState>> {
  const rows = await tx
    .selectFrom('period_state')
    .select(['entity_id', 'state'])
    .where('period', '=', period)
    .execute();
  return new Map(rows.map(({ entity_id, state }) => [entity_id, state]));
}

/**
 * What the newest of these entries of the audit log says of each month (`retail/2026-10`): its action, who did it, and `after`.
 */
export async function readLastSaid(
  tx: Tx,
  actions: readonly string[],
  months: readonly string[],
): Promise<ReadonlyMap<string, { readonly action: string; readonly by: string; readonly after: unknown }>> {
  const { rows } = await sql<{ month: string; action: string; by: string; after: unknown }>`
    select distinct on (object_id) object_id as month, action, actor_name as by, after
    from audit_log
    where object_type = 'period' and object_id = any(${[...months]}::text[]) and action = any(${[...actions]}::text[])
    order by object_id, id desc`.execute(tx);
  return new Map(rows.map(({ month, ...said }) => [month, said]));
}
