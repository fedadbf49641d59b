import type { GraphFinding, GraphNode, NodeType } from './model.ts';
import { finding } from './validate-findings.ts';
import { type GraphIndex, makerFinder } from './validate-index.ts';
import { nameOffer } from './validate-names.ts';

/** Nodes that are there to pass cost on. */
const passing: readonly NodeType[] = ['platform', 'infrastructure', 'shared'];

/** Nodes that nothing reaches, nodes that keep what they should pass on, and a graph without products. */
export function validateNodes(index: GraphIndex): GraphFinding[] {
  const { document, nodeOf, from, to } = index;
  const touched = new Uint8Array(index.nodes.length);
  for (let e = 0; e < document.edges.length; e++) {
    if ((from[e] as number) >= 0) touched[from[e] as number] = 1;
    if ((to[e] as number) >= 0) touched[to[e] as number] = 1;
  }
  const makerOf = makerFinder(index.targets);
  const findings: GraphFinding[] = [];
  document.nodes.forEach(({ id, type, archived }, n) => {
    if (archived || nodeOf.get(id) !== n) return;
    if (touched[n] === 0 && !makerOf(id)) findings.push(finding('isolatedNode', `nodes/${id}`, { node: id }));
    const leaves = (index.firstOut[n + 1] as number) - (index.firstOut[n] as number);
    if (passing.includes(type) && leaves === 0)
      findings.push(finding('noWayOut', `nodes/${id}`, { node: id, type }));
  });
  const hasProduct =
    document.nodes.some(({ type, archived }) => type === 'product' && !archived) ||
    document.rules.some(({ type }) => type === 'product');
  return hasProduct ? findings : [...findings, finding('noProduct', 'nodes', undefined)];
}

/** Applications that the organization does not have: of nodes, and of rules that name one without a column. */
export function validateApplications(
  { document }: GraphIndex,
  applications: ReadonlySet<string>,
): GraphFinding[] {
  const offer = nameOffer([...applications]);
  const check = (application: string | undefined, path: string) =>
    application === undefined || applications.has(application)
      ? []
      : [finding('unknownApplication', path, { application, nearest: offer(application) })];
  return [
    ...document.nodes.flatMap(({ id, application, archived }: GraphNode) =>
      archived ? [] : check(application, `nodes/${id}/application`),
    ),
    ...document.rules.flatMap(({ id, application }) =>
      application !== undefined && /[{}]/.test(application)
        ? []
        : check(application, `rules/${id}/application`),
    ),
  ];
}
