import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** How many runs of each kind are in each state. */
export async function countRuns(
  tx: Tx,
): Promise<readonly { readonly kind: string; readonly state: string; readonly runs: number }[]> {
  return await tx
    .selectFrom('run')
    .select(['kind', 'state', sql<number>`count(*)::integer`.as('runs')])
    .groupBy(['kind', 'state'])
    .orderBy('kind')
    .orderBy('state')
    .execute();
}

/**
 * Seconds since the oldest line of the audit log that is younger than the seals; 0 when there is none. Lines that were
 * written early and committed late are left to 'finops audit verify': to find them takes a look at every line.
 */
export async function unsealedSeconds(tx: Tx): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select greatest(0, coalesce(extract(epoch from clock_timestamp() - min(at)), 0))::float8 as seconds
    from audit_log
    where id > coalesce((select max(audit_id) from audit_seal), 0)`.execute(tx);
  return rows[0]?.seconds ?? 0;
}
