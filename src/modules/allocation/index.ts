import type { ShownDataset } from '../../platform/warehouse/index.ts';
import { allocationDataset, attributionDataset, flowDataset, usageDataset } from './datasets.ts';

export type { GraphDocumentInput, ShareRuleInput } from './model.ts';
export { allocationRoutes } from './routes.ts';
export { allocationRunHandler } from './run-handler.ts';
export { usageHandlers } from './usage-handlers.ts';
export { allocationDataset, attributionDataset, flowDataset, usageDataset };

/** Published results and usage as views for clients of the engine. */
export const allocationViews: readonly ShownDataset[] = [
  { schema: 'allocation', name: 'node_costs', dataset: allocationDataset },
  { schema: 'allocation', name: 'flows', dataset: flowDataset },
  { schema: 'allocation', name: 'attributed_costs', dataset: attributionDataset },
  { schema: 'allocation', name: 'usage', dataset: usageDataset },
];
