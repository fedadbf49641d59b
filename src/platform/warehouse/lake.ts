import { join } from 'node:path';
import { type Clock, must, type Scope } from '../kernel/index.ts';
import type { Dataset, Selection, SelectionRange } from './dataset.ts';
import { lakeErrors } from './errors.ts';
import {
  type Manifest,
  manifestGenerations,
  type Partition,
  readManifest,
  type SnapshotEntry,
} from './manifest.ts';
import { selectFiles } from './relation.ts';
import { isOwned, partitionsOf, sourcesIn, type VisibleManifest, visibleIn } from './scope.ts';
import { readDescription, type SnapshotDescription } from './snapshot.ts';
import { takeWriteLock } from './write-lock.ts';
import { type LakeWriter, openWriter } from './writer.ts';

/** Which month of which source; with `snapshot`, one version of it instead of the current one. */
export interface MonthKey {
  readonly dataset: string;
  readonly source: string;
  readonly period: string;
  readonly snapshot?: string | undefined;
}

/**
 * The lake: immutable Parquet snapshots per (dataset, source, billing month) and one manifest that says which are current.
 * Readers take no lock and never see half a month; one process writes at a time.
 */
export interface Lake {
  readonly root: string;
  readonly manifestFolder: string;
  /** The newest generation, whole: for the program itself. What a caller sees of it is `visible`. */
  readonly current: () => Promise<Manifest>;
  /** The newest generation as a scope shows it: what every list of months is made from. */
  readonly visible: (scope: Scope) => Promise<VisibleManifest>;
  /**
   * The rows of a dataset in a range of months: the table expression for a query. Demands a scope, and refuses with
   * `lake.applicationScope` or `lake.noSources` where it shows no rows.
   */
  readonly select: (scope: Scope, dataset: Dataset, range?: SelectionRange) => Promise<Selection>;
  /** The rows of one snapshot, current or old. As `select`; a month out of scope is `lake.unknownMonth`. */
  readonly selectMonth: (
    scope: Scope,
    dataset: Dataset,
    key: Omit<MonthKey, 'dataset'>,
  ) => Promise<Selection>;
  /** The full description of a snapshot: files with checksums, sums, origin. Out of scope: `lake.unknownMonth`. */
  readonly describe: (scope: Scope, key: MonthKey) => Promise<SnapshotDescription>;
  /** The absolute path of a file of the lake. */
  readonly resolve: (path: string) => string;
  /**
   * Runs one change under the write lock. What the work has written but not committed is removed when it fails.
   * Refuses with `lake.busy` after `waitMs` (default 10 s).
   */
  readonly write: <T>(work: (writer: LakeWriter) => Promise<T>, waitMs?: number) => Promise<T>;
}

/** Opens the lake of a workspace; touches nothing on disk until something is written. */
export function openLake(workspaceRoot: string, clock: Clock): Lake {
  const root = join(workspaceRoot, 'lake');
  const manifestFolder = join(root, 'manifest');
  const current = newestManifest(manifestFolder);
  const visible = async (scope: Scope) => visibleIn(await current(), scope);

  return {
    root,
    manifestFolder,
    current,
    visible,
    select: async (scope, dataset, range = {}) => {
      const { generation, partitions } = partitionsOf(dataset, await current(), scope);
      const snapshots = partitions
        .filter((partition) => partition.dataset === dataset.name && inRange(partition, range))
        .flatMap(({ source, current: entry }) => (entry ? [{ source, entry }] : []));
      return selectFiles({ scope, root, dataset, snapshots, generation });
    },
    selectMonth: async (scope, dataset, key) => {
      if (!isOwned(dataset)) sourcesIn(scope);
      const manifest = partitionsOf(dataset, await current(), scope);
      const entry = findSnapshot(manifest, { ...key, dataset: dataset.name });
      const snapshots = [{ source: key.source, entry }];
      return selectFiles({ scope, root, dataset, snapshots, generation: manifest.generation });
    },
    describe: async (scope, key) => {
      const entry = findSnapshot(await visible(scope), key);
      return readDescription(root, { ...key, snapshot: entry.id });
    },
    resolve: (path) => join(root, path),
    write: async (work, waitMs = 10_000) => {
      const writer = await openWriter({ root, manifestFolder, clock }, (file) => takeWriteLock(file, waitMs));
      try {
        return await work(writer);
      } catch (error) {
        throw isDiskFull(error) ? lakeErrors.diskFull({ folder: workspaceRoot }) : error;
      } finally {
        await writer.close();
      }
    },
  };
}

/** Reads the newest generation, once: a generation never changes. */
function newestManifest(folder: string): () => Promise<Manifest> {
  let known: Manifest | undefined;
  return async () => {
    const newest = (await manifestGenerations(folder)).at(-1);
    if (known === undefined || known.generation !== newest) known = await readManifest(folder, newest);
    return known;
  };
}

/** Node says ENOSPC or EDQUOT, DuckDB what the system said. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && /ENOSPC|EDQUOT|no space left|disk quota/i.test(error.message);
}

/** The partition of a month, or a refusal that says what to list: the same for a month that is not seen and none. */
export function findPartition(manifest: VisibleManifest, key: Omit<MonthKey, 'snapshot'>): Partition {
  const found = manifest.partitions.find(
    (p) => p.dataset === key.dataset && p.source === key.source && p.period === key.period,
  );
  if (!found) throw lakeErrors.unknownMonth({ source: key.source, period: key.period });
  return found;
}

/** A snapshot of a month by id (a unique prefix of 6 or more characters will do); the current one without an id. */
export function findSnapshot(manifest: VisibleManifest, key: MonthKey): SnapshotEntry {
  const partition = findPartition(manifest, key);
  if (key.snapshot === undefined) {
    if (!partition.current) throw lakeErrors.unknownMonth({ source: key.source, period: key.period });
    return partition.current;
  }
  const wanted = key.snapshot;
  const all = [...(partition.current ? [partition.current] : []), ...partition.history];
  const matches = all.filter(
    (entry) => entry.id === wanted || (wanted.length >= 6 && entry.id.startsWith(wanted)),
  );
  if (matches.length !== 1) {
    throw lakeErrors.unknownSnapshot({ source: key.source, period: key.period, snapshot: wanted });
  }
  return must(matches[0], 'snapshot');
}

function inRange(partition: Partition, range: SelectionRange): boolean {
  return (
    (range.from === undefined || partition.period >= range.from) &&
    (range.to === undefined || partition.period <= range.to) &&
    (range.sources === undefined || range.sources.includes(partition.source))
  );
}
