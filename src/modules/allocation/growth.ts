import { formatDecimal } from '../../platform/kernel/index.ts';

/**
 * What more of a driver costs, if pools grow with it: the marginal view. Every charge grows once, at the first pool on its way
 * that the driver shares out to somebody who grows; what it grows by goes the way of the charge from there on.
 */

/** One currency of a month: nodes, and the edges that carried charges between them, in whole units. */
export interface FlowNetwork {
  /** By node number: the charges that the rules sent to it. */
  readonly direct: readonly bigint[];
  readonly edges: readonly NetworkEdge[];
}

export interface NetworkEdge {
  /** Node numbers. */
  readonly from: number;
  readonly to: number;
  /** All charges that the edge carried; not negative. */
  readonly amount: bigint;
  /** The part of it that was shared by the driver; at most `amount`. */
  readonly driven: bigint;
}

/** What grows: the driver of these nodes, by `more`: 1 ÷ 10 is ten percent. */
export interface GrowthAsked {
  readonly grows: (node: number) => boolean;
  readonly more: { readonly numerator: bigint; readonly denominator: bigint };
}

/** Additional units by node number. Σ pools = Σ rests. */
export interface NetworkGrowth {
  /** What the pool at a node costs more. */
  readonly pools: readonly bigint[];
  /** What rests on a node more. */
  readonly rests: readonly bigint[];
}

/** Circles are walked round this often; what is still on its way then rests where it is. */
const mostRounds = 200;

/**
 * A pool of 100 gives 60 to a and 40 to b by requests; a has ten percent more. The pool costs 6 more, all of it a's: b pays what it
 * paid. With ten percent more for both it costs 10 more, 6 and 4.
 */
export function growNetwork(network: FlowNetwork, asked: GrowthAsked): NetworkGrowth {
  const nodes = network.direct.length;
  const outs = outEdges(network);
  const total = [...network.direct];
  for (const { to, amount } of network.edges) total[to] = (total[to] ?? 0n) + amount;
  const pools = new Array<bigint>(nodes).fill(0n);
  const rests = new Array<bigint>(nodes).fill(0n);
  /** On its way: charges that have not grown yet, and growth. */
  const fresh = [...network.direct];
  const grown = new Array<bigint>(nodes).fill(0n);
  const order = walkOrder(nodes, network.edges);
  for (let round = 0; round < mostRounds; round++) {
    let moved = false;
    for (const node of order) {
      const [charges, growth] = [fresh[node] ?? 0n, grown[node] ?? 0n];
      if (charges === 0n && growth === 0n) continue;
      moved = true;
      fresh[node] = 0n;
      grown[node] = 0n;
      const parts = splitter(outs[node] ?? [], total[node] ?? 0n, asked);
      for (const { to, charge, extra, passedOn } of parts(charges, growth)) {
        fresh[to] = (fresh[to] ?? 0n) + charge;
        grown[to] = (grown[to] ?? 0n) + extra + passedOn;
        pools[node] = (pools[node] ?? 0n) + extra;
      }
      rests[node] = (rests[node] ?? 0n) + parts.kept(growth);
    }
    if (!moved) break;
  }
  grown.forEach((growth, node) => {
    rests[node] = (rests[node] ?? 0n) + growth;
  });
  return { pools, rests };
}

interface Passed {
  readonly to: number;
  /** Charges that go on without having grown. */
  readonly charge: bigint;
  /** What they grow by on this edge. */
  readonly extra: bigint;
  /** Growth from before that goes on. */
  readonly passedOn: bigint;
}

/** How a node passes on what comes to it: as it passed on its charges, by cumulative rounding, the rest resting there. */
function splitter(edges: readonly NetworkEdge[], total: bigint, { grows, more }: GrowthAsked) {
  const share = (of: bigint, upTo: bigint) => (total === 0n ? 0n : (of * upTo) / total);
  const sent = edges.reduce((sum, { amount }) => sum + amount, 0n);
  const split = (charges: bigint, growth: bigint): Passed[] => {
    let before = 0n;
    return edges.map(({ to, amount, driven }) => {
      const after = before + amount;
      const part = share(charges, after) - share(charges, before);
      const passedOn = share(growth, after) - share(growth, before);
      before = after;
      const hit = grows(to) && amount > 0n ? (part * driven) / amount : 0n;
      return { to, charge: part - hit, extra: (hit * more.numerator) / more.denominator, passedOn };
    });
  };
  return Object.assign(split, { kept: (growth: bigint) => growth - share(growth, sent) });
}

function outEdges({ direct, edges }: FlowNetwork): NetworkEdge[][] {
  const outs: NetworkEdge[][] = direct.map(() => []);
  for (const edge of edges) outs[edge.from]?.push(edge);
  return outs;
}

/** Nodes so that cost flows forward (Kahn 1962); those of circles come last, by number. */
function walkOrder(nodes: number, edges: readonly NetworkEdge[]): number[] {
  const open = new Array<number>(nodes).fill(0);
  const outs: number[][] = open.map(() => []);
  for (const { from, to } of edges) {
    open[to] = (open[to] ?? 0) + 1;
    outs[from]?.push(to);
  }
  const order = open.flatMap((count, node) => (count === 0 ? [node] : []));
  for (let at = 0; at < order.length; at++)
    for (const to of outs[order[at] ?? 0] ?? []) {
      open[to] = (open[to] ?? 0) - 1;
      if (open[to] === 0) order.push(to);
    }
  const known = new Set(order);
  for (let node = 0; node < nodes; node++) if (!known.has(node)) order.push(node);
  return order;
}

/** Units of 10⁻¹² as decimal text. */
export function moneyOfUnits(units: bigint): string {
  return formatDecimal({ units, scale: 12 });
}
