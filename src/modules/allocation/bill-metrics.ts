import { assert } from '../../platform/kernel/index.ts';
import type { Row, Session } from '../../platform/warehouse/index.ts';
import { type BillRequest, selectBill } from './attribute-bill.ts';
import { rowFinding } from './attribute-findings.ts';
import {
  addMetricValues,
  type BillMetric,
  currenciesOfMetrics,
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
  const currencies = await currenciesOf(session, reading, asked);
  for (const metric of asked) {
    const finding =
      metric.from === 'quantity'
        ? await unitFinding(session, reading, metric)
        : currencyFinding(metric, currencies.get(metric.id) ?? []);
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

/** Rows of a quantity in other units cannot be added to the others. */
async function unitFinding(
  session: Session,
  reading: MetricReading,
  metric: Extract<BillMetric, { readonly from: 'quantity' }>,
): Promise<GraphFinding | undefined> {
  const rows = await rowsInOtherUnits(session, reading, metric);
  const others = rows.map(({ unit, rows: count, quantity }) => ({
    unit: unit === null || unit === undefined ? null : String(unit),
    rows: Number(count),
    quantity: String(quantity),
  }));
  if (others.length === 0) return undefined;
  return rowFinding('otherUnits', `metrics/${metric.id}`, { metric: metric.id, unit: metric.unit, others });
}

/** Per cost metric what its charges come to in each currency; nothing where the bill has one currency only. */
async function currenciesOf(
  session: Session,
  reading: MetricReading,
  asked: readonly BillMetric[],
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const costs = asked.filter(({ from }) => from === 'cost');
  if (costs.length === 0 || reading.bill.selection.currencies.length < 2) return new Map();
  const found = new Map<string, Row[]>(costs.map(({ id }) => [id, []]));
  for (const row of await currenciesOfMetrics(session, reading, costs))
    found.get(String(row['metric']))?.push(row);
  return found;
}

/** Costs in several currencies cannot be added up. */
function currencyFinding({ id: metric }: BillMetric, rows: readonly Row[]): GraphFinding | undefined {
  if (rows.length < 2) return undefined;
  const currencies = rows.map(({ currency }) => String(currency));
  const amounts = Object.fromEntries(rows.map((row) => [String(row['currency']), String(row['cost'])]));
  return rowFinding('metricMixesCurrencies', `metrics/${metric}`, { metric, currencies }, amounts);
}
