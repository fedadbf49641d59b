import type { Session } from '../../platform/warehouse/index.ts';
import type { Direction, Holdings, NeighbourGraph } from './explain-graph.ts';
import { type NodeSlots, slotAt } from './explain-slots.ts';
import { readHoldings } from './explain-sql.ts';
import type { RunRows } from './query-run.ts';
import { followMoves, type Trace } from './trace.ts';

/** An amount on a node that is followed: exact by lane, and by slot. */
export interface Figure {
  readonly units: readonly bigint[];
  readonly followed: Float64Array;
  /** What of it the node retains, by lane. */
  readonly retained: readonly bigint[];
}

/** A node's cost followed to where it came from, or to where it went. */
export interface Walk extends NeighbourGraph {
  readonly direction: Direction;
  readonly slots: NodeSlots;
  readonly isWhole: boolean;
  readonly figure: Figure;
  /** Direct and inflow of node n in slot s, at `[n * slots + s]`; 0 where the caller may not see the node. */
  readonly totals: Float64Array;
  /** Where a walk ends: direct cost (`in`), what is retained (`out`); as `totals`. */
  readonly own: Float64Array;
  readonly trace: Trace;
}

export interface WalkAsked {
  readonly slots: NodeSlots;
  readonly direction: Direction;
  /** What is followed; all that the node has when absent. */
  readonly figure?: Figure | undefined;
  /** True where the caller sees every node: nothing can have gone elsewhere. */
  readonly isWhole: boolean;
}

/** All that a node has: direct and inflow. */
function figureOf({ lanes, units, amounts }: NodeSlots): Figure {
  return {
    units: lanes.map((_, l) => (units.direct[l] ?? 0n) + (units.inflow[l] ?? 0n)),
    followed: amounts.direct.map((direct, slot) => direct + (amounts.inflow[slot] as number)),
    retained: units.retained,
  };
}

/** Reads what the nodes of a graph of neighbours have, and follows the cost of its first node through them. */
export async function walk(
  session: Session,
  run: RunRows,
  graph: NeighbourGraph,
  { slots, direction, isWhole, figure = figureOf(slots) }: WalkAsked,
): Promise<Walk> {
  const { nodes, moves } = graph;
  const { count } = slots;
  const { totals, own } = graph.holdings ?? (await readAll(session, run, graph, { slots, direction }));
  totals.set(figureOf(slots).followed);
  own.set(direction === 'in' ? slots.amounts.direct : slots.amounts.retained);
  const { followed } = figure;
  const trace = followMoves({
    nodes: nodes.length,
    slots: count,
    moves,
    totals,
    start: 0,
    followed,
    moneyOf: slots.moneyOf,
    monies: slots.currencies.length,
  });
  return { ...graph, direction, slots, isWhole, figure, totals, own, trace };
}

async function readAll(
  session: Session,
  run: RunRows,
  { nodes }: NeighbourGraph,
  { slots, direction }: Pick<WalkAsked, 'slots' | 'direction'>,
): Promise<Holdings> {
  const totals = new Float64Array(nodes.length * slots.count);
  const own = new Float64Array(nodes.length * slots.count);
  if (nodes.length === 1) return { totals, own };
  const named = nodes.map(({ id }, place) => ({ place, id }));
  const found = await readHoldings(session, run.allocation.relation, named, slots.parts);
  const ending = direction === 'in' ? found.direct : found.retained;
  for (let row = 0; row < found.code.length; row++) {
    const slot = slotAt(slots, found.code[row] as number);
    if (slot < 0) continue;
    const at = (found.node[row] as number) * slots.count + slot;
    totals[at] = found.total[row] as number;
    own[at] = ending[row] as number;
  }
  return { totals, own };
}

/** What of the cost on a node ends there, by slot. All of it on a node that the caller may not see: from there it is not followed. */
export function endingHere(walked: Walk, node: number, here: Float64Array, offset = 0): Float64Array {
  const { slots, totals, own, direction } = walked;
  const ending = new Float64Array(slots.count);
  const base = node * slots.count;
  for (let slot = 0; slot < slots.count; slot++) {
    const amount = here[offset + slot] as number;
    if (amount === 0) continue;
    const total = totals[base + slot] as number;
    if (total > 0) ending[slot] = (amount * (own[base + slot] as number)) / total;
    else if (direction === 'in') ending[slot] = amount;
  }
  return ending;
}

/** True where cost came from a node that the caller may not see. */
export function isHidden({ slots, totals, trace }: Walk, node: number): boolean {
  for (let at = node * slots.count; at < (node + 1) * slots.count; at++)
    if ((trace.passing[at] as number) > 0 && !((totals[at] as number) > 0)) return true;
  return false;
}
