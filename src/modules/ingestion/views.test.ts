import { spawn } from 'node:child_process';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { openWorkspace, rollBack } from '../../platform/warehouse/index.ts';
import { curRow, focusRow, type MonthsBench, openMonthsBench } from './testing/months-fixture.ts';
import { refreshViews, viewsAreCurrent } from './views.ts';

let bench: MonthsBench;
beforeEach(async () => {
  bench = await openMonthsBench();
});
afterEach(() => bench.close());

/** Asks the view file as another program would: a DuckDB of its own, read-only. */
async function ask(sql: string, root = bench.workspace.root): Promise<unknown[]> {
  const text = await runChild(`${openFile(root)}
    const rows = (await connection.runAndReadAll(${JSON.stringify(sql)})).getRowObjectsJson();
    console.log(JSON.stringify(rows));`);
  return JSON.parse(text);
}

function openFile(root: string): string {
  return `const file = ${JSON.stringify(join(root, 'finops.duckdb'))};
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();`;
}

function runChild(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    let out = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(errors))));
  });
}

const viewNames = `select schema_name || '.' || view_name as name from duckdb_views() where not internal order by 1`;

test('another program reads costs, tags and the bills as they were delivered', async () => {
  await bench.load('azure-main.csv', [focusRow(), focusRow({ BilledCost: '0.000000000001', Tags: '' })]);
  await bench.load('AWS.csv', [curRow({}, '2026-09'), curRow(), curRow({ 'lineItem/UnblendedCost': '4' })]);
  await refreshViews(bench.workspace);
  expect(await ask(viewNames)).toEqual(
    [
      'aws_billing.aws_2026_09',
      'aws_billing.aws_2026_10',
      'azure_billing.azure_main_2026_10',
      'centrail.generation',
      'focus.billing_period',
      'focus.contract_commitment',
      'focus.cost_and_usage',
      'focus.invoice_detail',
    ].map((name) => ({ name })),
  );
  expect(
    await ask(
      `select x_SourceName as source, sum(BilledCost)::varchar as cost, count(distinct x_RowId)::integer as ids from focus.cost_and_usage group by 1 order by 1`,
    ),
  ).toEqual([
    { source: 'AWS', cost: '4.200000000000', ids: 3 },
    { source: 'azure-main', cost: '1.500000000001', ids: 2 },
  ]);
  expect(
    await ask(
      `select typeof(Tags) as type, Tags->>'team' as team from focus.cost_and_usage where Tags is not null and x_SourceName = 'azure-main'`,
    ),
  ).toEqual([{ type: 'JSON', team: 'web' }]);
  expect(
    await ask('select "lineItem/UnblendedCost" as cost from aws_billing.aws_2026_10 order by 1'),
  ).toEqual([{ cost: '0.1' }, { cost: '4' }]);
  expect(await ask('select count(*)::integer as rows from aws_billing.aws_2026_09')).toEqual([{ rows: 1 }]);
  expect(await ask('select count(*)::integer as rows from focus.invoice_detail')).toEqual([{ rows: 0 }]);
});

test('a bill of any other provider is under billing, and names that would be the same are numbered', async () => {
  const ours = { ProviderName: 'Social Platform', InvoiceIssuerName: 'Social Platform' };
  await bench.load('a-b.csv', [focusRow(ours)]);
  await bench.load('a.b.csv', [focusRow(ours)], { source: 'a.b' });
  const names = { ProviderName: 'Oracle', InvoiceIssuerName: 'Oracle' };
  await bench.load('oci.csv', [focusRow(names)]);
  await bench.load('gcp.csv', [focusRow({ ...names, ProviderName: 'Google Cloud' })]);
  await refreshViews(bench.workspace);
  expect(await ask(`select name from (${viewNames}) where name like '%billing.%'`)).toEqual([
    { name: 'billing.a_b_2026_10' },
    { name: 'billing.a_b_2026_10_2' },
    { name: 'gcp_billing.gcp_2026_10' },
    { name: 'oci_billing.oci_2026_10' },
  ]);
});

test('the views are known to be of this generation and of this folder', async () => {
  const { workspace } = bench;
  expect(await viewsAreCurrent(workspace)).toBe(false);
  const first = await refreshViews(workspace);
  expect(first).toMatchObject({ generation: 0, views: 5 });
  expect(await viewsAreCurrent(workspace)).toBe(true);
  await bench.load('azure.csv', [focusRow()]);
  expect(await viewsAreCurrent(workspace)).toBe(false);
  await refreshViews(workspace);
  await rollBack(workspace.lake, everything, { source: 'azure', period: '2026-10', to: 'none' });
  expect(await viewsAreCurrent(workspace)).toBe(false);
  await refreshViews(workspace);
  expect(await ask('select count(*)::integer as rows from focus.cost_and_usage')).toEqual([{ rows: 0 }]);
  await writeFile(join(workspace.root, 'finops.duckdb'), 'not a database');
  expect(await viewsAreCurrent(workspace)).toBe(false);
  await refreshViews(workspace);
  expect(await viewsAreCurrent(workspace)).toBe(true);
});

test('a workspace that was moved gets views of its new place', async () => {
  await bench.load('azure.csv', [focusRow()]);
  await refreshViews(bench.workspace);
  const moved = `${bench.workspace.root}-moved`;
  await rename(bench.workspace.root, moved);
  const there = openWorkspace({ root: moved, threads: 1 });
  expect(await viewsAreCurrent(there)).toBe(false);
  await refreshViews(there);
  expect(await viewsAreCurrent(there)).toBe(true);
  expect(await ask('select sum(BilledCost)::varchar as cost from focus.cost_and_usage', moved)).toEqual([
    { cost: '1.500000000000' },
  ]);
  await there.close();
});

test('the remains of a crash are swept up, and a stray log of another client does no harm', async () => {
  const { workspace } = bench;
  await mkdir(workspace.root, { recursive: true });
  const dead = join(workspace.root, 'finops.duckdb.999999999-0a1b2c3d.draft');
  await writeFile(dead, 'half');
  await writeFile(`${dead}.wal`, 'half');
  await refreshViews(workspace);
  await writeFile(join(workspace.root, 'finops.duckdb.wal'), 'of an older file');
  await refreshViews(workspace);
  expect((await readdir(workspace.root)).filter((name) => name.startsWith('finops'))).toEqual([
    'finops.duckdb',
  ]);
  expect(await viewsAreCurrent(workspace)).toBe(true);
});

test('a lost file of the lake leaves the views as they were', async () => {
  const { workspace } = bench;
  await bench.load('azure.csv', [focusRow()]);
  await refreshViews(workspace);
  await bench.load('azure.csv', [focusRow({ BilledCost: '9' })]);
  const { files } = await workspace.lake.describe(everything, {
    dataset: 'cost',
    source: 'azure',
    period: '2026-10',
  });
  for (const { path } of files) await rm(workspace.lake.resolve(path));
  await expect(refreshViews(workspace)).rejects.toThrow();
  expect(await ask('select sum(BilledCost)::varchar as cost from focus.cost_and_usage')).toEqual([
    { cost: '1.500000000000' },
  ]);
  expect((await readdir(workspace.root)).filter((name) => name.includes('draft'))).toEqual([]);
});

test('another program reads whole generations while the file is replaced again and again', async () => {
  const { workspace } = bench;
  await bench.load('azure.csv', [focusRow({ BilledCost: '1' }), focusRow({ BilledCost: '1' })]);
  await refreshViews(workspace);
  const stop = join(workspace.root, 'stop');
  const reader = runChild(`
    import { existsSync } from 'node:fs';
    import { DuckDBInstance } from '@duckdb/node-api';
    const file = ${JSON.stringify(join(workspace.root, 'finops.duckdb'))};
    const seen = new Set();
    let reads = 0;
    while (!existsSync(${JSON.stringify(stop)})) {
      const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY', threads: '1' });
      const connection = await instance.connect();
      const sql = 'select count(*)::integer as rows, sum(BilledCost)::integer as cost, (select generation from centrail.generation)::integer as generation from focus.cost_and_usage';
      const [row] = (await connection.runAndReadAll(sql)).getRowObjectsJson();
      if (row.rows !== 2 || row.cost !== 2 * row.generation) throw new Error(JSON.stringify(row));
      seen.add(row.generation);
      reads++;
      connection.closeSync();
      instance.closeSync();
    }
    console.log(JSON.stringify({ reads, generations: seen.size }));`);
  for (let generation = 2; generation <= 12; generation++) {
    const row = focusRow({ BilledCost: String(generation) });
    await bench.load('azure.csv', [row, row]);
    for (let again = 0; again < 5; again++) await refreshViews(workspace);
  }
  await writeFile(stop, '');
  const { reads, generations } = JSON.parse(await reader);
  expect(reads).toBeGreaterThan(10);
  expect(generations).toBeGreaterThan(3);
});

test('two programs that refresh at once leave the newest generation', async () => {
  const { workspace } = bench;
  await bench.load('azure.csv', [focusRow()]);
  const refreshing = [refreshViews(workspace), refreshViews(workspace)];
  await bench.load('azure.csv', [focusRow({ BilledCost: '2' })]);
  await Promise.all([...refreshing, refreshViews(workspace)]);
  expect(await viewsAreCurrent(workspace)).toBe(true);
});
