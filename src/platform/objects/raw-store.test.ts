import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openLocalStore } from './local.ts';
import { fetchToRaw } from './raw-store.ts';
import { openS3Store } from './s3.ts';
import type { ObjectStore } from './store.ts';
import { refusalOf } from './testing/refusal.ts';
import { keys, type S3TestServer, startS3 } from './testing/s3-server.ts';

const uri = 's3://bills/exports/bill-00001.csv.gz';
let s3: S3TestServer;
let store: ObjectStore;
let raw: string;

beforeAll(async () => {
  for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value);
  s3 = await startS3();
  await s3.createBucket('bills');
  store = openS3Store(s3.options);
});

afterAll(async () => {
  store.close();
  await s3.close();
  vi.unstubAllEnvs();
});

beforeEach(async () => {
  raw = join(await realpath(await mkdtemp(join(tmpdir(), 'centrail-raw-'))), 'raw');
  await s3.put('bills', 'exports/bill-00001.csv.gz', 'first');
  s3.requests.length = 0;
});

function gets(): number {
  return s3.requests.filter(({ line }) => line.startsWith('GET')).length;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

test('keeps an original under its own hash and does not fetch it twice', async () => {
  const { etag, bytes } = await store.head(uri);
  const first = await fetchToRaw(store, raw, uri, { expected: { etag, bytes } });
  const sha256 = hashOf('first');
  expect(first).toEqual({
    path: join(raw, sha256.slice(0, 2), `${sha256}.csv.gz`),
    sha256,
    bytes: 5,
    etag,
    fetched: true,
  });
  expect(await readFile(first.path, 'utf8')).toBe('first');
  s3.requests.length = 0;
  expect(await fetchToRaw(store, raw, uri, { expected: { etag, bytes } })).toEqual({
    ...first,
    fetched: false,
  });
  expect(s3.requests).toEqual([]);
  expect(await fetchToRaw(store, raw, uri)).toMatchObject({ fetched: false });
  expect(gets()).toBe(0);
  expect(await readdir(join(raw, 'incoming'))).toEqual([]);
});

test('a new version is kept beside the old one', async () => {
  const old = await fetchToRaw(store, raw, uri);
  await s3.put('bills', 'exports/bill-00001.csv.gz', 'second');
  const fresh = await fetchToRaw(store, raw, uri);
  expect(fresh).toMatchObject({ sha256: hashOf('second'), fetched: true });
  expect(await readFile(old.path, 'utf8')).toBe('first');
});

test('a kept file that is damaged or gone, and an index that cannot be read, are made good by fetching again', async () => {
  const kept = await fetchToRaw(store, raw, uri);
  const [indexFile = ''] = await readdir(join(raw, 'index'));
  const damages = [
    () => truncate(kept.path, 2),
    () => rm(kept.path),
    () => writeFile(join(raw, 'index', indexFile), '{"uri":'),
    () =>
      writeFile(join(raw, 'index', indexFile), JSON.stringify({ ...kept, uri, file: '../../etc/passwd' })),
  ];
  for (const damage of damages) {
    await damage();
    expect(await fetchToRaw(store, raw, uri)).toMatchObject({ sha256: kept.sha256, fetched: true });
    expect(await readFile(kept.path, 'utf8')).toBe('first');
  }
});

test('never lets a key decide about a place on the disk', async () => {
  await s3.put('bills', 'x/..%2f..%2fevil.sh;rm -rf.csv.exe', 'e');
  const odd = await fetchToRaw(store, raw, 's3://bills/x/..%2f..%2fevil.sh;rm -rf.csv.exe');
  expect(odd.path).toBe(join(raw, odd.sha256.slice(0, 2), odd.sha256));
  await s3.put('bills', 'x/BILL.Snappy.PARQUET', 'p');
  const parquet = await fetchToRaw(store, raw, 's3://bills/x/BILL.Snappy.PARQUET');
  expect(parquet.path).toBe(join(raw, parquet.sha256.slice(0, 2), `${parquet.sha256}.parquet`));
});

test('refuses an object that is not the one listed, and keeps nothing of it', async () => {
  const listed = await store.head(uri);
  await s3.put('bills', 'exports/bill-00001.csv.gz', 'another');
  const refused = await refusalOf(fetchToRaw(store, raw, uri, { expected: listed }));
  expect(refused).toMatchObject({ code: 'objects.objectChanged' });
  expect(await readdir(raw).catch(() => [])).toEqual([]);
});

test('keeps local files the same way, known by inode, size and time', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'centrail-raw-local-')));
  await writeFile(join(folder, 'b.csv'), 'local');
  const local = openLocalStore({ roots: [folder] });
  expect(await fetchToRaw(local, raw, join(folder, 'b.csv'))).toMatchObject({
    fetched: true,
    sha256: hashOf('local'),
  });
  expect(await fetchToRaw(local, raw, join(folder, 'b.csv'))).toMatchObject({ fetched: false });
  await writeFile(join(folder, 'b.csv'), 'LOCAL');
  expect(await fetchToRaw(local, raw, join(folder, 'b.csv'))).toMatchObject({
    fetched: true,
    sha256: hashOf('LOCAL'),
  });
});
