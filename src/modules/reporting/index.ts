export {
  type CostQueryAnswer,
  type ReportList,
  type ReportListItem,
  type ReportRequest,
  type ReportResult,
  reportListItemSchema,
  reportListSchema,
  reportRequestSchema,
  reportResultSchema,
} from './contract.ts';
export type { GivenParameters } from './parameters.ts';
export type { Report } from './report.ts';
export { findReport, reports } from './reports.ts';
export { reportingRoutes } from './routes.ts';
export { listReports, type ReportRun, runReport } from './run-report.ts';
