import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { charge, inMonth } from '../../modules/allocation/testing/run-bench.ts';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

/** A month from its bills to what they advise, by commands and by nothing else; each step builds on those before it. */

let folder: string;
let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-month-'));
  data = join(folder, 'data');
  await mkdir(data);
  prepared = await prepareTestRecords(data);
  const env = { FINOPS_SERVER_PORT: '0', FINOPS_IMPORT_ROOTS: folder, ...prepared.env };
  workspace = openWorkspace({ root: data, threads: 2, clock: fixedClock('2026-11-21T10:00:00Z') });
  server = await serve({ workspace, config: loadConfig({ env, cwd: folder }) });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out, err } = await finops(...args, '--json');
  return { code, answer: JSON.parse(out || err) };
}

async function done(...args: readonly string[]) {
  const { code, answer } = await json(...args);
  expect(code, JSON.stringify(answer)).toBe(0);
  return answer;
}

/** A database that shop and lab use by queries, 3 to 1, and a log of which a tenth stays. */
const graph = `graph: main
method: { recoverableTax: none }
metrics:
  - { id: queries, from: usage }
  - { id: orders, from: usage }
rules:
  - { id: tagged, where: "Tags.app is not null", node: "{Tags.app}" }
nodes:
  - { id: db, type: shared }
  - { id: log, type: shared }
  - { id: shop, type: product, name: Shop }
  - { id: lab, type: product }
edges:
  - { from: db, to: shop, strategy: proportional, params: { metric: queries } }
  - { from: db, to: lab, strategy: proportional, params: { metric: queries } }
  - { from: log, to: shop, strategy: fixed_percent, params: { percent: "50" } }
  - { from: log, to: lab, strategy: fixed_percent, params: { percent: "40" } }
`;

const usage = (month: string, orders: number) => `node,day,metric,value
shop,${month}-05,queries,3
lab,${month}-05,queries,1
shop,${month}-06,queries,3
lab,${month}-06,queries,1
shop,${month}-05,orders,${orders}
`;

const tax = { ChargeCategory: 'Tax', ServiceCategory: 'Other' };
const euro = { BillingCurrency: 'EUR', BillingAccountId: 'acme-eu' };
const october = [
  charge('5', '100', 'db'),
  charge('6', '50', 'db'),
  charge('6', '5', 'db', tax),
  charge('6', '-10', 'db'),
  charge('5', '20', 'log'),
  charge('6', '3', 'x', { Tags: '' }),
];

const files = {
  'graph.yaml': graph,
  'fewer.yaml': graph.replace('"40"', '"10"'),
  'rules.yaml': graph.replace('rules:', 'rules:\n  - { id: rest, where: "Tags.app is null", node: log }'),
  'circle.yaml': graph.replace('edges:', 'edges:\n  - { from: shop, to: db, strategy: equal }'),
  'usage.csv': usage('2026-09', 50) + usage('2026-10', 40).replace(/^.*\n/, ''),
  'revenue.csv': 'node,currency,amount\nshop,USD,200\n',
  'september.csv': csv(focus(...[charge('5', '40', 'db'), charge('5', '10', 'shop')].map(of('2026-09')))),
  'october.csv': csv(focus(...october)),
  'euro.csv': csv(focus(charge('5', '8', 'lab', euro))),
};

function of(month: string) {
  return (row: ReturnType<typeof charge>) => inMonth(month, row);
}

describe('a month by commands', () => {
  it('has its graph from a file, and is refused one that goes round', async () => {
    expect(await done('graph', 'validate', 'graph.yaml')).toMatchObject({ graph: 'main', valid: true });
    const refused = await json('graph', 'validate', 'circle.yaml');
    expect(refused).toMatchObject({ code: 5, answer: { valid: false } });
    expect(refused.answer.findings.map(({ code }: { code: string }) => code)).toContain('allocation.cycle');
    expect(await done('graph', 'plan', 'graph.yaml')).toMatchObject({ against: null, whatIf: null });
    await done('graph', 'apply', 'graph.yaml');
    expect(await done('graph', 'publish', 'main', '--note', 'first')).toMatchObject({ number: 1 });
  });

  it('has its bills in two currencies, and its usage', async () => {
    for (const [file, source] of [
      ['september.csv', 'cloud'],
      ['october.csv', 'cloud'],
      ['euro.csv', 'eu'],
    ] as const)
      await done('import', file, '--source', source);
    const dry = await done('usage', 'import', 'usage.csv', '--source', 'gateway', '--dry-run');
    const kept = await done('usage', 'import', 'usage.csv', '--source', 'gateway');
    const months = (answer: { months: { month: string; rows: number }[] }) =>
      answer.months.map(({ month, rows }) => [month, rows]);
    expect(months(kept)).toEqual([
      ['2026-09', 5],
      ['2026-10', 5],
    ]);
    expect(months(dry)).toEqual(months(kept));
  });

  it('is moved by a file before it is computed, with taxes and with every currency by itself', async () => {
    const { whatIf } = await done('graph', 'plan', 'fewer.yaml', '--month', '2026-10');
    expect(whatIf.before).toEqual({ run: null, version: 1 });
    expect(whatIf.currencies).toMatchObject([
      { currency: 'EUR', products: [], total: { before: '8', after: '8' } },
      { currency: 'USD', products: [{ node: 'lab', before: '44.25', after: '38.25', delta: '-6' }] },
    ]);
  });

  it('is computed: its figures, its checks and no more', async () => {
    const { code, answer } = await json('allocate', 'run', '--month', '2026-10', '--currency', 'USD');
    expect(code).toBe(0);
    const { schemaVersion, run: id, month, total, allocated, unallocated, coverage, checks } = answer;
    expect(Object.keys(answer).slice(0, 8)).toEqual(
      Object.keys({ schemaVersion, run: id, month, total, allocated, unallocated, coverage, checks }),
    );
    // 145 of the database, of it 5 of tax and a credit of 10; 18 of the log's 20; 3 without a rule.
    expect({ schemaVersion, month, total, allocated, unallocated, coverage }).toEqual({
      schemaVersion: 1,
      month: '2026-10',
      total: '168',
      allocated: '163',
      unallocated: '5',
      coverage: '0.97191011236',
    });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const wrong = checks.filter((check: { ok: boolean; difference: string }) => !check.ok);
    expect([checks.length > 5, wrong]).toEqual([true, []]);
    for (const check of checks)
      expect(check).toEqual({ name: expect.any(String), ok: true, difference: '0' });
    const runs = await done('allocate', 'runs', '--month', '2026-10');
    expect(runs.items).toMatchObject([{ run: id, state: 'computed' }]);
    expect(await done('allocate', 'publish', id)).toMatchObject({ run: id, state: 'published' });
    await done('allocate', 'run', '--month', '2026-09', '--publish');
  });

  it('is moved by a file that has other edges or other rules, against the published run', async () => {
    const fewer = await done('graph', 'plan', 'fewer.yaml', '--month', '2026-10');
    expect(fewer.whatIf).toMatchObject({
      reusedAttribution: true,
      before: { run: expect.any(String) },
      currencies: [
        { currency: 'EUR', products: [] },
        { currency: 'USD', products: [{ node: 'lab', before: '44.25', after: '38.25', delta: '-6' }] },
      ],
    });
    const rules = await done('graph', 'plan', 'rules.yaml', '--month', '2026-10');
    expect(rules.whatIf).toMatchObject({ reusedAttribution: false });
    expect(rules.whatIf.currencies[1].products).toMatchObject([
      { node: 'shop', delta: '1.5' },
      { node: 'lab', delta: '1.2' },
    ]);
    const table = await finops('graph', 'plan', 'fewer.yaml', '--month', '2026-10');
    expect(table.out).toMatch(/lab +44\.25 +38\.25 +-6\.00 +USD/);
    expect(table.out).toMatch(/unallocated +5\.00 +11\.00 +6\.00 +USD/);
  });

  it('is moved by an edge or by usage', async () => {
    const asked = ['allocate', 'what-if', '--month', '2026-10', '--currency', 'USD'];
    const edge = await done(...asked, '--edge', 'log->lab:percent=10', '--nodes');
    expect(edge.currencies).toMatchObject([
      { products: [{ node: 'lab', delta: '-6' }], nodes: [{ node: 'log', delta: '6' }] },
    ]);
    // Twice as many queries: 3 to 2 of 145 instead of 3 to 1.
    const scaled = await done(...asked, '--scale', 'queries@lab=2');
    expect(scaled.currencies[0].products).toMatchObject([
      { node: 'lab', delta: '21.75' },
      { node: 'shop', delta: '-21.75' },
    ]);
    const file = await done(...asked, 'fewer.yaml');
    expect(file.currencies[0].products).toMatchObject([{ node: 'lab', delta: '-6' }]);
    expect((await json(...asked, 'circle.yaml')).code).not.toBe(0);
    expect((await json(...asked, '--edge', 'log->nobody:percent=10')).code).toBe(3);
    expect((await json(...asked, '--edge', 'log->lab')).code).toBe(2);
  });

  it('tells its coverage, and why the rest is unallocated', async () => {
    const { currencies, trend } = await done('allocate', 'coverage', '--month', '2026-10');
    const [eur, usd] = currencies;
    expect(eur).toMatchObject({ currency: 'EUR', charges: '8', coverage: '1', causes: [] });
    expect(usd).toMatchObject({ charges: '178', allocated: '173', unallocated: '5' });
    const causes = usd.causes.map(({ cause, amount }: { cause: string; amount: string }) => [cause, amount]);
    expect(Object.fromEntries(causes)).toEqual({ no_rule: '3', fixed: '2' });
    expect(trend.map(({ month }: { month: string }) => month)).toContain('2026-09');
    expect((await finops('allocate', 'coverage', '--month', '2026-10')).out).toMatch(/no_rule +unattributed/);
    expect((await json('allocate', 'coverage', '--month', '2026-01')).code).toBe(3);
  });

  it('tells what an order cost, and what it cost a month before', async () => {
    const asked = ['allocate', 'unit-costs', '--month', '2026-10', '--metric', 'orders', '--node', 'shop'];
    const { items } = await done(...asked);
    const usd = items.find(({ currency }: { currency: string }) => currency === 'USD');
    // 118.75 over 40 orders; in September 40 of 50 over 50 orders.
    expect(usd).toMatchObject({
      units: '40',
      cost: { direct: '0', holistic: '118.75' },
      unitCost: { numerator: '118.75', denominator: '40', value: '2.96875' },
      previous: { units: '50', cost: '40', unitCost: { value: '0.8' } },
    });
    const days = await done(...asked, '--days');
    expect(days.items[0].days).toMatchObject([
      { day: '2026-10-05', units: '40' },
      { day: '2026-10-06', units: null, unitCost: null },
    ]);
    const none = await done('allocate', 'unit-costs', '--month', '2026-10', '--metric', 'clicks');
    for (const one of none.items) expect(one).toMatchObject({ unitCost: null, reason: 'missing_metric' });
  });

  it('has a profit and loss, which ties to the run', async () => {
    await done('allocate', 'revenue', 'revenue.csv', '--month', '2026-10', '--source', 'crm');
    const { items, totals } = await done('allocate', 'statement', '--month', '2026-10');
    const line = (key: string) =>
      items.find((item: { key: string; currency: string }) => item.key === key && item.currency === 'USD');
    expect(line('shop')).toMatchObject({ revenue: '200', cost: '118.75', margin: '81.25' });
    expect(line('lab')).toMatchObject({ revenue: null, cost: '44.25', margin: null, reason: 'no_revenue' });
    for (const total of totals) expect(total).toMatchObject({ ties: true, difference: '0' });
    const table = await finops('allocate', 'statement', '--month', '2026-10', '--by', 'cost-centre');
    expect([table.code, table.out.includes('ties')]).toEqual([0, true]);
    await writeFile(join(folder, 'wrong.csv'), 'node,currency,amount\nnobody,USD,1\n');
    const wrong = ['allocate', 'revenue', 'wrong.csv', '--month', '2026-10', '--source', 'crm'];
    expect(await json(...wrong)).toMatchObject({
      code: 5,
      answer: {
        error: { code: 'allocation.revenueRefused', params: { rejected: [{ row: 2, field: 'node' }] } },
      },
    });
    expect(await json(...wrong, '--dry-run')).toMatchObject({ code: 5, answer: { rejected: [{ row: 2 }] } });
    expect((await done('allocate', 'statement', '--month', '2026-10')).items).toEqual(items);
  });

  it('tells what growth of a product would cost it and others', async () => {
    const asked = ['allocate', 'growth', '--month', '2026-10', '--metric', 'queries', '--percent', '100'];
    const { redistribution, marginal } = await done(...asked, '--node', 'lab');
    const usd = (side: { currencies: { currency: string }[] }) =>
      side.currencies.find(({ currency }) => currency === 'USD');
    expect(usd(redistribution)).toMatchObject({ total: '0', pools: [{ node: 'db', gained: '21.75' }] });
    // A quarter of the 155 that the database charges.
    expect(usd(marginal)).toMatchObject({ total: '38.75', products: [{ node: 'lab', delta: '38.75' }] });
    expect((await finops(...asked)).err).toContain('If pools grow: ');
    expect((await json(...asked, '--node', 'nobody')).code).toBe(3);
  });

  it('is advised, and decisions stay', async () => {
    const refreshed = await done('recommendations', 'refresh', '--month', '2026-10');
    expect(refreshed.found).toBeGreaterThan(0);
    const { items } = await done('recommendations', 'list', '--month', '2026-10');
    expect(items).toHaveLength(refreshed.found);
    const ruleless = items.find(({ kind }: { kind: string }) => kind === 'no_rule');
    expect(await done('recommendations', 'show', ruleless.id)).toMatchObject({ id: ruleless.id });
    const silent = await finops('recommendations', 'dismiss', ruleless.id);
    expect(silent.code).toBe(2);
    await done('recommendations', 'dismiss', ruleless.id, '--reason', 'a test account');
    await done('recommendations', 'refresh', '--month', '2026-10');
    const dismissed = await done('recommendations', 'list', '--month', '2026-10', '--status', 'dismissed');
    expect(dismissed.items.map(({ id }: { id: string }) => id)).toEqual([ruleless.id]);
  });

  it('differs from the run before it by what the graph did', async () => {
    const [before] = (await done('allocate', 'runs', '--month', '2026-10')).items;
    await done('graph', 'apply', 'fewer.yaml', '--publish', '--note', 'second');
    const after = await done('allocate', 'run', '--month', '2026-10', '--publish');
    const { items, totals } = await done('allocate', 'diff', before.run, after.run);
    expect(items).toMatchObject([
      { node: 'lab', delta: '-6', effects: { cost: '0', driver: '0', graph: '-6' } },
      { node: 'log', delta: '6', effects: { cost: '0', driver: '0', graph: '6' } },
    ]);
    for (const { delta } of totals) expect(delta).toBe('0');
  });

  it('leaves nothing for the doctor to complain of', async () => {
    const tidy = async () => {
      const { code, out } = await finops('doctor');
      expect([code, out]).toEqual([0, expect.not.stringMatching(/warn|fail|stale/i)]);
    };
    await tidy();
    const { items } = await done('allocate', 'runs', '--month', '2026-10', '--state', 'superseded');
    await done('allocate', 'publish', items[0].run);
    await tidy();
  });
});
