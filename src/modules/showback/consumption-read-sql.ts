import { type RawBuilder, sql } from 'kysely';
import { formatDecimal, parseDecimal } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { ConsumptionFact } from './consumption-contract.ts';
import type { OriginKind } from './model.ts';

/** Which facts. What is absent does not narrow. */
export interface AskedFacts {
  readonly entity?: string | undefined;
  readonly application?: string | undefined;
  readonly product?: string | undefined;
  readonly environment?: string | undefined;
  readonly region?: string | undefined;
  readonly resource?: string | undefined;
  readonly source?: string | undefined;
  readonly kind?: 'DIRECT' | 'INDIRECT' | undefined;
}

/** A stretch of the facts of one month. */
export interface FactStretch {
  readonly month: string;
  /** Key of the last fact before it. */
  readonly after?: readonly string[] | undefined;
  readonly limit: number;
}

/** A fact with the import that brought it. */
export interface StoredFact extends ConsumptionFact {
  /** File, list or rule; null where the caller may not see the import. */
  readonly origin: string | null;
  readonly importedAt: string | null;
  readonly importedBy: string | null;
}

/** What orders facts, and names each of them. */
export function keyOfFact(fact: ConsumptionFact): string {
  const { month, entity, product, application, environment, region, resource } = fact;
  return JSON.stringify([month, entity, product, application, environment, region, resource]);
}

/** Months that have such facts, oldest first. */
export async function readFactMonths(
  tx: Tx,
  { entity, product, source, kind }: AskedFacts,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<readonly string[]> {
  const given = (column: string, value: string | undefined) =>
    value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`];
  const conditions = [
    sql`period >= ${from ?? ''}`,
    ...(to === undefined ? [] : [sql`period <= ${to}`]),
    ...given('entity_id', entity),
    ...given('product_id', product),
    ...given('source', source),
    ...given('kind', kind),
  ];
  const { rows } = await sql<{ period: string }>`
    select distinct period from consumption_part where ${sql.join(conditions, sql` and `)} order by period`.execute(
    tx,
  );
  return rows.map(({ period }) => period);
}

/** Facts of a month in the order of entity, product, application, environment, region, resource. */
export async function readFacts(
  tx: Tx,
  asked: AskedFacts,
  { month, after, limit }: FactStretch,
): Promise<StoredFact[]> {
  const equal: readonly (readonly [string, string | undefined])[] = [
    ['f.entity_id', asked.entity],
    ['f.application_id', asked.application],
    ['f.product_id', asked.product],
    ['f.environment', asked.environment],
    ['f.region', asked.region],
    ['f.resource', asked.resource],
    ['f.kind', asked.kind],
    ['part.source', asked.source],
  ];
  const key = sql`(f.entity_id, f.product_id, f.application_id, f.environment collate "C", f.region collate "C",
      f.resource collate "C")`;
  const conditions: RawBuilder<unknown>[] = [
    sql`f.period = ${month} and part.period = ${month}`,
    ...equal.flatMap(([column, value]) => (value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`])),
    ...(after === undefined ? [] : [sql`${key} > (${sql.join(after.slice(1))})`]),
  ];
  const { rows } = await sql<StoredFact>`
    select f.period as month, f.entity_id as entity, f.application_id as application, f.product_id as product, f.environment,
      f.region, f.resource, f.kind, f.quantity::text as quantity, part.unit, part.origin_kind as "originKind", part.source,
      f.import_id::text as import, f.row_number as row, f.explanation, i.origin, i.imported_at as "importedAt",
      i.imported_by as "importedBy"
    from consumption_part as part
    join consumption as f
      on f.period = part.period and f.entity_id = part.entity_id and f.product_id = part.product_id and f.import_id = part.import_id
    left join consumption_import as i on i.id = f.import_id
    where ${sql.join(conditions, sql` and `)}
    order by f.entity_id, f.product_id, f.application_id, f.environment collate "C", f.region collate "C", f.resource collate "C"
    limit ${limit}`.execute(tx);
  return rows.map((fact) => ({ ...fact, quantity: formatDecimal(parseDecimal(fact.quantity)) }));
}

/** What an entity's month consists of. */
export interface StoredWatermark {
  readonly entity: string;
  readonly month: string;
  readonly factsHash: string;
  readonly facts: number;
  readonly changedAt: string;
  readonly products: readonly {
    readonly product: string;
    readonly kind: OriginKind;
    readonly source: string;
  }[];
}

/** Watermarks by month and entity. */
export async function readWatermarks(
  tx: Tx,
  asked: {
    readonly entity?: string | undefined;
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    readonly after?: readonly string[] | undefined;
    readonly limit: number;
  },
): Promise<StoredWatermark[]> {
  const { entity, from, to, after, limit } = asked;
  const { rows } = await sql<StoredWatermark>`
    select w.entity_id as entity, w.period as month, w.facts_hash as "factsHash", w.facts, w.changed_at as "changedAt",
      (
        select coalesce(jsonb_agg(jsonb_build_object('product', product_id, 'kind', origin_kind, 'source', source) order by product_id), '[]')
        from consumption_part as part
        where part.entity_id = w.entity_id and part.period = w.period
      ) as products
    from consumption_watermark as w
    where (${entity ?? null}::text is null or w.entity_id = ${entity ?? null})
      and w.period >= ${from ?? ''} and (${to ?? null}::text is null or w.period <= ${to ?? null})
      and (${after?.[0] ?? null}::text is null or (w.period, w.entity_id) > (${after?.[0] ?? ''}, ${after?.[1] ?? ''}))
    order by w.period, w.entity_id
    limit ${limit}`.execute(tx);
  return rows;
}
