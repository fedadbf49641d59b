import type { GraphFinding } from '../model.ts';
import type { Allocation } from './allocate.ts';
import { engineFinding, listed } from './findings.ts';
import type { AllocationSummary } from './types.ts';

/** What the days so far come to: findings of the graph, and what was noticed while computing. */
export function summarize(allocation: Allocation, status: AllocationSummary['status']): AllocationSummary {
  const { work, cutDays, checks, closing, findings } = allocation;
  const { graph } = work;
  const cutEdges = [...cutDays.days.entries()]
    .filter(([, days]) => days > 0)
    .map(([edge, days]) => ({ edge, days }));
  return {
    status,
    findings: [
      ...findings,
      ...listed('fellBack', fallbackFindings(allocation)),
      ...listed('missingDriver', missingFindings(allocation)),
      ...listed(
        'cycleCut',
        cutEdges.map(({ edge, days }) => {
          const id = graph.edgeIds[edge] as string;
          return engineFinding('cycleCut', `edges/${id}`, { edge: id, days });
        }),
      ),
    ],
    checks,
    cutEdges,
    closingOrder: closing.map((node) => graph.nodeIds[node] as string),
  };
}

function fallbackFindings({ work: { graph, notes } }: Allocation): GraphFinding[] {
  const findings: GraphFinding[] = [];
  for (const [number, days] of notes.fallbacks.days.entries()) {
    const group = graph.groups[number];
    if (days === 0 || group === undefined) continue;
    const { node, name, fallback } = group.settings;
    const path = name === '' ? `groups/${node}` : `groups/${node}/${name}`;
    findings.push(
      engineFinding('fellBack', path, { node, group: name, fallback, days, metric: metricOf(number) }),
    );
  }
  return findings;

  /** Of the first edge of the group that has one. */
  function metricOf(number: number): string {
    const { firstEdge, endEdge, node } = graph.groups[number] as (typeof graph.groups)[number];
    const { rules, firstOut } = graph;
    for (let c = rules.firstClass[node] as number; c < (rules.firstClass[node + 1] as number); c++) {
      const offset = (rules.firstRule[c] as number) - (firstOut[node] as number);
      for (let e = firstEdge; e < endEdge; e++) {
        const weighing = rules.weighings[rules.weighing[e + offset] as number];
        if (weighing) return graph.drivers[weighing.driver]?.metric ?? '';
      }
    }
    return '';
  }
}

function missingFindings({ work: { graph, notes } }: Allocation): GraphFinding[] {
  return notes.missing.flatMap((count, driver) => {
    const { metric, segment } = graph.drivers[driver] ?? { metric: '' };
    const found = [...(count?.days.entries() ?? [])].filter(([, days]) => days > 0);
    return found.map(([number, days]) => {
      const node = graph.nodeIds[number] as string;
      const segmentParam = segment === undefined ? {} : { segment };
      return engineFinding('missingDriver', `metrics/${metric}`, { metric, node, days, ...segmentParam });
    });
  });
}
