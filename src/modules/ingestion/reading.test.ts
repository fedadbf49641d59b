import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Bench,
  costRows,
  csv,
  cur,
  focus,
  importInto,
  openBench,
  put,
  putParquet,
} from './testing/bills.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const table = cur(
  { 'lineItem/UnblendedCost': '1', 'lineItem/LineItemDescription': 'says "yes", twice\nand goes on' },
  { 'lineItem/UnblendedCost': '2', 'lineItem/LineItemDescription': ' blanks kept ' },
  { 'lineItem/UnblendedCost': '3', 'lineItem/LineItemDescription': 'é€😀' },
);
const descriptions = ['says "yes", twice\nand goes on', ' blanks kept ', 'é€😀'];

describe('a CSV', () => {
  test.each([
    ['line feeds', (text: string) => text],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    ['no final line end', (text: string) => text.replace(/\n$/, '')],
    ['empty lines at the end', (text: string) => `${text}\n\n`],
    [
      'every field quoted',
      () =>
        [table.header, ...table.rows]
          .map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
          .join('\n'),
    ],
  ])('with %s is read to the same rows', async (_, change) => {
    const text = change(csv(table));
    for (const [name, bytes] of [
      ['a.csv', Buffer.from(text)],
      ['b.csv.gz', gzipSync(text)],
    ] as const) {
      const result = await importInto(bench, await put(bench, name, bytes), { source: name.slice(0, 1) });
      expect(result.errors).toEqual([]);
      expect(result.imports).toMatchObject([{ rowsRead: 3, nativeCost: '6', billedCost: '6' }]);
    }
    const rows = await costRows(bench, 'ChargeDescription, x_SourceRow');
    expect(rows.map((row) => row['ChargeDescription'])).toEqual([...descriptions, ...descriptions]);
    expect(rows.map((row) => row['x_SourceRow'])).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test.each([
    ['\r\n', 'carriage return and line feed'],
    ['\r', 'carriage return'],
  ])('with lines ended by %j is read to the same sums', async (end) => {
    const plain = cur({ 'lineItem/UnblendedCost': '1' }, { 'lineItem/UnblendedCost': '2' });
    const path = await put(bench, 'acme.csv', csv(plain).replaceAll('\n', end));
    const result = await importInto(bench, path);
    expect(result.errors).toEqual([]);
    expect(result.imports).toMatchObject([{ rowsRead: 2, nativeCost: '3', billedCost: '3' }]);
  });

  test('with an empty line between rows loses and renumbers none', async () => {
    const lines = csv(cur({ 'lineItem/UnblendedCost': '1' }, { 'lineItem/UnblendedCost': '2' })).split('\n');
    const path = await put(bench, 'acme.csv', [lines[0], lines[1], '', lines[2], ''].join('\n'));
    const result = await importInto(bench, path);
    expect(result.imports).toMatchObject([{ rowsRead: 2, nativeCost: '3', billedCost: '3' }]);
    expect((await costRows(bench, 'x_SourceRow')).map((row) => row['x_SourceRow'])).toEqual([1, 2]);
  });

  test('with columns of one name keeps the first, and loses no row for it', async () => {
    const twice = cur({ 'lineItem/UnblendedCost': '1' });
    const path = await put(bench, 'acme.csv', {
      header: [
        ...twice.header,
        'lineItem/UnblendedCost',
        'lineItem/UnblendedCost_2',
        'LINEITEM/UNBLENDEDCOST',
        '',
      ],
      rows: twice.rows.map((cells) => [...cells, '8', '9', '10', 'x']),
    });
    const result = await importInto(bench, path);
    expect(result.errors).toEqual([]);
    expect(result.imports).toMatchObject([{ nativeCost: '1', billedCost: '1' }]);
  });

  test('of FOCUS may write NULL for nothing; the text "NULL" in quotes is a text', async () => {
    const path = await put(
      bench,
      'acme.csv',
      csv(focus({ ChargeClass: 'NULL', InvoiceId: 'null', ChargeDescription: 'kept' })).replace(
        'kept',
        '"NULL"',
      ),
    );
    await importInto(bench, path);
    expect(await costRows(bench, 'ChargeClass, InvoiceId, ChargeDescription')).toEqual([
      { ChargeClass: null, InvoiceId: null, ChargeDescription: 'NULL' },
    ]);
  });
});

describe('a Parquet file', () => {
  test.each([
    ['decimal(38,18)', '0.1234567890125', '0.123456789013', '-0.0000000000005'],
    ['double', '0.1234567890125', '0.123456789013', '-0.0000000000005'],
    ['double', '1e-7', '0.0000001', '0'],
    ['double', '12345678901.123', '12345678901.123', '0'],
    ['float', '0.1', '0.1', '0'],
    ['integer', '7', '7', '0'],
    ['bigint', '7000000000', '7000000000', '0'],
  ])('with costs of type %s counts %s as %s', async (type, text, cost, rounding) => {
    const path = join(bench.folder, 'acme.parquet');
    await putParquet(bench.engine, path, cur({ 'lineItem/UnblendedCost': text }), (name) =>
      name === 'lineItem/UnblendedCost' ? type : 'varchar',
    );
    const result = await importInto(bench, path);
    expect(result.imports).toMatchObject([
      { nativeCost: cost, nativeRounding: rounding, billedCost: cost, unexplained: '0' },
    ]);
  });

  test.each([
    ['timestamp', '2026-10-01 00:00:00'],
    ['timestamptz', '2026-10-01 00:00:00+00'],
    ['timestamptz', '2026-09-30 22:00:00+00'],
    ['timestamp_ms', '2026-10-01 00:00:00'],
    ['timestamp_ns', '2026-10-01 00:00:00'],
    ['date', '2026-10-01'],
    ['varchar', '2026-10-01T00:00:00.000Z'],
  ])('with a billing month of type %s (%s) is October on both sides', async (type, value) => {
    const path = join(bench.folder, 'acme.parquet');
    await putParquet(bench.engine, path, focus({ BillingPeriodStart: value }), (name) =>
      name === 'BillingPeriodStart' ? type : 'varchar',
    );
    const result = await importInto(bench, path);
    expect(result.errors).toEqual([]);
    expect(result.imports).toMatchObject([{ billingPeriod: '2026-10', nativeCost: '1', unexplained: '0' }]);
  });
});
