import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
let view: string;
let made = 0;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'finops-price-'));
  prepared = await prepareTestRecords(data);
  workspace = openWorkspace({ root: data, threads: 1, clock: fixedClock('2026-11-21T10:00:00Z') });
  const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: data });
  server = await serve({ workspace, config });
  await done('entities', 'create', 'retail', '--label', 'Retail', '--country', 'FR', '--currency', 'EUR');
  await done('domains', 'create', 'compute', '--label', 'Compute');
  for (const [id, unit] of [
    ['vcpu', 'vCPU-hour'],
    ['gpu', 'GPU-hour'],
  ] as const)
    await done('products', 'create', id, '--label', id, '--domain', 'compute', '--unit', unit);
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(data, { recursive: true, force: true });
});
beforeEach(async () => {
  view = `v${++made}`;
  await done('price', 'create', view, '--kind', 'budget', '--currency', 'EUR', '--label', 'Budget');
});

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: data, env: prepared.env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out } = await finops(...args, '--json');
  return { code, ...JSON.parse(out) };
}

async function done(...args: readonly string[]) {
  const answer = await finops(...args);
  expect(answer, answer.err).toMatchObject({ code: 0 });
  return answer;
}

async function write(text: string, name = 'prices.csv'): Promise<string> {
  await writeFile(join(data, name), text);
  return name;
}

const csv =
  'target,unit,amount,validFrom,environment\nvcpu,vCPU-hour,0.04,2026-01,\nvcpu,vCPU-hour,0.05,2026-01,prod\n';
const importAndPublish = async (text = csv) =>
  done('price', 'import', view, await write(text), '--publish', '--note', 'the year');

describe('finops price', () => {
  it('makes, lists, shows, changes, retires and restores views', async () => {
    expect(
      (await json('price', 'views', '--kind', 'budget', '--active')).items.map(
        ({ id }: { id: string }) => id,
      ),
    ).toContain(view);
    expect(await json('price', 'show', view)).toMatchObject({
      code: 0,
      currency: 'EUR',
      version: 1,
      published: null,
    });
    expect(await json('price', 'change', view, '--label', 'New', '--rate-type', 'closing')).toMatchObject({
      label: 'New',
      rateType: 'closing',
    });
    expect(await finops('price', 'change', view)).toMatchObject({ code: 2 });
    await done('price', 'retire', view);
    expect(await finops('price', 'draft', view)).toMatchObject({
      code: 7,
      err: expect.stringContaining('price.viewRetired'),
    });
    await done('price', 'restore', view);
    expect(await finops('price', 'create', view, '--kind', 'budget', '--currency', 'EUR')).toMatchObject({
      code: 7,
    });
    expect(await finops('price', 'create', 'x', '--kind', 'budget')).toMatchObject({
      code: 2,
      err: expect.stringContaining('currency'),
    });
    expect(await finops('price', 'show', 'nowhere')).toMatchObject({
      code: 3,
      err: expect.stringContaining("There is no price view 'nowhere'"),
    });
  });

  it('imports a file, publishes it, and exports what imports the same', async () => {
    const name = await write(csv);
    const tried = await finops('price', 'import', view, name, '--dry-run');
    expect(tried).toMatchObject({
      code: 0,
      err: expect.stringMatching(
        /^would be: draft 1 of v\d+: 2 added, 0 changed, 0 removed; nothing to object; 0 unchanged/,
      ),
    });
    expect(tried.out).toMatch(/added +product vcpu prod from 2026-01 .* 0\.05 .*EUR +vCPU-hour/);
    expect(await json('price', 'show', view)).toMatchObject({ draft: null });
    expect(await json('price', 'import', view, name, '--publish', '--note', 'the year')).toMatchObject({
      code: 0,
      state: 'published',
      lines: 2,
    });
    expect((await json('price', 'history', view)).items).toMatchObject([
      { number: 1, note: 'the year', publishedBy: 'local owner' },
    ]);
    const exported = await done('price', 'export', view);
    expect(exported.out.split('\r\n')[0]).toContain('level,target,entity,environment');
    const again = await finops('price', 'import', view, await write(exported.out), '--replace', '--publish');
    expect(again).toMatchObject({
      code: 0,
      err: expect.stringContaining('version 1, which is published, says the same'),
    });
    await done('price', 'export', view, '--out', 'prices.xlsx');
    expect(await finops('price', 'export', view, '--out', 'prices.xlsx')).toMatchObject({ code: 7 });
    expect((await readFile(join(data, 'prices.xlsx'))).subarray(0, 2).toString()).toBe('PK');
    expect(await json('price', 'import', view, 'prices.xlsx')).toMatchObject({
      code: 0,
      state: 'published',
      diff: { unchanged: 2, added: [] },
    });
    await done('price', 'export', view, '--out', 'again.csv');
    expect(await readFile(join(data, 'again.csv'), 'utf8')).toBe(exported.out);
    expect(await finops('price', 'export', view, '--out', 'prices.pdf')).toMatchObject({ code: 2 });
  });

  it('refuses a file that does not fit, whole, and a dry run lists every cell', async () => {
    const name = await write(`${csv}cpu,vCPU-hour,1,2026-01,\nvcpu,vCPU-hour,1,2026-13,\n`);
    expect(await finops('price', 'import', view, name)).toMatchObject({
      code: 5,
      err: expect.stringMatching(
        /price\.linesRefused: 2 cells of 4 rows .* Row 4, target: there is no product 'cpu'/,
      ),
    });
    const tried = await finops('price', 'import', view, name, '--dry-run');
    expect(tried.code).toBe(5);
    expect(tried.out).toMatch(/ 4 +target +there is no product[\s\S]* 5 +validFrom +write a month/);
    expect(await json('price', 'show', view)).toMatchObject({ draft: null });
    expect(await finops('price', 'import', view, 'nowhere.csv')).toMatchObject({ code: 1 });
  });

  it('puts lines in, changes what is named of one, and takes one out', async () => {
    await importAndPublish();
    const added = await finops(
      'price',
      'line',
      'add',
      view,
      '--target',
      'gpu',
      '--unit',
      'GPU-hour',
      '--amount=-2.5',
      '--from',
      '2026-01',
      '--to',
      '2027-01',
    );
    expect(added).toMatchObject({ code: 0, err: expect.stringContaining('draft 2 of') });
    await done(
      'price',
      'line',
      'change',
      view,
      '3',
      '--tiers',
      'graduated 0:2;100:1.5',
      '--note',
      'by volume',
      '--to',
      '',
    );
    const [line] = (await json('price', 'lines', view, '--view-version', 'draft', '--target', 'gpu')).items;
    expect(line).toMatchObject({
      number: 3,
      amount: null,
      validTo: null,
      note: 'by volume',
      tiers: { steps: [{}, { price: '1.5' }] },
    });
    expect((await done('price', 'lines', view, '--view-version', 'draft')).out).toContain(
      'graduated 0:2;100:1.5',
    );
    await done('price', 'line', 'change', view, '3', '--amount', '3', '--note', '');
    await done('price', 'line', 'remove', view, '1');
    expect((await json('price', 'lines', view, '--view-version', 'draft')).items).toMatchObject([
      { number: 2, environment: 'prod' },
      { number: 3, amount: '3', tiers: null, note: null },
    ]);
    for (const args of [
      ['change', view, '9', '--amount', '1'],
      ['remove', view, '9'],
    ])
      expect(await finops('price', 'line', ...args)).toMatchObject({
        code: 3,
        err: expect.stringContaining('price.unknownLine'),
      });
    expect(await finops('price', 'line', 'change', view, '3')).toMatchObject({ code: 2 });
    expect(await finops('price', 'line', 'change', view, '3', '--tiers', '0:1')).toMatchObject({ code: 2 });
    const double = ['--target', 'gpu', '--unit', 'GPU-hour', '--amount', '1', '--from', '2026-05'];
    expect(await finops('price', 'line', 'add', view, ...double)).toMatchObject({
      code: 5,
      err: expect.stringMatching(/line 3 \(product 'gpu', from 2026-01 on\) and line 4 .*: from 2026-05 on/),
    });
  });

  it('publishes only what has nothing wrong in it, and says all that is', async () => {
    await done(
      'price',
      'line',
      'add',
      view,
      '--target',
      'cpu',
      '--unit',
      'h',
      '--amount',
      '1',
      '--from',
      '2026-01',
    );
    const refused = await finops('price', 'publish', view);
    expect(refused).toMatchObject({ code: 5, err: expect.stringContaining('is not published: 1 error') });
    expect(refused.out).toMatch(/error +1 +Line 1 \(product 'cpu'\): there is no product 'cpu'/);
    expect(await json('price', 'findings', view)).toMatchObject({ code: 0, totals: { errors: 1 } });
    await done('price', 'discard', view);
    expect(await finops('price', 'publish', view)).toMatchObject({
      code: 3,
      err: expect.stringContaining('no open draft'),
    });
    await importAndPublish();
    await done('price', 'draft', view, '--note', 'again');
    expect(await finops('price', 'publish', view)).toMatchObject({
      code: 7,
      err: expect.stringContaining('price.nothingToPublish'),
    });
    expect(await finops('price', 'draft', view)).toMatchObject({ code: 7 });
  });

  it('clones with a factor, and tells the difference of versions', async () => {
    await importAndPublish();
    const cloned = await finops('price', 'clone', view, `${view}-dear`, '--factor', '1.03');
    expect(cloned).toMatchObject({
      code: 0,
      err: expect.stringContaining(`version 1 of ${view} × 1.03, exact`),
    });
    expect((await json('price', 'lines', `${view}-dear`, '--view-version', 'draft')).items).toMatchObject([
      { amount: '0.0412' },
      { amount: '0.0515' },
    ]);
    await done('price', 'line', 'change', view, '2', '--amount', '0.1');
    const diff = await done('price', 'diff', view);
    expect(diff.out).toMatch(/changed +product vcpu prod from 2026-01 +amount +0\.05 +0\.1 +0\.05 +100 +EUR/);
    expect(await finops('price', 'diff', view, '--from', '7')).toMatchObject({ code: 3 });
  });

  it('tells what of a month has a price', async () => {
    await importAndPublish();
    const found = await json('price', 'coverage', view, '--month', '2026-10');
    expect(found).toMatchObject({
      code: 0,
      totals: { cells: 0, coverage: null },
      unused: [{ reason: 'noConsumption' }, {}],
    });
    expect((await finops('price', 'coverage', view, '--month', '2026-10')).err).toContain(
      '0 of 0 cells have a price',
    );
    expect(await finops('price', 'coverage', view, '--month', 'October')).toMatchObject({ code: 2 });
  });

  it('keeps the calendar', async () => {
    expect(await finops('price', 'calendar', 'set', view, '--from', '2026-01')).toMatchObject({ code: 7 });
    await importAndPublish();
    await done('price', 'calendar', 'set', view, '--from', '2026-01');
    await done(
      'price',
      'calendar',
      'set',
      view,
      '--from',
      '2026-03',
      '--to',
      '2026-04',
      '--entity',
      'retail',
    );
    const { items } = await json('price', 'calendar', 'list', '--view', view, '--month', '2026-03');
    expect(items).toMatchObject([
      { entity: null, validTo: null },
      { entity: 'retail', validTo: '2026-04' },
    ]);
    expect(await json('price', 'calendar', 'month', 'retail', '2026-03')).toMatchObject({
      code: 0,
      view: { id: view, version: 1 },
    });
    expect(await finops('price', 'calendar', 'month', 'retail', '2025-03')).toMatchObject({ code: 3 });
    await done('entity-periods', 'close', 'retail', '2026-03');
    expect(
      await finops('price', 'calendar', 'set', view, '--from', '2026-01', '--entity', 'retail'),
    ).toMatchObject({ code: 0 });
    const other = `${view}-other`;
    await done('price', 'clone', view, other, '--factor', '2');
    await done('price', 'publish', other);
    expect(
      await finops('price', 'calendar', 'set', other, '--from', '2026-01', '--entity', 'retail'),
    ).toMatchObject({
      code: 7,
      err: expect.stringContaining("2026-03 of entity 'retail' is CLOSED"),
    });
    const [own] = (await json('price', 'calendar', 'list', '--entity', 'retail')).items;
    expect((await done('price', 'calendar', 'remove', own.id)).out).toContain('(no rows)');
    expect(await finops('price', 'calendar', 'remove', own.id)).toMatchObject({ code: 3 });
  });

  it('keeps the rates', async () => {
    const set = ['price', 'rates', 'set', '2026-10', 'USD', 'EUR'];
    const how = ['--source', 'ECB', '--as-of', '2026-10-31'];
    expect((await done(...set, '0.9215', ...how)).err).toContain('1 added, 0 changed, 0 unchanged');
    expect((await done(...set, '0.9216', ...how)).out).toMatch(
      /changed +2026-10 +USD +EUR +average +0\.9216 +ECB +2026-10-31 +0\.9215/,
    );
    expect(await finops(...set, '0', ...how)).toMatchObject({ code: 2 });
    const file = await write('period,base,quote,rate,asOf\n2026-09,USD,EUR,0.9,2026-09-30\n', 'rates.csv');
    expect((await done('price', 'rates', 'import', file, '--source', 'ECB', '--dry-run')).err).toContain(
      'would be: 1 added',
    );
    await done('price', 'rates', 'import', file, '--source', 'ECB', '--type', 'closing');
    expect((await json('price', 'rates', 'list', '--base', 'USD')).items).toMatchObject([
      { type: 'closing' },
      { rate: '0.9216' },
    ]);
    expect((await done('price', 'rates', 'export', '--from', '2026-10')).out).toContain(
      '2026-10,USD,EUR,average,0.9216,ECB,2026-10-31',
    );
    const bad = await write('period,base,quote,rate,asOf\n2026-09,USD,EUR,x,2026-09-30\n', 'bad.csv');
    expect(await finops('price', 'rates', 'import', bad, '--source', 'ECB')).toMatchObject({ code: 5 });
    expect(await finops('price', 'rates', 'import', bad, '--source', 'ECB', '--dry-run')).toMatchObject({
      code: 5,
      out: expect.stringContaining('rate'),
    });
    await done('price', 'rates', 'remove', '2026-10', 'USD', 'EUR');
    expect(await finops('price', 'rates', 'remove', '2026-10', 'USD', 'EUR')).toMatchObject({ code: 3 });
  });
});
