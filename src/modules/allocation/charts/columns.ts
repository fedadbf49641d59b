import type { DrawnEdge } from './reduce-graph.ts';
import { lengthOf } from './text.ts';

/** Beyond this the levels are joined evenly: the best way is looked for in quadratic time. */
const mostLevels = 400;

/**
 * The column of every node where there are more levels than columns: neighbouring levels are joined, so that edges still lead to
 * later columns only, or stay within one. Of all ways to join them the one with the least money within columns.
 *
 * Levels 0 → 1 (90), 1 → 2 (10) in two columns: level 1 joins level 2, and 10 is not drawn.
 */
export function columnsOf(
  levels: readonly number[],
  edges: readonly DrawnEdge[],
  most: number,
): readonly number[] {
  const count = Math.max(0, ...levels) + 1;
  if (count <= most) return levels;
  if (count > mostLevels) return levels.map((level) => Math.floor((level * most) / count));
  const within = moneyWithin(levels, edges, count);
  const column = joined(count, most, within);
  return levels.map((level) => column[level] as number);
}

/** within(a, b): money on edges whose ends are both in the levels a … b. */
function moneyWithin(
  levels: readonly number[],
  edges: readonly DrawnEdge[],
  count: number,
): (a: number, b: number) => number {
  const sums = Array.from({ length: count + 1 }, () => new Float64Array(count + 1));
  for (const { from, to, amount } of edges) {
    const row = sums[levels[from] as number] as Float64Array;
    const at = levels[to] as number;
    row[at] = (row[at] as number) + (amount === null ? 1 : lengthOf(amount));
  }
  // From the edges that lead from a to b: all that begin at a or later and end at b or earlier.
  for (let a = count - 1; a >= 0; a--) {
    for (let b = a; b < count; b++) {
      const row = sums[a] as Float64Array;
      const later = (sums[a + 1] as Float64Array)[b] as number;
      const earlier = b > a ? (row[b - 1] as number) : 0;
      const both = b > a ? ((sums[a + 1] as Float64Array)[b - 1] as number) : 0;
      row[b] = (row[b] as number) + later + earlier - both;
    }
  }
  return (a, b) => (sums[a] as Float64Array)[b] as number;
}

/** The column of each level, for the least sum of `within` over `most` columns of neighbouring levels. */
function joined(count: number, most: number, within: (a: number, b: number) => number): readonly number[] {
  let best = Array.from({ length: count }, (_, b) => within(0, b));
  const starts: number[][] = [Array<number>(count).fill(0)];
  for (let columns = 2; columns <= most; columns++) {
    const start: number[] = [];
    const next = best.map((_, b) => {
      let least = Number.POSITIVE_INFINITY;
      for (let a = columns - 1; a <= b; a++) {
        const sum = (best[a - 1] as number) + within(a, b);
        if (sum >= least) continue;
        least = sum;
        start[b] = a;
      }
      return least;
    });
    starts.push(start);
    best = next;
  }
  const column = Array<number>(count).fill(0);
  for (let at = most - 1, b = count - 1; at >= 0; at--) {
    const a = starts[at]?.[b] ?? 0;
    for (let level = a; level <= b; level++) column[level] = at;
    b = a - 1;
  }
  return column;
}
