import {
  type AttributionRule,
  type GraphFinding,
  type GraphNode,
  nodeIdSchema,
  reservedNodes,
} from './model.ts';
import type { TemplatePart } from './templates.ts';
import { validateCondition, validateDimension, validateTemplate } from './validate-columns.ts';
import { finding } from './validate-findings.ts';
import type { GraphIndex, RuleTarget } from './validate-index.ts';

/** Reads the templates of the rules; those that cannot be read are findings of `validateRules`. */
export function ruleTargets(rules: readonly AttributionRule[]): RuleTarget[] {
  return rules.flatMap((rule) => {
    const { parts } = validateTemplate(rule.node, '');
    if (!parts) return [];
    const pattern = new RegExp(`^${parts.map(patternOf).join('')}$`, 'u');
    const [only, ...more] = parts;
    return [{ rule, pattern, ...(typeof only === 'string' && more.length === 0 ? { node: only } : {}) }];
  });
}

function patternOf(part: TemplatePart): string {
  return typeof part === 'string' ? part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') : '[\\s\\S]+';
}

/** What is wrong with rules and method: conditions, templates, columns, the nodes that they make, rules that get no row. */
export function validateRules(index: GraphIndex): GraphFinding[] {
  const { rules, method, metrics } = index.document;
  const { recoverableTax } = method;
  return [
    ...rules.flatMap((rule) => {
      const path = `rules/${rule.id}`;
      return [
        ...(rule.where === undefined ? [] : validateCondition(rule.where, `${path}/where`)),
        ...validateTemplate(rule.node, `${path}/node`).findings,
        ...(rule.application === undefined
          ? []
          : validateTemplate(rule.application, `${path}/application`).findings),
      ];
    }),
    ...index.targets.flatMap((target) => targetFindings(index, target)),
    ...unreachable(rules),
    ...metrics.flatMap((metric) => {
      if (metric.from === 'usage') return [];
      const path = `metrics/${metric.id}`;
      return [
        ...(metric.where === undefined ? [] : validateCondition(metric.where, `${path}/where`)),
        ...(metric.node === undefined ? [] : validateTemplate(metric.node, `${path}/node`).findings),
      ];
    }),
    ...validateDimension(method.dimension, 'method/dimension'),
    ...(recoverableTax === 'all' || recoverableTax === 'none'
      ? []
      : validateCondition(recoverableTax, 'method/recoverableTax')),
  ];
}

function targetFindings(index: GraphIndex, { rule, node, pattern }: RuleTarget): GraphFinding[] {
  const path = `rules/${rule.id}/node`;
  if (node === undefined) {
    return reservedNodes
      .filter((reserved) => pattern.test(reserved))
      .map((reserved) => finding('maybeReservedNode', path, { template: rule.node, node: reserved }));
  }
  if (reservedNodes.some((reserved) => reserved === node)) return [finding('reservedNode', path, { node })];
  const id = nodeIdSchema.safeParse(node);
  if (!id.success) {
    const problem = id.error.issues.map(({ message }) => message).join('; ');
    return [finding('invalidNodeId', path, { template: rule.node, problem })];
  }
  const number = index.nodeOf.get(node);
  const isArchived = number !== undefined && (index.nodes[number] as GraphNode).archived;
  return isArchived ? [finding('archivedRuleNode', path, { node, rule: rule.id })] : [];
}

/**
 * Rules after one that takes every row that gets to them: one without a condition, whose templates have no column (a row with an
 * empty column does not fit); or one with the same condition.
 */
function unreachable(rules: readonly AttributionRule[]): GraphFinding[] {
  const takers = new Map<string, string>();
  let takesAll: string | undefined;
  const findings: GraphFinding[] = [];
  for (const { id, where, node, application } of rules) {
    const condition = JSON.stringify(where);
    const earlier = takesAll ?? (condition === undefined ? undefined : takers.get(condition));
    if (earlier !== undefined) {
      findings.push(finding('unreachableRule', `rules/${id}`, { rule: id, earlier }));
      continue;
    }
    const isFixed = [node, application ?? ''].every((template) => !/[{}]/.test(template));
    if (!isFixed) continue;
    if (condition === undefined) takesAll = id;
    else takers.set(condition, id);
  }
  return findings;
}
