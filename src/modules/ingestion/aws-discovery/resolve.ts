import { isS3Uri, parseS3Uri } from '../../../platform/objects/index.ts';
import { parsePartition } from './layout.ts';

/** A file as a manifest names it: a key, or a whole `s3://` URI; `bucket` as the manifest states it, or empty. */
interface NamedFile {
  readonly manifestUri: string;
  readonly key: string;
  readonly bucket: string;
}

/**
 * Where a file named by a manifest is in the tree that the manifest was read from; `undefined` when the name is no
 * acceptable key. In the bucket of the manifest the key is taken as it is. In a copy (a local folder, a replicated
 * bucket, with or without part of the prefix) the key is fitted to the folders around the manifest by the longest run
 * of folders the two share: `exports/x/data/…` beside `/copy/exports/x/metadata/…` is `/copy/exports/x/data/…`.
 * A manifest can therefore never send the reader to another bucket or another folder than the operator's.
 */
export function resolveFile({ manifestUri, key, bucket }: NamedFile): string | undefined {
  const named = parseKey(key, bucket);
  if (!named) return undefined;
  if (!isS3Uri(manifestUri)) {
    const folders = manifestUri.split('/').slice(0, -1);
    return placeIn(named.segments, folders).join('/');
  }
  const own = parseS3Uri(manifestUri);
  if (named.bucket === '' || named.bucket === own.bucket) {
    // With an empty report prefix AWS's keys really start with a slash, that of the manifest too.
    const slash = own.key.startsWith('/') ? '/' : '';
    return `s3://${own.bucket}/${slash}${named.segments.join('/')}`;
  }
  return `s3://${own.bucket}/${placeIn(named.segments, own.key.split('/').slice(0, -1)).join('/')}`;
}

function parseKey(key: string, bucket: string): { bucket: string; segments: readonly string[] } | undefined {
  let path = key;
  let own = bucket;
  if (/^s3[an]?:\/\//.test(key)) {
    const rest = key.slice(key.indexOf('://') + 3);
    const slash = rest.indexOf('/');
    if (slash <= 0) return undefined;
    own = rest.slice(0, slash);
    path = rest.slice(slash + 1);
  } else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(key)) {
    return undefined;
  }
  const segments = path.replace(/^\/+/, '').split('/');
  const odd = segments.some(
    (segment) => segment === '' || segment === '.' || segment === '..' || segment.includes('\0'),
  );
  return odd ? undefined : { bucket: own, segments };
}

/** The key's segments placed into the manifest's folders. */
function placeIn(key: readonly string[], folders: readonly string[]): string[] {
  // Data Exports put `data/BILLING_PERIOD=…` beside `metadata/BILLING_PERIOD=…`: that alone tells the place.
  const data = key.findIndex((name, i) => name === 'data' && parsePartition(key[i + 1] ?? '') !== undefined);
  const metadata = folders.findLastIndex(
    (name, i) => name === 'metadata' && parsePartition(folders[i + 1] ?? '') !== undefined,
  );
  if (data >= 0 && metadata >= 0) return [...folders.slice(0, metadata), ...key.slice(data)];

  let best = { run: 0, from: key.length - 1, at: folders.length };
  for (let from = 0; from < key.length - 1; from++) {
    for (let at = 0; at < folders.length; at++) {
      const run = sharedRun(key.slice(from, -1), folders.slice(at));
      if (run > best.run) best = { run, from, at };
    }
  }
  // No folder in common: someone put manifest and files into one folder.
  return [...folders.slice(0, best.at), ...key.slice(best.from)];
}

function sharedRun(a: readonly string[], b: readonly string[]): number {
  let run = 0;
  while (run < a.length && run < b.length && a[run] === b[run]) run++;
  return run;
}
