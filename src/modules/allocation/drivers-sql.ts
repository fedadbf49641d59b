import { literal, type Row, type Session } from '../../platform/warehouse/index.ts';
import type { Segment } from './model.ts';

/** Days and nodes that drivers are read for. */
export interface DriverFrame {
  /** The first day, `2026-09-24`. */
  readonly from: string;
  /** The day after the last. */
  readonly to: string;
  /** Sorted ids; a node's number is its place. */
  readonly nodes: readonly string[];
}

/** A metric as the document declares it, and where its rows come from. */
export interface DriverMetric {
  readonly id: string;
  readonly from: 'usage' | 'bill';
  /** Rows in other units are left out; undefined: any unit, but one. */
  readonly unit: string | undefined;
}

/** What was left out of a metric, and what is doubtful about it. */
export interface MetricRemarks {
  readonly metric: string;
  readonly unit: string | null;
  /** Units of its rows, where it declares none and they differ: nothing of it was read. */
  readonly units: readonly string[];
  readonly rowsInOtherUnits: number;
  readonly otherUnits: readonly string[];
  readonly unknownNodes: number;
  readonly unknownExamples: readonly string[];
  /** Sums below 0 of a node and day, that were taken as 0. */
  readonly negative: number;
  /** Nodes and days that several usage sources give a value. */
  readonly doubled: number;
  readonly sources: readonly string[];
  /** Values that were read. */
  readonly values: number;
}

/** Where the rows come from. */
export interface DriverRows {
  /** A table expression over the dataset. */
  readonly usage: string;
  /** A table (Metric, NodeId, Day, Value). */
  readonly bill: string | undefined;
  /** Labels are read only where a segment asks for them. */
  readonly labels: boolean;
}

/**
 * Makes `driver_row`: the metrics asked for on the days of the frame, with the number of metric, node and day of each row; and
 * `driver_total`: their sums by node and day, of nodes of the frame.
 */
export async function createDriverRows(
  session: Session,
  { from, to, nodes }: DriverFrame,
  metrics: readonly DriverMetric[],
  { usage, bill, labels }: DriverRows,
): Promise<void> {
  await session.run('create or replace temp table driver_node (id varchar, node integer)');
  await session.append('driver_node', [nodes, Int32Array.from(nodes.keys())], nodes.length);
  await session.run(
    'create or replace temp table driver_metric (id varchar, metric integer, place varchar, unit varchar)',
  );
  const places = metrics.map((metric) => metric.from);
  const units = metrics.map(({ unit }) => unit ?? '');
  const numbers = Int32Array.from(metrics.keys());
  await session.append(
    'driver_metric',
    [metrics.map(({ id }) => id), numbers, places, units],
    metrics.length,
  );
  const days = `"Day" >= ${literal(from)}::timestamp and "Day" < ${literal(to)}::timestamp`;
  const ofBill = `
  union all
  select "Metric", 'bill', "NodeId", "Day", "Value", '', '{}', '' from ${bill} where ${days}`;
  await session.run(
    `create or replace temp table driver_row as
with given as (
  select "Metric" as id, 'usage' as place, "NodeId" as node_id, "Day" as at_day, "Value" as value,
    coalesce("Unit", '') as unit, ${labels ? '"Labels"' : `'{}'`} as labels, "UsageSource" as source
  from ${usage} where ${days}${bill === undefined ? '' : ofBill}
)
select m.metric, n.node, date_diff('day', ${literal(from)}::timestamp, at_day)::integer as at_day, value, g.unit, labels, source,
  case when n.node is null then node_id end as unknown_id,
  g.unit <> '' and m.unit <> '' and g.unit <> m.unit as other_unit
from given g
join driver_metric m on m.id = g.id and m.place = g.place
left join driver_node n on n.id = g.node_id`,
  );
  await session.run(
    `create or replace temp table driver_total as
select metric, node, at_day, sum(value) as value, min(source) <> max(source) as doubled
from driver_row
where node is not null and not other_unit
group by all`,
  );
}

/** What is to be said of each metric of `driver_row`. */
export async function remarkMetrics(session: Session): Promise<MetricRemarks[]> {
  const rows = await session.rows(
    `with counted as (
  select metric,
    list(distinct unit order by unit) filter (where unit <> '' and not other_unit) as units,
    count(*) filter (where other_unit) as in_other,
    list(distinct unit order by unit) filter (where other_unit) as others,
    count(distinct unknown_id) as unknown, min(unknown_id, 3) as examples
  from driver_row
  group by metric
), totals as (
  select metric, count(*) as cells, count(*) filter (where value < 0) as negative, count(*) filter (where doubled) as doubled
  from driver_total
  group by metric
), sources as (
  select metric, list(distinct source order by source) as sources
  from driver_row semi join (select * from driver_total where doubled) using (metric, node, at_day)
  group by metric
)
select m.id, nullif(m.unit, '') as unit, coalesce(units, []) as units, coalesce(in_other, 0) as in_other, coalesce(others, []) as others,
  coalesce(unknown, 0) as unknown, coalesce(examples, []) as examples, coalesce(negative, 0) as negative,
  coalesce(doubled, 0) as doubled, coalesce(sources, []) as sources, coalesce(cells, 0) as cells
from driver_metric m left join counted using (metric) left join totals using (metric) left join sources using (metric)
order by m.metric`,
  );
  return rows.map(remarksOf);
}

function remarksOf(row: Row): MetricRemarks {
  const unit = (row['unit'] ?? null) as string | null;
  const units = row['units'] as string[];
  const isMixed = unit === null && units.length > 1;
  return {
    metric: String(row['id']),
    unit: unit ?? (isMixed ? null : (units[0] ?? null)),
    units: isMixed ? units : [],
    rowsInOtherUnits: Number(row['in_other']),
    otherUnits: row['others'] as string[],
    unknownNodes: Number(row['unknown']),
    unknownExamples: row['examples'] as string[],
    negative: Number(row['negative']),
    doubled: Number(row['doubled']),
    sources: row['sources'] as string[],
    values: isMixed ? 0 : Number(row['cells']),
  };
}

/** How exact a driver's numbers have to be, and how large they get. */
export interface DriverSize {
  readonly values: number;
  /** Decimals of the value that has most, 0 … 12. */
  readonly decimals: number;
  /** The largest sum of a day over all nodes, in units of 10⁻¹². */
  readonly largestDay: bigint;
}

/** Units of 10⁻¹² of an exact decimal: its text has twelve decimals always. */
const unitsOf = (value: string) => `replace(${value}::varchar, '.', '')::hugeint`;

/** Makes `driver_cell`: the sum of a metric, or of its rows that fit a segment, for each node and day that has any row of the metric. */
export async function sumDriver(
  session: Session,
  metric: number,
  segment: Segment | undefined,
): Promise<DriverSize> {
  const { sql, values } = segment ? segmentSql(segment) : { sql: '', values: [] };
  const sums = segment
    ? `select node, at_day, coalesce(sum(value) filter (where ${sql}), 0)::decimal(38,12) as value
  from driver_row where metric = ${metric} and node is not null and not other_unit group by all`
    : `select node, at_day, value from driver_total where metric = ${metric}`;
  await session.run(
    `create or replace temp table driver_cell as
with sums as (
  ${sums}
), texts as (
  select node, at_day, greatest(value, 0)::decimal(38,12) as value, greatest(value, 0)::decimal(38,12)::varchar as said from sums
)
select node, at_day, value, left(said, -13)::double as whole, right(said, 12)::bigint::double as fraction,
  length(rtrim(right(said, 12), '0')) as decimals
from texts`,
    values,
  );
  const [row] = await session.rows(
    `select count(*) as cells, coalesce(max(decimals), 0) as decimals,
  (select coalesce(max(${unitsOf('total')}), 0)::varchar from (select sum(value) as total from driver_cell group by at_day)) as largest
from driver_cell`,
  );
  return {
    values: Number(row?.['cells']),
    decimals: Number(row?.['decimals']),
    largestDay: BigInt(String(row?.['largest'])),
  };
}

/** Cells of a driver: places, and values in whole units. */
export interface DriverCells {
  readonly node: Int32Array;
  readonly day: Int32Array;
  readonly units: Float64Array;
}

/**
 * Reads `driver_cell` at a scale that no value has more decimals than, and that keeps every value below 2⁵³: so that whole part and
 * fraction are exact in a Float64, and so is what they make: 2.25 at scale 2 is 2 × 100 + 250000000000 ÷ 10¹⁰.
 */
export async function readExactCells(session: Session, scale: number): Promise<DriverCells> {
  const [node, day, whole, fraction] = await session.columns(
    'select node, at_day, whole, fraction from driver_cell',
  );
  const units = whole as Float64Array;
  const rest = fraction as Float64Array;
  const [up, down] = [10 ** scale, 10 ** (12 - scale)];
  for (let i = 0; i < units.length; i++) units[i] = (units[i] as number) * up + (rest[i] as number) / down;
  return { node: node as Int32Array, day: day as Int32Array, units };
}

/** Reads `driver_cell` at a coarser scale than its values have, which may be below 0: 10³ are three zeros. Rounded half-up. */
export async function readRoundedCells(session: Session, scale: number): Promise<DriverCells> {
  const divisor = `1${'0'.repeat(12 - scale)}::hugeint`;
  const [node, day, units] = await session.columns(
    `select node, at_day, ((${unitsOf('value')} + ${divisor} // 2) // ${divisor})::double as units from driver_cell`,
  );
  return { node: node as Int32Array, day: day as Int32Array, units: units as Float64Array };
}

/** How many cells of `driver_cell` are above 0, and 0 at this scale. */
export async function countLost(session: Session, scale: number): Promise<number> {
  const half = `5${'0'.repeat(11 - scale)}::hugeint`;
  const [row] = await session.rows(
    `select count(*) as n from driver_cell where value > 0 and ${unitsOf('value')} < ${half}`,
  );
  return Number(row?.['n']);
}

/**
 * A condition on `labels` that is true where the segment fits, with bound values. A label that is absent is not equal to anything:
 * `neq`, `not_in` and `not_exists` take rows without it.
 */
function segmentSql({ label, operator, values }: Segment): {
  readonly sql: string;
  readonly values: readonly string[];
} {
  // A JSON pointer: every character of the name means itself.
  const pointer = `/${label.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const found = 'json_extract_string(labels, $1)';
  const listed = `${found} in (${values.map((_, index) => `$${index + 2}`).join(', ')})`;
  switch (operator) {
    case 'exists':
      return { sql: `${found} is not null`, values: [pointer] };
    case 'not_exists':
      return { sql: `${found} is null`, values: [pointer] };
    case 'eq':
    case 'in':
      return { sql: `coalesce(${listed}, false)`, values: [pointer, ...values] };
    case 'neq':
    case 'not_in':
      return { sql: `not coalesce(${listed}, false)`, values: [pointer, ...values] };
  }
}
