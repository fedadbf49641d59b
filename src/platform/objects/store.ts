import { errors } from './errors.ts';

/** One object or file. `bytes` ≥ 0; `etag` names this very content: any change gives another one. */
export interface StoredObject {
  readonly kind: 'object';
  readonly uri: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  readonly etag?: string;
}

/** What a delimiter listing cuts off: a folder, its URI ending in `/`. */
export interface StoredPrefix {
  readonly kind: 'prefix';
  readonly uri: string;
}

export interface ListOptions {
  /** With `/`: one level only, deeper keys are summed up as prefixes. Without: everything below. */
  readonly delimiter?: '/';
}

export interface FetchOptions {
  /** The object as it was listed; when it differs now, the fetch is refused as `objects.objectChanged`. */
  readonly expected?: { readonly etag?: string | undefined; readonly bytes?: number | undefined };
  /** Called as bytes arrive, bytes of an earlier, resumed run included. */
  readonly onProgress?: (bytes: number, total: number) => void;
}

/** What a fetch left at its target: `sha256` of the content in lower-case hex. */
export interface Fetched {
  readonly bytes: number;
  readonly sha256: string;
  readonly etag?: string;
}

/**
 * Read access to a tree of files: an S3 bucket or a local folder, with the same words and the same order.
 *
 * A URI is `s3://bucket/key` (key taken literally, nothing is decoded) or an absolute path. A prefix is a plain
 * text prefix as in S3: end it with `/` to mean a folder; listing a prefix that does not exist yields nothing.
 * Every method throws the refusals of `errors.ts`: notFound (exit 3), access (4), bad data (5), changed (7), remote (8).
 */
export interface ObjectStore {
  /** In byte order of the keys, per page of at most 1,000. */
  readonly list: (prefix: string, options?: ListOptions) => AsyncIterable<StoredObject | StoredPrefix>;
  readonly head: (uri: string) => Promise<StoredObject>;
  /** The whole object as UTF-8 text (a BOM is removed); longer than `maxBytes` is refused. */
  readonly readText: (uri: string, maxBytes: number) => Promise<string>;
  /** Copies the object to `targetFile`, checked, fsynced, by rename; a cut download resumes from `<target>.part`. */
  readonly fetch: (uri: string, targetFile: string, options?: FetchOptions) => Promise<Fetched>;
  readonly close: () => void;
}

const bucketShape = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;

/** True for `s3://…`. */
export function isS3Uri(uri: string): boolean {
  return uri.startsWith('s3://');
}

/** `s3://bucket/some/key` as bucket and key; the key may be empty (the whole bucket). */
export function parseS3Uri(uri: string): { readonly bucket: string; readonly key: string } {
  if (!isS3Uri(uri)) throw errors.badUri({ uri, reason: 'it does not start with s3://' });
  const slash = uri.indexOf('/', 5);
  const bucket = slash < 0 ? uri.slice(5) : uri.slice(5, slash);
  if (!bucketShape.test(bucket)) throw errors.badUri({ uri, reason: `'${bucket}' is no bucket name` });
  return { bucket, key: slash < 0 ? '' : uri.slice(slash + 1) };
}

/** As `parseS3Uri`, for an object: a key is needed. */
export function objectUri(uri: string): { readonly bucket: string; readonly key: string } {
  const parsed = parseS3Uri(uri);
  if (parsed.key === '') throw errors.badUri({ uri, reason: 'it names a bucket, not an object' });
  return parsed;
}

/** The URI as a folder: with exactly the trailing `/` that makes it a folder prefix. */
export function folderUri(uri: string): string {
  return uri.endsWith('/') ? uri : `${uri}/`;
}

/** The last segment: `s3://b/x/y.csv` is `y.csv`, a folder `s3://b/x/` is `x`. */
export function baseName(uri: string): string {
  const trimmed = uri.endsWith('/') ? uri.slice(0, -1) : uri;
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}
