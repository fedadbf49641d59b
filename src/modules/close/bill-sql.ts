import type { Row, Session } from '../../platform/warehouse/index.ts';
import { bridgePart } from '../ingestion/index.ts';

/**
 * What the converted rows of a month add up to, read from their files: rows, rows that were made from others (`synthesised`), rows
 * that name an invoice, rows with an EffectiveCost, BilledCost and EffectiveCost; per currency and part of the bridge.
 */
export function billedSums(session: Session, relation: string): Promise<Row[]> {
  return session.rows(`select "BillingCurrency" as currency, ${bridgePart} as part, count(*) as rows,
  count(*) filter (where "x_Part" = 1) as synthesised, count("InvoiceId") as invoiced, count("EffectiveCost") as valued,
  coalesce(sum("BilledCost"), 0) as billed, coalesce(sum("EffectiveCost"), 0) as effective
from ${relation}
group by 1, 2
order by 1, 2`);
}
