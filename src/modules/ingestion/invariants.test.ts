import { readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { type Engine, literal, type Session, verifyLake } from '../../platform/warehouse/index.ts';
import type { ImportResult } from './contract.ts';
import { importBill } from './import-bill.ts';
import { type Bench, cur, importInto, openBench, put, stateOf } from './testing/bills.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

/** A month of two currencies, with usage under a plan. Rows 1 to 6; the fee of row 4 has an unused part. */
const plan = { 'savingsPlan/SavingsPlanARN': 'arn:plan' };
const bill = cur(
  { 'lineItem/UnblendedCost': '10' },
  {
    ...plan,
    'lineItem/LineItemType': 'SavingsPlanCoveredUsage',
    'savingsPlan/SavingsPlanEffectiveCost': '0.07',
  },
  { ...plan, 'lineItem/LineItemType': 'SavingsPlanNegation', 'lineItem/UnblendedCost': '-0.1' },
  {
    ...plan,
    'lineItem/LineItemType': 'SavingsPlanRecurringFee',
    'lineItem/UnblendedCost': '0.08',
    'savingsPlan/TotalCommitmentToDate': '0.08',
    'savingsPlan/UsedCommitment': '0.07',
  },
  { 'lineItem/UnblendedCost': '0' },
  {
    'bill/PayerAccountId': '999999999999',
    'lineItem/CurrencyCode': 'EUR',
    'lineItem/UnblendedCost': '3',
  },
);

/**
 * The real engine with one thing wrong: whatever it has just written into a dataset of the lake is written once more, by
 * another select over `rows`. It stands for a rule that errs, or a disk that lies.
 */
function erring(engine: Engine, dataset: string, select: string): Engine {
  let spoiled = false;
  const around = <Statements extends Pick<Session, 'run' | 'rows'>>(session: Statements): Statements => {
    const after = async <T>(sql: string, result: T): Promise<T> => {
      const target = new RegExp(`^\\s*copy .* to '([^']*/lake/${dataset}/[^']*)'`, 'is').exec(sql)?.[1];
      if (target === undefined || spoiled) return result;
      spoiled = true;
      const rows = `read_parquet(${literal(target)})`;
      await engine.run(
        `copy (with rows as (from ${rows}) ${select}) to ${literal(`${target}.new`)} (format parquet)`,
      );
      await rename(`${target}.new`, target);
      return result;
    };
    return {
      ...session,
      run: async (sql: string, values?: Parameters<Session['run']>[1]) =>
        after(sql, await session.run(sql, values)),
      rows: async (sql: string, values?: Parameters<Session['rows']>[1]) =>
        after(sql, await session.rows(sql, values)),
    };
  };
  return {
    ...around(engine),
    session: (work) => engine.session((session) => work(around(session))),
    close: () => engine.close(),
  };
}

async function importErring(path: string, dataset: string, select: string): Promise<ImportResult> {
  const { lake, clock, randomness, root } = bench.workspace;
  const engine = erring(bench.engine, dataset, select);
  return importBill(
    { scope: everything, workspaceRoot: root, lake, engine, clock, randomness },
    { path },
    { roots: [bench.folder] },
  );
}

const inRow = (row: number, column: string, value: string) =>
  `select * replace (case when x_SourceRow = ${row} and x_Part = 0 then ${value} else ${column} end as ${column}) from rows`;

describe('an error of the conversion refuses the month, exit 6, and leaves what was there', () => {
  test.each([
    ['a row that is lost', 'select * from rows where x_SourceRow <> 1', '1 row(s)'],
    ['a row without cost that is lost', 'select * from rows where x_SourceRow <> 5', '1 row(s)'],
    [
      'a row that is there twice',
      'select * from rows union all by name select * from rows where x_SourceRow = 1',
      '-1 row(s)',
    ],
    ['10⁻¹² too much', inRow(1, 'BilledCost', 'BilledCost + 0.000000000001'), '-0.000000000001'],
    ['10⁻¹² too little', inRow(1, 'BilledCost', 'BilledCost - 0.000000000001'), '0.000000000001'],
    ['a cost that is lost', inRow(1, 'BilledCost', 'null'), '10'],
    ['a currency that is swapped', inRow(1, 'BillingCurrency', "'EUR'"), '-1 row(s)'],
    ['covered usage that is billed', inRow(2, 'BilledCost', '0.1::decimal(38,12)'), '-0.1'],
    ['a negation that is billed', inRow(3, 'BilledCost', '-0.1::decimal(38,12)'), '0.1'],
    [
      'the unused part of a fee that is billed',
      'select * replace (case when x_Part = 1 then 0.01::decimal(38,12) else BilledCost end as BilledCost) from rows',
      '-0.01',
    ],
    ['all rows of a currency that are lost', "select * from rows where BillingCurrency <> 'EUR'", '1 row(s)'],
    ['all rows that are lost', 'select * from rows where false', 'row(s)'],
  ])('%s', async (_, select, difference) => {
    const path = await put(bench, 'acme.csv', cur({}));
    await importInto(bench, path);
    await put(bench, 'acme.csv', bill);
    const before = await stateOf(bench);
    const result = await importErring(path, 'cost', select);
    expect(result.errors).toMatchObject([
      {
        code: 'ingestion.unbalanced',
        exitCode: 6,
        params: { source: 'acme', period: '2026-10', file: path },
      },
    ]);
    expect(result.errors[0]?.params['difference']).toContain(difference);
    expect(result.errors[0]?.message).toContain('Nothing was changed.');
    expect(result.imports.every(({ status }) => status === 'refused')).toBe(true);
    expect(await stateOf(bench)).toEqual(before);
    // The same bill without the error is imported.
    expect((await importInto(bench, path)).imports.map(({ status }) => status)).toEqual([
      'replaced',
      'replaced',
    ]);
  });

  test('a month of several that is not whole keeps all of them out', async () => {
    const november = {
      'bill/BillingPeriodStartDate': '2026-11-01T00:00:00Z',
      'bill/BillingPeriodEndDate': '2026-12-01T00:00:00Z',
    };
    const path = await put(bench, 'acme.csv', cur({}, november));
    const before = await stateOf(bench);
    const result = await importErring(path, 'cost', inRow(1, 'BilledCost', 'BilledCost * 2'));
    expect(result.errors).toMatchObject([{ code: 'ingestion.unbalanced', params: { period: '2026-10' } }]);
    expect(result.imports.map(({ billingPeriod, status }) => [billingPeriod, status])).toEqual([
      ['2026-10', 'refused'],
      ['2026-11', 'refused'],
    ]);
    expect(await stateOf(bench)).toEqual(before);
  });

  test('an error of the copy that is converted shows too: the original is read again, not the copy', async () => {
    const path = await put(bench, 'acme.csv', bill);
    const before = await stateOf(bench);
    for (const select of [
      'select * from rows limit 5',
      `select * replace (replace("lineItem/UnblendedCost", '10', '10.000000000001') as "lineItem/UnblendedCost") from rows`,
    ]) {
      const result = await importErring(path, 'native', select);
      expect(result.errors).toMatchObject([{ code: 'ingestion.unbalanced', exitCode: 6 }]);
      expect(await stateOf(bench)).toEqual(before);
    }
  });
});

describe('what may not hold in one month is a finding with its amount, no refusal', () => {
  test('covered usage without its negation in the file', async () => {
    const path = await put(
      bench,
      'acme.csv',
      cur({
        ...plan,
        'lineItem/LineItemType': 'SavingsPlanCoveredUsage',
        'savingsPlan/SavingsPlanEffectiveCost': '0.07',
      }),
    );
    const result = await importInto(bench, path);
    expect(result.imports).toMatchObject([
      {
        nativeCost: '0.1',
        billedCost: '0',
        adjustments: [{ rule: 'savings-plan-covered-usage', amount: '0.1' }],
        unexplained: '0',
        status: 'imported',
      },
    ]);
    expect(result.issues).toContainEqual(
      expect.objectContaining({ code: 'ingestion.negationMissing', costAtStake: '0.1', currency: 'USD' }),
    );
  });

  test('commitments that were bought in the month for more than the month used', async () => {
    const path = await put(
      bench,
      'acme.csv',
      cur({ ...plan, 'lineItem/LineItemType': 'SavingsPlanUpfrontFee', 'lineItem/UnblendedCost': '100' }),
    );
    const { issues } = await importInto(bench, path);
    expect(issues).toContainEqual(
      expect.objectContaining({ code: 'ingestion.commitmentIdentity', costAtStake: '100', currency: 'USD' }),
    );
  });
});

describe('the lake after the import', () => {
  async function costFile(): Promise<string> {
    const { lake } = bench.workspace;
    const { files } = await lake.describe(everything, { dataset: 'cost', source: 'acme', period: '2026-10' });
    return lake.resolve(files[0]?.path ?? '');
  }

  beforeEach(async () => {
    await importInto(bench, await put(bench, 'acme.csv', bill));
    expect((await verifyLake(bench.workspace.lake, bench.engine)).findings).toEqual([]);
  });

  test('a file that is lost is found', async () => {
    const file = await costFile();
    await rm(file);
    const { findings } = await verifyLake(bench.workspace.lake, bench.engine);
    expect(findings).toEqual([
      { path: expect.stringMatching(/^cost\/acme\/2026-10\/.*\.parquet$/), problem: 'the file is missing' },
    ]);
  });

  test('a file that was cut is found', async () => {
    const file = await costFile();
    const { size } = await stat(file);
    await truncate(file, size - 1);
    const { findings } = await verifyLake(bench.workspace.lake, bench.engine);
    expect(findings).toMatchObject([{ problem: `it has ${size - 1} bytes, not ${size}` }]);
  });

  test('one changed byte is found, time and size as they were', async () => {
    const file = await costFile();
    const { atime, mtime } = await stat(file);
    const bytes = await readFile(file);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    await writeFile(file, bytes);
    await utimes(file, atime, mtime);
    const { findings } = await verifyLake(bench.workspace.lake, bench.engine);
    expect(findings).toMatchObject([{ problem: 'its checksum differs' }]);
  });

  test('a native copy that is lost is found too', async () => {
    const { lake } = bench.workspace;
    const { files } = await lake.describe(everything, {
      dataset: 'native',
      source: 'acme',
      period: '2026-10',
    });
    await rm(lake.resolve(files[0]?.path ?? ''));
    const { findings } = await verifyLake(bench.workspace.lake, bench.engine);
    expect(findings).toMatchObject([{ problem: 'the file is missing' }]);
  });
});
