import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';

/** What direct consumption of an application costs. */
export interface DirectCost {
  readonly application: string;
  readonly currency: string;
  /** Decimal text of at most 12 decimals, above 0. */
  readonly cost: string;
}

/** Direct costs of pricings by application, of one domain or all; rounded half-up at 12 decimals. */
export async function readDirectCosts(
  tx: Tx,
  pricings: readonly string[],
  domain: string | undefined,
): Promise<readonly DirectCost[]> {
  const { rows } = await sql<DirectCost>`
    select c.application_id as application, pricing.currency, round(sum(c.cost), 12)::text as cost
    from application_cost as c
    join pricing on pricing.id = c.pricing_id
    join product on product.id = c.product_id
    where c.pricing_id = any(${[...pricings]}::bigint[]) and c.kind = 'DIRECT'
      and (${domain ?? null}::text is null or product.domain_id = ${domain ?? null})
    group by c.application_id, pricing.currency
    having sum(c.cost) > 0
    order by c.application_id`.execute(tx);
  return rows;
}
