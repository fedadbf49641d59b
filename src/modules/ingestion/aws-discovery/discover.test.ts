import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parsePeriod } from '../../../platform/kernel/index.ts';
import { type ObjectStore, openStore } from '../../../platform/objects/index.ts';
import { refusalOf } from '../../../platform/objects/testing/refusal.ts';
import { keys, type S3TestServer, startS3 } from '../../../platform/objects/testing/s3-server.ts';
import { listExports, listManifests, readManifest, verifyFiles } from './discover.ts';

let s3: S3TestServer;
let folder: string;

/** The same tree as a bucket and as a folder: every test of a layout runs on both. */
let trees: readonly { readonly name: string; readonly store: ObjectStore; readonly base: string }[];

const [june, july] = ['20260601-20260701', '20260701-20260801'];

/** Two accounts' exports and a stranger under one prefix. */
const tree: Readonly<Record<string, string>> = {
  // CUR v1, create-new: July was delivered twice, the manifest of the month names the second.
  ...v1('main', june, { id: 'a1', files: ['a1/main-1.csv.gz'] }),
  ...v1('main', july, { id: 'b1', files: ['b1/main-1.csv.gz'] }),
  ...v1('main', july, { id: 'b2', files: ['b2/main-1.csv.gz', 'b2/main-2.csv.gz'] }),
  // CUR v1, overwrite: no folder per delivery.
  'bills/over/20260701-20260801/over-Manifest.json': v1Manifest('over', july, 'o1', ['over-1.csv.zip']),
  'bills/over/20260701-20260801/over-1.csv.zip': 'zip',
  'bills/over/20260701-20260801/over-RedshiftManifest.json': '{}',
  // Data Exports, overwrite.
  'bills/cur2/metadata/BILLING_PERIOD=2026-06/cur2-Manifest.json': v2Manifest('cur2', '2026-06', 'e1', [
    'c-1.parquet',
  ]),
  'bills/cur2/data/BILLING_PERIOD=2026-06/c-1.parquet': 'p',
  'bills/cur2/metadata/BILLING_PERIOD=2026-07/cur2-Manifest.json': v2Manifest('cur2', '2026-07', 'e2', [
    'c-1.parquet',
  ]),
  'bills/cur2/data/BILLING_PERIOD=2026-07/c-1.parquet': 'pp',
  // Data Exports, create-new: the third delivery has no manifest yet, so the second holds.
  ...v2New('fresh', '2026-07', '2026-08-01T01:00:00.000Z-x1', 'x1'),
  ...v2New('fresh', '2026-07', '2026-08-02T01:00:00.000Z-x2', 'x2'),
  'bills/fresh/metadata/BILLING_PERIOD=2026-07/2026-08-03T01:00:00.000Z-x3/note.txt': 'not done',
  'bills/photos/2026/cat.jpg': 'cat',
};

beforeAll(async () => {
  for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value);
  s3 = await startS3();
  await s3.createBucket('acme');
  folder = await realpath(await mkdtemp(join(tmpdir(), 'centrail-exports-')));
  for (const [key, content] of Object.entries(tree)) {
    await s3.put('acme', key, content);
    await mkdir(dirname(join(folder, key)), { recursive: true });
    await writeFile(join(folder, key), content);
  }
  trees = [
    {
      name: 'S3',
      store: await openStore('s3://acme', { roots: [], s3: s3.options }),
      base: 's3://acme/bills',
    },
    { name: 'folder', store: await openStore(folder, { roots: [folder] }), base: join(folder, 'bills') },
  ];
});

afterAll(async () => {
  for (const { store } of trees) store.close();
  await s3.close();
  vi.unstubAllEnvs();
});

test('finds every export under a prefix with its kind and months, and nothing else', async () => {
  for (const { store, base } of trees) {
    expect(await listExports(store, base)).toEqual([
      { name: 'cur2', kind: 'data-export', uri: `${base}/cur2/`, periods: ['2026-06', '2026-07'] },
      { name: 'fresh', kind: 'data-export', uri: `${base}/fresh/`, periods: ['2026-07'] },
      { name: 'main', kind: 'cur-v1', uri: `${base}/main/`, periods: ['2026-06', '2026-07'] },
      { name: 'over', kind: 'cur-v1', uri: `${base}/over/`, periods: ['2026-07'] },
    ]);
  }
});

test('takes the latest delivery of every month, in both layouts of both kinds', async () => {
  const versions = { main: ['a1', 'b2'], over: ['o1'], cur2: ['e1', 'e2'], fresh: ['x2'] };
  for (const { name, store, base } of trees) {
    for (const [exportName, expected] of Object.entries(versions)) {
      const entries = await listManifests(store, { base: `${base}/`, exportName });
      const manifests = await Promise.all(entries.map((entry) => readManifest(store, entry)));
      expect(
        manifests.map((manifest) => manifest.versionId),
        `${name} ${exportName}`,
      ).toEqual(expected);
      for (const manifest of manifests) {
        const files = await verifyFiles(store, manifest);
        expect(files.map((file) => file.uri)).toEqual(manifest.files);
        expect(files.every((file) => file.bytes > 0 && file.etag !== undefined)).toBe(true);
      }
    }
  }
});

test('keeps to the months and the kind asked for', async () => {
  for (const { store, base } of trees) {
    const months = async (query: object) =>
      (await listManifests(store, { base, exportName: 'main', ...query })).map((entry) => entry.period);
    expect(await months({ from: parsePeriod('2026-07') })).toEqual(['2026-07']);
    expect(await months({ to: parsePeriod('2026-06') })).toEqual(['2026-06']);
    expect(await months({ from: parsePeriod('2026-08') })).toEqual([]);
    expect(await months({ kind: 'cur-v1' })).toEqual(['2026-06', '2026-07']);
    expect(await refusalOf(months({ kind: 'data-export' }))).toMatchObject({ exitCode: 3 });
    expect(await refusalOf(months({ exportName: 'none' }))).toMatchObject({ code: 'awsDiscovery.noExport' });
    expect(await refusalOf(months({ exportName: '../bills/main' }))).toMatchObject({ exitCode: 3 });
  }
});

test('asks S3 for the levels it needs and never for a whole tree', async () => {
  const [{ store, base } = { store: undefined, base: '' }] = trees;
  if (!store) throw new Error('no S3 store');
  // Many files in the folders of deliveries: none of them may be listed.
  for (let i = 0; i < 40; i++) await s3.put('acme', `bills/main/${july}/b1/main-${100 + i}.csv.gz`, 'x');
  s3.requests.length = 0;
  await listManifests(store, { base, exportName: 'main', from: parsePeriod('2026-07') });
  const asked = s3.requests.map(({ line }) => new URL(line.replace('GET ', ''), 'http://x').searchParams);
  expect(asked.map((query) => query.get('prefix'))).toEqual(['bills/main/', `bills/main/${july}/`]);
  expect(asked.every((query) => query.get('delimiter') === '/')).toBe(true);
  s3.requests.length = 0;
  await listExports(store, base);
  // The base, its five folders, and the metadata folder of the two Data Exports.
  expect(s3.requests).toHaveLength(8);
});

test('a month without its manifest takes that of its only delivery, and refuses to choose between two', async () => {
  const copy = await realpath(await mkdtemp(join(tmpdir(), 'centrail-copy-')));
  const store = await openStore(copy, { roots: [copy] });
  const put = async (key: string, content: string) => {
    await mkdir(dirname(join(copy, key)), { recursive: true });
    await writeFile(join(copy, key), content);
  };
  await put(`main/${june}/a1/main-Manifest.json`, v1Manifest('main', june, 'a1', ['a1/main-1.csv.gz']));
  await put(`main/${june}/a1/main-1.csv.gz`, 'x');
  const [entry] = await listManifests(store, { base: copy, exportName: 'main' });
  if (!entry) throw new Error('no manifest');
  const manifest = await readManifest(store, entry);
  expect((await verifyFiles(store, manifest)).map((file) => file.uri)).toEqual([
    join(copy, 'main', june, 'a1', 'main-1.csv.gz'),
  ]);
  await rm(join(copy, 'main', june, 'a1', 'main-1.csv.gz'));
  const missing = await refusalOf(verifyFiles(store, manifest));
  expect(missing).toMatchObject({ code: 'awsDiscovery.missingFile', exitCode: 5 });
  expect(missing.message).toContain('main-Manifest.json');
  expect(missing.message).toContain('main-1.csv.gz');
  await put(`main/${june}/a2/main-Manifest.json`, v1Manifest('main', june, 'a2', ['a2/main-1.csv.gz']));
  const ambiguous = await refusalOf(listManifests(store, { base: copy, exportName: 'main' }));
  expect(ambiguous).toMatchObject({ code: 'awsDiscovery.ambiguousVersion', exitCode: 5 });
});

test('a manifest of another export in the folder is refused', async () => {
  const copy = await realpath(await mkdtemp(join(tmpdir(), 'centrail-other-')));
  const store = await openStore(copy, { roots: [copy] });
  await mkdir(join(copy, 'main', june), { recursive: true });
  const file = join(copy, 'main', june, 'stray-Manifest.json');
  await writeFile(file, v1Manifest('stray', june, 's1', ['s1/stray-1.csv.gz']));
  const stray = await refusalOf(listManifests(store, { base: copy, exportName: 'main' }));
  expect(stray).toMatchObject({ code: 'awsDiscovery.otherExport', exitCode: 5 });
  await rm(file);
  await writeFile(
    join(copy, 'main', june, 'main-Manifest.json'),
    v1Manifest('stray', june, 's1', ['s1/x.csv.gz']),
  );
  const [entry] = await listManifests(store, { base: copy, exportName: 'main' });
  if (!entry) throw new Error('no manifest');
  expect(await refusalOf(readManifest(store, entry))).toMatchObject({ code: 'awsDiscovery.otherExport' });
});

function v1(name: string, month: string, delivery: { id: string; files: string[] }): Record<string, string> {
  const manifest = v1Manifest(name, month, delivery.id, delivery.files);
  const folder = `bills/${name}/${month}`;
  return {
    [`${folder}/${name}-Manifest.json`]: manifest,
    [`${folder}/${delivery.id}/${name}-Manifest.json`]: manifest,
    ...Object.fromEntries(delivery.files.map((file) => [`${folder}/${file}`, 'gz'])),
  };
}

function v1Manifest(name: string, month: string, id: string, files: readonly string[]): string {
  const [start, end] = month.split('-');
  return JSON.stringify({
    assemblyId: id,
    reportName: name,
    contentType: 'text/csv',
    billingPeriod: { start: `${start}T000000.000Z`, end: `${end}T000000.000Z` },
    bucket: 'acme',
    reportKeys: files.map((file) => `/bills/${name}/${month}/${file}`),
  });
}

function v2Manifest(name: string, month: string, id: string, files: readonly string[]): string {
  const data = `s3://acme/bills/${name}/data/BILLING_PERIOD=${month}`;
  return JSON.stringify({
    executionId: id,
    contentType: 'Parquet',
    dataFiles: files.map((file) => `${data}/${file}`),
  });
}

function v2New(name: string, month: string, delivery: string, id: string): Record<string, string> {
  const place = `BILLING_PERIOD=${month}/${delivery}`;
  return {
    [`bills/${name}/metadata/${place}/${name}-Manifest.json`]: v2Manifest(name, month, id, [
      `${delivery}/f-1.parquet`,
    ]),
    [`bills/${name}/data/${place}/f-1.parquet`]: 'p',
  };
}
