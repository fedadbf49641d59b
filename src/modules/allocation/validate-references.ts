import { edgeIdOf, type GraphDocument, type GraphEdge, type GraphFinding, type GraphNode } from './model.ts';
import { finding } from './validate-findings.ts';
import { dayText, type GraphIndex, makerFinder } from './validate-index.ts';
import { nameOffer } from './validate-names.ts';
import { groupPath } from './validate-shares.ts';

/** Everything that names a node: it must exist, and should not be archived. */
export function validateReferences(index: GraphIndex): GraphFinding[] {
  const { document, nodes, nodeOf } = index;
  const offer = nameOffer(document.nodes.map(({ id }) => id));
  const findings: GraphFinding[] = [];
  const check = (node: string, path: string) => {
    const number = nodeOf.get(node);
    if (number === undefined) findings.push(finding('missingNode', path, { node, nearest: offer(node) }));
    else if ((nodes[number] as GraphNode).archived) findings.push(finding('archivedNode', path, { node }));
  };
  const { edges, groups, method } = document;
  for (let e = 0; e < edges.length; e++) {
    const from = index.from[e] as number;
    const to = index.to[e] as number;
    if (from >= 0 && to >= 0 && !(nodes[from] as GraphNode).archived && !(nodes[to] as GraphNode).archived)
      continue;
    const edge = edges[e] as GraphEdge;
    const path = `edges/${edgeIdOf(edge)}`;
    check(edge.from, `${path}/from`);
    if (edge.to !== edge.from) check(edge.to, `${path}/to`);
  }
  for (const { node, name } of groups) check(node, groupPath(node, name));
  const { order, components } = method.cycles;
  for (const node of order) check(node, `method/cycles/order/${node}`);
  for (const { node, order: own } of components) {
    check(node, `method/cycles/components/${node}`);
    for (const next of own) check(next, `method/cycles/components/${node}/order/${next}`);
  }
  return [...findings, ...undeclared(index), ...validateGroups(index)];
}

/** Nodes that edges name and only a rule makes: a template makes whatever a tag says, also what nobody meant. */
function undeclared({ document, nodes, targets }: GraphIndex): GraphFinding[] {
  const makerOf = makerFinder(targets);
  return nodes.slice(document.nodes.length).flatMap(({ id: node }) => {
    const maker = makerOf(node);
    if (!maker) return [];
    const { rule } = maker;
    const code = maker.node === undefined ? 'undeclaredNode' : 'nodeOfRule';
    return [finding(code, `nodes/${node}`, { node, rule: rule.id })];
  });
}

/** Groups that no edge is in, and residuals that go to none of a group's receivers. */
function validateGroups({ document, nodes, nodeOf }: GraphIndex): GraphFinding[] {
  const key = (node: string, name: string) => `${node}\u0000${name}`;
  const described = new Set(document.groups.map(({ node, name }) => key(node, name)));
  const receivers = new Map<string, Set<string>>();
  for (const { from, to, group } of described.size === 0 ? [] : document.edges) {
    const own = key(from, group);
    if (described.has(own)) receivers.set(own, (receivers.get(own) ?? new Set()).add(to));
  }
  return document.groups.flatMap(({ node, name: group, residual }) => {
    const path = groupPath(node, group);
    const reached = receivers.get(key(node, group));
    if (!reached) return nodeOf.has(node) ? [finding('unusedGroup', path, { node, group })] : [];
    if (typeof residual === 'string') return [];
    const { to } = residual;
    const number = nodeOf.get(to);
    const isThere = number !== undefined && !(nodes[number] as GraphNode).archived;
    return reached.has(to) && isThere
      ? []
      : [finding('residualReceiver', `${path}/residual/to`, { node, group, to })];
  });
}

/** Edges that are wrong by themselves, or against the grain of the node types. */
export function validateEdges(index: GraphIndex): GraphFinding[] {
  const { document, nodes, from, to, start, end } = index;
  const findings: GraphFinding[] = [];
  for (let e = 0; e < document.edges.length; e++) {
    const edge = document.edges[e] as GraphEdge;
    if (edge.from === edge.to)
      findings.push(finding('selfLoop', `edges/${edgeIdOf(edge)}`, { node: edge.from }));
    if ((start[e] as number) >= (end[e] as number)) {
      const { validFrom = '', validTo = '' } = edge;
      findings.push(finding('emptyValidity', `edges/${edgeIdOf(edge)}/validTo`, { validFrom, validTo }));
    }
    const source = nodes[from[e] as number];
    if (source?.type !== 'product') continue;
    const type = nodes[to[e] as number]?.type;
    if (type === undefined || type === 'product') continue;
    const isUpstream = type === 'infrastructure' || type === 'resource';
    const code = isUpstream ? 'productFeedsInfrastructure' : 'productFeedsService';
    findings.push(finding(code, `edges/${edgeIdOf(edge)}`, { from: edge.from, to: edge.to, type }));
  }
  return findings;
}

/**
 * Edges with one from, to and group that hold on the same day. Half-open: one may begin on the day that is the other's validTo.
 * Each is told against the one before it that lasts longest, so that every edge that overlaps is named.
 */
export function validateValidity(index: GraphIndex): GraphFinding[] {
  const { document, start, end, out, firstOut } = index;
  const findings: GraphFinding[] = [];
  for (let node = 0; node < index.nodes.length; node++) {
    const edges = out.subarray(firstOut[node], firstOut[node + 1]);
    for (const same of parallels(document, index.to, edges)) {
      same.sort((a, b) => (start[a] as number) - (start[b] as number) || a - b);
      let longest = same[0] as number;
      for (const edge of same.slice(1)) {
        const until = Math.min(end[edge] as number, end[longest] as number);
        if ((start[edge] as number) < (end[longest] as number)) {
          const name = edgeIdOf(document.edges[edge] as GraphEdge);
          const other = edgeIdOf(document.edges[longest] as GraphEdge);
          const days = { from: dayText(start[edge] as number), until: dayText(until) };
          findings.push(finding('overlappingValidity', `edges/${name}`, { edge: name, other, ...days }));
        }
        if ((end[edge] as number) > (end[longest] as number)) longest = edge;
      }
    }
  }
  return findings;
}

/** Edges of one node that go to the same node in the same group, where there are several. */
function parallels(document: GraphDocument, to: Int32Array, edges: Int32Array): number[][] {
  if (edges.length < 2) return [];
  const byTarget = new Map<number, number[]>();
  for (const edge of edges) {
    const same = byTarget.get(to[edge] as number);
    if (same) same.push(edge);
    else byTarget.set(to[edge] as number, [edge]);
  }
  if (byTarget.size === edges.length) return [];
  return [...byTarget.values()].flatMap((same) => {
    if (same.length < 2) return [];
    const byGroup = new Map<string, number[]>();
    for (const edge of same) {
      const { group } = document.edges[edge] as GraphEdge;
      const known = byGroup.get(group);
      if (known) known.push(edge);
      else byGroup.set(group, [edge]);
    }
    return [...byGroup.values()];
  });
}
