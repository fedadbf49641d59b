import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatDecimal, parseDecimal, roundHalfUp } from '../../../platform/kernel/index.ts';
import { type Engine, literal, openEngine } from '../../../platform/warehouse/index.ts';
import {
  type DateOrder,
  decimalCell,
  monthOf,
  timestampCell,
  unreadableDecimal,
  unreadableTimestamp,
} from './cells.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => engine.close());

/** Each text through an SQL expression over the column `t`, in order. */
async function through(texts: readonly string[], expression: string): Promise<unknown[]> {
  const values = texts.map((text, index) => `(${index}, ${literal(text)})`).join(', ');
  const rows = await engine.rows(
    `select ${expression} as value from (values ${values}) as cells(n, t) order by n`,
  );
  return rows.map((row) => row['value']);
}

/** What the kernel makes of a text: exact, then rounded once. */
function rounded(text: string): string {
  return formatDecimal(roundHalfUp(parseDecimal(text), 12));
}

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });
const sign = fc.constantFrom('', '', '-', '+');
const plain = fc
  .tuple(sign, digits(1, 6), digits(0, 20))
  .map(([s, whole, fraction]) => `${s}${whole}${fraction === '' ? '' : `.${fraction}`}`);
const wide = fc
  .tuple(sign, digits(7, 20), digits(0, 24))
  .map(([s, whole, fraction]) => `${s}${whole}${fraction === '' ? '' : `.${fraction}`}`);
/** Exactly at the half, one unit below and one above: where rounding goes wrong. */
const halves = fc
  .tuple(sign, digits(1, 8), digits(12, 12), fc.constantFrom('5', '4999999', '5000001', '49', '51'))
  .map(([s, whole, fraction, rest]) => `${s}${whole}.${fraction}${rest}`);
const exponent = fc
  .tuple(sign, digits(1, 1), digits(0, 16), fc.constantFrom('e', 'E'), fc.integer({ min: -20, max: 9 }))
  .map(
    ([s, whole, fraction, e, power]) => `${s}${whole}${fraction === '' ? '' : `.${fraction}`}${e}${power}`,
  );
/** Doubles as bills hold them: up to 17 digits, shortest text. */
const double = fc.double({ min: -1e15, max: 1e15, noNaN: true }).map((value) => String(value));

describe('numbers', () => {
  test.each([
    ['plain texts of any length', fc.oneof(plain, wide)],
    ['texts at and beside the half', halves],
    ['texts with an exponent', exponent],
    ['doubles', double],
  ])('are read exactly and rounded half-up once at 12 decimals: %s', async (_, texts) => {
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 50, maxLength: 200 }), async (cells) => {
        expect(await through(cells, decimalCell('t'))).toEqual(cells.map(rounded));
        expect(await through(cells, unreadableDecimal('t'))).toEqual(cells.map(() => false));
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['0.0000000000005', '0.000000000001'],
    ['-0.0000000000005', '-0.000000000001'],
    ['0.00000000000049999999999', '0'],
    ['1.2E-05', '0.000012'],
    ['9e-20', '0'],
    ['-9.9E-14', '0'],
    ['5e-323', '0'],
    ['9.99e-13', '0.000000000001'],
    ['5e-13', '0.000000000001'],
    ['4.9e-13', '0'],
    ['1234567890123456.7890123456785', '1234567890123456.789012345679'],
    ['0.1', '0.1'],
    ['00012.50', '12.5'],
    ['.5', '0.5'],
    ['5.', '5'],
    [' 7 ', '7'],
    ['-0', '0'],
  ])('%s is %s', async (text, value) => {
    expect(await through([text], decimalCell('t'))).toEqual([value]);
    expect(formatDecimal(roundHalfUp(parseDecimal(text), 12))).toBe(value);
  });

  test.each([
    '1_000',
    '1,000',
    '1.000,50',
    '$5',
    '5 USD',
    'NaN',
    'nan',
    'Infinity',
    '-inf',
    ' ',
    '.',
    '-',
    'e5',
    '1e',
    '1e5.5',
    '--1',
    '1-',
    '(5)',
    '0x10',
    'true',
    '12 34',
    '१२',
    '99999999999999999999999999999',
  ])("'%s' is none", async (text) => {
    expect(await through([text], unreadableDecimal('t'))).toEqual([true]);
  });

  test('an empty cell is no value and nothing unreadable', async () => {
    expect(
      await engine.rows(
        `select ${decimalCell('t')} as v, ${unreadableDecimal('t')} as u from (select null::varchar as t)`,
      ),
    ).toEqual([{ v: null, u: false }]);
  });
});

describe('instants', () => {
  test.each([
    ['2026-10-01T00:00:00Z', '2026-10-01T00:00:00Z'],
    ['2026-10-01T00:00:00.000Z', '2026-10-01T00:00:00Z'],
    ['2026-10-01T12:34:56.789123Z', '2026-10-01T12:34:56.789123Z'],
    ['2026-10-01 12:34:56', '2026-10-01T12:34:56Z'],
    ['2026-10-01', '2026-10-01T00:00:00Z'],
    ['2026-10-01T02:00:00+02:00', '2026-10-01T00:00:00Z'],
    ['2026-09-30T19:30:00-04:30', '2026-10-01T00:00:00Z'],
    ['2026-10-01 00:00:00+00', '2026-10-01T00:00:00Z'],
    ['2026-10-01 00:00:00.000 UTC', '2026-10-01T00:00:00Z'],
    ['2026-10-01 00:00:00.5', '2026-10-01T00:00:00.5Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
  ])('%s is %s', async (text, instant) => {
    expect(await through([text], timestampCell('t'))).toEqual([instant]);
    expect(await through([text], unreadableTimestamp('t'))).toEqual([false]);
  });

  test.each([
    '5/1/25',
    '10/01/2026',
    '01.10.2026',
    '2026-13-01',
    '2026-02-30T00:00:00Z',
    '2026-10-01T25:00:00Z',
    '2026-10-01T00:00Z',
    '20261001',
    '25-10-01',
    'October 2026',
    '45931',
    'null',
    ' ',
    '2026-10-01T00:00:00Z and more',
    'infinity',
    'epoch',
  ])("'%s' is none in ISO order", async (text) => {
    expect(await through([text], unreadableTimestamp('t'))).toEqual([true]);
  });

  test.each<[DateOrder, string, string]>([
    ['mdy', '5/1/25', '2025-05-01T00:00:00Z'],
    ['dmy', '5/1/25', '2025-01-05T00:00:00Z'],
    ['mdy', '10/31/2026', '2026-10-31T00:00:00Z'],
    ['dmy', '31/10/2026 13:05', '2026-10-31T13:05:00Z'],
    ['mdy', '10/31/2026 13:05:09', '2026-10-31T13:05:09Z'],
  ])('in the order %s, %s is %s', async (order, text, instant) => {
    expect(await through([text], timestampCell('t', order))).toEqual([instant]);
  });

  test('a month of the other order is none', async () => {
    expect(await through(['31/10/2026'], unreadableTimestamp('t', 'mdy'))).toEqual([true]);
    expect(await through(['2026-10-01'], unreadableTimestamp('t', 'mdy'))).toEqual([true]);
  });

  test('a billing month that begins at 22:00 UTC of the day before, or at 08:00 UTC, is the month meant', async () => {
    const starts = ['2026-09-30T22:00:00Z', '2026-10-01T00:00:00Z', '2026-10-01T08:00:00Z', '2026-10-01'];
    expect(await through(starts, monthOf('t', 'iso', true))).toEqual(starts.map(() => '2026-10'));
  });

  test('the month of a charge is the month of its instant', async () => {
    expect(
      await through(['2026-09-30T22:00:00Z', '2026-10-31T23:59:59Z'], monthOf('t', 'iso', false)),
    ).toEqual(['2026-09', '2026-10']);
  });
});
