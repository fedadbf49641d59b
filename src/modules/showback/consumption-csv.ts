import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { consumptionErrors } from './consumption-errors.ts';

/** A record of a CSV file. */
export interface CsvRecord {
  /** Its number in the file, the header being 1; empty lines count. */
  readonly row: number;
  readonly cells: readonly string[];
  /** As it stands in the file, without its line end. */
  readonly line: string;
  /** Why it could not be cut into cells; nothing follows it then. */
  readonly broken?: string;
}

/** A file's header and what stands below it, as the chunks of the file give it. */
export interface CsvReading {
  readonly header: readonly string[];
  readonly batches: AsyncIterable<readonly CsvRecord[]>;
}

const delimiters = [',', ';', '\t', '|'] as const;
const chunkBytes = 1 << 17;

/** Longer is a quote that nobody closed. */
const mostCharacters = 1 << 20;

/**
 * Reads a CSV file, packed or not, an eighth of a megabyte at a time, so that whoever else the process serves is served between.
 * Comma, semicolon, tab or bar, whichever cuts the first line into most cells. `name` is for refusals: `consumption.notText`.
 */
export async function readCsvFile(path: string, name: string): Promise<CsvReading> {
  const start = await firstBytes(path);
  const other = otherKind(start);
  if (other !== undefined) throw consumptionErrors.notText({ file: name, problem: other });
  return readCsvText(textsOf(path, name, isGzip(start)));
}

/** True for a file that is packed, whatever its name. */
export async function isPacked(path: string): Promise<boolean> {
  return isGzip(await firstBytes(path));
}

function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** As `readCsvFile`, of texts that follow each other. */
export async function readCsvText(texts: AsyncIterable<string> | Iterable<string>): Promise<CsvReading> {
  const cutter = recordCutter(texts);
  const first = await cutter.next();
  const [header, ...rest] = first.done ? [] : first.value;
  async function* batches() {
    yield rest;
    yield* { [Symbol.asyncIterator]: () => cutter };
  }
  return { header: header?.cells ?? [], batches: batches() };
}

async function* recordCutter(
  texts: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<readonly CsvRecord[], void> {
  let rest = '';
  let row = 1;
  let delimiter: string | undefined;
  for await (const text of texts) {
    rest += text;
    if (delimiter === undefined) {
      if (!rest.includes('\n')) continue;
      delimiter = delimiterOf(rest);
    }
    const { records, taken, rows } = cut(rest, delimiter, row, false);
    rest = rest.slice(taken);
    row += rows;
    if (records.length > 0) yield records;
    if (rest.length <= mostCharacters) continue;
    yield [brokenRecord(rest, row, 'it goes on for more than a million characters')];
    return;
  }
  const { records } = cut(rest, delimiter ?? delimiterOf(rest), row, true);
  if (records.length > 0) yield records;
}

function brokenRecord(rest: string, row: number, broken: string): CsvRecord {
  return { row, cells: [], line: rest.slice(0, rest.search(/\r?\n|$/)).slice(0, 2000), broken };
}

interface Cut {
  readonly records: CsvRecord[];
  /** Characters up to the first record that is not whole. */
  readonly taken: number;
  /** Records, those that are empty included. */
  readonly rows: number;
}

/** The whole records at the beginning of a text; at its end (`last`) what is left is one too. */
function cut(text: string, delimiter: string, firstRow: number, last: boolean): Cut {
  const records: CsvRecord[] = [];
  let at = 0;
  let row = firstRow;
  while (at < text.length) {
    let end = text.indexOf('\n', at);
    if (end < 0) {
      if (!last) break;
      end = text.length;
    }
    let line = text.slice(at, end);
    let cells: readonly string[];
    if (line.includes('"')) {
      const quoted = quotedRecord(text, at, delimiter, last);
      if (quoted === undefined) {
        if (!last) break;
        records.push(brokenRecord(text.slice(at), row, badQuotes));
        return { records, taken: text.length, rows: row - firstRow + 1 };
      }
      if (quoted.broken) {
        records.push(brokenRecord(text.slice(at), row, badQuotes));
        return { records, taken: text.length, rows: row - firstRow + 1 };
      }
      end = quoted.end;
      line = text.slice(at, end);
      cells = quoted.cells;
    } else {
      if (line.endsWith('\r')) line = line.slice(0, -1);
      cells = line.split(delimiter);
    }
    if (line.trim() !== '') records.push({ row, cells, line: line.replace(/\r$/, '') });
    row++;
    at = end + 1;
  }
  return { records, taken: Math.min(at, text.length), rows: row - firstRow };
}

const badQuotes =
  'a double quote stands where none may: put the whole cell in double quotes, and double those inside';

/** A record with quotes, from `start`; undefined where its end is not there yet. `end`: of its line end, or of the text. */
function quotedRecord(
  text: string,
  start: number,
  delimiter: string,
  last: boolean,
): { readonly cells: string[]; readonly end: number; readonly broken: boolean } | undefined {
  const cells: string[] = [];
  let at = start;
  for (;;) {
    let value: string;
    if (text[at] === '"') {
      let close = text.indexOf('"', at + 1);
      while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
      if (close < 0) return undefined;
      value = text.slice(at + 1, close).replaceAll('""', '"');
      at = close + 1;
    } else {
      const from = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '"') at++;
      if (text[at] === '"') return { cells, end: at, broken: true };
      value = text.slice(from, at);
      if (text[at] !== delimiter && value.endsWith('\r')) value = value.slice(0, -1);
    }
    cells.push(value);
    if (text[at] === delimiter) {
      at++;
      continue;
    }
    if (text[at] === '\r' && (text[at + 1] === '\n' || at + 1 === text.length)) at++;
    if (at >= text.length) return last ? { cells, end: text.length, broken: false } : undefined;
    return { cells, end: at, broken: text[at] !== '\n' };
  }
}

function delimiterOf(text: string): string {
  const [line = ''] = text.split('\n', 1);
  const counts = delimiters.map((delimiter) => line.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}

async function* textsOf(path: string, name: string, gzip: boolean): AsyncIterable<string> {
  const source = createReadStream(path, { highWaterMark: chunkBytes });
  const bytes = gzip ? pipeline(source, createGunzip({ chunkSize: chunkBytes }), () => {}) : source;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (chunk?: Buffer) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw consumptionErrors.notText({ file: name, problem: 'some of its bytes are not UTF-8' });
    }
  };
  for await (const chunk of bytes as AsyncIterable<Buffer>) yield decoded(chunk);
  yield decoded();
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What a file is that people take for CSV. */
function otherKind(start: Buffer): string | undefined {
  if (start.subarray(0, 2).toString('latin1') === 'PK') return 'it is a ZIP archive or a spreadsheet';
  if (start.toString('latin1') === 'PAR1') return 'it is Parquet';
  const mark = start.subarray(0, 2).toString('hex');
  return mark === 'fffe' || mark === 'feff' ? 'it is UTF-16' : undefined;
}
