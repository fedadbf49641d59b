import type { GraphEdge, SiblingGroup } from './model.ts';
import { firstDay, type GraphIndex, lastDay, percentUnits } from './validate-index.ts';
import { componentsOf, digraphOf } from './validate-scc.ts';
import { ruleIn } from './validate-shares.ts';
import type { Budget } from './validate-shortest-cycle.ts';
import { boundsOf } from './validate-sweep.ts';

/** Nodes that pass cost round among themselves on every day of a window, in one dimension. */
export interface Component {
  /** Numbers of nodes, ascending. */
  readonly nodes: readonly number[];
  /** Numbers of the edges between them that are live throughout the window. */
  readonly edges: Int32Array;
  /** Null: every dimension that no edge of theirs switches on or off. */
  readonly dimension: string | null;
  /** The dimensions that were looked at apart here; null, the rest, is the first. */
  readonly dimensions: readonly (string | null)[];
  readonly from: number;
  readonly until: number;
}

export interface Components {
  readonly found: readonly Component[];
  /** Nodes whose dates were too many to look through within the budget. */
  readonly undecided: readonly (readonly number[])[];
}

/**
 * True where an edge can carry cost in a dimension. An edge with fixed 0 %, with a cap of 0 % of which nothing goes elsewhere, or
 * in a group of 0 % never does, so that it closes no circle. `dimension` null stands for every one that has no override.
 */
function carriesCost(edge: GraphEdge, dimension: string | null, group: SiblingGroup | undefined): boolean {
  if (group?.percent !== undefined && percentUnits(group.percent) === 0) return false;
  const rule = ruleIn(edge, dimension);
  if (rule.strategy === 'fixed_percent') return percentUnits(rule.params.percent) > 0;
  const keeps = (group?.residual ?? 'keep') === 'keep';
  return rule.strategy !== 'capped_proportional' || !keeps || percentUnits(rule.params.cap) > 0;
}

/**
 * Finds every component with a circle, with the days and dimensions in which it is one.
 *
 * First all edges are taken together, whatever their dates: where these form no circle there is none. In what remains, time is
 * halved at the bounds of validity until the edges of a component hold throughout a window.
 */
export function findComponents(index: GraphIndex, budget: Budget): Components {
  const found: Component[] = [];
  const undecided: (readonly number[])[] = [];
  const group = componentGrouper(index);
  const everything = { from: firstDay, until: lastDay };
  for (const { nodes, edges } of group(index.out.filter((edge) => carriesSomewhere(index, edge)))) {
    const dimensions = switchingDimensions(index, edges);
    for (const dimension of dimensions) {
      const carrying = edges.filter((edge) => carries(index, edge, dimension));
      const halving = { group, edges: carrying, dimension, dimensions, budget, found, ...everything };
      const isDone = halveDays(index, halving);
      if (!isDone) undecided.push(nodes);
    }
  }
  return { found, undecided };
}

interface Halving {
  readonly group: (edges: Int32Array) => readonly Circling[];
  readonly edges: Int32Array;
  readonly dimension: string | null;
  readonly dimensions: readonly (string | null)[];
  readonly budget: Budget;
  readonly found: Component[];
  readonly from: number;
  readonly until: number;
}

/** False when the budget ended before every window was looked through. */
function halveDays(
  index: GraphIndex,
  { group, dimension, dimensions, budget, found, ...whole }: Halving,
): boolean {
  const { start, end } = index;
  const windows: Pick<Halving, 'edges' | 'from' | 'until'>[] = [whole];
  for (let window = windows.pop(); window; window = windows.pop()) {
    const { from, until } = window;
    const live = window.edges.filter((e) => (start[e] as number) < until && (end[e] as number) > from);
    budget.left -= live.length;
    if (budget.left < 0) return false;
    for (const { nodes, edges } of group(live)) {
      const bounds = boundsOf(index, edges).filter((day) => day > from && day < until);
      if (bounds.length === 0) {
        found.push({ nodes, edges, dimension, dimensions, from, until });
        continue;
      }
      const lasting = isLarge(edges, bounds) ? group(lastingEdges(index, edges, { from, until })) : [];
      for (const each of lasting) found.push({ ...each, dimension, dimensions, from, until });
      if (lasting.length > 0) continue;
      const middle = bounds[bounds.length >> 1] as number;
      windows.push({ edges, from: middle, until }, { edges, from, until: middle });
    }
  }
  return true;
}

/**
 * A component of very many edges and days is not taken apart to the last day: the circles of those of its edges that hold
 * throughout the window are enough to tell, and what else there is shows when these are gone.
 */
function isLarge(edges: Int32Array, bounds: readonly number[]): boolean {
  return edges.length * bounds.length > 1_000_000;
}

function lastingEdges(
  { start, end }: GraphIndex,
  edges: Int32Array,
  { from, until }: { readonly from: number; readonly until: number },
): Int32Array {
  return edges.filter((e) => (start[e] as number) <= from && (end[e] as number) >= until);
}

interface Circling {
  readonly nodes: readonly number[];
  readonly edges: Int32Array;
}

/** Makes a function that gives the components with a circle among some edges, each with its own edges. */
function componentGrouper({ nodes: all, from, to }: GraphIndex): (edges: Int32Array) => Circling[] {
  const none = -1;
  const localOf = new Int32Array(all.length).fill(none);
  return (edges) => {
    const nodes: number[] = [];
    const sources = new Int32Array(edges.length);
    const targets = new Int32Array(edges.length);
    const local = (node: number) => {
      if (localOf[node] === none) localOf[node] = nodes.push(node) - 1;
      return localOf[node] as number;
    };
    for (let at = 0; at < edges.length; at++) {
      sources[at] = local(from[edges[at] as number] as number);
      targets[at] = local(to[edges[at] as number] as number);
    }
    for (const node of nodes) localOf[node] = none;
    const { component, sizes } = componentsOf(digraphOf(nodes.length, sources, targets));
    const circling = new Map<number, { nodes: number[]; edges: number[] }>();
    sizes.forEach((size, at) => {
      if (size > 1) circling.set(at, { nodes: [], edges: [] });
    });
    if (circling.size === 0) return [];
    nodes.forEach((node, at) => {
      circling.get(component[at] as number)?.nodes.push(node);
    });
    for (let at = 0; at < edges.length; at++) {
      const own = component[sources[at] as number] as number;
      if (own === component[targets[at] as number]) circling.get(own)?.edges.push(edges[at] as number);
    }
    return [...circling.values()]
      .map((each) => ({ nodes: each.nodes.sort((a, b) => a - b), edges: Int32Array.from(each.edges) }))
      .sort((a, b) => (a.nodes[0] as number) - (b.nodes[0] as number));
  };
}

function carries(index: GraphIndex, edge: number, dimension: string | null): boolean {
  const declared = index.document.edges[edge] as GraphEdge;
  return carriesCost(declared, dimension, index.groupOf(index.from[edge] as number, declared.group));
}

function carriesSomewhere(index: GraphIndex, edge: number): boolean {
  if (carries(index, edge, null)) return true;
  const { overrides } = index.document.edges[edge] as GraphEdge;
  return Object.keys(overrides).some((dimension) => carries(index, edge, dimension));
}

/** Null, and the dimensions in which an edge carries cost that does not elsewhere, or the other way round. */
function switchingDimensions(index: GraphIndex, edges: Int32Array): readonly (string | null)[] {
  const names = new Set<string>();
  for (const edge of edges) {
    for (const dimension in (index.document.edges[edge] as GraphEdge).overrides) {
      if (carries(index, edge, dimension) !== carries(index, edge, null)) names.add(dimension);
    }
  }
  return [null, ...[...names].sort()];
}
