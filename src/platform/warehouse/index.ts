export { announcing } from './announcing.ts';
export { type SpreadPlan, spreadSql } from './charge-time.ts';
export {
  type CostQuery,
  type CostQueryInput,
  type CostQueryResult,
  type CostQueryRow,
  costQuerySchema,
  type Dimension,
  type Filter,
  filterSchema,
  grains,
  type Measure,
} from './cost-query.ts';
export type {
  ColumnType,
  Dataset,
  DatasetColumn,
  DatasetRoles,
  Selection,
  SelectionRange,
} from './dataset.ts';
export { copyNewFile, filesBelow, syncFile, syncFolder } from './durable.ts';
export {
  type Engine,
  fileLiteral,
  identifier,
  literal,
  openEngine,
  type Row,
  type Session,
  type SqlValue,
  StatementError,
} from './engine.ts';
export { lakeErrors } from './errors.ts';
export { faultPoint, faultPoints } from './fault.ts';
export { filterSql } from './filter-sql.ts';
export { type Collected, collectGarbage } from './gc.ts';
export { findPartition, findSnapshot, type Lake, openLake } from './lake.ts';
export { type Manifest, manifestFile, type Partition, type SnapshotEntry } from './manifest.ts';
export { parseDimension, parseFilter, parseMeasure } from './parse-filter.ts';
export { bind, type Field, fieldOf, type KeyRead, type QueryContext } from './query-columns.ts';
export { sqlType } from './relation.ts';
export { pin, promote, type Reliance, rollBack, unpin } from './rollback.ts';
export { runCostQuery } from './run-cost-query.ts';
export { demandWholeLake, sourcesIn, type VisibleManifest } from './scope.ts';
export {
  type CurrencySums,
  descriptionPath,
  fileSha256,
  readDescription,
  type SnapshotDescription,
} from './snapshot.ts';
export type { ColumnIn, ColumnOut } from './typed-columns.ts';
export { type Finding, type Verified, verifyLake } from './verify.ts';
export { type FileView, readViewFile, writeViewFile } from './view-file.ts';
export { openWorkspace, type ShownDataset, type Workspace, type WorkspaceOptions } from './workspace.ts';
export { takeLock, type WriteLock } from './write-lock.ts';
export { checkSourceName, type LakeWriter } from './writer.ts';
