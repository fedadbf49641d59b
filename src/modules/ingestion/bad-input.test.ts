import { appendFile, mkdir, readFile, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { zipOf } from '../../platform/objects/testing/zip.ts';
import { openWorkspace } from '../../platform/warehouse/index.ts';
import type { ImportResult } from './contract.ts';
import { importBill } from './import-bill.ts';
import {
  type Bench,
  type Cells,
  costRows,
  csv,
  cur,
  focus,
  importInto,
  openBench,
  put,
  putParquet,
  stateOf,
  without,
} from './testing/bills.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
  // A month that is there already: what is refused may change nothing of it.
  await importInto(bench, await put(bench, 'before/acme.csv', cur({}, {})), { source: 'acme' });
});
afterEach(() => bench.close());

type Options = Parameters<typeof importInto>[2];

/** Imports over the month that is there, and proves that it is refused with one error and nothing changed. */
async function refused(
  path: string,
  options: Options = {},
): Promise<ImportResult['errors'][number] & { imports: ImportResult['imports'] }> {
  const before = await stateOf(bench);
  const result = await importInto(bench, path, { source: 'acme', ...options });
  expect(await stateOf(bench)).toEqual(before);
  expect(result.imports.every(({ status, snapshot }) => status === 'refused' && snapshot === null)).toBe(
    true,
  );
  expect(result.errors).toHaveLength(1);
  return { ...(result.errors[0] as ImportResult['errors'][number]), imports: result.imports };
}

/** As `refused`, for what is refused before there is a delivery: it is thrown. */
async function thrown(path: string, options: Options = {}): Promise<unknown> {
  const before = await stateOf(bench);
  const error = await importInto(bench, path, { source: 'acme', ...options }).catch(
    (cause: unknown) => cause,
  );
  expect(await stateOf(bench)).toEqual(before);
  return error;
}

/** A bill of many rows, so that a cut takes rows away and leaves a readable rest. */
const long = cur(
  ...Array.from({ length: 5000 }, (_, i): Cells => ({ 'lineItem/UnblendedCost': `0.${i + 1}` })),
);

describe('a file that is not whole', () => {
  test('a truncated gzip is refused, though its beginning reads well', async () => {
    const path = await put(bench, 'bill.csv.gz', long);
    await truncate(path, Math.floor((await readFile(path)).length * 0.6));
    expect(await refused(path)).toMatchObject({
      code: 'objects.truncatedGzip',
      exitCode: 5,
      message: expect.stringContaining(`${path} is cut off`),
    });
  });

  test('a gzip cut exactly where a row ends is refused: its rest is a perfect bill', async () => {
    const text = csv(long);
    const cut = text.indexOf('\n', Math.floor(text.length / 2)) + 1;
    // What a cut leaves when the compressor had flushed at the end of a row: the trailer alone is missing.
    const whole = gzipSync(text.slice(0, cut));
    const path = await put(bench, 'bill.csv.gz', whole.subarray(0, whole.length - 8));
    expect(await refused(path)).toMatchObject({ code: 'objects.truncatedGzip', exitCode: 5 });
  });

  test('a gzip whose checksum does not match is refused', async () => {
    const bytes = gzipSync(csv(long));
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 0xff;
    const path = await put(bench, 'bill.csv.gz', bytes);
    expect(await refused(path)).toMatchObject({
      code: 'objects.corruptGzip',
      exitCode: 5,
      message: expect.stringContaining('the checksum does not match the content'),
    });
  });

  test('a gzip with a broken header says so', async () => {
    const bytes = gzipSync(csv(long));
    bytes.fill(0xff, 10, 40);
    const path = await put(bench, 'bill.csv.gz', bytes);
    expect(await refused(path)).toMatchObject({ exitCode: 5, message: expect.stringContaining(path) });
  });

  test('a truncated Parquet file is refused, whichever part is missing', async () => {
    const path = await put(bench, 'bill.parquet', long);
    const bytes = await readFile(path);
    for (const part of [bytes.length - 4, Math.floor(bytes.length / 2), 100, 4]) {
      await writeFile(path, bytes.subarray(0, part));
      expect(await refused(path)).toMatchObject({
        code: 'ingestion.damagedFile',
        exitCode: 5,
        message: expect.stringContaining(`${path} is damaged`),
      });
    }
  });

  test('a Parquet file with a changed byte inside is refused', async () => {
    const path = await put(bench, 'bill.parquet', long);
    const bytes = await readFile(path);
    bytes.fill(0xff, 200, 600);
    await writeFile(path, bytes);
    expect(await refused(path)).toMatchObject({ code: 'ingestion.damagedFile', exitCode: 5 });
  });

  test('an empty file, and one of a header alone, are refused', async () => {
    const empty = await put(bench, 'bill.csv', '');
    expect(await refused(empty)).toMatchObject({
      code: 'ingestion.emptyFile',
      exitCode: 5,
      message: expect.stringContaining(`${empty} is empty`),
    });
    const blank = await put(bench, 'blank.csv', '\n\n');
    expect(await refused(blank)).toMatchObject({ code: 'ingestion.emptyFile', exitCode: 5 });
    const header = await put(bench, 'header.csv', csv({ ...cur({}), rows: [] }));
    expect(await refused(header)).toMatchObject({
      code: 'ingestion.headerOnly',
      exitCode: 5,
      message: expect.stringContaining('the months that are loaded stay as they are'),
    });
    const packed = await put(bench, 'header.csv.gz', { ...cur({}), rows: [] });
    expect(await refused(packed)).toMatchObject({ code: 'ingestion.headerOnly' });
    const parquet = join(bench.folder, 'header.parquet');
    await bench.engine.run(
      `copy (select 'x' as "lineItem/UnblendedCost", 'x' as "lineItem/UsageAccountId", 'x' as "lineItem/LineItemType" where false) to '${parquet}' (format parquet)`,
    );
    expect(await refused(parquet)).toMatchObject({ code: 'ingestion.headerOnly' });
  });
});

describe('a file of another kind', () => {
  test('Latin-1 text is refused with the row that is not UTF-8', async () => {
    const text = csv(cur({}, { 'lineItem/LineItemDescription': 'préparé' }, {}));
    const path = await put(bench, 'bill.csv', Buffer.from(text, 'latin1'));
    const error = await refused(path);
    expect(error).toMatchObject({ code: 'ingestion.wrongEncoding', exitCode: 5, params: { row: 2 } });
    expect(error.message).toContain(`${path}, row 2 is not UTF-8`);
    const packed = await put(bench, 'packed.csv.gz', gzipSync(Buffer.from(text, 'latin1')));
    expect(await refused(packed)).toMatchObject({ code: 'ingestion.wrongEncoding', params: { row: 2 } });
  });

  test('Latin-1 in the header is refused too', async () => {
    const text = csv(cur({ 'resourceTags/user:Équipe': 'bleue' }));
    const path = await put(bench, 'bill.csv', Buffer.from(text, 'latin1'));
    expect(await refused(path)).toMatchObject({ code: 'ingestion.wrongEncoding', exitCode: 5 });
  });

  test('UTF-16 text is refused as no UTF-8', async () => {
    const text = csv(cur({}));
    const little = await put(bench, 'bill.csv', Buffer.from(`\ufeff${text}`, 'utf16le'));
    expect(await refused(little)).toMatchObject({
      code: 'ingestion.wrongEncoding',
      exitCode: 5,
      message: expect.stringContaining('UTF-16'),
    });
    const big = await put(bench, 'big.csv', Buffer.from(`\ufeff${text}`, 'utf16le').swap16());
    expect(await refused(big)).toMatchObject({ code: 'ingestion.wrongEncoding' });
    const bare = await put(bench, 'bare.csv', Buffer.from(text, 'utf16le'));
    expect(await refused(bare)).toMatchObject({ code: 'ingestion.wrongEncoding' });
  });

  test('a CSV that is no bill is refused with the beginning of its header', async () => {
    const path = await put(bench, 'bill.csv', 'name,age\nAda,36\n');
    expect(await refused(path)).toMatchObject({
      code: 'ingestion.unknownFormat',
      exitCode: 5,
      message: expect.stringContaining('its columns begin name, age'),
    });
  });

  test('a bill with another delimiter is no bill', async () => {
    const path = await put(bench, 'bill.csv', csv(cur({})).replaceAll(',', ';'));
    expect(await refused(path)).toMatchObject({ code: 'ingestion.unknownFormat' });
  });

  test('5,000 columns are refused', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`resourceTags/user:t${i}`, 'x']));
    const path = await put(bench, 'bill.csv', cur(many));
    expect(await refused(path)).toMatchObject({
      code: 'ingestion.tooManyColumns',
      exitCode: 5,
      params: { columns: 5020, limit: 2000 },
    });
  });

  test('a bill without a cost column is refused', async () => {
    const path = await put(bench, 'bill.csv', without(cur({}), 'lineItem/UnblendedCost'));
    expect(await refused(path)).toMatchObject({
      code: 'ingestion.noCostColumn',
      exitCode: 5,
      message: expect.stringContaining('lineItem/UnblendedCost'),
    });
  });

  test('a folder without bills, and a path that is not there, are refused', async () => {
    await mkdir(join(bench.folder, 'empty'));
    await put(bench, 'empty/notes.txt', 'nothing');
    expect(await thrown(join(bench.folder, 'empty'))).toMatchObject({
      code: 'ingestion.nothingToImport',
      exitCode: 5,
    });
    expect(await thrown(join(bench.folder, 'missing.csv'))).toMatchObject({
      code: 'ingestion.notFound',
      exitCode: 3,
    });
  });

  test('an unknown format, and a mapping that does not fit, are refused with what is known', async () => {
    const path = await put(bench, 'bill.csv', cur({}));
    expect(await refused(path, { as: 'excel' })).toMatchObject({
      code: 'ingestion.unknownWord',
      exitCode: 2,
      message: expect.stringContaining('aws-cur, focus or mapping:FILE'),
    });
    const mapping = await put(bench, 'map.toml', 'name = "m"\n[columns]\nBilledCost = "Kosten"\n');
    expect(await refused(path, { as: `mapping:${mapping}` })).toMatchObject({
      code: 'ingestion.unfitMapping',
      exitCode: 5,
      message: expect.stringContaining("BilledCost comes from 'Kosten', which the file does not have"),
    });
  });
});

describe('a cell that cannot be read', () => {
  test.each(['1,000.00', '1_000', '$5', 'NaN', 'twelve'])(
    'a cost of %s is refused with file, row and field',
    async (value) => {
      const path = await put(bench, 'bill.csv', cur({}, { 'lineItem/UnblendedCost': value }, {}));
      const error = await refused(path);
      expect(error).toMatchObject({
        code: 'ingestion.unreadableCells',
        exitCode: 5,
        params: { row: 2, field: 'lineItem/UnblendedCost', value, rule: 'unreadable-number', rows: 1 },
      });
      expect(error.message).toContain(`${path}, row 2, lineItem/UnblendedCost: '${value}' is not a number`);
    },
  );

  test('the rest of the file is added up all the same', async () => {
    const path = await put(bench, 'bill.csv', cur({}, { 'lineItem/UnblendedCost': 'twelve' }, {}));
    const { imports } = await refused(path);
    expect(imports).toMatchObject([
      {
        billingPeriod: '2026-10',
        currency: 'USD',
        rowsRead: 3,
        rowsWritten: 0,
        nativeCost: '0.2',
        billedCost: null,
      },
    ]);
  });

  test('NaN and infinity in a Parquet of doubles are none', async () => {
    for (const value of ['NaN', 'Infinity']) {
      const path = join(bench.folder, `${value}.parquet`);
      await putParquet(bench.engine, path, cur({}, { 'lineItem/UnblendedCost': value }), (name) =>
        name === 'lineItem/UnblendedCost' ? 'double' : 'varchar',
      );
      expect(await refused(path)).toMatchObject({
        code: 'ingestion.unreadableCells',
        params: { row: 2, field: 'lineItem/UnblendedCost' },
      });
    }
  });

  test('an amount of a row with a cost is refused with the cost at stake', async () => {
    const path = await put(bench, 'bill.csv', cur({}, { 'lineItem/UsageAmount': 'many' }));
    const error = await refused(path);
    expect(error).toMatchObject({
      code: 'ingestion.unreadableCells',
      params: { row: 2, field: 'lineItem/UsageAmount', costAtStake: '0.1 USD' },
    });
    expect(error.message).toContain('pass --accept-quarantine unreadable-number');
  });

  test.each(['5/1/25', '2026-02-30T00:00:00Z', 'soon'])(
    'a date of %s is refused with file, row and field',
    async (value) => {
      const path = await put(bench, 'bill.csv', cur({}, {}, { 'lineItem/UsageStartDate': value }));
      const error = await refused(path);
      expect(error).toMatchObject({
        code: 'ingestion.unreadableCells',
        exitCode: 5,
        params: { row: 3, field: 'lineItem/UsageStartDate', value, rule: 'unreadable-date' },
      });
      expect(error.message).toContain('is not a date that a bill may hold');
    },
  );

  test('a billing period that is no date is refused', async () => {
    const path = await put(bench, 'bill.csv', cur({}, { 'bill/BillingPeriodStartDate': 'October' }));
    expect(await refused(path)).toMatchObject({
      code: 'ingestion.unreadableCells',
      params: { row: 2, field: 'bill/BillingPeriodStartDate', rule: 'unreadable-date' },
    });
  });

  test.each(['EURO', 'US$', 'usd', 'ABC'])(
    'a currency of %s is refused with file, row and field',
    async (value) => {
      const path = await put(bench, 'bill.csv', cur({}, { 'lineItem/CurrencyCode': value }));
      expect(await refused(path)).toMatchObject({
        code: 'ingestion.unknownCurrency',
        exitCode: 5,
        params: { file: path, row: 2, field: 'lineItem/CurrencyCode', value },
      });
    },
  );

  test('one account billed in two currencies is refused', async () => {
    const path = await put(bench, 'bill.csv', cur({}, {}, { 'lineItem/CurrencyCode': 'EUR' }));
    const error = await refused(path);
    expect(error).toMatchObject({
      code: 'ingestion.mixedCurrencies',
      exitCode: 5,
      params: { row: 3, field: 'lineItem/CurrencyCode', account: '111111111111', period: '2026-10' },
    });
    expect(error.message).toContain('(USD, EUR)');
  });

  test.each([
    ['bill/BillingPeriodEndDate', '2026-09-01T00:00:00Z'],
    ['lineItem/UsageEndDate', '2026-10-04T23:00:00Z'],
  ])('a period that runs backwards is refused: %s', async (field, end) => {
    const path = await put(bench, 'bill.csv', cur({}, { [field]: end }));
    expect(await refused(path)).toMatchObject({
      code: 'ingestion.negativePeriod',
      exitCode: 5,
      params: { file: path, row: 2, field, end },
    });
  });

  test('a bill without any month is refused with --period', async () => {
    const table = without(
      focus({}),
      ...['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd'],
    );
    expect(await refused(await put(bench, 'bill.csv', table))).toMatchObject({
      code: 'ingestion.noBillingPeriod',
      exitCode: 5,
      message: expect.stringContaining('Pass --period YYYY-MM'),
    });
  });

  test('a single row without a month is refused with its cost', async () => {
    const path = await put(bench, 'bill.csv', cur({}, { 'bill/BillingPeriodStartDate': '' }));
    expect(await refused(path)).toMatchObject({
      exitCode: 5,
      params: { row: 2, field: 'bill/BillingPeriodStartDate', costAtStake: '0.1 USD' },
    });
  });
});

describe('a CSV with ragged rows', () => {
  /** Three good rows; the second record is short, the fourth long. */
  async function ragged(): Promise<string> {
    const lines = csv(cur({}, {}, {}, {}, {}))
      .trimEnd()
      .split('\n');
    lines[2] = (lines[2] ?? '').split(',').slice(0, -3).join(',');
    lines[4] = `${lines[4]},too,much`;
    return put(bench, 'bill.csv', `${lines.join('\n')}\n`);
  }

  test('is refused with the rows and the cost at stake', async () => {
    const path = await ragged();
    const error = await refused(path);
    expect(error).toMatchObject({
      code: 'ingestion.raggedRows',
      exitCode: 5,
      params: { file: path, row: 2, expected: 20, fields: 17, rows: 2 },
    });
    expect(error.message).toContain('pass --accept-quarantine ragged-row');
  });

  test('is imported without them when their rule is accepted by name; they are kept whole in quarantine', async () => {
    const path = await ragged();
    const result = await importInto(bench, path, { source: 'acme', acceptQuarantine: ['ragged-row'] });
    expect(result.errors).toEqual([]);
    // Five rows read: three written, two set aside. The short row lost its cost column; the long one still has it.
    expect(result.imports).toMatchObject([
      {
        rowsRead: 5,
        rowsWritten: 3,
        rowsQuarantined: 2,
        nativeCost: '0.4',
        billedCost: '0.3',
        unexplained: '0',
        status: 'replaced',
      },
    ]);
    expect(result.issues.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['ingestion.lenientReading', 'ingestion.quarantine.ragged-row']),
    );
    expect((await costRows(bench, 'x_SourceRow')).map((row) => row['x_SourceRow'])).toEqual([1, 3, 5]);
    const { lake } = bench.workspace;
    const quarantine = await lake.describe(everything, {
      dataset: 'quarantine',
      source: 'acme',
      period: '2026-10',
    });
    const files = quarantine.files.map(({ path: file }) => `'${lake.resolve(file)}'`).join(', ');
    const rows = await bench.engine.rows(
      `select x_SourceRow, Rule, Field, "Value", "Row"->>'lineItem/LineItemType' as kind from read_parquet([${files}]) order by 1`,
    );
    expect(rows).toEqual([
      { x_SourceRow: 2, Rule: 'ragged-row', Field: 'fields', Value: '17', kind: 'Usage' },
      { x_SourceRow: 4, Rule: 'ragged-row', Field: 'fields', Value: '22', kind: 'Usage' },
    ]);
  });

  test('is not imported when another rule is accepted', async () => {
    const path = await ragged();
    expect(await refused(path, { acceptQuarantine: ['unreadable-number'] })).toMatchObject({
      code: 'ingestion.raggedRows',
    });
  });

  test('unreadable cells are set aside by their rule in the same way', async () => {
    const path = await put(
      bench,
      'bill.csv',
      cur({}, { 'lineItem/UsageAmount': 'many' }, { 'lineItem/UsageStartDate': 'soon' }),
    );
    const partly = await refused(path, { acceptQuarantine: ['unreadable-number'] });
    expect(partly.params).toMatchObject({ rule: 'unreadable-date', row: 3, rows: 1 });
    const result = await importInto(bench, path, {
      source: 'acme',
      acceptQuarantine: ['unreadable-number', 'unreadable-date'],
    });
    expect(result.imports).toMatchObject([
      {
        rowsRead: 3,
        rowsWritten: 1,
        rowsQuarantined: 2,
        nativeCost: '0.3',
        billedCost: '0.1',
        unexplained: '0',
      },
    ]);
  });

  test('a row in quarantine without a month is counted where the others are', async () => {
    const path = await put(
      bench,
      'bill.csv',
      cur({}, { 'bill/BillingPeriodStartDate': 'soon', 'lineItem/CurrencyCode': 'US$' }),
    );
    const result = await importInto(bench, path, { source: 'acme', acceptQuarantine: ['unreadable-date'] });
    expect(result.errors).toEqual([]);
    expect(result.imports).toMatchObject([
      {
        billingPeriod: '2026-10',
        currency: 'USD',
        rowsRead: 2,
        rowsQuarantined: 1,
        nativeCost: '0.2',
        unexplained: '0',
      },
    ]);
  });

  test('rows in quarantine of the month itself and strays are added up', async () => {
    const path = await put(
      bench,
      'bill.csv',
      cur({}, { 'lineItem/UsageAmount': 'many' }, { 'bill/BillingPeriodStartDate': 'soon' }),
    );
    const result = await importInto(bench, path, {
      source: 'acme',
      acceptQuarantine: ['unreadable-number', 'unreadable-date'],
    });
    expect(result.errors).toEqual([]);
    expect(result.imports).toMatchObject([
      { rowsRead: 3, rowsWritten: 1, rowsQuarantined: 2, nativeCost: '0.3', unexplained: '0' },
    ]);
  });

  test('rows without any cost are set aside unasked, and an issue says so', async () => {
    const path = await put(
      bench,
      'bill.csv',
      cur({}, { 'lineItem/UsageAmount': 'many', 'lineItem/UnblendedCost': '0' }),
    );
    const result = await importInto(bench, path, { source: 'acme' });
    expect(result.imports).toMatchObject([
      { rowsRead: 2, rowsWritten: 1, rowsQuarantined: 1, unexplained: '0' },
    ]);
    expect(result.issues).toContainEqual(
      expect.objectContaining({ code: 'ingestion.quarantine.unreadable-number', rows: 1 }),
    );
  });

  test('rows whose costs cancel each other are not without cost', async () => {
    const path = await put(
      bench,
      'bill.csv',
      cur(
        {},
        { 'lineItem/UsageAmount': 'many', 'lineItem/UnblendedCost': '5' },
        { 'lineItem/UsageAmount': 'many', 'lineItem/UnblendedCost': '-5' },
      ),
    );
    expect(await refused(path)).toMatchObject({ code: 'ingestion.unreadableCells', params: { rows: 2 } });
  });

  test('a row that is not billed, yet carries the cost of a reservation, is not without cost', async () => {
    const path = await put(
      bench,
      'bill.csv',
      cur(
        {},
        {
          'lineItem/LineItemType': 'DiscountedUsage',
          'lineItem/UnblendedCost': '0',
          'lineItem/UsageAmount': 'many',
          'reservation/EffectiveCost': '5',
        },
      ),
    );
    expect(await refused(path)).toMatchObject({ code: 'ingestion.unreadableCells', params: { row: 2 } });
  });

  test('more than ten thousand bad rows are the fault of the file, whatever is accepted', async () => {
    const bad = Array.from({ length: 10_001 }, (): Cells => ({ 'lineItem/UsageAmount': 'many' }));
    const path = await put(bench, 'bill.csv', cur({}, ...bad));
    expect(await refused(path, { acceptQuarantine: ['unreadable-number'] })).toMatchObject({
      code: 'ingestion.unreadableCells',
      params: { row: 2, rows: 10_001 },
    });
  });

  test('a quote that is never closed is refused as damage', async () => {
    const text = csv(cur({}, {}, {}));
    const at = text.lastIndexOf('one hour');
    const path = await put(bench, 'bill.csv', `${text.slice(0, at)}"${text.slice(at)}`);
    expect(await refused(path)).toMatchObject({ code: 'ingestion.damagedFile', exitCode: 5 });
  });
});

describe('a file that is made to harm', () => {
  test('a path outside the allowed roots is refused, by whatever way', async () => {
    const outside = join(dirname(bench.folder), 'outside.csv');
    await writeFile(outside, csv(cur({})));
    expect(await thrown(outside)).toMatchObject({ code: 'objects.outsideRoots', exitCode: 4 });
    await symlink(outside, join(bench.folder, 'link.csv'));
    expect(await thrown(join(bench.folder, 'link.csv'))).toMatchObject({ code: 'objects.outsideRoots' });
    expect(await thrown(`${bench.folder}/../outside.csv`)).toMatchObject({ exitCode: 4 });
    expect(await thrown('/etc/passwd')).toMatchObject({ code: 'objects.outsideRoots', exitCode: 4 });
  });

  test('a link out of the roots inside a folder is not followed', async () => {
    const outside = join(dirname(bench.folder), 'outside.csv');
    await writeFile(outside, csv(cur({ 'lineItem/UnblendedCost': '666' })));
    await mkdir(join(bench.folder, 'tree'));
    await symlink(outside, join(bench.folder, 'tree/link.csv'));
    const before = await stateOf(bench);
    const outcome = await importInto(bench, join(bench.folder, 'tree')).catch((error: unknown) => error);
    expect(JSON.stringify(outcome)).not.toContain('666');
    expect(await stateOf(bench)).toEqual(before);
  });

  test('a zip bomb is refused before it fills the disk', async () => {
    const path = await put(
      bench,
      'bill.zip',
      zipOf([{ name: 'bill.csv', content: Buffer.alloc(150_000_000, 'a') }]),
    );
    expect(await refused(path)).toMatchObject({ code: 'objects.bomb', exitCode: 5 });
  });

  test('a gzip bomb is refused', async () => {
    const path = await put(
      bench,
      'bill.csv.gz',
      gzipSync(Buffer.concat([Buffer.from(csv(cur({}))), Buffer.alloc(150_000_000, '\n')])),
    );
    expect(await refused(path)).toMatchObject({ code: 'objects.bomb', exitCode: 5 });
  });

  test('a zip of two bills is refused', async () => {
    const content = Buffer.from(csv(cur({})));
    const path = await put(
      bench,
      'bill.zip',
      zipOf([
        { name: 'a.csv', content },
        { name: 'b.csv', content },
      ]),
    );
    expect(await refused(path)).toMatchObject({ code: 'objects.badZip', exitCode: 5 });
  });
});

describe('a manifest', () => {
  const month = 'exports/acme/20261001-20261101';
  const manifest = (keys: readonly string[], reportName = 'acme') =>
    JSON.stringify({
      assemblyId: 'a-1',
      account: '111111111111',
      reportName,
      bucket: 'bills',
      compression: 'GZIP',
      contentType: 'text/csv',
      billingPeriod: { start: '20261001T000000.000Z', end: '20261101T000000.000Z' },
      reportKeys: keys,
    });
  const key = (name: string) => `${month}/a-1/${name}`;

  test('with all its files is one delivery', async () => {
    await put(bench, key('acme-1.csv.gz'), cur({}));
    await put(bench, key('acme-2.csv.gz'), cur({ 'lineItem/UnblendedCost': '2' }));
    const path = await put(
      bench,
      `${month}/acme-Manifest.json`,
      manifest([key('acme-1.csv.gz'), key('acme-2.csv.gz')]),
    );
    const result = await importInto(bench, path, { source: 'cur' });
    expect(result.imports).toMatchObject([{ source: 'cur', rowsRead: 2, nativeCost: '2.1' }]);
    const again = await importInto(bench, path, { source: 'cur' });
    expect(again.imports).toMatchObject([{ status: 'unchanged' }]);
  });

  test('that names a file twice is refused', async () => {
    await put(bench, key('acme-1.csv.gz'), cur({}));
    const path = await put(
      bench,
      `${month}/acme-Manifest.json`,
      manifest([key('acme-1.csv.gz'), key('acme-1.csv.gz')]),
    );
    expect(await thrown(path)).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('acme-1.csv.gz'),
    });
  });

  test('that names a file that is not there is refused', async () => {
    await put(bench, key('acme-1.csv.gz'), cur({}));
    const path = await put(
      bench,
      `${month}/acme-Manifest.json`,
      manifest([key('acme-1.csv.gz'), key('acme-2.csv.gz')]),
    );
    expect(await thrown(path)).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('acme-2.csv.gz'),
    });
  });

  test('with rows of a month that another manifest is of is refused: they would replace it as a whole', async () => {
    const september = {
      'bill/BillingPeriodStartDate': '2026-09-01T00:00:00Z',
      'bill/BillingPeriodEndDate': '2026-10-01T00:00:00Z',
    };
    const before = 'exports/acme/20260901-20261001';
    await put(bench, `${before}/a-0/acme-1.csv.gz`, cur(september, september, september));
    const first = manifest([`${before}/a-0/acme-1.csv.gz`]).replace(
      '"start":"20261001T000000.000Z","end":"20261101T000000.000Z"',
      '"start":"20260901T000000.000Z","end":"20261001T000000.000Z"',
    );
    const september1 = await put(bench, `${before}/acme-Manifest.json`, first);
    await importInto(bench, september1, { source: 'cur' });
    await put(bench, key('acme-1.csv.gz'), cur({}, september, {}));
    const path = await put(bench, `${month}/acme-Manifest.json`, manifest([key('acme-1.csv.gz')]));
    const state = await stateOf(bench);
    expect(await refused(path, { source: 'cur' })).toMatchObject({
      code: 'ingestion.strayMonth',
      exitCode: 5,
      params: { period: '2026-10', found: '2026-09', rows: 1 },
    });
    expect(await stateOf(bench)).toEqual(state);
  });

  test('whose file has other content under the same size and time is noticed with --rehash', async () => {
    const name = key('acme-1.csv');
    const file = await put(bench, name, cur({ 'lineItem/UnblendedCost': '0.1' }));
    const path = await put(bench, `${month}/acme-Manifest.json`, manifest([name]));
    await importInto(bench, path, { source: 'cur' });
    const { atime, mtime } = await stat(file);
    await writeFile(file, (await readFile(file, 'utf8')).replace(',0.1,one', ',0.9,one'));
    await utimes(file, atime, mtime);
    expect(await importInto(bench, path, { source: 'cur', rehash: true })).toMatchObject({
      imports: [{ billedCost: '0.9', status: 'replaced' }],
    });
  });

  test('of another export is refused', async () => {
    await put(bench, key('acme-1.csv.gz'), cur({}));
    const path = await put(bench, `${month}/acme-Manifest.json`, manifest([key('acme-1.csv.gz')], 'other'));
    expect(await thrown(path)).toMatchObject({ exitCode: 5, message: expect.stringContaining('other') });
  });
});

describe('a file that changes while it is read', () => {
  test('is refused: what was hashed and what was read may differ', async () => {
    const path = await put(bench, 'bill.csv', long);
    const before = await stateOf(bench);
    const { lake, clock, randomness, root } = bench.workspace;
    // The file grows when the engine is first asked for anything: after the import looked at it, before it has read it.
    let grown: Promise<void> | undefined;
    const result = await importBill(
      {
        scope: everything,
        workspaceRoot: root,
        lake,
        clock,
        randomness,
        engine: {
          ...bench.engine,
          run: async (sql, values) => {
            grown ??= appendFile(path, `${csv(long).split('\n')[1]}\n`);
            await grown;
            return bench.engine.run(sql, values);
          },
          rows: async (sql, values) => {
            grown ??= appendFile(path, `${csv(long).split('\n')[1]}\n`);
            await grown;
            return bench.engine.rows(sql, values);
          },
          session: async (work) => {
            grown ??= appendFile(path, `${csv(long).split('\n')[1]}\n`);
            await grown;
            return bench.engine.session(work);
          },
        },
      },
      { path, source: 'acme' },
      { roots: [bench.folder] },
    );
    expect(result.errors).toMatchObject([{ code: 'ingestion.changedWhileReading', exitCode: 7 }]);
    expect(await stateOf(bench)).toEqual(before);
  });
});

describe('a workspace', () => {
  test('that another writer holds is not written to', async () => {
    const path = await put(bench, 'bill.csv', cur({}));
    const before = await stateOf(bench);
    const other = openWorkspace({ root: bench.workspace.root });
    await other.lake.write(async () => {
      const error = await bench.workspace.lake.write(async () => 'in', 50).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: 'lake.busy', exitCode: 7 });
      expect(await stateOf(bench)).toEqual(before);
    });
    expect((await importInto(bench, path)).errors).toEqual([]);
  });
});
