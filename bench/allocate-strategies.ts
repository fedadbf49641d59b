import { allocate } from '../src/modules/allocation/engine/allocate.ts';
import { compileGraph } from '../src/modules/allocation/engine/compile-graph.ts';
import type { AllocationInput, CompiledGraph, Lane } from '../src/modules/allocation/engine/types.ts';
import {
  type GraphDocumentInput,
  graphDocumentSchema,
  strategyNames,
} from '../src/modules/allocation/index.ts';
import { largeGraph, randomFrom } from './large-graph.ts';
import { report } from './timed.ts';

/**
 * A month through the engine, by each strategy, beside a loop over the same arrays that sums a node's weights, multiplies and
 * adds, and neither rounds nor checks: `node allocate-strategies.ts <nodes> <edges> <days> <dimensions> <rounds>`.
 */
const [nodes, edges, days, dimensions, rounds] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const loops = process.argv[7] as AllocationInput['loops'];
const only = process.argv[8];
const windowDays = 7;
const lanes: Lane[] = Array.from({ length: dimensions }, (_, index) => ({
  dimension: `d${index}`,
  currency: 'EUR',
  side: 'charge',
}));
const direct = drawDirect();
const figures: Record<
  string,
  { ratio: number; edgeLanesPerSecond: number; bareMs: number; engineMs: number }
> = {};
const began = performance.now();
for (const strategy of strategyNames) {
  if (only && only !== strategy) continue;
  const input = prepare(largeGraph({ nodes, edges }, strategy));
  const bare = prepareBare(input.graph);
  let bareMs = Number.POSITIVE_INFINITY;
  let engineMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    bareMs = Math.min(
      bareMs,
      timed(() => bareMonth(input, bare)),
    );
    const start = performance.now();
    const { checks, status } = await allocate({ ...input, onDay: () => undefined });
    engineMs = Math.min(engineMs, performance.now() - start);
    const broken = Object.values(checks).some((check) => check.broken > 0);
    if (broken || status !== 'done') throw new Error(`${strategy}: the books do not balance`);
  }
  figures[strategy] = {
    ratio: engineMs / bareMs,
    edgeLanesPerSecond: Math.round((edges * dimensions * days * 1000) / engineMs),
    bareMs: Math.round(bareMs),
    engineMs: Math.round(engineMs),
  };
}
report(performance.now() - began, { figures });

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Units of the first layer, drawn anew for each day. */
function drawDirect(): Float64Array[] {
  const random = randomFrom(2);
  return Array.from({ length: days }, () => {
    const cells = new Float64Array((nodes + 2) * dimensions);
    for (let cell = 0; cell < (nodes / 5) * dimensions; cell++) cells[cell] = Math.floor(random() * 2 ** 33);
    return cells;
  });
}

function prepare(document: GraphDocumentInput): AllocationInput {
  const dates = Array.from({ length: days }, (_, day) => `2026-10-${String(day + 1).padStart(2, '0')}`);
  const graph = compileGraph({
    document: graphDocumentSchema.parse(document),
    nodes: [],
    days: dates,
    dimensions: lanes.map(({ dimension }) => dimension),
  });
  const random = randomFrom(3);
  const matrix = () =>
    Float64Array.from({ length: graph.nodeIds.length * (days + windowDays) }, () =>
      Math.floor(random() * 1e6),
    );
  return {
    ...{ graph, lanes },
    ...(loops ? { loops } : {}),
    direct: (day) => direct[day] as Float64Array,
    drivers: { from: '2026-09-24', days: days + windowDays, values: graph.drivers.map(matrix) },
  };
}

interface Bare {
  readonly order: Int32Array;
  readonly inflow: Float64Array;
  readonly outflow: Float64Array;
  readonly retained: Float64Array;
  readonly flows: Float64Array;
}

/** Nodes are numbered by layer, so that every node comes after all that feed it. */
function prepareBare(graph: CompiledGraph): Bare {
  const cells = graph.nodeIds.length * dimensions;
  return {
    order: Int32Array.from(graph.nodeIds.keys()),
    inflow: new Float64Array(cells),
    outflow: new Float64Array(cells),
    retained: new Float64Array(cells),
    flows: new Float64Array(edges * dimensions),
  };
}

function bareMonth({ graph, drivers }: AllocationInput, bare: Bare): void {
  const ones = new Float64Array(graph.nodeIds.length).fill(1);
  for (let day = 0; day < days; day++) {
    const begin = (day + windowDays) * graph.nodeIds.length;
    const weights = drivers.values[0]?.subarray(begin, begin + graph.nodeIds.length) ?? ones;
    bareDay(graph, bare, { direct: direct[day] as Float64Array, weights });
  }
}

function bareDay(
  { to, firstOut }: CompiledGraph,
  { order, inflow, outflow, retained, flows }: Bare,
  { direct, weights }: { readonly direct: Float64Array; readonly weights: Float64Array },
): void {
  inflow.fill(0);
  for (let at = 0; at < order.length; at++) {
    const node = order[at] as number;
    const cell = node * dimensions;
    const first = firstOut[node] as number;
    const end = firstOut[node + 1] as number;
    let sum = 0;
    for (let edge = first; edge < end; edge++) sum += weights[to[edge] as number] as number;
    for (let lane = 0; lane < dimensions; lane++) {
      retained[cell + lane] = (direct[cell + lane] as number) + (inflow[cell + lane] as number);
      outflow[cell + lane] = 0;
    }
    if (sum === 0) continue;
    for (let lane = 0; lane < dimensions; lane++) {
      outflow[cell + lane] = retained[cell + lane] as number;
      retained[cell + lane] = 0;
    }
    for (let edge = first; edge < end; edge++) {
      const share = (weights[to[edge] as number] as number) / sum;
      const flow = edge * dimensions;
      const receiver = (to[edge] as number) * dimensions;
      for (let lane = 0; lane < dimensions; lane++) {
        const part = (outflow[cell + lane] as number) * share;
        flows[flow + lane] = part;
        inflow[receiver + lane] = (inflow[receiver + lane] as number) + part;
      }
    }
  }
}
