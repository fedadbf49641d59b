import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { errors } from './errors.ts';
import { openS3Client, type S3Access, type S3Options } from './s3-client.ts';
import { s3Error } from './s3-errors.ts';
import { objectUri } from './store.ts';

/** What S3 takes in one piece. */
const mostBytes = 5 * 1024 ** 3;

export interface FileToPut {
  /** `s3://bucket/key` */
  readonly uri: string;
  /** Absolute path. */
  readonly file: string;
  /** Replace what is there. */
  readonly overwrite: boolean;
}

/**
 * Puts a file at `s3://bucket/key`, whole or not at all. Without `overwrite` what is there already stays. Refusals:
 * `objects.taken`, `objects.tooLarge`, and those of every access to S3.
 */
export async function putToS3({ uri, file, overwrite }: FileToPut, options: S3Options = {}): Promise<void> {
  const { bucket, key } = objectUri(uri);
  const { size } = await stat(file);
  if (size > mostBytes) throw errors.tooLarge({ uri, bytes: size, limit: mostBytes });
  const access = openS3Client(options);
  try {
    if (!overwrite && (await exists(access, bucket, key))) throw errors.taken({ uri });
    await access.client.send(
      new PutObjectCommand({
        ...{ Bucket: bucket, Key: key, Body: createReadStream(file), ContentLength: size },
        ...(overwrite ? {} : { IfNoneMatch: '*' }),
      }),
    );
  } catch (error) {
    throw s3Error(error, { uri, tried: access.tried });
  } finally {
    access.client.destroy();
  }
}

async function exists({ client }: S3Access, bucket: string, key: string): Promise<boolean> {
  try {
    await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    // Without the right to look, the condition on the write decides.
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 404 || status === 403) return false;
    throw error;
  }
}
