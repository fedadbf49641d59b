import { parseDecimal } from '../../platform/kernel/index.ts';
import type { CompiledGraph, Drivers } from './engine/types.ts';
import { errors } from './errors.ts';
import type { GraphFinding } from './model.ts';
import type { MetricChange } from './what-if-contract.ts';

/** Weights and the decimals of each driver's whole numbers. */
export interface ScaledDrivers {
  readonly drivers: Drivers;
  readonly scales: readonly number[];
}

/** Sums of a day stay whole below this. */
const exactBelow = 2 ** 53;

/**
 * The weights as they would be. A factor on one node makes all other weights of the metric finer, so that everything stays whole:
 * 1.2 times the 5 of a, beside the 10 of b, is 60 beside 100. What is missing stays missing, whatever the factor; a value is set
 * where there was none.
 *
 * Refusals: `allocation.unknownPart` for a metric that no edge weighs by, or a node that there is not; `allocation.unfitUsage` where
 * the numbers get too large to be exact.
 */
export function changeDrivers(
  graph: CompiledGraph,
  { drivers, scales }: ScaledDrivers,
  changes: readonly MetricChange[],
  graphId: string,
): { readonly drivers: Drivers; readonly findings: readonly GraphFinding[] } {
  const values = drivers.values.map((matrix) => matrix);
  const findings: GraphFinding[] = [];
  const scaleOf = [...scales];
  for (const change of changes) {
    const asked = graph.drivers.flatMap(({ metric }, index) => (metric === change.metric ? [index] : []));
    if (asked.length === 0) throw errors.unknownPart({ graph: graphId, part: `metric '${change.metric}'` });
    const node = change.node === undefined ? undefined : graph.nodeOf.get(change.node);
    if (change.node !== undefined && node === undefined)
      throw errors.unknownPart({ graph: graphId, part: `node '${change.node}'` });
    if (node === undefined) {
      findings.push(uniformFinding(change.metric));
      continue;
    }
    for (const index of asked) {
      const matrix = Float64Array.from(values[index] as Float64Array);
      const frame = { matrix, node, nodes: graph.nodeIds.length, from: drivers.from };
      if ('factor' in change) scaleNode(frame, change.factor);
      else scaleOf[index] = setValues(frame, change, graph.days, scaleOf[index] ?? 0);
      refuseTooLarge(frame, change.metric);
      values[index] = matrix;
    }
  }
  return { drivers: { ...drivers, values }, findings };
}

function uniformFinding(metric: string): GraphFinding {
  return {
    code: 'allocation.uniformScale',
    severity: 'info',
    path: `metrics/${metric}`,
    message: `'${metric}' is scaled for everybody, which moves no share. Name a node, or ask what growth would cost.`,
    params: { metric },
  };
}

interface Frame {
  readonly matrix: Float64Array;
  readonly node: number;
  readonly nodes: number;
  /** The first day of the matrix. */
  readonly from: string;
}

function scaleNode({ matrix, node, nodes }: Frame, factor: string): void {
  const { units, scale } = parseDecimal(factor);
  const [own, others] = [Number(units), 10 ** scale];
  for (let i = 0; i < matrix.length; i++)
    matrix[i] = (matrix[i] as number) * (i % nodes === node ? own : others);
}

/** Gives the decimals of the matrix afterwards. */
function setValues(
  { matrix, node, nodes, from }: Frame,
  { value, day }: { readonly value: string; readonly day?: string | undefined },
  days: readonly string[],
  scale: number,
): number {
  const given = parseDecimal(value);
  const finer = Math.max(scale, given.scale);
  if (finer > scale)
    for (let i = 0; i < matrix.length; i++) matrix[i] = (matrix[i] as number) * 10 ** (finer - scale);
  const units = Number(given.units) * 10 ** (finer - given.scale);
  for (const one of day === undefined ? days : [day]) {
    const at = (Date.parse(one) - Date.parse(from)) / 86_400_000;
    if (at >= 0 && (at + 1) * nodes <= matrix.length) matrix[at * nodes + node] = units;
  }
  return finer;
}

function refuseTooLarge({ matrix, nodes }: Frame, metric: string): void {
  for (let start = 0; start < matrix.length; start += nodes) {
    let sum = 0;
    for (let n = start; n < start + nodes; n++) if (!Number.isNaN(matrix[n])) sum += matrix[n] as number;
    if (sum >= exactBelow) throw errors.unfitUsage({ metric });
  }
}
