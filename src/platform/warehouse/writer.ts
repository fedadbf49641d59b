import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert, type Clock } from '../kernel/index.ts';
import { fileSize, makeFolder, syncFile, syncFolder, writeNewFile } from './durable.ts';
import { lakeErrors } from './errors.ts';
import { faultPoint } from './fault.ts';
import {
  type Manifest,
  type Partition,
  readManifest,
  type SnapshotEntry,
  writeManifest,
} from './manifest.ts';
import { descriptionPath, fileSha256, type SnapshotDescription } from './snapshot.ts';
import type { WriteLock } from './write-lock.ts';

/** A snapshot whose files are written: what `seal` makes durable and describes. */
export interface SnapshotDraft
  extends Omit<SnapshotDescription, 'createdAt' | 'files' | 'currencies' | 'extraColumns'> {
  /**
   * Files made by `newFile`, with their row counts. One file may serve several months. `sha256`: of a file that an earlier
   * snapshot has described; it is durable, and never changes.
   */
  readonly files: readonly { readonly path: string; readonly rows: number; readonly sha256?: string }[];
  readonly extraColumns?: readonly string[];
}

/** One change of the lake, under the write lock. */
export interface LakeWriter {
  /** The manifest as it stands; nobody else changes it while the writer is open. */
  readonly manifest: () => Manifest;
  /** Reserves a name never used before, relative to the lake, and makes its folder. */
  readonly newFile: (
    folder: string,
    name: string,
  ) => Promise<{ readonly path: string; readonly absolute: string }>;
  /** Syncs and checks the files, then writes the description: the snapshot is durable but not yet current. */
  readonly seal: (draft: SnapshotDraft) => Promise<SnapshotDescription>;
  /** Flips every given snapshot to current in one new generation. */
  readonly publish: (message: string, snapshots: readonly SnapshotDescription[]) => Promise<Manifest>;
  /** Enters every given snapshot into the history of its month, as the newest, without making it current: see `promote`. */
  readonly keep: (message: string, snapshots: readonly SnapshotDescription[]) => Promise<Manifest>;
  /** Any other change of the manifest: rollback, pins, gc. */
  readonly change: (
    message: string,
    change: (manifest: Manifest, now: string) => Pick<Manifest, 'partitions' | 'discarded'>,
  ) => Promise<Manifest>;
  /** Removes what was written and never published, then frees the lock. */
  readonly close: () => Promise<void>;
}

/** Takes the lock and opens a writer; use `lake.write`, which also closes it. */
export async function openWriter(
  place: { readonly root: string; readonly manifestFolder: string; readonly clock: Clock },
  takeLock: (file: string) => Promise<WriteLock>,
): Promise<LakeWriter> {
  const { root, manifestFolder, clock } = place;
  await makeFolder(root);
  await syncFolder(dirname(root));
  await syncFolder(dirname(dirname(root)));
  const lock = await takeLock(join(root, 'write.lock'));
  let manifest = await readManifest(manifestFolder).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  const uncommitted = new Set<string>();
  const checksums = new Map<string, string>();

  async function newFile(folder: string, name: string) {
    const path = join(folder, name);
    const absolute = join(root, path);
    assert((await fileSize(absolute)) === undefined, `the lake file name ${path} is used already`);
    await makeFolder(dirname(absolute));
    uncommitted.add(path);
    return { path, absolute };
  }

  async function seal(draft: SnapshotDraft): Promise<SnapshotDescription> {
    faultPoint('lake.file-written');
    const files = [];
    for (const { path, rows, sha256: known } of draft.files) {
      const absolute = join(root, path);
      let sha256 = known ?? checksums.get(path);
      if (sha256 === undefined) {
        await syncFile(absolute);
        await syncFolder(dirname(absolute));
        sha256 = await fileSha256(absolute);
        checksums.set(path, sha256);
      }
      files.push({ path, rows, bytes: (await fileSize(absolute)) ?? 0, sha256 });
    }
    faultPoint('lake.file-synced');
    const described: SnapshotDescription = {
      ...draft,
      createdAt: clock.now().toISOString(),
      files,
      extraColumns: [...(draft.extraColumns ?? [])].sort(),
      currencies: draft.totals.map((total) => total.currency).sort(),
    };
    const description = await newFile(
      dirname(descriptionPath({ ...draft, snapshot: draft.id })),
      `${draft.id}.json`,
    );
    await writeNewFile(description.absolute, `${JSON.stringify(described, null, 1)}\n`);
    await syncFolder(dirname(description.absolute));
    faultPoint('lake.snapshot-described');
    return described;
  }

  let turn: Promise<unknown> = Promise.resolve();

  /** Changes of one writer follow each other: each starts from the generation that the one before has made. */
  function change(message: string, apply: Parameters<LakeWriter['change']>[1]): Promise<Manifest> {
    const mine = turn.then(() => writeNext(message, apply));
    turn = mine.catch(() => {});
    return mine;
  }

  async function writeNext(message: string, apply: Parameters<LakeWriter['change']>[1]): Promise<Manifest> {
    const now = clock.now().toISOString();
    const next: Manifest = {
      format: 1,
      generation: manifest.generation + 1,
      createdAt: now,
      message,
      ...apply(manifest, now),
    };
    await writeManifest(manifestFolder, next);
    manifest = next;
    return next;
  }

  async function commit(
    message: string,
    snapshots: readonly SnapshotDescription[],
    place: typeof withCurrent,
  ): Promise<Manifest> {
    const published = await change(message, (before, now) => ({
      partitions: place(before.partitions, snapshots, now),
      discarded: before.discarded,
    }));
    for (const snapshot of snapshots) {
      for (const file of snapshot.files) uncommitted.delete(file.path);
      uncommitted.delete(descriptionPath({ ...snapshot, snapshot: snapshot.id }));
    }
    return published;
  }

  /** A generation may be there although writing it has failed (its name, then an I/O error): its files stay. */
  async function close(): Promise<void> {
    try {
      if (uncommitted.size === 0) return;
      const newest = await readManifest(manifestFolder).catch(() => undefined);
      if (!newest) return;
      const named = newest.generation === manifest.generation ? new Set<string>() : filesOf(newest);
      for (const path of uncommitted) if (!named.has(path)) await rm(join(root, path), { force: true });
    } finally {
      lock.release();
    }
  }

  return {
    manifest: () => manifest,
    newFile,
    seal,
    publish: (message, snapshots) => commit(message, snapshots, withCurrent),
    keep: (message, snapshots) => commit(message, snapshots, withKept),
    change,
    close,
  };
}

/** Every file that a generation names, descriptions of snapshots included. */
export function filesOf({ partitions }: Pick<Manifest, 'partitions'>): Set<string> {
  const named = new Set<string>();
  for (const partition of partitions) {
    for (const entry of [...(partition.current ? [partition.current] : []), ...partition.history]) {
      named.add(descriptionPath({ ...partition, snapshot: entry.id }));
      for (const file of entry.files) named.add(file.path);
    }
  }
  return named;
}

/** The manifest's line for a described snapshot. */
function entryOf(snapshot: SnapshotDescription): SnapshotEntry {
  const { id, createdAt, extraColumns, currencies, delivery, final } = snapshot;
  const files = snapshot.files.map(({ path, bytes, rows }) => ({ path, bytes, rows }));
  return { id, createdAt, files, extraColumns, currencies, delivery, final };
}

function withCurrent(
  partitions: readonly Partition[],
  snapshots: readonly SnapshotDescription[],
  now: string,
): Partition[] {
  const published = new Set(snapshots.map(partitionKey));
  const leaving = new Set(
    partitions
      .filter((p) => published.has(partitionKey(p)))
      .map((p) => `${p.source}/${p.period}/${p.current?.id}`),
  );
  // What was published together with a snapshot that is replaced, and is not published again, is replaced by nothing.
  const orphaned = (p: Partition) =>
    !published.has(partitionKey(p)) && leaving.has(`${p.source}/${p.period}/${p.current?.id}`);
  const byKey = new Map(
    partitions.map((partition) => [
      partitionKey(partition),
      orphaned(partition) ? { ...partition, current: null, history: retire(partition, now) } : partition,
    ]),
  );
  for (const snapshot of snapshots) {
    const before = byKey.get(partitionKey(snapshot));
    const { dataset, source, period } = snapshot;
    byKey.set(partitionKey(snapshot), {
      dataset,
      source,
      period,
      current: entryOf(snapshot),
      history: before ? retire(before, now) : [],
      pins: before?.pins ?? [],
    });
  }
  return inOrder(byKey);
}

function withKept(
  partitions: readonly Partition[],
  snapshots: readonly SnapshotDescription[],
  now: string,
): Partition[] {
  const byKey = new Map(partitions.map((partition) => [partitionKey(partition), partition]));
  for (const snapshot of snapshots) {
    const { dataset, source, period } = snapshot;
    const before = byKey.get(partitionKey(snapshot)) ?? {
      ...{ dataset, source, period },
      ...{ current: null, history: [], pins: [] },
    };
    const history = [{ ...entryOf(snapshot), retiredAt: now }, ...before.history];
    byKey.set(partitionKey(snapshot), { ...before, history });
  }
  return inOrder(byKey);
}

function inOrder(byKey: ReadonlyMap<string, Partition>): Partition[] {
  return [...byKey.values()].sort((a, b) => (partitionKey(a) < partitionKey(b) ? -1 : 1));
}

/** The history of a partition after its current snapshot has been replaced. */
export function retire(partition: Partition, now: string): Partition['history'] {
  return partition.current
    ? [{ ...partition.current, retiredAt: now }, ...partition.history]
    : partition.history;
}

function partitionKey(p: {
  readonly dataset: string;
  readonly source: string;
  readonly period: string;
}): string {
  return `${p.dataset}/${p.source}/${p.period}`;
}

const sourceShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** A source name becomes a folder: refuses what would not be one. */
export function checkSourceName(name: string): string {
  if (!sourceShape.test(name) || name.includes('..')) throw lakeErrors.unfitName({ name });
  return name;
}
