import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { RejectedFact } from './consumption-rows.ts';
import type { OriginKind } from './model.ts';

/** One delivery of a source: what was read, taken and refused. */
export interface StoredImport {
  readonly id: string;
  /** Whose facts it brought or took away; of a refused one whose they would be. */
  readonly entities: readonly string[];
  readonly source: string;
  readonly kind: OriginKind;
  /** File, list, rule. */
  readonly origin: string;
  readonly periods: readonly string[];
  readonly contentHash: string;
  readonly rowsRead: number;
  readonly rowsTaken: number;
  readonly rowsRejected: number;
  readonly state: 'taken' | 'refused';
  readonly importedAt: string;
  readonly importedBy: string;
}

/** Keeps an import; its id. */
export async function insertImport(tx: Tx, given: Omit<StoredImport, 'id'>): Promise<string> {
  const { id } = await tx
    .insertInto('consumption_import')
    .values({
      ...{ entities: [...given.entities], source: given.source, kind: given.kind, origin: given.origin },
      ...{ periods: [...given.periods], content_hash: given.contentHash, state: given.state },
      ...{ rows_read: given.rowsRead, rows_taken: given.rowsTaken, rows_rejected: given.rowsRejected },
      ...{ imported_at: given.importedAt, imported_by: given.importedBy },
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return String(id);
}

/** Which imports, newest first. */
export interface AskedImports {
  readonly id?: string | undefined;
  readonly source?: string | undefined;
  readonly month?: string | undefined;
  readonly state?: StoredImport['state'] | undefined;
  /** Id of the last one shown. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Imports that concern an entity or application of the caller. */
export async function readImports(tx: Tx, asked: AskedImports): Promise<StoredImport[]> {
  const { id, source, month, state, before, limit } = asked;
  const conditions: RawBuilder<unknown>[] = [
    sql`true`,
    ...(id === undefined ? [] : [sql`id = ${id}::bigint`]),
    ...(source === undefined ? [] : [sql`source = ${source}`]),
    ...(month === undefined ? [] : [sql`${month} = any(periods)`]),
    ...(state === undefined ? [] : [sql`state = ${state}`]),
    ...(before === undefined ? [] : [sql`id < ${before}::bigint`]),
  ];
  const { rows } = await sql<StoredImport>`
    select id::text as id, entities, source, kind, origin, periods, content_hash as "contentHash", rows_read as "rowsRead",
      rows_taken as "rowsTaken", rows_rejected as "rowsRejected", state, imported_at as "importedAt", imported_by as "importedBy"
    from consumption_import
    where ${sql.join(conditions, sql` and `)}
    order by consumption_import.id desc
    limit ${limit}`.execute(tx);
  return rows;
}

/** Rows of one statement. */
const batchRows = 5000;

/** Keeps rows that were not taken. */
export async function insertRejects(
  tx: Tx,
  importId: string,
  rejected: readonly RejectedFact[],
): Promise<void> {
  for (let start = 0; start < rejected.length; start += batchRows) {
    const batch = rejected.slice(start, start + batchRows);
    const texts = (pick: (one: RejectedFact) => string | null) => sql`${batch.map(pick)}::text[]`;
    await sql`
      insert into consumption_reject (import_id, entity_id, row_number, field, message, line)
      select ${importId}::bigint, entity, row_number, field, string_agg(message, '; '), min(line)
      from unnest(${texts(({ entity }) => entity)}, ${batch.map(({ row }) => row)}::integer[], ${texts(({ field }) => field)},
        ${texts(({ message }) => storable(message))}, ${texts(({ line }) => storable(line))})
        as given(entity, row_number, field, message, line)
      group by entity, row_number, field
      on conflict (import_id, row_number, field) do nothing`.execute(tx);
  }
}

/** The one character that the records cannot hold. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
}

/** Rows that an import did not take, by row; `after` is the row and field of the last one shown. */
export async function readRejects(
  tx: Tx,
  importId: string,
  page: {
    readonly after?: { readonly row: number; readonly field: string } | undefined;
    readonly limit: number;
  },
): Promise<RejectedFact[]> {
  const { after, limit } = page;
  const later = after === undefined ? sql`true` : sql`(row_number, field) > (${after.row}, ${after.field})`;
  const { rows } = await sql<RejectedFact>`
    select entity_id as entity, row_number as row, field, message, line
    from consumption_reject
    where import_id = ${importId}::bigint and ${later}
    order by row_number, field
    limit ${limit}`.execute(tx);
  return rows;
}
