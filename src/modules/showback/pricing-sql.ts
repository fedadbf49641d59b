import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { ResolvedPrice } from './resolve-prices.ts';

/** Which costs: the consumption of an entity's month under one version of a view. */
export interface PricingKey {
  readonly entity: string;
  readonly period: string;
  readonly view: string;
  readonly version: number;
  /** The month whose prices are taken: its own, but for constant prices. */
  readonly pricePeriod: string;
  /** `view@version` under whose direct costs derived weights are made anew; null: as they are stored. */
  readonly weights: string | null;
}

/** A product's place in the catalogue. */
export interface StoredProduct {
  readonly product: string;
  readonly family: string | null;
  readonly domain: string;
  readonly unit: string;
}

/** A cell of an entity's month with its product's place in the catalogue. */
export interface StoredCell extends StoredProduct {
  readonly environment: string;
  readonly region: string;
  /** Σ of the month's facts, of every kind; decimal text. */
  readonly quantity: string;
}

/**
 * The quantities of an entity's month: as they are kept, or with derived weights made anew from the direct costs that a pricing
 * has.
 */
function quantitiesOf({ entity, period }: PricingKey, basis: string | null): RawBuilder<unknown> {
  const kept = sql`
    select application_id, product_id, environment, region, kind, quantity
    from consumption_summary as s
    where period = ${period} and entity_id = ${entity}`;
  if (basis === null) return kept;
  const derived = sql`
    select product_id, definition ->> 'domain' as domain
    from consumption_origin
    where entity_id = ${entity} and kind = 'derived' and valid_from <= ${period} and (valid_to is null or ${period} < valid_to)`;
  return sql`${kept} and product_id not in (select product_id from (${derived}) as d)
    union all
    select w.application_id, d.product_id, 'n_a', 'n_a', 'INDIRECT', round(sum(w.cost), 12)
    from application_cost as w
    join product on product.id = w.product_id
    join (${derived}) as d on d.domain is null or d.domain = product.domain_id
    where w.pricing_id = ${basis}::bigint and w.kind = 'DIRECT'
    group by w.application_id, d.product_id
    having sum(w.cost) > 0`;
}

/** The pricing whose direct costs are the weights of `view@version`. */
export async function findBasis(tx: Tx, key: PricingKey): Promise<string | null> {
  if (key.weights === null) return null;
  const [, view, version] = /^(.+)@(\d+)$/.exec(key.weights) ?? [];
  const { rows } = await sql<{ id: string }>`
    select id::text as id from pricing
    where view_id = ${view} and version = ${version}::integer and entity_id = ${key.entity} and period = ${key.period}
      and price_period = period and weights is null
    order by freeze_number nulls first
    limit 1`.execute(tx);
  return rows[0]?.id ?? null;
}

/** Cells of consumption of an entity's month. */
export async function readCells(
  tx: Tx,
  key: PricingKey,
  basis: string | null,
): Promise<readonly StoredCell[]> {
  const facts =
    basis === null
      ? sql`select * from consumption_product where entity_id = ${key.entity} and period = ${key.period}`
      : quantitiesOf(key, basis);
  const { rows } = await sql<StoredCell>`
    select c.product_id as product, product.family_id as family, product.domain_id as domain, product.unit,
      c.environment, c.region, sum(c.quantity)::text as quantity
    from (${facts}) as c
    join product on product.id = c.product_id
    group by c.product_id, product.family_id, product.domain_id, product.unit, c.environment, c.region
    order by c.product_id, c.environment, c.region`.execute(tx);
  return rows;
}

/** Units of products, and where each stands. */
export async function readProducts(tx: Tx): Promise<readonly StoredProduct[]> {
  return tx
    .selectFrom('product')
    .select(['id as product', 'family_id as family', 'domain_id as domain', 'unit'])
    .orderBy('id')
    .execute();
}

/** Begins a pricing; its sums are set by `finishPricing`. */
export async function beginPricing(
  tx: Tx,
  header: Omit<PricingKey, 'entity'> & {
    readonly entity: string | null;
    readonly currency: string;
    readonly run: string | null;
    readonly hash: string;
    readonly appliedAt: string;
  },
): Promise<string> {
  const { entity, period, view, version, pricePeriod, weights, currency, run, hash, appliedAt } = header;
  const { rows } = await sql<{ id: string }>`
    insert into pricing (entity_id, period, view_id, version, price_period, weights, currency, run_id, inputs_hash, cost, lines,
      unpriced, applied_at)
    values (${entity}, ${period}, ${view}, ${version}, ${pricePeriod}, ${weights}, ${currency}, ${run}, ${hash}, 0, 0, 0,
      ${appliedAt}::timestamptz)
    returning id::text as id`.execute(tx);
  return rows[0]?.id ?? '';
}

/** Keeps the prices of a pricing. */
export async function insertPrices(
  tx: Tx,
  pricing: string,
  entity: string,
  prices: readonly ResolvedPrice[],
): Promise<void> {
  if (prices.length === 0) return;
  const of = <T>(value: (price: ResolvedPrice) => T) => prices.map(value);
  await sql`
    insert into pricing_price (pricing_id, entity_id, product_id, environment, region, kind, line_number, numerator, denominator,
      line_unit, line_amount, line_currency, rate, rate_type, rate_source, reason)
    select ${pricing}::bigint, ${entity}, p.*
    from unnest(
      ${of(({ cell }) => cell.product)}::text[], ${of(({ cell }) => cell.environment)}::text[],
      ${of(({ cell }) => cell.region)}::text[], ${of(({ kind }) => kind)}::text[],
      ${of(({ line }) => line?.number ?? null)}::integer[], ${of(({ numerator }) => numerator)}::numeric[],
      ${of(({ denominator }) => denominator)}::numeric[], ${of(({ line }) => line?.unit ?? null)}::text[],
      ${of(({ line }) => line?.amount ?? null)}::numeric[], ${of(({ line }) => line?.currency ?? null)}::text[],
      ${of(({ rate }) => rate?.rate ?? null)}::numeric[], ${of(({ rate }) => rate?.type ?? null)}::text[],
      ${of(({ rate }) => rate?.source ?? null)}::text[], ${of(({ reason }) => reason)}::text[]
    ) as p`.execute(tx);
}

/**
 * Has every cost find its price by hash. The prices of a pricing were inserted a moment ago, and a database that does not know yet how
 * many there are walks through all of them for every cost: 150 ms where 5 would do.
 */
export async function joinByHash<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  // What is forbidden counts as dear, and dear statements are compiled first, which takes longer than they do.
  await sql`select set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)`.execute(tx);
  const result = await work();
  await sql`select set_config('enable_nestloop', 'on', true)`.execute(tx);
  return result;
}

/** Costs of cells with one price each, and of cells without: quantity × numerator ÷ denominator, exact where that ends. */
export async function insertUnitCosts(
  tx: Tx,
  pricing: string,
  key: PricingKey,
  basis: string | null,
): Promise<void> {
  await sql`
    insert into application_cost (pricing_id, entity_id, application_id, product_id, environment, region, kind, quantity, cost)
    select p.pricing_id, p.entity_id, c.application_id, c.product_id, c.environment, c.region, c.kind, c.quantity,
      case
        when p.kind = 'none' then null
        when p.denominator = 1 then c.quantity * p.numerator
        else round(c.quantity * p.numerator / p.denominator, 12)
      end
    from (${quantitiesOf(key, basis)}) as c
    join pricing_price as p
      on p.pricing_id = ${pricing}::bigint and p.product_id = c.product_id and p.environment = c.environment
        and p.region = c.region and p.kind in ('unit', 'none')`.execute(tx);
}

/**
 * Costs of pools: the amount of a line × weight ÷ Σ weights, in units of 10⁻¹² by largest remainder, ties by application, product,
 * environment and region in their order, so that they sum to the amount. A pool whose weights sum to 0 is left to
 * `insertUnallocated`.
 */
export async function insertPoolCosts(
  tx: Tx,
  pricing: string,
  key: PricingKey,
  basis: string | null,
): Promise<void> {
  await sql`
    with weighted as (
      select c.application_id, c.product_id, c.environment, c.region, c.kind, c.quantity, p.line_number,
        sign(p.numerator) as sign, trunc(abs(p.numerator) * 1e12) as amount, trunc(c.quantity * 1e12) as weight
      from (${quantitiesOf(key, basis)}) as c
      join pricing_price as p
        on p.pricing_id = ${pricing}::bigint and p.product_id = c.product_id and p.environment = c.environment
          and p.region = c.region and p.kind = 'pool'
    ),
    totalled as (
      select *, sum(weight) over (partition by line_number) as total from weighted
    ),
    floored as (
      select *, div(amount * weight, total) as base, mod(amount * weight, total) as rest
      from totalled
      where total > 0
    ),
    ranked as (
      select *,
        amount - sum(base) over (partition by line_number) as missing,
        row_number() over (
          partition by line_number
          order by rest desc, application_id, product_id, environment, region
        ) as place
      from floored
    )
    insert into application_cost (pricing_id, entity_id, application_id, product_id, environment, region, kind, quantity, cost)
    select ${pricing}::bigint, ${key.entity}, application_id, product_id, environment, region, kind, quantity,
      sign * (base + case when place <= missing then 1 else 0 end) * 1e-12
    from ranked
    union all
    -- Nobody has a weight: the cells are there and cost nothing, the amount stays with nobody.
    select ${pricing}::bigint, ${key.entity}, application_id, product_id, environment, region, kind, quantity, 0
    from totalled
    where total = 0`.execute(tx);
}

/** Amounts of pools that no weight takes. */
export async function insertUnallocated(
  tx: Tx,
  pricing: string,
  entity: string,
  pools: readonly {
    readonly product: string;
    readonly environment: string;
    readonly region: string;
    readonly amount: string;
  }[],
): Promise<void> {
  if (pools.length === 0) return;
  await sql`
    insert into application_cost (pricing_id, entity_id, application_id, product_id, environment, region, kind, quantity, cost)
    select ${pricing}::bigint, ${entity}, '~unallocated', product, environment, region, 'INDIRECT', 0, sum(amount)
    from unnest(
      ${pools.map(({ product }) => product)}::text[], ${pools.map(({ environment }) => environment)}::text[],
      ${pools.map(({ region }) => region)}::text[], ${pools.map(({ amount }) => amount)}::numeric[]
    ) as pool(product, environment, region, amount)
    group by product, environment, region`.execute(tx);
}

/** A quantity of a tiered cell. */
export interface TieredQuantity {
  readonly line: number;
  readonly application: string;
  readonly product: string;
  readonly environment: string;
  readonly region: string;
  readonly kind: 'DIRECT' | 'INDIRECT';
  readonly quantity: string;
}

/** Quantities that tiered lines price, by line, application and cell. */
export async function readTieredQuantities(
  tx: Tx,
  pricing: string,
  key: PricingKey,
  basis: string | null,
): Promise<readonly TieredQuantity[]> {
  const { rows } = await sql<TieredQuantity>`
    select p.line_number as line, c.application_id as application, c.product_id as product, c.environment, c.region, c.kind,
      c.quantity::text as quantity
    from (${quantitiesOf(key, basis)}) as c
    join pricing_price as p
      on p.pricing_id = ${pricing}::bigint and p.product_id = c.product_id and p.environment = c.environment
        and p.region = c.region and p.kind = 'tiers'
    order by p.line_number, c.application_id, c.product_id, c.environment, c.region`.execute(tx);
  return rows;
}

/** Keeps costs that were computed outside SQL: those of tiers, and those of runs. */
export async function insertCosts(
  tx: Tx,
  pricing: string,
  costs: {
    readonly entity: string | null;
    readonly application: readonly string[];
    readonly product: readonly string[];
    readonly environment: readonly string[];
    readonly region: readonly string[];
    readonly kind: readonly string[];
    readonly quantity: readonly string[];
    readonly cost: readonly string[];
  },
): Promise<void> {
  if (costs.application.length === 0) return;
  await sql`
    insert into application_cost (pricing_id, entity_id, application_id, product_id, environment, region, kind, quantity, cost)
    select ${pricing}::bigint, ${costs.entity}, c.*
    from unnest(
      ${[...costs.application]}::text[], ${[...costs.product]}::text[], ${[...costs.environment]}::text[],
      ${[...costs.region]}::text[], ${[...costs.kind]}::text[], ${[...costs.quantity]}::numeric[], ${[...costs.cost]}::numeric[]
    ) as c`.execute(tx);
}

/** Adds the costs of a pricing up: by application, by product, and as a whole. */
export async function finishPricing(tx: Tx, pricing: string): Promise<void> {
  await sql`
    insert into application_month_cost (pricing_id, entity_id, application_id, cost, direct, indirect, lines, unpriced)
    select pricing_id, entity_id, application_id, coalesce(sum(cost), 0),
      coalesce(sum(cost) filter (where kind = 'DIRECT'), 0), coalesce(sum(cost) filter (where kind = 'INDIRECT'), 0),
      count(*), count(*) filter (where cost is null)
    from application_cost
    where pricing_id = ${pricing}::bigint
    group by pricing_id, entity_id, application_id`.execute(tx);
  await sql`
    insert into product_month_cost (pricing_id, entity_id, product_id, environment, kind, quantity, cost, applications, lines, unpriced)
    select pricing_id, entity_id, product_id, environment, kind, sum(quantity), coalesce(sum(cost), 0),
      count(distinct application_id), count(*), count(*) filter (where cost is null)
    from application_cost
    where pricing_id = ${pricing}::bigint
    group by pricing_id, entity_id, product_id, environment, kind`.execute(tx);
  await sql`
    update pricing set cost = sums.cost, direct = sums.direct, indirect = sums.indirect, unallocated = sums.unallocated, lines = sums.lines, unpriced = sums.unpriced
    from (
      select coalesce(sum(cost), 0) as cost, coalesce(sum(direct), 0) as direct, coalesce(sum(indirect), 0) as indirect,
        coalesce(sum(cost) filter (where application_id = '~unallocated'), 0) as unallocated,
        coalesce(sum(lines), 0) as lines, coalesce(sum(unpriced), 0) as unpriced
      from application_month_cost
      where pricing_id = ${pricing}::bigint
    ) as sums
    where pricing.id = ${pricing}::bigint`.execute(tx);
}

/** Removes pricings that are not frozen, with their costs. */
export async function deletePricings(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const gone = sql`any(${[...ids]}::bigint[])`;
  await sql`delete from application_cost where pricing_id = ${gone}`.execute(tx);
  await sql`delete from application_month_cost where pricing_id = ${gone}`.execute(tx);
  await sql`delete from product_month_cost where pricing_id = ${gone}`.execute(tx);
  await sql`delete from pricing_price where pricing_id = ${gone}`.execute(tx);
  await sql`delete from pricing where id = ${gone}`.execute(tx);
}
