import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { refuseBomb } from './bomb.ts';
import { errors } from './errors.ts';
import { pathError } from './paths.ts';

export interface GzipCheck {
  /** Bytes of content, unpacked. */
  readonly bytes: number;
  /** Bytes of the file. */
  readonly packedBytes: number;
  /** SHA-256 of the file as it is (packed), lower-case hex. */
  readonly sha256: string;
}

export interface GzipOptions {
  /** Packed bytes done so far, and of how many. */
  readonly onBytes?: (done: number, total: number) => void;
  /** More content than this is refused. */
  readonly maxBytes?: number;
}

/** Chunks of both sides; small ones spend more time between threads than on inflating. */
const chunkBytes = 1 << 20;

/**
 * Proves that a .gz file is whole: every member ends, its CRC-32 and length are right, nothing follows.
 * DuckDB reads a truncated gzip to its last full block without a word, and that is money lost.
 */
export async function checkGzip(file: string, options: GzipOptions = {}): Promise<GzipCheck> {
  const info = await stat(file).catch((error) => {
    throw pathError(error, file);
  });
  if (!info.isFile()) throw errors.notAFile({ path: file });
  const packedBytes = info.size;
  if (packedBytes === 0) throw errors.truncatedGzip({ file, offset: 0 });
  const hash = createHash('sha256');
  const source = createReadStream(file, { highWaterMark: chunkBytes });
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  let read = 0;
  source.on('data', (chunk) => {
    hash.update(chunk);
    read += chunk.length;
    options.onBytes?.(read, packedBytes);
  });
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  let bytes = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      refuseBomb(file, { packed: packedBytes, unpacked: bytes, ...pick(options) });
    }
  } catch (error) {
    throw gzipError(error, { file, offset: gunzip.bytesWritten, read });
  } finally {
    source.destroy();
  }
  if (read < packedBytes || gunzip.bytesWritten < packedBytes) {
    const reason = 'something that is not gzip follows the content';
    throw errors.corruptGzip({ file, offset: gunzip.bytesWritten, reason });
  }
  return { bytes, packedBytes, sha256: hash.digest('hex') };
}

function pick(options: GzipOptions): { maxBytes?: number } {
  return options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes };
}

function gzipError(error: unknown, at: { file: string; offset: number; read: number }): unknown {
  const { file, offset, read } = at;
  const reasons: Readonly<Record<string, string>> = {
    'incorrect header check': 'it does not start as gzip does',
    'unknown compression method': 'its header names no known compression',
    'incorrect data check': 'the checksum does not match the content',
    'incorrect length check': 'the stated length does not match the content',
  };
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return errors.truncatedGzip({ file, offset: read });
  if (code === 'Z_DATA_ERROR') {
    return errors.corruptGzip({
      file,
      offset,
      reason: reasons[message] ?? 'the compressed stream is broken',
    });
  }
  return pathError(error, file);
}
