import { edgeIdOf, type GraphDocument, type GraphFinding, type ShareRule } from './model.ts';
import { finding } from './validate-findings.ts';
import { nameOffer } from './validate-names.ts';

const listedAtMost = 50;

/** Edges that say one thing of one metric: the first fifty, and how many. */
interface Named {
  readonly edges: string[];
  count: number;
}

/** Metrics that edges name and the graph does not list, metrics that no edge names, segments of what has no labels. */
export function validateMetrics({ edges, metrics }: GraphDocument): GraphFinding[] {
  const listed = new Map(metrics.map((metric) => [metric.id, metric]));
  const offer = nameOffer([...listed.keys()]);
  const used = new Set<string>();
  const unknown = new Map<string, Named>();
  const segmented = new Map<string, Named>();
  for (const edge of edges) {
    const told = new Set<Named>();
    const note = (named: Map<string, Named>, metric: string) => {
      const known = named.get(metric) ?? { edges: [], count: 0 };
      named.set(metric, known);
      if (told.has(known)) return;
      told.add(known);
      known.count++;
      if (known.edges.length < listedAtMost) known.edges.push(edgeIdOf(edge));
    };
    const look = (rule: ShareRule) => {
      if (!('metric' in rule.params)) return;
      const { metric } = rule.params;
      used.add(metric);
      const from = listed.get(metric)?.from;
      if (from === undefined) note(unknown, metric);
      else if (rule.strategy === 'segment_filtered_proportional' && from !== 'usage') note(segmented, metric);
    };
    look(edge);
    for (const dimension in edge.overrides) look(edge.overrides[dimension] as ShareRule);
  }
  return [
    ...[...unknown].map(([metric, named]) =>
      finding('unknownMetric', `metrics/${metric}`, { metric, ...named, nearest: offer(metric) }),
    ),
    ...[...segmented].map(([metric, named]) =>
      finding('segmentNeedsUsage', `metrics/${metric}`, { metric, ...named }),
    ),
    ...[...listed.keys()]
      .filter((metric) => !used.has(metric))
      .map((metric) => finding('unusedMetric', `metrics/${metric}`, { metric })),
  ];
}
