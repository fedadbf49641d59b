import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../../../platform/kernel/index.ts';
import { chooseScale } from './scale.ts';

const scale = (currency: string, ...amounts: string[]) =>
  chooseScale(
    currency,
    amounts.map((text) => parseDecimal(text)),
  );

describe('the scale of a run', () => {
  it('has nine decimals while the largest lane of a day stays below 2⁵⁰ units', () => {
    expect(scale('EUR')).toBe(9);
    expect(scale('EUR', '0')).toBe(9);
    expect(scale('EUR', '12.5', '1000000', '3')).toBe(9);
    expect(scale('EUR', '1125899.906842623')).toBe(9);
  });

  it('loses a decimal with each power of ten above, at 2⁵⁰ units exactly', () => {
    expect(scale('EUR', '1125899.906842624')).toBe(8);
    expect(scale('EUR', '2000000')).toBe(8);
    expect(scale('EUR', '11258999.06842624')).toBe(7);
    expect(scale('EUR', '11258999.06842623')).toBe(8);
  });

  it('goes down to the smallest coin of the currency: cents, mils, or whole yen', () => {
    expect(scale('EUR', '11258999068426.23')).toBe(2);
    expect(scale('BHD', '1125899906842.623')).toBe(3);
    expect(scale('JPY', '1125899906842623')).toBe(0);
    expect(scale('JPY', '112589990684262.3')).toBe(1);
  });

  it('takes two decimals for a currency that it does not know', () => {
    expect(scale('credits', '11258999068426.23')).toBe(2);
  });

  it.each([
    ['EUR', '11258999068426.24', 2],
    ['BHD', '1125899906842.624', 3],
    ['JPY', '1125899906842624', 0],
    ['credits', '11258999068426.24', 2],
  ])('refuses %s %s, which its smallest coin cannot hold exactly', (currency, amount, decimals) => {
    expect(() => scale(currency, '1', amount)).toThrow(
      expect.objectContaining({ code: 'allocation.costsTooLarge', params: { amount, decimals } }),
    );
  });

  it('is the finest one that fits, whatever the amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 22n }), fc.nat(12), (units, decimals) => {
        const largest = { units, scale: decimals };
        const fits = (at: number) => units * 10n ** BigInt(at) < 2n ** 50n * 10n ** BigInt(decimals);
        const wanted = [9, 8, 7, 6, 5, 4, 3, 2].find(fits);
        if (wanted === undefined) expect(() => chooseScale('EUR', [largest])).toThrow('too large');
        else expect(chooseScale('EUR', [largest])).toBe(wanted);
      }),
      { numRuns: 500 },
    );
  });
});
