import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { refuseBomb } from '../../objects/index.ts';
import { errors } from '../errors.ts';
import type { XlsxLimits } from './model.ts';

/** What a workbook of this kind holds, and much less than what an attack does. */
const mostEntries = 2000;

/** The XML of a workbook by its path inside. */
export type Parts = ReadonlyMap<string, Buffer>;

/**
 * The XML inside a workbook. Pictures and programs stay packed. Refused before anything is unpacked: more than the
 * limits allow by the sizes that the archive declares, encryption, a name twice; while unpacking: an entry that has more
 * bytes than it declares, or others than its checksum says.
 */
export async function unpack(bytes: Buffer, file: string, limits: XlsxLimits): Promise<Parts> {
  const zip = await opened(bytes, file);
  const parts = new Map<string, Buffer>();
  for (const entry of await entriesOf(zip, bytes.length, file, limits))
    parts.set(entry.fileName, await contentOf(zip, entry, file));
  return parts;
}

/** Old workbooks, and those with a password, begin so. */
const compoundFile = Buffer.from('d0cf11e0a1b11ae1', 'hex');

async function opened(bytes: Buffer, file: string): Promise<ZipFile> {
  if (bytes.subarray(0, 8).equals(compoundFile))
    throw errors.unsoundFile({ file, problem: 'it is an old .xls, or has a password' });
  return await fromBufferPromise(bytes, { strictFileNames: true, validateEntrySizes: true }).catch(
    (error: Error) => {
      throw unsound(file, error);
    },
  );
}

async function entriesOf(zip: ZipFile, packed: number, file: string, limits: XlsxLimits): Promise<Entry[]> {
  if (zip.entryCount > mostEntries)
    throw errors.unsoundFile({ file, problem: `it holds more than ${mostEntries} parts` });
  const entries: Entry[] = [];
  const names = new Set<string>();
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName.toLowerCase();
      if (!/\.(xml|rels)$/.test(name)) continue;
      if (entry.isEncrypted()) throw errors.unsoundFile({ file, problem: 'it is encrypted' });
      if (names.has(name)) throw errors.unsoundFile({ file, problem: `it holds ${entry.fileName} twice` });
      names.add(name);
      entries.push(entry);
    }
  } catch (error) {
    throw unsound(file, error);
  }
  const unpacked = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  refuseBomb(file, { packed, unpacked, maxBytes: limits.unpackedBytes });
  return entries;
}

async function contentOf(zip: ZipFile, entry: Entry, file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let crc = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    // More than was declared is an error of the stream.
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      crc = crc32(chunk, crc);
      chunks.push(chunk);
    }
  } catch (error) {
    throw unsound(file, error);
  }
  if (crc !== entry.crc32)
    throw errors.unsoundFile({ file, problem: `${entry.fileName} does not match its CRC-32` });
  return Buffer.concat(chunks);
}

function unsound(file: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (String(code).startsWith('documents.')) return error as Error;
  return errors.unsoundFile({ file, problem: message.slice(0, 120) });
}

/** 1 January 1980, the first day that a ZIP archive knows; the time is 0. */
const firstDay = 0x21;

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 };

/** The archive without the times at which its entries were packed, so that the same content has the same bytes. */
export function withoutTimes(archive: Buffer): Buffer {
  const bytes = Buffer.from(archive);
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    stamp(bytes, at, 12);
    stamp(bytes, bytes.readUInt32LE(at + 42), 10);
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return bytes;
}

function stamp(bytes: Buffer, header: number, offset: number): void {
  bytes.writeUInt16LE(0, header + offset);
  bytes.writeUInt16LE(firstDay, header + offset + 2);
}

/** An archive of these parts, stored as they are: what a reader of ZIP gets when it may meet nothing else. */
export function stored(parts: Parts): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of parts) {
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2);
    common.writeUInt16LE(firstDay, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    locals.push(signature(signatures.local), common, name, content);
    central.push(signature(signatures.central), Buffer.from([20, 0]), common, place, name);
    offset += 30 + name.length + content.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(parts.size, 4);
  end.writeUInt16LE(parts.size, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, signature(signatures.end), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
