import { compareDecimal, type Decimal } from '../../../platform/kernel/index.ts';
import type { DrawnType } from './chart.ts';

interface Link {
  readonly from: number;
  readonly to: number;
  readonly amount: Decimal | null;
}

/**
 * Cuts the edges that close circles, so that every node can have a column. Nodes are walked depth first, from those that nothing
 * flows into, the widest edges first: what leads back onto the way is cut, so that it is rather a narrow one.
 */
export function cutCircles<E extends Link>(
  nodes: number,
  edges: readonly E[],
): { readonly kept: readonly E[]; readonly cut: readonly E[] } {
  const out = outgoing(nodes, edges);
  const hasInflow = new Uint8Array(nodes);
  for (const { to } of edges) hasInflow[to] = 1;
  const roots = Array.from({ length: nodes }, (_, n) => n);
  roots.sort((a, b) => (hasInflow[a] as number) - (hasInflow[b] as number) || a - b);
  const [unseen, onWay, done] = [0, 1, 2];
  const state = new Uint8Array(nodes);
  const next = new Int32Array(nodes);
  const cut = new Set<E>();
  for (const root of roots) {
    if (state[root] !== unseen) continue;
    const way = [root];
    state[root] = onWay;
    for (let node = way.at(-1); node !== undefined; node = way.at(-1)) {
      const edge = out[node]?.[next[node] as number];
      if (!edge) {
        state[node] = done;
        way.pop();
        continue;
      }
      next[node] = (next[node] as number) + 1;
      if (state[edge.to] === onWay) cut.add(edge);
      if (state[edge.to] !== unseen) continue;
      state[edge.to] = onWay;
      way.push(edge.to);
    }
  }
  return { kept: edges.filter((edge) => !cut.has(edge)), cut: [...cut] };
}

/** Edges by their `from`, the widest first. */
function outgoing<E extends Link>(nodes: number, edges: readonly E[]): readonly E[][] {
  const out = Array.from({ length: nodes }, (): E[] => []);
  for (const edge of edges) out[edge.from]?.push(edge);
  const compare = (a: E, b: E) =>
    (a.amount && b.amount ? compareDecimal(b.amount, a.amount) : 0) || a.to - b.to;
  for (const list of out) list.sort(compare);
  return out;
}

/**
 * The column of every node of a graph without circles: one after the last of those that it gets cost from. Products that pass
 * nothing on all stand in the last column, where cost ends.
 */
export function levelsOf(
  nodes: readonly { readonly type: DrawnType }[],
  edges: readonly Pick<Link, 'from' | 'to'>[],
): readonly number[] {
  const out = outgoing(
    nodes.length,
    edges.map((edge) => ({ ...edge, amount: null })),
  );
  const waiting = new Int32Array(nodes.length);
  for (const { to } of edges) waiting[to] = (waiting[to] as number) + 1;
  const levels = new Int32Array(nodes.length);
  const ready = Array.from({ length: nodes.length }, (_, n) => n).filter((n) => waiting[n] === 0);
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    for (const { to } of out[node] ?? []) {
      levels[to] = Math.max(levels[to] as number, (levels[node] as number) + 1);
      waiting[to] = (waiting[to] as number) - 1;
      if (waiting[to] === 0) ready.push(to);
    }
  }
  const last = Math.max(0, ...levels);
  return nodes.map(({ type }, n) =>
    type === 'product' && (out[n]?.length ?? 0) === 0 ? last : (levels[n] as number),
  );
}
