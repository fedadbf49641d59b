import type { Scope } from '../../platform/kernel/index.ts';
import { bind, type Row, type Session, spreadSql } from '../../platform/warehouse/index.ts';
import type { MonthBill } from './attribute-bill.ts';
import { type Attributing, billContext, takenSql } from './attribution-sql.ts';

/** Rows of a bill: one by its id, or all of a resource. */
export interface BillRows {
  readonly by: 'row' | 'resource';
  readonly id: string;
}

/**
 * Where the rules send rows of a bill, and what they cost there by day, dimension, currency and side: `node`, `rule` (its index,
 * −1 without), `source`, `day`, `dimension`, `currency`, `side`, `rows`, `cost`. Rows that a run leaves out are not in it.
 */
export function whereRowsGo(
  session: Session,
  asked: {
    readonly bill: MonthBill;
    readonly scope: Scope;
    readonly attributing: Attributing;
    readonly rows: BillRows;
  },
): Promise<Row[]> {
  const context = billContext(asked.bill.selection, asked.scope);
  const taken = takenSql(context, asked.attributing);
  const column = asked.rows.by === 'row' ? '"x_RowId"' : '"ResourceId"';
  const keys = ['rule', 'node', 'source', 'dimension', 'currency', 'is_credit'];
  return session.rows(
    `with ${taken},
asked as (
  select cast(rule as integer) as rule, node, source, dimension, currency, cost < 0 as is_credit, cost, opens, starts, ends
  from taken
  where ${column} = ${bind(context, asked.rows.id)}
),
${spreadSql({ unit: 'day', keys, amounts: ['cost'], extremes: [] })}
select node, rule, source, strftime(t, '%Y-%m-%d') as day, dimension, currency,
  case when is_credit then 'credit' else 'charge' end as side, sum(n) as rows, sum(cost) as cost
from lines
group by all
order by all`,
    context.values,
  );
}
