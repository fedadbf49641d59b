import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: data, env: prepared.env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out, err } = await finops(...args, '--json');
  expect([code, err]).toEqual([0, expect.any(String)]);
  return JSON.parse(out);
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'finops-apps-'));
  prepared = await prepareTestRecords(data);
  workspace = openWorkspace({ root: data, threads: 1, clock: fixedClock('2026-11-21T10:00:00Z') });
  const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: data });
  server = await serve({ workspace, config });
  const done = async (...args: readonly string[]) => {
    const answer = await finops(...args);
    expect(answer, answer.err).toMatchObject({ code: 0 });
  };
  await done('entities', 'create', 'retail', '--label', 'Retail', '--country', 'FR', '--currency', 'EUR');
  await done('domains', 'create', 'compute', '--label', 'Compute');
  await done('teams', 'create', 'web', '--label', 'Web shop');
  for (const [id, unit] of [
    ['vcpu', 'vCPU-hour'],
    ['gpu', 'GPU-hour'],
  ] as const)
    await done('products', 'create', id, '--label', id, '--domain', 'compute', '--unit', unit);
  for (const id of ['shop', 'blog'])
    await done(
      'applications',
      'create',
      id,
      '--label',
      id,
      '--entity',
      'retail',
      '--environments',
      'prod',
      '--team',
      'web',
      '--valid-from',
      '2026-01-01',
    );
  for (const [view, price] of [
    ['standard', '0.04'],
    ['budget', '0.05'],
  ] as const) {
    await done('price', 'create', view, '--kind', 'budget', '--currency', 'EUR', '--label', view);
    await writeFile(
      join(data, `${view}.csv`),
      `level,target,unit,amount,validFrom\nproduct,vcpu,vCPU-hour,${price},2026-01\n`,
    );
    await done('price', 'import', view, `${view}.csv`);
    await done('price', 'publish', view);
  }
  await done('price', 'calendar', 'set', 'standard', '--from', '2026-01');
  const facts = [
    'month,application,product,quantity',
    '2026-10,shop,vcpu,1000',
    '2026-10,blog,vcpu,100',
    '2026-10,blog,gpu,5',
    '2026-09,shop,vcpu,500',
  ];
  await writeFile(join(data, 'facts.csv'), facts.join('\n'));
  await done('consumption', 'import', 'facts.csv', '--source', 'cmdb');
}, 120_000);
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(data, { recursive: true, force: true });
});

describe('finops apps', () => {
  it('cost lists applications with direct, indirect, coverage and totals, as other programs read them', async () => {
    const answer = await json('apps', 'cost', '--month', '2026-10');
    expect(answer).toMatchObject({
      schemaVersion: 1,
      view: 'calendar',
      items: [
        {
          application: 'shop',
          cost: '40',
          quantityCoverage: '1',
          direct: '40',
          indirect: '0',
          currency: 'EUR',
        },
        { application: 'blog', cost: '4', quantityCoverage: '0.5', direct: '4', indirect: '0' },
      ],
      residual: [],
      totals: [{ currency: 'EUR', cost: '44', unallocated: '0' }],
    });
    const { out } = await finops(
      'apps',
      'cost',
      '--month',
      '2026-10',
      '--view',
      'budget',
      '--by',
      'product',
      '--app',
      'shop',
    );
    expect(out).toMatch(/vcpu\s+1,000\s+vCPU-hour\s+50\.00\s+0\.00\s+50\.00\s+EUR/);
    expect((await finops('apps', 'cost', '--month', '2026-10', '--view', 'nothing')).code).toBe(3);
  });

  it('compare takes a difference apart', async () => {
    const months = await json('apps', 'compare', '--months', '2026-09', '2026-10');
    expect(months.totals).toMatchObject([
      { a: '20', b: '44', delta: '24', parts: { volume: '24', price: '0' } },
    ]);
    const views = await json('apps', 'compare', '--views', 'standard', 'budget', '--month', '2026-10');
    expect(views.totals).toMatchObject([{ delta: '11', parts: { price: '11', weight: '0' } }]);
  });

  it('explain names the line and the row of the file', async () => {
    const { out } = await finops('apps', 'explain', 'shop', '--month', '2026-10', '--product', 'vcpu');
    expect(out).toContain('40 EUR = 1000 vCPU-hour × 0.04 EUR, line 1 of standard version 1.');
    expect(out).toMatch(/cmdb\s+facts\.csv\s+2/);
  });

  it('statement writes a file, and does not replace one', async () => {
    const pdf = await json('apps', 'statement', '--month', '2026-10', '--team', 'web');
    expect(pdf).toMatchObject({ lines: 3, totals: [{ cost: '44', unpriced: 1 }] });
    expect((await readFile(join(data, 'statement-web-2026-10.pdf'))).subarray(0, 5).toString()).toBe('%PDF-');
    expect((await finops('apps', 'statement', '--month', '2026-10', '--team', 'web')).code).not.toBe(0);
    await json('apps', 'statement', '--month', '2026-10', '--team', 'web', '--type', 'csv');
    expect(await readFile(join(data, 'statement-web-2026-10.csv'), 'utf8')).toContain(
      'shop,vcpu,prod,DIRECT,1000,vCPU-hour,40,EUR,1',
    );
  });

  it('period closes a month with its costs, and opens it again with a reason', async () => {
    expect((await finops('period', 'close', 'retail', '2026-09')).code).toBe(0);
    const { context } = await json('apps', 'cost', '--month', '2026-09');
    expect(context.used).toMatchObject([{ source: 'frozen', view: 'standard' }]);
    expect((await finops('period', 'reopen', 'retail', '2026-09', '--reason', 'a late file')).code).toBe(0);
  });
});

describe('finops anomaly', () => {
  it('says so where there is nothing to look at', async () => {
    expect((await json('anomaly', 'ls', '--by', 'ServiceName')).items).toEqual([]);
    expect((await json('anomaly', 'forecast')).items).toEqual([]);
  });
});
