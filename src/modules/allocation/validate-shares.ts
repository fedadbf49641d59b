import type { GraphEdge, GraphFinding, ShareRule, StrategyName } from './model.ts';
import { finding, type InDimensions, type NamedShare } from './validate-findings.ts';
import { dayText, edgeName, type GraphIndex, nodeName } from './validate-index.ts';
import { sweep } from './validate-sweep.ts';
import { count, emptyTotals, judge, type Verdict } from './validate-totals.ts';

const listedAtMost = 50;

/**
 * Checks what the edges of every sibling group ask for, in every dimension and on every day. Edges come and go at the bounds of
 * their validity; between two bounds nothing changes, so one look per interval finds every day on which something is wrong.
 */
export function validateShares(index: GraphIndex): GraphFinding[] {
  const findings: GraphFinding[] = [];
  const { firstOut, out } = index;
  for (let node = 0; node < index.nodes.length; node++) {
    const first = firstOut[node] as number;
    const end = firstOut[node + 1] as number;
    if (first === end) continue;
    for (const [name, edges] of siblings(index, out.subarray(first, end))) {
      checkGroup(index, { node, name, edges }, findings);
    }
  }
  return findings;
}

/** The live edges of one node, by the name of their group, in the order of the document. */
export function siblings(
  { document }: GraphIndex,
  edges: Int32Array,
): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const edge of edges) {
    const { group } = document.edges[edge] as GraphEdge;
    const known = groups.get(group);
    if (known) known.push(edge);
    else groups.set(group, [edge]);
  }
  return groups;
}

interface Siblings {
  readonly node: number;
  readonly name: string;
  readonly edges: readonly number[];
}

/** Something found from `from` until `until` in one dimension; null stands for every dimension that no edge names. */
interface Found {
  readonly verdict: Verdict;
  /** The first fifty of the edges that it speaks of, and how many they are. */
  readonly edges: readonly number[];
  readonly count: number;
  readonly from: number;
  until: number;
  readonly dimensions: (string | null)[];
}

function checkGroup(index: GraphIndex, group: Siblings, findings: GraphFinding[]): void {
  const dimensions = dimensionsOf(index, group.edges);
  const found = new Map<string, Found>();
  for (const dimension of dimensions) {
    for (const each of judgeDays(index, group, dimension)) {
      const key = `${each.from} ${each.until} ${verdictKey(each)} ${percentsKey(index, each, dimensions)}`;
      const known = found.get(key);
      if (known) known.dimensions.push(dimension);
      else found.set(key, each);
    }
  }
  for (const each of found.values()) findings.push(groupFinding(index, group, each, dimensions));
}

/** Dimensions that an edge of the group treats apart; null, the others, comes first. */
function dimensionsOf({ document }: GraphIndex, edges: readonly number[]): readonly (string | null)[] {
  const names = new Set<string>();
  for (const edge of edges) {
    for (const name in (document.edges[edge] as GraphEdge).overrides) names.add(name);
  }
  return names.size === 0 ? [null] : [null, ...[...names].sort()];
}

/** How an edge shares in a dimension. */
export function ruleIn(edge: GraphEdge, dimension: string | null): ShareRule {
  return dimension !== null && Object.hasOwn(edge.overrides, dimension)
    ? (edge.overrides[dimension] as ShareRule)
    : edge;
}

function judgeDays(index: GraphIndex, { node, name, edges }: Siblings, dimension: string | null): Found[] {
  const settings = index.groupOf(node, name);
  const totals = emptyTotals();
  const live: LiveShares = new Map();
  const done: Found[] = [];
  let open = new Map<string, Found>();
  for (const { from, until, added, removed, live: all } of sweep(index, edges)) {
    for (const edge of added) {
      const rule = ruleIn(index.document.edges[edge] as GraphEdge, dimension);
      count(totals, rule, 1);
      live.set(rule.strategy, (live.get(rule.strategy) ?? new Set()).add(edge));
    }
    for (const edge of removed) {
      const rule = ruleIn(index.document.edges[edge] as GraphEdge, dimension);
      count(totals, rule, -1);
      live.get(rule.strategy)?.delete(edge);
    }
    const still = new Map<string, Found>();
    for (const verdict of all.size === 0 ? [] : judge(totals, settings)) {
      const each: Found = { verdict, ...edgesOf(live, verdict.about), from, until, dimensions: [dimension] };
      const key = verdictKey(each);
      const before = open.get(key);
      if (before) before.until = until;
      else done.push(each);
      still.set(key, before ?? each);
    }
    open = still;
  }
  return done;
}

type LiveShares = Map<StrategyName, Set<number>>;

/** The edges of some strategies; no more than fifty, so that a hub of thousands stays quick on each of its days. */
function edgesOf(live: LiveShares, about: readonly StrategyName[]): Pick<Found, 'edges' | 'count'> {
  const edges: number[] = [];
  let all = 0;
  for (const strategy of about) {
    const shares = live.get(strategy);
    all += shares?.size ?? 0;
    for (const edge of shares ?? []) {
      if (edges.length === listedAtMost) break;
      edges.push(edge);
    }
  }
  return { edges, count: all };
}

function nameShare(index: GraphIndex, edge: number, dimension: string | null): NamedShare {
  const rule = ruleIn(index.document.edges[edge] as GraphEdge, dimension);
  return { edge: edgeName(index, edge), ...percentOf(rule) };
}

function percentOf({ params }: ShareRule): { readonly percent?: string } {
  if ('percent' in params) return params.percent === undefined ? {} : { percent: params.percent };
  if ('floorPercent' in params) return { percent: params.floorPercent };
  if ('cap' in params && params.cap !== undefined) return { percent: params.cap };
  return {};
}

/** What makes the findings of neighbouring days one. */
function verdictKey({ verdict, edges, count: all }: Found): string {
  return `${verdict.code} ${JSON.stringify(verdict.params)} ${all} ${edges.join(' ')}`;
}

/** 70 and 50 in one dimension are not 60 and 60 in another. */
function percentsKey(
  index: GraphIndex,
  { edges, dimensions }: Found,
  all: readonly (string | null)[],
): string {
  if (all.length === 1) return '';
  return edges.map((edge) => nameShare(index, edge, dimensions[0] ?? null).percent).join(' ');
}

function groupFinding(
  index: GraphIndex,
  { node, name }: Siblings,
  { verdict, edges, count: ofEdges, from, until, dimensions }: Found,
  all: readonly (string | null)[],
): GraphFinding {
  const id = nodeName(index, node);
  // Each code of `judge` has the parameters of a group; those of its own are in the verdict.
  return finding(verdict.code as 'fixedOver100', groupPath(id, name), {
    node: id,
    group: name,
    ...(verdict.params as { readonly sum: string }),
    edges: edges.map((edge) => nameShare(index, edge, dimensions[0] ?? null)),
    count: ofEdges,
    ...inDimensions(dimensions, all),
    from: dayText(from),
    until: dayText(until),
  });
}

/** Where a group stands in a finding: `groups/a/shared`; the one without a name is `groups/a`. */
export function groupPath(node: string, name: string): string {
  return name === '' ? `groups/${node}` : `groups/${node}/${name}`;
}

/**
 * Names the dimensions of a finding. `all` are those that were looked at apart, null for the rest of them: found in null and
 * `A` of null, `A` and `B` is "every dimension but B".
 */
export function inDimensions(
  found: readonly (string | null)[],
  all: readonly (string | null)[],
): InDimensions {
  const isNamed = (name: string | null): name is string => name !== null;
  if (!found.includes(null)) return { dimensions: found.filter(isNamed), except: [] };
  return { dimensions: null, except: all.filter(isNamed).filter((name) => !found.includes(name)) };
}
