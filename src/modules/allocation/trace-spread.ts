import { type Moves, type PassInput, passAll, prepareTrace } from './trace.ts';

/** The flows of one day, `near` giving to `far`, with what nodes have: of node n in lane l at `[n * lanes + l]`. */
export interface DayFlows {
  readonly nodes: number;
  readonly lanes: number;
  /** Slots are lanes. */
  readonly moves: Moves;
  readonly totals: Float64Array;
  readonly retained: Float64Array;
}

/** Where the cost of a node stays: the part of a lane's cost that a node retains in the end, above 0, at most 1. */
export type Emit = (stays: number, lane: number, share: number) => void;

/**
 * Finds for one node after the other where each of its lanes' cost stays in the end; the shares of a lane sum to 1 but for binary
 * rounding. Only what the node leads to is walked. Lanes in which it has nothing are left out.
 */
export function spreader(day: DayFlows): (start: number, emit: Emit) => void {
  const { nodes, lanes, moves, totals, retained } = day;
  const prepared = prepareTrace({ nodes, moves, monies: 1 });
  const { links, order, firstOfPiece } = prepared;
  const pieceOf = new Int32Array(nodes);
  for (let c = 0; c + 1 < firstOfPiece.length; c++)
    for (let at = firstOfPiece[c] as number; at < (firstOfPiece[c + 1] as number); at++)
      pieceOf[order[at] as number] = c;
  const firstLink = new Int32Array(nodes + 1);
  for (const near of links.near) (firstLink[near + 1] as number)++;
  for (let n = 0; n < nodes; n++) (firstLink[n + 1] as number) += firstLink[n] as number;
  const passing = new Float64Array(nodes * lanes);
  const input: PassInput = { slots: lanes, moves, totals, moneyOf: new Uint8Array(lanes), monies: 1 };

  return (start, emit) => {
    const visited = reachedFrom(start, links.far, firstLink);
    for (let l = 0; l < lanes; l++)
      passing[start * lanes + l] = (totals[start * lanes + l] as number) > 0 ? 1 : 0;
    const pieces = Int32Array.from(new Set(Array.from(visited, (node) => pieceOf[node] as number))).sort();
    passAll(input, { ...prepared, passing }, { pieces, whole: lanes });
    for (const node of visited) {
      for (let l = 0; l < lanes; l++) {
        const at = node * lanes + l;
        const here = passing[at] as number;
        if (here > 0 && (retained[at] as number) > 0)
          emit(node, l, (here * (retained[at] as number)) / (totals[at] as number));
        passing[at] = 0;
      }
    }
  };
}

/** A node and all that its cost can reach, in the order of their numbers. */
function reachedFrom(start: number, far: Int32Array, firstLink: Int32Array): readonly number[] {
  const found = new Set([start]);
  for (const node of found)
    for (let k = firstLink[node] as number; k < (firstLink[node + 1] as number); k++)
      found.add(far[k] as number);
  return [...found].sort((a, b) => a - b);
}
