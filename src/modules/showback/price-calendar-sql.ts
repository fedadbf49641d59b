import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { ViewKind } from './model.ts';

/** Months in which a view holds. */
export interface CalendarSpan {
  /** Null: for entities without an entry of their own in the month. */
  readonly entity: string | null;
  readonly view: string;
  readonly validFrom: string;
  /** The first month that it no longer holds; null: until further notice. */
  readonly validTo: string | null;
}

/** An entry of the calendar as it is kept. */
export interface CalendarEntry extends CalendarSpan {
  readonly id: string;
  /** Of the view. */
  readonly label: string;
  readonly kind: ViewKind;
}

/** Which entries to read. */
export interface EntriesAsked {
  readonly id?: string;
  /** Of this entity, or of the installation (null); of all, when undefined. */
  readonly entity?: string | null | undefined;
  readonly view?: string | undefined;
  /** That hold in this month. */
  readonly month?: string | undefined;
}

/** Entries by entity, the installation's first, and month. */
export async function readEntries(tx: Tx, asked: EntriesAsked): Promise<CalendarEntry[]> {
  let query = tx
    .selectFrom('price_calendar as entry')
    .innerJoin('price_view as view', 'view.id', 'entry.view_id')
    .select([
      sql<string>`entry.id::text`.as('id'),
      ...(['entry.entity_id as entity', 'entry.view_id as view', 'view.label', 'view.kind'] as const),
      ...(['entry.valid_from as validFrom', 'entry.valid_to as validTo'] as const),
    ])
    .orderBy(sql`entry.entity_id nulls first`)
    .orderBy('entry.valid_from');
  const { id, entity, view, month } = asked;
  if (id !== undefined) query = query.where(sql<boolean>`entry.id = ${id}::bigint`);
  if (entity !== undefined)
    query = query.where(sql<boolean>`entry.entity_id is not distinct from ${entity}::text`);
  if (view !== undefined) query = query.where('entry.view_id', '=', view);
  if (month !== undefined)
    query = query.where(
      sql<boolean>`entry.valid_from <= ${month} and (entry.valid_to is null or entry.valid_to > ${month})`,
    );
  return query.execute();
}

/** Entries that price these entities in one of these months: their own and the installation's. */
export async function readEntriesFor(
  tx: Tx,
  entities: readonly string[],
  months: readonly string[],
): Promise<CalendarSpan[]> {
  const sorted = [...months].sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  const { rows } = await sql<CalendarSpan>`
    select entity_id as entity, view_id as view, valid_from as "validFrom", valid_to as "validTo"
    from price_calendar
    where (entity_id is null or entity_id = any(${[...entities]}))
      and valid_from <= ${last ?? ''} and (valid_to is null or valid_to > ${first ?? ''})`.execute(tx);
  return rows;
}

/** Changes of the calendar stand in line; months are not closed meanwhile (the lock is that of the organization). */
export async function lockCalendar(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('finops.price-calendar'))`.execute(tx);
  await sql`select pg_advisory_xact_lock_shared(hashtext('finops.organization'))`.execute(tx);
}

/** Takes entries out and puts others in. */
export async function replaceEntries(
  tx: Tx,
  remove: readonly string[],
  add: readonly CalendarSpan[],
): Promise<void> {
  await sql`delete from price_calendar where id = any(${[...remove]}::bigint[])`.execute(tx);
  if (add.length === 0) return;
  const rows = add.map(({ entity, view, validFrom, validTo }) => ({
    ...{ entity_id: entity, view_id: view, valid_from: validFrom, valid_to: validTo },
  }));
  await tx.insertInto('price_calendar').values(rows).execute();
}

/** A month of an entity that is not open. */
export interface ClosedMonth {
  readonly entity: string;
  readonly period: string;
  readonly state: 'CLOSED' | 'LOCKED';
}

/** Closed and locked months in a span, of one entity or of all that the caller sees; the earliest first. */
export async function readClosedMonths(
  tx: Tx,
  { entity, validFrom, validTo }: Pick<CalendarSpan, 'entity' | 'validFrom' | 'validTo'>,
): Promise<ClosedMonth[]> {
  const { rows } = await sql<ClosedMonth>`
    select entity_id as entity, period, state
    from period_state
    where state <> 'OPEN' and period >= ${validFrom} and (${validTo}::text is null or period < ${validTo})
      and (${entity}::text is null or entity_id = ${entity})
    order by period, entity_id`.execute(tx);
  return rows;
}
