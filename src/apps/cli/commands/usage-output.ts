import type { UsageList, UsageMetrics, UsageResult, UsageSeries } from '../../../modules/allocation/index.ts';
import { formatDecimal, parseDecimal, subtractDecimal } from '../../../platform/kernel/index.ts';
import type { Context } from '../context.ts';
import type { TableData } from '../output.ts';

/** Prints what became of an import or fetch: a row for each month and metric, and the findings. */
export function printResult(context: Context, result: UsageResult): void {
  const serious = result.findings.filter(({ severity }) => severity !== 'info');
  const tables: [TableData, ...TableData[]] = [resultTable(result)];
  if (serious.length > 0) tables.push(findingTable(serious));
  context.print({ json: { ...result }, tables });
  for (const { severity, message } of result.findings) if (severity === 'info') context.say(message);
}

function resultTable({ months }: UsageResult): TableData {
  return {
    columns: [
      { name: 'month', kind: 'text' },
      { name: 'status', kind: 'text' },
      { name: 'metric', kind: 'text' },
      { name: 'unit', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'nodes', kind: 'number' },
      { name: 'days', kind: 'number' },
      { name: 'total', kind: 'number' },
      { name: 'change', kind: 'number' },
    ],
    rows: months.flatMap(({ month, status, metrics }) =>
      metrics.map(({ metric, unit, rows, nodes, days, total, before }) => ({
        ...{ month, status, metric, unit, rows, nodes, days, total },
        change: before ? difference(total, before.total) : null,
      })),
    ),
  };
}

function difference(now: string, before: string): string {
  return formatDecimal(subtractDecimal(parseDecimal(now), parseDecimal(before)));
}

function findingTable(findings: UsageResult['findings']): TableData {
  return {
    title: 'Findings',
    columns: [
      { name: 'severity', kind: 'text' },
      { name: 'code', kind: 'text' },
      { name: 'message', kind: 'text' },
    ],
    rows: findings.map(({ severity, code, message }) => ({ severity, code, message })),
  };
}

/** Months of usage, a row for each metric. */
export function listTable(items: UsageList['items']): TableData {
  return {
    columns: [
      { name: 'source', kind: 'text' },
      { name: 'month', kind: 'text' },
      { name: 'metric', kind: 'text' },
      { name: 'unit', kind: 'text' },
      { name: 'rows', kind: 'number' },
      { name: 'total', kind: 'number' },
      { name: 'importedAt', header: 'imported', kind: 'text' },
      { name: 'delivery', kind: 'text' },
      { name: 'earlier', kind: 'number' },
    ],
    rows: items.flatMap(({ source, month, metrics, importedAt, delivery, earlier }) =>
      metrics.map((metric) => ({ source, month, ...metric, importedAt, delivery, earlier })),
    ),
  };
}

/** Metrics of a month. */
export function metricsTable(items: UsageMetrics['items']): TableData {
  return {
    columns: [
      { name: 'metric', kind: 'text' },
      { name: 'unit', kind: 'text' },
      { name: 'nodes', kind: 'number' },
      { name: 'daysPresent', header: 'days', kind: 'number' },
      { name: 'daysMissing', header: 'missing', kind: 'number' },
      { name: 'total', kind: 'number' },
      { name: 'lastDay', header: 'last day', kind: 'text' },
      { name: 'sources', kind: 'text' },
    ],
    rows: items.map(({ sources, units, unit, ...metric }) => ({
      ...metric,
      unit: unit ?? (units.length > 0 ? units.join(', ') : null),
      sources: sources.join(', '),
    })),
  };
}

/** The days of a node, a column for each metric and unit. */
export function seriesTable({ items }: UsageSeries): TableData {
  const names = items.map(({ metric, unit }) => (unit === null ? metric : `${metric} (${unit})`));
  const days = items[0]?.values.map(({ day }) => day) ?? [];
  return {
    columns: [{ name: 'day', kind: 'text' }, ...names.map((name) => ({ name, kind: 'number' as const }))],
    rows: days.map((day, index) => ({
      day,
      ...Object.fromEntries(
        items.map(({ values }, at) => [names[at] as string, values[index]?.value ?? null]),
      ),
    })),
  };
}
