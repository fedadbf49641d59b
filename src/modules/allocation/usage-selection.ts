import type { Scope } from '../../platform/kernel/index.ts';
import type { Lake, Partition, SnapshotEntry } from '../../platform/warehouse/index.ts';
import { usageDataset, usagePartitionOf } from './datasets.ts';

/** A month that a usage source has delivered. */
export interface UsagePartition extends Partition {
  readonly current: SnapshotEntry;
  /** The usage source's own name. */
  readonly usageSource: string;
}

/** The usage of a graph: the rows that a scope shows, and the months that they come from. */
export interface UsageSelection {
  /** A table expression over the dataset. */
  readonly relation: string;
  /** Of the whole graph, whatever the scope. */
  readonly partitions: readonly UsagePartition[];
  readonly generation: number;
}

/** Which months (both included) and which usage sources. */
export interface UsageRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly source?: string | undefined;
}

/** Selects the usage of a graph: rows and months of one generation of the lake. Refuses as `lake.select` does. */
export async function selectUsageOf(
  lake: Lake,
  scope: Scope,
  graph: string,
  { from, to, source }: UsageRange = {},
): Promise<UsageSelection> {
  const prefix = usagePartitionOf(graph, '');
  for (;;) {
    const manifest = await lake.current();
    const partitions = manifest.partitions.flatMap((partition) => {
      const { dataset, period, current } = partition;
      const usageSource = partition.source.slice(prefix.length);
      const isAsked =
        dataset === usageDataset.name &&
        partition.source.startsWith(prefix) &&
        (from === undefined || period >= from) &&
        (to === undefined || period <= to) &&
        (source === undefined || usageSource === source);
      return isAsked && current ? [{ ...partition, current, usageSource }] : [];
    });
    const sources = partitions.map((partition) => partition.source);
    const { relation, generation } = await lake.select(scope, usageDataset, { from, to, sources });
    if (generation === manifest.generation) return { relation, partitions, generation };
  }
}
