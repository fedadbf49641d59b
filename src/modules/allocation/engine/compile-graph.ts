import {
  edgeIdOf,
  type GraphDocument,
  type GraphEdge,
  type GraphFinding,
  type GraphNode,
  nodeTypes,
  reservedNodes,
  type SiblingGroup,
} from '../model.ts';
import { checkRules } from './check-rules.ts';
import { compareText } from './compare-text.ts';
import { compileRules, type SortedEdges } from './compile-rules.ts';
import { engineFinding } from './findings.ts';
import type { CompiledCycles, CompiledGraph, CompiledGroup, DriverKey } from './types.ts';

/** What is compiled: a document, what the run adds to it, and where it is needed. */
export interface GraphInput {
  readonly document: GraphDocument;
  /** Nodes that rules made in this run; the document's own of the same id wins. */
  readonly nodes: readonly GraphNode[];
  /** The days to be allocated, ascending: `2026-10-01`. */
  readonly days: readonly string[];
  /** The dimensions of the run's lanes. */
  readonly dimensions: readonly string[];
}

/**
 * Numbers a graph for the engine. The order of nodes, edges and groups in the document changes nothing. Edges whose ends do
 * not exist or are archived are never live. What cannot be computed at all (fixed percentages over 100, say) is an `error`
 * among `findings`; a document that passed `validateGraph` has none.
 */
export function compileGraph({ document, nodes, days, dimensions }: GraphInput): CompiledGraph {
  const known = nodesById(document.nodes, nodes);
  const nodeIds = [...known.keys()].sort(compareText);
  const nodeOf = new Map(nodeIds.map((id, index) => [id, index]));
  const findings: GraphFinding[] = [];
  const sorted = sortEdges(document.edges, { nodeOf, nodeIds, known, days, findings });
  const { rules, drivers } = compileRules(sorted, dimensions);
  const graph = {
    days,
    dimensions,
    nodeIds,
    nodeOf,
    nodeTypes: Uint8Array.from(nodeIds, (id) => nodeTypes.indexOf((known.get(id) as GraphNode).type)),
    unattributed: nodeOf.get('unattributed') as number,
    rounding: nodeOf.get('rounding') as number,
    edgeIds: sorted.edges.map(edgeIdOf),
    ...sorted.arrays,
    drivers,
    ...groupsOf(document.groups, sorted, nodeIds),
    rules,
    cycles: compileCycles(document, nodeOf),
  };
  return { ...graph, findings: [...findings, ...checkRules(graph)] };
}

/**
 * How many days before the first allocated day drivers must reach: for windows, and for `last_known`. A window of 7 days needs 6;
 * with `last_known` of 30 days it needs 36.
 */
export function lookBackDays(document: GraphDocument): number {
  const known = new Map(
    document.groups
      .filter(({ fallback }) => fallback === 'last_known')
      .map((group) => [groupKey(group.node, group.name), group.lastKnownDays]),
  );
  let most = 0;
  for (const edge of document.edges) {
    const rules = [edge, ...Object.values(edge.overrides)];
    const weighed = rules.filter(({ params }) => 'metric' in params);
    if (weighed.length === 0) continue;
    const back = known.get(groupKey(edge.from, edge.group)) ?? 0;
    for (const { params } of weighed) {
      most = Math.max(most, back + ('windowDays' in params ? params.windowDays - 1 : 0));
    }
  }
  return most;
}

/** What a metric is needed for: the drivers that a graph asks for on some days. */
export function driversOf(input: GraphInput): readonly DriverKey[] {
  return compileGraph(input).drivers;
}

function nodesById(
  declared: readonly GraphNode[],
  made: readonly GraphNode[],
): ReadonlyMap<string, GraphNode> {
  const known = new Map<string, GraphNode>();
  for (const id of reservedNodes) known.set(id, { id, type: 'shared', labels: {}, archived: false });
  for (const node of [...made, ...declared]) {
    if (!isReserved(node.id)) known.set(node.id, node);
  }
  return known;
}

function isReserved(id: string): boolean {
  return (reservedNodes as readonly string[]).includes(id);
}

interface Ends {
  readonly nodeOf: ReadonlyMap<string, number>;
  readonly nodeIds: readonly string[];
  readonly known: ReadonlyMap<string, GraphNode>;
  readonly days: readonly string[];
  readonly findings: GraphFinding[];
}

/** Edges between nodes that exist, in the engine's order. */
function sortEdges(edges: readonly GraphEdge[], ends: Ends): SortedEdges {
  const { nodeOf, nodeIds, known, days } = ends;
  const usable = edges.filter((edge) => hasEnds(edge, ends));
  reportMissing(edges, ends);
  for (const { from, to } of usable) {
    if (from !== to) continue;
    const problem = `The node '${from}' passes cost to itself.`;
    ends.findings.push(engineFinding('notComputable', `nodes/${from}`, { problem }));
  }
  const names = [...new Set(usable.map(({ group }) => group))].sort(compareText);
  const rankOf = new Map(names.map((name, index) => [name, index]));
  const from = Int32Array.from(usable, (edge) => nodeOf.get(edge.from) as number);
  const to = Int32Array.from(usable, (edge) => nodeOf.get(edge.to) as number);
  const rank = Int32Array.from(usable, ({ group }) => rankOf.get(group) as number);
  const order = Uint32Array.from(usable.keys()).sort((a, b) => {
    const byNumber =
      (from[a] as number) - (from[b] as number) ||
      (rank[a] as number) - (rank[b] as number) ||
      (to[a] as number) - (to[b] as number);
    return byNumber || compareText(edgeIdOf(usable[a] as GraphEdge), edgeIdOf(usable[b] as GraphEdge));
  });
  const sorted = Array.from(order, (index) => usable[index] as GraphEdge);
  const dayAt = dayFinder(days);
  const isArchived = Uint8Array.from(nodeIds, (id) => (known.get(id)?.archived ? 1 : 0));
  const arrays = {
    from: Int32Array.from(order, (index) => from[index] as number),
    to: Int32Array.from(order, (index) => to[index] as number),
    firstOut: countingOffsets(from, nodeIds.length),
    liveFrom: new Int32Array(sorted.length),
    liveTo: new Int32Array(sorted.length),
  };
  for (let e = 0; e < sorted.length; e++) {
    const { validFrom, validTo } = sorted[e] as GraphEdge;
    if (isArchived[arrays.from[e] as number] || isArchived[arrays.to[e] as number]) continue;
    arrays.liveFrom[e] = validFrom === undefined ? 0 : dayAt(validFrom);
    arrays.liveTo[e] = validTo === undefined ? days.length : dayAt(validTo);
  }
  return { edges: sorted, arrays, nodes: nodeIds.length };
}

function hasEnds({ from, to }: GraphEdge, { nodeOf }: Ends): boolean {
  return nodeOf.has(from) && nodeOf.has(to) && !isReserved(from) && !isReserved(to);
}

/** Nodes that only rules make may be absent from a run; the money that would flow to them is shared by the others. */
function reportMissing(edges: readonly GraphEdge[], { nodeOf, findings }: Ends): void {
  const missing = new Map<string, number>();
  for (const edge of edges) {
    for (const id of [edge.from, edge.to]) {
      if (!nodeOf.has(id) || isReserved(id)) missing.set(id, (missing.get(id) ?? 0) + 1);
    }
  }
  for (const [node, count] of missing) {
    findings.push(engineFinding('edgesWithoutNode', `nodes/${node}`, { node, edges: count }));
  }
}

/** The number of the first day of a run that is not before a date; dates repeat, so each is looked up once. */
function dayFinder(days: readonly string[]): (date: string) => number {
  const found = new Map<string, number>();
  return (date) => {
    const known = found.get(date);
    if (known !== undefined) return known;
    const index = days.findIndex((day) => day >= date);
    found.set(date, index < 0 ? days.length : index);
    return found.get(date) as number;
  };
}

/** Where the items of each key begin when sorted by key; one more entry than keys. */
function countingOffsets(keys: Int32Array, count: number): Int32Array {
  const offsets = new Int32Array(count + 1);
  for (const key of keys) offsets[key + 1] = (offsets[key + 1] as number) + 1;
  for (let at = 0; at < count; at++) offsets[at + 1] = (offsets[at + 1] as number) + (offsets[at] as number);
  return offsets;
}

function groupKey(node: string, name: string): string {
  return JSON.stringify([node, name]);
}

const groupDefaults = {
  fallback: 'hold',
  lastKnownDays: 30,
  missing: 'zero',
  residual: 'keep',
  infeasibleFloors: 'refuse',
} as const;

/** Runs of edges with one node and group name; a group that no edge names has nothing to divide. */
function groupsOf(
  described: readonly SiblingGroup[],
  { edges, arrays }: SortedEdges,
  nodeIds: readonly string[],
): Pick<CompiledGraph, 'groups' | 'firstGroup'> {
  const settingsOf = new Map(described.map((group) => [groupKey(group.node, group.name), group]));
  const groups: CompiledGroup[] = [];
  const firstGroup = new Int32Array(nodeIds.length + 1);
  for (let node = 0; node < nodeIds.length; node++) {
    firstGroup[node] = groups.length;
    const end = arrays.firstOut[node + 1] as number;
    let firstEdge = arrays.firstOut[node] as number;
    while (firstEdge < end) {
      const { from, group: name } = edges[firstEdge] as GraphEdge;
      let endEdge = firstEdge + 1;
      while (endEdge < end && (edges[endEdge] as GraphEdge).group === name) endEdge++;
      const settings = settingsOf.get(groupKey(from, name)) ?? { node: from, name, ...groupDefaults };
      groups.push({ node, settings, firstEdge, endEdge });
      firstEdge = endEdge;
    }
  }
  firstGroup[nodeIds.length] = groups.length;
  return { groups, firstGroup };
}

function compileCycles({ method }: GraphDocument, nodeOf: ReadonlyMap<string, number>): CompiledCycles {
  const numbers = (ids: readonly string[]) =>
    ids.map((id) => nodeOf.get(id)).filter((node) => node !== undefined);
  const { mode, order, components } = method.cycles;
  return {
    mode,
    order: numbers(order),
    components: components.flatMap(({ node, ...rest }) => {
      const number = nodeOf.get(node);
      return number === undefined ? [] : [{ node: number, mode: rest.mode, order: numbers(rest.order) }];
    }),
  };
}
