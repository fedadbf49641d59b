import { type Scope, tryParsePeriod } from '../../platform/kernel/index.ts';
import {
  type Lake,
  lakeErrors,
  type Manifest,
  type Partition,
  readDescription,
  type SnapshotDescription,
  type SnapshotEntry,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { isMainDataset, originOf } from './origin.ts';

/** Row count and costs of one currency, decimal strings; a cost is null where the dataset has no such column. */
export interface MonthTotals {
  readonly currency: string;
  readonly rows: number;
  readonly BilledCost: string | null;
  readonly EffectiveCost: string | null;
}

/** The delivery that a snapshot was made from: its label for people, and the provider's version where it has one. */
export interface MonthDelivery {
  readonly key: string;
  readonly label: string;
  readonly version: string | null;
}

/** What a source has delivered so far. */
export interface SourceSummary {
  readonly source: string;
  /** `cost`, or supplemental datasets of FOCUS; sorted. */
  readonly datasets: readonly string[];
  /** Formats of all current months, sorted: `aws-cur-v2`, `focus-1.2`. */
  readonly formats: readonly string[];
  /** First and last billing month, and how many there are; null and 0 for a source without billing months. */
  readonly firstMonth: string | null;
  readonly lastMonth: string | null;
  readonly months: number;
  /** Rows of all current months. */
  readonly rows: number;
  /** The costs of the latest month (`lastMonth`), per currency. */
  readonly latest: readonly MonthTotals[];
  /** When the newest of its current snapshots was imported, ISO 8601. */
  readonly importedAt: string;
}

/** A month as it stands. */
export interface MonthSummary {
  readonly source: string;
  /** `2026-10`; `all` for commitments of contracts, which belong to no month. */
  readonly period: string;
  readonly dataset: string;
  /** Null when the month was withdrawn by a rollback to nothing. */
  readonly snapshot: string | null;
  /** `final`: the provider has closed the month. `withdrawn`: it has no current snapshot. */
  readonly status: 'open' | 'final' | 'withdrawn';
  readonly rows: number;
  readonly totals: readonly MonthTotals[];
  readonly oldSnapshots: number;
  /** Why the current snapshot may not be rolled back. */
  readonly pinned: readonly string[];
  readonly importedAt: string | null;
  readonly delivery: MonthDelivery | null;
}

/** One content that a month has or had. */
export interface MonthSnapshot {
  readonly snapshot: string;
  readonly current: boolean;
  readonly final: boolean;
  readonly createdAt: string;
  /** When another one took its place; null for the current one. */
  readonly retiredAt: string | null;
  readonly rows: number;
  readonly totals: readonly MonthTotals[];
  readonly delivery: MonthDelivery;
  readonly pinned: readonly string[];
}

/** Every source in scope that has a current month, by name. */
export async function listSources(lake: Lake, scope: Scope): Promise<SourceSummary[]> {
  const bySource = new Map<string, Current[]>();
  for (const partition of mainPartitions(await lake.visible(scope))) {
    if (!partition.current) continue;
    const description = await describe(lake, partition, partition.current);
    const found = bySource.get(partition.source) ?? [];
    bySource.set(partition.source, [...found, { partition, entry: partition.current, description }]);
  }
  return [...bySource].map(([source, months]) => summarise(source, months));
}

/** Every month of the sources in scope, by source and month; `from` and `to` are billing months, both included. */
export async function listMonths(
  lake: Lake,
  scope: Scope,
  asked: {
    readonly source?: string | undefined;
    readonly from?: string | undefined;
    readonly to?: string | undefined;
  } = {},
): Promise<MonthSummary[]> {
  const partitions = mainPartitions(await lake.visible(scope)).filter(
    ({ source, period }) =>
      (asked.source === undefined || asked.source === source) &&
      (asked.from === undefined || period >= asked.from) &&
      (asked.to === undefined || period <= asked.to),
  );
  const months: MonthSummary[] = [];
  for (const partition of partitions) months.push(await summariseMonth(lake, partition));
  return months;
}

/**
 * Every snapshot of a month, the current one first, then the newest. Without `dataset` its costs, or what the source
 * delivers instead. Refuses with `lake.unknownMonth`, and so for a month out of scope.
 */
export async function monthHistory(
  lake: Lake,
  scope: Scope,
  month: { readonly source: string; readonly period: string; readonly dataset?: string | undefined },
): Promise<MonthSnapshot[]> {
  const partition = mainPartitions(await lake.visible(scope)).find(
    ({ source, period, dataset }) =>
      source === month.source &&
      period === month.period &&
      (month.dataset === undefined || dataset === month.dataset),
  );
  if (!partition) throw lakeErrors.unknownMonth({ source: month.source, period: month.period });
  const snapshots: MonthSnapshot[] = [];
  for (const entry of snapshotsOf(partition)) {
    const description = await describe(lake, partition, entry);
    snapshots.push({
      snapshot: entry.id,
      current: entry.id === partition.current?.id,
      final: entry.final,
      createdAt: entry.createdAt,
      retiredAt: entry.retiredAt,
      rows: rowsOf(entry),
      totals: totalsOf(description),
      delivery: originOf(description).delivery,
      pinned: reasonsFor(partition, entry),
    });
  }
  return snapshots;
}

/** The partitions that hold converted rows: not the native copies, not the quarantine. By source, month, and costs first. */
export function mainPartitions(manifest: Pick<Manifest, 'partitions'>): Partition[] {
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const rank = ({ dataset }: Partition) => (dataset === costDataset.name ? '' : dataset);
  return manifest.partitions
    .filter(({ dataset }) => isMainDataset(dataset))
    .sort((a, b) => order(a.source, b.source) || order(a.period, b.period) || order(rank(a), rank(b)));
}

/** The snapshots of a partition, current first, then newest first. */
export function snapshotsOf(partition: Partition): (SnapshotEntry & { readonly retiredAt: string | null })[] {
  return [...(partition.current ? [{ ...partition.current, retiredAt: null }] : []), ...partition.history];
}

interface Current {
  readonly partition: Partition;
  readonly entry: SnapshotEntry;
  readonly description: SnapshotDescription;
}

function summarise(source: string, months: readonly Current[]): SourceSummary {
  const periods = distinct(
    months.map(({ partition }) => partition.period).filter((period) => tryParsePeriod(period)),
  );
  const lastMonth = periods.at(-1) ?? null;
  const latest = months.find(({ partition }) => partition.period === lastMonth) ?? months[0];
  return {
    source,
    datasets: distinct(months.map(({ partition }) => partition.dataset)),
    formats: distinct(
      months.flatMap(({ description }) => originOf(description).files.map(({ format }) => format)),
    ),
    firstMonth: periods[0] ?? null,
    lastMonth,
    months: periods.length,
    rows: months.reduce((sum, { entry }) => sum + rowsOf(entry), 0),
    latest: latest ? totalsOf(latest.description) : [],
    importedAt: distinct(months.map(({ entry }) => entry.createdAt)).at(-1) ?? '',
  };
}

async function summariseMonth(lake: Lake, partition: Partition): Promise<MonthSummary> {
  const { source, period, dataset, current, history } = partition;
  const description = current ? await describe(lake, partition, current) : undefined;
  return {
    source,
    period,
    dataset,
    snapshot: current?.id ?? null,
    status: current ? (current.final ? 'final' : 'open') : 'withdrawn',
    rows: current ? rowsOf(current) : 0,
    totals: description ? totalsOf(description) : [],
    oldSnapshots: history.length,
    pinned: current ? reasonsFor(partition, current) : [],
    importedAt: current?.createdAt ?? null,
    delivery: description ? originOf(description).delivery : null,
  };
}

/**
 * The description of a snapshot that the manifest at hand names. `lake.describe` would read the manifest again each
 * time: 4 ms a month where there are 200.
 */
export function describe(
  lake: Lake,
  { dataset, source, period }: Partition,
  entry: SnapshotEntry,
): Promise<SnapshotDescription> {
  return readDescription(lake.root, { dataset, source, period, snapshot: entry.id });
}

function totalsOf({ totals }: SnapshotDescription): MonthTotals[] {
  return totals.map(({ currency, rows, sums }) => ({
    currency,
    rows,
    BilledCost: sums['BilledCost'] ?? null,
    EffectiveCost: sums['EffectiveCost'] ?? null,
  }));
}

function rowsOf(entry: SnapshotEntry): number {
  return entry.files.reduce((sum, file) => sum + file.rows, 0);
}

function reasonsFor(partition: Partition, entry: SnapshotEntry): string[] {
  return partition.pins.filter(({ snapshot }) => snapshot === entry.id).map(({ reason }) => reason);
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
