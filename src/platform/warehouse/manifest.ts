import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createExclusively, makeFolder } from './durable.ts';
import { lakeErrors } from './errors.ts';
import { faultPoint } from './fault.ts';

/** One Parquet file of a snapshot; `path` is relative to the lake and never used twice. */
export interface LakeFile {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
}

/** What the manifest knows of a snapshot; the rest is in its description file. */
export interface SnapshotEntry {
  readonly id: string;
  readonly createdAt: string;
  readonly files: readonly LakeFile[];
  /** The source's own columns beyond the dataset's, sorted. */
  readonly extraColumns: readonly string[];
  readonly currencies: readonly string[];
  /** What the snapshot was made from, to find an unchanged delivery without opening anything else. */
  readonly delivery: { readonly key: string; readonly fingerprint: string };
  /** True when the provider has closed the month. */
  readonly final: boolean;
}

/** The content of one (dataset, source, billing month): what is current (null: withdrawn), what was, what must stay. */
export interface Partition {
  readonly dataset: string;
  readonly source: string;
  readonly period: string;
  readonly current: SnapshotEntry | null;
  /** Newest first. */
  readonly history: readonly (SnapshotEntry & { readonly retiredAt: string })[];
  readonly pins: readonly { readonly snapshot: string; readonly reason: string }[];
}

/** One generation of the whole lake: a commit flips many months and datasets together. */
export interface Manifest {
  readonly format: 1;
  readonly generation: number;
  readonly createdAt: string;
  /** What the commit was for, for people. */
  readonly message: string;
  readonly partitions: readonly Partition[];
  /** Files that left the history; they leave the disk a grace time later. */
  readonly discarded: readonly { readonly path: string; readonly since: string }[];
}

const emptyManifest: Manifest = {
  format: 1,
  generation: 0,
  createdAt: '1970-01-01T00:00:00.000Z',
  message: 'empty lake',
  partitions: [],
  discarded: [],
};

const nameShape = /^(\d{6,})\.json$/;

/** Numbers of the generations on disk, ascending; none for a new workspace. */
export async function manifestGenerations(folder: string): Promise<number[]> {
  try {
    const names = await readdir(folder);
    return names
      .map((name) => nameShape.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Reads a generation (the newest by default); the empty manifest for a new workspace. */
export async function readManifest(folder: string, generation?: number): Promise<Manifest> {
  const wanted = generation ?? (await manifestGenerations(folder)).at(-1);
  if (wanted === undefined) return emptyManifest;
  const file = manifestFile(folder, wanted);
  let stored: { readonly sha256?: string; readonly manifest?: Manifest };
  try {
    stored = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw lakeErrors.damagedManifest({
      file,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
  if (!stored.manifest || stored.sha256 !== digest(stored.manifest)) {
    throw lakeErrors.damagedManifest({ file, reason: 'its checksum does not match' });
  }
  return stored.manifest;
}

/** Publishes a generation by exclusive create; refuses with `lake.conflict` when the number is taken. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await makeFolder(folder);
  faultPoint('lake.before-manifest');
  const created = await createExclusively(
    manifestFile(folder, manifest.generation),
    `${JSON.stringify({ sha256: digest(manifest), manifest })}\n`,
    {
      onWritten: () => faultPoint('lake.manifest-written'),
      onLinked: () => faultPoint('lake.manifest-linked'),
    },
  );
  if (!created) throw lakeErrors.conflict({ generation: manifest.generation });
  faultPoint('lake.committed');
}

export function manifestFile(folder: string, generation: number): string {
  return join(folder, `${String(generation).padStart(6, '0')}.json`);
}

function digest(manifest: Manifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}
