import { readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import {
  collectGarbage,
  findPartition,
  openWorkspace,
  rollBack,
  verifyLake,
} from '../../platform/warehouse/index.ts';
import {
  type Bench,
  costRows,
  csv,
  cur,
  focus,
  importInto,
  openBench,
  put,
  putCur2,
  stateOf,
  without,
} from './testing/bills.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const billedCosts = async () =>
  (await costRows(bench, 'BilledCost, x_SourceName')).map((row) => row['BilledCost']);
const outcome = (result: Awaited<ReturnType<typeof importInto>>) =>
  result.imports.map(({ billingPeriod, currency, billedCost, status }) => [
    billingPeriod,
    currency,
    billedCost,
    status,
  ]);

describe('a bill that was imported before', () => {
  test('is unchanged, and nothing is written', async () => {
    const path = await put(bench, 'acme.csv.gz', cur({}, {}));
    const first = await importInto(bench, path);
    expect(outcome(first)).toEqual([['2026-10', 'USD', '0.2', 'imported']]);
    const before = await stateOf(bench);
    const second = await importInto(bench, path);
    expect(second.imports).toEqual(first.imports.map((entry) => ({ ...entry, status: 'unchanged' })));
    expect(await stateOf(bench)).toEqual(before);
  });

  test('is not even opened when size, time and inode are those of the recorded one; with --rehash it is', async () => {
    const path = await put(bench, 'acme.csv', cur({ 'lineItem/UnblendedCost': '0.1' }));
    await importInto(bench, path);
    const { atime, mtime } = await stat(path);
    // Other content under the same size, time and inode: only a reader of the file can notice.
    await writeFile(path, (await readFile(path, 'utf8')).replace(',0.1,one', ',0.9,one'));
    await utimes(path, atime, mtime);
    expect(outcome(await importInto(bench, path))).toEqual([['2026-10', 'USD', '0.1', 'unchanged']]);
    expect(outcome(await importInto(bench, path, { rehash: true }))).toEqual([
      ['2026-10', 'USD', '0.9', 'replaced'],
    ]);
  });

  test('is unchanged when it was only touched, or when it is hashed again', async () => {
    const path = await put(bench, 'acme.csv', cur({}));
    await importInto(bench, path);
    const before = await stateOf(bench);
    await utimes(path, new Date(), new Date('2026-11-20T00:00:00Z'));
    expect(outcome(await importInto(bench, path))).toEqual([['2026-10', 'USD', '0.1', 'unchanged']]);
    expect(outcome(await importInto(bench, path, { rehash: true }))).toEqual([
      ['2026-10', 'USD', '0.1', 'unchanged'],
    ]);
    expect(await stateOf(bench)).toEqual(before);
  });

  test('is imported again when something else is said about it', async () => {
    const path = await put(bench, 'acme.csv', without(cur({}), 'lineItem/CurrencyCode'));
    expect(outcome(await importInto(bench, path))).toEqual([['2026-10', 'XXX', '0.1', 'imported']]);
    expect(outcome(await importInto(bench, path, { currency: 'EUR' }))).toEqual([
      ['2026-10', 'EUR', '0.1', 'replaced'],
    ]);
  });

  test('is imported again when its month was rolled back or removed meanwhile', async () => {
    const path = await put(bench, 'acme.csv', cur({}));
    await importInto(bench, path);
    await put(bench, 'acme.csv', cur({}, {}));
    await importInto(bench, path);
    await rollBack(bench.workspace.lake, everything, { source: 'acme', period: '2026-10' });
    expect(await billedCosts()).toEqual(['0.1']);
    expect(outcome(await importInto(bench, path))).toEqual([['2026-10', 'USD', '0.2', 'replaced']]);
  });
});

describe('numbered parts of a bill', () => {
  test('that are brought one after the other do not replace each other unasked', async () => {
    await importInto(bench, await put(bench, 'acme-00001.csv', cur({})));
    const second = await put(bench, 'acme-00002.csv', cur({}, {}));
    expect((await importInto(bench, second)).errors).toMatchObject([
      { code: 'ingestion.otherDelivery', exitCode: 7 },
    ]);
    expect(await billedCosts()).toEqual(['0.1']);
    await put(bench, 'acme-00001.csv', cur({ 'lineItem/UnblendedCost': '0.3' }));
    expect(outcome(await importInto(bench, bench.folder))).toEqual([['2026-10', 'USD', '0.5', 'replaced']]);
  });
});

describe('a folder', () => {
  test('with a bill in two packings counts it once', async () => {
    await put(bench, 'acme.csv', cur({}));
    await put(bench, 'acme.csv.gz', cur({}));
    const result = await importInto(bench, bench.folder);
    expect(await billedCosts()).toEqual(['0.1']);
    expect(result.errors).toMatchObject([{ code: 'ingestion.otherDelivery' }]);
  });

  test('with the workspace in it does not import what the workspace keeps', async () => {
    const path = await put(bench, 'acme.csv', cur({}));
    const inside = openWorkspace({ root: join(bench.folder, 'data'), threads: 2 });
    try {
      const own = { ...bench, workspace: inside };
      await importInto(own, path);
      expect(outcome(await importInto(own, bench.folder))).toEqual([['2026-10', 'USD', '0.1', 'unchanged']]);
    } finally {
      await inside.close();
    }
  });
});

describe('a restated bill', () => {
  test('replaces its month, the earlier one stays in the history', async () => {
    const path = await put(bench, 'acme.csv', cur({}, {}));
    const first = await importInto(bench, path);
    await put(bench, 'acme.csv', cur({ 'lineItem/UnblendedCost': '0.3' }));
    const second = await importInto(bench, path);
    expect(second.imports).toMatchObject([
      { billedCost: '0.3', status: 'replaced', replaced: first.imports[0]?.snapshot },
    ]);
    expect(await billedCosts()).toEqual(['0.3']);
    const { history } = findPartition(await bench.workspace.lake.visible(everything), {
      dataset: 'cost',
      source: 'acme',
      period: '2026-10',
    });
    expect(history.map(({ id }) => id)).toEqual([first.imports[0]?.snapshot]);
  });

  test('of a month that the provider had closed is refused with both sums, unless it is accepted', async () => {
    const invoiced = { 'bill/InvoiceId': 'INV-1' };
    const path = await put(bench, 'acme.csv', cur(invoiced, invoiced));
    await importInto(bench, path);
    await put(bench, 'acme.csv', cur({ ...invoiced, 'lineItem/UnblendedCost': '0.5' }));
    const before = await stateOf(bench);
    const refused = await importInto(bench, path);
    expect(refused.errors).toMatchObject([
      { code: 'ingestion.restated', exitCode: 7, params: { before: '0.2 USD', after: '0.5 USD' } },
    ]);
    expect(refused.errors[0]?.message).toContain(
      'restated-closed-month: acme 2026-10 was closed by the provider at 0.2 USD and this delivery says 0.5 USD.',
    );
    expect(outcome(refused)).toEqual([['2026-10', 'USD', '0.5', 'refused']]);
    expect(await stateOf(bench)).toEqual(before);
    const accepted = await importInto(bench, path, { acceptRestatement: true });
    expect(outcome(accepted)).toEqual([['2026-10', 'USD', '0.5', 'replaced']]);
  });

  test('of a month that had cost nothing yet needs no word: without an invoice it was not closed', async () => {
    const path = await put(bench, 'acme.csv', cur({ 'lineItem/UnblendedCost': '0' }));
    await importInto(bench, path);
    await put(bench, 'acme.csv', cur({}));
    expect(outcome(await importInto(bench, path))).toEqual([['2026-10', 'USD', '0.1', 'replaced']]);
  });

  test('of an open month needs no word: rows without an invoice are not final', async () => {
    const path = await put(bench, 'acme.csv', cur({ 'bill/InvoiceId': 'INV-1' }, {}));
    await importInto(bench, path);
    await put(bench, 'acme.csv', cur({ 'bill/InvoiceId': 'INV-1' }));
    expect(outcome(await importInto(bench, path))).toEqual([['2026-10', 'USD', '0.1', 'replaced']]);
  });

  test('that gained and lost columns says so', async () => {
    const path = await put(bench, 'acme.csv', cur({ 'lineItem/TaxType': 'VAT' }));
    await importInto(bench, path);
    await put(bench, 'acme.csv', cur({ 'product/sku': 'ABC' }));
    const { issues } = await importInto(bench, path);
    expect(issues.filter(({ code }) => code.startsWith('ingestion.columns'))).toMatchObject([
      { code: 'ingestion.columnsAdded', message: expect.stringContaining('product/sku') },
      { code: 'ingestion.columnsGone', message: expect.stringContaining('lineItem/TaxType') },
    ]);
  });
});

describe('two bills of one name', () => {
  test('in two folders are not taken for one another: the second is refused, with what to do', async () => {
    await importInto(bench, await put(bench, 'a/acme.csv', cur({})));
    const before = await stateOf(bench);
    const path = await put(bench, 'b/acme.csv', cur({ 'lineItem/UnblendedCost': '7' }));
    const refused = await importInto(bench, path);
    expect(refused.errors).toMatchObject([{ code: 'ingestion.otherDelivery', exitCode: 7 }]);
    expect(refused.errors[0]?.message).toContain(join(bench.folder, 'a/acme.csv'));
    expect(await stateOf(bench)).toEqual(before);
    expect(outcome(await importInto(bench, path, { source: 'other' }))).toEqual([
      ['2026-10', 'USD', '7', 'imported'],
    ]);
    expect(await billedCosts()).toEqual(['0.1', '7']);
    expect(outcome(await importInto(bench, path, { source: 'acme' }))).toEqual([
      ['2026-10', 'USD', '7', 'replaced'],
    ]);
  });

  test('in one import never replace each other, not under one --source either', async () => {
    await put(bench, 'a/acme.csv', cur({}));
    await put(bench, 'b/acme.csv', cur({ 'lineItem/UnblendedCost': '7' }));
    for (const options of [{}, { source: 'all' }]) {
      const result = await importInto(bench, bench.folder, options);
      expect(result.imports.map(({ status }) => status).sort()).toEqual(['imported', 'refused']);
      expect(result.errors).toMatchObject([{ code: 'ingestion.otherDelivery', exitCode: 7 }]);
    }
    expect(await billedCosts()).toHaveLength(2);
  });

  test('of different months in dated folders are one source', async () => {
    await put(bench, '2026-09/acme.csv', cur({ 'bill/BillingPeriodStartDate': '2026-09-01T00:00:00Z' }));
    await put(bench, '2026-10/acme.csv', cur({}));
    const result = await importInto(bench, bench.folder);
    expect(result.errors).toEqual([]);
    expect(result.imports.map(({ source, billingPeriod }) => [source, billingPeriod])).toEqual([
      ['acme', '2026-09'],
      ['acme', '2026-10'],
    ]);
  });
});

describe('what one delivery holds', () => {
  test('a file of several months is one commit', async () => {
    const november = {
      'bill/BillingPeriodStartDate': '2026-11-01T00:00:00Z',
      'bill/BillingPeriodEndDate': '2026-12-01T00:00:00Z',
      'lineItem/UnblendedCost': '2',
    };
    const path = await put(bench, 'acme.csv', cur({}, november, {}));
    const { generation } = await bench.workspace.lake.current();
    const result = await importInto(bench, path);
    expect(outcome(result)).toEqual([
      ['2026-10', 'USD', '0.2', 'imported'],
      ['2026-11', 'USD', '2', 'imported'],
    ]);
    expect((await bench.workspace.lake.current()).generation).toBe(generation + 1);
    expect(await costRows(bench, 'BilledCost, x_SourceRow')).toEqual([
      { BilledCost: '0.1', x_SourceRow: 1 },
      { BilledCost: '0.1', x_SourceRow: 3 },
      { BilledCost: '2', x_SourceRow: 2 },
    ]);
    expect(outcome(await importInto(bench, path)).map(([, , , status]) => status)).toEqual([
      'unchanged',
      'unchanged',
    ]);
  });

  test('parts of a bill are added up as one delivery; each row knows its part', async () => {
    await put(bench, 'acme/acme-00001.csv', cur({}, { 'lineItem/UnblendedCost': '0.2' }));
    await put(bench, 'acme/acme-00002.csv.gz', cur({ 'lineItem/UnblendedCost': '0.4' }));
    const result = await importInto(bench, join(bench.folder, 'acme'));
    expect(result.imports).toMatchObject([
      { source: 'acme', rowsRead: 3, nativeCost: '0.7', billedCost: '0.7' },
    ]);
    const rows = await costRows(bench, 'BilledCost, x_SourceFileNumber, x_SourceRow, x_RowId');
    expect(
      rows.map(({ x_RowId, ...row }) => [...Object.values(row), String(x_RowId).split(':').slice(1)]),
    ).toEqual([
      ['0.1', 1, 1, ['1', '1', '0']],
      ['0.2', 1, 2, ['1', '2', '0']],
      ['0.4', 2, 1, ['2', '1', '0']],
    ]);
    // A part that is gone changes the delivery: the month is read again as a whole.
    await rename(join(bench.folder, 'acme/acme-00002.csv.gz'), join(bench.folder, 'away'));
    expect(outcome(await importInto(bench, join(bench.folder, 'acme')))).toEqual([
      ['2026-10', 'USD', '0.3', 'replaced'],
    ]);
  });

  test('parts in both containers and with other columns are converted each by its own header', async () => {
    await put(bench, 'acme-00001.csv', cur({ 'product/sku': 'ABC' }));
    await putCur2(bench, 'acme-00002.parquet', cur({ 'lineItem/UnblendedCost': '0.4' }));
    const result = await importInto(bench, bench.folder);
    expect(result.imports).toMatchObject([{ rowsRead: 2, billedCost: '0.5' }]);
    expect(await costRows(bench, 'SkuId, BilledCost')).toEqual([
      { SkuId: 'ABC', BilledCost: '0.1' },
      { SkuId: null, BilledCost: '0.4' },
    ]);
  });

  test('currencies are kept apart, an entry each', async () => {
    const euros = {
      'bill/PayerAccountId': '999999999999',
      'lineItem/CurrencyCode': 'EUR',
      'lineItem/UnblendedCost': '3',
    };
    const result = await importInto(bench, await put(bench, 'acme.csv', cur({}, euros, {})));
    expect(outcome(result)).toEqual([
      ['2026-10', 'EUR', '3', 'imported'],
      ['2026-10', 'USD', '0.2', 'imported'],
    ]);
    expect(result.imports.map(({ rowsRead, unexplained }) => [rowsRead, unexplained])).toEqual([
      [1, '0'],
      [2, '0'],
    ]);
  });

  test.each(['acme.csv', 'acme.csv.gz', 'acme.zip', 'acme.parquet'])(
    '%s is read to the same sums',
    async (name) => {
      const table = cur({ 'lineItem/UnblendedCost': '0.1234567890125' }, {});
      const result = await importInto(bench, await put(bench, name, table));
      expect(result.imports).toMatchObject([
        {
          source: 'acme',
          rowsRead: 2,
          nativeCost: '0.223456789013',
          // 0.1234567890125 was rounded up: exact − rounded.
          nativeRounding: '-0.0000000000005',
          billedCost: '0.223456789013',
          unexplained: '0',
        },
      ]);
    },
  );

  test('costs of more than a million million are counted like any other', async () => {
    const table = cur(
      { 'lineItem/UnblendedCost': '12345678901234567890.5' },
      { 'lineItem/UnblendedCost': '-2e15' },
    );
    const result = await importInto(bench, await put(bench, 'acme.csv', table));
    expect(result.imports).toMatchObject([
      { nativeCost: '12343678901234567890.5', billedCost: '12343678901234567890.5', unexplained: '0' },
    ]);
  });

  test('costs smaller than what is kept count 0, and the rounding states them', async () => {
    const table = cur({ 'lineItem/UnblendedCost': '9e-20' }, { 'lineItem/UnblendedCost': '-4.5E-14' });
    const result = await importInto(bench, await put(bench, 'acme.csv', table));
    expect(result.imports).toMatchObject([
      { nativeCost: '0', nativeRounding: '-0.00000000000004499991', billedCost: '0', unexplained: '0' },
    ]);
  });

  test.each([
    '2026-10-01T00:00:00Z',
    '2026-09-30T22:00:00Z',
    '2026-10-01',
    '2026-10-01 00:00:00',
    '2026-10-01 00:00:00+00',
    '2026-10-01 00:00:00 UTC',
    '2026-10-01 00:00:00.000000 UTC',
    '2026-10-01T02:00:00+02:00',
    '2026-10-01T00:00:00.000Z',
  ])('a billing month written as %s is October on both sides of the books', async (label) => {
    const table = focus({ BillingPeriodStart: label });
    expect(outcome(await importInto(bench, await put(bench, 'acme.csv', table)))).toEqual([
      ['2026-10', 'USD', '1', 'imported'],
    ]);
  });

  test.each([
    ['10/1/26', '11/1/26', 'month/day/year'],
    ['1/10/2026', '1/11/2026', 'day/month/year'],
  ])(
    'dates of a spreadsheet (%s) are read in the only order that gives whole months, and the result says so',
    async (start, end, order) => {
      const table = focus({
        BillingPeriodStart: start,
        BillingPeriodEnd: end,
        ChargePeriodStart: start,
        ChargePeriodEnd: end,
      });
      const result = await importInto(bench, await put(bench, 'acme.csv', table));
      expect(outcome(result)).toEqual([['2026-10', 'USD', '1', 'imported']]);
      expect(result.issues).toContainEqual(
        expect.objectContaining({ code: 'ingestion.dateOrder', message: expect.stringContaining(order) }),
      );
    },
  );
});

describe('what the caller says', () => {
  test('a dry run states every figure and writes nothing', async () => {
    const path = await put(bench, 'acme.csv', cur({}));
    const before = await stateOf(bench);
    const result = await importInto(bench, path, { dryRun: true });
    expect(result.imports).toMatchObject([
      { billedCost: '0.1', nativeCost: '0.1', unexplained: '0', snapshot: null, status: 'dry-run' },
    ]);
    expect(await stateOf(bench)).toEqual(before);
    expect(outcome(await importInto(bench, path))).toEqual([['2026-10', 'USD', '0.1', 'imported']]);
  });

  test('a bill that names no currency is kept apart as XXX, with a word on what to do', async () => {
    const path = await put(bench, 'acme.csv', without(focus({}), 'BillingCurrency'));
    const result = await importInto(bench, path);
    expect(outcome(result)).toEqual([['2026-10', 'XXX', '1', 'imported']]);
    expect(result.issues).toContainEqual(
      expect.objectContaining({
        code: 'ingestion.currencyMissing',
        message: expect.stringContaining('Pass --currency CODE'),
      }),
    );
  });

  test('--currency stands in for a missing currency, and never for one that is there', async () => {
    const missing = await put(bench, 'a.csv', without(focus({}), 'BillingCurrency'));
    expect(outcome(await importInto(bench, missing, { currency: 'CHF' }))).toEqual([
      ['2026-10', 'CHF', '1', 'imported'],
    ]);
    const there = await put(bench, 'b.csv', focus({}));
    expect(outcome(await importInto(bench, there, { currency: 'CHF' }))).toEqual([
      ['2026-10', 'USD', '1', 'imported'],
    ]);
  });

  test('--period stands in for a missing billing month', async () => {
    const table = without(
      focus({}),
      'BillingPeriodStart',
      'BillingPeriodEnd',
      'ChargePeriodStart',
      'ChargePeriodEnd',
    );
    const result = await importInto(bench, await put(bench, 'acme.csv', table), { period: '2026-08' });
    expect(outcome(result)).toEqual([['2026-08', 'USD', '1', 'imported']]);
    expect(await costRows(bench, 'BillingPeriodStart, BillingPeriodEnd')).toEqual([
      { BillingPeriodStart: '2026-08-01T00:00:00Z', BillingPeriodEnd: '2026-09-01T00:00:00Z' },
    ]);
  });

  test('a mapping file makes a bill of any CSV', async () => {
    const mapping = await put(
      bench,
      'acme.toml',
      `name = "acme"
dateOrder = "dmy"
[columns]
BilledCost = "Amount"
BillingPeriodStart = "Month"
BillingCurrency = { value = "EUR" }
ServiceName = "What"
x_Team = "Team"
ChargeCategory = { from = "Kind", values = { fee = "Purchase", use = "Usage" } }
`,
    );
    const path = await put(
      bench,
      'acme.csv',
      'Month,What,Kind,Amount,Team\n01/10/2026,Tickets,fee,12.50,blue\n01/10/2026,Mail,use,-0.5,\n',
    );
    const result = await importInto(bench, path, { as: `mapping:${mapping}` });
    // The mapping names the currency: it is not missing.
    expect(result.issues.map(({ code }) => code)).not.toContain('ingestion.currencyMissing');
    expect(result.imports).toMatchObject([
      {
        format: 'mapping:acme',
        currency: 'EUR',
        nativeColumn: 'Amount',
        nativeCost: '12',
        billedCost: '12',
        effectiveCost: '12',
        unexplained: '0',
      },
    ]);
    expect(await costRows(bench, 'BilledCost, ListCost, ServiceName, ChargeCategory, x_Team')).toEqual([
      {
        BilledCost: '12.5',
        ListCost: '12.5',
        ServiceName: 'Tickets',
        ChargeCategory: 'Purchase',
        x_Team: 'blue',
      },
      { BilledCost: '-0.5', ListCost: '-0.5', ServiceName: 'Mail', ChargeCategory: 'Usage', x_Team: null },
    ]);
  });

  test('a mapping may give labels a meaning, and constants are ISO whatever order the file uses', async () => {
    const mapping = await put(
      bench,
      'acme.toml',
      `name = "acme"
dateOrder = "dmy"
[columns]
BilledCost = "Amount"
EffectiveCost = { value = "0" }
BillingPeriodStart = { value = "2026-10-01" }
BillingCurrency = { from = "Money", values = { Euro = "EUR" } }
ChargePeriodStart = "From"
`,
    );
    const path = await put(bench, 'acme.csv', 'Amount,Money,From\n7,Euro,5/10/2026\n1,,31/10/2026\n');
    const result = await importInto(bench, path, { as: `mapping:${mapping}`, currency: 'EUR' });
    expect(result.errors).toEqual([]);
    expect(outcome(result)).toEqual([['2026-10', 'EUR', '8', 'imported']]);
    expect(
      await costRows(bench, 'EffectiveCost, BillingCurrency, BillingPeriodStart, ChargePeriodStart'),
    ).toEqual([
      {
        EffectiveCost: '0',
        BillingCurrency: 'EUR',
        BillingPeriodStart: '2026-10-01T00:00:00Z',
        ChargePeriodStart: '2026-10-05T00:00:00Z',
      },
      {
        EffectiveCost: '0',
        BillingCurrency: 'EUR',
        BillingPeriodStart: '2026-10-01T00:00:00Z',
        ChargePeriodStart: '2026-10-31T00:00:00Z',
      },
    ]);
  });

  test('a mapping may name months in words', async () => {
    const mapping = await put(
      bench,
      'acme.toml',
      `name = "acme"
[columns]
BilledCost = "Amount"
BillingPeriodStart = { from = "Month", values = { "Oct 26" = "2026-10-01", "Nov 26" = "2026-11-01" } }
`,
    );
    const path = await put(bench, 'acme.csv', 'Amount,Month\n7,Oct 26\n1,Nov 26\n');
    const result = await importInto(bench, path, { as: `mapping:${mapping}`, currency: 'EUR' });
    expect(result.errors).toEqual([]);
    expect(outcome(result)).toEqual([
      ['2026-10', 'EUR', '7', 'imported'],
      ['2026-11', 'EUR', '1', 'imported'],
    ]);
  });

  test('a mapping may name months as 2026-10', async () => {
    const mapping = await put(
      bench,
      'acme.toml',
      'name = "acme"\n[columns]\nBilledCost = "Amount"\nBillingPeriodStart = "Month"\n',
    );
    const path = await put(bench, 'acme.csv', 'Amount,Month\n7,2026-10\n1,2026-11\n');
    const result = await importInto(bench, path, { as: `mapping:${mapping}`, currency: 'EUR' });
    expect(result.errors).toEqual([]);
    expect(outcome(result)).toEqual([
      ['2026-10', 'EUR', '7', 'imported'],
      ['2026-11', 'EUR', '1', 'imported'],
    ]);
  });

  test('of several bills in a folder one that is refused does not keep the others out', async () => {
    await put(bench, 'bad.csv', cur({ 'lineItem/UnblendedCost': 'twelve' }));
    await put(bench, 'good.csv', cur({}));
    await put(bench, 'notes.txt', 'no bill');
    const result = await importInto(bench, bench.folder);
    expect(result.imports.map(({ source, status }) => [source, status]).sort()).toEqual([
      ['bad', 'refused'],
      ['good', 'imported'],
    ]);
    expect(result.errors).toMatchObject([
      { code: 'ingestion.unreadableCells', exitCode: 5, path: join(bench.folder, 'bad.csv') },
    ]);
    expect(await billedCosts()).toEqual(['0.1']);
  });
});

describe('what is left on the disk', () => {
  test('after imports, replacements and refusals holds what the manifest says, and no leftovers', async () => {
    const path = await put(bench, 'acme.csv', cur({}));
    await importInto(bench, path);
    await put(bench, 'acme.csv', cur({}, {}));
    await importInto(bench, path);
    await importInto(bench, await put(bench, 'bad.csv', cur({ 'lineItem/UnblendedCost': 'twelve' })));
    const verified = await verifyLake(bench.workspace.lake, bench.engine);
    expect(verified.findings).toEqual([]);
    expect(verified.snapshots).toBe(4);
    const options = { keepDays: 90, keepVersions: 3, graceHours: 24 };
    const { removed } = await collectGarbage(bench.workspace.lake, bench.workspace.root, new Date(), options);
    expect(removed).toEqual([]);
  });

  test('the original bill is as it was', async () => {
    const table = cur({}, { 'lineItem/UnblendedCost': '2' });
    const path = await put(bench, 'acme.csv', table);
    await importInto(bench, path);
    expect(await readFile(path, 'utf8')).toBe(csv(table));
  });
});
