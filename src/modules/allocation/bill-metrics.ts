import { assert } from '../../platform/kernel/index.ts';
import type { Session } from '../../platform/warehouse/index.ts';
import { type BillRequest, selectBill } from './attribute-bill.ts';
import { rowFinding } from './attribute-findings.ts';
import {
  addMetricValues,
  type BillMetric,
  currenciesOfMetric,
  liftNegatives,
  type MetricReading,
  makeMetricTable,
  rowsInOtherUnits,
} from './bill-metrics-sql.ts';
import type { GraphFinding } from './model.ts';
import type { UsedSnapshot } from './run-model.ts';

export interface BillMetricsRequest extends BillRequest {
  readonly session: Session;
  /** Name of the temporary table; one per month where several live on one session. Lower case, digits and `_`. */
  readonly table?: string | undefined;
  /** Only these metrics of the document; all that come from the bill when absent. */
  readonly metrics?: readonly string[] | undefined;
}

export interface BillMetrics {
  /**
   * Temporary table of the session: `Metric`, `NodeId`, `Day` (date), `Value` (decimal(38,12), never negative). At most one row
   * per metric, node and day. A node and day without a row is missing; a row with 0 is measured. Its nodes need not be in the
   * graph.
   */
  readonly table: string;
  readonly snapshots: readonly UsedSnapshot[];
  readonly findings: readonly GraphFinding[];
}

/**
 * The metrics of a document that the bill of a month says: quantities, and costs of charges in the run's metric. They are read
 * from the rows that a run takes (recoverable tax is left out) and spread over days as costs are.
 *
 * What has another unit is left out, with a finding; a day's sum below 0 (corrections of earlier months) counts as 0, with a
 * finding. A cost over rows of several currencies has no values: these are never added. Rows that no rule took count for nobody.
 * Refusals: as `attributeMonth`.
 *
 * 300 GB-Mo on 5 days of `app:shop`: five rows `stored`, `app:shop`, 60.
 */
export async function billMetrics(request: BillMetricsRequest): Promise<BillMetrics> {
  const { session, scope, document, period, table = 'bill_metrics', metrics: only } = request;
  assert(/^[a-z][a-z0-9_]*$/.test(table), `'${table}' is no name of a temporary table`);
  const bill = await selectBill(request);
  const { rules, method } = document;
  const reading: MetricReading = { bill, scope, attributing: { rules, method, period } };
  const asked = document.metrics.filter(
    (metric) => metric.from !== 'usage' && (only === undefined || only.includes(metric.id)),
  ) as BillMetric[];
  const findings: GraphFinding[] = [];
  const summable: BillMetric[] = [];
  for (const metric of asked) {
    const finding = await unitFinding(session, reading, metric);
    if (finding) findings.push(finding);
    if (finding?.code !== 'metricMixesCurrencies') summable.push(metric);
  }
  await makeMetricTable(session, table);
  for (const template of new Set(summable.map(({ node }) => node))) {
    const together = summable.filter(({ node }) => node === template);
    await addMetricValues(session, table, reading, together);
  }
  for (const row of await liftNegatives(session, table)) {
    const metric = String(row['metric']);
    const params = { metric, values: Number(row['values']), least: String(row['least']) };
    findings.push(rowFinding('negativeWeight', `metrics/${metric}`, params));
  }
  return { table, snapshots: bill.snapshots, findings };
}

/** What keeps rows of a metric from being added to the others: their unit, or their currency. */
async function unitFinding(
  session: Session,
  reading: MetricReading,
  metric: BillMetric,
): Promise<GraphFinding | undefined> {
  const path = `metrics/${metric.id}`;
  if (metric.from === 'quantity') {
    const rows = await rowsInOtherUnits(session, reading, metric);
    const others = rows.map(({ unit, rows: count, quantity }) => ({
      unit: unit === null || unit === undefined ? null : String(unit),
      rows: Number(count),
      quantity: String(quantity),
    }));
    if (others.length === 0) return undefined;
    return rowFinding('otherUnits', path, { metric: metric.id, unit: metric.unit, others });
  }
  if (reading.bill.selection.currencies.length < 2) return undefined;
  const rows = await currenciesOfMetric(session, reading, metric);
  if (rows.length < 2) return undefined;
  const currencies = rows.map(({ currency }) => String(currency));
  const amounts = Object.fromEntries(rows.map((row) => [String(row['currency']), String(row['cost'])]));
  return rowFinding('metricMixesCurrencies', path, { metric: metric.id, currencies }, amounts);
}
