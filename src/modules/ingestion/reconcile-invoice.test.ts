import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  everything,
  formatFixed,
  parseDecimal,
  roundHalfUp,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import { candidatesFor, type InvoiceLine, roundedSum, sumOf } from './invoice-candidates.ts';
import { parseInvoiceTotal, reconcileInvoice } from './reconcile-invoice.ts';
import { focusRow, type MonthsBench, openMonthsBench } from './testing/months-fixture.ts';

let bench: MonthsBench;
beforeAll(async () => {
  bench = await openMonthsBench();
  const row = (InvoiceId: string, ChargeCategory: string, BilledCost: string, BillingCurrency = 'USD') =>
    focusRow({ InvoiceId, ChargeCategory, BilledCost, BillingCurrency, BillingAccountId: BillingCurrency });
  await bench.load('azure.csv', [
    row('inv-1', 'Usage', '10000.001'),
    row('inv-1', 'Tax', '1900.004'),
    row('inv-1', 'Credit', '-50'),
    row('inv-2', 'Purchase', '300.005'),
    row('inv-2', 'Adjustment', '-0.015'),
    row('', 'Usage', '7.5'),
    row('inv-3', 'Usage', '12.34', 'EUR'),
  ]);
  await bench.load('yen.csv', [row('j', 'Usage', '100.4', 'JPY'), row('j', 'Usage', '100.4', 'JPY')]);
});
afterAll(() => bench.close());

function reconcile(
  invoiceTotal: string,
  more: { source?: string; currency?: string; invoiceId?: string } = {},
) {
  const { source = 'azure', ...rest } = more;
  return reconcileInvoice(bench.engine, bench.workspace.lake, everything, {
    source,
    period: '2026-10',
    invoiceTotal,
    ...(source === 'azure' ? { currency: 'USD' } : {}),
    ...rest,
  });
}

test('a month ties when its cost, rounded half-up to the cent, is the printed total', async () => {
  const found = await reconcile('12,157.50');
  expect(found).toMatchObject({
    currency: 'USD',
    invoiceTotal: '12157.50',
    billedCost: '12157.495',
    rounded: '12157.50',
    difference: '0.00',
    ties: true,
  });
  expect(found.candidates[0]).toEqual({
    without: [],
    invoiceId: null,
    rounding: 'total',
    steps: [{ step: 'rounding per total', amount: '0.005' }],
  });
});

test('a month names its parts, its invoices, and what rounding makes of them', async () => {
  const found = await reconcile('1.00');
  expect(found.ties).toBe(false);
  expect(found.difference).toBe('12156.50');
  expect(found.candidates).toEqual([]);
  expect(found.parts).toEqual([
    { part: 'usage', rows: 2, billedCost: '10007.501' },
    { part: 'purchases', rows: 1, billedCost: '300.005' },
    { part: 'tax', rows: 1, billedCost: '1900.004' },
    { part: 'credits', rows: 1, billedCost: '-50' },
    { part: 'adjustments', rows: 1, billedCost: '-0.015' },
  ]);
  expect(found.invoices).toEqual([
    { invoiceId: 'inv-1', rows: 3, billedCost: '11850.005', rounded: '11850.01' },
    { invoiceId: 'inv-2', rows: 2, billedCost: '299.99', rounded: '299.99' },
    { invoiceId: null, rows: 1, billedCost: '7.5', rounded: '7.50' },
  ]);
  // Lines: 10000.00 + 1900.00 − 50 + 300.01 − 0.02 + 7.50 = 12157.49.
  expect(found.rounding).toEqual({ total: '0.005', invoice: '0.005', line: '-0.005' });
});

test('a total without tax, of one invoice, or without rows that have no invoice is recognised', async () => {
  const first = async (total: string) => {
    const { ties, candidates } = await reconcile(total);
    const [
      { without, invoiceId, rounding, steps } = { without: [], invoiceId: null, rounding: '', steps: [] },
    ] = candidates;
    return { ties, without, invoiceId, rounding, steps };
  };
  expect(await first('10257.49')).toEqual({
    ties: false,
    without: ['tax'],
    invoiceId: null,
    rounding: 'total',
    steps: [
      { step: 'without tax', amount: '-1900.004' },
      { step: 'rounding per total', amount: '-0.001' },
    ],
  });
  expect(await first('299.99')).toEqual({
    ties: false,
    without: [],
    invoiceId: 'inv-2',
    rounding: 'total',
    steps: [{ step: 'other invoices', amount: '-11857.505' }],
  });
  expect(await first('12150.00')).toMatchObject({ ties: false, without: ['uninvoiced'], rounding: 'total' });
  expect(await first('12157.49')).toMatchObject({ ties: false, without: [], rounding: 'line' });
  expect(await first('9950.00')).toMatchObject({ invoiceId: 'inv-1', without: ['tax'] });
});

test('one invoice can be asked for by its id', async () => {
  const found = await reconcile('11,850.01', { invoiceId: 'inv-1' });
  expect(found).toMatchObject({ invoiceId: 'inv-1', billedCost: '11850.005', ties: true });
  expect(found.parts.map(({ part }) => part)).toEqual(['usage', 'tax', 'credits']);
  await expect(reconcile('1', { invoiceId: 'inv-9' })).rejects.toMatchObject({
    code: 'ingestion.unknownInvoice',
    exitCode: 3,
    message: expect.stringContaining('inv-1, inv-2'),
  });
});

test('yen have no decimals: lines of 100.4 are 200 on an invoice that rounds lines, and 201 on one that rounds once', async () => {
  expect(await reconcile('201', { source: 'yen' })).toMatchObject({
    currency: 'JPY',
    ties: true,
    rounded: '201',
  });
  expect(await reconcile('200', { source: 'yen' })).toMatchObject({
    ties: false,
    difference: '1',
    candidates: [{ rounding: 'line', without: [], steps: [{ step: 'rounding per line', amount: '-0.8' }] }],
  });
});

test('a month in several currencies asks which one the invoice is in', async () => {
  const asked = { source: 'azure', period: '2026-10', invoiceTotal: '1' };
  const { engine, workspace } = bench;
  await expect(reconcileInvoice(engine, workspace.lake, everything, asked)).rejects.toMatchObject({
    code: 'ingestion.whichCurrency',
    message: expect.stringContaining('EUR and USD'),
  });
  await expect(reconcile('1', { currency: 'GBP' })).rejects.toMatchObject({
    code: 'ingestion.whichCurrency',
  });
  expect(await reconcile('12.34', { currency: 'EUR' })).toMatchObject({ ties: true });
});

test('a month that was never imported is refused', async () => {
  await expect(reconcile('1', { source: 'nobody' })).rejects.toMatchObject({ code: 'lake.unknownMonth' });
});

const dollars = { currency: 'USD', places: 2 };

test.each([
  ['12,345.67', '12345.67'],
  ['12345.67', '12345.67'],
  ['1,234,567', '1234567.00'],
  ['-0.5', '-0.50'],
  [' 7 ', '7.00'],
  ['3.100', '3.10'],
])('a printed total %j is %s', (text, value) => {
  expect(formatFixed(parseInvoiceTotal(text, dollars), 2)).toBe(value);
});

test.each([
  '',
  '$12',
  '12.345,67',
  '1,23',
  '1,2345',
  '12 345',
  '1e3',
  '.5',
  '5.',
  '1_000',
  '1.234',
  '--1',
  'NaN',
])('a printed total %j is refused', (text) => {
  let code: unknown;
  try {
    parseInvoiceTotal(text, dollars);
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  expect(code).toBe('ingestion.unfitInvoiceTotal');
});

const anyLine: fc.Arbitrary<InvoiceLine> = fc.record({
  invoiceId: fc.constantFrom(null, 'a', 'b'),
  part: fc.constantFrom('usage', 'tax', 'credits', 'adjustments'),
  rows: fc.constant(1),
  billed: fc.integer({ min: -99_999, max: 99_999 }).map((units) => ({ units: BigInt(units), scale: 4 })),
  rounded: fc.constant({ units: 0n, scale: 2 }),
});

test('every candidate leads from the bill to the printed total, step by step', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 8 }), fc.nat(), (some, pick) => {
      const lines = some.map((line) => ({ ...line, rounded: roundHalfUp(line.billed, 2) }));
      const kept = lines.filter(
        ({ invoiceId, part }) => part !== (pick % 2 ? 'tax' : '') && invoiceId !== (pick % 3 ? 'b' : ''),
      );
      const total = roundedSum(kept, 'total', 2);
      const candidates = candidatesFor({ total, lines, places: 2, wholeMonth: true });
      for (const { steps } of candidates) {
        const walked = sumDecimals([sumOf(lines), ...steps.map(({ amount }) => parseDecimal(amount))]);
        expect(formatFixed(walked, 4)).toBe(formatFixed(total, 4));
      }
      if (pick % 6 === 0) expect(candidates[0]).toMatchObject({ without: [], invoiceId: null });
    }),
  );
});
