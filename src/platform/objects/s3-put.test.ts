import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openStore, putToS3 } from './open.ts';
import { refusalOf } from './testing/refusal.ts';
import { keys, type S3TestServer, startS3 } from './testing/s3-server.ts';

const content = randomBytes(300_000);
let s3: S3TestServer;
let folder: string;
let file: string;

beforeAll(async () => {
  for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value);
  s3 = await startS3();
  await s3.createBucket('out');
  folder = await mkdtemp(join(tmpdir(), 'finops-put-'));
  file = join(folder, 'figures.parquet');
  await writeFile(file, content);
});

afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

async function sha256Of(uri: string): Promise<string> {
  const store = await openStore(uri, { roots: [], s3: s3.options });
  try {
    return (await store.fetch(uri, join(folder, `back-${Date.now()}`))).sha256;
  } finally {
    store.close();
  }
}

test('a file arrives whole under its name', async () => {
  const uri = 's3://out/2026-10/figures.parquet';
  await putToS3({ uri, file, overwrite: false }, s3.options);
  expect(await sha256Of(uri)).toBe(createHash('sha256').update(content).digest('hex'));
});

test('what is there stays, unless it may be replaced', async () => {
  const uri = 's3://out/kept.csv';
  await s3.put('out', 'kept.csv', 'before');
  expect(await refusalOf(putToS3({ uri, file, overwrite: false }, s3.options))).toMatchObject({
    code: 'objects.taken',
  });
  expect(await sha256Of(uri)).toBe(createHash('sha256').update('before').digest('hex'));
  await putToS3({ uri, file, overwrite: true }, s3.options);
  expect(await sha256Of(uri)).toBe(createHash('sha256').update(content).digest('hex'));
});

test('a bucket that there is not, and an address that is none, are refused by name', async () => {
  const put = (uri: string) => refusalOf(putToS3({ uri, file, overwrite: true }, s3.options));
  expect(await put('s3://nowhere/x.csv')).toMatchObject({ code: 'objects.bucketNotFound' });
  expect(await put('s3://out/')).toMatchObject({ code: 'objects.badUri' });
});
