import { forEachCarrying, keepsPart, shareOf } from './carry.ts';
import type { Lines } from './lines.ts';
import type { Day } from './push.ts';
import {
  type Fraction,
  greatestCommonDivisor,
  halfUp,
  inLowestTerms,
  roundExactly,
  roundStart,
} from './rounding.ts';
import { solveExactly } from './solve-exactly.ts';
import type { CompiledGraph } from './types.ts';

/** Nodes that pass cost round among themselves, on one class of lanes. */
export interface Component {
  readonly nodes: Int32Array;
  readonly laneClass: number;
}

/** Why a component has no solution: nodes that cost can never leave, or a pool that whole units cannot hold. */
export type Unsolved =
  | { readonly reason: 'noExit'; readonly nodes: readonly number[] }
  | { readonly reason: 'grossTooLarge'; readonly node: number };

/** What a solution is read from; `passedOn` receives, per cell, the whole amounts that the nodes pass on shares of. */
export interface ReciprocalInput {
  readonly graph: CompiledGraph;
  readonly lines: Lines;
  readonly day: Day;
  readonly passedOn: Map<number, number>;
}

/** Gross pools stay below this, so that products with shares are decided exactly and sums of flows are exact. */
const mostGross = 2n ** 51n;

/**
 * Solves x = c + Aᵀx, the gross pools of nodes that serve each other, and passes them on: c is what a node has of its own and
 * from outside, A the shares within the component. Exact in fractions; then in whole units, so that no node passes on more
 * than it has. The few units that no receiver can hold rest where they are, with the cause `rounding`.
 *
 * Maintenance 100,000 (10 % to GF), GF 270,000 (15.625 % to Maintenance): pools of 144,444.44 and 284,444.44.
 */
export function solveComponent(
  { graph, lines, day, passedOn }: ReciprocalInput,
  component: Component,
): Unsolved | undefined {
  const circle = readCircle(graph, lines, component);
  const trapped = trappedNodes(lines, circle);
  if (trapped.length > 0) return { reason: 'noExit', nodes: trapped };
  const lanes = lanesOf(lines, circle);
  const solution = solvePools(circle, day, lanes, lines.lanes);
  if (solution === undefined) return { reason: 'noExit', nodes: [...component.nodes] };
  for (const [at, pools] of solution.pools.entries()) {
    const tooLarge = pools.findIndex(({ numerator, denominator }) => numerator >= mostGross * denominator);
    if (tooLarge >= 0) return { reason: 'grossTooLarge', node: component.nodes[tooLarge] as number };
    const lane = lanes[at] as number;
    const settled = passOn(lines, day, circle, { lane, pools, slack: solution.slack });
    for (const [place, node] of component.nodes.entries()) {
      passedOn.set(node * lines.lanes + lane, settled[place] as number);
    }
  }
  return undefined;
}

interface Inner {
  readonly from: number;
  readonly to: number;
  readonly share: Fraction;
}

/** A component as numbers of its own: node i is `nodes[i]`, its line `line[i]`. */
interface Circle {
  readonly nodes: Int32Array;
  readonly line: readonly number[];
  readonly inner: readonly Inner[];
  /** Per node: an edge leaves the component. */
  readonly leaves: Uint8Array;
  /** Per edge of the graph that ends in the component: the number of its receiver. */
  readonly placeOf: ReadonlyMap<number, number>;
  readonly to: Int32Array;
}

function readCircle({ to }: CompiledGraph, lines: Lines, { nodes, laneClass }: Component): Circle {
  const placeOf = new Map(Array.from(nodes, (node, place) => [node, place]));
  const line = Array.from(nodes, (node) => (lines.firstLine[node] as number) + laneClass);
  const inner: Inner[] = [];
  const leaves = new Uint8Array(nodes.length);
  for (const [from, own] of line.entries()) {
    forEachCarrying(lines, own, (edge, segment, entry) => {
      const receiver = placeOf.get(to[edge] as number);
      if (receiver === undefined) leaves[from] = 1;
      else inner.push({ from, to: receiver, share: shareOf(lines, segment, entry) });
    });
  }
  return { nodes, line, inner, leaves, placeOf, to };
}

/** Nodes from which no way leads out, nor to a node that keeps a part. */
function trappedNodes(lines: Lines, { nodes, line, inner, leaves }: Circle): number[] {
  const isFree = line.map((own, place) => leaves[place] === 1 || keepsPart(lines, own));
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const { from, to } of inner) {
      if (!isFree[from] && isFree[to]) {
        isFree[from] = true;
        isChanged = true;
      }
    }
  }
  return [...nodes].filter((_, place) => !isFree[place]);
}

function lanesOf({ firstLane, endLane, laneList }: Lines, { line }: Circle): Int32Array {
  const own = line[0] as number;
  return laneList.slice(firstLane[own], endLane[own]);
}

interface Pools {
  /** Per lane, per node. */
  readonly pools: readonly (readonly Fraction[])[];
  /** Per node: by how much pools have to be lowered so that rounding surely fits; see `passOn`. */
  readonly slack: readonly Fraction[];
}

/** With yⱼ = xⱼ ÷ (common denominator of j's shares) all coefficients are whole. */
function solvePools(
  { nodes, inner }: Circle,
  { direct, inflow }: Day,
  lanes: Int32Array,
  width: number,
): Pools | undefined {
  const size = nodes.length;
  const common = new Array<bigint>(size).fill(1n);
  const reduced = inner.map(({ from, to, share }) => ({ from, to, share: inLowestTerms(share) }));
  for (const { from, share } of reduced) {
    const known = common[from] as bigint;
    common[from] = (known / greatestCommonDivisor(known, share.denominator)) * share.denominator;
  }
  const feeds = new Array<bigint>(size).fill(0n);
  const rows = Array.from(nodes, (_, i) => {
    const row = new Array<bigint>(size).fill(0n);
    row[i] = common[i] as bigint;
    return row;
  });
  for (const { from, to, share } of reduced) {
    const row = rows[to] as bigint[];
    row[from] = (row[from] as bigint) - (share.numerator * (common[from] as bigint)) / share.denominator;
    feeds[to] = (feeds[to] as bigint) + 1n;
  }
  const full = rows.map((row, i) => {
    const cell = (nodes[i] as number) * width;
    const own = Array.from(lanes, (lane) =>
      BigInt((direct[cell + lane] as number) + (inflow[cell + lane] as number)),
    );
    return [...row, ...own, 2n * (feeds[i] as bigint) + 1n];
  });
  const solved = solveExactly(full);
  if (solved === undefined) return undefined;
  const columnOf = (column: number) =>
    solved.map((row, i) => {
      const { numerator, denominator } = row[column] as Fraction;
      return { numerator: numerator * (common[i] as bigint), denominator };
    });
  return { pools: Array.from(lanes, (_, at) => columnOf(at)), slack: columnOf(lanes.length) };
}

interface LanePools {
  readonly lane: number;
  readonly pools: readonly Fraction[];
  readonly slack: readonly Fraction[];
}

/** How often amounts are lowered to what is there before the slack is taken off at once. */
const patience = 50;

/**
 * Finds whole amounts g that the nodes pass on, each at most what its node has: from the rounded pools downwards, until nothing
 * has to be lowered. Should that go on (a circle that keeps all but a millionth can lose a unit in each round), it starts again
 * from pools lowered by the slack s = k + Aᵀs, k being what rounding can do to a node; there nothing has to be lowered.
 */
function passOn(lines: Lines, day: Day, circle: Circle, { lane, pools, slack }: LanePools): Float64Array {
  const { nodes } = circle;
  const own = Float64Array.from(nodes, (node) => {
    const cell = node * lines.lanes + lane;
    return (day.direct[cell] as number) + (day.inflow[cell] as number);
  });
  const amounts = Float64Array.from(pools, ({ numerator, denominator }) =>
    Number(halfUp(numerator, denominator)),
  );
  let received = spread(lines, day, circle, { lane, amounts });
  for (let round = 0; lower(amounts, own, received); round++) {
    if (round === patience) {
      for (const [i, pool] of pools.entries()) amounts[i] = lowered(pool, slack[i] as Fraction);
    }
    received = spread(lines, day, circle, { lane, amounts });
  }
  settle(lines, day, circle, { lane, amounts, received });
  return amounts;
}

function lowered(pool: Fraction, by: Fraction): number {
  const numerator = pool.numerator * by.denominator - by.numerator * pool.denominator;
  return numerator <= 0n ? 0 : Number(numerator / (pool.denominator * by.denominator));
}

/** Lowers amounts to what is there; false where all fit. */
function lower(amounts: Float64Array, own: Float64Array, received: Float64Array): boolean {
  let isLowered = false;
  for (let i = 0; i < amounts.length; i++) {
    const most = (own[i] as number) + (received[i] as number);
    if ((amounts[i] as number) <= most) continue;
    amounts[i] = most;
    isLowered = true;
  }
  return isLowered;
}

/** Writes the flows of the nodes for these amounts; what each node of the component gets of them. */
function spread(
  lines: Lines,
  { flows }: Day,
  { line, placeOf, to }: Circle,
  { lane, amounts }: { readonly lane: number; readonly amounts: Float64Array },
): Float64Array {
  const received = new Float64Array(amounts.length);
  for (const [place, own] of line.entries()) {
    forEachPart(lines, own, amounts[place] as number, (edge, part) => {
      flows[edge * lines.lanes + lane] = part;
      const receiver = placeOf.get(to[edge] as number);
      if (receiver !== undefined) received[receiver] = (received[receiver] as number) + part;
    });
  }
  return received;
}

/** The parts of a line's edges, as `pushNodes` cuts them. */
function forEachPart(
  lines: Lines,
  line: number,
  total: number,
  visit: (edge: number, part: number) => void,
): void {
  const { segments, firstSegment } = lines;
  for (let segment = firstSegment[line] as number; segment < (firstSegment[line + 1] as number); segment++) {
    const first = segments.first[segment] as number;
    const edge = segments.edge[segment] as number;
    let upTo = roundStart(lines, segment, total);
    for (let entry = first; entry < (segments.end[segment] as number); entry++) {
      const reached = roundExactly(lines, segment, entry, total, Number.NaN);
      visit(edge + entry - first, reached - upTo);
      upTo = reached;
    }
  }
}

/** Books the flows: on the component's nodes, and on the receivers outside. */
function settle(
  lines: Lines,
  day: Day,
  { nodes, line, placeOf, to }: Circle,
  {
    lane,
    amounts,
    received,
  }: { readonly lane: number; readonly amounts: Float64Array; readonly received: Float64Array },
): void {
  const { direct, inflow, outflow, retained } = day;
  const { lanes } = lines;
  for (const [place, node] of nodes.entries()) {
    const cell = node * lanes + lane;
    inflow[cell] = (inflow[cell] as number) + (received[place] as number);
    let out = 0;
    forEachPart(lines, line[place] as number, amounts[place] as number, (edge, part) => {
      out += part;
      if (placeOf.has(to[edge] as number)) return;
      const receiver = (to[edge] as number) * lanes + lane;
      inflow[receiver] = (inflow[receiver] as number) + part;
    });
    outflow[cell] = out;
    retained[cell] = (direct[cell] as number) + (inflow[cell] as number) - out;
  }
}
