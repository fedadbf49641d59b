import { currencyExponent, parseDecimal } from '../../platform/kernel/index.ts';
import type { Lake, Session } from '../../platform/warehouse/index.ts';
import { type Attribution, attributeMonth } from './attribute.ts';
import { billMetrics } from './bill-metrics.ts';
import { readDrivers } from './drivers.ts';
import { compileGraph, lookBackDays } from './engine/compile-graph.ts';
import { chooseScale } from './engine/scale.ts';
import type { CompiledGraph, Drivers, Lane } from './engine/types.ts';
import { errors } from './errors.ts';
import type { GraphEdge, GraphFinding } from './model.ts';
import { type MonthOfEngine, needsRoom } from './run-engine.ts';
import { daysOfMonth, firstDayRead, type MonthInputs } from './run-inputs.ts';
import { type RunNodes, runNodes } from './run-nodes.ts';
import type { RunPlan } from './run-plan.ts';
import { uniteMetrics } from './run-prepare-sql.ts';
import { type CellDay, daysOfCells, makeEdgeTable, makeLaneTable, makeNodeTable } from './write-run-sql.ts';

/** What is computed: a graph over bills and usage that are named one by one. */
export interface MonthRequest {
  readonly plan: Pick<RunPlan, 'graph' | 'document' | 'period' | 'scope' | 'owners'>;
  readonly inputs: MonthInputs;
  /** Bills that metrics are read from, where these are not the ones that are allocated. */
  readonly metricBills?: MonthInputs['cost'] | undefined;
}

/** A month ready to be allocated: its tables lie in the session (see write-run-sql.ts). */
export interface PreparedMonth {
  readonly attribution: Attribution;
  readonly graph: CompiledGraph;
  readonly lanes: readonly Lane[];
  readonly drivers: Drivers;
  readonly nodes: RunNodes;
  /** Days that have costs. */
  readonly days: readonly CellDay[];
  /** Decimals of a unit. */
  readonly scale: number;
  readonly findings: readonly GraphFinding[];
}

/**
 * Attributes the bill, numbers the graph's nodes and edges with those that rules made, reads the drivers and chooses the scale.
 * Refusals: as `attributeMonth`; `allocation.uncomputableGraph`.
 */
export async function prepareMonth(
  session: Session,
  lake: Lake,
  { plan, inputs, metricBills }: MonthRequest,
): Promise<PreparedMonth> {
  const { graph: id, document, period, scope, owners } = plan;
  const bills = inputs.cost.filter((used) => used.period === period);
  const attribution = await attributeMonth({
    ...{ session, lake, scope, graph: id, document, period },
    sources: bills.map(({ source }) => source),
    snapshots: bills,
    table: 'run_cell',
  });
  const lanes = await makeLaneTable(session, attribution.table);
  const dimensions = [...new Set(lanes.map(({ dimension }) => dimension))];
  const graph = compileGraph({ document, nodes: attribution.nodes, days: daysOfMonth(period), dimensions });
  const broken = graph.findings.filter(({ severity }) => severity === 'error');
  if (broken.length > 0) throw errors.uncomputableGraph({ graph: id, findings: broken });
  const nodes = runNodes(graph, document, attribution.nodes, owners);
  await makeNodeTable(session, nodes.columns);
  await makeEdgeTable(session, { id: graph.edgeIds, f: graph.from, t: graph.to });
  const days = await daysOfCells(session, attribution.table);
  const metrics = await metricsOfBills(session, lake, { plan, bills: metricBills ?? inputs.cost, graph });
  const reading = await readDrivers({
    ...{ session, lake, graph: id, document, period, nodes: graph.nodeIds, drivers: graph.drivers },
    lookBackDays: lookBackDays(document),
    billMetrics: metrics.table,
    snapshots: inputs.usage,
  });
  const month = {
    ...{ attribution, graph, lanes, nodes, days },
    drivers: reading.drivers,
    scale: scaleOf(days, lanes),
    findings: [...attribution.findings, ...graph.findings, ...metrics.findings, ...reading.findings],
  };
  return withRoom(session, month);
}

/**
 * The scale of a run: the finest at which every day and lane fits, and no coarser than the smallest coin of any of its currencies.
 * Refusal: `allocation.costsTooLarge`.
 */
export function scaleOf(days: readonly CellDay[], lanes: readonly Lane[]): number {
  const currencies = lanes.map(({ currency }) => currency).sort((a, b) => leastScale(b) - leastScale(a));
  const most = days.map(({ largestLane }) => parseDecimal(largestLane));
  return chooseScale(currencies[0] ?? 'XXX', most);
}

/** Decimals of a currency's smallest coin. */
function leastScale(currency: string): number {
  return currencyExponent(currency) ?? 2;
}

/**
 * The month at a scale at which pools of circles that are solved exactly fit too: what goes round counts as often as it comes
 * by, so that a pool is larger than any cost.
 */
export async function withRoom<Month extends MonthOfEngine>(session: Session, month: Month): Promise<Month> {
  const least = Math.max(0, ...month.lanes.map(({ currency }) => leastScale(currency)));
  let fitting = month;
  while (fitting.scale > least && (await needsRoom(session, fitting)))
    fitting = { ...fitting, scale: fitting.scale - 1 };
  return fitting;
}

/** What the bills say of the metrics that edges weigh by, month by month, as one table; none where no edge needs any. */
export async function metricsOfBills(
  session: Session,
  lake: Lake,
  {
    plan,
    bills,
    graph,
  }: {
    readonly plan: MonthRequest['plan'];
    readonly bills: MonthInputs['cost'];
    readonly graph: CompiledGraph;
  },
): Promise<{ readonly table: string | undefined; readonly findings: readonly GraphFinding[] }> {
  const { graph: id, document, scope } = plan;
  const named = new Set(graph.drivers.map(({ metric }) => metric));
  const metrics = document.metrics.flatMap((metric) =>
    metric.from !== 'usage' && named.has(metric.id) ? [metric.id] : [],
  );
  if (metrics.length === 0) return { table: undefined, findings: [] };
  // Earlier months only as far back as edges that weigh by these metrics look: the bills are large, and usage may look further.
  const edges = document.edges.filter((edge) =>
    metricsOfEdge(edge).some((metric) => metrics.includes(metric)),
  );
  const first = firstDayRead({ period: plan.period, document: { ...document, edges } }).slice(0, 7);
  const periods = [...new Set(bills.map(({ period }) => period))].filter((period) => period >= first).sort();
  const tables: string[] = [];
  const findings: GraphFinding[] = [];
  for (const period of periods) {
    const own = bills.filter((used) => used.period === period);
    const read = await billMetrics({
      ...{ session, lake, scope, graph: id, document, period, metrics },
      sources: own.map(({ source }) => source),
      snapshots: own,
      table: `run_metric_${period.replace('-', '_')}`,
    });
    tables.push(read.table);
    if (period === plan.period) findings.push(...read.findings);
  }
  return { table: await uniteMetrics(session, tables), findings };
}

function metricsOfEdge({ params, overrides }: GraphEdge): string[] {
  return [params, ...Object.values(overrides).map((rule) => rule.params)].flatMap((of) =>
    'metric' in of ? [of.metric] : [],
  );
}
