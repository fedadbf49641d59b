import { type RawBuilder, sql } from 'kysely';
import { jsonb, type Tx } from '../../platform/records/index.ts';
import type { Dated } from './dated.ts';
import { type FieldType, type FieldValue, fieldsOf, type Kind } from './kinds.ts';
import type { StoredObject, Values } from './model.ts';

/** Which objects to read; what is left out narrows nothing. */
export interface Asked {
  readonly ids?: readonly string[];
  /** Field → the value that it must have; dated fields on the day asked. */
  readonly filters?: Readonly<Record<string, string>>;
  /** Active or not on the day asked. */
  readonly active?: boolean | undefined;
  /** Only ids after this one. */
  readonly after?: string | undefined;
  readonly limit?: number;
  /** Leaves applications out of which nothing is said on the day. */
  readonly assignedOnly?: boolean;
  /** Locks the rows until the end of the transaction. */
  readonly lock?: boolean;
}

type Row = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly version: number;
  readonly retiredAt: string | null;
};

/**
 * Objects sorted by id, with label and dated fields as they are on a day, as one row each: `labels` and `assignments` hold
 * that day's value only.
 */
export async function readOn(tx: Tx, kind: Kind, day: string, asked: Asked): Promise<StoredObject[]> {
  const dated = fieldsOf(kind, 'dated');
  const from =
    dated.length === 0
      ? sql``
      : sql`${sql.raw(asked.assignedOnly ? '' : 'left')} join application_assignment as a
          on a.application_id = t.id and a.valid_from <= ${day}::date and (a.valid_to is null or ${day}::date < a.valid_to)`;
  const rows = await select(tx, kind, asked, {
    day,
    columns: [
      sql`l.label as "labelThen"`,
      ...dated.map(([name, { column }]) => sql`${sql.ref(`a.${column}`)} as ${sql.ref(name)}`),
    ],
    from: sql`left join label_history as l
        on l.object_type = ${kind.name} and l.object_id = t.id
        and l.valid_from <= ${day}::date and (l.valid_to is null or ${day}::date < l.valid_to)
      ${from}`,
    conditions: dated.flatMap(([name, { column }]) => equals(`a.${column}`, asked.filters?.[name])),
  });
  return rows.map((row) => {
    const value = pick(row, dated);
    const assigned = dated.length > 0 ? [{ validFrom: day, validTo: null, value }] : [];
    const own = storedOf(kind, row);
    const label = (row['labelThen'] as string | null) ?? String(own.values['label']);
    return { ...own, values: { ...own.values, label }, assignments: assigned };
  });
}

/** Objects with all that was said of them by date. */
export async function readWhole(
  tx: Tx,
  kind: Kind,
  asked: { readonly ids?: readonly string[]; readonly lock?: boolean },
): Promise<StoredObject[]> {
  const rows = await select(tx, kind, asked, { day: '', columns: [], from: sql``, conditions: [] });
  const ids = rows.map(({ id }) => id);
  const labels = await readLabels(tx, kind, ids);
  const assignments = fieldsOf(kind, 'dated').length > 0 ? await readAssignments(tx, ids) : undefined;
  return rows.map((row) => ({
    ...storedOf(kind, row),
    labels: labels.get(row.id) ?? [],
    assignments: assignments?.get(row.id) ?? [],
  }));
}

interface Parts {
  readonly day: string;
  readonly columns: readonly RawBuilder<unknown>[];
  readonly from: RawBuilder<unknown>;
  readonly conditions: readonly RawBuilder<unknown>[];
}

async function select(tx: Tx, kind: Kind, asked: Asked, parts: Parts): Promise<readonly Row[]> {
  const own = fieldsOf(kind, 'own');
  const columns = [
    sql`t.id, t.version, t.retired_at as "retiredAt"`,
    ...own.map(([name, { column }]) => sql`${sql.ref(`t.${column}`)} as ${sql.ref(name)}`),
    ...parts.columns,
  ];
  const conditions = [
    sql`true`,
    ...(asked.ids ? [sql`t.id = any(${asked.ids})`] : []),
    ...(asked.after === undefined ? [] : [sql`t.id > ${asked.after}`]),
    ...(asked.active === undefined ? [] : [sql`${activeOn(parts.day)} = ${asked.active}`]),
    ...own.flatMap(([name, { column }]) => equals(`t.${column}`, asked.filters?.[name])),
    ...parts.conditions,
  ];
  const { rows } = await sql<Row>`
    select ${sql.join(columns)}
    from ${sql.table(kind.table)} as t
    ${parts.from}
    where ${sql.join(conditions, sql` and `)}
    order by t.id
    limit ${asked.limit ?? null}
    ${sql.raw(asked.lock ? 'for update of t' : '')}`.execute(tx);
  return rows;
}

function activeOn(day: string): RawBuilder<unknown> {
  return sql`(t.retired_at is null or (t.retired_at at time zone 'UTC')::date > ${day}::date)`;
}

function equals(column: string, value: string | undefined): RawBuilder<unknown>[] {
  return value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`];
}

function storedOf(kind: Kind, row: Row): StoredObject {
  const { id, version, retiredAt } = row;
  return { id, version, retiredAt, values: pick(row, fieldsOf(kind, 'own')), labels: [], assignments: [] };
}

function pick(row: Row, fields: readonly (readonly [string, unknown])[]): Values {
  return Object.fromEntries(fields.map(([name]) => [name, row[name] as FieldValue]));
}

async function readLabels(
  tx: Tx,
  kind: Kind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Dated<string>[]>> {
  const { rows } = await sql<Dated<string> & { id: string }>`
    select object_id as id, valid_from as "validFrom", valid_to as "validTo", label as value
    from label_history
    where object_type = ${kind.name} and object_id = any(${ids})
    order by object_id, valid_from`.execute(tx);
  return grouped(rows);
}

async function readAssignments(
  tx: Tx,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Dated<Values>[]>> {
  const { rows } = await sql<Dated<Values> & { id: string }>`
    select application_id as id, valid_from as "validFrom", valid_to as "validTo",
      jsonb_build_object('team', team_id, 'costCentre', cost_centre_id, 'attributes', attributes) as value
    from application_assignment
    where application_id = any(${ids})
    order by application_id, valid_from`.execute(tx);
  return grouped(rows);
}

function grouped<T>(rows: readonly (Dated<T> & { readonly id: string })[]): Map<string, Dated<T>[]> {
  const groups = new Map<string, Dated<T>[]>();
  for (const { id, validFrom, validTo, value } of rows) {
    const group = groups.get(id) ?? [];
    groups.set(id, group);
    group.push({ validFrom, validTo, value });
  }
  return groups;
}

/** Makes objects in one statement; gives the ids that were taken already, seen or unseen. */
export async function insertObjects(
  tx: Tx,
  kind: Kind,
  objects: readonly StoredObject[],
): Promise<ReadonlySet<string>> {
  const columns = sql.join(columnsOf(kind).map(({ column }) => sql.ref(column)));
  const { rows } = await sql<{ id: string }>`
    insert into ${sql.table(kind.table)} (${columns})
    select ${columns} from ${given(kind, objects)}
    on conflict (id) do nothing
    returning id`.execute(tx);
  const made = new Set(rows.map(({ id }) => id));
  return new Set(objects.filter(({ id }) => !made.has(id)).map(({ id }) => id));
}

/** Changes objects in one statement; gives how many it changed. */
export async function updateObjects(tx: Tx, kind: Kind, objects: readonly StoredObject[]): Promise<number> {
  const columns = columnsOf(kind).filter(({ column }) => column !== 'id');
  const statement = sql`
    update ${sql.table(kind.table)} as t
    set ${sql.join(columns.map(({ column }) => sql`${sql.ref(column)} = ${sql.ref(`given.${column}`)}`))}
    from ${given(kind, objects)}
    where t.id = given.id`.execute(tx);
  const { numAffectedRows } = await statement;
  return Number(numAffectedRows ?? 0n);
}

/** The columns of a kind's own table that we write, and what reads them out of JSON. */
function columnsOf(kind: Kind): { readonly column: string; readonly type: string }[] {
  return [
    { column: 'id', type: 'text' },
    { column: 'version', type: 'integer' },
    { column: 'retired_at', type: 'timestamptz' },
    ...fieldsOf(kind, 'own').map(([, { column, type }]) => ({ column, type: sqlTypeOf(type) })),
  ];
}

function sqlTypeOf(type: FieldType): string {
  return type === 'environments' ? 'text[]' : 'text';
}

/** Objects as rows of a relation named `given`. */
function given(kind: Kind, objects: readonly StoredObject[]): RawBuilder<unknown> {
  const fields = fieldsOf(kind, 'own');
  const rows = objects.map(({ id, version, retiredAt, values }) => ({
    id,
    version,
    retired_at: retiredAt,
    ...Object.fromEntries(fields.map(([name, { column }]) => [column, values[name]])),
  }));
  const typed = columnsOf(kind).map(({ column, type }) => sql`${sql.ref(column)} ${sql.raw(type)}`);
  return sql`jsonb_to_recordset(${jsonb(rows)}) as given(${sql.join(typed)})`;
}

/** Replaces what objects were called when. */
export async function writeLabels(tx: Tx, kind: Kind, objects: readonly StoredObject[]): Promise<void> {
  await sql`
    delete from label_history
    where object_type = ${kind.name} and object_id = any(${objects.map(({ id }) => id)})`.execute(tx);
  const rows = objects.flatMap((object) =>
    object.labels.map(({ validFrom, validTo, value }) => ({
      object_id: object.id,
      entity_id: entityOf(kind, object),
      label: value,
      valid_from: validFrom,
      valid_to: validTo,
    })),
  );
  await sql`
    insert into label_history (object_type, object_id, entity_id, label, valid_from, valid_to)
    select ${kind.name}, object_id, entity_id, label, valid_from, valid_to
    from jsonb_to_recordset(${jsonb(rows)})
      as given(object_id text, entity_id text, label text, valid_from date, valid_to date)`.execute(tx);
}

/** Replaces who answered for applications when. */
export async function writeAssignments(tx: Tx, applications: readonly StoredObject[]): Promise<void> {
  await sql`
    delete from application_assignment where application_id = any(${applications.map(({ id }) => id)})`.execute(
    tx,
  );
  const rows = applications.flatMap(({ id, values, assignments }) =>
    assignments.map(({ validFrom, validTo, value }) => ({
      application_id: id,
      entity_id: values['entity'],
      valid_from: validFrom,
      valid_to: validTo,
      team_id: value['team'],
      cost_centre_id: value['costCentre'],
      attributes: value['attributes'],
    })),
  );
  await sql`
    insert into application_assignment
      (application_id, entity_id, valid_from, valid_to, team_id, cost_centre_id, attributes)
    select application_id, entity_id, valid_from, valid_to, team_id, cost_centre_id, attributes
    from jsonb_to_recordset(${jsonb(rows)}) as given(application_id text, entity_id text, valid_from date,
      valid_to date, team_id text, cost_centre_id text, attributes jsonb)`.execute(tx);
}

/** The entity that an object belongs to; null when it is the installation's. */
export function entityOf(kind: Kind, { id, values }: Pick<StoredObject, 'id' | 'values'>): string | null {
  if (kind.belongsTo === 'installation') return null;
  return kind.belongsTo === 'id' ? id : String(values['entity']);
}
