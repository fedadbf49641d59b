import type { Scope } from '../../platform/kernel/index.ts';
import {
  type Filter,
  filterSql,
  identifier,
  parseFilter,
  type QueryContext,
  type Row,
  type Selection,
  type Session,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';

/*
 * Sums of a run, each from other files: the bills, the attribution, the figures of nodes, the flows. The statements know the columns
 * of the datasets and nothing of how they were filled.
 */

/** Which cost of a bill a run allocates. */
export interface BillCost {
  /** `EffectiveCost`. */
  readonly metric: string;
  /** Tax rows that are left out: `all`, `none`, or those that a filter names. */
  readonly recoverableTax: unknown;
}

/** Several bills as one, by the names of their columns. */
export function unionOf(selections: readonly Selection[]): Selection | undefined {
  const [first] = selections;
  if (!first) return undefined;
  return {
    ...first,
    relation: `(${selections.map(({ relation }) => `select * from ${relation}`).join('\n union all by name\n ')})`,
    columns: new Map(selections.flatMap(({ columns }) => [...columns])),
    currencies: [...new Set(selections.flatMap(({ currencies }) => currencies))].sort(),
    files: selections.reduce((sum, { files }) => sum + files, 0),
    rows: selections.reduce((sum, { rows }) => sum + rows, 0),
  };
}

/** Σ of a cost over bills per `currency`, as `cost`; rows without it count 0. Refuses a filter over columns that no bill has. */
export function billSums(
  session: Session,
  selection: Selection,
  { scope, metric, recoverableTax }: BillCost & { readonly scope: Scope },
): Promise<Row[]> {
  const context: QueryContext = { dataset: costDataset, selection, scope, values: [] };
  const leftOut = taxSql(context, recoverableTax);
  return session.rows(
    `select "BillingCurrency" as currency,
  coalesce(sum(cast(${identifier(metric)} as decimal(38, 12))) filter (where not ${leftOut}), 0) as cost
from ${selection.relation}
group by 1
order by 1`,
    context.values,
  );
}

function taxSql(context: QueryContext, recoverableTax: unknown): string {
  if (recoverableTax === 'none') return 'false';
  const isTax = `coalesce("ChargeCategory" = 'Tax', false)`;
  if (recoverableTax === 'all') return isTax;
  const filter =
    typeof recoverableTax === 'string' ? parseFilter(recoverableTax) : (recoverableTax as Filter);
  return `(${isTax} and coalesce(${filterSql(context, filter)}, false))`;
}

/** Σ of what rules sent to nodes, per `currency`: of the run's own month (`own`), and booked for closed months (`restated`). */
export function attributionSums(session: Session, { relation }: Selection, period: string): Promise<Row[]> {
  return session.rows(
    `select "BillingCurrency" as currency, coalesce(sum("Cost") filter (where "OriginPeriod" = $1), 0) as own,
  coalesce(sum("Cost") filter (where "OriginPeriod" <> $1), 0) as restated
from ${relation}
group by 1
order by 1`,
    [period],
  );
}

/** Σ of nodes per `currency` and `entity`: `direct`, `retained`, and of the latter what is on products, `allocated`. */
export function nodeSums(session: Session, { relation }: Selection): Promise<Row[]> {
  return session.rows(`select "BillingCurrency" as currency, "EntityId" as entity, sum("Direct") as direct,
  sum("Retained") as retained, coalesce(sum("Retained") filter (where "NodeType" = 'product'), 0) as allocated
from ${relation}
group by 1, 2
order by 1, 2`);
}

/** Σ of what stays on nodes that are no products, per `currency`, as `held`: from the flows that lead nowhere. */
export function heldSums(session: Session, { relation }: Selection): Promise<Row[]> {
  return session.rows(`select "BillingCurrency" as currency, coalesce(sum("Amount") filter (where "ToNode" is null), 0) as held
from ${relation}
group by 1
order by 1`);
}
