import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addMonths, formatDecimal, parseDecimal, parsePeriod } from '../../platform/kernel/index.ts';
import { applySteps } from './apply-steps.ts';
import { divide, ratioText } from './divide.ts';
import { type Table, type TableColumn, withSummedTotals } from './table.ts';

const dimension = { kind: 'text', dimension: true, summed: false } as const;
const columns: readonly TableColumn[] = [
  { ...dimension, name: 'month', kind: 'time' },
  { ...dimension, name: 'ServiceName' },
  { ...dimension, name: 'BillingCurrency' },
  { name: 'BilledCost', kind: 'money', dimension: false, summed: true },
];

/** One service's cost per month from January 2026; `undefined` leaves the month out. */
function monthly(service: string, amounts: readonly (string | undefined)[]): Table['rows'] {
  return amounts.flatMap((amount, i) =>
    amount === undefined
      ? []
      : [
          {
            month: addMonths(parsePeriod('2026-01'), i),
            ServiceName: service,
            BillingCurrency: 'USD',
            BilledCost: amount,
          },
        ],
  );
}

function forecastOf(rows: Table['rows'], service: string, month: string) {
  const table = applySteps(withSummedTotals(columns, rows), [
    { step: 'trend', month: 'month', of: 'BilledCost', months: 2 },
  ]);
  return table.rows.find((row) => row['ServiceName'] === service && row['month'] === month)?.['forecast'];
}

test('a straight line through 10, 20, 30 goes on to 40 and 50', () => {
  const rows = monthly('a', ['10', '20', '30']);
  expect(forecastOf(rows, 'a', '2026-04')).toBe('40');
  expect(forecastOf(rows, 'a', '2026-05')).toBe('50');
});

/* 1, 2, 2: mean 5/3, slope 1/2, so that the next month is 5/3 + 2 × 1/2 = 2.666… */
test('a line between the months is the one of least squares', () => {
  expect(forecastOf(monthly('a', ['1', '2', '2']), 'a', '2026-04')).toBe('2.666666666667');
});

/* b begins in February and skips April: 6, 3, 0 → slope −3 → −3. */
test("a key's line begins with its first month and counts a month without rows as 0", () => {
  const rows = [...monthly('a', ['1', '1', '1', '1']), ...monthly('b', [undefined, '6', '3'])];
  expect(forecastOf(rows, 'b', '2026-05')).toBe('-3');
  expect(forecastOf(rows, 'a', '2026-05')).toBe('1');
});

/* 10 in January, nothing known of February, 30 in March: 10 a month, so that April is 40. */
test('a month that no bill has is not taken for 0', () => {
  expect(forecastOf(monthly('a', ['10', undefined, '30']), 'a', '2026-04')).toBe('40');
});

test('a provider whose bill is not there yet has not stopped', () => {
  const named: readonly TableColumn[] = [...columns, { ...dimension, name: 'ServiceProviderName' }];
  const of = (provider: string, rows: Table['rows']) =>
    rows.map((row) => ({ ...row, ServiceProviderName: provider }));
  const rows = [...of('Early', monthly('a', ['1', '1'])), ...of('Late', monthly('b', ['5']))];
  const changed = applySteps(withSummedTotals(named, rows), [
    { step: 'change', month: 'month', of: 'BilledCost' },
  ]);
  expect(changed.rows.filter((row) => row['ServiceProviderName'] === 'Late')).toHaveLength(1);
});

test('any straight line of decimals is continued exactly', () => {
  const cents = fc.integer({ min: -1_000_000, max: 1_000_000 });
  fc.assert(
    fc.property(cents, cents, fc.integer({ min: 2, max: 14 }), (start, slope, months) => {
      const at = (i: number) => formatDecimal({ units: BigInt(start + slope * i), scale: 4 });
      const rows = monthly(
        'a',
        Array.from({ length: months }, (_, i) => at(i)),
      );
      expect(forecastOf(rows, 'a', addMonths(parsePeriod('2026-01'), months + 1))).toBe(at(months + 1));
    }),
  );
});

test('changes from month to month add up to last minus first, whatever months a key skips', () => {
  const amount = fc
    .integer({ min: -1000, max: 1000 })
    .map((units) => formatDecimal({ units: BigInt(units), scale: 2 }));
  fc.assert(
    fc.property(
      fc.array(fc.option(amount, { nil: undefined }), { minLength: 1, maxLength: 8 }),
      (amounts) => {
        const base = monthly(
          'base',
          amounts.map(() => '1'),
        );
        const table = applySteps(withSummedTotals(columns, [...base, ...monthly('a', amounts)]), [
          { step: 'change', month: 'month', of: 'BilledCost' },
        ]);
        const changes = table.rows
          .filter((row) => row['ServiceName'] === 'a')
          .map((row) => row['change'] ?? '0');
        const sum = changes.reduce((total: number, change) => total + Math.round(Number(change) * 100), 0);
        const cents = (text: string | undefined) => Math.round(Number(text ?? 0) * 100);
        expect(sum).toBe(cents(amounts.at(-1)) - cents(amounts[0]));
      },
    ),
  );
});

test('a quotient is rounded half away from zero, and nothing is divided by zero', () => {
  const ratio = (a: string, b: string) => ratioText(parseDecimal(a), parseDecimal(b));
  expect(ratio('2', '3')).toBe('0.666667');
  expect(ratio('-2', '3')).toBe('-0.666667');
  expect(ratio('1', '8000000')).toBe('0');
  expect(ratio('0.5', '1000000')).toBe('0.000001');
  expect(ratio('0.0005', '-0.001')).toBe('-0.5');
  expect(ratio('1', '0.00')).toBeNull();
  expect(divide(parseDecimal('1'), parseDecimal('0'), 6)).toBeUndefined();
});

test('a rounded quotient is never further than half a unit from the exact one', () => {
  const integer = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
  fc.assert(
    fc.property(
      integer,
      integer.filter((b) => b !== 0n),
      fc.nat(12),
      fc.nat(12),
      (a, b, scaleA, scaleB) => {
        const quotient = divide({ units: a, scale: scaleA }, { units: b, scale: scaleB }, 6);
        // |q·10⁻⁶ − a/b| ≤ ½·10⁻⁶, without a division: |2·q·b·10^sA − 2·a·10^(sB+6)| ≤ |b|·10^sA
        const left =
          2n * (quotient?.units ?? 0n) * b * 10n ** BigInt(scaleA) - 2n * a * 10n ** BigInt(scaleB + 6);
        const bound = (b < 0n ? -b : b) * 10n ** BigInt(scaleA);
        expect((left < 0n ? -left : left) <= bound).toBe(true);
      },
    ),
  );
});
