import type { GraphEdge, GraphFinding } from './model.ts';
import { type Days, finding } from './validate-findings.ts';
import { dayText, type GraphIndex, hundred, nodeName, percentText, percentUnits } from './validate-index.ts';
import { groupPath } from './validate-shares.ts';
import { sweep } from './validate-sweep.ts';

/**
 * Checks how a node's groups divide it, on every day: a group counts on the days on which one of its edges is live. One group
 * may have no percent and takes the rest.
 */
export function validateGroupPercents(index: GraphIndex): GraphFinding[] {
  const findings: GraphFinding[] = [];
  const { document, firstOut, out } = index;
  const isDescribed = new Set(document.groups.map(({ node }) => index.nodeOf.get(node)));
  for (let node = 0; node < index.nodes.length; node++) {
    const edges = out.subarray(firstOut[node] as number, firstOut[node + 1] as number);
    if (edges.length === 0 || (!isDescribed.has(node) && isOneGroup(index, edges))) continue;
    checkNode(index, node, [...edges], findings);
  }
  return findings;
}

function isOneGroup({ document }: GraphIndex, edges: Int32Array): boolean {
  const { group } = document.edges[edges[0] as number] as GraphEdge;
  return edges.every((edge) => (document.edges[edge] as GraphEdge).group === group);
}

interface Found {
  readonly make: (days: Days) => GraphFinding;
  readonly from: number;
  until: number;
}

function checkNode(
  index: GraphIndex,
  node: number,
  edges: readonly number[],
  findings: GraphFinding[],
): void {
  const liveEdges = new Map<string, number>();
  let open = new Map<string, Found>();
  for (const { from, until, added, removed } of sweep(index, edges)) {
    for (const edge of added) tally(liveEdges, groupNameOf(index, edge), 1);
    for (const edge of removed) tally(liveEdges, groupNameOf(index, edge), -1);
    const still = new Map<string, Found>();
    for (const [key, make] of judgeGroups(index, node, [...liveEdges.keys()].sort())) {
      const before = open.get(key);
      if (before) before.until = until;
      still.set(key, before ?? { make, from, until });
      open.delete(key);
    }
    close(open, findings);
    open = still;
  }
  close(open, findings);
}

function close(found: ReadonlyMap<string, Found>, findings: GraphFinding[]): void {
  for (const { make, from, until } of found.values()) {
    findings.push(make({ from: dayText(from), until: dayText(until) }));
  }
}

function groupNameOf({ document }: GraphIndex, edge: number): string {
  return (document.edges[edge] as GraphEdge).group;
}

function tally(counts: Map<string, number>, name: string, by: number): void {
  const sum = (counts.get(name) ?? 0) + by;
  if (sum === 0) counts.delete(name);
  else counts.set(name, sum);
}

/** What live groups ask for together; 60 % and 50 % → `groupPercentsOver100`. Findings that last keep their key. */
function judgeGroups(
  index: GraphIndex,
  node: number,
  names: readonly string[],
): ReadonlyMap<string, (days: Days) => GraphFinding> {
  const found = new Map<string, (days: Days) => GraphFinding>();
  if (names.length === 0) return found;
  const id = nodeName(index, node);
  const percents = names.map((name) => index.groupOf(node, name)?.percent);
  const sum = percents.reduce((total, each) => total + (each === undefined ? 0 : percentUnits(each)), 0);
  const taking = names.filter((_, at) => percents[at] === undefined);
  const giving = names.filter((_, at) => percents[at] !== undefined);
  const [rest] = taking;
  const params = { node: id, sum: percentText(sum) };
  const key = `${params.sum} ${JSON.stringify(names)}`;
  if (sum > hundred) {
    const groups = giving;
    found.set(`over ${key}`, (days) =>
      finding('groupPercentsOver100', `groups/${id}`, { ...params, groups, ...days }),
    );
  }
  if (taking.length > 1) {
    found.set(`several ${key}`, (days) =>
      finding('groupsWithoutPercent', `groups/${id}`, { node: id, groups: taking, ...days }),
    );
  } else if (rest !== undefined && sum === hundred) {
    found.set(`nothing ${key}`, (days) =>
      finding('groupGetsNothing', groupPath(id, rest), { node: id, group: rest, ...days }),
    );
  } else if (rest === undefined && sum < hundred) {
    const retained = percentText(hundred - sum);
    found.set(`below ${key}`, (days) =>
      finding('groupPercentsBelow100', `groups/${id}`, { ...params, groups: giving, retained, ...days }),
    );
  }
  return found;
}
