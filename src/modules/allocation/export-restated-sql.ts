import {
  type DatasetColumn,
  identifier,
  literal,
  type Row,
  type Session,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { type Method, taxDimension } from './model.ts';
import type { RunRows } from './query-run.ts';

/*
 * What a run books for closed months, as FOCUS rows beside those of the bill. The run knows by how much each node, day and lane has
 * changed, and not by which rows of which bill: so there is a charge per closed month, day and lane (`x_RowId` names them), and a part
 * per node that retains more or less of it. The parts sum to the change of what the rules attributed; a shift of cost from one node
 * to another has parts that sum to 0.
 */

/** What is booked for closed months, and how its rows are named. */
export interface RestatedAsked {
  readonly run: Pick<RunRows, 'graph' | 'month' | 'allocation' | 'attribution'>;
  readonly method: Pick<Method, 'metric' | 'dimension'>;
  /** The bound AllocatedMethodId, as SQL. */
  readonly methodId: string;
}

const lane = '"OriginPeriod", "ChargePeriodStart", "Dimension", "BillingCurrency", "Side"';

/**
 * Rows with the columns of the file, other columns left out. The run's metric has the amount; the other costs are 0, for what the
 * provider has invoiced again is in the bill of the closed month.
 */
export function restatedSql({ run, method, methodId }: RestatedAsked): string {
  const { costs } = costDataset.roles;
  const amounts = costs.map(
    (name) => `${name === method.metric ? 'amount' : 'cast(0 as decimal(38,12))'} as ${identifier(name)}`,
  );
  return `select ${literal(`graph~${run.graph}`)} as "x_SourceName",
    concat_ws(':', 'restated', "OriginPeriod", strftime("ChargePeriodStart", '%Y-%m-%d'), "Dimension", "BillingCurrency", "Side") as "x_RowId",
    row_number() over (partition by ${lane} order by "NodeId") as "x_AllocatedPart",
    "BillingCurrency", month_start as "BillingPeriodStart", month_start + interval 1 month as "BillingPeriodEnd",
    "ChargePeriodStart", "ChargePeriodStart" + interval 1 day as "ChargePeriodEnd",
    case when "Dimension" = ${literal(taxDimension)} then 'Tax' else 'Adjustment' end as "ChargeCategory", 'Correction' as "ChargeClass",
    concat('Restatement of ', "OriginPeriod", ', ', "Dimension") as "ChargeDescription"${dimensionSql(method)},
    ${amounts.join(', ')},
    json_object('Elements', json_array(), 'x_Node', "NodeId", 'x_Restated', "OriginPeriod", 'x_Unallocated', is_held) as "AllocatedMethodDetails",
    cast(${methodId} as varchar) as "AllocatedMethodId", "NodeId" as "AllocatedResourceId", name as "AllocatedResourceName",
    labels as "AllocatedTags"
  from (
    select ${lane}, "NodeId", timestamp ${literal(`${run.month}-01`)} as month_start, sum("Retained") as amount,
      max_by("NodeName", "Retained") as name, max_by("NodeLabels", "Retained") as labels, any_value("NodeType") <> 'product' as is_held
    from ${run.allocation.relation}
    where ${isRestated(run)}
    group by ${lane}, "NodeId"
    having sum("Retained") <> 0
  ) as restated`;
}

/** What all of it comes to, per currency: `currency`, `cost`; of what the rules attributed, not of what nodes retain. */
export function restatedSums(session: Session, { run }: Pick<RestatedAsked, 'run'>): Promise<Row[]> {
  return session.rows(`select "BillingCurrency" as currency, sum("Cost") as cost
from ${run.attribution.relation}
where ${isRestated(run)}
group by 1
order by 1`);
}

function isRestated({ month }: Pick<RunRows, 'month'>): string {
  return `"OriginPeriod" <> ${literal(month)}`;
}

/** The dimension under the name of the column that it is of, where it is of one. */
function dimensionSql({ dimension }: Pick<Method, 'dimension'>): string {
  const isColumn = ({ name, type }: DatasetColumn) => type === 'string' && name === dimension;
  if (!costDataset.columns.some(isColumn)) return '';
  return `,\n    nullif("Dimension", ${literal(taxDimension)}) as ${identifier(dimension)}`;
}
