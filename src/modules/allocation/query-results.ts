import type { Scope } from '../../platform/kernel/index.ts';
import {
  type CostQuery,
  type CostQueryResult,
  type Dataset,
  runCostQuery,
  type Selection,
  type Workspace,
} from '../../platform/warehouse/index.ts';
import { allocationDataset, attributionDataset, flowDataset, partitionOf } from './datasets.ts';
import type { AskedRun } from './query-run.ts';

/** What a run leaves that can be asked: nodes, edges, what rules sent to nodes. */
export const runDatasetsByName = {
  allocation: allocationDataset,
  flow: flowDataset,
  attribution: attributionDataset,
} as const satisfies Readonly<Record<string, Dataset>>;
export type RunDatasetName = keyof typeof runDatasetsByName;

export interface ResultsAsked {
  readonly dataset: RunDatasetName;
  readonly graph: string;
  /** A run that need not be published; its month alone is asked then. */
  readonly run?: AskedRun | undefined;
  readonly query: Omit<CostQuery, 'sources'>;
}

/** An answer, with the measures that are money. */
export interface ResultsAnswer extends CostQueryResult {
  readonly money: readonly string[];
}

/**
 * Runs a cost query on what runs have left: of every month the published run and no other, or of one run that is named. Money is
 * signed, charges and credits in rows of their own; sums and coverage are those of `runCostQuery`.
 *
 * Refuses as `runCostQuery`, and with `lake.unknownSnapshot` where the lake has lost the run.
 */
export async function queryResults(
  workspace: Workspace,
  scope: Scope,
  asked: ResultsAsked,
): Promise<ResultsAnswer> {
  const dataset = runDatasetsByName[asked.dataset];
  const selection = await selectResults(workspace, scope, dataset, asked);
  const query = { ...asked.query };
  const answer = await runCostQuery(await workspace.engine(), { dataset, selection, scope, query });
  return { ...answer, money: moneyOf(dataset, query) };
}

function selectResults(
  { lake }: Workspace,
  scope: Scope,
  dataset: Dataset,
  { graph, run, query: { from, to } }: ResultsAsked,
): Promise<Selection> {
  if (run?.snapshot === undefined)
    return lake.select(scope, dataset, { from, to, sources: [partitionOf(graph)] });
  const { month: period, snapshot } = run;
  return lake.selectMonth(scope, dataset, { source: partitionOf(run.graph), period, snapshot });
}

function moneyOf({ roles }: Dataset, { measures }: Pick<CostQuery, 'measures'>): string[] {
  const costs = new Map(roles.costs.map((name) => [name.toLowerCase(), name]));
  return measures.flatMap((measure) => {
    const column = 'sum' in measure ? costs.get(measure.sum.toLowerCase()) : undefined;
    return column === undefined ? [] : [measure.name ?? column];
  });
}
