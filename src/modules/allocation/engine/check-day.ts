import { nodeTypes } from '../model.ts';
import { type CheckName, type CompiledGraph, checkNames, type DayChecks, type HeldUnits } from './types.ts';

const product = nodeTypes.indexOf('product');

/** What is held against the equations: the arrays that go out, not what they were made with. */
export interface CheckedDay {
  readonly direct: Float64Array;
  readonly inflow: Float64Array;
  readonly outflow: Float64Array;
  readonly retained: Float64Array;
  readonly flows: Float64Array;
  readonly held: HeldUnits;
}

type Counts = Record<CheckName, { broken: number; largest: number }>;

/** Counts of nothing broken. */
export function soundChecks(): Counts {
  return Object.fromEntries(checkNames.map((name) => [name, { broken: 0, largest: 0 }])) as Counts;
}

/** Adds up what is broken on several days. */
export function addChecks(sum: Counts, day: DayChecks): void {
  for (const name of checkNames) {
    sum[name].broken += day[name].broken;
    sum[name].largest = Math.max(sum[name].largest, day[name].largest);
  }
}

/** A check of one day while it goes on: sums of what the arrays say, and what was found broken. */
export interface Checking {
  readonly graph: CompiledGraph;
  readonly lanes: number;
  /** Held units per cell; all 0 between two days. */
  readonly held: Float64Array;
  /** Flows into node n over the lanes 2p and 2p + 1, at `[n * pairs + p]`; all 0 between two days. */
  readonly received: Float64Array;
  readonly costs: Float64Array;
  readonly surplus: Float64Array;
  counts: Counts;
}

/** Room for the checks of a graph. */
export function startChecking(graph: CompiledGraph, lanes: number): Checking {
  const nodes = graph.nodeIds.length;
  return {
    graph,
    lanes,
    held: new Float64Array(nodes * lanes),
    received: new Float64Array(nodes * Math.ceil(lanes / 2)),
    costs: new Float64Array(lanes),
    surplus: new Float64Array(lanes),
    counts: soundChecks(),
  };
}

/**
 * Holds a day against the equations of the books, in passes of their own over its arrays. Inflows are checked per node over two
 * lanes at a time, so that one addition for an edge does for both; with the equations of every lane, a unit on a wrong edge
 * would have to be made up for twice to stay unseen.
 */
export function checkDay(graph: CompiledGraph, lanes: number, day: CheckedDay): DayChecks {
  const checking = startChecking(graph, lanes);
  const order = Int32Array.from(graph.nodeIds.keys());
  const all = { order, begin: 0, end: order.length };
  checkFlows(checking, day, all);
  checkCells(checking, { ...day, heldFrom: 0 }, all);
  return finishChecking(checking);
}

/** What was found on a day; ready for the next. */
export function finishChecking(checking: Checking): DayChecks {
  const { counts, surplus, costs } = checking;
  for (const difference of surplus)
    if (difference !== 0) note(counts, 'conservation', 1, Math.abs(difference));
  for (const sum of costs) if (!(sum < 2 ** 50)) note(counts, 'units', 1, sum);
  surplus.fill(0);
  costs.fill(0);
  checking.counts = soundChecks();
  return counts;
}

/** Some nodes, in an order. */
interface Nodes {
  readonly order: Int32Array;
  readonly begin: number;
  readonly end: number;
}

/** Adds to an equation's count; a difference that is no number is as large as can be. */
function note(counts: Counts, name: CheckName, broken: number, largest: number): void {
  if (broken === 0) return;
  counts[name].broken += broken;
  counts[name].largest = Math.max(
    counts[name].largest,
    Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest,
  );
}

function addHeld({ lanes, held: sums, counts }: Checking, held: HeldUnits, from: number): void {
  for (let at = from; at < held.count; at++) {
    const cell = (held.node[at] as number) * lanes + (held.lane[at] as number);
    const units = held.units[at] as number;
    sums[cell] = (sums[cell] as number) + units;
    if (!(units > 0)) note(counts, 'sign', 1, Math.abs(units));
  }
}

/**
 * What stands on each of some nodes and lanes, once the flows of all that feed them were checked; `heldFrom`: where the held
 * units of these nodes begin. Here and below, what is broken is counted in variables of the loop: a call within it would cost
 * more than all its sums.
 */
export function checkCells(
  checking: Checking,
  day: CheckedDay & { readonly heldFrom: number },
  { order, begin, end }: Nodes,
): void {
  addHeld(checking, day.held, day.heldFrom);
  const { graph, lanes, held, costs, surplus, counts } = checking;
  const { direct, inflow, outflow, retained } = day;
  const types = graph.nodeTypes;
  let balance = 0;
  let balanceMost = 0;
  let sign = 0;
  let signMost = 0;
  let units = 0;
  let unitsMost = 0;
  let named = 0;
  let namedMost = 0;
  for (let at = begin; at < end; at++) {
    const node = order[at] as number;
    const row = node * lanes;
    const isProduct = types[node] === product;
    for (let lane = 0; lane < lanes; lane++) {
      const cell = row + lane;
      const own = direct[cell] as number;
      const kept = retained[cell] as number;
      const difference = own + (inflow[cell] as number) - (outflow[cell] as number) - kept;
      if (difference !== 0) {
        balance++;
        balanceMost = Math.max(balanceMost, Math.abs(difference));
      }
      if (!(kept >= 0)) {
        sign++;
        signMost = Math.max(signMost, Math.abs(kept));
      }
      if (!(own >= 0) || Math.floor(own) !== own) {
        units++;
        unitsMost = Math.max(unitsMost, Math.abs(own));
      }
      const unnamed = (isProduct ? 0 : kept) - (held[cell] as number);
      if (unnamed !== 0) {
        named++;
        namedMost = Math.max(namedMost, Math.abs(unnamed));
      }
      held[cell] = 0;
      costs[lane] = (costs[lane] as number) + own;
      surplus[lane] = (surplus[lane] as number) + (own - kept);
    }
  }
  note(counts, 'nodeBalance', balance, balanceMost);
  note(counts, 'sign', sign, signMost);
  note(counts, 'units', units, unitsMost);
  note(counts, 'held', named, namedMost);
  checkInflows(checking, day, { order, begin, end });
}

function checkInflows(
  { lanes, received, counts }: Checking,
  { inflow }: CheckedDay,
  { order, begin, end }: Nodes,
): void {
  const pairs = Math.ceil(lanes / 2);
  let into = 0;
  let most = 0;
  for (let at = begin; at < end; at++) {
    const node = order[at] as number;
    for (let pair = 0; pair < pairs; pair++) {
      const cell = node * lanes + 2 * pair;
      const second = 2 * pair + 1 < lanes ? (inflow[cell + 1] as number) : 0;
      const difference = (received[node * pairs + pair] as number) - ((inflow[cell] as number) + second);
      received[node * pairs + pair] = 0;
      if (difference !== 0) {
        into++;
        most = Math.max(most, Math.abs(difference));
      }
    }
  }
  note(counts, 'inflow', into, most);
}

/** Sums the flows out of some nodes, and adds them up at their receivers. */
export function checkFlows(
  { graph, lanes, received, counts }: Checking,
  { flows, outflow }: CheckedDay,
  { order, begin, end }: Nodes,
): void {
  const { to, firstOut } = graph;
  const pairs = Math.ceil(lanes / 2);
  let out = 0;
  let most = 0;
  let sign = 0;
  for (let at = begin; at < end; at++) {
    const node = order[at] as number;
    const firstEdge = firstOut[node] as number;
    const endEdge = firstOut[node + 1] as number;
    for (let pair = 0; pair < pairs; pair++) {
      const lane = 2 * pair;
      const isPair = lane + 1 < lanes;
      let sumA = 0;
      let sumB = 0;
      let isSound = true;
      for (let edge = firstEdge; edge < endEdge; edge++) {
        const a = flows[edge * lanes + lane] as number;
        const b = isPair ? (flows[edge * lanes + lane + 1] as number) : 0;
        if (!(a >= 0 && b >= 0)) isSound = false;
        sumA += a;
        sumB += b;
        const cell = (to[edge] as number) * pairs + pair;
        received[cell] = (received[cell] as number) + (a + b);
      }
      const cell = node * lanes + lane;
      const differenceA = sumA - (outflow[cell] as number);
      const differenceB = isPair ? sumB - (outflow[cell + 1] as number) : 0;
      if (differenceA !== 0 || differenceB !== 0) {
        out++;
        most = Math.max(most, Math.abs(differenceA), Math.abs(differenceB));
      }
      if (!isSound) sign++;
    }
  }
  note(counts, 'outflow', out, most);
  note(counts, 'sign', sign, Number.POSITIVE_INFINITY);
}
