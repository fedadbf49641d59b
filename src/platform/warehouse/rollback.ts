import { everything, type Scope } from '../kernel/index.ts';
import { lakeErrors } from './errors.ts';
import { findPartition, findSnapshot, type Lake } from './lake.ts';
import type { Manifest, Partition, SnapshotEntry } from './manifest.ts';
import { type VisibleManifest, visibleIn } from './scope.ts';
import { retire } from './writer.ts';

/** A month of a source, in the dataset that people mean (`cost` unless they say another). */
interface Month {
  readonly source: string;
  readonly period: string;
  readonly dataset?: string | undefined;
}

/**
 * Makes an earlier snapshot of a month current again, in every dataset that it was published to; the newest of the
 * history by default, `none` to withdraw the month. The snapshot left behind stays in the history, so that a rollback
 * can be rolled back. Refuses on a pinned month; a month out of scope is `lake.unknownMonth`.
 */
export function rollBack(
  lake: Lake,
  scope: Scope,
  month: Month & { readonly to?: string | undefined },
): Promise<Manifest> {
  return lake.write((writer) =>
    writer.change(`roll back ${month.source} ${month.period}`, (manifest, now) => {
      const seen = visibleIn(manifest, scope);
      const main = findPartition(seen, { dataset: 'cost', ...month });
      refusePinned(main);
      const target = month.to === 'none' ? undefined : rollbackTarget(seen, main, month);
      const ids = [main.current?.id, target?.id];
      return {
        discarded: manifest.discarded,
        partitions: manifest.partitions.map((partition) =>
          isOf(month, partition) && holdsAny(partition, ids) ? goTo(partition, target?.id, now) : partition,
        ),
      };
    }),
  );
}

function isOf(month: Month, partition: Partition): boolean {
  return partition.source === month.source && partition.period === month.period;
}

/** Snapshots published together carry one id: a partition that has none of them is another delivery's. */
function holdsAny(partition: Partition, ids: readonly (string | undefined)[]): boolean {
  return ids.includes(partition.current?.id ?? '') || partition.history.some(({ id }) => ids.includes(id));
}

function rollbackTarget(
  manifest: VisibleManifest,
  main: Partition,
  month: Month & { readonly to?: string | undefined },
): SnapshotEntry {
  if (month.to !== undefined)
    return findSnapshot(manifest, { dataset: 'cost', ...month, snapshot: month.to });
  const newest = main.history[0];
  if (!newest) throw lakeErrors.nothingEarlier(month);
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

/** A snapshot that something relies on, and what that is. */
export interface Reliance {
  readonly dataset: string;
  readonly source: string;
  readonly period: string;
  readonly snapshot: string;
}

/**
 * Makes the snapshots of a month that carry one id current, in every dataset that has one, and pins what they rely on, in one
 * generation. Pins of the same reason are replaced: what the snapshots before them relied on is free. A snapshot relied on that
 * is not in the lake is `lake.unknownSnapshot`.
 */
export function promote(
  lake: Lake,
  month: Pick<Month, 'source' | 'period'> & { readonly snapshot: string },
  { reason, on }: { readonly reason: string; readonly on: readonly Reliance[] },
): Promise<Manifest> {
  const { source, period, snapshot } = month;
  return lake.write((writer) =>
    writer.change(`promote ${source} ${period}`, (manifest, now) => {
      const whole = visibleIn(manifest, everything);
      for (const relied of on) findSnapshot(whole, relied);
      if (!manifest.partitions.some((p) => isOf(month, p) && holdsAny(p, [snapshot])))
        throw lakeErrors.unknownSnapshot(month);
      return {
        discarded: manifest.discarded,
        partitions: manifest.partitions
          .map((p) => (isOf(month, p) && holdsAny(p, [snapshot]) ? goTo(p, snapshot, now) : p))
          .map((p) => ({ ...p, pins: [...p.pins.filter((one) => one.reason !== reason), ...pinsOf(p)] })),
      };
    }),
  );
  function pinsOf({ dataset, source, period }: Partition): Partition['pins'] {
    const relied = on.filter((r) => r.dataset === dataset && r.source === source && r.period === period);
    return relied.map((r) => ({ snapshot: r.snapshot, reason }));
  }
}

/** Pins the current (or given) snapshot of a month in scope: gc never removes it and it cannot be rolled back. */
export function pin(
  lake: Lake,
  scope: Scope,
  month: Month & { readonly snapshot?: string; readonly reason: string },
): Promise<Manifest> {
  const { reason } = month;
  return lake.write((writer) => {
    const { id } = findSnapshot(visibleIn(writer.manifest(), scope), { dataset: 'cost', ...month });
    return writer.change(`pin ${month.source} ${month.period}`, (manifest) => ({
      discarded: manifest.discarded,
      partitions: manifest.partitions.map((partition) =>
        isOf(month, partition) && holdsAny(partition, [id])
          ? {
              ...partition,
              pins: [
                ...partition.pins.filter((p) => p.snapshot !== id || p.reason !== reason),
                { snapshot: id, reason },
              ],
            }
          : partition,
      ),
    }));
  });
}

/** Removes the pins of a month in scope (all, or those with one reason). */
export function unpin(
  lake: Lake,
  scope: Scope,
  month: Month & { readonly reason?: string },
): Promise<Manifest> {
  return lake.write((writer) => {
    findPartition(visibleIn(writer.manifest(), scope), { dataset: 'cost', ...month });
    return writer.change(`unpin ${month.source} ${month.period}`, (manifest) => ({
      discarded: manifest.discarded,
      partitions: manifest.partitions.map((partition) =>
        isOf(month, partition)
          ? {
              ...partition,
              pins: partition.pins.filter((p) => month.reason !== undefined && p.reason !== month.reason),
            }
          : partition,
      ),
    }));
  });
}
