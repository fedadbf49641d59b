export { allocationDataset, attributionDataset, flowDataset, usageDataset } from './datasets.ts';
export type { GraphDocumentInput, ShareRuleInput } from './model.ts';
