import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let folder: string;
let data: string;
let prepared: PreparedRecords;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-cli-runs-'));
  data = join(folder, 'data');
  prepared = await prepareTestRecords(data);
  await mkdir(join(folder, 'bills'));
  await writeFile(
    join(folder, 'bills', 'saas-2026-10.csv'),
    csv(focus({ BilledCost: '12.5', EffectiveCost: '12.5' })),
  );
});
afterAll(async () => {
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out } = await finops(...args, '--json');
  return { code, ...JSON.parse(out) };
}

describe('finops runs without a server', () => {
  it('tells of an import that a command did itself, with its steps', async () => {
    await finops('import', 'bills/saas-2026-10.csv');
    const { items } = await json('runs', 'list');
    expect(items).toMatchObject([
      { kind: 'bill.import', state: 'succeeded', rowsIn: 1, rowsOut: 1, askedBy: { name: 'local owner' } },
    ]);
    const { code, out } = await finops('runs', 'show', items[0].id);
    expect(code).toBe(0);
    expect(out).toMatch(/convert saas 2026-10 +succeeded +1 +1/);
    expect(out).toContain('saas 2026-10: imported, 1 rows, billed 12.5 USD');
  });

  it('names what went wrong; what is to be done again waits for a worker', async () => {
    expect((await finops('import', 'bills/nothing.csv')).code).toBe(3);
    const { items } = await json('runs', 'list', '--state', 'failed');
    expect(items).toMatchObject([{ problem: { code: 'ingestion.notFound' } }]);
    const retried = await finops('runs', 'retry', items[0].id);
    expect([retried.code, retried.err]).toEqual([0, expect.stringContaining('finops serve')]);
  });
});

describe('with a server', () => {
  let workspace: Workspace;
  let server: RunningServer;

  beforeAll(async () => {
    workspace = openWorkspace({ root: data, threads: 1 });
    const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: folder });
    server = await serve({ workspace, config });
  });
  afterAll(async () => {
    await server.close();
    await workspace.close();
  });

  it('runs that wait are worked, watch waits for them, and ends with their exit code', async () => {
    const { items } = await json('runs', 'list');
    const { id } = items.find(({ state }: { state: string }) => state !== 'succeeded');
    expect(await json('runs', 'watch', id)).toMatchObject({
      code: 3,
      state: 'failed',
      attempt: 2,
      problem: { code: 'ingestion.notFound' },
    });
    expect((await finops('runs', 'retry', id)).code).toBe(0);
    expect((await finops('runs', 'watch', id)).code).toBe(3);
    expect(await finops('runs', 'cancel', id)).toMatchObject({ code: 7 });
    expect(await finops('runs', 'show', 'nope')).toMatchObject({ code: 3 });
  });

  it('schedules are set, listed, put to rest and removed', async () => {
    const words = ['schedules', 'set', 'nightly', '--cron', '30 6 * * *', '--time-zone', 'Europe/Paris'];
    expect(await json(...words, '--import', 'bills', '--source', 'saas')).toMatchObject({
      code: 0,
      name: 'nightly',
      kind: 'bill.import',
      input: { path: join(folder, 'bills'), source: 'saas' },
      enabled: true,
    });
    expect((await finops('schedules', 'list')).out).toMatch(/nightly +bill\.import +30 6 \* \* \* +Europe/);
    expect((await finops(...words, '--import', 'bills', '--off')).out).toMatch(/nightly .* off/);
    expect((await json('schedules', 'remove', 'nightly')).items).toEqual([]);
    expect((await finops('schedules', 'remove', 'nightly')).code).toBe(3);
  });

  it.each([
    [['--cron', 'daily', '--import', 'bills'], 'five fields'],
    [['--cron', '0 6 * * *', '--time-zone', 'Mars', '--import', 'bills'], 'time zone'],
    [['--cron', '0 6 * * *'], '--import'],
    [['--cron', '0 6 * * *', '--kind', 'x.y', '--input', '{}'], 'kinds'],
    [['--cron', '0 6 * * *', '--kind', 'bill.import', '--input', '{'], 'JSON'],
    [['--cron', '0 6 * * *', '--kind', 'bill.import', '--input', '{"path":7}'], 'path'],
  ])('schedules refuse %j', async (words, said) => {
    const { code, err } = await finops('schedules', 'set', 'x', ...words);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });
});

describe('finops worker', () => {
  it('is refused where the records have one process, the server', async () => {
    const io = fakeIo({ cwd: folder });
    expect(await run(['worker', '--data', data], io)).toBe(7);
    expect(io.err()).toContain('finops serve');
  });
});
