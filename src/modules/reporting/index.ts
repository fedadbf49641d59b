export type {
  CostQueryAnswer,
  ReportList,
  ReportListItem,
  ReportRequest,
  ReportResult,
} from './contract.ts';
export type { GivenParameters } from './parameters.ts';
export type { Report } from './report.ts';
export { reportingRoutes } from './routes.ts';
export { listReports, type ReportRun, runReport } from './run-report.ts';
