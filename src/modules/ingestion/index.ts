export { refreshAfterChange } from './after-change.ts';
export type { AwsImportRequest, ExportChoice } from './aws-contract.ts';
export { findExports, findManifests, loadedMonths } from './aws-cur.ts';
export { awsImportHandler } from './aws-import-handler.ts';
export { chooseExports } from './choose-exports.ts';
export type {
  ChangedMonth,
  CollectedAnswer,
  ImportDetail,
  ImportEntry,
  ImportList,
  ImportRequest,
  ImportResult,
  PeriodList,
  SnapshotList,
  SourceList,
  VerifiedAnswer,
} from './contract.ts';
export type { MonthDiff } from './diff-months.ts';
export type { ExplainedRow } from './explain-row.ts';
export { importBill } from './import-bill.ts';
export { importHandler } from './import-handler.ts';
export type { ImportContext, ImportProgress } from './import-run.ts';
export {
  type ImportHooks,
  type ImportTask,
  type RunImport,
  runImportTask,
} from './import-task.ts';
export { type NativeMonthRead, type NativeMonthSums, readNativeMonth } from './read-native.ts';
export { type Reconciliation, reconcileInvoice } from './reconcile-invoice.ts';
export { type IngestionRouteOptions, ingestionRoutes } from './routes.ts';
export type { ImportAccess } from './run-import.ts';
export { refreshViews, viewsAreCurrent } from './views.ts';
export { bridgePart } from './warehouse.ts';
