import type { Links, Trace } from './trace.ts';

/** The heaviest way from the start of a trace to each node. */
export interface HeaviestPaths {
  /** The last link of the way to node n; −1 at the start, and where no cost came. */
  readonly linkTo: Int32Array;
}

/**
 * Finds for every node the way on which most of what is on it came: the product, over the links of the way, of the part that
 * each link brought of what is on its far node. Of 100 on `shop`, 60 of which came over `api`, where all came from `db`, and 40
 * straight from `db`: the way by `api`.
 */
export function heaviestPaths(
  { links, passing, order }: Pick<Trace, 'links' | 'passing' | 'order'>,
  {
    nodes,
    slots,
    start,
    money,
    monies,
    moneyOf,
  }: {
    readonly nodes: number;
    readonly slots: number;
    readonly start: number;
    readonly money: number;
    readonly monies: number;
    readonly moneyOf: Uint8Array;
  },
): HeaviestPaths {
  const onNode = new Float64Array(nodes);
  for (let n = 0; n < nodes; n++)
    for (let s = 0; s < slots; s++)
      if (moneyOf[s] === money) (onNode[n] as number) += passing[n * slots + s] as number;
  const weight = new Float64Array(nodes);
  const linkTo = new Int32Array(nodes).fill(-1);
  weight[start] = 1;
  const firstLink = firstLinks(links, nodes);
  // Without circles the second round finds nothing better; a way through a circle has fewer links than there are nodes.
  for (let round = 0, better = true; better && round < nodes; round++) {
    better = false;
    for (const near of order) {
      for (let k = firstLink[near] as number; k < (firstLink[near + 1] as number); k++) {
        const far = links.far[k] as number;
        const brought = links.passing[k * monies + money] as number;
        const found = ((weight[near] as number) * brought) / (onNode[far] as number);
        if (far === start || !(found > (weight[far] as number) * (1 + 1e-12))) continue;
        weight[far] = found;
        linkTo[far] = k;
        better = true;
      }
    }
  }
  return { linkTo };
}

/** The links from the start to a node, in that order. */
export function pathTo({ linkTo }: HeaviestPaths, links: Links, node: number): number[] {
  const path: number[] = [];
  for (
    let k = linkTo[node] as number;
    k !== -1 && path.length <= links.count;
    k = linkTo[links.near[k] as number] as number
  )
    path.unshift(k);
  return path;
}

/** The links of near node n are `firstLinks[n]` … `firstLinks[n + 1] - 1`. */
export function firstLinks({ count, near }: Links, nodes: number): Int32Array {
  const first = new Int32Array(nodes + 1);
  for (let k = 0; k < count; k++) (first[(near[k] as number) + 1] as number)++;
  for (let n = 0; n < nodes; n++) (first[n + 1] as number) += first[n] as number;
  return first;
}
