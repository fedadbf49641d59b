import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dateText, exactNumber, numberText } from './cell-value.ts';

it.each([
  ['12.50', 12.5],
  ['-0.0000001', -1e-7],
  ['123456789012345', 123_456_789_012_345],
  ['99999999999.9999', 99_999_999_999.9999],
  ['1234567890123456', undefined],
  ['0.1234567890123456', undefined],
  ['1E-320', undefined],
  ['-0', 0],
])('%s in a spreadsheet is %s', (text, number) => {
  expect(exactNumber(text)).toBe(number);
});

it('never takes a double for a decimal that it is not', () => {
  const decimal = fc.tuple(
    fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }),
    fc.integer({ min: 0, max: 20 }),
  );
  fc.assert(
    fc.property(decimal, ([units, scale]) => {
      const text = `${units}E-${scale}`;
      const number = exactNumber(text);
      if (number !== undefined) expect(numberText(String(number))).toBe(numberText(text));
    }),
  );
});

it.each([
  ['1.1000000000000001', '1.1'],
  ['0.30000000000000004', '0.30000000000000004'],
  ['1E-7', '0.0000001'],
  ['-12.0', '-12'],
  ['12345678901234567890.123', '12345678901234567890.123'],
  ['1e400', undefined],
  ['12,5', undefined],
  ['', undefined],
])('the number %s of a file reads %s', (text, read) => {
  expect(numberText(text)).toBe(read);
});

it('reads days as days, and moments to the second', () => {
  expect(dateText(new Date('2026-10-31T00:00:00Z'))).toBe('2026-10-31');
  expect(dateText(new Date('2026-10-31T14:29:59.999Z'))).toBe('2026-10-31T14:30:00');
  expect(dateText(new Date(Number.NaN))).toBeUndefined();
  expect(dateText(new Date('+012026-01-01T00:00:00Z'))).toBeUndefined();
});
