export { allocationDataset, attributionDataset, flowDataset, usageDataset } from './datasets.ts';
export type { GraphDocumentInput } from './model.ts';
