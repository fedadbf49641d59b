import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { settle, writeSmallFile } from './files.ts';
import { writeError } from './paths.ts';
import { baseName, type FetchOptions, type ObjectStore } from './store.ts';

/** An original kept under its own hash. `fetched` is false when it was already there. */
export interface RawFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly etag?: string;
  readonly fetched: boolean;
}

/** One line of the index: which content a URI had at an etag. */
interface RawEntry {
  readonly uri: string;
  readonly etag: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly file: string;
}

/**
 * Keeps an original as `<raw>/<first two of sha256>/<sha256><.ext>`. An object whose etag is known is not fetched
 * again, unless the kept file is gone or has another size.
 *
 * The index is one small file per (uri, etag), written by rename after the original is in place: a crash at any point
 * costs at most one more fetch, and what had arrived by then is resumed from `<raw>/incoming/`.
 */
export async function fetchToRaw(
  store: ObjectStore,
  rawFolder: string,
  uri: string,
  options: FetchOptions = {},
): Promise<RawFile> {
  const etag = options.expected?.etag ?? (await store.head(uri)).etag;
  const key = createHash('sha256')
    .update(JSON.stringify([uri, etag ?? '']))
    .digest('hex');
  const indexFile = join(rawFolder, 'index', `${key}.json`);
  const known = etag === undefined ? undefined : await readEntry(indexFile, { uri, etag });
  if (known && (await sizeOf(join(rawFolder, known.file))) === known.bytes) {
    const { sha256, bytes, file } = known;
    return { path: join(rawFolder, file), sha256, bytes, etag: known.etag, fetched: false };
  }
  const incoming = join(rawFolder, 'incoming', key);
  const expected = { ...options.expected, etag };
  const fetched = await store.fetch(uri, incoming, { ...options, expected });
  const { sha256, bytes } = fetched;
  const file = join(sha256.slice(0, 2), `${sha256}${extensionOf(uri)}`);
  const path = join(rawFolder, file);
  try {
    await mkdir(join(rawFolder, sha256.slice(0, 2)), { recursive: true });
    await settle(incoming, path);
    if (fetched.etag !== undefined) {
      const entry: RawEntry = { uri, etag: fetched.etag, sha256, bytes, file };
      await writeSmallFile(indexFile, `${JSON.stringify(entry)}\n`);
    }
  } catch (error) {
    throw writeError(error, path);
  }
  return { path, sha256, bytes, ...(fetched.etag ? { etag: fetched.etag } : {}), fetched: true };
}

/** A line that cannot be read, or that does not belong to this object, counts as none: the object is fetched again. */
async function readEntry(
  indexFile: string,
  asked: { readonly uri: string; readonly etag: string },
): Promise<RawEntry | undefined> {
  const text = await readFile(indexFile, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const entry = JSON.parse(text) as Partial<RawEntry>;
    const { uri, etag, sha256, bytes, file } = entry;
    const same = uri === asked.uri && etag === asked.etag && typeof bytes === 'number';
    if (!same || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    const shape = `${sha256.slice(0, 2)}/${sha256}${extensionOf(uri)}`;
    return file === shape ? { uri, etag, sha256, bytes, file } : undefined;
  } catch {
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() ? info.size : undefined;
}

/** Only endings we know become part of a file name: readers tell formats by them. */
function extensionOf(uri: string): string {
  const match = /(?:\.(csv|tsv|json|txt))?(?:\.(gz|zip|parquet))?$/i.exec(baseName(uri));
  return match ? match[0].toLowerCase() : '';
}
