import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import { shownDifferences } from './costs-sql.ts';

/** How many facts an entity's month has, by the facts themselves and by what is kept beside them. */
export interface FactCounts {
  readonly entity: string;
  readonly facts: number;
  /** Counted in the sums by application, in those by product, and by the watermark. */
  readonly inSums: number;
  readonly inProducts: number;
  readonly inWatermark: number;
}

/** Counts facts of a month, entity by entity. */
export async function factCounts(
  tx: Tx,
  period: string,
  entities: readonly string[],
): Promise<readonly FactCounts[]> {
  const named = sql`period = ${period} and entity_id = any(${[...entities]}::text[])`;
  const { rows } = await sql<FactCounts>`
    with counted as (
      select entity_id, count(*) as facts, 0 as in_sums, 0 as in_products, 0 as in_watermark
      from consumption where ${named} group by entity_id
      union all
      select entity_id, 0, sum(facts), 0, 0 from consumption_summary where ${named} group by entity_id
      union all
      select entity_id, 0, 0, sum(facts), 0 from consumption_product where ${named} group by entity_id
      union all
      select entity_id, 0, 0, 0, facts from consumption_watermark where ${named}
    )
    select entity_id as entity, sum(facts)::integer as facts, sum(in_sums)::integer as "inSums",
      sum(in_products)::integer as "inProducts", sum(in_watermark)::integer as "inWatermark"
    from counted
    group by entity_id
    having sum(facts) + sum(in_sums) + sum(in_products) + sum(in_watermark) > 0
    order by entity_id`.execute(tx);
  return rows;
}

/** A sum of quantities that is not that of its facts. Decimal texts in the product's unit. */
export interface QuantityDifference {
  readonly entity: string;
  readonly product: string;
  /** Which sum: `application shop`, or `all applications`. */
  readonly of: string;
  readonly unit: string | null;
  readonly facts: string;
  readonly sums: string;
}

/** Sums of an entity's month that are not those of its facts, the first of them. */
export async function quantityDifferences(
  tx: Tx,
  period: string,
  entities: readonly string[],
): Promise<readonly QuantityDifference[]> {
  const named = sql`period = ${period} and entity_id = any(${[...entities]}::text[])`;
  const { rows } = await sql<QuantityDifference>`
    with cell as materialized (
      select entity_id, application_id, product_id, environment, region, kind, sum(quantity) as quantity, count(*) as facts
      from consumption
      where ${named}
      group by entity_id, application_id, product_id, environment, region, kind
    ),
    whole as (
      select entity_id, product_id, environment, region, kind, sum(quantity) as quantity, count(*) as applications,
        sum(facts) as facts
      from cell
      group by entity_id, product_id, environment, region, kind
    ),
    differing as (
      select coalesce(kept.entity_id, own.entity_id) as entity, coalesce(kept.product_id, own.product_id) as product,
        'application ' || coalesce(kept.application_id, own.application_id) as "of", own.quantity as facts, kept.quantity as sums
      from (select * from consumption_summary where ${named}) as kept
      full join cell as own
        on own.entity_id = kept.entity_id and own.application_id = kept.application_id and own.product_id = kept.product_id
          and own.environment = kept.environment and own.region = kept.region and own.kind = kept.kind
      where (kept.quantity, kept.facts) is distinct from (own.quantity, own.facts)
      union all
      select coalesce(kept.entity_id, own.entity_id), coalesce(kept.product_id, own.product_id), 'all applications', own.quantity,
        kept.quantity
      from (select * from consumption_product where ${named}) as kept
      full join whole as own
        on own.entity_id = kept.entity_id and own.product_id = kept.product_id and own.environment = kept.environment
          and own.region = kept.region and own.kind = kept.kind
      where (kept.quantity, kept.applications, kept.facts) is distinct from (own.quantity, own.applications, own.facts)
    )
    select entity, product, "of", product.unit, coalesce(facts, 0)::text as facts, coalesce(sums, 0)::text as sums
    from differing
    left join product on product.id = differing.product
    order by entity, differing.product, "of"
    limit ${shownDifferences}`.execute(tx);
  return rows;
}
