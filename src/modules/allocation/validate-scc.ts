/** A directed graph as arrays: the targets of node n are `targets[firstOut[n]] … targets[firstOut[n + 1] - 1]`. */
export interface Digraph {
  readonly nodes: number;
  readonly firstOut: Int32Array;
  readonly targets: Int32Array;
}

/** Makes a graph of edges given as pairs of nodes; `edgeAt[i]` is the position in the pairs of `targets[i]`. */
export function digraphOf(
  nodes: number,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
): Digraph & { readonly edgeAt: Int32Array } {
  const firstOut = new Int32Array(nodes + 1);
  for (let e = 0; e < from.length; e++) {
    const n = (from[e] as number) + 1;
    firstOut[n] = (firstOut[n] as number) + 1;
  }
  for (let n = 0; n < nodes; n++) firstOut[n + 1] = (firstOut[n + 1] as number) + (firstOut[n] as number);
  const next = firstOut.slice();
  const targets = new Int32Array(from.length);
  const edgeAt = new Int32Array(from.length);
  for (let e = 0; e < from.length; e++) {
    const at = next[from[e] as number] as number;
    next[from[e] as number] = at + 1;
    targets[at] = to[e] as number;
    edgeAt[at] = e;
  }
  return { nodes, firstOut, targets, edgeAt };
}

/**
 * The strongly connected component of every node, numbered from 0 (Tarjan 1972). Nodes of a component reach each other; a node
 * in no circle is a component by itself. It keeps its own stack: a chain of a million nodes is as deep as it is long.
 */
export function componentsOf({ nodes, firstOut, targets }: Digraph): {
  readonly component: Int32Array;
  readonly sizes: readonly number[];
} {
  const unseen = -1;
  const component = new Int32Array(nodes).fill(unseen);
  const order = new Int32Array(nodes).fill(unseen);
  const lowest = new Int32Array(nodes);
  const nextOut = firstOut.slice();
  const path = new Int32Array(nodes);
  const open = new Int32Array(nodes);
  const sizes: number[] = [];
  let openCount = 0;
  let seen = 0;
  for (let root = 0; root < nodes; root++) {
    if (order[root] !== unseen) continue;
    let depth = 0;
    enter(root);
    while (depth > 0) {
      const n = path[depth - 1] as number;
      const at = nextOut[n] as number;
      if (at < (firstOut[n + 1] as number)) {
        nextOut[n] = at + 1;
        const target = targets[at] as number;
        if (order[target] === unseen) enter(target);
        else if (component[target] === unseen) lower(n, order[target] as number);
        continue;
      }
      if (lowest[n] === order[n]) close(n);
      depth--;
      if (depth > 0) lower(path[depth - 1] as number, lowest[n] as number);
    }

    function enter(n: number): void {
      order[n] = seen;
      lowest[n] = seen;
      seen++;
      path[depth] = n;
      depth++;
      open[openCount] = n;
      openCount++;
    }
  }
  return { component, sizes };

  function lower(n: number, to: number): void {
    if (to < (lowest[n] as number)) lowest[n] = to;
  }

  /** Everything that was opened since n is n's component. */
  function close(n: number): void {
    let size = 0;
    let member: number;
    do {
      openCount--;
      member = open[openCount] as number;
      component[member] = sizes.length;
      size++;
    } while (member !== n);
    sizes.push(size);
  }
}
