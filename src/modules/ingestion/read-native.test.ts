import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, nothing } from '../../platform/kernel/index.ts';
import { readNativeMonth } from './read-native.ts';
import {
  type Bench,
  type Cells,
  cur,
  focus,
  importInto,
  openBench,
  put,
  type Table,
} from './testing/bills.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

/** Imports a bill, and reads the native side of its months again beside what the import said of them. */
async function both(name: string, bill: Table, acceptQuarantine: readonly string[] = []) {
  const path = await put(bench, name, bill);
  const { imports, errors } = await importInto(bench, path, {
    source: 'acme',
    acceptQuarantine: [...acceptQuarantine],
  });
  expect(errors).toEqual([]);
  const periods = [...new Set(imports.map(({ billingPeriod }) => billingPeriod ?? ''))].sort();
  const read = [];
  for (const period of periods) {
    const { engine, workspace } = bench;
    const { currencies } = await readNativeMonth(engine, workspace.lake, everything, {
      source: 'acme',
      period,
    });
    for (const { currency, rows, cost, adjustments, quarantined } of currencies)
      read.push({ period, currency, rows, cost, adjustments, left: quarantined.rows });
  }
  const said = imports.map((entry) => ({
    period: entry.billingPeriod,
    currency: entry.currency,
    rows: entry.rowsRead,
    cost: entry.nativeCost,
    adjustments: entry.adjustments,
    left: entry.rowsQuarantined,
  }));
  return { read, said };
}

const september: Cells = {
  BillingPeriodStart: '2026-09-01T00:00:00Z',
  BillingPeriodEnd: '2026-10-01T00:00:00Z',
  ChargePeriodStart: '2026-09-05T00:00:00Z',
  ChargePeriodEnd: '2026-09-06T00:00:00Z',
};

describe('the native side of a month, read again', () => {
  it.each(['bill.csv', 'bill.csv.gz', 'bill.parquet'])(
    'is what the import added up, from %s',
    async (name) => {
      const bill = focus(
        { BilledCost: '10.0000000000005' },
        { BilledCost: '2.5', BillingCurrency: 'EUR', BillingAccountId: 'acme-eu' },
        { ...september, BilledCost: '1E-3' },
      );
      const { read, said } = await both(name, bill);
      expect(read).toEqual(said);
      expect(read.map(({ period, currency, cost }) => `${period} ${currency} ${cost}`)).toEqual([
        '2026-09 USD 0.001',
        '2026-10 EUR 2.5',
        '2026-10 USD 10.000000000001',
      ]);
    },
  );

  it('keeps what is billed by a savings plan apart, by rule', async () => {
    const bill = cur(
      {},
      { 'lineItem/LineItemType': 'SavingsPlanCoveredUsage', 'lineItem/UnblendedCost': '0.1' },
      { 'lineItem/LineItemType': 'SavingsPlanNegation', 'lineItem/UnblendedCost': '-0.1' },
    );
    const { read, said } = await both('bill.csv', bill);
    expect(read).toEqual(said);
    expect(read[0]?.adjustments).toHaveLength(2);
  });

  it('counts rows in quarantine, and what they cost, by the rows that lie there', async () => {
    const bill = cur({}, { 'lineItem/UsageAmount': 'many', 'lineItem/UnblendedCost': '0.4' });
    const { read, said } = await both('bill.csv', bill, ['unreadable-number']);
    expect(read).toEqual(said);
    const { engine, workspace } = bench;
    const month = { source: 'acme', period: '2026-10' };
    const { currencies } = await readNativeMonth(engine, workspace.lake, everything, month);
    expect(currencies).toMatchObject([{ cost: '0.5', quarantined: { rows: 1, cost: '0.4' } }]);
  });

  it('is refused of a month that is not there, or not for the caller', async () => {
    await both('bill.csv', focus({}));
    const { engine, workspace } = bench;
    for (const [scope, period] of [
      [everything, '2026-09'],
      [{ ...nothing, sources: ['other'] }, '2026-10'],
    ] as const)
      await expect(
        readNativeMonth(engine, workspace.lake, scope, { source: 'acme', period }),
      ).rejects.toMatchObject({ code: 'lake.unknownMonth' });
  });

  it('counts rows in quarantine that name no month in the first one, as the import does', async () => {
    const bill = cur({}, { 'lineItem/UsageAmount': 'many' }, { 'bill/BillingPeriodStartDate': 'soon' });
    const { read, said } = await both('bill.csv', bill, ['unreadable-number', 'unreadable-date']);
    expect(read).toEqual(said);
    expect(read).toMatchObject([{ rows: 3, left: 2 }]);
  });
});
