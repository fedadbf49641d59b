import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { Refusal } from '../kernel/index.ts';
import { refuseBomb } from './bomb.ts';
import { errors } from './errors.ts';
import { openTarget, removeFiles, settle } from './files.ts';
import { pathError, safeFileName, writeError } from './paths.ts';
import { baseName } from './store.ts';

/** The one CSV of an archive, written to `path`. `entry` is its name inside, `sha256` that of the CSV. */
export interface UnzippedCsv {
  readonly path: string;
  readonly entry: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface UnzipLimits {
  /** Absolute limit of the unpacked CSV, in bytes. */
  readonly maxBytes: number;
}

/** An archive of bills holds one file; thousands of entries are an attack on the reader. */
const maxEntries = 1000;

/**
 * Unpacks the single CSV of a zip (AWS CUR v1 comes so) to `<targetFolder>/<harmless name>.csv`, checked by CRC-32
 * and size. Refused: more than one CSV or none, archives in the archive, encryption, links, names that lead out of the
 * folder, and bombs, by the declared size before and the real size while writing.
 */
export async function unzipSingleCsv(
  zipFile: string,
  targetFolder: string,
  limits: UnzipLimits,
): Promise<UnzippedCsv> {
  const info = await stat(zipFile).catch((error) => {
    throw pathError(error, zipFile);
  });
  const zip = await openPromise(zipFile, { autoClose: false, strictFileNames: true }).catch((error) => {
    throw zipError(error, zipFile, '');
  });
  try {
    const entry = await findCsv(zip, zipFile);
    const packed = Math.min(entry.compressedSize, info.size);
    refuseBomb(zipFile, { packed, unpacked: entry.uncompressedSize, maxBytes: limits.maxBytes });
    return await writeEntry({ zip, zipFile, entry, packed, targetFolder, limits });
  } finally {
    zip.close();
  }
}

async function findCsv(zip: ZipFile, zipFile: string): Promise<Entry> {
  if (zip.entryCount > maxEntries) {
    throw errors.badZip({ file: zipFile, entry: '', reason: `it holds more than ${maxEntries} entries` });
  }
  const found: Entry[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const refuse = (reason: string) => errors.badZip({ file: zipFile, entry: entry.fileName, reason });
      const name = entry.fileName.toLowerCase();
      if (entry.fileName.includes('\0')) throw refuse('has a NUL byte in its name');
      if (entry.isEncrypted()) throw refuse('is encrypted');
      if (isLink(entry)) throw refuse('is a symbolic link');
      if (/\.(zip|gz|7z|rar|tar|tgz|bz2|xz|zst|parquet)$/.test(name))
        throw refuse('is an archive or data file of another kind');
      // What archivers of macOS add beside each file.
      if (name.endsWith('.csv') && !name.startsWith('__macosx/')) found.push(entry);
    }
  } catch (error) {
    throw zipError(error, zipFile, '');
  }
  const [only, second] = found;
  if (!only) throw errors.badZip({ file: zipFile, entry: '', reason: 'it holds no CSV' });
  if (second) throw errors.badZip({ file: zipFile, entry: second.fileName, reason: 'is a second CSV' });
  return only;
}

interface Writing {
  readonly zip: ZipFile;
  readonly zipFile: string;
  readonly entry: Entry;
  readonly packed: number;
  readonly targetFolder: string;
  readonly limits: UnzipLimits;
}

async function writeEntry({
  zip,
  zipFile,
  entry,
  packed,
  targetFolder,
  limits,
}: Writing): Promise<UnzippedCsv> {
  const path = join(targetFolder, safeFileName(baseName(entry.fileName)));
  const part = `${path}.part`;
  const hash = createHash('sha256');
  let crc = 0;
  let bytes = 0;
  try {
    const target = await openTarget(part, 'replace');
    try {
      const stream = await zip.openReadStreamPromise(entry);
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        refuseBomb(zipFile, { packed, unpacked: bytes, maxBytes: limits.maxBytes });
        hash.update(chunk);
        crc = crc32(chunk, crc);
        await target.writeFile(chunk);
      }
      await target.sync();
    } finally {
      await target.close();
    }
    if (crc !== entry.crc32) {
      throw errors.badZip({ file: zipFile, entry: entry.fileName, reason: 'does not match its CRC-32' });
    }
    await settle(part, path);
  } catch (error) {
    await removeFiles(part);
    throw zipError(writeError(error, path), zipFile, entry.fileName);
  }
  return { path, entry: entry.fileName, bytes, sha256: hash.digest('hex') };
}

/** Unix mode in the upper half of the external attributes; 0o120000 marks a symbolic link. */
function isLink(entry: Entry): boolean {
  return ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000;
}

/** yauzl throws plain errors for malformed archives; system errors carry a code. */
function zipError(error: unknown, file: string, entry: string): unknown {
  if (error instanceof Refusal) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && !code.startsWith('Z_')) return pathError(error, file);
  return errors.badZip({
    file,
    entry,
    reason: `${entry ? '' : 'it '}is not sound (${message.slice(0, 120)})`,
  });
}
