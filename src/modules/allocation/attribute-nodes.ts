import type { ColumnOut } from '../../platform/warehouse/index.ts';
import { rowFinding } from './attribute-findings.ts';
import type { CellNode } from './attribution-cells-sql.ts';
import {
  type AttributionRule,
  type GraphDocument,
  type GraphFinding,
  type GraphNode,
  reservedNodes,
} from './model.ts';

/** The node of rows that no rule took. */
const unattributedNode = reservedNodes[0];
/** The type of the nodes that every run has by itself. */
const reservedNodeType = 'shared';

/** A node that cost rows reached, with one of the rules and applications that lead there. */
export interface NodeUse {
  readonly node: string;
  /** Index of the rule. */
  readonly rule: number;
  readonly application: string | null;
}

/** Rows of `madeNodes` as plain values, in their order. */
export function nodeUses([nodes = [], rules = [], applications = []]: readonly ColumnOut[]): NodeUse[] {
  return Array.from({ length: nodes.length }, (_, i) => {
    const application = applications[i] ?? null;
    return {
      node: String(nodes[i]),
      rule: Number(rules[i]),
      application: application === null ? null : String(application),
    };
  });
}

/** Every node that rows reached, as the cells name it; those that are not in the document; and what was met. */
export interface ResolvedNodes {
  readonly cells: readonly CellNode[];
  readonly made: readonly GraphNode[];
  /** Nodes of the document that are archived. */
  readonly archived: readonly string[];
  readonly findings: readonly GraphFinding[];
}

/**
 * Finds the nodes of the document and makes the others. `uses` is sorted by node and rule. A node of the document keeps its
 * type and application; one that is made has those of the first rule that made it, and no application where that rule gives it
 * several.
 */
export function resolveNodes(
  { nodes, rules }: Pick<GraphDocument, 'nodes' | 'rules'>,
  uses: readonly NodeUse[],
): ResolvedNodes {
  const declared = new Map(nodes.map((node) => [node.id, node]));
  const cells: CellNode[] = [{ id: unattributedNode, type: reservedNodeType, application: undefined }];
  const made: GraphNode[] = [];
  const archived: string[] = [];
  const findings: GraphFinding[] = [];
  for (const group of groupsOf(uses)) {
    const [{ node: id } = { node: '' }] = group;
    const known = declared.get(id);
    const node = known ?? makeNode(id, group, rules, findings);
    if (!known) made.push(node);
    if (known?.archived) archived.push(id);
    cells.push({ id, type: node.type, application: node.application });
  }
  return { cells, made, archived, findings };
}

function* groupsOf(uses: readonly NodeUse[]): Generator<readonly NodeUse[]> {
  let from = 0;
  for (let i = 1; i <= uses.length; i++) {
    if (i < uses.length && uses[i]?.node === uses[from]?.node) continue;
    if (i > from) yield uses.slice(from, i);
    from = i;
  }
}

function makeNode(
  id: string,
  uses: readonly NodeUse[],
  rules: readonly AttributionRule[],
  findings: GraphFinding[],
): GraphNode {
  const makers = [...new Set(uses.map(({ rule }) => rule))].flatMap((index) => rules[index] ?? []);
  const [first] = makers;
  const type = first?.type ?? 'service';
  const others = makers.filter((rule) => rule.type !== type);
  if (first && others.length > 0) {
    const named = [first, ...others].map((rule) => rule.id);
    findings.push(rowFinding('nodeTypesDiffer', `nodes/${id}`, { node: id, type, rules: named }));
  }
  const given = uses.filter(({ rule }) => rule === uses[0]?.rule).map(({ application }) => application);
  const applications = given.filter((application) => application !== null);
  if (first && applications.length > 1) {
    const params = { node: id, rule: first.id, applications };
    findings.push(rowFinding('nodeApplicationsDiffer', `nodes/${id}`, params));
  }
  const [application] = applications.length === 1 ? applications : [];
  return { id, type, labels: {}, archived: false, ...(application === undefined ? {} : { application }) };
}
