import { openLocalStore } from './local.ts';
import type { S3Options } from './s3-client.ts';
import type { FileToPut } from './s3-put.ts';
import { isS3Uri, type ObjectStore } from './store.ts';

/** From the operator's configuration: folders that may be read, and how S3 is reached. */
export interface StoreOptions {
  readonly roots: readonly string[];
  readonly s3?: S3Options;
}

/** As `putToS3` of s3-put.ts, loaded when it is needed. */
export async function putToS3(file: FileToPut, options?: S3Options): Promise<void> {
  const { putToS3: put } = await import('./s3-put.ts');
  return put(file, options);
}

/** The store for a URI. The AWS SDK (a good 100 ms to load) is loaded only for `s3://`. Close the store after use. */
export async function openStore(uri: string, options: StoreOptions): Promise<ObjectStore> {
  if (!isS3Uri(uri)) return openLocalStore({ roots: options.roots });
  const { openS3Store } = await import('./s3.ts');
  return openS3Store(options.s3);
}
