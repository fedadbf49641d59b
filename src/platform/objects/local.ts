import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errors } from './errors.ts';
import { openRegular, openTarget, removeFiles, settle } from './files.ts';
import { allowedPath, pathError, writeError } from './paths.ts';
import type { Fetched, FetchOptions, ListOptions, ObjectStore, StoredObject, StoredPrefix } from './store.ts';
import { decodeText } from './text.ts';

/** Large reads: each one is a round through libuv's threads. */
const readBytes = 1 << 20;

/**
 * Local folders as an object store. Only what really lies in `roots` is read; links inside them are followed,
 * a link that leads out is refused. The etag is made of inode, size and modification time in nanoseconds.
 */
export function openLocalStore(options: { readonly roots: readonly string[] }): ObjectStore {
  const { roots } = options;
  return {
    list: (prefix, listOptions) => listFolder(prefix, roots, listOptions),
    head: async (uri) => describe(uri, await allowedPath(uri, roots)),
    readText: async (uri, maxBytes) => readText(uri, await allowedPath(uri, roots), maxBytes),
    fetch: async (uri, target, fetchOptions) =>
      copyFile({ uri, real: await allowedPath(uri, roots), target, ...fetchOptions }),
    close: () => {},
  };
}

async function* listFolder(
  prefix: string,
  roots: readonly string[],
  options: ListOptions = {},
): AsyncGenerator<StoredObject | StoredPrefix> {
  const folder = prefix.endsWith('/') ? prefix : `${dirname(prefix)}/`;
  const start = prefix.slice(prefix.endsWith('/') ? prefix.length : prefix.lastIndexOf('/') + 1);
  const real = await allowedPath(folder, roots).catch(unlessMissing);
  if (real) yield* walk({ folder, start, real, above: [], roots, deep: options.delimiter === undefined });
}

interface Step {
  /** As asked for, with a trailing slash; the real path may be another one. */
  readonly folder: string;
  readonly real: string;
  readonly start: string;
  /** Real paths of the folders above, against links that lead in a circle. */
  readonly above: readonly string[];
  readonly roots: readonly string[];
  readonly deep: boolean;
}

async function* walk(step: Step): AsyncGenerator<StoredObject | StoredPrefix> {
  const names = await readdir(step.real).catch((error) => {
    const refused = pathError(error, step.folder);
    // A prefix below a file is simply empty, as it is in S3.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [];
    throw refused;
  });
  const entries: { readonly key: string; readonly real: string; readonly info: BigIntStats }[] = [];
  for (const name of names) {
    if (!name.startsWith(step.start)) continue;
    const real = await allowedPath(`${step.folder}${name}`, step.roots).catch(unlessMissing);
    if (real === undefined) continue;
    const info = await stat(real, { bigint: true }).catch(unlessMissing);
    if (info?.isDirectory()) entries.push({ key: `${name}/`, real, info });
    else if (info?.isFile()) entries.push({ key: name, real, info });
  }
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  for (const { key, real, info } of entries) {
    const uri = `${step.folder}${key}`;
    if (info.isFile()) yield asObject(uri, info);
    else if (!step.deep) yield { kind: 'prefix', uri };
    else if (step.above.includes(real))
      throw errors.badPath({ path: uri, reason: 'its links lead in a circle' });
    else yield* walk({ ...step, folder: uri, real, start: '', above: [...step.above, step.real] });
  }
}

/** What vanished between two looks, or a link to nothing, is not listed; everything else is thrown. */
function unlessMissing(error: unknown): undefined {
  const { code } = error as { code?: string };
  if (code === 'objects.notFound' || code === 'ENOENT') return undefined;
  throw error;
}

async function describe(uri: string, real: string): Promise<StoredObject> {
  const info = await stat(real, { bigint: true }).catch((error) => {
    throw pathError(error, uri);
  });
  if (!info.isFile()) throw errors.notAFile({ path: uri });
  return asObject(uri, info);
}

function asObject(uri: string, info: BigIntStats): StoredObject {
  return { kind: 'object', uri, bytes: Number(info.size), modifiedAt: info.mtime, etag: etagOf(info) };
}

function etagOf(info: BigIntStats): string {
  return `${info.ino}-${info.size}-${info.mtimeNs}`;
}

async function readText(uri: string, real: string, maxBytes: number): Promise<string> {
  const handle = await openRegular(real);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw errors.tooLarge({ uri, bytes: size, limit: maxBytes });
    // One byte more than allowed, in case the file is growing.
    const buffer = Buffer.alloc(size + 1);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled > maxBytes) throw errors.tooLarge({ uri, bytes: filled, limit: maxBytes });
    return decodeText(buffer.subarray(0, filled), uri);
  } finally {
    await handle.close();
  }
}

interface Copy extends FetchOptions {
  readonly uri: string;
  readonly real: string;
  readonly target: string;
}

async function copyFile(copy: Copy): Promise<Fetched> {
  const { uri, expected } = copy;
  const part = `${copy.target}.part`;
  const source = await openRegular(copy.real);
  try {
    const before = await source.stat({ bigint: true });
    const was = { etag: expected?.etag ?? etagOf(before), bytes: expected?.bytes ?? Number(before.size) };
    if (was.etag !== etagOf(before) || was.bytes !== Number(before.size)) throw changed(uri, was, before);
    const target = await openTarget(part, 'replace');
    let sha256: string;
    try {
      sha256 = await pump(source, target, copy, was.bytes);
      await target.sync();
    } finally {
      await target.close();
    }
    const after = await stat(copy.real, { bigint: true });
    if (etagOf(after) !== was.etag) throw changed(uri, was, after);
    await settle(part, copy.target);
    return { bytes: was.bytes, sha256, etag: was.etag };
  } catch (error) {
    await removeFiles(part);
    throw writeError(error, copy.target);
  } finally {
    await source.close();
  }
}

function changed(uri: string, was: { etag: string; bytes: number }, now: BigIntStats): Error {
  return errors.objectChanged({
    uri,
    was: `${was.etag}, ${was.bytes} bytes`,
    now: `${etagOf(now)}, ${now.size} bytes`,
  });
}

async function pump(source: FileHandle, target: FileHandle, copy: Copy, total: number): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(readBytes);
  let done = 0;
  for (;;) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return hash.digest('hex');
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await target.writeFile(chunk);
    done += bytesRead;
    copy.onProgress?.(done, total);
  }
}
