import type { Links } from './trace.ts';

/** The nodes in pieces: piece c is `order[firstOfCircle[c]]` … `order[firstOfCircle[c + 1] - 1]`. */
export interface TraceOrder {
  readonly order: Int32Array;
  readonly firstOfCircle: Int32Array;
}

/**
 * Orders nodes so that every link goes from an earlier piece to a later one, or stays within a piece: nodes that reach one
 * another are one piece. Tarjan's algorithm without recursion; the links of one near node lie together.
 *
 * Links 0 → 1, 1 → 2, 2 → 1, 2 → 3: the pieces are 0; 1 and 2; 3.
 */
export function orderOf(
  nodes: number,
  { count, near, far }: Pick<Links, 'count' | 'near' | 'far'>,
): TraceOrder {
  const firstLink = firstOfEach(nodes, near, count);
  const found = new Int32Array(nodes).fill(-1);
  const lowest = new Int32Array(nodes);
  const isOpen = new Uint8Array(nodes);
  const open: number[] = [];
  const path: number[] = [];
  const next = firstLink.slice(0, nodes);
  const pieces: number[][] = [];
  let number = 0;

  function enter(node: number): void {
    found[node] = lowest[node] = number++;
    isOpen[node] = 1;
    open.push(node);
    path.push(node);
  }

  function leave(node: number): void {
    path.pop();
    const above = path.at(-1);
    if (above !== undefined) lowest[above] = Math.min(lowest[above] as number, lowest[node] as number);
    if (lowest[node] !== found[node]) return;
    const piece = open.splice(open.lastIndexOf(node));
    for (const member of piece) isOpen[member] = 0;
    pieces.push(piece);
  }

  for (let root = 0; root < nodes; root++) {
    if (found[root] !== -1) continue;
    enter(root);
    while (path.length > 0) {
      const node = path.at(-1) as number;
      const link = next[node] as number;
      if (link === firstLink[node + 1]) {
        leave(node);
        continue;
      }
      next[node] = link + 1;
      const other = far[link] as number;
      if (found[other] === -1) enter(other);
      else if (isOpen[other] === 1) lowest[node] = Math.min(lowest[node] as number, found[other] as number);
    }
  }
  return inOrder(pieces.reverse(), nodes);
}

function firstOfEach(nodes: number, near: Int32Array, count: number): Int32Array {
  const first = new Int32Array(nodes + 1);
  for (let k = 0; k < count; k++) (first[(near[k] as number) + 1] as number)++;
  for (let n = 0; n < nodes; n++) (first[n + 1] as number) += first[n] as number;
  return first;
}

function inOrder(pieces: readonly (readonly number[])[], nodes: number): TraceOrder {
  const order = new Int32Array(nodes);
  const firstOfCircle = new Int32Array(pieces.length + 1);
  let at = 0;
  for (const [c, piece] of pieces.entries()) {
    // Members in the order of their numbers: the same trace gives the same figures.
    for (const node of [...piece].sort((a, b) => a - b)) order[at++] = node;
    firstOfCircle[c + 1] = at;
  }
  return { order, firstOfCircle };
}
