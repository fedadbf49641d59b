import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileSize, filesBelow, syncFolder } from './durable.ts';
import type { Lake } from './lake.ts';
import { type Manifest, manifestFile, manifestGenerations, type Partition } from './manifest.ts';
import { descriptionPath, readDescription, type SnapshotDescription } from './snapshot.ts';
import { filesOf } from './writer.ts';

export interface CollectOptions {
  /** Old snapshots stay at least this long after they were replaced. Default 90. */
  readonly keepDays: number;
  /** And at least this many of each month. Default 3. */
  readonly keepVersions: number;
  /** Files leave the disk this long after they left the manifest, because open readers still hold them. Default 24. */
  readonly graceHours: number;
}

export interface Collected {
  /** Snapshots that left the history. */
  readonly discarded: number;
  /** Files removed from the disk. */
  readonly removed: readonly string[];
  readonly bytes: number;
}

/**
 * Removes what is no longer needed: leftovers of crashed writers at once (no manifest ever named them, so no reader holds
 * them), old snapshots by age and count, never a pinned one, and old manifest generations and originals.
 */
export function collectGarbage(
  lake: Lake,
  workspaceRoot: string,
  now: Date,
  options: CollectOptions,
): Promise<Collected> {
  return lake.write(async (writer) => {
    const before = writer.manifest();
    const leaving = leavingSnapshots(before, now, options);
    if (leaving.size > 0) {
      await writer.change(`gc: ${leaving.size} old snapshots`, (manifest, at) =>
        discard(manifest, leaving, at),
      );
    }
    const graceEnd = new Date(now.getTime() - options.graceHours * 3_600_000).toISOString();
    const due = writer.manifest().discarded.filter(({ since }) => since <= graceEnd);
    const removed = [
      ...(await removeFiles(
        lake.root,
        due.map(({ path }) => path),
      )),
      ...(await removeLeftovers(lake, writer.manifest())),
      ...(await removeUnfinished(join(workspaceRoot, 'tmp'))),
      ...(await removeOldManifests(lake.manifestFolder, graceEnd)),
      ...(await removeUnusedOriginals(lake, workspaceRoot, writer.manifest(), graceEnd)),
    ];
    if (due.length > 0) {
      const gone = new Set(due.map(({ path }) => path));
      await writer.change('gc: files removed', (manifest) => ({
        partitions: manifest.partitions,
        discarded: manifest.discarded.filter(({ path }) => !gone.has(path)),
      }));
    }
    return {
      discarded: leaving.size,
      removed: removed.map(({ path }) => path),
      bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}

function leavingSnapshots(manifest: Manifest, now: Date, options: CollectOptions): Set<string> {
  const keepSince = new Date(now.getTime() - options.keepDays * 86_400_000).toISOString();
  const leaving = new Set<string>();
  for (const partition of manifest.partitions) {
    const pinned = new Set(partition.pins.map(({ snapshot }) => snapshot));
    partition.history.forEach((entry, index) => {
      const old = entry.retiredAt <= keepSince && index >= options.keepVersions;
      if (old && !pinned.has(entry.id)) leaving.add(snapshotKey(partition, entry.id));
    });
  }
  return leaving;
}

function snapshotKey(partition: Partition, id: string): string {
  return descriptionPath({ ...partition, snapshot: id });
}

function discard(
  manifest: Manifest,
  leaving: ReadonlySet<string>,
  since: string,
): Pick<Manifest, 'partitions' | 'discarded'> {
  const partitions = manifest.partitions.map((partition) => ({
    ...partition,
    history: partition.history.filter((entry) => !leaving.has(snapshotKey(partition, entry.id))),
  }));
  const kept = filesOf({ partitions });
  const left = [...filesOf(manifest)].filter((path) => !kept.has(path));
  return { partitions, discarded: [...manifest.discarded, ...left.map((path) => ({ path, since }))] };
}

async function removeFiles(
  root: string,
  paths: readonly string[],
): Promise<{ path: string; bytes: number }[]> {
  const removed = [];
  for (const path of paths) {
    const bytes = await fileSize(join(root, path));
    if (bytes === undefined) continue;
    await rm(join(root, path));
    removed.push({ path, bytes });
  }
  for (const folder of new Set(removed.map(({ path }) => dirname(join(root, path)))))
    await syncFolder(folder);
  return removed;
}

/** Files that no manifest names are the remains of a crash: the write lock proves that nobody is writing them. */
async function removeLeftovers(lake: Lake, manifest: Manifest): Promise<{ path: string; bytes: number }[]> {
  const named = filesOf(manifest);
  for (const { path } of manifest.discarded) named.add(path);
  const leftovers = (await filesBelow(lake.root)).filter(
    (path) => !named.has(path) && !path.startsWith('write.lock') && !/^manifest\/\d+\.json$/.test(path),
  );
  return removeFiles(lake.root, leftovers);
}

/** What a killed import had unpacked. The engine's own spill folder may belong to a reader that is running. */
async function removeUnfinished(folder: string): Promise<{ path: string; bytes: number }[]> {
  const files = (await filesBelow(folder)).filter((path) => !path.startsWith('duckdb'));
  const removed = await removeFiles(folder, files);
  for (const name of await readdir(folder).catch(() => [])) {
    if (name !== 'duckdb') await rm(join(folder, name), { recursive: true, force: true });
  }
  return removed;
}

async function removeOldManifests(
  folder: string,
  graceEnd: string,
): Promise<{ path: string; bytes: number }[]> {
  const keep = 10;
  const removed = [];
  for (const generation of (await manifestGenerations(folder)).slice(0, -keep)) {
    const file = manifestFile(folder, generation);
    const { mtime, size } = await stat(file);
    if (mtime.toISOString() > graceEnd) continue;
    await rm(file);
    removed.push({ path: file.slice(folder.length + 1), bytes: size });
  }
  return removed;
}

async function removeUnusedOriginals(
  lake: Lake,
  workspaceRoot: string,
  manifest: Manifest,
  graceEnd: string,
): Promise<{ path: string; bytes: number }[]> {
  const raw = join(workspaceRoot, 'raw');
  const originals = await filesBelow(raw);
  if (originals.length === 0) return [];
  const used = new Set((await descriptions(lake, manifest)).flatMap((description) => description.raw));
  const unused = [];
  for (const path of originals) {
    const sha256 = /([0-9a-f]{64})/.exec(path)?.[1];
    if (sha256 === undefined || used.has(sha256)) continue;
    if ((await stat(join(raw, path))).mtime.toISOString() <= graceEnd) unused.push(path);
  }
  return removeFiles(raw, unused);
}

async function descriptions(lake: Lake, manifest: Manifest): Promise<SnapshotDescription[]> {
  const found = [];
  for (const partition of manifest.partitions) {
    for (const entry of [...(partition.current ? [partition.current] : []), ...partition.history]) {
      found.push(await readDescription(lake.root, { ...partition, snapshot: entry.id }));
    }
  }
  return found;
}
