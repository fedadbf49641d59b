import type { Scope } from '../../platform/kernel/index.ts';
import type { Dataset, Lake, Selection, Workspace } from '../../platform/warehouse/index.ts';
import { allocationDataset, attributionDataset, flowDataset, partitionOf } from './datasets.ts';
import { errors } from './errors.ts';

/** Which figures of a graph are looked at. */
export interface AskedRun {
  readonly graph: string;
  /** `2026-10`: the billing month in whose books the figures are. */
  readonly month: string;
  /** Id of the lake's snapshot of a run that is not published; the published run when absent. */
  readonly snapshot?: string | undefined;
}

/** The rows of one run, as far as the caller sees them. Its three datasets are of one snapshot. */
export interface RunRows {
  readonly graph: string;
  readonly month: string;
  readonly snapshot: string;
  readonly attribution: Selection;
  readonly allocation: Selection;
  readonly flow: Selection;
}

/**
 * Selects one run of a month: never the rows of two. Refuses with `allocation.noPublishedRun`; a caller with limits gets the same
 * answer where nothing of the run is in scope, so that it cannot tell one from the other.
 */
export async function selectRun(workspace: Workspace, scope: Scope, asked: AskedRun): Promise<RunRows> {
  const { lake } = workspace;
  const { graph, month } = asked;
  const snapshot = asked.snapshot ?? (await publishedSnapshot(lake, asked));
  const select = (dataset: Dataset) =>
    lake.selectMonth(scope, dataset, { source: partitionOf(graph), period: month, snapshot });
  const [attribution, allocation, flow] = await Promise.all([
    select(attributionDataset),
    select(allocationDataset),
    select(flowDataset),
  ]);
  return { graph, month, snapshot, attribution, allocation, flow };
}

/** Months in which the graph has a published run, oldest first. */
export async function monthsPublished(lake: Lake, graph: string): Promise<readonly string[]> {
  const { partitions } = await lake.current();
  return partitions
    .filter(
      ({ dataset, source, current }) =>
        dataset === allocationDataset.name && source === partitionOf(graph) && current,
    )
    .map(({ period }) => period)
    .sort();
}

async function publishedSnapshot(lake: Lake, { graph, month }: AskedRun): Promise<string> {
  const { partitions } = await lake.current();
  const found = partitions.find(
    ({ dataset, source, period }) =>
      dataset === allocationDataset.name && source === partitionOf(graph) && period === month,
  );
  if (!found?.current) throw errors.noPublishedRun({ graph, period: month });
  return found.current.id;
}
