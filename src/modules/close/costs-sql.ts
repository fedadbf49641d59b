import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** Differences that are shown one by one; beyond these they are many. */
export const shownDifferences = 20;

/** What the cost rows of a pricing add up to, beside what its header says. Decimal texts. */
export interface PricedSums {
  readonly pricing: string;
  /** As the header says. */
  readonly cost: string;
  /** Σ of applications, and of what no application has. */
  readonly applications: string;
  readonly unallocated: string;
  readonly lines: number;
  readonly unpriced: number;
}

/** Adds cost rows up, pricing by pricing. */
export async function pricedSums(tx: Tx, pricings: readonly string[]): Promise<readonly PricedSums[]> {
  const { rows } = await sql<PricedSums>`
    select pricing.id::text as pricing, pricing.cost::text as cost,
      coalesce(sum(c.cost) filter (where c.application_id <> '~unallocated'), 0)::text as applications,
      coalesce(sum(c.cost) filter (where c.application_id = '~unallocated'), 0)::text as unallocated,
      count(c.pricing_id)::integer as lines, (count(c.pricing_id) - count(c.cost))::integer as unpriced
    from pricing
    left join application_cost as c on c.pricing_id = pricing.id
    where pricing.id = any(${[...pricings]}::bigint[])
    group by pricing.id, pricing.cost
    order by pricing.id`.execute(tx);
  return rows;
}

/** A pool of a pricing: its amount by the line of the view, and what its costs sum to. */
export interface PoolSums {
  readonly product: string;
  readonly amount: string;
  readonly spread: string;
}

/**
 * Pools by product: amounts of the view's lines that hold in the month for the entity, in the pricing's currency by the month's rate;
 * and Σ of costs of the cells that such a line prices, with what nobody has of them.
 */
export async function poolSums(tx: Tx, pricing: string): Promise<readonly PoolSums[]> {
  const { rows } = await sql<PoolSums>`
    with asked as (
      select pricing.*, view.rate_type, view.entity_id as owner
      from pricing
      join price_view as view on view.id = pricing.view_id
      where pricing.id = ${pricing}::bigint
    ),
    amounts as (
      select line.target as product, sum(round(line.amount * coalesce(fx.rate, 1), 12)) as amount
      from asked
      join price_line as line on line.view_id = asked.view_id and line.version = asked.version
      left join fx_rate as fx
        on fx.period = asked.period and fx.base = line.currency and fx.quote = asked.currency and fx.type = asked.rate_type
      where line.kind = 'pool' and coalesce(nullif(line.of_entity, ''), asked.owner) = asked.entity_id
        and line.valid_from <= asked.period and (line.valid_to is null or asked.period < line.valid_to)
      group by line.target
    ),
    costs as (
      select c.product_id as product, sum(c.cost) as spread
      from application_cost as c
      left join pricing_price as p
        on p.pricing_id = c.pricing_id and p.product_id = c.product_id and p.environment = c.environment and p.region = c.region
      where c.pricing_id = ${pricing}::bigint and (p.kind = 'pool' or c.application_id = '~unallocated')
      group by c.product_id
    )
    select product, coalesce(amount, 0)::text as amount, coalesce(spread, 0)::text as spread
    from amounts
    full join costs using (product)
    order by product`.execute(tx);
  return rows;
}

/** Costs of a pricing's cells that have a unit price: as kept, and as quantity × price of the month's facts. Decimal texts. */
export interface UnitSums {
  readonly kept: string;
  readonly computed: string;
}

/**
 * Multiplies the facts of a pricing's month with its unit prices once more: quantities of a product summed first where the product
 * of both ends, by application where it is rounded.
 */
export async function unitSums(
  tx: Tx,
  { id, entity, period }: { readonly id: string; readonly entity: string | null; readonly period: string },
): Promise<UnitSums> {
  const { rows } = await sql<UnitSums>`
    with price as materialized (
      select product_id, environment, region, numerator, denominator
      from pricing_price
      where pricing_id = ${id}::bigint and kind = 'unit'
    ),
    computed as (
      select whole.quantity * numerator as cost
      from (
        select product_id, environment, region, sum(quantity) as quantity
        from consumption
        where period = ${period} and entity_id = ${entity}
        group by product_id, environment, region
      ) as whole
      join price using (product_id, environment, region)
      where denominator = 1
      union all
      select round(own.quantity * numerator / denominator, 12)
      from price
      cross join lateral (
        select sum(f.quantity) as quantity
        from consumption as f
        where f.period = ${period} and f.entity_id = ${entity} and f.product_id = price.product_id
          and f.environment = price.environment and f.region = price.region
        group by f.application_id
      ) as own
      where denominator <> 1
    ),
    priced as materialized (
      select product_id, environment, region, sum(cost) as cost
      from application_cost
      where pricing_id = ${id}::bigint and application_id <> '~unallocated'
      group by product_id, environment, region
    )
    select
      coalesce((select sum(priced.cost) from priced join price using (product_id, environment, region)), 0)::text as kept,
      coalesce((select sum(cost) from computed), 0)::text as computed`.execute(tx);
  return rows[0] ?? { kept: '0', computed: '0' };
}

/** A sum that is not that of its rows. */
export interface Difference {
  /** What it is a sum of: `application shop`. */
  readonly of: string;
  readonly kept: string;
  readonly rows: string;
}

/** Σ of the kept sums by application of a pricing, and of its rows. Decimal texts. */
export interface SummarySums {
  readonly sums: string;
  readonly rows: string;
}

/** What a pricing comes to by its sums and by its rows. */
export async function summarySums(tx: Tx, pricing: string): Promise<SummarySums> {
  const { rows } = await sql<SummarySums>`
    select
      coalesce((select sum(cost) from application_month_cost where pricing_id = ${pricing}::bigint), 0)::text as sums,
      coalesce((select sum(cost) from application_cost where pricing_id = ${pricing}::bigint), 0)::text as "rows"`.execute(
    tx,
  );
  return rows[0] ?? { sums: '0', rows: '0' };
}

/** Sums by application and by product of a pricing that differ from their rows in any figure, the first of them. */
export async function summaryDifferences(tx: Tx, pricing: string): Promise<readonly Difference[]> {
  const { rows } = await sql<Difference>`
    with cost as (
      select * from application_cost where pricing_id = ${pricing}::bigint
    ),
    application as (
      select application_id as id, coalesce(sum(cost), 0) as cost, coalesce(sum(cost) filter (where kind = 'DIRECT'), 0) as direct,
        coalesce(sum(cost) filter (where kind = 'INDIRECT'), 0) as indirect, count(*) as lines, count(*) - count(cost) as unpriced
      from cost
      group by application_id
    ),
    product as (
      select product_id as id, environment, kind, sum(quantity) as quantity, coalesce(sum(cost), 0) as cost,
        count(distinct application_id) as applications, count(*) as lines, count(*) - count(cost) as unpriced
      from cost
      group by product_id, environment, kind
    ),
    differing as (
      select 'application ' || coalesce(kept.application_id, own.id) as "of", kept.cost as kept, own.cost as "rows"
      from (select * from application_month_cost where pricing_id = ${pricing}::bigint) as kept
      full join application as own on own.id = kept.application_id
      where (kept.cost, kept.direct, kept.indirect, kept.lines, kept.unpriced)
        is distinct from (own.cost, own.direct, own.indirect, own.lines, own.unpriced)
      union all
      select 'product ' || coalesce(kept.product_id, own.id) || ' ' || coalesce(kept.environment, own.environment), kept.cost, own.cost
      from (select * from product_month_cost where pricing_id = ${pricing}::bigint) as kept
      full join product as own
        on own.id = kept.product_id and own.environment = kept.environment and own.kind = kept.kind
      where (kept.quantity, kept.cost, kept.applications, kept.lines, kept.unpriced)
        is distinct from (own.quantity, own.cost, own.applications, own.lines, own.unpriced)
    )
    select "of", coalesce(kept, 0)::text as kept, coalesce("rows", 0)::text as "rows"
    from differing
    order by "of"
    limit ${shownDifferences}`.execute(tx);
  return rows;
}
