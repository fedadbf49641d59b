import type { GraphDocumentInput, ShareRuleInput, StrategyName } from '../src/modules/allocation/index.ts';

/** Numbers from 0 to 1 that are the same on every machine (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The id of a node of the large graphs: `n:000042`. */
export function nodeId(index: number): string {
  return `n:${String(index).padStart(6, '0')}`;
}

/** A graph in five layers: resources, three of services, products. Every node below the first layer has an edge to it. */
export function largeGraph(
  size: { readonly nodes: number; readonly edges: number },
  strategy: StrategyName = 'proportional',
): GraphDocumentInput {
  const layer = size.nodes / 5;
  const random = randomFrom(1);
  const within = (first: number) => first + Math.floor(random() * layer);
  const seen = new Set<number>();
  const edges: GraphDocumentInput['edges'] = [];
  while (edges.length < size.edges) {
    const isFed = edges.length < size.nodes - layer;
    const to = isFed ? layer + edges.length : within(layer * (1 + Math.floor(random() * 4)));
    const from = within((Math.floor(to / layer) - 1) * layer);
    if (seen.has(from * size.nodes + to)) continue;
    seen.add(from * size.nodes + to);
    edges.push({ from: nodeId(from), to: nodeId(to), ...shareRule(strategy, random) });
  }
  return {
    nodes: Array.from({ length: size.nodes }, (_, index) => ({
      id: nodeId(index),
      type: index < layer ? ('resource' as const) : index < 4 * layer ? ('service' as const) : 'product',
    })),
    edges,
    rules: [{ id: 'node', node: '{Tags.node}' }],
    metrics: [{ id: 'requests', from: 'usage' }],
  };
}

/** Parameters under which a strategy has something to do, and none is infeasible at up to forty edges of a node. */
function shareRule(strategy: StrategyName, random: () => number): ShareRuleInput {
  const metric = 'requests';
  const upTo = (most: number) => (Math.floor(random() * most * 100) / 100).toString();
  switch (strategy) {
    case 'equal':
      return { strategy };
    case 'fixed_percent':
      return { strategy, params: { percent: upTo(2.5) } };
    case 'capped_proportional':
    case 'residual_to_max':
      return { strategy, params: { metric, cap: (20 + Math.floor(random() * 40)).toString() } };
    case 'weighted_average':
      return { strategy, params: { metric, windowDays: 7, decay: '0.8' } };
    case 'hybrid_fixed_proportional':
      return { strategy, params: { metric, fixedPercent: '40' } };
    case 'min_floor_proportional':
      return { strategy, params: { metric, floorPercent: upTo(2.5) } };
    case 'segment_filtered_proportional':
      return {
        strategy,
        params: { metric, segment: { label: 'env', operator: 'in', values: ['prod'] } },
      };
    default:
      return { strategy, params: { metric } };
  }
}
