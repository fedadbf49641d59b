import { componentsOf, type Digraph, digraphOf } from '../validate-scc.ts';
import type { CompiledGraph } from './types.ts';

/** Nodes in an order in which every node comes after all that feed it; nodes of one circle stand together. */
export interface NodeOrder {
  readonly order: Int32Array;
  /** Where circles stand in it: `begin` … `end - 1`. */
  readonly circles: readonly { readonly begin: number; readonly end: number }[];
}

/** The order of nodes over some edges. */
export function orderNodes(nodes: number, from: ArrayLike<number>, to: ArrayLike<number>): NodeOrder {
  const digraph = digraphOf(nodes, from, to);
  return orderByLevel(digraph) ?? orderByComponent(digraph);
}

/**
 * By the length of the longest way to a node, then by number: nodes that are pushed one after the other have their edges side
 * by side in memory, which makes the inner loop up to twice as fast as an order by search. Undefined where there is a circle.
 */
function orderByLevel({ nodes, firstOut, targets }: Digraph): NodeOrder | undefined {
  const waiting = new Int32Array(nodes);
  for (const target of targets) waiting[target] = (waiting[target] as number) + 1;
  const order = new Int32Array(nodes);
  let end = 0;
  for (let node = 0; node < nodes; node++) if (waiting[node] === 0) order[end++] = node;
  for (let begin = 0; begin < end; ) {
    const levelEnd = end;
    for (; begin < levelEnd; begin++) {
      const node = order[begin] as number;
      for (let at = firstOut[node] as number; at < (firstOut[node + 1] as number); at++) {
        const target = targets[at] as number;
        waiting[target] = (waiting[target] as number) - 1;
        if (waiting[target] === 0) order[end++] = target;
      }
    }
    order.subarray(levelEnd, end).sort();
  }
  return end === nodes ? { order, circles: [] } : undefined;
}

/** By strongly connected component. */
function orderByComponent(digraph: Digraph): NodeOrder {
  // Tarjan's components are numbered from the last to the first.
  const { component, sizes } = componentsOf(digraph);
  const places = new Int32Array(sizes.length);
  const circles: { readonly begin: number; readonly end: number }[] = [];
  let begin = 0;
  for (let number = sizes.length - 1; number >= 0; number--) {
    const size = sizes[number] as number;
    places[number] = begin;
    if (size > 1) circles.push({ begin, end: begin + size });
    begin += size;
  }
  const order = new Int32Array(digraph.nodes);
  for (let node = 0; node < digraph.nodes; node++) {
    const number = component[node] as number;
    order[places[number] as number] = node;
    places[number] = (places[number] as number) + 1;
  }
  return { order, circles };
}

/** The order over the edges that are live on a day, whatever they carry. */
export function orderLive({ nodeIds, from, to, liveFrom, liveTo }: CompiledGraph, day: number): NodeOrder {
  const live = Int32Array.from(to.keys()).filter(
    (e) => (liveFrom[e] as number) <= day && day < (liveTo[e] as number),
  );
  return orderNodes(
    nodeIds.length,
    live.map((e) => from[e] as number),
    live.map((e) => to[e] as number),
  );
}
