import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { type Engine, literal, StatementError } from '../../platform/warehouse/index.ts';
import { type FocusDatasetName, type FocusVersion, identifyFocus } from '../focus/index.ts';
import { type CsvMapping, readMapping } from './convert/mapping.ts';
import { columnKey, type NativeColumn } from './convert/native-columns.ts';
import { readCsvRecord } from './csv.ts';
import { ingestionErrors } from './errors.ts';
import { describeParquet } from './warehouse.ts';

/** What a bill is, by its columns. */
export type BillFormat =
  | { readonly kind: 'aws-cur'; readonly version: 1 | 2 }
  | { readonly kind: 'focus'; readonly dataset: FocusDatasetName; readonly version: FocusVersion }
  | { readonly kind: 'mapping'; readonly mapping: CsvMapping };

export type Container = 'csv' | 'gzip' | 'zip' | 'parquet';

/** A bill file on this machine: how it is packed, which columns it has, what it is. */
export interface BillFile {
  /** Absolute path to read. */
  readonly path: string;
  /** What people call it: the path or address they gave. */
  readonly name: string;
  readonly container: Container;
  readonly bytes: number;
  /** Columns in file order; names are unique, ignoring case. */
  readonly columns: readonly NativeColumn[];
  readonly format: BillFormat;
}

/** AWS writes up to a few hundred columns; more is another kind of file, or one with another delimiter. */
const columnLimit = 2_000;

/** Looks at the first bytes and the header; the file's name says nothing. Refuses what is no bill. */
export async function sniffFile(
  engine: Engine,
  file: { readonly path: string; readonly name: string; readonly container: Exclude<Container, 'zip'> },
  as: string | undefined,
): Promise<BillFile> {
  const { size } = await stat(file.path);
  const columns =
    file.container === 'parquet'
      ? await describeParquet(engine, file).catch((error: unknown) => {
          if (!(error instanceof StatementError)) throw error;
          const reason = `it is no whole Parquet file (${error.message.split('\n')[0]})`;
          throw ingestionErrors.damagedFile({ file: file.name, reason });
        })
      : csvColumns(await readHeader(file), file.name);
  if (columns.length > columnLimit) {
    throw ingestionErrors.tooManyColumns({ file: file.name, columns: columns.length, limit: columnLimit });
  }
  return { ...file, bytes: size, columns, format: await identifyFormat(file.name, columns, as) };
}

/** How a file is packed, by its first bytes; refuses an empty file. */
export async function containerOf(path: string, name: string): Promise<Container> {
  const handle = await open(path);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead === 0) throw ingestionErrors.emptyFile({ file: name });
    const magic = buffer.subarray(0, bytesRead).toString('latin1');
    if (magic.startsWith('\x1f\x8b')) return 'gzip';
    if (magic === 'PAR1') return 'parquet';
    return magic.startsWith('PK') ? 'zip' : 'csv';
  } finally {
    await handle.close();
  }
}

/** The short name of a format in reports: `aws-cur-v1`, `focus-1.2`, `focus-1.3-contract-commitment`, `mapping:NAME`. */
export function formatName(format: BillFormat): string {
  switch (format.kind) {
    case 'aws-cur':
      return `aws-cur-v${format.version}`;
    case 'mapping':
      return `mapping:${format.mapping.name}`;
    case 'focus': {
      const dataset = format.dataset
        .replace(/(?!^)[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
        .toLowerCase();
      return dataset === 'cost-and-usage'
        ? `focus-${format.version}`
        : `focus-${format.version}-${dataset.replace('cost-and-usage', '')}`;
    }
  }
}

async function identifyFormat(
  file: string,
  columns: readonly NativeColumn[],
  as?: string,
): Promise<BillFormat> {
  const names = columns.map((column) => column.name);
  if (as?.startsWith('mapping:'))
    return { kind: 'mapping', mapping: await readMapping(as.slice('mapping:'.length), names) };
  const focus = identifyFocus(names);
  const aws = identifyAws(columns);
  if (as === 'aws-cur' && aws) return aws;
  if (as === 'focus' && focus) return { kind: 'focus', ...focus };
  if (as === undefined && aws) return aws;
  if (as === undefined && focus) return { kind: 'focus', dataset: focus.dataset, version: focus.version };
  if (as !== undefined && as !== 'aws-cur' && as !== 'focus') {
    throw ingestionErrors.unknownWord({
      option: '--as',
      value: as,
      allowed: 'aws-cur, focus or mapping:FILE',
    });
  }
  throw ingestionErrors.unknownFormat({ file, columns: names.slice(0, 5).join(', ') });
}

/** Columns that only AWS writes, as keys. Oracle's cost report has a group `lineItem` too. */
const awsColumn =
  /^(lineitem(lineitemtype|lineitemdescription|usage|unblended|blended|product|operation|currency)|savingsplan|reservation)/;

/** Enough of AWS's own column groups, in any of their three spellings, make a CUR; maps and account names make it 2.0. */
function identifyAws(columns: readonly NativeColumn[]): BillFormat | undefined {
  const keys = new Set(columns.map((column) => columnKey(column.name)));
  const groups = [...keys].filter((key) => awsColumn.test(key));
  if (groups.length < 3) return undefined;
  const second = [
    'lineitemusageaccountname',
    'billpayeraccountname',
    'product',
    'resourcetags',
    'costcategory',
  ];
  return { kind: 'aws-cur', version: second.some((key) => keys.has(key)) ? 2 : 1 };
}

function csvColumns(header: readonly string[], file: string): NativeColumn[] {
  if (header.every((name) => name.trim() === '')) throw ingestionErrors.emptyFile({ file });
  const names: string[] = [];
  // DuckDB numbers rows under this name.
  const taken = new Set<string>(['file_row_number']);
  for (const [index, raw] of header.entries()) {
    const name = raw.trim() === '' ? `column ${index + 1}` : raw.trim();
    let unique = name;
    for (let copy = 2; taken.has(unique.toLowerCase()); copy++) unique = `${name}_${copy}`;
    taken.add(unique.toLowerCase());
    names.push(unique);
  }
  return names.map((name) => ({ name, type: 'VARCHAR' }));
}

/** The first record of a CSV, unpacked as far as needed. */
async function readHeader(file: {
  readonly path: string;
  readonly name: string;
  readonly container: Container;
}): Promise<string[]> {
  const headerLimit = 1 << 20;
  const source = createReadStream(file.path, { highWaterMark: 1 << 16 });
  const stream = file.container === 'gzip' ? source.pipe(createGunzip()) : source;
  source.on('error', (error) => stream.destroy(error));
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      const head = Buffer.concat(chunks);
      refuseUtf16(head, file.name);
      const record = readCsvRecord(head.toString('utf8'));
      if (record.complete) return utf8Only(record.fields, file.name);
      if (bytes > headerLimit) {
        throw ingestionErrors.damagedFile({ file: file.name, reason: 'its first line is longer than 1 MB' });
      }
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw ingestionErrors.damagedFile({
        file: file.name,
        reason: `it is no whole gzip file (${error.message})`,
      });
    }
    throw error;
  } finally {
    source.destroy();
  }
  return utf8Only(readCsvRecord(Buffer.concat(chunks).toString('utf8')).fields, file.name);
}

/** A UTF-16 text begins with its mark, or has a zero byte in every letter of its header. */
function refuseUtf16(head: Buffer, file: string): void {
  const mark = head.subarray(0, 2).toString('latin1');
  const zero = head.subarray(0, 200).includes(0);
  if (mark === '\xff\xfe' || mark === '\xfe\xff' || zero)
    throw ingestionErrors.wrongEncoding({ file, row: 0, text: 'the header looks like UTF-16' });
}

/** What is no UTF-8 has been replaced by U+FFFD on decoding. */
function utf8Only(fields: readonly string[], file: string): string[] {
  const broken = fields.find((name) => name.includes('\ufffd'));
  if (broken !== undefined) throw ingestionErrors.wrongEncoding({ file, row: 0, text: broken.slice(0, 80) });
  return [...fields];
}

/** Null texts of a format: FOCUS files write NULL and null, a CUR leaves the cell empty. */
export function nullTexts(format: BillFormat): string {
  return format.kind === 'focus' ? `['', 'NULL', 'null']` : literal('');
}
