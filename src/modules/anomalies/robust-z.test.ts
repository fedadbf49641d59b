import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectationOf } from './expectation.ts';
import { median, medianAbsoluteDeviation, robustScale, robustZ, smallSampleFactor } from './robust-z.ts';
import published from './testing/robust-scipy.json' with { type: 'json' };
import { seasonalTrend, slopeOf } from './trend.ts';

/** Numbers of a bill's size, so that sums do not lose digits. */
const value = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100);
const history = fc.array(value, { minLength: 3, maxLength: 40 });

describe('robust statistics agree with scipy and statsmodels', () => {
  it.each(published.sets)(
    '$name',
    ({ values, median: middle, mad, madNormal, statsmodelsMad, theilSlope }) => {
      expect(median(values)).toBeCloseTo(middle, 10);
      expect(medianAbsoluteDeviation(values)).toBeCloseTo(mad, 10);
      expect(robustScale(values)).toEqual({ sigma: expect.closeTo(madNormal, 8), basis: 'mad' });
      expect(robustScale(values).sigma).toBeCloseTo(statsmodelsMad, 8);
      const timed = values.map((one, index) => ({ index, value: one }));
      expect(seasonalTrend(timed, 1).slope).toBeCloseTo(theilSlope, 10);
    },
  );

  it.each(published.seasonal)('the slope and the test of weekdays: $name', ({ values, slopePerWeek, p }) => {
    const timed = values.map((one, index) => ({ index, value: one }));
    const trend = seasonalTrend(timed, 7);
    expect(trend.slope * 7).toBeCloseTo(slopePerWeek, 9);
    expect(twoSided(trend.z) / p).toBeCloseTo(1, 3);
  });
});

describe('a robust z', () => {
  it('is the distance from the median in units of 1.4826 MAD', () => {
    const { score, ...rest } = robustZ(9, [1, 2, 3, 4, 5]);
    expect(score).toBeCloseTo(6 / 1.4826, 4);
    expect(rest).toEqual({ center: 3, sigma: expect.closeTo(1.4826, 4), basis: 'mad' });
  });

  it('falls back on the mean deviation where most of history is the same', () => {
    const { score, basis, sigma } = robustZ(12, [10, 10, 10, 14]);
    expect(basis).toBe('meanDeviation');
    expect(sigma).toBeCloseTo(1.2533, 4);
    expect(score).toBeCloseTo(2 / 1.2533, 3);
  });

  it('has no scale for a change of what never moved, and no score for no change', () => {
    expect(robustZ(10.01, [10, 10, 10])).toEqual({ score: null, basis: 'none', sigma: 0, center: 10 });
    expect(robustZ(10, [10, 10, 10]).score).toBe(0);
  });

  it('takes what doubles lose for no movement', () => {
    expect(robustScale([0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2]).basis).toBe('none');
  });

  it('is the same in cents as in euros, and above any base', () => {
    fc.assert(
      fc.property(
        history,
        value,
        fc.integer({ min: 1, max: 1000 }),
        value,
        (values, newest, factor, base) => {
          const before = robustZ(newest, values);
          const after = robustZ(
            newest * factor + base,
            values.map((one) => one * factor + base),
          );
          expect(after.basis).toBe(before.basis);
          if (before.score === null || after.score === null) expect(after.score).toBe(before.score);
          else expect(after.score).toBeCloseTo(before.score, 4 - Math.log10(1 + Math.abs(before.score)));
        },
      ),
    );
  });

  it('has a median between the smallest and the largest, whatever the order', () => {
    fc.assert(
      fc.property(history, (values) => {
        expect(median(values)).toBe(median(values.toReversed()));
        const below = values.filter((one) => one < median(values)).length;
        const above = values.filter((one) => one > median(values)).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });
});

describe('a trend', () => {
  const line = (slope: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ index, value: 10 + slope * index + (index % 7) * 20 }));

  it('is not made by weekdays', () => {
    expect(seasonalTrend(line(0, 28), 7)).toEqual({ slope: 0, z: 0 });
    expect(seasonalTrend(line(2, 28), 7).slope).toBe(2);
  });

  it('counts only where it is significant at 5 %', () => {
    expect(slopeOf(line(2, 28), 7)).toBe(2);
    const wavering = [5, 6, 4, 7, 5, 8].map((one, index) => ({ index, value: one }));
    expect(seasonalTrend(wavering, 1).slope).toBeGreaterThan(0);
    expect(slopeOf(wavering, 1)).toBe(0);
  });
});

describe('an expectation', () => {
  it('of a line that doubles cannot hold exactly is the line, and nothing is off', () => {
    const history = Array.from({ length: 56 }, (_, index) => ({ index, value: 100.1 + 0.1 * index }));
    const found = expectationOf({ history, index: 56, season: 7, leastValues: 4 });
    expect(found?.expected).toBeCloseTo(105.7, 10);
    expect(found?.scale).toEqual({ sigma: 0, basis: 'none' });
  });
});

describe('the correction for small samples', () => {
  it('is that of Croux and Rousseeuw (1992)', () => {
    expect([2, 3, 4, 5, 6, 7, 8, 9].map(smallSampleFactor)).toEqual([
      1.196, 1.495, 1.363, 1.206, 1.2, 1.14, 1.129, 1.107,
    ]);
    expect(smallSampleFactor(10)).toBeCloseTo(10 / 9.2, 12);
    expect(smallSampleFactor(1)).toBe(1);
  });
});

/** The two-sided p of a z, by the series of the error function (Abramowitz and Stegun 7.1.6), good to many digits for |z| < 6. */
function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
