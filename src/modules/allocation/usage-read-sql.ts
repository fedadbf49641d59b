import type { Engine, Row } from '../../platform/warehouse/index.ts';

type Rows = Pick<Engine, 'rows'>;

/** Figures of a metric in a month of a usage source. */
export interface UsageFigures {
  readonly source: string;
  readonly month: string;
  readonly metric: string;
  readonly unit: string | null;
  readonly rows: number;
  readonly total: string;
}

/** Sums a relation over the dataset by usage source, month and metric. */
export async function sumBySource(rows: Rows, relation: string): Promise<UsageFigures[]> {
  const found = await rows.rows(
    `select "UsageSource" as source, strftime("BillingPeriodStart", '%Y-%m') as month, "Metric" as metric, min("Unit") as unit,
  count(*) as n, sum("Value") as total
from ${relation}
group by 1, 2, 3
order by 1, 2, 3`,
  );
  return found.map((row) => ({
    source: String(row['source']),
    month: String(row['month']),
    metric: String(row['metric']),
    unit: (row['unit'] ?? null) as string | null,
    rows: Number(row['n']),
    total: String(row['total']),
  }));
}

/** Figures of a metric over all usage sources. */
export interface MetricOfMonth {
  readonly metric: string;
  readonly units: readonly string[];
  readonly sources: readonly string[];
  readonly rows: number;
  readonly nodes: number;
  readonly days: number;
  readonly total: string;
  readonly firstDay: string;
  readonly lastDay: string;
}

/** Sums a relation over the dataset by metric, by name; `after`: only those after this name. */
export async function sumByMetric(
  rows: Rows,
  relation: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<MetricOfMonth[]> {
  const found = await rows.rows(
    `select "Metric" as metric, list(distinct "Unit" order by "Unit") filter (where "Unit" is not null) as units,
  list(distinct "UsageSource" order by "UsageSource") as sources, count(*) as n, count(distinct "NodeId") as nodes,
  count(distinct "Day") as days, sum("Value") as total, min("Day")::date::varchar as first, max("Day")::date::varchar as last
from ${relation}
where "Metric" > $1
group by 1
order by 1
limit ${limit}`,
    [after ?? ''],
  );
  return found.map((row) => ({
    metric: String(row['metric']),
    units: (row['units'] ?? []) as string[],
    sources: row['sources'] as string[],
    rows: Number(row['n']),
    nodes: Number(row['nodes']),
    days: Number(row['days']),
    total: String(row['total']),
    firstDay: String(row['first']),
    lastDay: String(row['last']),
  }));
}

/** Values of a node by metric, unit and day, in that order; of one metric if one is named. */
export async function seriesOfNode(
  rows: Rows,
  relation: string,
  { node, metric }: { readonly node: string; readonly metric: string | undefined },
): Promise<{ metric: string; unit: string | null; day: string; value: string }[]> {
  const found = await rows.rows(
    `select "Metric" as metric, "Unit" as unit, "Day"::date::varchar as at_day, sum("Value") as value
from ${relation}
where "NodeId" = $1 and ($2 is null or "Metric" = $2)
group by 1, 2, 3
order by 1, 2 nulls first, 3`,
    [node, metric ?? null],
  );
  return found.map((row: Row) => ({
    metric: String(row['metric']),
    unit: (row['unit'] ?? null) as string | null,
    day: String(row['at_day']),
    value: String(row['value']),
  }));
}
