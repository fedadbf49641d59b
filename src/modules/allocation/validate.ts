import type { GraphDocument, GraphFinding } from './model.ts';
import { validateCycles } from './validate-cycles.ts';
import { validateGroupPercents } from './validate-group-percents.ts';
import { indexGraph } from './validate-index.ts';
import { validateMetrics } from './validate-metrics.ts';
import { validateNames } from './validate-names.ts';
import { validateApplications, validateNodes } from './validate-nodes.ts';
import { validateEdges, validateReferences, validateValidity } from './validate-references.ts';
import { ruleTargets, validateRules } from './validate-rules.ts';
import { validateShares } from './validate-shares.ts';

/** What is known around a graph. Without it, what would need it is not checked. */
export interface ValidationContext {
  /** Ids of the organization's applications. */
  readonly applications?: ReadonlySet<string>;
}

/**
 * Everything that can be said of a graph without a bill: all findings at once, errors first, then warnings, then notes, each in
 * the order of the document. An `error` prevents publishing; a graph without errors can be run on any day.
 *
 * Nodes a → b → a: one finding `allocation.cycle` at `edges/a -> b`. Fixed 70 % and 50 % out of a, both from January on:
 * `allocation.fixedOver100` at `groups/a`, sum `120`. A graph of 100,000 nodes and 1,000,000 edges takes a few seconds.
 */
export function validateGraph(document: GraphDocument, context: ValidationContext = {}): GraphFinding[] {
  const index = indexGraph(document, ruleTargets(document.rules));
  const findings = [
    ...validateNames(document),
    ...validateReferences(index),
    ...validateEdges(index),
    ...validateValidity(index),
    ...validateCycles(index),
    ...validateGroupPercents(index),
    ...validateShares(index),
    ...validateNodes(index),
    ...validateMetrics(document),
    ...validateRules(index),
    ...(context.applications === undefined ? [] : validateApplications(index, context.applications)),
  ];
  return severities.flatMap((severity) => findings.filter((each) => each.severity === severity));
}

const severities = ['error', 'warning', 'info'] as const;

/** True when a graph may not be published. */
export function hasErrors(findings: readonly GraphFinding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
