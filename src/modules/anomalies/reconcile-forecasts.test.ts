import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDecimal,
  compareDecimal,
  formatDecimal,
  parseDecimal,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import type { ForecastPoint } from './forecast.ts';
import { splitByWeights } from './largest-remainder.ts';
import { type PoolForecast, reconcileForecasts } from './reconcile-forecasts.ts';

function ahead(means: readonly (string | number)[], half = 5): ForecastPoint[] {
  return means.map((mean, step) => {
    const end = (by: number) => {
      const value = addDecimal(parseDecimal(String(mean)), parseDecimal(String(by)));
      return formatDecimal(value.units < 0n ? parseDecimal('0') : value);
    };
    const at = `2026-10-${String(step + 1).padStart(2, '0')}`;
    return {
      at,
      mean: String(mean),
      low80: end(-half),
      high80: end(half),
      low95: end(-2 * half),
      high95: end(2 * half),
    };
  });
}

function pool(
  mean: readonly (string | number)[],
  products: Readonly<Record<string, readonly (string | number)[] | null>>,
): PoolForecast {
  return {
    key: 'cluster',
    currency: 'EUR',
    ahead: ahead(mean),
    products: Object.entries(products).map(([key, means]) => ({ key, ahead: means && ahead(means) })),
  };
}

const topDown = { method: 'topDown', places: 2 } as const;
const bottomUp = { method: 'bottomUp', places: 2 } as const;

describe('products add up to their pool', () => {
  it('top-down: the pool stands, the products are fitted to it in proportion', () => {
    const reconciled = reconcileForecasts(pool([90], { a: [60], b: [40] }), topDown);
    expect(reconciled.ahead).toEqual(ahead([90]));
    expect(reconciled.products.map((one) => one.ahead[0]?.mean)).toEqual(['54', '36']);
    expect(reconciled).toMatchObject({ method: 'topDown', unallocated: ['0'], withoutForecast: [] });
  });

  it('bottom-up: the products stand, the pool is their sum, and keeps the width of its range', () => {
    const reconciled = reconcileForecasts(pool([90], { a: [60], b: ['40.005'] }), bottomUp);
    expect(reconciled.ahead).toEqual([
      {
        at: '2026-10-01',
        mean: '100.005',
        low80: '95.005',
        high80: '105.005',
        low95: '90.005',
        high95: '110.005',
      },
    ]);
    expect(reconciled.products.map((one) => one.ahead)).toEqual([ahead([60]), ahead(['40.005'])]);
    expect(reconciled).toMatchObject({ method: 'bottomUp', unallocated: ['0'] });
  });

  it('gives the cent that does not divide to the largest remainder, of equal ones to the first key', () => {
    const { products } = reconcileForecasts(pool(['10.00'], { c: [3], a: [3], b: [3] }), topDown);
    expect(products.map(({ key, ahead: [point] }) => [key, point?.mean])).toEqual([
      ['c', '3.33'],
      ['a', '3.34'],
      ['b', '3.33'],
    ]);
  });

  it('moves ranges with their mean, not below 0 where they were not', () => {
    const { products } = reconcileForecasts(pool([50], { a: [60], b: [40] }), topDown);
    expect(products[1]?.ahead).toEqual([
      { at: '2026-10-01', mean: '20', low80: '15', high80: '25', low95: '10', high95: '30' },
    ]);
    const less = reconcileForecasts(pool([10], { a: [60], b: [40] }), topDown);
    expect(less.products[1]?.ahead).toMatchObject([{ mean: '4', low80: '0', high80: '9', low95: '0' }]);
  });

  it('names what nobody gets where a product has no forecast, instead of giving its part to the others', () => {
    for (const options of [topDown, bottomUp]) {
      const reconciled = reconcileForecasts(
        pool([90, 80], { a: [60, 60], young: null, b: [10, 40] }),
        options,
      );
      expect(reconciled).toMatchObject({
        method: 'topDown',
        unallocated: ['20', '-20'],
        withoutForecast: ['young'],
      });
      expect(reconciled.products.map((one) => one.ahead.map(({ mean }) => mean))).toEqual([
        ['60', '60'],
        ['10', '40'],
      ]);
      expect(reconciled.ahead).toEqual(ahead([90, 80]));
    }
  });

  it('names what nobody gets where all products are 0, or there are none', () => {
    expect(reconcileForecasts(pool([90], { a: [0], b: [0] }), topDown)).toMatchObject({
      unallocated: ['90'],
      products: [{ ahead: [{ mean: '0' }] }, { ahead: [{ mean: '0' }] }],
    });
    expect(reconcileForecasts(pool([90], {}), bottomUp)).toMatchObject({
      method: 'topDown',
      unallocated: ['90'],
      products: [],
    });
  });

  it('refuses forecasts of different days', () => {
    expect(() => reconcileForecasts(pool([90, 90], { a: [60] }), topDown)).toThrow(
      'not of the same days or months',
    );
  });

  it('to the last digit, at every point, by both methods, whatever the forecasts', () => {
    const mean = fc.integer({ min: -50_000, max: 1_000_000 }).map((cents) => (cents / 100).toFixed(2));
    const steps = 3;
    const means = fc.array(mean, { minLength: steps, maxLength: steps });
    const products = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,3}$/),
      fc.oneof({ weight: 6, arbitrary: means }, fc.constant(null)),
      { maxKeys: 8 },
    );
    fc.assert(
      fc.property(means, products, fc.constantFrom(topDown, bottomUp), (whole, parts, options) => {
        const reconciled = reconcileForecasts(pool(whole, parts), options);
        for (let step = 0; step < steps; step++) {
          const sum = sumDecimals([
            ...reconciled.products.map((one) => parseDecimal(one.ahead[step]?.mean ?? 'x')),
            parseDecimal(reconciled.unallocated[step] ?? 'x'),
          ]);
          expect(formatDecimal(sum)).toBe(formatDecimal(parseDecimal(reconciled.ahead[step]?.mean ?? 'x')));
        }
        expect(reconciled.products.length + reconciled.withoutForecast.length).toBe(
          Object.keys(parts).length,
        );
      }),
    );
  });

  it('keeps the proportions of positive products to a cent, and none below 0', () => {
    const mean = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(mean, fc.array(mean, { minLength: 1, maxLength: 10 }), (whole, parts) => {
        const sum = parts.reduce((total, part) => total + part, 0);
        fc.pre(sum > 0);
        const named = Object.fromEntries(parts.map((part, i) => [`p${i}`, [(part / 100).toFixed(2)]]));
        const { products } = reconcileForecasts(pool([(whole / 100).toFixed(2)], named), topDown);
        products.forEach((one, i) => {
          const cents = Math.round(Number(one.ahead[0]?.mean) * 100);
          expect(cents).toBeGreaterThanOrEqual(0);
          expect(Math.abs(cents - (whole * (parts[i] as number)) / sum)).toBeLessThan(1);
        });
      }),
    );
  });
});

describe('splitting by largest remainder', () => {
  const split = (amount: string, weights: readonly string[], places = 2) =>
    splitByWeights(parseDecimal(amount), {
      weights: weights.map(parseDecimal),
      keys: weights.map((_, i) => `k${i}`),
      places,
    }).map(formatDecimal);

  it.each<[string, string[], string[]]>([
    ['1.00', ['1', '1', '1'], ['0.34', '0.33', '0.33']],
    ['-1.00', ['1', '1', '1'], ['-0.34', '-0.33', '-0.33']],
    ['0.05', ['0.5', '0.25', '0.25'], ['0.03', '0.01', '0.01']],
    ['1.00', ['0', '1', '2'], ['0', '0.33', '0.67']],
    ['1.005', ['1', '2', '1'], ['0.25', '0.505', '0.25']],
  ])('%s by %j', (amount, weights, parts) => {
    expect(split(amount, weights)).toEqual(parts);
  });

  it('sums to the amount, each part within a unit of its share', () => {
    const weight = fc.integer({ min: 0, max: 10_000 }).map((one) => (one / 1000).toString());
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.array(weight, { minLength: 1, maxLength: 12 }),
        (cents, weights) => {
          const total = weights.reduce((sum, one) => sum + Number(one), 0);
          fc.pre(total > 0);
          const amount = (cents / 100).toFixed(2);
          const parts = split(amount, weights);
          expect(compareDecimal(sumDecimals(parts.map(parseDecimal)), parseDecimal(amount))).toBe(0);
          parts.forEach((part, i) => {
            expect(Math.abs(Number(part) - (Number(amount) * Number(weights[i])) / total)).toBeLessThan(
              0.01 + 1e-9,
            );
          });
        },
      ),
    );
  });

  it('cannot split by nothing, nor by less than nothing', () => {
    expect(() => split('1', ['0', '0'])).toThrow('nothing to split by');
    expect(() => split('1', ['2', '-1'])).toThrow('a weight is negative');
  });
});
