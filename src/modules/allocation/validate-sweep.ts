import { firstDay, type GraphIndex, lastDay } from './validate-index.ts';

/** Days between two bounds of validity, during which the same edges are live. */
export interface SweptDays {
  readonly from: number;
  readonly until: number;
  /** Edges that begin with `from`, and edges that ended with it. */
  readonly added: readonly number[];
  readonly removed: readonly number[];
  /** All that are live; the same set changes from step to step. */
  readonly live: ReadonlySet<number>;
}

/**
 * Walks the days of some live edges, from the first day to the last, in the few intervals in which nothing changes: edges
 * [Jan, Mar) and [Feb, ∞) give four steps: before Jan (none live), Jan, Feb, from Mar on. n edges cost n log n.
 */
export function* sweep(
  { start, end }: Pick<GraphIndex, 'start' | 'end'>,
  edges: readonly number[],
): Generator<SweptDays, void, undefined> {
  const live = new Set<number>();
  const bounds = boundsOf({ start, end }, edges);
  if (bounds.length === 0) {
    for (const edge of edges) live.add(edge);
    yield { from: firstDay, until: lastDay, added: edges, removed: [], live };
    return;
  }
  const starting = [...edges].sort((a, b) => (start[a] as number) - (start[b] as number) || a - b);
  const ending = [...edges].sort((a, b) => (end[a] as number) - (end[b] as number) || a - b);
  let nextStart = 0;
  let nextEnd = 0;
  for (let step = 0; step <= bounds.length; step++) {
    const from = step === 0 ? firstDay : (bounds[step - 1] as number);
    const until = step === bounds.length ? lastDay : (bounds[step] as number);
    const removed: number[] = [];
    while (nextEnd < ending.length && (end[ending[nextEnd] as number] as number) <= from) {
      removed.push(ending[nextEnd++] as number);
    }
    const added: number[] = [];
    while (nextStart < starting.length && (start[starting[nextStart] as number] as number) <= from) {
      added.push(starting[nextStart++] as number);
    }
    for (const edge of removed) live.delete(edge);
    for (const edge of added) live.add(edge);
    yield { from, until, added, removed, live };
  }
}

/** The days on which something begins or ends, ascending, each once. */
export function boundsOf(
  { start, end }: Pick<GraphIndex, 'start' | 'end'>,
  edges: Iterable<number>,
): readonly number[] {
  const bounds = new Set<number>();
  for (const edge of edges) {
    const first = start[edge] as number;
    const last = end[edge] as number;
    if (first !== firstDay) bounds.add(first);
    if (last !== lastDay) bounds.add(last);
  }
  return [...bounds].sort((a, b) => a - b);
}
