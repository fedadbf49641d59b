import { lakeErrors } from './errors.ts';
import { findPartition, findSnapshot, type Lake } from './lake.ts';
import type { Manifest, Partition, SnapshotEntry } from './manifest.ts';
import { retire } from './writer.ts';

interface Month {
  readonly source: string;
  readonly period: string;
}

/**
 * Makes an earlier snapshot of a month current again, in every dataset that it was published to; the newest of the
 * history by default, `none` to withdraw the month. The snapshot left behind stays in the history, so that a rollback
 * can be rolled back. Refuses on a pinned month.
 */
export function rollBack(lake: Lake, month: Month & { readonly to?: string | undefined }): Promise<Manifest> {
  return lake.write((writer) =>
    writer.change(`roll back ${month.source} ${month.period}`, (manifest, now) => {
      const main = findPartition(manifest, { ...month, dataset: 'cost' });
      refusePinned(main);
      const target = month.to === 'none' ? undefined : rollbackTarget(manifest, main, month);
      return {
        discarded: manifest.discarded,
        partitions: manifest.partitions.map((partition) =>
          partition.source === month.source && partition.period === month.period
            ? goTo(partition, target?.id, now)
            : partition,
        ),
      };
    }),
  );
}

function rollbackTarget(
  manifest: Manifest,
  main: Partition,
  month: Month & { readonly to?: string | undefined },
): SnapshotEntry {
  if (month.to !== undefined)
    return findSnapshot(manifest, { ...month, dataset: 'cost', snapshot: month.to });
  const newest = main.history[0];
  if (!newest) throw lakeErrors.unknownSnapshot({ ...month, snapshot: 'earlier' });
  return newest;
}

function goTo(partition: Partition, id: string | undefined, now: string): Partition {
  const target = partition.history.find((entry) => entry.id === id);
  if (partition.current?.id === id) return partition;
  const history = retire(partition, now).filter((entry) => entry.id !== id);
  if (!target) return { ...partition, current: null, history };
  const { retiredAt: _, ...current } = target;
  return { ...partition, current, history };
}

function refusePinned(partition: Partition): void {
  const pin = partition.pins.find(({ snapshot }) => snapshot === partition.current?.id);
  if (pin)
    throw lakeErrors.pinned({ source: partition.source, period: partition.period, reason: pin.reason });
}

/** Pins the current (or given) snapshot of a month: gc never removes it and it cannot be rolled back. */
export function pin(
  lake: Lake,
  month: Month & { readonly snapshot?: string; readonly reason: string },
): Promise<Manifest> {
  return lake.write((writer) => {
    const { id } = findSnapshot(writer.manifest(), { ...month, dataset: 'cost' });
    return changePins(writer.change, `pin ${month.source} ${month.period}`, month, (pins) => [
      ...pins.filter((p) => p.snapshot !== id || p.reason !== month.reason),
      { snapshot: id, reason: month.reason },
    ]);
  });
}

/** Removes the pins of a month (all, or those with one reason). */
export function unpin(lake: Lake, month: Month & { readonly reason?: string }): Promise<Manifest> {
  return lake.write((writer) => {
    findPartition(writer.manifest(), { ...month, dataset: 'cost' });
    return changePins(writer.change, `unpin ${month.source} ${month.period}`, month, (pins) =>
      pins.filter((p) => month.reason !== undefined && p.reason !== month.reason),
    );
  });
}

function changePins(
  change: Parameters<Parameters<Lake['write']>[0]>[0]['change'],
  message: string,
  month: Month,
  next: (pins: Partition['pins']) => Partition['pins'],
): Promise<Manifest> {
  return change(message, (manifest) => ({
    discarded: manifest.discarded,
    partitions: manifest.partitions.map((partition) =>
      partition.source === month.source && partition.period === month.period
        ? { ...partition, pins: next(partition.pins) }
        : partition,
    ),
  }));
}
