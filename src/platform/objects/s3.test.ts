import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { access, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openS3Store } from './s3.ts';
import type { ObjectStore, StoredObject } from './store.ts';
import { refusalOf } from './testing/refusal.ts';
import { keys, type S3TestServer, startS3 } from './testing/s3-server.ts';

const bill = randomBytes(4_000_000);
const sha256 = createHash('sha256').update(bill).digest('hex');
const uri = 's3://bills/aws/cur/bill.csv.gz';

let s3: S3TestServer;
let store: ObjectStore;
let folder: string;

beforeAll(async () => {
  for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value);
  s3 = await startS3();
  await s3.createBucket('bills');
  await s3.put('bills', 'aws/cur/bill.csv.gz', bill);
  await s3.put('bills', 'aws/cur/empty.csv', '');
  await s3.put('bills', 'aws/cur.txt', 'x');
  await s3.put('bills', 'other/m.json', '{"a":1}');
  store = openS3Store(s3.options);
});

afterAll(async () => {
  store.close();
  await s3.close();
  vi.unstubAllEnvs();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-s3-target-'));
  s3.requests.length = 0;
  Object.assign(s3.network, { cutAfter: 0, cuts: 0, flipBytes: false, beforeGet: undefined });
  await s3.put('bills', 'aws/cur/bill.csv.gz', bill);
});

/** The ranges asked for by GET requests of objects, the whole as ''. */
function ranges(): string[] {
  return s3.requests.filter(({ line }) => line.startsWith('GET /bills/aws')).map(({ range }) => range ?? '');
}

async function names(prefix: string, delimiter?: '/'): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of store.list(prefix, delimiter ? { delimiter } : {})) found.push(entry.uri);
  return found;
}

test('lists one level with a delimiter and everything below without', async () => {
  expect(await names('s3://bills', '/')).toEqual(['s3://bills/aws/', 's3://bills/other/']);
  expect(await names('s3://bills/aws/', '/')).toEqual(['s3://bills/aws/cur/', 's3://bills/aws/cur.txt']);
  expect(await names('s3://bills/aws/')).toHaveLength(3);
  expect(await names('s3://bills/none/')).toEqual([]);
});

test('lists every page of a long listing, and counts no folder marker as a file', async () => {
  // s3rver cannot page: its continuation tokens need DES, which OpenSSL 3 has not. So its answers are written here.
  const page = (keys: readonly string[], next: string) =>
    `<ListBucketResult><IsTruncated>${next !== ''}</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>${keys
      .map((key) => `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag></Contents>`)
      .join('')}</ListBucketResult>`;
  const server = createServer((request, answer) => {
    const token = new URL(request.url ?? '', 'http://x').searchParams.get('continuation-token');
    const body = token === null ? page(['k/', 'k/1', 'k/2'], 'two') : page(['k/3'], '');
    answer.writeHead(200, { 'content-type': 'application/xml' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const paged = openS3Store({
    ...s3.options,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  const found: string[] = [];
  for await (const entry of paged.list('s3://many/k/')) found.push(entry.uri);
  expect(found).toEqual(['s3://many/k/1', 's3://many/k/2', 's3://many/k/3']);
  paged.close();
  await new Promise((resolve) => server.close(resolve));
});

test('fetches an object whole, with size, hash and etag, and leaves nothing else', async () => {
  const target = join(folder, 'bill');
  const { etag, bytes } = await store.head(uri);
  const seen: number[] = [];
  const fetched = await store.fetch(uri, target, {
    expected: { etag, bytes },
    onProgress: (done) => seen.push(done),
  });
  expect(fetched).toEqual({ bytes: bill.length, sha256, etag });
  expect((await readFile(target)).equals(bill)).toBe(true);
  expect(await readdir(folder)).toEqual(['bill']);
  expect(seen.at(-1)).toBe(bill.length);
  expect(await store.fetch('s3://bills/aws/cur/empty.csv', join(folder, 'empty'))).toMatchObject({
    bytes: 0,
  });
});

test('takes up a cut connection where it ended, within one fetch', async () => {
  Object.assign(s3.network, { cutAfter: 1_000_000, cuts: 2 });
  const fetched = await store.fetch(uri, join(folder, 'bill'));
  expect(fetched.sha256).toBe(sha256);
  const [first, second, third] = ranges();
  expect(first).toBe('');
  expect(second).toMatch(/^bytes=\d+-$/);
  expect(Number(second?.slice(6, -1))).toBeGreaterThan(0);
  expect(Number(third?.slice(6, -1))).toBeGreaterThan(Number(second?.slice(6, -1)));
});

test('gives up with exit code 8 when nothing comes any more, and a later run fetches only the rest', async () => {
  const target = join(folder, 'bill');
  Object.assign(s3.network, { cutAfter: 1_500_000, cuts: 1 });
  s3.network.beforeGet = async () => {
    if (ranges().length > 1) Object.assign(s3.network, { cutAfter: 0, cuts: 100 });
  };
  expect(await refusalOf(store.fetch(uri, target))).toMatchObject({
    code: 'objects.remoteUnavailable',
    exitCode: 8,
  });
  const kept = (await stat(`${target}.part`)).size;
  expect(kept).toBeGreaterThan(0);
  Object.assign(s3.network, { cuts: 0, beforeGet: undefined });
  s3.requests.length = 0;
  expect(await store.fetch(uri, target)).toMatchObject({ bytes: bill.length, sha256 });
  expect(ranges()).toEqual([`bytes=${kept}-`]);
  expect(await readdir(folder)).toEqual(['bill']);
});

test('kill -9 in the middle of a download: the next run takes the part and the hash is right', async () => {
  const target = join(folder, 'bill');
  const module = new URL('./s3.ts', import.meta.url).href;
  const script = `const { openS3Store } = await import(${JSON.stringify(module)});
    const slow = { onProgress: (n) => { if (n > 1000000) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60000); } };
    await openS3Store(${JSON.stringify(s3.options)}).fetch(${JSON.stringify(uri)}, ${JSON.stringify(target)}, slow);`;
  const env = { ...process.env, ...keys };
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)));
  for (
    let i = 0;
    i < 600 && ((await stat(`${target}.part`).catch(() => undefined))?.size ?? 0) < 1_000_000;
    i++
  ) {
    await wait(50);
  }
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
  await expect(access(target)).rejects.toThrow();
  const kept = (await stat(`${target}.part`)).size;
  s3.requests.length = 0;
  expect(await store.fetch(uri, target)).toMatchObject({ sha256 });
  expect(ranges()).toEqual([`bytes=${kept}-`]);
});

test('an object that changes during the download is refused and nothing of it is kept', async () => {
  const target = join(folder, 'bill');
  Object.assign(s3.network, { cutAfter: 1_000_000, cuts: 1 });
  s3.network.beforeGet = async () => {
    if (ranges().length === 2) await s3.put('bills', 'aws/cur/bill.csv.gz', randomBytes(bill.length));
  };
  const refused = await refusalOf(store.fetch(uri, target));
  expect(refused).toMatchObject({ code: 'objects.objectChanged', exitCode: 7 });
  expect(refused.message).toContain('Object changed during download');
  expect(await readdir(folder)).toEqual([]);
});

test('an object that is another one than was listed is refused before a byte is fetched', async () => {
  const listed: StoredObject = await store.head(uri);
  await s3.put('bills', 'aws/cur/bill.csv.gz', randomBytes(100));
  const expected = { etag: listed.etag, bytes: listed.bytes };
  expect(await refusalOf(store.fetch(uri, join(folder, 'bill'), { expected }))).toMatchObject({
    code: 'objects.objectChanged',
  });
  expect(ranges()).toEqual([]);
});

test('a part of another version is thrown away, and a damaged part is fetched again from the start', async () => {
  const target = join(folder, 'bill');
  const { etag } = await store.head(uri);
  await writeFile(`${target}.part`, randomBytes(1_000_000));
  await writeFile(`${target}.part.json`, JSON.stringify({ uri, etag: 'an-older-one', bytes: bill.length }));
  expect(await store.fetch(uri, target)).toMatchObject({ sha256 });
  expect(ranges()).toEqual(['']);
  await writeFile(`${target}.part`, randomBytes(1_000_000));
  await writeFile(`${target}.part.json`, JSON.stringify({ uri, etag, bytes: bill.length }));
  s3.requests.length = 0;
  expect(await store.fetch(uri, target)).toMatchObject({ sha256 });
  expect(ranges()).toEqual(['bytes=1000000-', '']);
  expect(await readdir(folder)).toEqual(['bill']);
});

test('bytes that were changed on the way are noticed by the checksum and not kept', async () => {
  s3.network.flipBytes = true;
  const refused = await refusalOf(store.fetch(uri, join(folder, 'bill')));
  expect(refused).toMatchObject({ code: 'objects.corruptDownload', exitCode: 8 });
  expect(refused.message).toContain('md5');
  expect(await readdir(folder)).toEqual([]);
});

test('a target that cannot be written is said so', async () => {
  await writeFile(join(folder, 'file'), 'x');
  const refused = await refusalOf(store.fetch(uri, join(folder, 'file', 'bill')));
  expect(refused).toMatchObject({ code: 'objects.cannotWrite', exitCode: 1 });
});

test('reads a manifest as text, and refuses one that is far too large without reading it', async () => {
  expect(await store.readText('s3://bills/other/m.json', 100)).toBe('{"a":1}');
  expect(await refusalOf(store.readText(uri, 1000))).toMatchObject({ code: 'objects.tooLarge', exitCode: 5 });
});

test('a missing object, a missing bucket and a URI that is none are told apart', async () => {
  expect(await refusalOf(store.head('s3://bills/none'))).toMatchObject({
    code: 'objects.notFound',
    exitCode: 3,
  });
  expect(await refusalOf(store.readText('s3://bills/none', 9))).toMatchObject({ code: 'objects.notFound' });
  const bucket = await refusalOf(names('s3://no-such-bucket/x/', '/'));
  expect(bucket).toMatchObject({ code: 'objects.bucketNotFound', exitCode: 3 });
  expect(bucket.message).toContain("'no-such-bucket'");
  expect(await refusalOf(store.head('s3://bills'))).toMatchObject({ code: 'objects.badUri', exitCode: 2 });
  expect(await refusalOf(store.head('s3://a/../b'))).toMatchObject({ code: 'objects.badUri', exitCode: 2 });
});
