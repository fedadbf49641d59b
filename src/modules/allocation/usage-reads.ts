import { type Period, periodInterval, type Scope } from '../../platform/kernel/index.ts';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import type { Workspace } from '../../platform/warehouse/index.ts';
import type { UsageList, UsageMetric, UsageMetrics, UsageMonth, UsageSeries } from './usage-contract.ts';
import { type MetricOfMonth, seriesOfNode, sumByMetric, sumBySource } from './usage-read-sql.ts';
import { selectUsageOf, type UsageRange } from './usage-selection.ts';

interface Page {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const dayMs = 86_400_000;

/** Months that usage sources have delivered for a graph, by source and month; of rows that the scope shows. */
export async function listUsage(
  { lake, engine }: Workspace,
  scope: Scope,
  graph: string,
  { limit, cursor, ...range }: UsageRange & Page,
): Promise<UsageList> {
  const { relation, partitions, generation } = await selectUsageOf(lake, scope, graph, range);
  const figures = await sumBySource(await engine(), relation);
  const items = partitions.flatMap(({ usageSource, period, current, history }): UsageMonth[] => {
    const metrics = figures.filter(({ source, month }) => source === usageSource && month === period);
    if (metrics.length === 0) return [];
    return [
      {
        source: usageSource,
        month: period,
        rows: metrics.reduce((sum, { rows }) => sum + rows, 0),
        metrics: metrics.map(({ metric, unit, rows, total }) => ({ metric, unit, rows, total })),
        snapshot: current.id,
        importedAt: current.createdAt,
        delivery: current.delivery.key,
        earlier: history.length,
      },
    ];
  });
  const keyOf = ({ source, month }: UsageMonth) => `${source} ${month}`;
  const after = afterCursor(cursor, /^\S+ \d{4}-\d{2}$/);
  const rest = items
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .filter((item) => after === undefined || keyOf(item) > after);
  return { context: { graph, generation }, ...pageOf(rest, limit, keyOf) };
}

/** What is known of each metric of a month, over all usage sources and the nodes that the scope shows. */
export async function usageMetrics(
  { lake, engine, clock }: Workspace,
  scope: Scope,
  graph: string,
  { month, limit, cursor }: Page & { readonly month: string },
): Promise<UsageMetrics> {
  const { relation, generation } = await selectUsageOf(lake, scope, graph, { from: month, to: month });
  const asked = { after: afterCursor(cursor), limit: limit + 1 };
  const found = await sumByMetric(await engine(), relation, asked);
  const ended = endedDays(month, clock.now());
  const { items, ...next } = pageOf(found, limit, ({ metric }) => metric);
  return {
    context: { graph, generation, month },
    items: items.map((metric) => shownMetric(metric, ended)),
    ...next,
  };
}

function shownMetric({ days, units, sources, total, ...figures }: MetricOfMonth, ended: number): UsageMetric {
  const [unit = null, ...others] = units;
  return {
    ...figures,
    unit: others.length === 0 ? unit : null,
    units: [...units],
    sources: [...sources],
    total: others.length === 0 ? total : null,
    daysPresent: days,
    daysMissing: Math.max(0, ended - days),
  };
}

/** Days of a month that are over, UTC. */
function endedDays(month: string, now: Date): number {
  const { start, end } = periodInterval(month as Period);
  const until = Math.min(end.getTime(), Math.floor(now.getTime() / dayMs) * dayMs);
  return Math.max(0, (until - start.getTime()) / dayMs);
}

/** The values of a node day by day; a day without a value is null, which is not 0. */
export async function usageSeries(
  { lake, engine }: Workspace,
  scope: Scope,
  graph: string,
  {
    month,
    node,
    metric,
  }: { readonly month: string; readonly node: string; readonly metric?: string | undefined },
): Promise<UsageSeries> {
  const { relation, generation } = await selectUsageOf(lake, scope, graph, { from: month, to: month });
  const found = await seriesOfNode(await engine(), relation, { node, metric });
  const { start, end } = periodInterval(month as Period);
  const days = Array.from({ length: (end.getTime() - start.getTime()) / dayMs }, (_, index) =>
    new Date(start.getTime() + index * dayMs).toISOString().slice(0, 10),
  );
  const series = new Map<string, { metric: string; unit: string | null; values: Map<string, string> }>();
  for (const { metric, unit, day, value } of found) {
    const key = JSON.stringify([metric, unit]);
    const one = series.get(key) ?? { metric, unit, values: new Map() };
    one.values.set(day, value);
    series.set(key, one);
  }
  return {
    context: { graph, generation, month, node },
    items: [...series.values()].map(({ metric, unit, values }) => ({
      metric,
      unit,
      values: days.map((day) => ({ day, value: values.get(day) ?? null })),
    })),
  };
}
