import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import { type Kind, kinds } from './kinds.ts';

/**
 * Changes stand beside each other; `alone` is for those that must see what all others did: retirements, which nothing may
 * begin to use meanwhile, a team's parent, files, and the state of months.
 */
export async function lockOrganization(tx: Tx, how: 'shared' | 'alone'): Promise<void> {
  const lock = sql.raw(how === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared');
  await sql`select ${lock}(hashtext('finops.organization'))`.execute(tx);
}

/** What still uses an object: how many, and the first three by name. */
export interface Users {
  readonly target: string;
  readonly count: number;
  readonly users: readonly string[];
}

/** Active objects that name these ones, now or later. */
export async function usersOf(
  tx: Tx,
  kind: Kind,
  ids: readonly string[],
  today: string,
): Promise<readonly Users[]> {
  const uses = kinds.flatMap((user) =>
    Object.values(user.fields)
      .filter(({ refersTo }) => refersTo === kind.name)
      .map(({ column, dated }) => (dated ? datedUses(column, ids, today) : ownUses(user, column, ids))),
  );
  if (uses.length === 0) return [];
  const { rows } = await sql<Users>`
    select target, count(*)::integer as count, (array_agg(name order by name))[1:3] as users
    from (${sql.join(uses, sql` union all `)}) as uses
    group by target`.execute(tx);
  return rows;
}

function ownUses(user: Kind, column: string, ids: readonly string[]): RawBuilder<unknown> {
  return sql`
    select ${sql.ref(column)} as target, ${`${user.title} `}::text || id as name
    from ${sql.table(user.table)}
    where ${sql.ref(column)} = any(${ids}) and active`;
}

function datedUses(column: string, ids: readonly string[], today: string): RawBuilder<unknown> {
  return sql`
    select distinct ${sql.ref(`a.${column}`)} as target, 'application ' || t.id as name
    from application_assignment as a
    join application as t on t.id = a.application_id
    where ${sql.ref(`a.${column}`)} = any(${ids}) and t.active
      and (a.valid_to is null or a.valid_to > ${today}::date)`;
}

/** Team → the team above it, of all teams. */
export async function teamParents(tx: Tx): Promise<Map<string, string | null>> {
  const rows = await tx.selectFrom('team').select(['id', 'parent_id']).execute();
  return new Map(rows.map(({ id, parent_id }) => [id, parent_id]));
}

/** Entity → its closed and locked months, sorted. */
export async function closedMonths(
  tx: Tx,
  entities: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await tx
    .selectFrom('period_state')
    .select(['entity_id', 'period'])
    .where('entity_id', 'in', entities.length > 0 ? entities : [''])
    .where('state', '<>', 'OPEN')
    .orderBy('period')
    .execute();
  const months = new Map<string, string[]>();
  for (const { entity_id, period } of rows) months.set(entity_id, [...(months.get(entity_id) ?? []), period]);
  return months;
}
