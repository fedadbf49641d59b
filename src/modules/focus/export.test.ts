import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Selection } from '../../platform/warehouse/index.ts';
import { type Engine, literal, openEngine, type Row } from '../../platform/warehouse/index.ts';
import { type FocusVersion, focusVersions } from './column.ts';
import { exportFocus, type FocusExportOptions } from './export.ts';
import { identifyFocus } from './identify.ts';
import { columnsIn } from './standard.ts';
import { cleanRow, type StoredRow, storeRows } from './testing/stored-rows.ts';

let engine: Engine;
let folder: string;
let selection: Selection;

/** Four rows, two currencies, every fourth decimal in use; sums known by hand. */
const rows: readonly StoredRow[] = [
  {
    ...cleanRow,
    BilledCost: '0.000000000001',
    x_ProviderName: 'AWS',
    x_PublisherName: 'Seller Ltd',
    x_Team: 'a,"b"',
  },
  { ...cleanRow, BilledCost: '-30', ChargeCategory: 'Credit', InvoiceId: 'INV-1', x_SourceRow: '2' },
  { ...cleanRow, BilledCost: '1234567890.5', ChargePeriodStart: '2026-10-05 00:00:00.25', x_SourceRow: '3' },
  {
    ...cleanRow,
    BilledCost: '7',
    BillingCurrency: 'EUR',
    ResourceName: '=1+1',
    ServiceName: null,
    SkuMeter: '@sum',
    x_SourceRow: '4',
  },
];

beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'focus-export-'));
  selection = await storeRows(engine, folder, rows, ['x_ProviderName', 'x_PublisherName', 'x_Team']);
});

afterAll(async () => {
  engine.close();
  await rm(folder, { recursive: true });
});

it('writes a hundred columns of many sources within little memory', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `x_Column${index}`);
  const wide = await storeRows(
    engine,
    await mkdtemp(join(folder, 'wide-')),
    [{ ...cleanRow, x_Column1: '=1+1' }],
    names,
  );
  // Each source is a branch of its own, with vectors of its own for every step of every column.
  const relation = `(${Array.from({ length: 8 }, () => `select * from ${wide.relation}`).join(' union all ')})`;
  const small = await openEngine({ threads: 2, memoryLimitMb: 200 });
  const file = join(folder, 'wide.csv');
  const options = { version: '1.4', format: 'csv', provenance: true, custom: true, file } as const;
  const made = await exportFocus(small, { ...wide, relation }, { ...options, overwrite: false });
  small.close();
  expect(made.rows).toBe(8);
  expect(await readFile(file, 'utf8')).toContain(",'=1+1,");
});

let number = 0;

function write(options: Partial<FocusExportOptions> = {}): ReturnType<typeof exportFocus> {
  const format = options.format ?? 'csv';
  const file = join(folder, `export-${++number}.${format}`);
  return exportFocus(engine, selection, {
    version: '1.4',
    format,
    provenance: false,
    file,
    overwrite: false,
    ...options,
  });
}

/** Reads an export back; CSV cells as text, an empty cell as null. */
function read(file: string): Promise<Row[]> {
  return engine.rows(
    file.endsWith('.csv')
      ? `select * from read_csv(${literal(file)}, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"')`
      : `select * from read_parquet(${literal(file)})`,
  );
}

describe.each(focusVersions)('an export as FOCUS %s', (version: FocusVersion) => {
  it.each(['csv', 'parquet'] as const)(
    'keeps every cent and has the columns of the version in %s',
    async (format) => {
      const done = await write({ version, format });
      const names = columnsIn(version).map((column) => column.name);
      const back = await read(done.file);
      expect(done.columns).toEqual(names);
      expect(Object.keys(back[0] ?? {})).toEqual(names);
      expect([done.rows, back.length]).toEqual([4, 4]);
      expect(identifyFocus(names)).toEqual({ dataset: 'CostAndUsage', version, matched: names.length });
      const relation = format === 'csv' ? 'read_csv' : 'read_parquet';
      const sums = await engine.rows(
        `select BillingCurrency, sum(BilledCost::decimal(38, 12)) as billed, sum(EffectiveCost::decimal(38, 12)) as effective
       from ${relation}(${literal(done.file)}${format === 'csv' ? ', all_varchar = true' : ''}) group by all order by all`,
      );
      expect(sums).toEqual([
        { BillingCurrency: 'EUR', billed: '7', effective: '1.5' },
        { BillingCurrency: 'USD', billed: '1234567860.500000000001', effective: '4.5' },
      ]);
    },
  );

  it('lists the mandatory value that a row lacks, with its cost, and does not invent it', async () => {
    const done = await write({ version });
    expect(done.report.filter(({ code }) => code === 'focus.export_value_missing')).toEqual([
      expect.objectContaining({ path: 'ServiceName', rows: 1, costAtStake: '7', currency: 'EUR' }),
    ]);
    expect((await read(done.file))[3]?.['ServiceName']).toBeNull();
  });
});

describe('an export', () => {
  it("restores ProviderName and PublisherName from the bill's own, else from ServiceProviderName", async () => {
    const back = await read((await write({ version: '1.0' })).file);
    expect(back.map((row) => [row['ProviderName'], row['PublisherName']])).toEqual([
      ['AWS', 'Seller Ltd'],
      ['Example Cloud', 'Example Cloud'],
      ['Example Cloud', 'Example Cloud'],
      ['Example Cloud', 'Example Cloud'],
    ]);
  });

  it('names the columns that the version lacks, and whether values are lost', async () => {
    const { report } = await write({ version: '1.0' });
    const lost = report.filter(({ code }) => code === 'focus.export_column_lost');
    expect(lost.map(({ path, rows: count, currency }) => [path, count, currency])).toEqual([
      ['InvoiceId', 1, 'USD'],
      // Only the first row's own ProviderName differs from its ServiceProviderName; elsewhere ProviderName carries it.
      ['ServiceProviderName', 1, 'USD'],
      ['ServiceSubcategory', 1, 'EUR'],
      ['ServiceSubcategory', 3, 'USD'],
      ['SkuMeter', 1, 'EUR'],
    ]);
    expect(report.filter(({ code }) => code === 'focus.export_column_absent')).toHaveLength(20);
  });

  it('writes plain decimals, UTC times with Z and JSON text', async () => {
    const [first, second, third] = await read((await write()).file);
    expect(first?.['BilledCost']).toBe('0.000000000001');
    expect(second?.['BilledCost']).toBe('-30');
    expect(third?.['BilledCost']).toBe('1234567890.5');
    expect(first?.['ChargePeriodStart']).toBe('2026-10-05T00:00:00Z');
    expect(third?.['ChargePeriodStart']).toBe('2026-10-05T00:00:00.250000Z');
    expect(first?.['Tags']).toBe('{"team":"web"}');
  });

  it('writes Parquet with exact decimals and times that are instants in UTC', async () => {
    const { file } = await write({ format: 'parquet' });
    const types = await engine.rows(
      `select column_name, column_type from (describe select * from read_parquet(${literal(file)}))
       where column_name in ('BilledCost', 'ChargePeriodStart', 'Tags') order by 1`,
    );
    expect(types.map((row) => row['column_type'])).toEqual([
      'DECIMAL(38,12)',
      'TIMESTAMP WITH TIME ZONE',
      'VARCHAR',
    ]);
  });

  it('disarms text that a spreadsheet would run, says how often, and leaves negative amounts alone', async () => {
    const guarded = await write();
    const row = (await read(guarded.file))[3];
    expect([row?.['ResourceName'], row?.['SkuMeter']]).toEqual(["'=1+1", "'@sum"]);
    expect(guarded.report.find(({ code }) => code === 'focus.export_text_guarded')?.params).toEqual({
      cells: 2,
    });
    const verbatim = await write({ verbatim: true });
    expect((await read(verbatim.file))[3]?.['ResourceName']).toBe('=1+1');
    expect(verbatim.report.some(({ code }) => code === 'focus.export_text_guarded')).toBe(false);
  });

  it("adds provenance and the sources' own columns only when asked", async () => {
    const plain = await write();
    expect(plain.columns).toHaveLength(65);
    expect(plain.report.find(({ code }) => code === 'focus.export_custom_left_out')?.message).toContain(
      'x_Team',
    );
    const full = await write({ provenance: true, custom: true });
    expect(full.columns.slice(65)).toEqual([
      'x_ProviderName',
      'x_PublisherName',
      'x_Team',
      'x_SourceName',
      'x_SourceFile',
      'x_SourceFileNumber',
      'x_SourceRow',
      'x_Part',
      'x_ImportId',
      'x_ConverterVersion',
      'x_CostRule',
      'x_NativeCost',
      'x_RowId',
    ]);
    const back = await read(full.file);
    expect(back[1]?.['x_RowId']).toBe('imp1:1:2:0');
    expect(back[0]?.['x_Team']).toBe('a,"b"');
    expect((await write({ version: '1.0', custom: true })).columns.slice(43)).toEqual(['x_Team']);
  });

  it('refuses to overwrite unless told, and leaves the old file as it was', async () => {
    const file = join(folder, 'taken.csv');
    await writeFile(file, 'mine');
    await expect(write({ file })).rejects.toMatchObject({ code: 'focus.fileExists', exitCode: 7 });
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await write({ file, overwrite: true })).rows).toBe(4);
    expect(await readFile(file, 'utf8')).toMatch(/^AllocatedMethodDetails,/);
  });

  it('refuses a folder that does not exist', async () => {
    await expect(write({ file: join(folder, 'nowhere', 'a.csv') })).rejects.toMatchObject({
      code: 'focus.folderMissing',
    });
  });

  it('leaves nothing behind when the last step fails', async () => {
    const file = join(folder, 'a-folder.csv');
    await mkdir(file);
    await expect(write({ file, overwrite: true })).rejects.toThrow();
    expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('writes a header and no rows when nothing is selected', async () => {
    const none = { ...selection, relation: `(select * from ${selection.relation} where false)`, rows: 0 };
    const file = join(folder, 'empty.csv');
    const options = { version: '1.2', format: 'csv', provenance: false, file, overwrite: false } as const;
    const done = await exportFocus(engine, none, options);
    expect(done.rows).toBe(0);
    expect((await readFile(file, 'utf8')).trim().split(',')).toHaveLength(57);
    expect(done.bytes).toBe((await readFile(file)).length);
  });
});
