import type { NodeType, StrategyName } from '../../../modules/allocation/index.ts';

/** The words of a graph that options take; loading the schemas that hold them would slow every command down. */
export const nodeTypes: readonly NodeType[] = [
  'resource',
  'service',
  'shared',
  'platform',
  'infrastructure',
  'product',
];
export const strategyNames: readonly StrategyName[] = [
  'equal',
  'proportional',
  'fixed_percent',
  'capped_proportional',
  'residual_to_max',
  'weighted_average',
  'hybrid_fixed_proportional',
  'min_floor_proportional',
  'segment_filtered_proportional',
];
