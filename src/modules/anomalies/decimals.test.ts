import { describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal } from '../../platform/kernel/index.ts';
import { amountText, divideDecimal, multiplyDecimal, numberOf } from './decimals.ts';

describe('decimals and doubles', () => {
  it.each([
    [0.125, 2, '0.13'],
    [-0.125, 2, '-0.13'],
    [1e-7, 6, '0'],
    [5e-7, 6, '0.000001'],
    [1.5e21, 2, '1500000000000000000000'],
    [0.1 + 0.2, 12, '0.3'],
  ])('%d at %i places is %s', (value, places, text) => {
    expect(amountText(value, places)).toBe(text);
  });

  it('a text is read as the nearest double', () => {
    expect(numberOf('12.30')).toBe(12.3);
    expect(numberOf(' -1.2E-05 ')).toBe(-0.000012);
    expect(() => numberOf('')).toThrow('is not a decimal number');
  });

  it.each([
    ['2', '3', '0.6667'],
    ['-2', '3', '-0.6667'],
    ['2', '-3', '-0.6667'],
    ['-2', '-3', '0.6667'],
    ['0.5', '10000', '0.0001'],
    ['1.25', '0.5', '2.5'],
  ])('%s ÷ %s is %s', (a, b, quotient) => {
    const found = divideDecimal(parseDecimal(a), parseDecimal(b), 4);
    expect(found && formatDecimal(found)).toBe(quotient);
  });

  it('nothing is divided by 0, and products are exact', () => {
    expect(divideDecimal(parseDecimal('1'), parseDecimal('0.00'), 4)).toBeUndefined();
    expect(formatDecimal(multiplyDecimal(parseDecimal('0.2'), parseDecimal('-11.55')))).toBe('-2.31');
  });
});
