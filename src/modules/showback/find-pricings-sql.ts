import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { PricingKey } from './pricing-sql.ts';

/** What the pricing of an entity's month follows from, and how much of it there is. */
export interface PricingInputs {
  readonly entity: string;
  readonly period: string;
  /** Changes when facts, catalogue or rates do. */
  readonly hash: string;
}

/** Whoever prices the same again waits here, and finds it done. */
export async function lockPricing(tx: Tx, key: PricingKey): Promise<void> {
  const text = `finops.pricing ${Object.values(key).join(' ')}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${text}, 0))`.execute(tx);
}

/** Of every entity that has consumption in one of the months, or is named. Entities without facts have the hash of none. */
export async function readPricingInputs(
  tx: Tx,
  periods: readonly string[],
  {
    entities,
    priceMonths,
  }: { readonly entities: readonly string[]; readonly priceMonths: readonly string[] },
): Promise<readonly PricingInputs[]> {
  const { rows } = await sql<PricingInputs>`
    with catalogue as (
      select (select coalesce(sum(version), 0) from product)::text as state
    ),
    rates as (
      select md5(coalesce(string_agg(concat_ws(' ', period, base, quote, type, rate, source), ',' order by period, base, quote, type), '')) as state
      from fx_rate where period = any(${[...priceMonths]})
    ),
    months as (
      select entity_id, period, facts_hash from consumption_watermark where period = any(${[...periods]})
      union all
      select entity.id, asked.period, '-'
      from unnest(${[...entities]}::text[]) as named(id)
      join entity on entity.id = named.id
      cross join unnest(${[...periods]}::text[]) as asked(period)
      where not exists (
        select from consumption_watermark as w where w.entity_id = entity.id and w.period = asked.period
      )
    )
    select entity_id as entity, period, facts_hash || ' ' || catalogue.state || ' ' || rates.state as hash
    from months, catalogue, rates
    order by entity_id, period`.execute(tx);
  return rows;
}

/** A pricing that is there. */
export interface FoundPricing {
  readonly id: string;
  readonly entity: string | null;
  readonly period: string;
  readonly view: string;
  readonly version: number;
  readonly pricePeriod: string;
  readonly weights: string | null;
  readonly currency: string;
  readonly run: string | null;
  readonly hash: string;
  /** Decimal texts. */
  readonly cost: string;
  readonly direct: string;
  readonly indirect: string;
  readonly unallocated: string;
  readonly lines: number;
  readonly unpriced: number;
  readonly freezeNumber: number | null;
  readonly appliedAt: string;
}

const pricingColumns = sql`pricing.id::text as id, pricing.entity_id as entity, pricing.period, pricing.view_id as view, pricing.version,
  price_period as "pricePeriod", weights, currency, pricing.run_id as run, inputs_hash as hash, cost::text as cost,
  direct::text as direct, indirect::text as indirect, unallocated::text as unallocated, lines, unpriced, freeze_number as "freezeNumber", applied_at as "appliedAt"`;

/** Live pricings of months under a view; every version, price month and basis of weights. */
export async function findLivePricings(
  tx: Tx,
  view: string,
  periods: readonly string[],
): Promise<readonly FoundPricing[]> {
  const { rows } = await sql<FoundPricing>`
    select ${pricingColumns}
    from pricing
    where view_id = ${view} and period = any(${[...periods]}) and freeze_number is null
    order by period, entity_id, currency`.execute(tx);
  return rows;
}

/** A pricing that a month is closed with. */
export interface FrozenPricing extends FoundPricing {
  /** Under the view that the month was closed with; false for what was allocated then. */
  readonly isBooked: boolean;
}

/** Pricings that months are frozen with now. */
export async function findFrozenPricings(
  tx: Tx,
  periods: readonly string[],
): Promise<readonly FrozenPricing[]> {
  const { rows } = await sql<FrozenPricing>`
    select ${pricingColumns}, kept.view_id = pricing.view_id as "isBooked"
    from pricing
    join period_freeze as kept
      on kept.entity_id = pricing.entity_id and kept.period = pricing.period and kept.number = pricing.freeze_number
    where pricing.period = any(${[...periods]}) and kept.ended_at is null
    order by pricing.period, pricing.entity_id, currency`.execute(tx);
  return rows;
}
