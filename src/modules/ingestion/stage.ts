import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { checkGzip, unzipSingleCsv } from '../../platform/objects/index.ts';
import { copyNewFile, type Engine, fileSha256, StatementError } from '../../platform/warehouse/index.ts';
import { CsvLeveller, type RaggedRow } from './csv.ts';
import type { DeliveredFile } from './deliveries.ts';
import { ingestionErrors } from './errors.ts';
import { type AddedUp, addUpAlongside, type Original } from './second-pass.ts';
import { type BillFile, containerOf, nullTexts, sniffFile } from './sniff.ts';
import { type CsvReading, countParquet, describeParquet, scanParquet, stageCsv } from './warehouse.ts';

/** A file of a delivery, checked and copied into the lake's native dataset, column for column. */
export interface StagedFile {
  readonly bill: BillFile;
  /** What the delivery calls it. */
  readonly uri: string;
  readonly sha256: string;
  /** The native copy: absolute path, and rows in the order of the original. */
  readonly staged: string;
  readonly rows: number;
  /** `lenient`: DuckDB's strict reading failed and the file was levelled; the ragged rows go to quarantine. */
  readonly mode: 'strict' | 'lenient';
  readonly ragged: readonly RaggedRow[];
  readonly original: Original;
  /** The second pass, where it could run alongside. */
  readonly addedUp: AddedUp | undefined;
}

/** Where a file is staged, and what the caller says about it. */
export interface StagingPlace {
  readonly target: string;
  readonly temp: string;
  readonly as?: string | undefined;
  readonly currency?: string | undefined;
  readonly period?: string | undefined;
}

/** A zip of a bill unpacks to a few gigabytes at most. */
const unpackedLimit = 64 * 1024 ** 3;

/** Checks a local file to the last byte, tells what it is, and copies it to `target` as Parquet. */
export async function stageFile(
  engine: Engine,
  file: { readonly path: string; readonly delivered: DeliveredFile; readonly sha256?: string | undefined },
  place: StagingPlace,
): Promise<StagedFile> {
  const name = file.delivered.uri;
  const before = await stat(file.path);
  const container = await containerOf(file.path, name);
  const unzipped =
    container === 'zip'
      ? await unzipSingleCsv(file.path, place.temp, { maxBytes: unpackedLimit })
      : undefined;
  const readable = {
    path: unzipped?.path ?? file.path,
    name,
    container: container === 'zip' ? ('csv' as const) : container,
  };
  const bill = await sniffFile(engine, readable, place.as);
  const [copy, sha256] = await bothOrFirst(
    copyNative(engine, bill, place),
    container === 'gzip'
      ? checkGzip(file.path).then((check) => check.sha256)
      : (file.sha256 ?? fileSha256(file.path)),
  );
  const after = await stat(file.path);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || after.ino !== before.ino) {
    throw ingestionErrors.changedWhileReading({ file: name });
  }
  if (copy.rows === 0) throw ingestionErrors.headerOnly({ file: name });
  return { ...copy, bill: { ...bill, columns: copy.columns }, uri: name, sha256, staged: place.target };
}

/** Why a staged file cannot be read after all: Parquet shows damage only where it is unpacked. Any other error as it is. */
export async function damageOf(engine: Engine, staged: StagedFile, error: unknown): Promise<unknown> {
  if (!(error instanceof StatementError)) return error;
  return scanParquet(engine, staged.staged).then(
    () => error,
    (cause: unknown) => ingestionErrors.damagedFile({ file: staged.uri, reason: firstLine(cause) }),
  );
}

type NativeCopy = Pick<StagedFile, 'rows' | 'mode' | 'ragged' | 'original' | 'addedUp'> &
  Pick<BillFile, 'columns'>;

async function copyNative(engine: Engine, bill: BillFile, place: StagingPlace): Promise<NativeCopy> {
  if (bill.container === 'parquet') {
    await copyNewFile(bill.path, place.target);
    const rows = await countParquet(engine, place.target);
    return {
      rows,
      columns: await describeParquet(engine, { path: place.target }),
      mode: 'strict',
      ragged: [],
      original: { parquet: bill.path },
      addedUp: undefined,
    };
  }
  const reading: CsvReading = {
    path: bill.path,
    gzip: bill.container === 'gzip',
    columns: bill.columns,
    nullTexts: nullTexts(bill.format),
  };
  const [copied, addedUp] = await Promise.allSettled([
    stageCsv(engine, reading, place.target),
    addUpAlongside(engine, bill, reading, place),
  ]);
  if (copied.status === 'rejected') {
    refuseUnreadable(copied.reason, bill.name);
    return levelAndCopy(engine, bill, place);
  }
  return {
    rows: copied.value,
    columns: bill.columns,
    mode: 'strict',
    ragged: [],
    original: reading,
    addedUp: addedUp.status === 'fulfilled' ? addedUp.value : undefined,
  };
}

/** The named lenient mode: levels the text to the header's width, then reads it strictly. */
async function levelAndCopy(
  engine: Engine,
  bill: BillFile,
  place: { readonly target: string; readonly temp: string },
): Promise<NativeCopy> {
  const levelled = join(place.temp, 'levelled.csv');
  const leveller = new CsvLeveller(bill.columns.length);
  const level = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => done(null, leveller.push(chunk)),
    flush: (done) => done(null, leveller.finish()),
  });
  const unpack = bill.container === 'gzip' ? [createGunzip()] : [];
  await pipeline([createReadStream(bill.path), ...unpack, level, createWriteStream(levelled)]);
  const reading: CsvReading = {
    path: levelled,
    gzip: false,
    columns: bill.columns,
    nullTexts: nullTexts(bill.format),
  };
  const rows = await stageCsv(engine, reading, place.target).catch((error: unknown) => {
    throw ingestionErrors.damagedFile({ file: bill.name, reason: firstLine(error) });
  });
  return {
    rows,
    columns: bill.columns,
    mode: 'lenient',
    ragged: leveller.ragged,
    original: reading,
    addedUp: undefined,
  };
}

/** Refuses what no lenient reading can mend; returns for a ragged file. */
function refuseUnreadable(error: unknown, file: string): void {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof StatementError)) throw error;
  if (/no space left|failed to write|disk full/i.test(message)) throw error;
  if (/unicode|utf-8/i.test(message)) {
    const row = Number(/CSV Error on Line: (\d+)/.exec(message)?.[1] ?? 1) - 1;
    const text = /Original Line: ?(.*)/.exec(message)?.[1] ?? '';
    throw ingestionErrors.wrongEncoding({ file, row, text: text.slice(0, 80) });
  }
  if (/maximum line size/i.test(message)) {
    throw ingestionErrors.damagedFile({ file, reason: 'a line is longer than 2 MB' });
  }
}

/** Both results; when both fail, the second's error, which names the cause (a truncated gzip ends in a ragged row). */
async function bothOrFirst<A, B>(first: Promise<A>, second: Promise<B> | B): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (b.status === 'rejected') throw b.reason;
  if (a.status === 'rejected') throw a.reason;
  return [a.value, b.value];
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
