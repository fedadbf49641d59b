import {
  addDecimal,
  compareDecimal,
  type Decimal,
  formatDecimal,
  parseDecimal,
  sumDecimals,
  zero,
} from '../../../platform/kernel/index.ts';
import type { ChartEdge, ChartNode, DrawnType, GraphChart } from './chart.ts';
import { columnsOf } from './columns.ts';
import { cutCircles, levelsOf } from './levels.ts';
import { isPositive } from './text.ts';

export interface DrawnNode {
  readonly id: string;
  readonly name: string;
  readonly type: DrawnType;
  /** Null where no money is known. */
  readonly amount: Decimal | null;
  /** Column, from 0. */
  readonly level: number;
  /** Nodes that it stands for. */
  readonly members: number;
}

/** `from` and `to` are places in the list of nodes; `to` is in a later column. */
export interface DrawnEdge {
  readonly from: number;
  readonly to: number;
  readonly amount: Decimal | null;
}

/** What is drawn of a graph, and what is not. */
export interface DrawnGraph {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  readonly levels: number;
  readonly hasMoney: boolean;
  /** Edges that would close a circle. */
  readonly cut: readonly ChartEdge[];
  /** Flows that are zero, or less: credits that exceed charges have no width. */
  readonly withoutWidth: number;
  /** Nodes that are drawn together with others. */
  readonly together: number;
  /** Flows that are not drawn because both ends are in one column, and what they carry. */
  readonly within: { readonly count: number; readonly amount: Decimal };
}

const mostNodes = 150;

/**
 * Makes a graph small enough to be read: one edge between two nodes, no circles, every node in its column, and the nodes beyond
 * the largest `top` together, one per column. Since edges lead to later columns only, what stands together closes no circle.
 *
 * `rows`: most nodes that a column has room for; `columns`: most columns.
 */
export function reduceGraph(
  chart: GraphChart,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): DrawnGraph {
  const hasMoney = [...chart.edges, ...chart.nodes].some(({ amount }) => amount !== null);
  const nodes = allNodes(chart, hasMoney);
  const { edges: merged, withoutWidth } = mergedEdges(chart, hasMoney);
  const places = new Map(nodes.map(({ id }, at) => [id, at]));
  const linked = merged.map(({ from, to, amount }) => ({
    from: places.get(from) ?? 0,
    to: places.get(to) ?? 0,
    amount,
  }));
  const { kept, cut } = cutCircles(nodes.length, linked);
  const levels = columnsOf(levelsOf(nodes, kept), kept, columns);
  const [inside, across] = [true, false].map((isInside) =>
    kept.filter(({ from, to }) => (levels[from] === levels[to]) === isInside),
  ) as [DrawnEdge[], DrawnEdge[]];
  const chosen = chooseNodes({ nodes, edges: across, levels, rows, top: chart.top ?? 40 });
  return {
    ...together(nodes, across, levels, chosen),
    within: { count: inside.length, amount: sumDecimals(inside.map(({ amount }) => amount ?? zero)) },
    levels: Math.max(0, ...levels) + 1,
    hasMoney,
    cut: cut.map(({ from, to, amount }) => ({
      from: (nodes[from] as Weighed).name,
      to: (nodes[to] as Weighed).name,
      amount: amount === null ? null : formatDecimal(amount),
    })),
    withoutWidth,
  };
}

/** A node with what it weighs when only some can be drawn. */
interface Weighed extends Omit<ChartNode, 'amount'> {
  readonly amount: Decimal | null;
}

/** The nodes, and those that only an edge names. Of two with one id the first. */
function allNodes({ nodes, edges }: GraphChart, hasMoney: boolean): Weighed[] {
  const all = new Map<string, Weighed>();
  for (const node of nodes) {
    const amount = hasMoney ? parseDecimal(node.amount ?? '0') : null;
    if (!all.has(node.id)) all.set(node.id, { ...node, amount });
  }
  for (const id of edges.flatMap(({ from, to }) => [from, to])) {
    if (!all.has(id)) all.set(id, { id, name: id, type: 'other', amount: hasMoney ? zero : null });
  }
  return [...all.values()];
}

interface MergedEdge {
  readonly from: string;
  readonly to: string;
  readonly amount: Decimal | null;
}

function mergedEdges(
  { edges }: GraphChart,
  hasMoney: boolean,
): { readonly edges: readonly MergedEdge[]; readonly withoutWidth: number } {
  const merged = new Map<string, MergedEdge>();
  for (const { from, to, amount } of edges) {
    const key = JSON.stringify([from, to]);
    const before = merged.get(key)?.amount ?? zero;
    const sum = hasMoney ? addDecimal(before, parseDecimal(amount ?? '0')) : null;
    if (from !== to) merged.set(key, { from, to, amount: sum });
  }
  const all = [...merged.values()];
  const wide = all.filter(({ amount }) => amount === null || isPositive(amount));
  return { edges: wide, withoutWidth: all.length - wide.length };
}

interface Choice {
  readonly nodes: readonly Weighed[];
  readonly edges: readonly DrawnEdge[];
  readonly levels: readonly number[];
  readonly rows: number;
  readonly top: number;
}

/** Places of the nodes that are drawn by themselves: the largest, by money or else by edges, as far as columns have room. */
function chooseNodes({ nodes, edges, levels, rows, top }: Choice): ReadonlySet<number> {
  const degrees = new Int32Array(nodes.length);
  for (const { from, to } of edges) {
    degrees[from] = (degrees[from] as number) + 1;
    degrees[to] = (degrees[to] as number) + 1;
  }
  const byWeight = nodes.map((_, at) => at).sort((a, b) => compareWeight(a, b) || a - b);
  const inLevel = new Map<number, number>();
  for (const level of levels) inLevel.set(level, (inLevel.get(level) ?? 0) + 1);
  const taken = new Map<number, number>();
  const chosen = new Set<number>();
  for (const at of byWeight) {
    const level = levels[at] as number;
    const before = taken.get(level) ?? 0;
    // One row is for those that stand together, where there will be any.
    const room = (inLevel.get(level) ?? 0) <= rows ? rows : rows - 1;
    if (chosen.size >= Math.min(top, mostNodes) || before >= room) continue;
    taken.set(level, before + 1);
    chosen.add(at);
  }
  // Nothing is gained by drawing one node as "1 other".
  for (const at of byWeight) {
    const level = levels[at] as number;
    if (!chosen.has(at) && (inLevel.get(level) ?? 0) - (taken.get(level) ?? 0) === 1) chosen.add(at);
  }
  return chosen;

  function compareWeight(a: number, b: number): number {
    const [left, right] = [nodes[a]?.amount, nodes[b]?.amount];
    if (left && right) return compareDecimal(right, left);
    return (degrees[b] as number) - (degrees[a] as number);
  }
}

/** Draws the nodes that were not chosen as one per column, and adds up the edges that fall together. */
function together(
  nodes: readonly Weighed[],
  edges: readonly DrawnEdge[],
  levels: readonly number[],
  chosen: ReadonlySet<number>,
): Pick<DrawnGraph, 'nodes' | 'edges' | 'together'> {
  const drawn: DrawnNode[] = [];
  const placeOf = new Int32Array(nodes.length);
  const others = new Map<number, number[]>();
  nodes.forEach((node, at) => {
    const level = levels[at] as number;
    if (chosen.has(at)) placeOf[at] = drawn.push({ ...node, level, members: 1 }) - 1;
    else if (others.has(level)) others.get(level)?.push(at);
    else others.set(level, [at]);
  });
  for (const [level, members] of [...others].sort(([a], [b]) => a - b)) {
    const amounts = members.map((at) => (nodes[at] as Weighed).amount);
    const amount = amounts.reduce<Decimal | null>(
      (sum, each) => (sum && each ? addDecimal(sum, each) : null),
      zero,
    );
    const name = `${members.length} others`;
    const place =
      drawn.push({ id: `\u0000${level}`, name, type: 'other', amount, level, members: members.length }) - 1;
    for (const at of members) placeOf[at] = place;
  }
  const sums = new Map<number, DrawnEdge>();
  for (const { from, to, amount } of edges) {
    const ends = { from: placeOf[from] as number, to: placeOf[to] as number };
    const key = ends.from * drawn.length + ends.to;
    const before = sums.get(key)?.amount ?? zero;
    sums.set(key, { ...ends, amount: amount && addDecimal(before, amount) });
  }
  return { nodes: drawn, edges: [...sums.values()], together: nodes.length - chosen.size };
}
