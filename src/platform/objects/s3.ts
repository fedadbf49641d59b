import { GetObjectCommand, HeadObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { errors } from './errors.ts';
import { openS3Client, plainEtag, type S3Access, type S3Options } from './s3-client.ts';
import { s3Error } from './s3-errors.ts';
import { fetchObject } from './s3-fetch.ts';
import {
  type ListOptions,
  type ObjectStore,
  objectUri,
  parseS3Uri,
  type StoredObject,
  type StoredPrefix,
} from './store.ts';
import { decodeText } from './text.ts';

/** S3 (or a server that speaks its protocol) as an object store. Nothing is asked before the first call. */
export function openS3Store(options: S3Options = {}): ObjectStore {
  const access = openS3Client(options);
  return {
    list: (prefix, listOptions) => listObjects(access, prefix, listOptions),
    head: (uri) => headObject(access, uri),
    readText: (uri, maxBytes) => readObjectText(access, uri, maxBytes),
    fetch: (uri, targetFile, fetchOptions) => fetchObject(access, { uri, targetFile, ...fetchOptions }),
    close: () => access.client.destroy(),
  };
}

async function* listObjects(
  { client, tried }: S3Access,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<StoredObject | StoredPrefix> {
  const { bucket, key } = parseS3Uri(prefix);
  const request = { Bucket: bucket, Prefix: key, Delimiter: options.delimiter };
  try {
    for await (const page of paginateListObjectsV2({ client, pageSize: 1000 }, request)) {
      for (const common of page.CommonPrefixes ?? []) {
        if (common.Prefix) yield { kind: 'prefix', uri: `s3://${bucket}/${common.Prefix}` };
      }
      for (const object of page.Contents ?? []) {
        // A key that ends in a slash is a console's way to show an empty folder.
        if (!object.Key || object.Key.endsWith('/')) continue;
        yield asObject(`s3://${bucket}/${object.Key}`, object.Size, object.LastModified, object.ETag);
      }
    }
  } catch (error) {
    throw s3Error(error, { uri: prefix, tried });
  }
}

async function headObject({ client, tried }: S3Access, uri: string): Promise<StoredObject> {
  const { bucket, key } = objectUri(uri);
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return asObject(uri, head.ContentLength, head.LastModified, head.ETag);
  } catch (error) {
    throw s3Error(error, { uri, tried });
  }
}

async function readObjectText({ client, tried }: S3Access, uri: string, maxBytes: number): Promise<string> {
  const { bucket, key } = objectUri(uri);
  try {
    const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const chunks: Uint8Array[] = [];
    let bytes = ContentLength ?? 0;
    const body = Body as NodeJS.ReadableStream & { destroy: () => void };
    if (bytes <= maxBytes) {
      bytes = 0;
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        if (bytes > maxBytes) break;
        chunks.push(chunk);
      }
    }
    if (bytes > maxBytes) {
      body.destroy();
      throw errors.tooLarge({ uri, bytes, limit: maxBytes });
    }
    return decodeText(Buffer.concat(chunks), uri);
  } catch (error) {
    throw s3Error(error, { uri, tried });
  }
}

function asObject(uri: string, bytes = 0, modifiedAt = new Date(0), etag?: string): StoredObject {
  const plain = plainEtag(etag);
  return { kind: 'object', uri, bytes, modifiedAt, ...(plain ? { etag: plain } : {}) };
}
