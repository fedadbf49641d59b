import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { RateType, ViewKind } from './model.ts';

/** A version of a view that months can be priced under. */
export interface ViewVersion {
  readonly view: string;
  readonly label: string;
  readonly kind: ViewKind;
  /** Whose applications it prices; null: all. */
  readonly entity: string | null;
  readonly currency: string;
  readonly rateType: RateType;
  readonly version: number;
  readonly contentHash: string;
  readonly published: boolean;
  /** Entities that its pools name: they have costs even without consumption. */
  readonly poolEntities: readonly string[];
}

const columns = sql`
  price_view.id as view, price_view.label, price_view.kind, price_view.entity_id as entity, price_view.currency,
  price_view.rate_type as "rateType", v.number as version, v.content_hash as "contentHash", v.state = 'published' as published,
  array(
    select distinct coalesce(nullif(line.of_entity, ''), price_view.entity_id)
    from price_line as line
    where line.view_id = v.view_id and line.version = v.number and line.kind = 'pool'
  ) as "poolEntities"`;

/** A version of a view: the one that is numbered, else the newest that is published. */
export async function findVersion(
  tx: Tx,
  view: string,
  number?: number | undefined,
): Promise<ViewVersion | undefined> {
  const { rows } = await sql<ViewVersion>`
    select ${columns}
    from price_view
    join price_view_version as v on v.view_id = price_view.id
    where price_view.id = ${view} and price_view.kind <> 'actual'
      and ${number === undefined ? sql`v.state = 'published'` : sql`v.number = ${number}`}
    order by v.number desc
    limit 1`.execute(tx);
  return rows[0];
}

/** A view, whether anything of it is published or not. */
export async function findView(
  tx: Tx,
  view: string,
): Promise<{ readonly kind: ViewKind; readonly graph: string | null } | undefined> {
  return tx
    .selectFrom('price_view')
    .select(['kind', 'graph_id as graph'])
    .where('id', '=', view)
    .executeTakeFirst();
}

/** Which view holds for an entity in a month: its own calendar before that of the installation. */
export interface BookedView {
  readonly entity: string;
  readonly period: string;
  readonly view: string;
  readonly kind: ViewKind;
}

/** The view of each entity and month that has one. */
export async function readCalendar(tx: Tx, periods: readonly string[]): Promise<readonly BookedView[]> {
  const { rows } = await sql<BookedView>`
    select distinct on (entity.id, asked.period)
      entity.id as entity, asked.period, calendar.view_id as view, price_view.kind
    from unnest(${[...periods]}::text[]) as asked(period)
    cross join (
      select id from entity
      union
      -- Callers who are limited to applications see months of the application's entity, not the entity.
      select entity_id from consumption_watermark
    ) as entity
    join price_calendar as calendar
      on (calendar.entity_id = entity.id or calendar.entity_id is null)
        and calendar.valid_from <= asked.period and (calendar.valid_to is null or asked.period < calendar.valid_to)
    join price_view on price_view.id = calendar.view_id
    order by entity.id, asked.period, calendar.entity_id nulls last`.execute(tx);
  return rows;
}
