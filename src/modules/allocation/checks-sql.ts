import {
  type Dataset,
  fileLiteral,
  identifier,
  type Row,
  type Session,
  sqlType,
} from '../../platform/warehouse/index.ts';
import { allocationDataset, attributionDataset, flowDataset } from './datasets.ts';

/*
 * What was written, read again: these statements know the columns of the datasets and nothing of how they were filled.
 */

/** Files of a run, or of one of its days, as absolute paths. */
export interface WrittenFiles {
  readonly attribution: readonly string[];
  readonly allocation: readonly string[];
  readonly flow: readonly string[];
}

/** The rows of files of a dataset as a table expression; of no files: none. */
export function rowsOf(dataset: Dataset, files: readonly string[]): string {
  if (files.length > 0)
    return `read_parquet([${files.map(fileLiteral).join(', ')}], union_by_name = false, hive_partitioning = false)`;
  const columns = dataset.columns.map(({ name, type }) => `null::${sqlType(type)} as ${identifier(name)}`);
  return `(select ${columns.join(', ')} where false)`;
}

const lane = '"OriginPeriod", "ChargePeriodStart", "Dimension", "BillingCurrency", "Side"';

/**
 * The largest difference, as an absolute amount, of each equation: `cost` (Σ Direct and Σ Cost of a lane), `node` (Direct and Cost
 * of a node), `balance` (Direct + Inflow and Outflow + Retained of a row), `retained` (Σ Retained and Σ Direct of a lane).
 */
export async function nodeDifferences(session: Session, files: WrittenFiles): Promise<Row> {
  const [row] = await session.rows(`with rows as (
  select ${lane}, "NodeId", "Direct" as direct, "Retained" as retained, 0 as cost,
    "Direct" + "Inflow" - "Outflow" - "Retained" as balance
  from ${rowsOf(allocationDataset, files.allocation)}
  union all
  select ${lane}, "NodeId", 0, 0, "Cost", 0
  from ${rowsOf(attributionDataset, files.attribution)}
),
nodes as (
  select ${lane}, "NodeId", sum(direct) as direct, sum(retained) as retained, sum(cost) as cost, max(abs(balance)) as balance
  from rows
  group by all
),
lanes as (
  select ${lane}, abs(sum(direct) - sum(cost)) as cost, abs(sum(retained) - sum(direct)) as retained,
    max(abs(direct - cost)) filter (where "NodeId" <> 'rounding') as node, max(balance) as balance
  from nodes
  group by all
)
select coalesce(max(cost), 0) as cost, coalesce(max(node), 0) as node, coalesce(max(balance), 0) as balance,
  coalesce(max(retained), 0) as retained
from lanes`);
  return row ?? {};
}

/**
 * The largest difference between what a node's row says and what flows say: `inflow`, `outflow`, and `held`: what stays on it
 * although it is no product.
 */
export async function flowDifferences(session: Session, files: WrittenFiles): Promise<Row> {
  const flow = rowsOf(flowDataset, files.flow);
  const [row] = await session.rows(`with given as (
  select ${lane}, "ToNode" as node, "Amount" as inflow, 0 as outflow, 0 as held from ${flow} where "ToNode" is not null
  union all
  select ${lane}, "FromNode", 0, case when "ToNode" is null then 0 else "Amount" end, case when "ToNode" is null then "Amount" else 0 end
  from ${flow}
  union all
  select ${lane}, "NodeId", -"Inflow", -"Outflow", case when "NodeType" = 'product' then 0 else -"Retained" end
  from ${rowsOf(allocationDataset, files.allocation)}
),
nodes as (
  select abs(sum(inflow)) as inflow, abs(sum(outflow)) as outflow, abs(sum(held)) as held
  from given
  group by ${lane}, node
)
select coalesce(max(inflow), 0) as inflow, coalesce(max(outflow), 0) as outflow, coalesce(max(held), 0) as held
from nodes`);
  return row ?? {};
}

/** Sums per month of origin and currency. Columns: see the statement. */
export function sumsOf(session: Session, files: WrittenFiles): Promise<Row[]> {
  return session.rows(`with given as (
  select "OriginPeriod" as origin, "BillingCurrency" as currency, "Cost" as cost, 0 as direct, 0 as retained, 0 as allocated,
    0 as charges, 0 as allocated_charges, 0 as held
  from ${rowsOf(attributionDataset, files.attribution)}
  union all
  select "OriginPeriod", "BillingCurrency", 0, "Direct", "Retained", case when "NodeType" = 'product' then "Retained" else 0 end,
    case when "Side" = 'charge' then "Direct" else 0 end,
    case when "Side" = 'charge' and "NodeType" = 'product' then "Retained" else 0 end, 0
  from ${rowsOf(allocationDataset, files.allocation)}
  union all
  select "OriginPeriod", "BillingCurrency", 0, 0, 0, 0, 0, 0, "Amount"
  from ${rowsOf(flowDataset, files.flow)}
  where "ToNode" is null
)
select origin, currency, sum(cost) as cost, sum(direct) as direct, sum(retained) as retained, sum(allocated) as allocated,
  sum(charges) as charges, sum(allocated_charges) as allocated_charges, sum(held) as held
from given
group by origin, currency
order by origin, currency`);
}

/** What stayed on nodes that are no products by `cause`, and what edges carried of charges by `quality`, per currency. */
export function flowSums(session: Session, files: WrittenFiles): Promise<Row[]> {
  return session.rows(`select "OriginPeriod" as origin, "BillingCurrency" as currency,
  case when "ToNode" is null then "Cause" end as cause, case when "ToNode" is not null then "Quality" end as quality,
  sum("Amount") as amount
from ${rowsOf(flowDataset, files.flow)}
where "ToNode" is null or "Side" = 'charge'
group by all
order by all`);
}

/** Rows and sums of the costs of a dataset's files per currency, as a snapshot's description states them. */
export function storedSums(session: Session, dataset: Dataset, files: readonly string[]): Promise<Row[]> {
  const currency = identifier(dataset.roles.currency);
  const costs = storedCosts(dataset).map((name) => `sum(${identifier(name)}) as ${identifier(name)}`);
  return session.rows(`select ${currency} as currency, count(*) as rows, ${costs.join(', ')}
from ${rowsOf(dataset, files)}
group by ${currency}
order by ${currency}`);
}

/** The money columns that lie in the files. */
export function storedCosts({ columns, roles }: Dataset): readonly string[] {
  return roles.costs.filter((cost) => columns.some(({ name }) => name === cost));
}
