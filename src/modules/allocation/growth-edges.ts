import { edgeIdOf, type GraphDocument, type ShareRule } from './model.ts';

/** By which metric an edge is shared: in one dimension, or (empty) in all that are not named. No metric: empty. */
export interface EdgeMetric {
  readonly edge: string;
  readonly from: string;
  readonly to: string;
  readonly dimension: string;
  readonly metric: string;
}

/** Every edge with its metric, and a line more for each dimension that it shares in another way. */
export function edgeMetricsOf({ edges }: Pick<GraphDocument, 'edges'>): EdgeMetric[] {
  return edges.flatMap((edge) => {
    const { from, to } = edge;
    const own = { edge: edgeIdOf(edge), from, to, dimension: '', metric: metricOf(edge) };
    const overrides = Object.entries(edge.overrides).map(([dimension, rule]) => ({
      ...own,
      dimension,
      metric: metricOf(rule),
    }));
    return [own, ...overrides];
  });
}

/** The metric of a rule; empty where it needs none. */
function metricOf({ params }: Pick<ShareRule, 'params'>): string {
  return 'metric' in params ? params.metric : '';
}
