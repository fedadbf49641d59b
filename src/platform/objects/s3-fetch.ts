import { readFile, stat } from 'node:fs/promises';
import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { Refusal } from '../kernel/index.ts';
import { type Check, type Digest, startDigest } from './checksum.ts';
import { errors } from './errors.ts';
import { openRegular, openTarget, removeFiles, settle, writeSmallFile } from './files.ts';
import { writeError } from './paths.ts';
import { plainEtag, type S3Access } from './s3-client.ts';
import { isCut, s3Error } from './s3-errors.ts';
import { type Fetched, type FetchOptions, objectUri } from './store.ts';

export interface FetchRequest extends FetchOptions {
  readonly uri: string;
  readonly targetFile: string;
}

/** The object as it is now, and where its bytes gather. */
interface Download extends FetchRequest {
  readonly bytes: number;
  readonly etag: string;
  readonly check: Check | undefined;
  readonly part: string;
  /** Beside the part: which content it is a part of, so that a later run never mixes two. */
  readonly note: string;
}

/** Times a cut connection is taken up again in a row without a single byte having come. */
const idleTries = 4;
const firstPauseMs = 200;

/**
 * Fetches an object into `<target>.part` and renames it when it is whole: size, the checksum that S3 states, fsync.
 * What an earlier run left of the same etag is kept and the rest asked for by range with `If-Match`.
 */
export async function fetchObject(access: S3Access, request: FetchRequest): Promise<Fetched> {
  const { uri } = request;
  try {
    const download = await describeObject(access, request);
    const resumed = await partBytes(download);
    try {
      return await complete(access, download);
    } catch (error) {
      // Bytes of a run that was killed may never have reached the disk: once more, from the start.
      if (resumed === 0 || !isRefusal(error, 'objects.corruptDownload')) throw error;
      return await complete(access, download);
    }
  } catch (error) {
    if (isRefusal(error, 'objects.objectChanged')) await removeParts(request.targetFile);
    throw writeError(s3Error(error, { uri, tried: access.tried }), request.targetFile);
  }
}

async function describeObject({ client, tried }: S3Access, request: FetchRequest): Promise<Download> {
  const { uri, targetFile, expected } = request;
  const { bucket, key } = objectUri(uri);
  const command = new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' });
  const head = await client.send(command).catch((error) => {
    throw s3Error(error, { uri, tried });
  });
  const bytes = head.ContentLength;
  const etag = plainEtag(head.ETag);
  if (bytes === undefined || !etag)
    throw errors.remoteRefused({ uri, reason: 'no size or no ETag was given' });
  const was = { etag: expected?.etag ?? etag, bytes: expected?.bytes ?? bytes };
  if (was.etag !== etag || was.bytes !== bytes) throw changed(uri, was, { etag, bytes });
  const part = `${targetFile}.part`;
  return { ...request, bytes, etag, check: checkOf(head, etag), part, note: `${part}.json` };
}

/** The strongest checksum over the whole object that S3 states. Checksums of checksums (multipart) are of no use here. */
function checkOf(head: HeadObjectCommandOutput, etag: string): Check | undefined {
  const whole = (value: string | undefined): value is string =>
    value !== undefined && head.ChecksumType !== 'COMPOSITE' && !value.includes('-');
  if (whole(head.ChecksumSHA256)) return { kind: 'sha256', expected: head.ChecksumSHA256 };
  if (whole(head.ChecksumCRC64NVME)) return { kind: 'crc64nvme', expected: head.ChecksumCRC64NVME };
  if (whole(head.ChecksumCRC32)) return { kind: 'crc32', expected: head.ChecksumCRC32 };
  // The ETag is the MD5 only of objects put in one piece and not encrypted with KMS or customer keys.
  const plain = head.ServerSideEncryption === undefined || head.ServerSideEncryption === 'AES256';
  const md5 = /^[0-9a-f]{32}$/.test(etag) && plain && head.SSECustomerAlgorithm === undefined;
  return md5 ? { kind: 'md5', expected: etag } : undefined;
}

async function complete(access: S3Access, download: Download): Promise<Fetched> {
  const { uri, bytes, etag, check, part, note, targetFile } = download;
  const digest = startDigest(check);
  const kept = await partBytes(download);
  if (kept > 0) await readInto(digest, part);
  else await writeSmallFile(note, JSON.stringify({ uri, etag, bytes }));
  const target = await openTarget(part, kept > 0 ? 'append' : 'replace');
  try {
    await receive(access, { download, kept, digest, write: (chunk) => target.writeFile(chunk) });
    await target.sync();
  } finally {
    await target.close();
  }
  const { sha256, found } = digest.end();
  if (check && found !== check.expected) {
    await removeParts(targetFile);
    throw errors.corruptDownload({ uri, check: check.kind, expected: check.expected, found: String(found) });
  }
  await settle(part, targetFile);
  await removeFiles(note);
  return { bytes, sha256, etag };
}

/** Bytes already there of this very content; a part of anything else is removed. */
async function partBytes({ uri, etag, bytes, part, note, targetFile }: Download): Promise<number> {
  const info = await stat(part).catch(() => undefined);
  const text = await readFile(note, 'utf8').catch(() => undefined);
  const same = text !== undefined && text === JSON.stringify({ uri, etag, bytes });
  if (info?.isFile() && same && info.size <= bytes) return info.size;
  await removeParts(targetFile);
  return 0;
}

interface Reception {
  readonly download: Download;
  readonly kept: number;
  readonly digest: Digest;
  readonly write: (chunk: Uint8Array) => Promise<void>;
}

/** Takes in the missing bytes; a connection cut on the way is taken up again where it ended. */
async function receive(access: S3Access, { download, kept, digest, write }: Reception): Promise<void> {
  const { uri, bytes } = download;
  let done = kept;
  let idle = 0;
  download.onProgress?.(done, bytes);
  while (done < bytes) {
    const before = done;
    try {
      for await (const chunk of await openRange(access, download, done)) {
        if (done + chunk.length > bytes)
          throw changed(uri, download, { etag: download.etag, bytes: done + chunk.length });
        digest.update(chunk);
        await write(chunk);
        done += chunk.length;
        download.onProgress?.(done, bytes);
      }
      if (done < bytes) throw new CutConnection();
    } catch (error) {
      if (!isCut(error)) throw error;
      idle = done > before ? 0 : idle + 1;
      if (idle >= idleTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** idle));
    }
  }
}

/** The server ended the body before all announced bytes had come. */
class CutConnection extends Error {
  constructor() {
    super('the connection ended early');
    this.name = 'CutConnection';
  }
}

async function openRange(
  { client, tried }: S3Access,
  { uri, etag, bytes }: Download,
  from: number,
): Promise<AsyncIterable<Uint8Array>> {
  const { bucket, key } = objectUri(uri);
  const range = from > 0 ? { Range: `bytes=${from}-` } : {};
  const command = new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: `"${etag}"`, ...range });
  const was = `${etag}, ${bytes} bytes`;
  const answer = await client.send(command).catch((error) => {
    // A refused connection stays a network error here, so that the caller may try again.
    throw isCut(error) ? error : s3Error(error, { uri, tried, was });
  });
  const body = answer.Body as unknown as AsyncIterable<Uint8Array> & { destroy: () => void };
  // Not every server honours If-Match, so the answer itself is looked at too.
  const now = {
    etag: plainEtag(answer.ETag) ?? '',
    bytes: totalOf(answer.ContentRange) ?? answer.ContentLength ?? 0,
  };
  if (now.etag !== etag || now.bytes !== bytes) {
    body.destroy();
    throw changed(uri, { etag, bytes }, now);
  }
  if (from > 0 && !answer.ContentRange?.startsWith(`bytes ${from}-`)) {
    body.destroy();
    throw errors.remoteRefused({ uri, reason: 'a range was asked for and another one came' });
  }
  return body;
}

function totalOf(contentRange: string | undefined): number | undefined {
  const total = contentRange?.slice(contentRange.lastIndexOf('/') + 1);
  return total !== undefined && /^\d+$/.test(total) ? Number(total) : undefined;
}

async function readInto(digest: Digest, part: string): Promise<void> {
  const handle = await openRegular(part);
  try {
    for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      digest.update(chunk as Uint8Array);
    }
  } finally {
    await handle.close();
  }
}

interface Version {
  readonly etag: string;
  readonly bytes: number;
}

function changed(uri: string, was: Version, now: Version): Refusal {
  return errors.objectChanged({
    uri,
    was: `${was.etag}, ${was.bytes} bytes`,
    now: `${now.etag}, ${now.bytes} bytes`,
  });
}

function isRefusal(error: unknown, code: string): boolean {
  return error instanceof Refusal && error.code === code;
}

async function removeParts(targetFile: string): Promise<void> {
  await removeFiles(`${targetFile}.part`, `${targetFile}.part.json`);
}
