import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareText } from './compare-text.ts';
import { halfUp, roundNear } from './rounding.ts';
import { fitsSegment, segmentKey } from './segment-key.ts';
import { compareProducts } from './sharing.ts';
import { dayWeightsOf, wholeWeights } from './smooth.ts';
import { solveExactly } from './solve-exactly.ts';

/** Numbers up to 2⁵¹ of all sizes, many of them at a boundary. */
const whole = fc
  .tuple(fc.integer({ min: 0, max: 51 }), fc.maxSafeNat(), fc.integer({ min: -2, max: 2 }))
  .map(([bits, value, near]) =>
    Math.max(0, Math.min(2 ** 51, (value % 3 === 0 ? 2 ** bits : value % 2 ** bits) + near)),
  );

describe('rounding near a boundary', () => {
  it('is that of whole numbers without end', () => {
    fc.assert(
      fc.property(whole, whole, whole, fc.integer({ min: -1, max: 1 }), (total, a, b, off) => {
        const [numerator, denominator] = [Math.min(a, b), Math.max(a, b, 1)];
        const exact = Number(halfUp(BigInt(total) * BigInt(numerator), BigInt(denominator)));
        expect(roundNear(total, numerator, denominator, Number.NaN)).toBe(exact);
        expect(roundNear(total, numerator, denominator, exact + off)).toBe(exact);
      }),
      { numRuns: 20_000 },
    );
  });

  it('sends halves up', () => {
    expect([1, 3, 5].map((total) => roundNear(total, 1, 2, Number.NaN))).toEqual([1, 2, 3]);
    expect(roundNear(2 ** 50 - 1, 2 ** 50, 2 ** 51, Number.NaN)).toBe(2 ** 49);
  });
});

describe('products that a double cannot tell apart', () => {
  it('are compared exactly', () => {
    expect(compareProducts(2 ** 53 - 1, 2 ** 20, 2 ** 53 - 1, 2 ** 20)).toBe(0);
    expect(compareProducts(2 ** 52 + 1, 999_983, 2 ** 52, 999_983)).toBeGreaterThan(0);
    expect(compareProducts(94_906_267, 94_906_265, 94_906_266, 94_906_266)).toBe(-1);
  });
});

describe('means as whole weights', () => {
  it('are over the least common denominator', () => {
    expect(wholeWeights([fraction(1n, 2n), fraction(1n, 3n)])).toEqual([3, 2]);
    expect(wholeWeights([fraction(6n, 4n), fraction(3n, 2n), fraction(0n, 7n)])).toEqual([3, 3, 0]);
  });

  it('are rounded once where a double cannot hold them, at the finest power of ten', () => {
    const found = wholeWeights([fraction(10n ** 20n + 49_999n, 1n), fraction(10n ** 18n, 1n)]);
    expect(found).toEqual([1_000_000_000_000_000, 10_000_000_000_000]);
    expect(wholeWeights([fraction(2n ** 53n, 1n), fraction(5n, 1n)])).toEqual([900_719_925_474_099, 1]);
  });

  it('are exact where only what they have in common is too long', () => {
    expect(wholeWeights([fraction(3n * 10n ** 20n, 7n), fraction(10n ** 20n, 7n)])).toEqual([3, 1]);
  });

  it('are the same for usage in another unit, rounded or not', () => {
    const long = [fraction(10n ** 20n + 1n, 3n), fraction(10n ** 20n + 7n, 5n)];
    const inOther = long.map(({ numerator, denominator }) => fraction(numerator * 15n, denominator));
    expect(wholeWeights(inOther)).toEqual(wholeWeights(long));
  });

  it('weigh the days back by powers of the decay, at nine decimals', () => {
    expect([...dayWeightsOf({ days: 3, missingDays: 'skip', decay: 8000 })]).toEqual([25, 20, 16]);
    expect([...dayWeightsOf({ days: 3, missingDays: 'skip', decay: 10_000 })]).toEqual([1, 1, 1]);
    expect(dayWeightsOf({ days: 92, missingDays: 'skip', decay: 1000 })).toHaveLength(10);
  });

  function fraction(numerator: bigint, denominator: bigint) {
    return { numerator, denominator };
  }
});

describe('a system of equations', () => {
  it('is solved exactly for several right-hand sides', () => {
    const solved = solveExactly([
      [2n, -1n, 3n, 0n],
      [-1n, 1n, 1n, 5n],
    ]);
    const values = solved?.map((row) =>
      row.map(({ numerator, denominator }) => Number(numerator) / Number(denominator)),
    );
    expect(values).toEqual([
      [4, 5],
      [5, 10],
    ]);
  });

  it('has no solution where rows depend on each other', () => {
    expect(
      solveExactly([
        [1n, -1n, 1n],
        [-1n, 1n, 1n],
      ]),
    ).toBeUndefined();
  });
});

describe('names', () => {
  it('are ordered by code point, as the lake orders them', () => {
    const names = ['😀', 'ﬀ', 'b', 'B', 'a', 'aa', ''];
    expect([...names].sort(compareText)).toEqual(['', 'B', 'a', 'aa', 'b', 'ﬀ', '😀']);
    expect(['😀', 'ﬀ'].sort()).toEqual(['😀', 'ﬀ']);
  });

  it('of a segment are one for all ways to write it', () => {
    const eq = segmentKey({ label: 'env', operator: 'eq', values: ['prod'] });
    expect(eq).toBe(segmentKey({ label: 'env', operator: 'in', values: ['prod', 'prod'] }));
    expect(segmentKey({ label: 'env', operator: 'in', values: ['b', 'a'] })).toBe(
      '{"label":"env","operator":"in","values":["a","b"]}',
    );
  });

  it.each([
    ['in', ['prod'], [true, false, false]],
    ['neq', ['prod'], [false, true, true]],
    ['not_in', ['prod', 'test'], [false, false, true]],
    ['exists', [], [true, true, false]],
    ['not_exists', [], [false, false, true]],
  ] as const)(
    'of a segment with %s fit usage of prod, of test and without the label',
    (operator, values, expected) => {
      const key = segmentKey({ label: 'env', operator, values: [...values] });
      const labelled: Record<string, string>[] = [{ env: 'prod' }, { env: 'test' }, { zone: 'a' }];
      expect(labelled.map((labels) => fitsSegment(key, labels))).toEqual(expected);
    },
  );
});
