import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addDecimal,
  compareDecimal,
  formatDecimal,
  formatFixed,
  parseDecimal,
  roundHalfUp,
  subtractDecimal,
  sumDecimals,
  tryParseDecimal,
} from './decimal.ts';

const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 20 }))
  .map(([units, scale]) => ({ units, scale }));

test('reads plain, signed and scientific numbers exactly', () => {
  expect(formatDecimal(parseDecimal('12.3450'))).toBe('12.345');
  expect(formatDecimal(parseDecimal('-.5'))).toBe('-0.5');
  expect(formatDecimal(parseDecimal('1.2E-05'))).toBe('0.000012');
  expect(formatDecimal(parseDecimal('1e3'))).toBe('1000');
  expect(formatDecimal(parseDecimal('-0.00'))).toBe('0');
});

test('does not take money text, separators or blanks for numbers', () => {
  for (const text of ['', ' ', '1,000', '$5', '1_000', 'NaN', '.', '0x10', 'Infinity', '1e']) {
    expect(tryParseDecimal(text), text).toBeUndefined();
  }
});

test('rounds half away from zero at twelve decimals', () => {
  expect(formatDecimal(roundHalfUp(parseDecimal('0.0000000000005'), 12))).toBe('0.000000000001');
  expect(formatDecimal(roundHalfUp(parseDecimal('-0.0000000000005'), 12))).toBe('-0.000000000001');
  expect(formatDecimal(roundHalfUp(parseDecimal('0.0000000000004999'), 12))).toBe('0');
  expect(formatFixed(parseDecimal('1234.5'), 2)).toBe('1234.50');
  expect(formatFixed(parseDecimal('-0.005'), 2)).toBe('-0.01');
  expect(formatFixed(parseDecimal('2.5'), 0)).toBe('3');
});

test('survives the way to text and back', () => {
  fc.assert(fc.property(decimals, (a) => compareDecimal(parseDecimal(formatDecimal(a)), a) === 0));
});

test('adds and subtracts without losing a unit, in any order', () => {
  fc.assert(
    fc.property(fc.array(decimals), decimals, (values, extra) => {
      const sum = sumDecimals(values);
      const reversed = sumDecimals([...values].reverse());
      expect(compareDecimal(sum, reversed)).toBe(0);
      expect(compareDecimal(subtractDecimal(addDecimal(sum, extra), extra), sum)).toBe(0);
    }),
  );
});
