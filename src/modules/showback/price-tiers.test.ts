import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import { tierCosts } from './price-tiers.ts';
import { exactRatio } from './resolve-prices.ts';
import { spreadPool } from './spread-pool.ts';

const step = (from: string, price: string) => ({ from, numerator: price, denominator: '1' });
const steps = [step('0', '0.10'), step('100', '0.08')];
const sum = (texts: readonly string[]) => formatDecimal(sumDecimals(texts.map(parseDecimal)));

describe('tiers', () => {
  it('price each unit where it lies, or all at the step that the whole reaches', () => {
    expect(tierCosts(['250'], { mode: 'graduated', steps })).toEqual(['22']);
    expect(tierCosts(['250'], { mode: 'all-units', steps })).toEqual(['20']);
    expect(tierCosts(['100'], { mode: 'all-units', steps })).toEqual(['8']);
    expect(tierCosts(['99.999'], { mode: 'all-units', steps })).toEqual(['9.9999']);
  });

  it('count what an application consumes in all cells together, and split it to the last decimal', () => {
    const costs = tierCosts(['50', '100', '100'], { mode: 'graduated', steps });
    expect(costs).toEqual(['4.4', '8.8', '8.8']);
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 6 }),
        (units) => {
          const quantities = units.map((unit) => formatDecimal({ units: unit, scale: 6 }));
          const whole = tierCosts([sum(quantities)], { mode: 'graduated', steps });
          expect(sum(tierCosts(quantities, { mode: 'graduated', steps }))).toBe(sum(whole));
        },
      ),
    );
  });

  it('price what was given back at the first step', () => {
    expect(tierCosts(['-10'], { mode: 'graduated', steps })).toEqual(['-1']);
  });
});

describe('a ratio of units', () => {
  it('is a decimal where it ends, and stays a ratio where it does not', () => {
    expect(exactRatio('20', { numerator: 1n, denominator: 1000n })).toEqual({
      numerator: '0.02',
      denominator: '1',
    });
    expect(exactRatio('3', { numerator: 1n, denominator: 8n })).toEqual({
      numerator: '0.375',
      denominator: '1',
    });
    expect(exactRatio('30', { numerator: 1n, denominator: 744n })).toEqual({
      numerator: '1.25',
      denominator: '31',
    });
    expect(exactRatio('0', { numerator: 1n, denominator: 7n })).toEqual({ numerator: '0', denominator: '1' });
  });
});

describe('a pool', () => {
  it('is nobody’s where nobody has a weight', () => {
    expect(spreadPool('100', [{ key: 'a', weight: '0' }], 2)).toBeUndefined();
  });

  it('gives parts that sum to it, whatever the weights and the sign', () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 14n }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), weights, (units, list) => {
        const amount = formatDecimal({ units, scale: 2 });
        const parts = spreadPool(
          amount,
          list.map((unit, index) => ({ key: `k${index}`, weight: formatDecimal({ units: unit, scale: 3 }) })),
          2,
        );
        if (list.every((unit) => unit === 0n)) expect(parts).toBeUndefined();
        else expect(sum([...(parts?.values() ?? [])])).toBe(amount);
      }),
    );
  });
});
