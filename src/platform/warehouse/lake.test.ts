import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { everything, type Scope } from '../kernel/index.ts';
import type { Dataset } from './dataset.ts';
import { filesBelow } from './durable.ts';
import { type Engine, literal, openEngine } from './engine.ts';
import { collectGarbage } from './gc.ts';
import { type Lake, openLake } from './lake.ts';
import { pin, rollBack, unpin } from './rollback.ts';
import { verifyLake } from './verify.ts';
import type { LakeWriter } from './writer.ts';

const dataset: Dataset = {
  name: 'cost',
  columns: [
    { name: 'cost', type: 'decimal' },
    { name: 'currency', type: 'string' },
    { name: 'source', type: 'string' },
  ],
  derived: [{ name: 'twice', type: 'decimal', sql: 'cost + cost' }],
  roles: {
    source: 'source',
    billingPeriodStart: 'start',
    chargePeriodStart: 'start',
    chargePeriodEnd: 'start',
    currency: 'currency',
    tags: 'tags',
    costs: ['cost'],
    quantities: [],
  },
};

let root: string;
let engine: Engine;
let lake: Lake;
let now = new Date('2026-11-01T00:00:00Z');
let counter = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'centrail-lake-'));
  engine = await openEngine({ threads: 1 });
  now = new Date('2026-11-01T00:00:00Z');
  lake = openLake(root, { now: () => now });
});
afterEach(async () => {
  engine.close();
  await rm(root, { recursive: true, force: true });
});

/** Seals one snapshot with the given costs; publishes unless told otherwise. */
async function seal(
  writer: LakeWriter,
  period: string,
  costs: readonly string[],
  extra?: string,
  companion?: { readonly dataset: string; readonly id: string },
) {
  const id = companion?.id ?? `snap${++counter}`;
  const folder = companion?.dataset ?? 'cost';
  const { path, absolute } = await writer.newFile(join(folder, 'aws', period), `${id}-0.parquet`);
  const values = costs
    .map((cost) => `(${cost}::decimal(38,12), 'USD', 'aws'${extra ? ", 'v'" : ''})`)
    .join(', ');
  const names = extra ? `cost, currency, source, ${extra}` : 'cost, currency, source';
  await engine.run(
    `copy (select * from (values ${values}) as t(${names})) to ${literal(absolute)} (format parquet)`,
  );
  const [sum] = await engine.rows(`select sum(cost) as s from read_parquet(${literal(absolute)})`);
  return writer.seal({
    id,
    dataset: folder,
    source: 'aws',
    period,
    files: [{ path, rows: costs.length }],
    extraColumns: extra ? [extra] : [],
    currencyColumn: 'currency',
    totals: [{ currency: 'USD', rows: costs.length, sums: { cost: sum?.['s'] as string } }],
    delivery: { key: 'file:a', fingerprint: id },
    final: false,
    raw: [],
    origin: null,
  });
}

function load(period: string, costs: readonly string[], extra?: string) {
  return lake.write(async (writer) => {
    const snapshot = await seal(writer, period, costs, extra);
    await writer.publish(`load ${period}`, [snapshot]);
    return snapshot.id;
  });
}

async function total(range = {}): Promise<string | null> {
  const { relation } = await lake.select(everything, dataset, range);
  const [row] = await engine.rows(`select sum(cost) as s from ${relation}`);
  return (row?.['s'] ?? null) as string | null;
}

test('an empty lake answers with no rows and writes nothing', async () => {
  expect(await total()).toBeNull();
  expect(await readdir(root)).toEqual([]);
});

test('nothing is selected without a scope', async () => {
  await expect(lake.select(undefined as unknown as Scope, dataset)).rejects.toThrow('demands a scope');
});

test('a month is replaced as a whole and its history stays', async () => {
  await load('2026-09', ['1', '2']);
  const first = await load('2026-10', ['10']);
  expect(await total()).toBe('13');
  await load('2026-10', ['20', '0.000000000001']);
  expect(await total()).toBe('23.000000000001');
  expect(await total({ from: '2026-10' })).toBe('20.000000000001');
  const october = (await lake.current()).partitions.find((p) => p.period === '2026-10');
  expect(october?.history.map((entry) => entry.id)).toEqual([first]);
});

test('a reader keeps the generation it opened while the month is swapped', async () => {
  await load('2026-10', ['10']);
  const before = await lake.select(everything, dataset);
  await load('2026-10', ['99']);
  expect(await engine.rows(`select sum(cost) as s, sum(twice) as t from ${before.relation}`)).toEqual([
    { s: '10', t: '20' },
  ]);
});

test('one commit flips several months together', async () => {
  await lake.write(async (writer) => {
    const months = [await seal(writer, '2026-09', ['1']), await seal(writer, '2026-10', ['2'])];
    expect(await total()).toBeNull();
    await writer.publish('two months', months);
  });
  expect(await total()).toBe('3');
  expect((await lake.current()).generation).toBe(1);
});

test('a generation that is there although writing it ended in an error keeps its files', async () => {
  await load('2026-09', ['1']);
  // The disk fails after the generation has its name: the first thing to fail then is made to.
  vi.stubEnv('FINOPS_FAULT_POINT', 'lake.manifest-linked');
  const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
    throw new Error('EIO: i/o error');
  });
  try {
    await expect(load('2026-10', ['2'])).rejects.toThrow('EIO');
  } finally {
    kill.mockRestore();
    vi.unstubAllEnvs();
  }
  expect((await lake.current()).generation).toBe(2);
  expect(await total()).toBe('3');
  expect((await verifyLake(lake, engine)).findings).toEqual([]);
});

test('columns of their own that differ in case alone are one column', async () => {
  await load('2026-09', ['1'], 'x_Team');
  await load('2026-10', ['2'], 'x_team');
  const { relation, columns } = await lake.select(everything, dataset);
  expect([...columns.keys()].filter((name) => /team/i.test(name))).toEqual(['x_Team']);
  expect(await engine.rows(`select cost, x_Team from ${relation} order by cost`)).toEqual([
    { cost: '1', x_Team: 'v' },
    { cost: '2', x_Team: 'v' },
  ]);
});

test('months with other columns of their own are read together, null where absent', async () => {
  await load('2026-09', ['1'], 'x_Team');
  await load('2026-10', ['2']);
  const { relation, columns } = await lake.select(everything, dataset);
  expect(columns.get('x_Team')).toBe('string');
  expect(await engine.rows(`select cost, x_Team, twice from ${relation} order by cost`)).toEqual([
    { cost: '1', x_Team: 'v', twice: '2' },
    { cost: '2', x_Team: null, twice: '4' },
  ]);
});

test('work that fails leaves no file behind', async () => {
  await load('2026-10', ['10']);
  const before = await filesBelow(root);
  await expect(
    lake.write(async (writer) => {
      await seal(writer, '2026-10', ['11']);
      throw new Error('the disk is full');
    }),
  ).rejects.toThrow('the disk is full');
  expect(await filesBelow(root)).toEqual(before);
  expect(await total()).toBe('10');
});

test('a second writer waits and is then refused by name', async () => {
  await lake.write(async () => {
    await expect(lake.write(async () => 0, 50)).rejects.toMatchObject({ code: 'lake.busy', exitCode: 7 });
  });
  await load('2026-10', ['1']);
});

test('datasets published together move together, and no other', async () => {
  const months = (dataset: string) =>
    lake
      .current()
      .then(({ partitions }) => partitions.find((p) => p.dataset === dataset)?.current?.id ?? null);
  const [first] = await lake.write(async (writer) => {
    const cost = await seal(writer, '2026-10', ['10']);
    const quarantine = await seal(writer, '2026-10', ['1'], undefined, {
      dataset: 'quarantine',
      id: cost.id,
    });
    const invoice = await seal(writer, '2026-10', ['9'], undefined, { dataset: 'invoice', id: 'other' });
    await writer.publish('with quarantine', [cost, quarantine]);
    await writer.publish('another delivery', [invoice]);
    return [cost.id];
  });
  const second = await load('2026-10', ['20']);
  expect([await months('cost'), await months('quarantine'), await months('invoice')]).toEqual([
    second,
    null,
    'other',
  ]);
  await rollBack(lake, everything, { source: 'aws', period: '2026-10' });
  expect([await months('cost'), await months('quarantine'), await months('invoice')]).toEqual([
    first,
    first,
    'other',
  ]);
});

test('rolls a month back and forth, and withdraws it', async () => {
  const first = await load('2026-10', ['10']);
  const second = await load('2026-10', ['20']);
  await rollBack(lake, everything, { source: 'aws', period: '2026-10' });
  expect(await total()).toBe('10');
  await rollBack(lake, everything, { source: 'aws', period: '2026-10', to: second });
  expect(await total()).toBe('20');
  await rollBack(lake, everything, { source: 'aws', period: '2026-10', to: 'none' });
  expect(await total()).toBeNull();
  await rollBack(lake, everything, { source: 'aws', period: '2026-10', to: first });
  expect(await total()).toBe('10');
  await expect(rollBack(lake, everything, { source: 'aws', period: '2026-11' })).rejects.toMatchObject({
    exitCode: 3,
  });
});

test('a pinned month cannot be rolled back until it is unpinned', async () => {
  await load('2026-10', ['10']);
  await load('2026-10', ['20']);
  await pin(lake, everything, { source: 'aws', period: '2026-10', reason: 'closed 2026-10' });
  await expect(rollBack(lake, everything, { source: 'aws', period: '2026-10' })).rejects.toMatchObject({
    code: 'lake.pinned',
  });
  await unpin(lake, everything, { source: 'aws', period: '2026-10' });
  await rollBack(lake, everything, { source: 'aws', period: '2026-10' });
  expect(await total()).toBe('10');
});

test('gc keeps what is young, pinned or among the last versions, and waits a day before it removes', async () => {
  const ids: string[] = [];
  for (const cost of ['1', '2', '3', '4']) ids.push(await load('2026-10', [cost]));
  await pin(lake, everything, {
    source: 'aws',
    period: '2026-10',
    snapshot: ids[0] ?? '',
    reason: 'invoice 7',
  });
  const options = { keepDays: 90, keepVersions: 1, graceHours: 24 };
  expect((await collectGarbage(lake, root, now, options)).discarded).toBe(0);

  now = new Date('2027-03-01T00:00:00Z');
  const first = await collectGarbage(lake, root, now, options);
  expect(first).toMatchObject({ discarded: 1, removed: [] });
  const history = (await lake.current()).partitions[0]?.history.map((entry) => entry.id);
  expect(history).toEqual([ids[2], ids[0]]);

  now = new Date('2027-03-02T01:00:00Z');
  const second = await collectGarbage(lake, root, now, options);
  expect(second.removed).toHaveLength(2);
  expect(second.removed.every((path) => path.includes(ids[1] ?? '?'))).toBe(true);
  expect(await total()).toBe('4');
  expect((await verifyLake(lake, engine)).findings).toEqual([]);
});

test('gc removes at once what a crashed writer left', async () => {
  await load('2026-10', ['10']);
  await writeFile(join(root, 'lake/cost/aws/2026-10/crashed-0.parquet'), 'half');
  await mkdir(join(root, 'tmp/1m7yz/1'), { recursive: true });
  await writeFile(join(root, 'tmp/1m7yz/1/levelled.csv'), 'half');
  const { removed } = await collectGarbage(lake, root, now, {
    keepDays: 90,
    keepVersions: 3,
    graceHours: 24,
  });
  expect(removed).toEqual(['cost/aws/2026-10/crashed-0.parquet', '1m7yz/1/levelled.csv']);
  expect(await filesBelow(join(root, 'tmp'))).toEqual([]);
  expect(await total()).toBe('10');
});

test('verify finds a lost file, one changed byte and a wrong sum', async () => {
  await load('2026-09', ['1']);
  await load('2026-10', ['10']);
  expect(await verifyLake(lake, engine)).toMatchObject({ snapshots: 2, files: 2, rows: 2, findings: [] });

  const [september, october] = (await lake.current()).partitions.map(
    (p) => p.current?.files[0]?.path as string,
  );
  const bytes = await readFile(lake.resolve(september as string));
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(lake.resolve(september as string), bytes);
  await rm(lake.resolve(october as string));
  expect((await verifyLake(lake, engine)).findings).toEqual([
    { path: september, problem: 'its checksum differs' },
    { path: october, problem: 'the file is missing' },
  ]);
});

test('verify recomputes the sums that a description claims', async () => {
  const id = await load('2026-10', ['10']);
  const file = join(root, `lake/cost/aws/2026-10/${id}.json`);
  await writeFile(file, (await readFile(file, 'utf8')).replace('"cost": "10"', '"cost": "10.000000000001"'));
  expect((await verifyLake(lake, engine)).findings.map(({ problem }) => problem)).toEqual([
    'USD: cost is 10, not 10.000000000001',
  ]);
});

test('a damaged manifest is refused, never skipped', async () => {
  await load('2026-10', ['10']);
  const file = join(root, 'lake/manifest/000001.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"rows":1', '"rows":2'));
  const reopened = openLake(root, { now: () => now });
  await expect(reopened.current()).rejects.toMatchObject({ code: 'lake.damagedManifest', exitCode: 5 });
});
