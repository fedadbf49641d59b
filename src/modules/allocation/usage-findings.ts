import type { Issue } from '../../platform/kernel/index.ts';
import type { Session } from '../../platform/warehouse/index.ts';
import { usageErrors } from './usage-errors.ts';
import { madeByRules, type UsageGraph } from './usage-graph.ts';
import { findUnknownNodes, unitsOfUsage } from './usage-sql.ts';

/**
 * What is surprising in the rows of `usage_row`, with `usage_node` beside: nodes that the graph does not know, metrics that it does
 * not read, units that it does not take. Each a finding and no error: the graph may be changed to fit.
 */
export async function findingsOfUsage(session: Session, graph: UsageGraph, path: string): Promise<Issue[]> {
  const unknown = await findUnknownNodes(session, madeByRules(graph.document));
  const found: Issue[] = [];
  if (unknown.nodes > 0) {
    const examples = unknown.examples.join(', ');
    found.push({
      code: 'usage.unknown_nodes',
      severity: 'warning',
      path,
      message: `${unknown.rows} rows name ${unknown.nodes} nodes that the graph '${graph.id}' does not have and its rules do not make, such as ${examples}. They count for nothing until it does.`,
      params: { nodes: unknown.nodes, examples },
      rows: unknown.rows,
    });
  }
  const declared = new Map(graph.document.metrics.map((metric) => [metric.id, metric]));
  for (const { metric, unit } of await unitsOfUsage(session)) {
    const read = declared.get(metric);
    if (read?.from !== 'usage') found.push(unread(graph.id, path, metric, read?.from));
    else if (read.unit !== undefined && unit !== null && unit !== read.unit)
      found.push(otherUnit(graph.id, path, metric, unit, read.unit));
  }
  return found;
}

function unread(graph: string, path: string, metric: string, from: string | undefined): Issue {
  const why =
    from === undefined
      ? `is no metric of the graph '${graph}'; add it to its metrics`
      : `is read from the ${from === 'cost' ? 'cost' : 'quantities'} of the bill in the graph '${graph}'`;
  return {
    code: 'usage.unread_metric',
    severity: 'info',
    path: `${path}: ${metric}`,
    message: `${metric} ${why}: these values count for nothing until then.`,
    params: { metric },
  };
}

function otherUnit(graph: string, path: string, metric: string, unit: string, wanted: string): Issue {
  return {
    code: 'usage.other_unit',
    severity: 'warning',
    path: `${path}: ${metric}`,
    message: `${metric} is in '${unit}' here and in '${wanted}' in the graph '${graph}', whose runs leave other units out. Change one of them.`,
    params: { metric, unit, wanted },
  };
}

/** Refuses with `usage.strict` where findings of any weight are not accepted. */
export function refuseStrictly(strict: boolean, what: string, findings: readonly Issue[]): void {
  const serious = findings.filter(({ severity }) => severity !== 'info');
  if (strict && serious.length > 0)
    throw usageErrors.strict({ what, findings: serious.map(({ message }) => message) });
}
