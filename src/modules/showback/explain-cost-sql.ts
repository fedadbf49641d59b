import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** Which costs to explain. */
export interface ExplainedCell {
  readonly pricings: readonly string[];
  readonly application: string;
  readonly product: string;
  readonly environment: string | null;
}

/** A cost with the price that it was multiplied with. */
export interface ExplainedCost {
  readonly pricing: string;
  readonly environment: string;
  readonly region: string;
  readonly kind: string;
  readonly quantity: string;
  readonly cost: string | null;
  readonly unit: string | null;
  readonly priceKind: 'unit' | 'tiers' | 'pool' | 'none' | null;
  readonly lineNumber: number | null;
  readonly numerator: string | null;
  readonly denominator: string | null;
  readonly lineUnit: string | null;
  readonly lineAmount: string | null;
  readonly lineCurrency: string | null;
  readonly rate: string | null;
  readonly rateType: string | null;
  readonly rateSource: string | null;
  readonly reason: string | null;
}

/** Costs of an application and product with their prices, by environment and region. */
export async function readExplainedCosts(tx: Tx, cell: ExplainedCell): Promise<readonly ExplainedCost[]> {
  const { pricings, application, product, environment } = cell;
  const { rows } = await sql<ExplainedCost>`
    select c.pricing_id::text as pricing, c.environment, c.region, c.kind, c.quantity::text as quantity, c.cost::text as cost,
      product.unit, p.kind as "priceKind", p.line_number as "lineNumber", p.numerator::text as numerator,
      p.denominator::text as denominator, p.line_unit as "lineUnit", p.line_amount::text as "lineAmount",
      p.line_currency as "lineCurrency", p.rate::text as rate, p.rate_type as "rateType", p.rate_source as "rateSource", p.reason
    from application_cost as c
    left join pricing_price as p
      on p.pricing_id = c.pricing_id and p.product_id = c.product_id and p.environment = c.environment and p.region = c.region
    left join product on product.id = c.product_id
    where c.pricing_id = any(${[...pricings]}::bigint[]) and c.application_id = ${application} and c.product_id = ${product}
      and (${environment}::text is null or c.environment = ${environment})
    order by c.pricing_id, c.environment, c.region, c.kind`.execute(tx);
  return rows;
}

/** A fact of consumption and where it was read. */
export interface ExplainedFact {
  readonly environment: string;
  readonly region: string;
  readonly resource: string;
  readonly quantity: string;
  readonly source: string;
  readonly origin: string;
  readonly kind: string;
  readonly row: number | null;
  readonly importId: string;
  readonly explanation: string | null;
}

/** Facts behind the quantities of an application and product in a month. */
export async function readExplainedFacts(
  tx: Tx,
  period: string,
  { application, product, environment }: ExplainedCell,
): Promise<readonly ExplainedFact[]> {
  const { rows } = await sql<ExplainedFact>`
    select c.environment, c.region, c.resource, c.quantity::text as quantity, coalesce(i.source, '') as source,
      coalesce(i.origin, '') as origin, coalesce(i.kind, '') as kind, c.row_number as row, c.import_id::text as "importId",
      c.explanation
    from consumption as c
    left join consumption_import as i on i.id = c.import_id
    where c.period = ${period} and c.application_id = ${application} and c.product_id = ${product}
      and (${environment}::text is null or c.environment = ${environment})
    order by c.environment, c.region, c.resource
    limit 1000`.execute(tx);
  return rows;
}
