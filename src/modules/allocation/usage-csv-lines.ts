import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;

/** The bytes of a file, unpacked. */
function bytesOf(path: string, gzip: boolean): AsyncIterable<Buffer> {
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  return (gzip ? source.pipe(createGunzip()) : source) as AsyncIterable<Buffer>;
}

/** The beginning of a file as text: at most 64 kB. A text that is not UTF-8 is undefined. */
export async function beginningOf(path: string, gzip: boolean): Promise<string | undefined> {
  for await (const chunk of bytesOf(path, gzip)) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(chunk.subarray(0, 1 << 16), { stream: true });
    } catch {
      return undefined;
    }
  }
  return '';
}

/**
 * The numbers of the records of a CSV file that are empty lines, the header being 1: the engine leaves them out without a word, and
 * people count them. Most files have none, which is told at the speed of memory.
 */
export async function findEmptyRecords(path: string, gzip: boolean, delimiter: string): Promise<number[]> {
  if (!(await hasEmptyLine(path, gzip))) return [];
  const separator = delimiter.charCodeAt(0);
  const empty: number[] = [];
  let record = 1;
  /** Bytes of the record, and of its cell, so far. */
  let length = 0;
  let cellLength = 0;
  let quoted = false;
  /** The byte before closed a cell; a quote now is the second of a doubled one. */
  let closing = false;
  for await (const chunk of bytesOf(path, gzip)) {
    for (const byte of chunk) {
      if (byte === quote && (quoted || closing || cellLength === 0)) {
        quoted = !quoted;
        closing = !quoted;
        length++;
        cellLength++;
        continue;
      }
      closing = false;
      if (quoted) cellLength++;
      else if (byte === lineFeed) {
        if (length === 0) empty.push(record);
        record++;
        length = 0;
        cellLength = 0;
      } else if (byte !== carriageReturn) {
        length++;
        cellLength = byte === separator ? 0 : cellLength + 1;
      }
    }
  }
  return empty;
}

async function hasEmptyLine(path: string, gzip: boolean): Promise<boolean> {
  let end = Buffer.alloc(0);
  for await (const chunk of bytesOf(path, gzip)) {
    const seam = Buffer.concat([end, chunk.subarray(0, 2)]);
    if ([seam, chunk].some((part) => part.includes('\n\n') || part.includes('\n\r\n'))) return true;
    end = Buffer.from(chunk.subarray(-2));
  }
  return false;
}
