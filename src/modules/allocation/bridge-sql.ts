import type { Scope } from '../../platform/kernel/index.ts';
import type { Row, Session } from '../../platform/warehouse/index.ts';
import { bridgePart } from '../ingestion/index.ts';
import type { MonthBill } from './attribute-bill.ts';
import { baseSql, billContext, metricSql, recoverableTaxSql } from './attribution-sql.ts';
import type { Method } from './model.ts';

/**
 * What the bridge of a month is made of, in one scan: rows, the four costs and `metric`, per currency, `part` of the bridge
 * from BilledCost to EffectiveCost (the parts of an import), `without` (rows that have no value in the metric) and
 * `recoverable` (tax that the run leaves out). A cost that is not there is the one before it: Billed, Effective, Contracted, List.
 */
export function bridgeSums(
  session: Session,
  { selection }: MonthBill,
  scope: Scope,
  method: Method,
): Promise<Row[]> {
  const context = billContext(selection, scope);
  const tax = recoverableTaxSql(context, method);
  const metric = metricSql(method);
  return session.rows(
    `with ${baseSql(context)},
told as (
  select "BillingCurrency" as currency, ${bridgePart} as part, ${metric} is null as without, ${tax} as recoverable,
    ${metric} as metric, "BilledCost" as billed, "EffectiveCost" as effective, "ContractedCost" as contracted, "ListCost" as list
  from base
),
whole as (
  select currency, part, without, recoverable, metric, coalesce(billed, 0) as billed,
    coalesce(effective, billed, 0) as effective, coalesce(contracted, effective, billed, 0) as contracted,
    coalesce(list, contracted, effective, billed, 0) as list
  from told
)
select currency, part, without, recoverable, count(*) as rows, coalesce(sum(metric), 0) as metric, sum(billed) as billed,
  sum(effective) as effective, sum(contracted) as contracted, sum(list) as list
from whole
group by currency, part, without, recoverable
order by currency, part, without, recoverable`,
    context.values,
  );
}
