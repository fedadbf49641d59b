import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  everything,
  formatDecimal,
  parseDecimal,
  Refusal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import { type Engine, openEngine } from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import { type ReportResult, reportListItemSchema, reportResultSchema } from './contract.ts';
import type { GivenParameters } from './parameters.ts';
import { findReport, reports } from './reports.ts';
import { listReports, runReport } from './run-report.ts';
import { exampleParameters, openLibrary, type TestLibrary } from './testing/library.ts';
import { smallBill } from './testing/small-bill.ts';
import { storeBill } from './testing/store-bill.ts';

let library: TestLibrary;
let emptyLibrary: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
  emptyLibrary = await openLibrary([]);
});
afterAll(async () => {
  await library.close();
  await emptyLibrary.close();
});

describe('the library', () => {
  test('has the 53 use cases of the catalogue once each, in order, then our own', () => {
    expect(reports.map((report) => report.number).slice(0, 53)).toEqual(
      Array.from({ length: 53 }, (_, i) => i + 1),
    );
    expect(reports.slice(53).map((report) => report.name)).toEqual([
      'tag-coverage',
      'billed-to-effective-bridge',
      'service-summary',
    ]);
    expect(new Set(reports.map((report) => report.name)).size).toBe(reports.length);
  });

  test.each(listReports())(
    '$name has a stable name, a question, and parameters that say what they are',
    (item) => {
      expect(reportListItemSchema.parse(item)).toEqual(item);
      expect(item.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(item.question).toMatch(/^[A-Z].*\?$/);
      for (const parameter of item.parameters) {
        expect(parameter.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
        expect(parameter.description.length).toBeGreaterThan(15);
        expect(parameter.required && parameter.default !== null).toBe(false);
      }
      const required = item.parameters
        .filter((parameter) => parameter.required)
        .map((parameter) => parameter.name);
      expect(Object.keys(exampleParameters[item.name] ?? {}).sort()).toEqual(required.sort());
    },
  );

  test('is told whole in the README', () => {
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ');
    for (const { number, name, question } of reports) {
      expect(readme).toContain(`| ${number ?? ''} | \`${name}\` | ${question} |`.replaceAll(/ +/g, ' '));
    }
  });
});

describe('every report', () => {
  test.each(reports.map(({ name }) => name))(
    '%s: its rows sum to its totals, in each currency',
    async (name) => {
      const result = await library.run(name, exampleParameters[name]);
      expect(reportResultSchema.parse(result)).toEqual(result);
      expect(result.rows.length).toBeGreaterThan(0);
      expect(result.more).toBe(false);
      for (const row of result.rows)
        expect(Object.keys(row)).toEqual(result.columns.map((column) => column.name));
      expectSums(result, result.totals, result.rows);
      for (const totals of result.totalsByCurrency) {
        const rows = result.rows.filter((row) => row['BillingCurrency'] === totals['BillingCurrency']);
        expect(rows.length).toBeGreaterThan(0);
        expectSums(result, totals, rows);
      }
      const hasMoney = result.columns.some((column) => column.kind === 'money');
      expect(result.columns.some((column) => column.name === 'BillingCurrency')).toBe(hasMoney);
      expect(result.totalsByCurrency.length > 0).toBe(hasMoney);
    },
  );

  test.each(reports.map(({ name }) => name))(
    '%s: has columns and zero totals where there are no rows',
    async (name) => {
      const full = await library.run(name, exampleParameters[name]);
      const result = await emptyLibrary.run(name, exampleParameters[name]);
      expect(result.columns).toEqual(full.columns);
      expect(result.rows).toEqual([]);
      expect(Object.keys(result.totals)).toEqual(Object.keys(full.totals));
    },
  );
});

/** Money and quantities: a total is Σ rows, or null where there is no sum. Ratios, prices and single budgets are not summed. */
function expectSums(result: ReportResult, totals: ReportResult['totals'], rows: ReportResult['rows']): void {
  const kinds = new Map(result.columns.map((column) => [column.name, column.kind]));
  for (const [name, total] of Object.entries(totals)) {
    const kind = kinds.get(name);
    if (name === 'rows') expect(total).toBe(rows.reduce((count, row) => count + Number(row['rows']), 0));
    if (total === null || (kind !== 'money' && kind !== 'quantity')) continue;
    const values = rows.flatMap((row) => (row[name] === null ? [] : [parseDecimal(String(row[name]))]));
    expect([name, formatDecimal(sumDecimals(values))]).toEqual([name, total]);
  }
}

describe('asking', () => {
  async function refused(name: string, parameters: GivenParameters = {}): Promise<Refusal> {
    const error: unknown = await library.run(name, parameters).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Refusal);
    return error as Refusal;
  }

  test('an unknown report is refused with the names that are near', async () => {
    const typo = await refused('unused-comitments');
    expect([typo.code, typo.status, typo.exitCode]).toEqual(['reporting.unknownReport', 404, 3]);
    expect(typo.message).toBe(
      "There is no report 'unused-comitments'. Did you mean 'unused-commitments' or 'unused-capacity-reservations'?",
    );
    expect((await refused('savings')).message).toContain("'effective-savings-rate'");
    expect((await refused('qqqq')).message).toBe(
      "There is no report 'qqqq'. 'finops report list' shows them all.",
    );
  });

  test('a report goes by its catalogue number too', () => {
    expect(findReport('3').name).toBe('unused-commitments');
  });

  test('a missing parameter is refused with what it is', async () => {
    const missing = await refused('subaccount-service-costs');
    expect([missing.code, missing.status, missing.exitCode]).toEqual(['reporting.missingParameter', 400, 2]);
    expect(missing.message).toBe(
      "Report 'subaccount-service-costs' needs the parameter 'sub-account': the sub account, as in SubAccountId, such as 123456789012",
    );
    expect((await refused('subaccount-service-costs', { 'sub-account': '' })).code).toBe(
      'reporting.missingParameter',
    );
  });

  test('an unknown parameter is refused with those that there are', async () => {
    expect((await refused('unused-commitments', { provider: 'AWS' })).message).toContain(
      'takes no parameters',
    );
    expect((await refused('sku-meters', { skus: 'x' })).message).toBe(
      "Report 'sku-meters' has no parameter 'skus'. It takes: sku, grain.",
    );
  });

  test.each([
    ['subaccount-budget', 'budget', '1,000.00', 'a decimal number'],
    ['subaccount-budget', 'currency', 'DOLLAR', 'an ISO 4217 code'],
    ['subaccount-service-costs', 'grain', 'fortnight', 'one of hour, day, week'],
    ['amortized-cost-forecast', 'months', '0', 'a whole number from 1 to 24'],
    ['amortized-cost-forecast', 'months', '2.5', 'a whole number from 1 to 24'],
    ['subaccount-anomalies', 'window', '91', 'a whole number from 2 to 90'],
    ['tag-coverage', 'tag', 'x'.repeat(257), 'at most 256 characters'],
  ])('%s refuses an odd %s', async (name, parameter, value, expected) => {
    const refusal = await refused(name, { ...exampleParameters[name], [parameter]: value });
    expect([refusal.code, refusal.exitCode, refusal.params['parameter']]).toEqual([
      'reporting.unfitParameter',
      2,
      parameter,
    ]);
    expect(refusal.message).toContain(expected);
  });

  test('names the values that it ran with, defaults included, and how figures come about', async () => {
    const result = await library.run('amortized-cost-forecast');
    expect(result.parameters).toEqual({ months: '3' });
    expect(result.notes[0]).toContain('least squares');
    expect(result.context).toEqual({ generation: 1, currencies: ['EUR', 'USD'], files: 1 });
  });

  test('shows as many rows as asked, with the totals of all', async () => {
    for (const name of ['billed-by-month', 'service-costs-by-month']) {
      const all = await library.run(name);
      const cut = await library.run(name, {}, 2);
      expect(cut.rows).toEqual(all.rows.slice(0, 2));
      expect(cut.more).toBe(true);
      expect(cut.totalsByCurrency).toEqual(all.totalsByCurrency);
    }
  });
});

describe('many rows', () => {
  let engine: Engine;
  let folder: string;
  beforeAll(async () => {
    engine = await openEngine({ threads: 1 });
    folder = await mkdtemp(join(tmpdir(), 'reports-'));
  });
  afterAll(async () => {
    engine.close();
    await rm(folder, { recursive: true });
  });

  test('a step that needs every row gets them, beyond one page of the warehouse', async () => {
    const one = await storeBill(engine, { folder, name: 'one' }, [smallBill['n1'] ?? {}]);
    const relation = `(select * replace ('vm-' || i as ResourceId) from ${one.relation}, range(100001) as copies(i))`;
    const result = await runReport(engine, {
      dataset: costDataset,
      selection: { ...one, relation },
      scope: everything,
      name: 'resource-usage-by-month',
      limit: 3,
    });
    expect(result.rows).toHaveLength(3);
    expect(result.more).toBe(true);
    expect(result.totals).toEqual({ ConsumedQuantity: '1000010' });
  });
});
