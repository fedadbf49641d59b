import { sql } from 'kysely';
import type { Tx } from '../../platform/records/index.ts';
import type { CountedPricing } from './cost-sql.ts';

/** What a product was charged and what it cost, in one currency. Decimal texts. */
export interface BridgeRow {
  /** `~none`: allocated cost that the graph names no product for. */
  readonly product: string;
  readonly charged: string;
  readonly actual: string;
  readonly quantity: string;
  readonly unpriced: number;
  readonly lines: number;
}

/** Σ by product of what was charged under a view and of what was allocated to applications. */
export async function readBridge(
  tx: Tx,
  charged: readonly CountedPricing[],
  actual: readonly CountedPricing[],
): Promise<readonly BridgeRow[]> {
  const sides = [
    ...charged.map((one) => ({ ...one, side: 'charged' })),
    ...actual.map((one) => ({ ...one, side: 'actual' })),
  ];
  const { rows } = await sql<BridgeRow>`
    select c.product_id as product,
      coalesce(sum(c.cost * u.rate) filter (where u.side = 'charged'), 0)::text as charged,
      coalesce(sum(c.cost * u.rate) filter (where u.side = 'actual'), 0)::text as actual,
      coalesce(sum(c.quantity) filter (where u.side = 'charged'), 0)::text as quantity,
      coalesce(sum(c.unpriced) filter (where u.side = 'charged'), 0)::integer as unpriced,
      coalesce(sum(c.lines) filter (where u.side = 'charged'), 0)::integer as lines
    from unnest(
      ${sides.map(({ id }) => id)}::bigint[], ${sides.map(({ rate }) => rate)}::numeric[],
      ${sides.map(({ side }) => side)}::text[]
    ) as u(pricing_id, rate, side)
    join product_month_cost as c on c.pricing_id = u.pricing_id
    group by c.product_id
    order by c.product_id`.execute(tx);
  return rows;
}
