import { sql } from 'kysely';
import type { Tx } from '../records.ts';

/** A table as a backup sees it: columns that are stored, with their types, and those that put its rows in order. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly types: readonly string[];
  /** Primary key; every column when there is none. */
  readonly key: readonly { readonly column: string; readonly isText: boolean }[];
}

/** Rows fetched from the server at once. */
const fetched = 2000;

/** Every table of the schema but the list of its migrations, by name. */
export async function listTables(tx: Tx): Promise<readonly TableShape[]> {
  const { rows } = await sql<TableShape>`
    with stored as (
      select a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod) as type,
        a.attcollation <> 0 as is_text,
        coalesce(i.indrelid is not null, false) as in_key,
        array_position(i.indkey::smallint[], a.attnum) as place
      from pg_attribute a
      left join pg_index i on i.indrelid = a.attrelid and i.indisprimary and a.attnum = any(i.indkey)
      where a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    )
    select c.relname as name,
      array(select attname::text from stored where attrelid = c.oid order by attnum) as columns,
      array(select type from stored where attrelid = c.oid order by attnum) as types,
      (
        select json_agg(json_build_object('column', attname, 'isText', is_text) order by place, attnum)
        from stored
        where attrelid = c.oid
          and (in_key or not exists (select from pg_index p where p.indrelid = c.oid and p.indisprimary))
      ) as key
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> 'schema_migration'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by c.relname collate "C"`.execute(tx);
  return rows;
}

/** The migrations that made the schema, in order. */
export async function listMigrations(tx: Tx): Promise<{ number: number; name: string; checksum: string }[]> {
  const { rows } = await sql<{ number: number; name: string; checksum: string }>`
    select number, name, checksum from schema_migration order by number`.execute(tx);
  return rows;
}

/** Text of every value is the same on every server after this: dates in ISO order, UTC, bytes in hex. */
export async function settleText(tx: Tx): Promise<void> {
  await sql`select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true),
    set_config('intervalstyle', 'postgres', true), set_config('bytea_output', 'hex', true),
    set_config('extra_float_digits', '1', true)`.execute(tx);
}

/**
 * The rows of a table in the order of its key, in portions: a row is one line of JSON, a list of the texts of its
 * columns, null for none. The same rows give the same lines on every server.
 */
export async function* readLines(tx: Tx, table: TableShape): AsyncGenerator<readonly string[]> {
  const cells = sql.join(table.columns.map((column) => sql`${sql.ref(column)}::text`));
  const order = sql.join(
    table.key.map(({ column, isText }) => sql`${sql.ref(column)}${isText ? sql` collate "C"` : sql``}`),
  );
  await sql`declare backup_rows no scroll cursor for
    select json_build_array(${cells})::text as line from ${sql.table(table.name)} order by ${order}`.execute(
    tx,
  );
  for (;;) {
    const { rows } = await sql<{ line: string }>`fetch ${sql.lit(fetched)} from backup_rows`.execute(tx);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
  }
  await sql`close backup_rows`.execute(tx);
}

/** Puts lines that `readLines` gave into a table, ids of identity columns included. */
export async function insertLines(tx: Tx, table: TableShape, lines: readonly string[]): Promise<void> {
  const cells = table.columns.map(
    (_, index) => sql`(line ->> ${sql.lit(index)})::${sql.raw(table.types[index] ?? 'text')}`,
  );
  await sql`
    insert into ${sql.table(table.name)} (${sql.join(table.columns.map((column) => sql.ref(column)))})
    overriding system value
    select ${sql.join(cells)}
    from jsonb_array_elements(${`[${lines.join(',')}]`}::jsonb) with ordinality as given (line, place)
    order by place`.execute(tx);
}

/** Numbers that are given out: the last one, as text, and whether it was given out already. */
export interface SequenceState {
  readonly name: string;
  readonly last: string;
  readonly called: boolean;
}

/** The sequences of the schema as they stand. */
export async function listSequences(tx: Tx): Promise<SequenceState[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'S'
    order by relname collate "C"`.execute(tx);
  const states: SequenceState[] = [];
  for (const { name } of rows) {
    const found = await sql<SequenceState>`
      select ${name}::text as name, last_value::text as last, is_called as called from ${sql.table(name)}`.execute(
      tx,
    );
    states.push(...found.rows);
  }
  return states;
}

/** Lets a sequence go on where it was. */
export async function setSequence(tx: Tx, { name, last, called }: SequenceState): Promise<void> {
  await sql`select setval(to_regclass(quote_ident(${name})), ${last}::bigint, ${called})`.execute(tx);
}

/** What must stand aside while tables are filled in any order: foreign keys, and triggers that would act on an insert. */
export interface SetAside {
  readonly foreignKeys: readonly {
    readonly table: string;
    readonly name: string;
    readonly definition: string;
  }[];
  readonly triggers: readonly { readonly table: string; readonly name: string }[];
}

/** Takes foreign keys and triggers of inserts away; every other constraint stays in force. */
export async function setAside(tx: Tx): Promise<SetAside> {
  const foreignKeys = await sql<SetAside['foreignKeys'][number]>`
    select c.relname as table, k.conname as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.conparentid = 0
    order by 1, 2`.execute(tx);
  const triggers = await sql<SetAside['triggers'][number]>`
    select c.relname as table, t.tgname as name
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal and t.tgtype & 4 = 4 and t.tgenabled <> 'D'
      and c.relnamespace = 'public'::regnamespace
    order by 1, 2`.execute(tx);
  for (const { table, name } of triggers.rows)
    await sql`alter table ${sql.table(table)} disable trigger ${sql.ref(name)}`.execute(tx);
  for (const { table, name } of foreignKeys.rows)
    await sql`alter table ${sql.table(table)} drop constraint ${sql.ref(name)}`.execute(tx);
  return { foreignKeys: foreignKeys.rows, triggers: triggers.rows };
}

/** Puts them back: the server checks every row against every foreign key. */
export async function putBack(tx: Tx, { foreignKeys, triggers }: SetAside): Promise<void> {
  for (const { table, name, definition } of foreignKeys)
    await sql`alter table ${sql.table(table)} add constraint ${sql.ref(name)} ${sql.raw(definition)}`.execute(
      tx,
    );
  for (const { table, name } of triggers)
    await sql`alter table ${sql.table(table)} enable trigger ${sql.ref(name)}`.execute(tx);
}
