import {
  type AttributionRule,
  edgeIdOf,
  type GraphDocument,
  type GraphEdge,
  type GraphNode,
  type SiblingGroup,
} from './model.ts';

/** Before every day, and after every day. */
export const firstDay = -(2 ** 31);
export const lastDay = 2 ** 31 - 1;

/** What a rule's template makes: `node` where it has no column, and the pattern of all ids that it can make. */
export interface RuleTarget {
  readonly rule: AttributionRule;
  readonly node?: string;
  readonly pattern: RegExp;
}

/**
 * A document as arrays, so that checks walk a million edges by number. Nodes and edges are numbered in the document's order; of
 * nodes with one id the first counts. After the declared nodes come those that edges name and only a rule makes.
 */
export interface GraphIndex {
  readonly document: GraphDocument;
  readonly nodes: readonly GraphNode[];
  readonly targets: readonly RuleTarget[];
  readonly nodeOf: ReadonlyMap<string, number>;
  /** Per edge: the numbers of its ends, −1 for a node that does not exist. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Per edge: days since 1970-01-01, half-open; `firstDay` and `lastDay` where it has no bound. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** 1 for an edge that carries cost on some day: its ends exist, differ and are not archived, and it holds on some day. */
  readonly live: Uint8Array;
  /** Live edges by their `from`: those of node n are `out[firstOut[n]] … out[firstOut[n + 1] - 1]`, in document order. */
  readonly firstOut: Int32Array;
  readonly out: Int32Array;
  readonly groupOf: (node: number, name: string) => SiblingGroup | undefined;
}

/** Numbers a document once for all checks. `targets`: what its rules make. */
export function indexGraph(document: GraphDocument, targets: readonly RuleTarget[]): GraphIndex {
  const { edges } = document;
  const nodeOf = new Map<string, number>();
  for (let n = document.nodes.length - 1; n >= 0; n--) nodeOf.set((document.nodes[n] as GraphNode).id, n);
  const nodes = [...document.nodes, ...madeNodes(document, targets, nodeOf)];
  nodes.slice(document.nodes.length).forEach(({ id }, at) => void nodeOf.set(id, document.nodes.length + at));
  const from = new Int32Array(edges.length);
  const to = new Int32Array(edges.length);
  const start = new Int32Array(edges.length);
  const end = new Int32Array(edges.length);
  const live = new Uint8Array(edges.length);
  const dayOf = dayReader();
  for (let e = 0; e < edges.length; e++) {
    const edge = edges[e] as GraphEdge;
    const source = nodeOf.get(edge.from) ?? -1;
    const target = nodeOf.get(edge.to) ?? -1;
    from[e] = source;
    to[e] = target;
    start[e] = edge.validFrom === undefined ? firstDay : dayOf(edge.validFrom);
    end[e] = edge.validTo === undefined ? lastDay : dayOf(edge.validTo);
    const isLive =
      source >= 0 &&
      target >= 0 &&
      source !== target &&
      !(nodes[source] as GraphNode).archived &&
      !(nodes[target] as GraphNode).archived &&
      (start[e] as number) < (end[e] as number);
    live[e] = isLive ? 1 : 0;
  }
  return {
    document,
    nodes,
    targets,
    nodeOf,
    from,
    to,
    start,
    end,
    live,
    ...outEdges(nodes.length, from, live),
    groupOf: groupFinder(document, nodeOf),
  };
}

/** Nodes that an edge names, that are not declared, and that a rule can make; each as the first such rule makes it. */
function madeNodes(
  { edges }: GraphDocument,
  targets: readonly RuleTarget[],
  declared: ReadonlyMap<string, number>,
): GraphNode[] {
  const named = new Set<string>();
  for (const { from, to } of targets.length === 0 ? [] : edges) {
    if (!declared.has(from)) named.add(from);
    if (!declared.has(to)) named.add(to);
  }
  const makerOf = makerFinder(targets);
  return [...named].flatMap((id) => {
    const type = makerOf(id)?.rule.type;
    return type === undefined ? [] : [{ id, type, labels: {}, archived: false }];
  });
}

/** Finds the first rule that can make a node: one that names it, else one whose template fits. Equal templates are asked once. */
export function makerFinder(targets: readonly RuleTarget[]): (id: string) => RuleTarget | undefined {
  const named = new Map<string, RuleTarget>();
  const templates = new Map<string, RuleTarget>();
  for (const target of targets) {
    const known = target.node === undefined ? templates : named;
    if (!known.has(target.rule.node)) known.set(target.rule.node, target);
  }
  const open = [...templates.values()];
  return (id) => named.get(id) ?? open.find(({ pattern }) => pattern.test(id));
}

/** Edges in the order of their `from`: a counting sort, which keeps the document's order among equals. */
function outEdges(nodes: number, from: Int32Array, live: Uint8Array): Pick<GraphIndex, 'firstOut' | 'out'> {
  const firstOut = new Int32Array(nodes + 1);
  for (let e = 0; e < from.length; e++) {
    if (live[e] === 1) firstOut[(from[e] as number) + 1] = (firstOut[(from[e] as number) + 1] as number) + 1;
  }
  for (let n = 0; n < nodes; n++) firstOut[n + 1] = (firstOut[n + 1] as number) + (firstOut[n] as number);
  const next = firstOut.slice();
  const out = new Int32Array(firstOut[nodes] as number);
  for (let e = 0; e < from.length; e++) {
    if (live[e] !== 1) continue;
    const n = from[e] as number;
    out[next[n] as number] = e;
    next[n] = (next[n] as number) + 1;
  }
  return { firstOut, out };
}

function groupFinder(
  { groups }: GraphDocument,
  nodeOf: ReadonlyMap<string, number>,
): (node: number, name: string) => SiblingGroup | undefined {
  const byNode = new Map<number, Map<string, SiblingGroup>>();
  for (const group of groups) {
    const node = nodeOf.get(group.node);
    if (node === undefined) continue;
    const named = byNode.get(node) ?? new Map<string, SiblingGroup>();
    if (!named.has(group.name)) named.set(group.name, group);
    byNode.set(node, named);
  }
  return (node, name) => byNode.get(node)?.get(name);
}

/** Reads days; the few different ones of a large graph are parsed once. */
function dayReader(): (day: string) => number {
  const known = new Map<string, number>();
  return (day) => {
    const found = known.get(day) ?? Date.parse(day) / 86_400_000;
    known.set(day, found);
    return found;
  };
}

/** A day's number as people write it; null for one of the two ends of time. */
export function dayText(day: number): string | null {
  if (day === firstDay || day === lastDay) return null;
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/** The id of an edge by its number. */
export function edgeName({ document }: GraphIndex, edge: number): string {
  return edgeIdOf(document.edges[edge] as GraphEdge);
}

/** The id of a node by its number. */
export function nodeName({ nodes }: GraphIndex, node: number): string {
  return (nodes[node] as GraphNode).id;
}

/** A percentage in ten-thousandths of a percent, exact: `'33.3333'` → 333,333; 100 % is 1,000,000. */
export function percentUnits(percent: string): number {
  const [whole = '', fraction = ''] = percent.split('.');
  return Number(whole) * 10_000 + Number(fraction.slice(0, 4).padEnd(4, '0'));
}

/** 100 % in `percentUnits`. */
export const hundred = 1_000_000;

/** `percentUnits` as people write it: 333,333 → `33.3333`, 1,200,000 → `120`. */
export function percentText(units: number): string {
  const whole = Math.floor(units / 10_000);
  const fraction = String(units % 10_000)
    .padStart(4, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(whole) : `${whole}.${fraction}`;
}
