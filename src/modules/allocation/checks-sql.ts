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

/** A column of `sumsOf` with Σ of a money column of a dataset, and the one with its number of rows. */
export const sumColumn = ({ name }: Dataset, cost: string): string => `${name}_${cost}`;
export const countColumn = ({ name }: Dataset): string => `${name}_rows`;

/**
 * Sums and numbers of rows per month of origin, currency, `cause` of what stays on nodes that are no products, and `quality` of
 * what edges carried; both are null in all other rows. One statement reads every file once: a day has a few thousand rows, of which
 * the work is in the number of statements.
 */
export function sumsOf(session: Session, files: WrittenFiles): Promise<Row[]> {
  const product = `"NodeType" = 'product'`;
  const charge = `"Side" = 'charge'`;
  const part = (dataset: Dataset, paths: readonly string[], more: Readonly<Record<string, string>>) => {
    const costs = storedCosts(dataset).map((cost) => `${identifier(cost)} as ${sumColumn(dataset, cost)}`);
    const given = Object.entries(more).map(([name, sql]) => `${sql} as ${name}`);
    return `select "OriginPeriod" as origin, "BillingCurrency" as currency, 1 as ${countColumn(dataset)}, ${[...costs, ...given].join(', ')}
  from ${rowsOf(dataset, paths)}`;
  };
  const parts = [
    part(attributionDataset, files.attribution, {}),
    part(allocationDataset, files.allocation, {
      allocated: `case when ${product} then "Retained" else 0 end`,
      charges: `case when ${charge} then "Direct" else 0 end`,
      allocated_charges: `case when ${charge} and ${product} then "Retained" else 0 end`,
    }),
    part(flowDataset, files.flow, {
      cause: 'case when "ToNode" is null then "Cause" end',
      quality: 'case when "ToNode" is not null then "Quality" end',
      held: 'case when "ToNode" is null then "Amount" end',
      carried: `case when "ToNode" is not null and ${charge} then "Amount" end`,
    }),
  ];
  const all = [attributionDataset, allocationDataset, flowDataset];
  const names = [
    ...all.flatMap((dataset) => [
      countColumn(dataset),
      ...storedCosts(dataset).map((cost) => sumColumn(dataset, cost)),
    ]),
    ...['allocated', 'charges', 'allocated_charges', 'held', 'carried'],
  ];
  return session.rows(`with given as (
  ${parts.join('\n  union all by name\n  ')}
)
select origin, currency, cause, quality, ${names.map((name) => `sum(${name}) as ${name}`).join(', ')}
from given
group by origin, currency, cause, quality
order by origin, currency, cause, quality`);
}

/** The money columns that lie in the files. */
export function storedCosts({ columns, roles }: Dataset): readonly string[] {
  return roles.costs.filter((cost) => columns.some(({ name }) => name === cost));
}
