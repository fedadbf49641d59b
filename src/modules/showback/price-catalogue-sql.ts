import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** A product as prices see it. */
export interface CatalogueProduct {
  readonly id: string;
  readonly family: string | null;
  readonly domain: string;
  /** What a quantity of it counts. */
  readonly unit: string;
  readonly active: boolean;
}

/** What lines may name: id → whether it is in use. */
export interface Catalogue {
  readonly products: ReadonlyMap<string, CatalogueProduct>;
  readonly families: ReadonlyMap<string, boolean>;
  readonly domains: ReadonlyMap<string, boolean>;
  /** Those that the caller sees. */
  readonly entities: ReadonlyMap<string, boolean>;
}

/** The whole catalogue, retired objects included: some thousands of small rows. */
export async function readCatalogue(tx: Tx): Promise<Catalogue> {
  const products = await tx
    .selectFrom('product')
    .select(['id', 'family_id as family', 'domain_id as domain', 'unit', 'active'])
    .orderBy('id')
    .execute();
  const inUse = async (table: 'family' | 'domain' | 'entity') => {
    const rows = await tx.selectFrom(table).select(['id', 'active']).execute();
    return new Map(rows.map(({ id, active }) => [id, active]));
  };
  return {
    products: new Map(products.map((product) => [product.id, product])),
    families: await inUse('family'),
    domains: await inUse('domain'),
    entities: await inUse('entity'),
  };
}

/** Months, in order, for which the table has a rate of this type to a currency, by base currency. */
export async function monthsWithRates(
  tx: Tx,
  {
    bases,
    quote,
    type,
  }: { readonly bases: readonly string[]; readonly quote: string; readonly type: string },
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (bases.length === 0) return new Map();
  const { rows } = await sql<{ base: string; months: string[] }>`
    select base, array_agg(period order by period) as months
    from fx_rate
    where base = any(${[...bases]}) and quote = ${quote} and type = ${type}
    group by base`.execute(tx);
  return new Map(rows.map(({ base, months }) => [base, months]));
}
