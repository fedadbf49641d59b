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
  /** As they were: labels of the day, and only applications of which something is said on it. */
  readonly asWas?: boolean;
  /** Locks the rows until the end of the transaction. */
  readonly lock?: boolean;
}

type Row = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly version: number;
  readonly retiredAt: string | null;
};

/**
 * Objects sorted by id as they are on a day, each with the one assignment of that day. Statement by statement, not joined:
 * under row-level security the planner takes either side for one row and pairs all with all (13 s for 10,000 applications).
 */
export async function readOn(tx: Tx, kind: Kind, day: string, asked: Asked): Promise<StoredObject[]> {
  const dated = fieldsOf(kind, 'dated');
  const datedFilters = dated.flatMap(([name, { column }]) => equals(column, asked.filters?.[name]));
  const narrows = dated.length > 0 && (asked.asWas || datedFilters.length > 0);
  const narrowed = narrows
    ? await readAssignments(tx, asked.ids, [...datedFilters, holdsOn(day)])
    : undefined;
  const objects = await readOwn(tx, kind, narrowed ? { ...asked, ids: [...narrowed.keys()] } : asked, day);
  const ids = objects.map(({ id }) => id);
  const assigned =
    dated.length === 0 ? undefined : (narrowed ?? (await readAssignments(tx, ids, [holdsOn(day)])));
  const labels = asked.asWas ? await readLabels(tx, kind, ids, [holdsOn(day)]) : undefined;
  return objects.map((object) => {
    const label = labels?.get(object.id)?.[0]?.value ?? object.values['label'] ?? null;
    const nothingSaid = { validFrom: day, validTo: null, value: emptyOf(dated) };
    return {
      ...object,
      values: { ...object.values, label },
      assignments: assigned ? (assigned.get(object.id) ?? [nothingSaid]) : [],
    };
  });
}

function emptyOf(fields: readonly (readonly [string, unknown])[]): Values {
  return Object.fromEntries(fields.map(([name]) => [name, null]));
}

function holdsOn(day: string): RawBuilder<unknown> {
  return sql`valid_from <= ${day}::date and (valid_to is null or ${day}::date < valid_to)`;
}

/** Objects with all that was said of them by date. */
export async function readWhole(
  tx: Tx,
  kind: Kind,
  asked: { readonly ids?: readonly string[]; readonly lock?: boolean },
): Promise<StoredObject[]> {
  const objects = await readOwn(tx, kind, asked, '9999-12-31');
  const ids = objects.map(({ id }) => id);
  const labels = await readLabels(tx, kind, ids);
  const assignments = fieldsOf(kind, 'dated').length > 0 ? await readAssignments(tx, ids) : undefined;
  return objects.map((object) => ({
    ...object,
    labels: labels.get(object.id) ?? [],
    assignments: assignments?.get(object.id) ?? [],
  }));
}

/** Objects without what is kept by date. */
async function readOwn(tx: Tx, kind: Kind, asked: Asked, day: string): Promise<StoredObject[]> {
  const own = fieldsOf(kind, 'own');
  const columns = [
    sql`id, version, retired_at as "retiredAt"`,
    ...own.map(([name, { column }]) => sql`${sql.ref(column)} as ${sql.ref(name)}`),
  ];
  const conditions = [
    sql`true`,
    ...(asked.ids ? [sql`id = any(${asked.ids})`] : []),
    ...(asked.after === undefined ? [] : [sql`id > ${asked.after}`]),
    ...(asked.active === undefined ? [] : [sql`${activeOn(day)} = ${asked.active}`]),
    ...own.flatMap(([name, { column }]) => equals(column, asked.filters?.[name])),
  ];
  const { rows } = await sql<Row>`
    select ${sql.join(columns)}
    from ${sql.table(kind.table)}
    where ${sql.join(conditions, sql` and `)}
    order by id
    limit ${asked.limit ?? null}
    ${sql.raw(asked.lock ? 'for update' : '')}`.execute(tx);
  return rows.map(({ id, version, retiredAt, ...row }) => ({
    id,
    version,
    retiredAt,
    values: Object.fromEntries(own.map(([name]) => [name, row[name] as FieldValue])),
    labels: [],
    assignments: [],
  }));
}

function activeOn(day: string): RawBuilder<unknown> {
  return sql`(retired_at is null or (retired_at at time zone 'UTC')::date > ${day}::date)`;
}

function equals(column: string, value: string | undefined): RawBuilder<unknown>[] {
  return value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`];
}

async function readLabels(
  tx: Tx,
  kind: Kind,
  ids: readonly string[],
  conditions: readonly RawBuilder<unknown>[] = [],
): Promise<Map<string, Dated<string>[]>> {
  const narrowing = [sql`object_type = ${kind.name}`, sql`object_id = any(${ids})`, ...conditions];
  const { rows } = await sql<Dated<string> & { id: string }>`
    select object_id as id, valid_from as "validFrom", valid_to as "validTo", label as value
    from label_history
    where ${sql.join(narrowing, sql` and `)}
    order by object_id, valid_from`.execute(tx);
  return grouped(rows);
}

async function readAssignments(
  tx: Tx,
  ids: readonly string[] | undefined,
  conditions: readonly RawBuilder<unknown>[] = [],
): Promise<Map<string, Dated<Values>[]>> {
  const narrowing = [ids ? sql`application_id = any(${ids})` : sql`true`, ...conditions];
  const { rows } = await sql<AssignmentRow>`
    select application_id as id, valid_from as "validFrom", valid_to as "validTo",
      team_id as team, cost_centre_id as "costCentre", attributes
    from application_assignment
    where ${sql.join(narrowing, sql` and `)}
    order by application_id, valid_from`.execute(tx);
  return grouped(
    rows.map(({ id, validFrom, validTo, team, costCentre, attributes }) => {
      // The database keeps names by length.
      const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
      return { id, validFrom, validTo, value: { team, costCentre, attributes: Object.fromEntries(sorted) } };
    }),
  );
}

interface AssignmentRow {
  readonly id: string;
  readonly validFrom: string;
  readonly validTo: string | null;
  readonly team: string | null;
  readonly costCentre: string | null;
  readonly attributes: Readonly<Record<string, string>>;
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
