import { assert } from '../../platform/kernel/index.ts';
import { orderOf } from './trace-order.ts';

/**
 * Cost that was passed on: row r moved `amount[r]` (not negative) in slot `slot[r]` from node `near[r]` to node `far[r]`, or
 * from `far[r]` to `near[r]` when a trace goes against the flow. Nodes and slots are numbered from 0. A slot is a day of a
 * lane: cost of one slot never moves to another.
 */
export interface Moves {
  readonly count: number;
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly slot: Int32Array;
  readonly amount: Float64Array;
}

export interface TraceInput {
  readonly nodes: number;
  readonly slots: number;
  readonly moves: Moves;
  /** What node n had in slot s, direct and inflow, at `[n * slots + s]`: the whole of which a move is a part. */
  readonly totals: Float64Array;
  readonly start: number;
  /** What is followed from the node `start`, by slot. */
  readonly followed: Float64Array;
  /** Kind of money of each slot, below `monies`: what passes over a link is added up per kind. */
  readonly moneyOf: Uint8Array;
  readonly monies: number;
}

/** One pair of nodes that cost was passed on between, whatever the number of edges. */
export interface Links {
  readonly count: number;
  readonly near: Int32Array;
  readonly far: Int32Array;
  /** What of the followed cost went over link k, in money m: `[k * monies + m]`. */
  readonly passing: Float64Array;
}

export interface Trace {
  /** What of the followed cost was on node n in slot s: `[n * slots + s]`. */
  readonly passing: Float64Array;
  readonly links: Links;
  /** The moves of near node n are `rows[firstRow[n]]` … `rows[firstRow[n + 1] - 1]`. */
  readonly firstRow: Int32Array;
  readonly rows: Int32Array;
  /** Link of move r. */
  readonly linkOf: Int32Array;
  /** The nodes, each after all whose cost comes to it in the direction of the trace; circles in one piece. */
  readonly order: Int32Array;
  /** What was still going round in circles when the trace stopped: below `stopAt` of what is followed. */
  readonly rest: number;
}

/** Part of the followed cost below which what circles is left: far below any unit that is shown. */
const stopAt = 1e-13;
const mostRounds = 100_000;

/**
 * Follows cost from one node through the moves of others, slot by slot: of what is on a node, every move takes the part that it
 * is of the node's total. Against the flow, with `near` the receiver, this says where the cost of a node came from; with the
 * flow, with `near` the giver, where it went. Shares are linear, so that all paths are followed at once: a node is visited once,
 * after everything that comes to it, and a circle until what still goes round is below 10⁻¹³ of the whole.
 *
 * `db` had 100, of which 25 went to `shop` and 75 to `blog`; 5 is followed from `shop`, which had 30 (25 and 5 of its own):
 * 5 × 25 ÷ 30 = 4.1666… of it is on `db`.
 */
export function followMoves(input: TraceInput): Trace {
  const { nodes, slots, start, followed } = input;
  const prepared = prepareTrace(input);
  const passing = new Float64Array(nodes * slots);
  passing.set(followed, start * slots);
  const whole = followed.reduce((sum, amount) => sum + Math.abs(amount), 0);
  const rest = passAll(input, { ...prepared, passing }, { pieces: prepared.firstOfPiece.length - 1, whole });
  return { ...prepared, passing, rest };
}

/** What a trace needs of its moves, whatever is followed. */
export interface PreparedTrace extends Omit<Trace, 'passing' | 'rest'> {
  /** Piece c of the order is `order[firstOfPiece[c]]` … `order[firstOfPiece[c + 1] - 1]`: a node, or the nodes of a circle. */
  readonly firstOfPiece: Int32Array;
}

/** Groups moves by near node, finds links and order. */
export function prepareTrace(input: Pick<TraceInput, 'nodes' | 'moves' | 'monies'>): PreparedTrace {
  const { firstRow, rows } = groupRows(input);
  const { links, linkOf } = linksOf(input, firstRow, rows);
  const { order, firstOfCircle } = orderOf(input.nodes, links);
  return { firstRow, rows, links, linkOf, order, firstOfPiece: firstOfCircle };
}

export type PassInput = Pick<TraceInput, 'slots' | 'moves' | 'totals' | 'moneyOf' | 'monies'>;
export type Passing = PreparedTrace & { readonly passing: Float64Array };

/**
 * Passes on what is in `passing`, piece by piece in the order: all of them, or those named, in ascending order. Gives what was still
 * going round in circles when it stopped. `whole`: the size of what is followed.
 */
export function passAll(
  input: PassInput,
  trace: Passing,
  { pieces, whole }: { readonly pieces: number | Iterable<number>; readonly whole: number },
): number {
  const { order, firstOfPiece } = trace;
  let rest = 0;
  for (const c of typeof pieces === 'number' ? firstOfPiece.subarray(0, pieces).keys() : pieces) {
    const piece = order.subarray(firstOfPiece[c], firstOfPiece[c + 1]);
    const [first] = piece;
    if (piece.length === 1 && first !== undefined && !passesToItself(trace, first))
      passOn(input, trace, first);
    else rest += followCircle(input, trace, piece, whole * stopAt);
  }
  return rest;
}

/** Sorts the moves by their near node, by counting. */
function groupRows({ nodes, moves }: Pick<TraceInput, 'nodes' | 'moves'>): {
  readonly firstRow: Int32Array;
  readonly rows: Int32Array;
} {
  const { count, near } = moves;
  const firstRow = new Int32Array(nodes + 1);
  for (let r = 0; r < count; r++) (firstRow[(near[r] as number) + 1] as number)++;
  for (let n = 0; n < nodes; n++) (firstRow[n + 1] as number) += firstRow[n] as number;
  const next = firstRow.slice();
  const rows = new Int32Array(count);
  for (let r = 0; r < count; r++) {
    const n = near[r] as number;
    rows[next[n] as number] = r;
    (next[n] as number)++;
  }
  return { firstRow, rows };
}

/** Finds the distinct pairs of nodes; those of one near node lie together. */
function linksOf(
  { nodes, moves, monies }: Pick<TraceInput, 'nodes' | 'moves' | 'monies'>,
  firstRow: Int32Array,
  rows: Int32Array,
): { readonly links: Links; readonly linkOf: Int32Array } {
  const linkOf = new Int32Array(moves.count);
  const seen = new Int32Array(nodes).fill(-1);
  const near: number[] = [];
  const far: number[] = [];
  for (let n = 0; n < nodes; n++) {
    const first = near.length;
    for (let at = firstRow[n] as number; at < (firstRow[n + 1] as number); at++) {
      const row = rows[at] as number;
      const other = moves.far[row] as number;
      if ((seen[other] as number) < first) {
        seen[other] = near.length;
        near.push(n);
        far.push(other);
      }
      linkOf[row] = seen[other] as number;
    }
  }
  const count = near.length;
  const passing = new Float64Array(count * monies);
  return { links: { count, near: Int32Array.from(near), far: Int32Array.from(far), passing }, linkOf };
}

function passesToItself({ links, firstRow, rows, linkOf }: PreparedTrace, node: number): boolean {
  for (let at = firstRow[node] as number; at < (firstRow[node + 1] as number); at++)
    if (links.far[linkOf[rows[at] as number] as number] === node) return true;
  return false;
}

/** Passes on what is on a node, once. */
function passOn({ slots, moves, totals, moneyOf, monies }: PassInput, trace: Passing, node: number): void {
  const { passing, links, firstRow, rows, linkOf } = trace;
  const base = node * slots;
  for (let at = firstRow[node] as number; at < (firstRow[node + 1] as number); at++) {
    const row = rows[at] as number;
    const slot = moves.slot[row] as number;
    const here = passing[base + slot] as number;
    if (here === 0) continue;
    const part = (here * (moves.amount[row] as number)) / (totals[base + slot] as number);
    (passing[(moves.far[row] as number) * slots + slot] as number) += part;
    (links.passing[(linkOf[row] as number) * monies + (moneyOf[slot] as number)] as number) += part;
  }
}

/**
 * Nodes that pass cost round: what comes to them from outside is passed on, then what came back of it, and so on; each round
 * keeps or lets out a part of it. Gives what was left when it stopped.
 */
function followCircle(input: PassInput, trace: Passing, circle: Int32Array, enough: number): number {
  const { slots } = input;
  const { passing } = trace;
  const settled = new Float64Array(circle.length * slots);
  let rest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < mostRounds && rest > enough; round++) {
    for (const [i, node] of circle.entries()) {
      const base = node * slots;
      passOn(input, trace, node);
      for (let s = 0; s < slots; s++) (settled[i * slots + s] as number) += passing[base + s] as number;
      passing.fill(0, base, base + slots);
    }
    rest = 0;
    for (const node of circle)
      for (let s = 0; s < slots; s++) rest += Math.abs(passing[node * slots + s] as number);
  }
  assert(rest < Number.POSITIVE_INFINITY, 'a circle has no nodes');
  for (const [i, node] of circle.entries())
    for (let s = 0; s < slots; s++) (passing[node * slots + s] as number) += settled[i * slots + s] as number;
  return rest;
}
