import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { costQuerySchema, literal, runCostQuery } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { type Bench, costRows, cur, focus, importInto, openBench, put, without } from './testing/bills.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const imported = { errors: [], imports: [{ status: 'imported' }] };

describe('columns that FOCUS does not know', () => {
  test('may differ between the parts of one bill', async () => {
    await put(bench, 'acme-00001.csv', focus({ x_Team: 'red' }));
    await put(bench, 'acme-00002.csv', focus({ BilledCost: '2', x_Shop: 'Paris' }));
    expect(await importInto(bench, bench.folder)).toMatchObject(imported);
    expect(await costRows(bench, 'BilledCost, x_Team, x_Shop')).toEqual([
      { BilledCost: '1', x_Team: 'red', x_Shop: null },
      { BilledCost: '2', x_Team: null, x_Shop: 'Paris' },
    ]);
  });

  test('are one column when only their case differs, in one bill and between two', async () => {
    await put(bench, 'acme-00001.csv', focus({ x_Team: 'red' }));
    await put(bench, 'acme-00002.csv', focus({ x_team: 'blue' }));
    await put(bench, 'other.csv', focus({ X_TEAM: 'green' }));
    expect((await importInto(bench, bench.folder)).errors).toEqual([]);
    const rows = await costRows(bench, 'x_Team');
    expect(rows.map((row) => Object.values(row)[0])).toEqual(['red', 'blue', 'green']);
  });

  test('keep their own values when their names differ in punctuation alone', async () => {
    await put(bench, 'acme.csv', focus({ 'x_cost-center': 'A', x_CostCenter: 'B' }));
    await importInto(bench, join(bench.folder, 'acme.csv'));
    expect(await costRows(bench, '"x_cost-center" as a, x_CostCenter as b')).toEqual([{ a: 'A', b: 'B' }]);
  });

  test('may have the names that the import uses for itself', async () => {
    const own = { Part: '1', source_row: '77', centrail: 'x', file_row_number: '5' };
    await put(bench, 'acme.csv', focus({ ...own }, { ...own, BilledCost: '2' }));
    expect(await importInto(bench, join(bench.folder, 'acme.csv'))).toMatchObject(imported);
    expect(await costRows(bench, 'x_SourceRow, x_Part')).toEqual([
      { x_SourceRow: 1, x_Part: 0 },
      { x_SourceRow: 2, x_Part: 0 },
    ]);
  });
});

describe('tags', () => {
  test('that differ in punctuation alone are two tags with two values', async () => {
    const tags = { 'resourceTags/user:cost-center': 'A', 'resourceTags/user:CostCenter': 'B' };
    await importInto(bench, await put(bench, 'acme.csv', cur(tags)));
    expect(await costRows(bench, 'Tags')).toEqual([{ Tags: '{"cost-center":"A","CostCenter":"B"}' }]);
  });

  test('are found whatever the case of their header', async () => {
    await importInto(bench, await put(bench, 'acme.csv', cur({ 'RESOURCETAGS/user:Env': 'prod' })));
    expect(await costRows(bench, 'Tags')).toEqual([{ Tags: '{"Env":"prod"}' }]);
  });

  test('without their braces, as Azure writes them, are read', async () => {
    await importInto(bench, await put(bench, 'acme.csv', focus({ Tags: '"env":"prod"' }, { Tags: 'env' })));
    expect(await costRows(bench, 'Tags')).toEqual([{ Tags: '{"env":"prod"}' }, { Tags: null }]);
  });

  test('that are no JSON are left empty and do not stop the questions of others', async () => {
    const path = await put(bench, 'acme.csv', 'Month,Net,Labels\n2026-10-01,10,env=prod\n');
    const columns = { BilledCost: 'Net', BillingPeriodStart: 'Month', Tags: 'Labels' };
    await importInto(bench, path, { as: await mapping(columns) });
    const selection = await bench.workspace.lake.select(everything, costDataset);
    const query = costQuerySchema.parse({ measures: [{ sum: 'BilledCost' }], dimensions: [{ tag: 'env' }] });
    const { rows } = await runCostQuery(bench.engine, {
      dataset: costDataset,
      selection,
      scope: everything,
      query,
    });
    expect(rows).toEqual([{ 'Tags[env]': null, BilledCost: '10' }]);
  });

  test('and product attributes of a CUR 2.0 in CSV that are no JSON are left empty', async () => {
    const path = await put(bench, 'acme.csv', cur({ product: 'no json', resource_tags: '{"a' }));
    expect(await importInto(bench, path)).toMatchObject(imported);
    expect(await costRows(bench, 'Tags, ServiceName')).toEqual([{ Tags: null, ServiceName: 'AmazonEC2' }]);
  });
});

describe('a file name that is a pattern', () => {
  test.each([
    ['acme*.csv', 'acme1.csv'],
    ['acme?.csv', 'acme1.csv'],
    ['acme[1].csv', 'acme1.csv'],
  ])('%s is this file and not %s', async (name, other) => {
    await put(bench, other, focus({ BilledCost: '4' }));
    const path = await put(bench, name, focus({ BilledCost: '1' }));
    expect(await importInto(bench, path, { source: 'acme' })).toMatchObject({
      imports: [{ rowsRead: 1, nativeCost: '1', billedCost: '1' }],
    });
    await bench.engine.run(
      `copy (select * from read_csv(${literal(join(bench.folder, other))})) to ${literal(path.replace('.csv', '.parquet'))} (format parquet)`,
    );
    expect(await importInto(bench, path.replace('.csv', '.parquet'), { source: 'parquet' })).toMatchObject({
      imports: [{ rowsRead: 1, billedCost: '4' }],
    });
  });
});

describe('a Parquet file', () => {
  test('whose costs are bytes that are no number is refused, not counted as nothing', async () => {
    const path = join(bench.folder, 'acme.parquet');
    const bytes = async (cost: string) =>
      bench.engine.run(
        `copy (select ${literal(cost)}::blob as BilledCost, 1.5::double as EffectiveCost, 'USD' as BillingCurrency,
          date '2026-10-01' as BillingPeriodStart, timestamp_ns '2026-11-01' as BillingPeriodEnd, 'Usage' as ChargeCategory)
          to ${literal(path)} (format parquet)`,
      );
    await bytes('1.5');
    expect(await importInto(bench, path)).toMatchObject({ imports: [{ billedCost: '1.5' }] });
    await bytes('one and a half');
    expect(await importInto(bench, path)).toMatchObject({
      errors: [{ code: 'ingestion.unreadableCells', params: { field: 'BilledCost' } }],
    });
  });

  test('whose times are numbers is refused, because nobody says of what', async () => {
    const path = join(bench.folder, 'acme.parquet');
    await bench.engine.run(
      `copy (select 1::double as BilledCost, 'USD' as BillingCurrency, date '2026-10-01' as BillingPeriodStart,
        1790000000000::bigint as ChargePeriodStart, 'Usage' as ChargeCategory) to ${literal(path)} (format parquet)`,
    );
    expect(await importInto(bench, path)).toMatchObject({
      errors: [{ code: 'ingestion.unreadableCells', params: { field: 'ChargePeriodStart' } }],
    });
  });
});

describe('a mapping', () => {
  const bill = 'Month,Net,Gross\n2026-10-01,10,12\n';

  test('that has changed makes another bill of the same file', async () => {
    const path = await put(bench, 'acme.csv', bill);
    const net = await mapping({ BilledCost: 'Net', BillingPeriodStart: 'Month' });
    expect(await importInto(bench, path, { as: net })).toMatchObject({ imports: [{ billedCost: '10' }] });
    const gross = await mapping({ BilledCost: 'Gross', BillingPeriodStart: 'Month' });
    expect(gross).toBe(net);
    expect(await importInto(bench, path, { as: gross })).toMatchObject({
      imports: [{ billedCost: '12', status: 'replaced' }],
    });
    expect(await importInto(bench, path, { as: gross })).toMatchObject({
      imports: [{ status: 'unchanged' }],
    });
  });

  test.each([
    [{ x_RowId: 'Gross' }, 'x_RowId is a column that the import fills'],
    [{ x_sourcerow: 'Gross' }, 'x_sourcerow is a column that the import fills'],
    [{ x_Team: 'Gross', x_team: 'Net' }, 'x_team is named twice'],
  ])('that names %j is refused', async (more, reason) => {
    const path = await put(bench, 'acme.csv', bill);
    const as = await mapping({ BilledCost: 'Net', BillingPeriodStart: 'Month', ...more });
    const { errors } = await importInto(bench, path, { as });
    expect(errors).toMatchObject([{ code: 'ingestion.unfitMapping' }]);
    expect(errors[0]?.message).toContain(reason);
  });
});

test('a month that begins before midnight UTC is the same month in the lake and in a question', async () => {
  const paris = {
    BillingPeriodStart: '2026-10-01T00:00:00+02:00',
    BillingPeriodEnd: '2026-11-01T00:00:00+01:00',
  };
  const result = await importInto(bench, await put(bench, 'acme.csv', focus(paris)));
  expect(result.imports).toMatchObject([{ billingPeriod: '2026-10' }]);
  const selection = await bench.workspace.lake.select(everything, costDataset);
  const query = costQuerySchema.parse({
    measures: [{ sum: 'BilledCost' }],
    dimensions: [{ grain: 'month', of: 'billing', name: 'month' }, { grain: 'day' }],
  });
  const { rows } = await runCostQuery(bench.engine, {
    dataset: costDataset,
    selection,
    scope: everything,
    query,
  });
  expect(rows).toEqual([{ month: '2026-10', day: '2026-10-05', BilledCost: '1' }]);
});

test('the upfront fee of a plan that is given back without the ARN of the plan has no effective cost', async () => {
  const refund = {
    'lineItem/LineItemType': 'Refund',
    'lineItem/ProductCode': 'ComputeSavingsPlans',
    'lineItem/LineItemDescription': 'Refund for one-time fee of a 1 year plan',
    'lineItem/UnblendedCost': '-100',
  };
  const usual = { ...refund, 'lineItem/ProductCode': 'AmazonEC2' };
  await importInto(bench, await put(bench, 'acme.csv', cur(refund, usual)));
  expect(await costRows(bench, 'BilledCost, EffectiveCost, ChargeCategory, ChargeClass')).toEqual([
    { BilledCost: '-100', EffectiveCost: '0', ChargeCategory: 'Purchase', ChargeClass: 'Correction' },
    { BilledCost: '-100', EffectiveCost: '-100', ChargeCategory: 'Usage', ChargeClass: 'Correction' },
  ]);
});

test('the unused part of a reservation counts although the bill gives its upfront share alone', async () => {
  const fee = {
    'lineItem/LineItemType': 'RIFee',
    'lineItem/UnblendedCost': '0',
    'reservation/UnusedAmortizedUpfrontFeeForBillingPeriod': '1.5',
  };
  await importInto(bench, await put(bench, 'acme.csv', without(cur(fee), 'reservation/UnusedRecurringFee')));
  expect(await costRows(bench, 'x_Part, EffectiveCost')).toEqual([
    { x_Part: 0, EffectiveCost: '0' },
    { x_Part: 1, EffectiveCost: '1.5' },
  ]);
});

test('the list cost of millions of requests is rate × amount, and the price under a reservation is that of its cost', async () => {
  const requests = {
    'lineItem/UsageAmount': '2500000',
    'lineItem/UnblendedCost': '0.9',
    'pricing/publicOnDemandRate': '0.0000004',
  };
  const reserved = {
    'lineItem/LineItemType': 'DiscountedUsage',
    'lineItem/UnblendedCost': '0',
    'lineItem/UnblendedRate': '0',
    'pricing/publicOnDemandRate': '0.12',
    'pricing/publicOnDemandCost': '0.12',
  };
  await importInto(bench, await put(bench, 'acme.csv', cur(requests, reserved)));
  expect(await costRows(bench, 'ListCost, ContractedCost, ContractedUnitPrice')).toEqual([
    { ListCost: '1', ContractedCost: '0.9', ContractedUnitPrice: '0.1' },
    { ListCost: '0.12', ContractedCost: '0.12', ContractedUnitPrice: '0.12' },
  ]);
});

test('a bill whose parts are not all net of discounts is taken gross as a whole', async () => {
  await put(bench, 'acme-00001.csv', cur({ 'lineItem/NetUnblendedCost': '0.08' }));
  await put(bench, 'acme-00002.csv', cur({}));
  expect(await importInto(bench, bench.folder)).toMatchObject({
    imports: [{ nativeColumn: 'lineItem/UnblendedCost', nativeCost: '0.2', billedCost: '0.2' }],
  });
});

/** Writes the mapping of a bill in euros, always to the same file. */
async function mapping(columns: Readonly<Record<string, string>>): Promise<string> {
  const file = join(bench.folder, 'mapping.toml');
  const lines = Object.entries(columns).map(([name, from]) => `${name} = "${from}"`);
  await writeFile(
    file,
    `name = "acme"\n[columns]\nBillingCurrency = { value = "EUR" }\n${lines.join('\n')}\n`,
  );
  return `mapping:${file}`;
}
