import type { GraphFinding } from '../model.ts';

type Sentence = (params: never) => string;

interface Spec {
  readonly severity: GraphFinding['severity'];
  readonly sentence: Sentence;
}

/** What the engine has to say about a graph on the days of a run, beyond what could be known when the graph was saved. */
const specs = {
  edgesWithoutNode: {
    severity: 'warning',
    sentence: (p: { node: string; edges: number }) =>
      `${p.edges === 1 ? 'An edge names' : `${p.edges} edges name`} '${p.node}', which is no node of this run: no rule made it. Nothing flows there.`,
  },
  notComputable: {
    severity: 'error',
    sentence: (p: { problem: string }) => `${p.problem} Validate the graph: such a graph cannot be computed.`,
  },
  cycle: {
    severity: 'error',
    sentence: (p: { day: string; nodes: readonly string[]; size: number }) =>
      `On ${p.day} cost goes round in a circle: ${[...p.nodes, p.nodes[0]].join(' → ')}${p.size > p.nodes.length ? ` (one circle of a component of ${p.size} nodes)` : ''}. Take one of its edges out, or choose step_down or reciprocal under method.cycles.`,
  },
  noExit: {
    severity: 'error',
    sentence: (p: { day: string; nodes: readonly string[]; dimension: string }) =>
      `On ${p.day} cost in '${p.dimension}' can never leave ${p.nodes.join(', ')}: they pass everything on among themselves. Add an edge out, or leave a part on a node.`,
  },
  grossTooLarge: {
    severity: 'error',
    sentence: (p: { day: string; node: string }) =>
      `On ${p.day} cost goes round so often that the pool of '${p.node}' cannot be held in whole units. Let more of it leave the circle.`,
  },
  componentTooLarge: {
    severity: 'error',
    sentence: (p: { day: string; node: string; size: number; most: number }) =>
      `On ${p.day} the circle around '${p.node}' has ${p.size} nodes; more than ${p.most} are not solved exactly. Choose step_down for it, or take edges out.`,
  },
  cycleCut: {
    severity: 'info',
    sentence: (p: { edge: string; days: number }) =>
      `Step-down closed '${p.edge}' on ${daysText(p.days)}: its receiver had passed its cost on already.`,
  },
  missingDriver: {
    severity: 'warning',
    sentence: (p: { metric: string; node: string; days: number }) =>
      `'${p.node}' has no value of '${p.metric}' on ${daysText(p.days)} on which its siblings have one; it counts as 0.`,
  },
  fellBack: {
    severity: 'warning',
    sentence: (p: { node: string; group: string; metric: string; fallback: string; days: number }) =>
      `'${p.metric}' says nothing for the receivers of ${groupText(p)} on ${daysText(p.days)}; ${fallbackText(p.fallback)}.`,
  },
  moreFindings: {
    severity: 'info',
    sentence: (p: { code: string; count: number }) => `${p.count} more findings '${p.code}' are not listed.`,
  },
} as const satisfies Record<string, Spec>;

export type EngineFindingCode = keyof typeof specs;
type ParamsOf<C extends EngineFindingCode> = Parameters<(typeof specs)[C]['sentence']>[0];

/** A finding of the engine: its code is `allocation.missingDriver`, say. */
export function engineFinding<C extends EngineFindingCode>(
  code: C,
  path: string,
  params: ParamsOf<C> & Readonly<Record<string, unknown>>,
): GraphFinding {
  const { severity, sentence } = specs[code];
  return {
    code: `allocation.${code}`,
    severity,
    path,
    message: (sentence as (params: unknown) => string)(params),
    params,
  };
}

const listedAtMost = 1000;

/** The first thousand of many findings of one code, and one more that counts the others. */
export function listed(code: EngineFindingCode, findings: readonly GraphFinding[]): readonly GraphFinding[] {
  const count = findings.length - listedAtMost;
  if (count <= 0) return findings;
  const full = `allocation.${code}`;
  return [...findings.slice(0, listedAtMost), engineFinding('moreFindings', '', { code: full, count })];
}

function daysText(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}

function groupText({ node, group }: { node: string; group: string }): string {
  return group === '' ? `'${node}'` : `'${node}' (group '${group}')`;
}

function fallbackText(fallback: string): string {
  switch (fallback) {
    case 'equal':
      return 'they share equally';
    case 'last_known':
      return 'they share as on the last day with values';
    case 'by_cost':
      return 'they share by their direct cost';
    default:
      return 'their part stays on the node';
  }
}
