import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { rollBack } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { converterOf } from './choose-converter.ts';
import { type ExplainedRow, explainRow } from './explain-row.ts';
import { originOf } from './origin.ts';
import { curRow, focusRow, type MonthsBench, openMonthsBench } from './testing/months-fixture.ts';

let bench: MonthsBench;
beforeAll(async () => {
  bench = await openMonthsBench();
  await bench.load('aws.csv', [
    curRow(),
    curRow({
      'lineItem/LineItemType': 'SavingsPlanCoveredUsage',
      'lineItem/UnblendedCost': '0.1',
      'savingsPlan/SavingsPlanARN': 'arn:aws:savingsplans::1:savingsplan/abc',
      'savingsPlan/SavingsPlanEffectiveCost': '0.07',
    }),
    curRow({
      'lineItem/LineItemType': 'SavingsPlanRecurringFee',
      'lineItem/UnblendedCost': '1',
      'savingsPlan/SavingsPlanARN': 'arn:aws:savingsplans::1:savingsplan/abc',
      'savingsPlan/TotalCommitmentToDate': '1',
      'savingsPlan/UsedCommitment': '0.25',
    }),
    curRow({ 'lineItem/LineItemType': 'SavingsPlanNegation', 'lineItem/UnblendedCost': '-0.1' }),
    curRow({ 'lineItem/LineItemType': 'Tax', 'lineItem/UnblendedCost': '0.19', 'lineItem/ResourceId': '' }),
    curRow({ 'lineItem/LineItemType': 'Credit', 'lineItem/UnblendedCost': '-0.05' }),
  ]);
  await bench.load('azure.csv', [
    focusRow({}, '2026-09'),
    focusRow({ BilledCost: '1.2E-05', Tags: '{"a":"x, ""y"""}'.replaceAll('""', '\\"') }),
    focusRow({ BilledCost: '-3', ChargeCategory: 'Credit', ServiceName: '' }),
  ]);
});
afterAll(() => bench.close());

async function rowIds(source: string): Promise<string[]> {
  const { relation } = await bench.workspace.lake.select(everything, costDataset, { sources: [source] });
  const rows = await bench.engine.rows(`select x_RowId as id from ${relation} order by x_SourceRow, x_Part`);
  return rows.map((row) => String(row['id']));
}

const explain = (id: string) => explainRow(bench.engine, bench.workspace.lake, everything, id);
const column = (row: ExplainedRow, name: string) => row.columns.find((found) => found.column === name);

test('a cost of an AWS bill is shown with its line in the file and the rule that made it', async () => {
  const ids = await rowIds('aws');
  const covered = await explain(ids[1] ?? '');
  expect(covered).toMatchObject({
    source: 'aws',
    period: '2026-10',
    dataset: 'cost',
    current: true,
    row: 2,
    part: 0,
    format: 'aws-cur-v1',
  });
  expect(covered.file).toMatch(/aws\.csv$/);
  expect(covered.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(covered.original).toMatchObject({ 'lineItem/UnblendedCost': '0.1', 'bill/InvoiceId': null });
  expect(Object.keys(covered.original)[0]).toBe('identity/LineItemId');
  expect(column(covered, 'BilledCost')).toMatchObject({
    value: '0',
    rule: 'aws.billed.savings-plan-covered',
  });
  expect(column(covered, 'EffectiveCost')).toMatchObject({
    value: '0.07',
    rule: 'aws.effective.savings-plan-covered',
  });
  expect(column(covered, 'x_SourceRow')).toMatchObject({ value: '2', rule: 'provenance' });
  expect(column(covered, 'InvoiceId')).toBeUndefined();
});

test('the unused part of a commitment fee leads back to the fee', async () => {
  const unused = await explain((await rowIds('aws')).find((id) => id.endsWith(':3:1')) ?? '');
  expect(unused).toMatchObject({ row: 3, part: 1 });
  expect(unused.original['savingsPlan/UsedCommitment']).toBe('0.25');
  expect(column(unused, 'EffectiveCost')).toMatchObject({
    value: '0.75',
    rule: 'aws.effective.savings-plan-unused',
  });
});

test.each(['aws', 'azure'])('every value of %s is the one that the named rule gives', async (source) => {
  const ids = await rowIds(source);
  expect(ids.length).toBeGreaterThanOrEqual(3);
  let checked = 0;
  for (const id of ids) {
    const row = await explain(id);
    const { period, snapshot } = row;
    const { files } = originOf(
      await bench.workspace.lake.describe(everything, { dataset: 'cost', source, period, snapshot }),
    );
    const file = files[0];
    if (!file) throw new Error('no file');
    const { converter } = converterOf(file.choices);
    const named = row.columns.filter(({ rule }) => rule !== 'provenance');
    expect(named.filter(({ rule }) => rule === null)).toEqual([]);
    const types = new Map(costDataset.columns.map(({ name, type }) => [name, type]));
    const casts = { decimal: 'decimal(38,12)', timestamp: 'timestamp' } as Record<string, string>;
    const values = named.map(({ column: name, rule }, index) => {
      const value = converter.columns
        .find((rules) => rules.column === name)
        ?.rules.find((candidate) => candidate.id === rule)?.value;
      return `(${value})::${casts[types.get(name) ?? ''] ?? 'varchar'} as v${index}`;
    });
    const [given] = await bench.engine.rows(
      `select ${values.join(', ')} from ${converter.scan(bench.workspace.lake.resolve(file.native))} where centrail_row = ${row.row} and centrail_part = ${row.part}`,
    );
    for (const [index, { column: name, value }] of named.entries()) {
      expect([name, String(given?.[`v${index}`])]).toEqual([name, value]);
      checked++;
    }
  }
  expect(checked).toBeGreaterThan(60);
});

test('a FOCUS row shows the text of the file beside the exact value', async () => {
  const ids = await rowIds('azure');
  const row = await explain(ids[1] ?? '');
  expect(row.period).toBe('2026-10');
  expect(row.original['BilledCost']).toBe('1.2E-05');
  expect(column(row, 'BilledCost')).toEqual({
    column: 'BilledCost',
    value: '0.000012',
    rule: 'focus.as-is',
    says: 'As in BilledCost.',
  });
  expect(column(row, 'x_Ours')).toMatchObject({ value: 'kept', rule: 'focus.kept' });
  expect(column(row, 'ServiceProviderName')).toMatchObject({ value: 'Microsoft' });
  expect((await explain(ids[0] ?? '')).period).toBe('2026-09');
});

test('a row of a snapshot that was replaced or withdrawn is explained all the same', async () => {
  await bench.load('old.csv', [focusRow({ BilledCost: '7' })]);
  const [before = ''] = await rowIds('old');
  await bench.load('old.csv', [focusRow({ BilledCost: '8' })]);
  const old = await explain(before);
  expect(old.current).toBe(false);
  expect(column(old, 'BilledCost')?.value).toBe('7');
  await rollBack(bench.workspace.lake, everything, { source: 'old', period: '2026-10', to: 'none' });
  expect((await explain(before)).original['BilledCost']).toBe('7');
});

test('a value that today’s rules would not give is said to come from earlier ones', async () => {
  const { lake, root } = bench.workspace;
  const { 'lineItem/CurrencyCode': _, ...withoutCurrency } = curRow();
  await bench.load('earlier.csv', [withoutCurrency], { currency: 'EUR' });
  const [id = ''] = await rowIds('earlier');
  const key = { dataset: 'cost', source: 'earlier', period: '2026-10' };
  const description = join(
    root,
    'lake/cost/earlier/2026-10',
    `${(await lake.describe(everything, key)).id}.json`,
  );
  const text = await readFile(description, 'utf8');
  await writeFile(
    description,
    text
      .replace('"currency": "EUR",\n     "period"', '"currency": "USD",\n     "period"')
      .replaceAll(/"currency": "EUR"(?=\s*\})/g, '"currency": "USD"'),
  );
  const currency = column(await explain(id), 'BillingCurrency');
  expect(currency).toMatchObject({ value: 'EUR', rule: null });
  expect(currency?.says).toContain('give USD');
});

test.each(['', 'x', 'a:b:c:d', '01abc:1:1:0', '1:1:1:0; drop'])(
  '%j is no row of any snapshot',
  async (id) => {
    await expect(explain(id)).rejects.toMatchObject({ code: 'ingestion.unknownRow', exitCode: 3 });
  },
);

test('a row, file or part beyond the end of a bill is unknown', async () => {
  const [id = ''] = await rowIds('azure');
  const [importId] = id.split(':');
  for (const place of ['1:99:0', '2:1:0', '1:1:1']) {
    await expect(explain(`${importId}:${place}`)).rejects.toMatchObject({ code: 'ingestion.unknownRow' });
  }
});
