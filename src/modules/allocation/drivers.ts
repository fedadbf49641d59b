import { addMonths, everything, type Period, periodInterval, periodOf } from '../../platform/kernel/index.ts';
import type { Lake, Selection, Session } from '../../platform/warehouse/index.ts';
import { unionSql } from './attribution-sql.ts';
import { usageDataset } from './datasets.ts';
import { driverRounded, findingsOfMetric } from './drivers-findings.ts';
import {
  countLost,
  createDriverRows,
  type DriverCells,
  type DriverFrame,
  type DriverMetric,
  type DriverSize,
  type MetricRemarks,
  readExactCells,
  readRoundedCells,
  remarkMetrics,
  sumDriver,
} from './drivers-sql.ts';
import type { DriverKey, Drivers } from './engine/types.ts';
import type { GraphDocument, GraphFinding, Segment } from './model.ts';
import { selectUsageOf } from './usage-selection.ts';

/** Which weights a run needs. */
export interface DriverRequest {
  readonly session: Session;
  readonly lake: Lake;
  readonly graph: string;
  readonly document: Pick<GraphDocument, 'metrics'>;
  readonly period: string;
  /** Ids of the compiled graph, sorted. */
  readonly nodes: readonly string[];
  readonly drivers: readonly DriverKey[];
  /** Days before the month that windows and `last_known` look at. */
  readonly lookBackDays: number;
  /** A table of the session (Metric, NodeId, Day, Value decimal(38,12)) with the metrics that come from the bill. */
  readonly billMetrics?: string | undefined;
  /** Versions of usage to read instead of the current ones, as a run recorded them: these, and no other. */
  readonly snapshots?: readonly UsageSnapshot[] | undefined;
}

/** A content of usage that a run was made from. */
export interface UsageSnapshot {
  readonly source: string;
  readonly period: string;
  readonly snapshot: string;
}

/** Weights as the engine takes them, and what there is to say about them. */
export interface DriverReading {
  readonly drivers: Drivers;
  /** Decimals of each driver's whole numbers, in the order of the drivers: value = units × 10⁻ˢᶜᵃˡᵉ. */
  readonly scales: readonly number[];
  readonly findings: readonly GraphFinding[];
  readonly snapshots: readonly UsageSnapshot[];
  /** Metric → unit; null where no row says one. */
  readonly units: Readonly<Record<string, string | null>>;
}

/** Whole numbers below this are exact in a Float64. */
const exactBelow = 2n ** 53n;
const dayMs = 86_400_000;

/**
 * Reads the weights of a month, and of some days before it, from the usage in the lake and from the bill's own metrics. A node and
 * day without a row is missing (NaN); a node that has rows of the metric but none that fits the segment has 0. Several rows add up.
 *
 * Each metric has the scale of its most exact value, so that nothing is rounded: 1.5 and 0.25 are 150 and 25 at scale 2. Only where
 * the sum of a day would pass 2⁵³ it is coarser, with a finding. A metric whose rows have several units, none of them declared, is
 * not read at all: they cannot be added up.
 */
export async function readDrivers(request: DriverRequest): Promise<DriverReading> {
  const { session, nodes, drivers, billMetrics } = request;
  const frame = frameOf(request);
  const days = (Date.parse(frame.to) - Date.parse(frame.from)) / dayMs;
  const metrics = metricsOf(request);
  const readsUsage = metrics.some(({ from }) => from === 'usage');
  const { relation, snapshots } = await selectUsage(request, frame);
  const labels = drivers.some(({ segment }) => segment !== undefined);
  await createDriverRows(session, frame, metrics, { usage: relation, bill: billMetrics, labels });
  const remarks = await remarkMetrics(session);
  const findings = remarks.flatMap((remark) => findingsOfMetric(remark, frame));
  const values: Float64Array[] = [];
  const scales: number[] = [];
  const sizeOf = (key: DriverKey) => {
    const metric = metrics.findIndex(({ id }) => id === key.metric);
    const isMixed = (remarks[metric] as MetricRemarks).units.length > 0;
    return isMixed ? noValues : sumDriver(session, metric, segmentOf(key));
  };
  const shared = await sharedScales(drivers, sizeOf, nodes.length);
  for (const key of drivers) {
    const matrix = new Float64Array(days * nodes.length).fill(Number.NaN);
    const size = await sizeOf(key);
    const scale = shared.get(key.metric) ?? scaleFor([size], nodes.length);
    if (size.values > 0) {
      const isExact = scale >= size.decimals;
      const cells = await (isExact ? readExactCells(session, scale) : readRoundedCells(session, scale));
      fill(matrix, cells, nodes.length);
    }
    if (scale < size.decimals)
      findings.push(driverRounded(key, { scale, decimals: size.decimals }, await countLost(session, scale)));
    values.push(matrix);
    scales.push(scale);
  }
  return {
    drivers: { from: frame.from, days, values },
    scales,
    findings,
    snapshots: readsUsage ? snapshots : [],
    units: Object.fromEntries(remarks.map(({ metric, unit }) => [metric, unit])),
  };
}

const noValues: DriverSize = { values: 0, decimals: 0, largestDay: 0n };

function segmentOf({ segment }: DriverKey): Segment | undefined {
  return segment === undefined ? undefined : (JSON.parse(segment) as Segment);
}

function frameOf({ period, lookBackDays, nodes }: DriverRequest): DriverFrame {
  const { start, end } = periodInterval(period as Period);
  const from = new Date(start.getTime() - lookBackDays * dayMs);
  return { from: from.toISOString().slice(0, 10), to: end.toISOString().slice(0, 10), nodes };
}

/** Every metric of the drivers once; one that the document does not declare is usage. */
function metricsOf({ drivers, document }: DriverRequest): DriverMetric[] {
  const declared = new Map(document.metrics.map((metric) => [metric.id, metric]));
  return [...new Set(drivers.map(({ metric }) => metric))].map((id) => {
    const metric = declared.get(id);
    const isUsage = metric === undefined || metric.from === 'usage';
    return { id, from: isUsage ? 'usage' : 'bill', unit: metric?.from === 'usage' ? metric.unit : undefined };
  });
}

type Selected = Pick<Selection, 'relation'> & { readonly snapshots: readonly UsageSnapshot[] };

/** The usage of a graph in the months of the frame, with the snapshots that it comes from. */
async function selectUsage(
  { lake, graph, snapshots: asked }: DriverRequest,
  { from, to }: DriverFrame,
): Promise<Selected> {
  if (asked) return selectSnapshots(lake, asked);
  const months = { from: from.slice(0, 7), to: addMonths(periodOf(new Date(to)), -1) };
  const { relation, partitions } = await selectUsageOf(lake, everything, graph, months);
  const snapshots = partitions.map(({ source, period, current }) => ({
    source,
    period,
    snapshot: current.id,
  }));
  return { relation, snapshots };
}

async function selectSnapshots(lake: Lake, snapshots: readonly UsageSnapshot[]): Promise<Selected> {
  const nothing = await lake.select(everything, usageDataset, { sources: [] });
  const selections = await Promise.all(
    snapshots.map((snapshot) => lake.selectMonth(everything, usageDataset, snapshot)),
  );
  return { relation: unionSql([nothing, ...selections].map(({ relation }) => relation)), snapshots };
}

/**
 * The scale at which nothing is rounded; coarser only as far as the largest day demands. Half a unit a node may be rounded up.
 */
function scaleFor(sizes: readonly DriverSize[], nodes: number): number {
  let scale = Math.max(...sizes.map(({ decimals }) => decimals));
  const isTooLarge = ({ largestDay }: DriverSize) => unitsAt(largestDay, scale) + BigInt(nodes) >= exactBelow;
  while (sizes.some(isTooLarge)) scale--;
  return scale;
}

/** Scales of metrics that are weighed whole and by segments, or by several: siblings are compared, so that they share one. */
async function sharedScales(
  drivers: readonly DriverKey[],
  sizeOf: (key: DriverKey) => DriverSize | Promise<DriverSize>,
  nodes: number,
): Promise<ReadonlyMap<string, number>> {
  const scales = new Map<string, number>();
  for (const { metric } of drivers) {
    const siblings = drivers.filter((key) => key.metric === metric);
    if (siblings.length === 1 || scales.has(metric)) continue;
    const sizes: DriverSize[] = [];
    for (const key of siblings) sizes.push(await sizeOf(key));
    scales.set(metric, scaleFor(sizes, nodes));
  }
  return scales;
}

function unitsAt(units: bigint, scale: number): bigint {
  return units / 10n ** BigInt(12 - scale);
}

/** Writes cells into a driver's matrix. */
function fill(matrix: Float64Array, { node, day, units }: DriverCells, nodes: number): void {
  for (let i = 0; i < units.length; i++) {
    matrix[(day[i] as number) * nodes + (node[i] as number)] = units[i] as number;
  }
}
