export { refuseBomb } from './bomb.ts';
export { checkEndpoint, ForbiddenAddress, guardedLookup, placeOf } from './endpoint.ts';
export { checkGzip, type GzipCheck, type GzipOptions } from './gzip.ts';
export { openStore, putToS3, type StoreOptions } from './open.ts';
export { allowedPath, safeFileName } from './paths.ts';
export { printable } from './printable.ts';
export { fetchToRaw, type RawFile } from './raw-store.ts';
export type { S3Options } from './s3-client.ts';
export {
  baseName,
  type Fetched,
  type FetchOptions,
  folderUri,
  isS3Uri,
  type ListOptions,
  type ObjectStore,
  parseS3Uri,
  type StoredObject,
  type StoredPrefix,
} from './store.ts';
export { type UnzipLimits, type UnzippedCsv, unzipSingleCsv } from './unzip.ts';
