export { type QualityCheck, qualityChecks, qualityIssues } from './check.ts';
export {
  type ColumnLevel,
  type FeatureLevel,
  type FocusColumn,
  type FocusDatasetName,
  type FocusVersion,
  focusVersions,
  storedVersion,
} from './column.ts';
export {
  type ExportAnswer,
  type ExportList,
  type FocusExportRequest,
  focusExportRequestSchema,
} from './contract.ts';
export {
  billingPeriodDataset,
  contractCommitmentDataset,
  costDataset,
  invoiceDetailDataset,
  provenanceColumns,
  rowIdColumn,
} from './dataset.ts';
export { exportFocus, type FocusExport, type FocusExportOptions } from './export.ts';
export { type FocusIdentity, identifyFocus } from './identify.ts';
export { type CustomColumn, type LiftedColumn, type LiftPlan, planLift } from './lift.ts';
export { focusRoutes } from './routes.ts';
export { categoryOfSubcategory, serviceCategories, serviceSubcategories } from './service-categories.ts';
export { canonicalName, columnsIn, focusColumn, focusDatasets } from './standard.ts';
export { compileQualityChecks } from './warehouse.ts';
