import type { Scope } from '../../platform/kernel/index.ts';
import {
  bind,
  filterSql,
  identifier,
  type Row,
  type Session,
  spreadSql,
} from '../../platform/warehouse/index.ts';
import type { MonthBill } from './attribute-bill.ts';
import {
  type Attributing,
  type BillContext,
  billContext,
  naming,
  takenSql,
  templateSql,
} from './attribution-sql.ts';
import { type GraphMetric, reservedNodes } from './model.ts';
import { filterOf } from './templates.ts';

/** A metric whose values come from the bill. */
export type BillMetric = Exclude<GraphMetric, { readonly from: 'usage' }>;

/** What the statements over one month have in common. */
export interface MetricReading {
  readonly bill: MonthBill;
  readonly scope: Scope;
  readonly attributing: Attributing;
}

/** Makes the empty table of values: `Metric`, `NodeId`, `Day` (date), `Value` (decimal(38,12)). */
export async function makeMetricTable(session: Session, table: string): Promise<void> {
  await session.run(
    `create or replace temp table ${table} ("Metric" varchar, "NodeId" varchar, "Day" date, "Value" decimal(38,12))`,
  );
}

/**
 * Adds the values of metrics that belong to the same node of a row (`node`: their template; the attributed one when absent), in
 * one scan. A row counts for a metric where it fits its condition, has its unit, and is a charge where the metric is a cost.
 */
export async function addMetricValues(
  session: Session,
  table: string,
  { bill, scope, attributing }: MetricReading,
  metrics: readonly BillMetric[],
): Promise<void> {
  const context = billContext(bill.selection, scope);
  const node = nodeSql(context, metrics[0]);
  const amounts = metrics.map((metric, i) => ({ name: `v${i}`, sql: amountSql(context, metric) }));
  // Rules are asked only where the node is theirs to say.
  const rules = metrics[0]?.node === undefined ? attributing.rules : [];
  const taken = takenSql(context, { ...attributing, rules });
  await session.run(
    `create or replace temp table ${table}_days as
with ${taken},
asked as (
  select ${node.sql} as node, ${amounts.map(({ name, sql }) => `${sql} as ${name}`).join(',\n    ')}, opens, starts, ends
  from taken
  where ${node.where}
),
${spreadSql({ unit: 'day', keys: ['node'], amounts: amounts.map(({ name }) => name), extremes: [] })}
select node, t as day, ${amounts.map(({ name }) => `sum(${name}) as ${name}`).join(', ')}
from lines
group by node, day`,
    context.values,
  );
  for (const [i, metric] of metrics.entries()) {
    await session.run(
      `insert into ${table}
select $1, node, day, v${i}
from ${table}_days
where v${i} is not null
order by node, day`,
      [metric.id],
    );
  }
  await session.run(`drop table ${table}_days`);
}

function nodeSql(
  context: BillContext,
  metric: BillMetric | undefined,
): { readonly sql: string; readonly where: string } {
  if (metric?.node === undefined) return { sql: 'node', where: `node not in (${reservedList})` };
  const template = metric.node;
  const { sql, filled } = naming(`metrics/${metric.id}`, () => templateSql(context, template));
  return { sql, where: [...filled, `${sql} not in (${reservedList})`].join(' and ') };
}

const reservedList = reservedNodes.map((id) => `'${id}'`).join(', ');

function amountSql(context: BillContext, metric: BillMetric): string {
  const where = conditionSql(context, metric);
  if (metric.from === 'cost') return `case when ${where} and cost > 0 then cost end`;
  const { quantity, unit } = columnsOf(metric);
  return `case when ${where} and ${unit} = ${bind(context, metric.unit)} then cast(${quantity} as decimal(38,12)) end`;
}

function conditionSql(context: BillContext, metric: BillMetric): string {
  const { where } = metric;
  return where === undefined
    ? 'true'
    : naming(`metrics/${metric.id}`, () => filterSql(context, filterOf(where)));
}

function columnsOf({ column }: Extract<BillMetric, { readonly from: 'quantity' }>): {
  readonly quantity: string;
  readonly unit: string;
} {
  return { quantity: identifier(column), unit: identifier(column.replace(/Quantity$/, 'Unit')) };
}

/** Rows that fit a quantity's condition and have another unit, or none: `unit`, `rows`, `quantity`. */
export function rowsInOtherUnits(
  session: Session,
  { bill, scope, attributing }: MetricReading,
  metric: Extract<BillMetric, { readonly from: 'quantity' }>,
): Promise<Row[]> {
  const context = billContext(bill.selection, scope);
  const { quantity, unit } = columnsOf(metric);
  const where = conditionSql(context, metric);
  const wanted = bind(context, metric.unit);
  const taken = takenSql(context, { ...attributing, rules: [] });
  return session.rows(
    `with ${taken}
select ${unit} as unit, count(*) as rows, sum(cast(${quantity} as decimal(38,12))) as quantity
from taken
where ${where} and ${quantity} <> 0 and ${unit} is distinct from ${wanted}
group by ${unit}
order by rows desc, unit`,
    context.values,
  );
}

/**
 * Charges that fit cost metrics per currency, in one scan for all of them; of each metric the currency with most rows first:
 * `metric`, `currency`, `cost`. A metric without charges is not there.
 */
export async function currenciesOfMetrics(
  session: Session,
  { bill, scope, attributing }: MetricReading,
  metrics: readonly BillMetric[],
): Promise<Row[]> {
  const context = billContext(bill.selection, scope);
  const sums = metrics.map((metric, i) => {
    const where = `filter (${conditionSql(context, metric)} and cost > 0)`;
    return `sum(cost) ${where} as cost${i}, count(*) ${where} as rows${i}`;
  });
  const taken = takenSql(context, { ...attributing, rules: [] });
  const ids = metrics.map((metric, i) => `(${bind(context, metric.id)}, ${i}, cost${i}, rows${i})`);
  return session.rows(
    `with ${taken},
summed as (
  select currency, ${sums.join(',\n    ')}
  from taken
  group by currency
)
select metric, currency, cost
from summed, lateral (values ${ids.join(', ')}) as told(metric, place, cost, rows)
where rows > 0
order by place, rows desc, currency`,
    context.values,
  );
}

/** Sets values below 0 to 0 and tells of them per metric: `metric`, `values`, `least`. */
export async function liftNegatives(session: Session, table: string): Promise<Row[]> {
  const rows = await session.rows(`select "Metric" as metric, count(*) as values, min("Value") as least
from ${table}
where "Value" < 0
group by "Metric"
order by "Metric"`);
  if (rows.length > 0) await session.run(`update ${table} set "Value" = 0 where "Value" < 0`);
  return rows;
}
