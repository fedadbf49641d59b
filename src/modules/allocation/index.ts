import type { ShownDataset } from '../../platform/warehouse/index.ts';
import { allocationDataset, attributionDataset, flowDataset, partitionOf, usageDataset } from './datasets.ts';

export { type BillContext, baseSql, billContext, templateSql } from './attribution-sql.ts';
export { askChart, type ChartAnswer, type ChartQuestion, structureChart } from './charts/ask-chart.ts';
export type { Chart } from './charts/chart.ts';
export { chartPng, chartSvg } from './charts/draw.ts';
export type { CoverageAnswer } from './coverage-contract.ts';
export {
  diffDocuments,
  formatGraphDiff,
  type GraphDiff,
  isSameGraph,
  type PartDiff,
} from './diff-documents.ts';
export { publishDraft, replaceDraft } from './drafts.ts';
export type { UnitCostList } from './economics-contract.ts';
export type { AllocationExportAnswer, AllocationExportRequest } from './export-contract.ts';
export type { GraphChangeInput } from './graph-changes.ts';
export type {
  DiffAnswer,
  DocumentAnswer,
  DraftAnswer,
  EdgeList,
  GraphAnswer,
  NodeDetail,
  NodeList,
  VersionAnswer,
} from './graph-contract.ts';
export { hashDocument } from './graph-hash.ts';
export { type GraphFile, graphFromYaml, graphToYaml } from './graph-yaml.ts';
export { createGraph, requireGraph } from './graphs.ts';
export {
  edgeIdOf,
  type GraphDocument,
  type GraphDocumentInput,
  type GraphEdge,
  type GraphFinding,
  type GraphNode,
  graphDocumentSchema,
  type NodeType,
  nodeTypes,
  type ShareRuleInput,
  type StrategyName,
  strategyNames,
} from './model.ts';
export type { Proposal } from './propose-contract.ts';
export { requireRun } from './publish-run.ts';
export { queryResults } from './query-results.ts';
export { type RunRows, selectRun } from './query-run.ts';
export type {
  AllocationQuery,
  AllocationQueryAnswer,
  BillExplanationAnswer,
  ExplainRowsAnswer,
  ExplainTree,
  ExplanationAnswer,
} from './question-contract.ts';
export type { Recommendation, RecommendationList, RefreshAnswer } from './recommend-contract.ts';
export { renewCaches } from './renew-caches.ts';
export type { RevenueAnswer } from './revenue-contract.ts';
export { allocationRoutes } from './routes.ts';
export type { AllocationRunAnswer, AllocationRunList, RunDiff, RunOutcome } from './run-contract.ts';
export { allocationRunHandler } from './run-handler.ts';
export type { AllocationRun } from './run-model.ts';
export { computeAndPublish } from './run-outcome.ts';
export { mayPublish } from './run-publisher.ts';
export { findPublished } from './run-records-sql.ts';
export { type Simulation, type SimulationResult, simulate } from './simulate.ts';
export type { StatementAnswer } from './statement-contract.ts';
export type {
  Reduction,
  UsageFetchRequest,
  UsageImportRequest,
  UsageList,
  UsageMetrics,
  UsageResult,
  UsageRollback,
  UsageSeries,
} from './usage-contract.ts';
export { readUsageGraph } from './usage-graph.ts';
export { usageHandlers } from './usage-handlers.ts';
export { importUsage } from './usage-import.ts';
export { keepUpload, uploadPath } from './usage-upload.ts';
export { validateGraph } from './validate.ts';
export type {
  EdgeChange,
  GrowthAnswer,
  MetricChange,
  WhatIfAnswer,
  WhatIfInput,
} from './what-if-contract.ts';
export { allocationDataset, attributionDataset, flowDataset, partitionOf, usageDataset };

/** Published results and usage as views for clients of the engine. */
export const allocationViews: readonly ShownDataset[] = [
  { schema: 'allocation', name: 'node_costs', dataset: allocationDataset },
  { schema: 'allocation', name: 'flows', dataset: flowDataset },
  { schema: 'allocation', name: 'attributed_costs', dataset: attributionDataset },
  { schema: 'allocation', name: 'usage', dataset: usageDataset },
];
