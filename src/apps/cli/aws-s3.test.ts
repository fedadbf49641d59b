import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { keys, type S3TestServer, startS3 } from '../../platform/objects/testing/s3-server.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let s3: S3TestServer;
let folder: string;
let prepared: PreparedRecords;

beforeAll(async () => {
  s3 = await startS3();
  await s3.createBucket('bills');
  folder = await mkdtemp(join(tmpdir(), 'finops-aws-'));
  prepared = await prepareTestRecords(join(folder, 'data'));
  for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await s3.close();
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

const header =
  'bill/BillingPeriodStartDate,bill/BillingPeriodEndDate,bill/BillType,bill/PayerAccountId,identity/LineItemId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UsageAccountId,lineItem/CurrencyCode,lineItem/UnblendedCost';

/** Delivers a month of a CUR v1 with one usage line, as AWS lays it out. */
async function deliver(month: string, next: string, version: string, cost: string): Promise<void> {
  const [start, end] = [
    `${month.slice(0, 4)}-${month.slice(4)}-01`,
    `${next.slice(0, 4)}-${next.slice(4)}-01`,
  ];
  const at = `billing/main/${month}01-${next}01`;
  const row = `${start}T00:00:00Z,${end}T00:00:00Z,Anniversary,111122223333,1,Usage,${start}T00:00:00Z,${start}T01:00:00Z,AmazonS3,Storage,111122223333,USD,${cost}`;
  await s3.put('bills', `${at}/${version}/main-1.csv`, `${header}\n${row}\n`);
  const manifest = {
    assemblyId: version,
    reportName: 'main',
    bucket: 'bills',
    billingPeriod: { start: `${month}01T000000.000Z`, end: `${next}01T000000.000Z` },
    reportKeys: [`${at}/${version}/main-1.csv`],
  };
  await s3.put('bills', `${at}/main-Manifest.json`, JSON.stringify(manifest));
}

async function aws(verb: string, ...args: readonly string[]) {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  const access = [
    '--uri',
    's3://bills/billing',
    '--endpoint',
    s3.options.endpoint ?? '',
    '--region',
    'us-east-1',
  ];
  const named = verb === 'list-exports' ? [] : ['--export-name', 'main'];
  const code = await run(['aws', verb, ...access, ...named, ...args, '--json', '--data', 'data'], io);
  return { code, ...JSON.parse(io.out()) };
}

it('reads exports from S3: lists, imports what is new, fetches nothing twice, keeps the originals', async () => {
  await deliver('202609', '202610', 'v1', '1.25');
  await deliver('202610', '202611', 'v1', '2.5');
  expect((await aws('list-exports')).items).toMatchObject([
    { name: 'main', months: 2, lastMonth: '2026-10' },
  ]);

  const first = await aws('import-cur');
  expect(first).toMatchObject({
    code: 0,
    imports: [
      { source: 'main', billingPeriod: '2026-09', billedCost: '1.25', status: 'imported' },
      { source: 'main', billingPeriod: '2026-10', billedCost: '2.5', status: 'imported' },
    ],
  });
  expect((await readdir(join(folder, 'data', 'raw'), { recursive: true })).length).toBeGreaterThan(1);

  await deliver('202610', '202611', 'v2', '2.75');
  s3.requests.length = 0;
  const second = await aws('import-cur', '--to', '2026-10');
  expect(second.imports.map(({ status }: { status: string }) => status)).toEqual(['unchanged', 'replaced']);
  const fetched = s3.requests.filter(({ line }) => line.startsWith('GET') && line.includes('main-1.csv'));
  expect(fetched.every(({ line }) => line.includes('/v2/'))).toBe(true);
});

it('says which export cannot be reached, with its exit code', async () => {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  const args = [
    '--uri',
    's3://no-such-bucket/x',
    '--endpoint',
    s3.options.endpoint ?? '',
    '--region',
    'us-east-1',
  ];
  const code = await run(
    ['aws', 'import-cur', ...args, '--export-name', 'main', '--json', '--data', 'data'],
    io,
  );
  expect([code, JSON.parse(io.out()).errors[0].code]).toEqual([3, 'objects.bucketNotFound']);
});

it('leaves a run of each import, with its rows and why one failed', async () => {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  expect(await run(['runs', 'list', '--json', '--data', 'data'], io)).toBe(0);
  const { items } = JSON.parse(io.out()) as { items: { rowsIn: number }[] };
  // The clock of these tests stands still, so that the list has no order.
  expect(items.sort((a, b) => a.rowsIn - b.rowsIn)).toMatchObject([
    { kind: 'aws.import', state: 'failed', problem: { code: 'objects.bucketNotFound' } },
    { kind: 'aws.import', state: 'succeeded', rowsIn: 1, rowsOut: 1, askedBy: { name: 'local owner' } },
    { kind: 'aws.import', state: 'succeeded', rowsIn: 2, rowsOut: 2 },
  ]);
});
