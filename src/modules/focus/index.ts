export { qualityIssues } from './check.ts';
export type { FocusDatasetName, FocusVersion } from './column.ts';
export type {
  ExportAnswer,
  ExportList,
} from './contract.ts';
export {
  billingPeriodDataset,
  contractCommitmentDataset,
  costDataset,
  invoiceDetailDataset,
  provenanceColumns,
} from './dataset.ts';
export { identifyFocus } from './identify.ts';
export { type LiftedColumn, planLift } from './lift.ts';
export { focusRoutes } from './routes.ts';
export { categoryOfSubcategory } from './service-categories.ts';
export { focusDatasets } from './standard.ts';
export { compileQualityChecks } from './warehouse.ts';
