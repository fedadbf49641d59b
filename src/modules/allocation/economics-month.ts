import type { Caller, Scope } from '../../platform/kernel/index.ts';
import type { Records } from '../../platform/records/index.ts';
import type { Lake, Selection, Workspace } from '../../platform/warehouse/index.ts';
import { usageDataset, usagePartitionOf } from './datasets.ts';
import { readGraphs } from './graph-sql.ts';

/** Which month of which graph is looked at, and what of it may be seen. */
export interface AskedMonth {
  readonly workspace: Workspace;
  readonly scope: Scope;
  readonly graph: string;
  /** `2026-10` */
  readonly month: string;
}

/** What the answers of this part of the module are made from. */
export interface AdviceOptions {
  readonly workspace: Workspace;
  /** Opened when something is asked of them. */
  readonly records: () => Promise<Records>;
}

/** The run whose figures a snapshot of the lake holds: its id begins the snapshot's. */
export function runOfSnapshot(snapshot: string): string {
  return snapshot.replace(/[.-].*$/, '');
}

/** The partitions of everything that was imported of usage for the graph. */
export async function usageSourcesOf(lake: Lake, graph: string): Promise<readonly string[]> {
  const { partitions } = await lake.current();
  const own = partitions.filter(
    (p) => p.dataset === usageDataset.name && p.source.startsWith(usagePartitionOf(graph, '')),
  );
  return [...new Set(own.map(({ source }) => source))];
}

/** What was imported of usage for the month, all usage sources of the graph together; empty where nothing was. */
export async function selectUsage({
  workspace: { lake },
  scope,
  graph,
  month,
}: AskedMonth): Promise<Selection> {
  const sources = await usageSourcesOf(lake, graph);
  return lake.select(scope, usageDataset, { from: month, to: month, sources });
}

/** True when the caller sees everything that a graph's runs hold: whoever sees the graph does. */
export async function seesWholeGraph(
  records: () => Promise<Records>,
  caller: Caller,
  graph: string,
): Promise<boolean> {
  if (caller.scope.kind === 'all') return true;
  const found = await (await records()).read(caller, (tx) => readGraphs(tx, { ids: [graph] }));
  return found.length > 0;
}
