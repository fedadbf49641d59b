import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { ConsumptionKind } from './model.ts';

/** What was consumed of a product in an environment and region of an entity's month. */
export interface ConsumedCell {
  readonly entity: string;
  readonly product: string;
  readonly family: string | null;
  readonly domain: string;
  readonly environment: string;
  readonly region: string;
  readonly consumption: ConsumptionKind;
  /** Of the product. */
  readonly unit: string;
  /** Decimal text; a weight when INDIRECT. */
  readonly quantity: string;
  readonly applications: number;
  readonly facts: number;
}

/** The cells of a month that the caller sees; of one entity where it is named. */
export async function readConsumedCells(
  tx: Tx,
  { month, entity }: { readonly month: string; readonly entity: string | null },
): Promise<ConsumedCell[]> {
  const { rows } = await sql<ConsumedCell>`
    select cell.entity_id as entity, cell.product_id as product, product.family_id as family, product.domain_id as domain,
      cell.environment, cell.region, cell.kind as consumption, product.unit, trim_scale(cell.quantity) as quantity,
      cell.applications, cell.facts
    from consumption_product as cell
    join product on product.id = cell.product_id
    where cell.period = ${month} and (${entity}::text is null or cell.entity_id = ${entity})
    order by cell.entity_id, cell.product_id, cell.environment, cell.region, cell.kind`.execute(tx);
  return rows;
}
