import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'finops-consumption-'));
  prepared = await prepareTestRecords(data);
  env = { ...prepared.env, FINOPS_SERVER_PORT: '0' };
  workspace = openWorkspace({ root: data, threads: 1, clock: fixedClock('2026-11-21T10:00:00Z') });
  server = await serve({ workspace, config: loadConfig({ env, cwd: data }) });
  await done('entities', 'create', 'retail', '--label', 'Retail', '--country', 'FR', '--currency', 'EUR');
  await done('domains', 'create', 'infra', '--label', 'Infra');
  await done('products', 'create', 'disk', '--label', 'Disk', '--domain', 'infra', '--unit', 'GB-month');
  await done(
    'applications',
    'create',
    'shop',
    '--label',
    'Shop',
    '--entity',
    'retail',
    '--environments',
    'prod',
  );
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(data, { recursive: true, force: true });
});

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: data, env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(...args: readonly string[]) {
  const { code, out, err } = await finops(...args, '--json');
  expect(out, err).not.toBe('');
  return { code, ...JSON.parse(out) };
}

async function done(...args: readonly string[]) {
  const answer = await finops(...args);
  expect(answer, answer.err).toMatchObject({ code: 0 });
  return answer;
}

const write = (name: string, text: string) => writeFile(join(data, name), text);
const head = 'month,application,product,quantity,unit';
const consumption = (...args: readonly string[]) => finops('consumption', ...args);

describe('finops consumption', () => {
  it('imports a file, says what it declared, and shows what a second one would change', async () => {
    await write('a.csv', `${head}\n2026-10,shop,disk,1.5,TB-month\n`);
    const first = await done('consumption', 'import', 'a.csv', '--source', 'cmdb');
    expect(first.out).toMatch(/2026-10 +imported +retail +disk +DIRECT +1 +1,?500 +GB-month/);
    expect(first.err).toContain("'disk' of retail comes from 'cmdb' from 2026-10 on.");
    expect((await done('consumption', 'import', 'a.csv', '--source', 'cmdb')).err).toContain(
      'nothing was changed',
    );
    await write('b.csv', `${head}\n2026-10,shop,disk,1,TB-month\n`);
    const dry = await done('consumption', 'import', 'b.csv', '--source', 'cmdb', '--dry-run');
    expect(dry.out).toMatch(/dry-run .* 1,?000 +GB-month +1,?500 +-500/);
    expect(await json('consumption', 'list', '--month', '2026-10')).toMatchObject({
      schemaVersion: 1,
      items: [{ application: 'shop', quantity: '1500', source: 'cmdb', row: 2 }],
    });
    expect(
      (await done('consumption', 'explain', 'shop', '--product', 'disk', '--month', '2026-10')).out,
    ).toContain('1500 GB-month of disk by shop (prod) in 2026-10: row 2 of a.csv');
  });

  it('refuses a file with exit code 5, keeps its rejects, and takes the rest where that is accepted', async () => {
    await write('bad.csv', `${head}\n2026-11,shop,disk,1,GB-month\n2026-11,shop,disks,2,GB-month\n`);
    const refused = await consumption('import', 'bad.csv', '--source', 'cmdb');
    expect([refused.code, refused.err]).toEqual([
      5,
      expect.stringMatching(
        /bad\.csv: 1 of 2 rows do not fit, and nothing was imported\. row 3, product: there is no product 'disks'/,
      ),
    ]);
    const dry = await consumption('import', 'bad.csv', '--source', 'cmdb', '--dry-run');
    expect([dry.code, dry.out]).toEqual([5, expect.stringContaining('Rows that do not fit: 1 of 2')]);
    const { items } = await json('consumption', 'imports', '--state', 'refused');
    expect(items).toMatchObject([{ origin: 'bad.csv', rowsRejected: 1 }]);
    const rejects = await done('consumption', 'rejects', items[0].id, '--format', 'csv');
    expect(rejects.out).toContain('2026-11,shop,disks,2,GB-month');
    expect(
      (await done('consumption', 'import', 'bad.csv', '--source', 'cmdb', '--accept-rejects')).out,
    ).toMatch(/2026-11 +imported/);
    expect((await consumption('rejects', '999')).code).toBe(3);
  });

  it('declares, lists and ends origins, and refuses what lies over another with exit code 7', async () => {
    await write('rule.json', '{"quantity":"ConsumedQuantity","application":"{Tags.app}"}');
    const declared = [
      'declare',
      '--entity',
      'retail',
      '--product',
      'disk',
      '--kind',
      'focus',
      '--source',
      'rule',
    ];
    const over = await consumption(...declared, '--from', '2026-01', '--definition', '@rule.json');
    expect([over.code, over.err]).toEqual([
      7,
      expect.stringContaining("comes from import 'cmdb' (2 facts, 1501 GB-month)"),
    ]);
    await done(
      'consumption',
      ...declared,
      '--from',
      '2026-01',
      '--before',
      '2026-10',
      '--definition',
      '@rule.json',
    );
    const { items } = await json('consumption', 'origins', '--kind', 'focus');
    expect(items).toMatchObject([{ validTo: '2026-10', definition: { quantity: 'ConsumedQuantity' } }]);
    expect((await consumption('derive', '--month', '2026-10')).code).toBe(3);
    expect((await done('consumption', 'end', items[0].id, '--before', '2026-01')).err).toContain(
      'it is gone',
    );
    expect((await consumption(...declared, '--from', '2026-01', '--definition', '{')).code).toBe(2);
    expect((await consumption(...declared, '--from', '2026-13')).code).toBe(2);
  });

  it('verifies the sums', async () => {
    expect((await done('consumption', 'verify')).out).toMatch(/2 +2 +0 +yes/);
    await done('products', 'update', 'disk', '--unit', 'TB-month');
    const broken = await consumption('verify');
    expect([broken.code, broken.out]).toEqual([
      6,
      expect.stringMatching(/unit +disk +in GB-month +the product counts TB-month/),
    ]);
    await done('products', 'update', 'disk', '--unit', 'GB-month');
    expect(await json('consumption', 'verify', '--from', '2026-11')).toMatchObject({
      code: 0,
      ties: true,
      months: 1,
    });
  });
});
