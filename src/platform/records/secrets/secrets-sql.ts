import { sql } from 'kysely';
import type { Tx } from '../records.ts';
import { type SealedColumn, sealedColumns } from './sealed-columns.ts';

/** A sealed field with the text of the ids of its row. */
export interface SealedField {
  readonly ids: readonly string[];
  readonly sealed: string;
}

/** Key id → number of fields of the column that it seals; '' counts what is no sealed text. */
export async function countByKey(tx: Tx, column: SealedColumn): Promise<ReadonlyMap<string, number>> {
  const sealed = sql.ref(column.column);
  const { rows } = await sql<{ key: string; fields: number }>`
    select case when ${sealed} like 'v1.%' then split_part(${sealed}, '.', 2) else '' end as key,
      count(*)::integer as fields
    from ${sql.table(column.table)}
    where ${sealed} is not null
    group by 1`.execute(tx);
  return new Map(rows.map(({ key, fields }) => [key, fields]));
}

/** Ids of the keys that seal fields now, sorted. */
export async function keysInUse(tx: Tx): Promise<string[]> {
  const keys = new Set<string>();
  for (const column of sealedColumns) for (const key of (await countByKey(tx, column)).keys()) keys.add(key);
  return [...keys].sort();
}

/** The next fields that are not sealed with the current key, in the order of their ids after `after`. */
export async function fieldsOfOtherKeys(
  tx: Tx,
  column: SealedColumn,
  asked: { readonly current: string; readonly after: readonly string[] | undefined; readonly limit: number },
): Promise<readonly SealedField[]> {
  const sealed = sql.ref(column.column);
  const ids = sql`array[${sql.join(column.ids.map((id) => sql`${sql.ref(id)}::text collate "C"`))}]`;
  const after = asked.after === undefined ? sql`true` : sql`${ids} > ${[...asked.after]}::text[]`;
  const { rows } = await sql<SealedField>`
    select ${ids} as ids, ${sealed} as sealed
    from ${sql.table(column.table)}
    where ${sealed} is not null and ${sealed} not like ${`v1.${asked.current}.%`} and ${after}
    order by 1
    limit ${asked.limit}`.execute(tx);
  return rows;
}

/** Puts fields under another key, except those that somebody has changed meanwhile; the number of those changed. */
export async function replaceFields(
  tx: Tx,
  column: SealedColumn,
  fields: readonly (SealedField & { readonly resealed: string })[],
): Promise<number> {
  const ids = sql`array[${sql.join(column.ids.map((id) => sql`target.${sql.ref(id)}::text`))}]`;
  const field = sql.ref(column.column);
  const { numAffectedRows } = await sql`
    update ${sql.table(column.table)} as target set ${field} = given.resealed
    from json_to_recordset(${JSON.stringify(fields)}::json) as given (ids text[], sealed text, resealed text)
    where ${ids} = given.ids and target.${field} = given.sealed`.execute(tx);
  return Number(numAffectedRows ?? 0n);
}
