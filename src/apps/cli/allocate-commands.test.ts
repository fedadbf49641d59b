import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTo, type Doctor, doctored } from '../../modules/allocation/testing/doctor.ts';
import { charge, inMonth, smallGraph } from '../../modules/allocation/testing/run-bench.ts';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let folder: string;
let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;
/** What breaks the books of the server, while it is set. */
let doctor: Doctor | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-allocate-'));
  data = join(folder, 'data');
  await mkdir(data);
  prepared = await prepareTestRecords(data);
  const env = { FINOPS_SERVER_PORT: '0', FINOPS_IMPORT_ROOTS: folder, ...prepared.env };
  const config = loadConfig({ env, cwd: folder });
  workspace = openWorkspace({ root: data, threads: 2, clock: fixedClock('2026-11-21T10:00:00Z') });
  const watched = doctored(workspace, (...appended) => doctor?.(...appended) ?? appended[1]);
  server = await serve({ workspace: watched, config });
  await send('POST', '/graphs', { id: 'main', label: 'Main' });
  const nodes = [
    { id: 'db', type: 'shared' },
    { id: 'app:shop', type: 'product' },
  ];
  await publishGraph({ ...smallGraph, nodes, edges: [{ from: 'db', to: 'app:shop', strategy: 'equal' }] });
  const euro = { BillingCurrency: 'EUR', BillingAccountId: 'acme-eu' };
  await importBill('2026-10', [charge('5', '10', 'db'), charge('6', '2.5', 'shop')]);
  await importBill('2026-09', [charge('5', '10', 'db'), charge('6', '2', 'shop', { Tags: '{}', ...euro })]);
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

async function send<T = Readonly<Record<string, unknown>>>(
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const { findServer } = await import('../server/index.ts');
  const { secret = '' } = (await findServer(data)) ?? {};
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'if-match': '*' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

async function publishGraph(document: unknown): Promise<void> {
  await send('PUT', '/graphs/main/draft', { document });
  await send('POST', '/graphs/main/draft/publish', {});
}

async function importBill(period: string, rows: readonly ReturnType<typeof charge>[]): Promise<void> {
  const path = join(folder, `cloud-${period}.csv`);
  await writeFile(path, csv(focus(...rows.map((row) => inMonth(period, row)))));
  await send('POST', '/imports', { path, source: 'cloud' });
}

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out } = await finops(...args, '--json');
  return { code, answer: JSON.parse(out) };
}

describe('finops allocate run', () => {
  it('prints the figures of a month, and whether its books balance', async () => {
    const { code, answer } = await json('allocate', 'run', '--month', '2026-10');
    expect(code).toBe(0);
    expect(Object.keys(answer).slice(0, 8)).toEqual([
      'schemaVersion',
      'run',
      'month',
      'total',
      'allocated',
      'unallocated',
      'coverage',
      'checks',
    ]);
    expect(answer).toMatchObject({
      schemaVersion: 1,
      run: expect.stringMatching(/^[0-9a-f]{32}$/),
      month: '2026-10',
      total: '12.5',
      allocated: '12.5',
      unallocated: '0',
      coverage: '1',
      graph: 'main',
      version: 1,
      state: 'computed',
      currency: 'USD',
      known: false,
      refused: null,
    });
    expect(answer.checks).toContainEqual({ name: 'attributionIsBill', ok: true, difference: '0' });
    expect(answer.checks.every((check: object) => Object.keys(check).join() === 'name,ok,difference')).toBe(
      true,
    );
  });

  it('of several currencies adds none of them', async () => {
    const { answer } = await json('allocate', 'run', '--month', '2026-09');
    expect(answer).toMatchObject({
      total: null,
      allocated: null,
      unallocated: null,
      coverage: null,
      currency: null,
    });
    expect(answer.currencies).toMatchObject([
      { currency: 'EUR', total: '2', allocated: '0', unallocated: '2', coverage: '0' },
      { currency: 'USD', total: '10', allocated: '10', unallocated: '0', coverage: '1' },
    ]);
    const euro = await json('allocate', 'run', '--month', '2026-09', '--currency', 'EUR');
    expect(euro.answer).toMatchObject({ total: '2', currency: 'EUR', known: true });
    const none = await json('allocate', 'run', '--month', '2026-09', '--currency', 'CHF');
    expect(none).toMatchObject({ code: 2, answer: { error: { code: 'cli.usage' } } });
  });

  it('computes and publishes several months', async () => {
    const { code, answer } = await json(
      'allocate',
      'run',
      '--from',
      '2026-09',
      '--to',
      '2026-10',
      '--publish',
    );
    expect(code).toBe(0);
    expect(answer.runs).toMatchObject([
      { month: '2026-09', state: 'published' },
      { month: '2026-10', state: 'published' },
    ]);
  });

  it('prints a table for people', async () => {
    const { out } = await finops('allocate', 'run', '--month', '2026-09');
    expect(out).toMatch(/2026-09 +1 +published +€?2\.00.* EUR +0\.00 % +yes/);
    expect(out).toMatch(/no_rule/);
  });

  it('tells what cannot be asked for', async () => {
    const wrong = [
      ['--month', 'October'],
      ['--month', '2026-10', '--from', '2026-09'],
      ['--from', '2026-10', '--to', '2026-09'],
      ['--month', '2026-10', '--graph-version', 'x'],
      [],
    ];
    for (const options of wrong)
      expect((await finops('allocate', 'run', ...options)).code, options.join(' ')).toBe(2);
    expect((await finops('allocate', 'run', '--month', '2026-10', '--graph', 'none')).code).toBe(3);
    expect((await finops('allocate', 'run', '--month', '2026-01')).code).toBe(3);
    expect((await finops('allocate', 'run', '--month', '2026-10', '--graph-version', '9')).code).toBe(3);
  });

  it('ends with 6 when the books do not balance, and says by how much', async () => {
    await importBill('2026-10', [charge('5', '11', 'db'), charge('6', '2.5', 'shop')]);
    doctor = addTo('day_flow', 2, 1_000_000_000);
    try {
      const { code, answer } = await json('allocate', 'run', '--month', '2026-10', '--publish');
      expect(code).toBe(6);
      expect(answer).toMatchObject({ state: 'failed', refused: { code: 'allocation.unbalanced' } });
      expect(answer.checks).toContainEqual({ name: 'inflowIsFlows', ok: false, difference: '1' });
      const table = await finops('allocate', 'run', '--month', '2026-10');
      expect(table).toMatchObject({ code: 6, err: expect.stringContaining('allocation.unbalanced') });
      expect(table.out).toMatch(/2026-10 +inflowIsFlows +1/);
      expect((await finops('allocate', 'publish', answer.run)).code).toBe(6);
    } finally {
      doctor = undefined;
    }
    expect(await json('allocate', 'run', '--month', '2026-10', '--publish')).toMatchObject({
      code: 0,
      answer: { state: 'published', total: '13.5' },
    });
  });
});

describe('finops allocate runs, diff, publish', () => {
  it('list runs, the newest first, page by page', async () => {
    const { answer } = await json('allocate', 'runs', '--month', '2026-10');
    expect(answer.items.map(({ state }: { state: string }) => state).sort()).toEqual([
      'published',
      'superseded',
    ]);
    const page = await send<{ items: unknown[]; next: string }>('GET', '/allocation/runs?limit=1');
    const rest = await send<{ items: unknown[] }>('GET', `/allocation/runs?limit=10&cursor=${page.next}`);
    expect([page.items.length, rest.items.length]).toEqual([1, 2]);
    const { out } = await finops('allocate', 'runs', '--state', 'superseded');
    expect(out).toMatch(/superseded +12\.50/);
    expect((await finops('allocate', 'runs', '--graph', 'none')).code).toBe(3);
  });

  it('tell why figures differ, and go back', async () => {
    const { answer } = await json('allocate', 'runs', '--month', '2026-10');
    const [newer, older] = ['published', 'superseded'].map(
      (state) => answer.items.find((item: { state: string }) => item.state === state).run,
    );
    const diff = await json('allocate', 'diff', older, newer.slice(0, 8));
    expect(diff).toMatchObject({
      code: 0,
      answer: {
        order: ['cost', 'driver', 'graph'],
        items: [{ node: 'app:shop', delta: '1', effects: { cost: '1', driver: '0', graph: '0' } }],
        totals: [{ currency: 'USD', delta: '1' }],
      },
    });
    expect((await finops('allocate', 'diff', older, newer)).out).toMatch(
      /app:shop +product +12\.50 +13\.50 +1\.00/,
    );
    const back = await json('allocate', 'publish', older);
    expect(back).toMatchObject({ code: 0, answer: { run: older, state: 'published', total: '12.5' } });
    expect((await finops('allocate', 'publish', 'ffffffff')).code).toBe(3);
    expect((await finops('allocate', 'diff', older, 'ffffffff')).code).toBe(3);
  });

  it('refuse to publish a closed month, and say what to do', async () => {
    await send('POST', '/entities', { id: 'retail', label: 'Retail', country: 'FR', currency: 'EUR' });
    await send('PUT', '/source-assignments/cloud', { entity: 'retail' });
    await send('POST', '/entity-periods/retail/2026-10/close', {});
    await importBill('2026-10', [charge('5', '20', 'db'), charge('6', '2.5', 'shop')]);
    const { code, answer } = await json('allocate', 'run', '--month', '2026-10', '--publish');
    expect(code).toBe(7);
    expect(answer).toMatchObject({
      state: 'computed',
      late: [{ currency: 'USD', booked: '12.5', now: '22.5', difference: '10' }],
      refused: { code: 'allocation.closedMonth', exitCode: 7 },
    });
    const { err } = await finops('allocate', 'run', '--month', '2026-10');
    expect(err).toContain("10 USD of it is in no month's books yet");
  });
});

describe('the routes of runs', () => {
  it('answer 202 with the run of the queue when nobody waits', async () => {
    const { findServer } = await import('../server/index.ts');
    const { secret = '' } = (await findServer(data)) ?? {};
    const answer = await fetch(`${server.url}/api/v1/allocation/runs`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/json',
        prefer: 'respond-async',
      },
      body: JSON.stringify({ month: '2026-09' }),
    });
    expect(answer.status).toBe(202);
    const { run: id } = (await answer.json()) as { run: string };
    await expect
      .poll(async () => (await send('GET', `/runs/${id}`))['state'], { timeout: 10_000 })
      .toBe('succeeded');
    const { kind, result } = await send<{ kind: string; result: { month: string } }>('GET', `/runs/${id}`);
    expect([kind, result.month]).toEqual(['allocation.run', '2026-09']);
  });

  it('show a run with what it was computed from', async () => {
    const { items } = await send<{ items: { run: string }[] }>('GET', '/allocation/runs?month=2026-09');
    const found = await send('GET', `/allocation/runs/${items[0]?.run.slice(0, 8)}`);
    expect(found).toMatchObject({
      month: '2026-09',
      method: { metric: 'EffectiveCost', scale: 9, engine: 1 },
      inputs: { cost: [{ dataset: 'cost', source: 'cloud', period: '2026-09' }], restated: [] },
      rows: { allocation: expect.any(Number) },
    });
  });
});
