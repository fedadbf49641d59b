import type { Digraph } from './validate-scc.ts';

/** Steps that searches may still take together; a search that finds it used up ends with what it has. */
export interface Budget {
  left: number;
}

/**
 * A shortest circle of a strongly connected graph without self-loops, as positions in `targets`, from its lowest node on.
 * `shortest` is false when the budget ended before every shorter one was ruled out. Among equals the first by node number.
 *
 * Every circle meets a node at which a depth-first walk closes one, so only these are searched from (breadth first, no deeper
 * than the best so far), and each is taken away when it is done. A ring of a million nodes is one search.
 */
export function shortestCycle(
  graph: Digraph,
  budget: Budget,
): { readonly edges: readonly number[]; readonly shortest: boolean } {
  const search = {
    gone: new Uint8Array(graph.nodes),
    cameBy: new Int32Array(graph.nodes).fill(none),
    budget,
  };
  let best: readonly number[] = [];
  for (const start of closingNodes(graph)) {
    if (best.length === 2) break;
    if (best.length > 0 && budget.left <= 0) return { edges: fromLowest(graph, best), shortest: false };
    const longest = best.length === 0 ? graph.nodes : best.length - 1;
    best = circleFrom(graph, { ...search, start, longest }) ?? best;
    search.gone[start] = 1;
  }
  return { edges: fromLowest(graph, best), shortest: true };
}

const none = -1;

/** Nodes at which a depth-first walk meets its own path, ascending. */
function closingNodes({ nodes, firstOut, targets }: Digraph): Int32Array {
  const state = new Uint8Array(nodes);
  const [unseen, onPath, done] = [0, 1, 2];
  const nextOut = firstOut.slice();
  const path = new Int32Array(nodes);
  const closing = new Uint8Array(nodes);
  for (let root = 0; root < nodes; root++) {
    if (state[root] !== unseen) continue;
    let depth = 1;
    path[0] = root;
    state[root] = onPath;
    while (depth > 0) {
      const n = path[depth - 1] as number;
      const at = nextOut[n] as number;
      if (at === firstOut[n + 1]) {
        state[n] = done;
        depth--;
        continue;
      }
      nextOut[n] = at + 1;
      const target = targets[at] as number;
      if (state[target] === onPath) closing[target] = 1;
      if (state[target] !== unseen) continue;
      state[target] = onPath;
      path[depth] = target;
      depth++;
    }
  }
  return Int32Array.from({ length: nodes }, (_, n) => n).filter((n) => closing[n] === 1);
}

interface Search {
  readonly start: number;
  /** Edges that the circle may have at most. */
  readonly longest: number;
  readonly gone: Uint8Array;
  /** Per node: the position of the edge by which it was first reached; all `none` between two searches. */
  readonly cameBy: Int32Array;
  readonly budget: Budget;
}

/** The shortest way from `start` back to it, as positions in `targets`; undefined when there is none so short. */
function circleFrom(graph: Digraph, search: Search): readonly number[] | undefined {
  const { firstOut, targets } = graph;
  const { start, longest, gone, cameBy, budget } = search;
  const reached: number[] = [];
  let circle: readonly number[] | undefined;
  let front = [start];
  for (let depth = 1; depth <= longest && front.length > 0 && !circle; depth++) {
    const next: number[] = [];
    for (const node of front) {
      const end = firstOut[node + 1] as number;
      budget.left -= end - (firstOut[node] as number);
      for (let at = firstOut[node] as number; at < end && !circle; at++) {
        const target = targets[at] as number;
        if (target === start) circle = wayBack(graph, search, at);
        if (target === start || gone[target] === 1 || cameBy[target] !== none) continue;
        cameBy[target] = at;
        next.push(target);
        reached.push(target);
      }
    }
    front = next;
  }
  for (const node of reached) cameBy[node] = none;
  return circle;
}

function wayBack(graph: Digraph, { start, cameBy }: Search, closingEdge: number): readonly number[] {
  const way = [closingEdge];
  for (let node = sourceOf(graph, closingEdge); node !== start; ) {
    const at = cameBy[node] as number;
    way.push(at);
    node = sourceOf(graph, at);
  }
  return way.reverse();
}

/** The node that the edge at a position leaves: the last whose edges begin at it or before it. */
function sourceOf({ nodes, firstOut }: Digraph, at: number): number {
  let low = 0;
  let high = nodes - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((firstOut[middle] as number) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The same circle, told from the node with the lowest number. */
function fromLowest({ targets }: Digraph, edges: readonly number[]): readonly number[] {
  const starts = edges.map((_, i) => targets[edges.at(i - 1) as number] as number);
  const lowest = starts.reduce((best, node, i) => (node < (starts[best] as number) ? i : best), 0);
  return [...edges.slice(lowest), ...edges.slice(0, lowest)];
}
