import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { MonthAt } from './consumption-facts-sql.ts';

/** Which months are compared. */
export interface AskedMonths {
  readonly entity?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Entity's months of which anything is kept: facts, sums, parts or a watermark. */
export async function readMonths(tx: Tx, { entity, from, to }: AskedMonths): Promise<readonly MonthAt[]> {
  const where = sql`(${entity ?? null}::text is null or entity_id = ${entity ?? null})
        and period >= ${from ?? ''} and (${to ?? null}::text is null or period <= ${to ?? null})`;
  // Whoever sees applications only cannot tell what an entity's month comes to.
  const { rows } = await sql<MonthAt>`
    select entity_id as entity, period
    from (
      select entity_id, period from consumption where ${where}
      union
      select entity_id, period from consumption_summary where ${where}
      union
      select entity_id, period from consumption_product where ${where}
      union
      select entity_id, period from consumption_part where ${where}
      union
      select entity_id, period from consumption_watermark where ${where}
    ) as kept
    where finops_sees_entity(entity_id)
    order by 1, 2`.execute(tx);
  return rows;
}

/** A cell whose sum is not what its facts come to. */
export interface FoundDifference {
  readonly table: string;
  readonly cell: string;
  readonly facts: string;
  readonly kept: string;
}

/** Facts of an entity's month. */
export async function countFacts(tx: Tx, { entity, period }: MonthAt): Promise<number> {
  const { rows } = await sql<{ facts: number }>`
    select count(*)::integer as facts from consumption where period = ${period} and entity_id = ${entity}`.execute(
    tx,
  );
  return rows[0]?.facts ?? 0;
}

/**
 * What is kept of an entity's month beside its facts, where it is not what they come to: sums by application, sums by product,
 * what parts say of themselves, the watermark. Empty where the books balance.
 */
export async function findDifferences(
  tx: Tx,
  { entity, period }: MonthAt,
  limit: number,
): Promise<readonly FoundDifference[]> {
  const isIn = sql`period = ${period} and entity_id = ${entity}`;
  const { rows } = await sql<FoundDifference>`
    with fact as materialized (
      select application_id, product_id, environment, region, kind, import_id, quantity from consumption where ${isIn}
    ),
    summed as (
      select application_id, product_id, environment, region, kind, sum(quantity) as quantity, count(*) as facts, min(import_id) as import_id,
        max(import_id) as last_import
      from fact group by application_id, product_id, environment, region, kind
    ),
    kept_summary as (
      select * from consumption_summary where ${isIn}
    ),
    by_product as (
      select product_id, environment, region, kind, sum(quantity) as quantity, count(*) as applications, sum(facts) as facts
      from summed group by product_id, environment, region, kind
    ),
    kept_product as (
      select * from consumption_product where ${isIn}
    ),
    by_part as (
      select product_id, min(kind) as kind, max(kind) as last_kind, sum(quantity) as quantity, count(*) as facts,
        min(import_id) as import_id, max(import_id) as last_import
      from fact group by product_id
    ),
    kept_part as (
      select part.*, product.unit as counted
      from consumption_part as part
      join product on product.id = part.product_id
      where ${isIn}
    ),
    told (kind_of, cell, facts, kept) as (
      select 'summary', concat_ws(' / ', coalesce(f.application_id, k.application_id), coalesce(f.product_id, k.product_id),
          coalesce(f.environment, k.environment), coalesce(f.region, k.region)),
        ${toldSql('f')}, ${toldSql('k')}
      from summed as f
      full join kept_summary as k using (application_id, product_id, environment, region, kind)
      where (f.quantity, f.facts, f.import_id, f.last_import) is distinct from (k.quantity, k.facts::bigint, k.import_id, k.import_id)
      union all
      select 'product', concat_ws(' / ', coalesce(f.product_id, k.product_id), coalesce(f.environment, k.environment),
          coalesce(f.region, k.region)),
        ${toldSql('f')}, ${toldSql('k')}
      from by_product as f
      full join kept_product as k using (product_id, environment, region, kind)
      where (f.quantity, f.facts, f.applications) is distinct from (k.quantity, k.facts::numeric, k.applications::bigint)
      union all
      select 'part', coalesce(f.product_id, k.product_id), ${toldSql('f')}, ${toldSql('k')}
      from by_part as f
      full join kept_part as k using (product_id)
      where (f.quantity, f.facts, f.kind, f.last_kind, f.import_id, f.last_import)
        is distinct from (k.quantity, k.facts::bigint, k.kind, k.kind, k.import_id, k.import_id)
      union all
      select 'unit', product_id, 'in ' || unit, 'the product counts ' || counted from kept_part where unit <> counted
      union all
      select 'watermark', '', coalesce(f.facts::text, 'none') || ' facts', coalesce(k.facts::text, 'none') || ' facts'
      from (select sum(facts) as facts from by_part) as f
      full join (select facts from consumption_watermark where ${isIn}) as k on true
      where f.facts is distinct from k.facts
    )
    select kind_of as table, cell, facts, kept from told order by 1, 2 limit ${limit}`.execute(tx);
  return rows;
}

function toldSql(table: string) {
  const [quantity, facts] = [sql.ref(`${table}.quantity`), sql.ref(`${table}.facts`)];
  return sql`coalesce(trim_scale(${quantity})::text || ' in ' || ${facts}::text || ' facts', 'nothing')`;
}
