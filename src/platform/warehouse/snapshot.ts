import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { lakeErrors } from './errors.ts';
import type { LakeFile, SnapshotEntry } from './manifest.ts';

/** Row count and sums of the cost columns per currency, as decimal strings: what `verify` recomputes. */
export interface CurrencySums {
  readonly currency: string;
  readonly rows: number;
  readonly sums: Readonly<Record<string, string | null>>;
}

/** Everything known of a snapshot; a JSON file beside its Parquet files, immutable like them. */
export interface SnapshotDescription extends SnapshotEntry {
  readonly dataset: string;
  readonly source: string;
  readonly period: string;
  readonly files: readonly (LakeFile & { readonly sha256: string })[];
  /** The column that holds the currency, or null when the dataset has no money. */
  readonly currencyColumn: string | null;
  readonly totals: readonly CurrencySums[];
  /** SHA-256 names of the originals under `raw/` that it was made from; `gc` keeps them. */
  readonly raw: readonly string[];
  /** What the writing module recorded: files read, format, reconciliation, findings. */
  readonly origin: unknown;
}

/** The description file of a snapshot, relative to the lake. */
export function descriptionPath(key: {
  readonly dataset: string;
  readonly source: string;
  readonly period: string;
  readonly snapshot: string;
}): string {
  return join(key.dataset, key.source, key.period, `${key.snapshot}.json`);
}

/** Reads a snapshot's description; a refusal when it is lost or unreadable. */
export async function readDescription(
  root: string,
  key: Parameters<typeof descriptionPath>[0],
): Promise<SnapshotDescription> {
  const file = join(root, descriptionPath(key));
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SnapshotDescription;
  } catch (error) {
    throw lakeErrors.damagedManifest({
      file,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

/** SHA-256 of a file's content, hex. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
