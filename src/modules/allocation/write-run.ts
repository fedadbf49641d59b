import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Decimal } from '../../platform/kernel/index.ts';
import {
  type Dataset,
  descriptionPath,
  type LakeWriter,
  type Partition,
  readDescription,
  type Session,
  type SnapshotDescription,
} from '../../platform/warehouse/index.ts';
import { addCurrencySums, readWritten, type WrittenSums } from './checks.ts';
import type { WrittenFiles } from './checks-sql.ts';
import { allocationDataset, attributionDataset, flowDataset, partitionOf } from './datasets.ts';
import type { DayNote } from './run-engine.ts';

/** The datasets of a run by the names of their files. */
const datasets = {
  attribution: attributionDataset,
  allocation: allocationDataset,
  flow: flowDataset,
} as const satisfies Readonly<Record<keyof WrittenFiles, Dataset>>;
const names = Object.keys(datasets) as readonly (keyof WrittenFiles)[];

/** A file of the lake; `path` is relative to it. */
interface StoredFile {
  readonly path: string;
  readonly rows: number;
  /** Where an earlier run has written it. */
  readonly sha256?: string;
}

/** Rows that were written together: a day, or what is booked for a closed month. A dataset without rows has no file. */
export interface RunPart {
  /** `2026-10-05`, or the closed month `2026-08`. */
  readonly part: string;
  /** Of what a day was computed from; null for closed months, which are always booked anew. */
  readonly hash: string | null;
  readonly files: Readonly<Partial<Record<keyof WrittenFiles, StoredFile>>>;
  readonly written: WrittenSums;
  /** What the engine noticed. */
  readonly notes: readonly DayNote[];
}

/** What the description of an `allocation` snapshot says of how it came about. */
interface RunOrigin {
  readonly run: string;
  readonly parts: readonly RunPart[];
}

/** The place of a run in the lake. */
export interface RunPlace {
  readonly root: string;
  readonly graph: string;
  readonly period: string;
}

/** How many of the newest runs of a month are looked at for days that can be taken over. */
const runsLookedAt = 8;

/**
 * Days of earlier runs of the month by their hash. Only runs whose books balance are in the lake, and a file never changes, so
 * that what was read back from it then holds now.
 */
export async function knownDays(
  { root, graph, period }: RunPlace,
  partitions: readonly Partition[],
): Promise<ReadonlyMap<string, RunPart>> {
  const known = new Map<string, RunPart>();
  const { name } = allocationDataset;
  const source = partitionOf(graph);
  const found = partitions.find((p) => p.dataset === name && p.source === source && p.period === period);
  const entries = [...(found?.current ? [found.current] : []), ...(found?.history ?? [])];
  for (const { id: snapshot } of entries.slice(0, runsLookedAt)) {
    const described = await Promise.all(
      names.map((dataset) =>
        readDescription(root, { dataset: datasets[dataset].name, source, period, snapshot }),
      ),
    );
    const checksums = new Map(
      described.flatMap(({ files }) => files.map(({ path, sha256 }) => [path, sha256] as const)),
    );
    const own = described[names.indexOf('allocation')] as SnapshotDescription;
    for (const part of (own.origin as RunOrigin).parts)
      if (part.hash !== null && !known.has(part.hash)) known.set(part.hash, withChecksums(part, checksums));
  }
  return known;
}

function withChecksums(part: RunPart, checksums: ReadonlyMap<string, string>): RunPart {
  const files = Object.entries(part.files).map(([name, file]) => {
    const sha256 = checksums.get(file.path);
    return [name, sha256 === undefined ? file : { ...file, sha256 }];
  });
  return { ...part, files: Object.fromEntries(files) };
}

/** Writes the files of a part: `write` fills the file of a dataset, and says how many rows it has. */
export async function writePart(
  { writer, session, place, unit }: PartWriting,
  { file, ...part }: Pick<RunPart, 'part' | 'hash' | 'notes'> & { readonly file: string },
  write: Readonly<Record<keyof WrittenFiles, (target: string) => Promise<number>>>,
): Promise<RunPart> {
  const files: Partial<Record<keyof WrittenFiles, StoredFile>> = {};
  const paths: Record<keyof WrittenFiles, string[]> = { attribution: [], allocation: [], flow: [] };
  for (const name of names) {
    const folder = join(datasets[name].name, partitionOf(place.graph), place.period);
    const { path, absolute } = await writer.newFile(folder, `${file}.parquet`);
    const rows = await write[name](absolute);
    if (rows === 0) continue;
    files[name] = { path, rows };
    paths[name].push(absolute);
  }
  return { ...part, files, written: await readWritten(session, paths, unit) };
}

/** What writing a part needs. `unit`: by less may a node's direct cost differ from its attribution. */
export interface PartWriting {
  readonly writer: LakeWriter;
  readonly session: Session;
  readonly place: RunPlace;
  readonly unit: Decimal;
}

/** How many rows the parts have in each dataset. */
export function rowsOfParts(parts: readonly RunPart[]): Record<keyof WrittenFiles, number> {
  const count = (name: keyof WrittenFiles) =>
    parts.reduce((sum, { files }) => sum + (files[name]?.rows ?? 0), 0);
  return { attribution: count('attribution'), allocation: count('allocation'), flow: count('flow') };
}

/**
 * Makes the parts durable as one snapshot of each dataset, which enters the history of its month without becoming current. Gives
 * the id that all three carry: the run's, unless the lake still has one of that name.
 */
export async function keepRun(
  writer: LakeWriter,
  { root, graph, period }: RunPlace,
  { run, parts }: RunOrigin,
): Promise<string> {
  const source = partitionOf(graph);
  const id = freeId(run, (snapshot) =>
    names.some((name) =>
      existsSync(join(root, descriptionPath({ dataset: datasets[name].name, source, period, snapshot }))),
    ),
  );
  const sealed: SnapshotDescription[] = [];
  for (const name of names) {
    const { name: dataset, roles } = datasets[name];
    const files = parts.flatMap((part) => part.files[name] ?? []);
    const totals = addCurrencySums(parts.flatMap(({ written }) => written.stored[name]));
    sealed.push(
      await writer.seal({
        ...{ id, dataset, source, period, files, totals },
        currencyColumn: roles.currency,
        delivery: { key: `allocation:${graph}`, fingerprint: run },
        final: false,
        raw: [],
        origin: name === 'allocation' ? { run, parts } : { run },
      }),
    );
  }
  await writer.keep(`allocation of ${graph} ${period}`, sealed);
  return id;
}

/** A crash may have left a description behind, and `gc` keeps one for a day after its snapshot has gone. */
function freeId(run: string, isTaken: (id: string) => boolean): string {
  if (!isTaken(run)) return run;
  for (let number = 2; ; number++) if (!isTaken(`${run}-${number}`)) return `${run}-${number}`;
}

/** True when the lake still has all of a run's snapshots. */
export function hasRun(
  partitions: readonly Partition[],
  {
    graph,
    period,
    snapshot,
  }: { readonly graph: string; readonly period: string; readonly snapshot: string | null },
): boolean {
  return names.every((name) =>
    partitions.some(
      (p) =>
        p.dataset === datasets[name].name &&
        p.source === partitionOf(graph) &&
        p.period === period &&
        [...(p.current ? [p.current] : []), ...p.history].some(({ id }) => id === snapshot),
    ),
  );
}
