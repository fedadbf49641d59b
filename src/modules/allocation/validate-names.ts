import { nearestNames } from '../../platform/kernel/index.ts';
import { edgeIdOf, type GraphDocument, type GraphFinding, reservedNodes } from './model.ts';
import { finding } from './validate-findings.ts';
import { groupPath } from './validate-shares.ts';

/** Ids that stand for two things, and ids that nothing may have. */
export function validateNames({ nodes, edges, groups, rules, metrics }: GraphDocument): GraphFinding[] {
  return [
    ...twice(nodes, ({ id }) => id).map(([node, count]) =>
      finding('duplicateNode', `nodes/${node}`, { node, count }),
    ),
    ...reservedNodes
      .filter((reserved) => nodes.some(({ id }) => id === reserved))
      .map((node) => finding('reservedNode', `nodes/${node}`, { node })),
    ...twice(edges, edgeIdOf).map(([edge, count]) =>
      finding('duplicateEdge', `edges/${edge}`, { edge, count }),
    ),
    ...twice(groups, ({ node, name }) => JSON.stringify([node, name])).map(([key, count]) => {
      const [node, group] = JSON.parse(key) as [string, string];
      return finding('duplicateGroup', groupPath(node, group), { node, group, count });
    }),
    ...twice(rules, ({ id }) => id).map(([rule, count]) =>
      finding('duplicateRule', `rules/${rule}`, { rule, count }),
    ),
    ...twice(metrics, ({ id }) => id).map(([metric, count]) =>
      finding('duplicateMetric', `metrics/${metric}`, { metric, count }),
    ),
  ];
}

/** Keys that several things have, with how many do, in the order of the document. */
function twice<T>(items: readonly T[], keyOf: (item: T) => string): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.size === items.length ? [] : [...counts].filter(([, count]) => count > 1);
}

/**
 * Offers names near to a mistyped one. Looking through many names takes its time, so that it is done for the first few mistakes
 * only: after them the names offered are none.
 */
export function nameOffer(names: readonly string[]): (mistyped: string) => string[] {
  let comparisons = 200_000;
  return (mistyped) => {
    comparisons -= names.length;
    return comparisons < 0 ? [] : nearestNames(mistyped, names);
  };
}
