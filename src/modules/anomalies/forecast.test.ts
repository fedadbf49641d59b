import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitHoltWinters } from './fit-holt-winters.ts';
import { type ForecastMade, type ForecastOptions, forecastSeries } from './forecast.ts';
import { candidatesFor } from './forecast-models.ts';
import { seasonalNaive } from './holt-winters.ts';
import { rollingErrors } from './rolling-origin.ts';
import fromStatsmodels from './testing/holt-winters-statsmodels.json' with { type: 'json' };
import { calmWeeks, seriesFrom } from './testing/series.ts';

const options: ForecastOptions = {
  grain: 'day',
  now: new Date('2030-01-01T00:00:00Z'),
  gaps: { are: 'missing' },
  horizon: 14,
  places: 2,
};
const first = '2026-01-05';
const [airline, nile, daily] = fromStatsmodels.cases.map(({ values }) => values) as [
  number[],
  number[],
  number[],
];

/** With a trend that the season's repetition does not know. */
const rising = daily.map((value, day) => Math.round((value + 2 * day) * 100) / 100);

function made(
  amounts: readonly (string | number | null)[],
  asked: Partial<ForecastOptions> = {},
): ForecastMade {
  const at = asked.grain === 'month' ? '2010-01' : first;
  const forecast = forecastSeries(seriesFrom(asked.grain ?? 'day', at, amounts), { ...options, ...asked });
  if (forecast.kind !== 'forecast') throw new Error(`too short: ${forecast.points} points`);
  return forecast;
}

describe('a forecast', () => {
  it('of a constant is the constant, without a range', () => {
    for (const amount of ['10', '0.1', '33.333333333333', '0', '-7.7']) {
      const { ahead, total, model } = made(
        Array.from({ length: 30 }, () => amount),
        { places: 12 },
      );
      expect(model).toBe('seasonalNaive');
      for (const { at: _, ...rest } of ahead) {
        expect(rest).toEqual({ mean: amount, low80: amount, high80: amount, low95: amount, high95: amount });
      }
      expect(Number(total.mean)).toBeCloseTo(14 * Number(amount), 9);
      expect(total.low95).toBe(total.high95);
    }
  });

  it('begins with the first day that is not used, and names what it rests on', () => {
    const forecast = made(calmWeeks(10));
    expect(forecast).toMatchObject({
      key: 'checkout',
      currency: 'EUR',
      points: 70,
      first,
      last: '2026-03-15',
    });
    expect(forecast.ahead[0]?.at).toBe('2026-03-16');
    expect(forecast.ahead.map(({ at }) => at).at(-1)).toBe('2026-03-29');
  });

  it('of months counts months, and knows the year', () => {
    const { ahead, errors } = made(airline, { grain: 'month', horizon: 3 });
    expect(ahead.map(({ at }) => at)).toEqual(['2022-01', '2022-02', '2022-03']);
    expect(errors).toMatchObject([
      { model: 'dampedHoltWinters', season: 12 },
      { model: 'seasonalNaive', season: 12 },
    ]);
  });

  it('knows weekdays', () => {
    const { ahead } = made(calmWeeks(10));
    const weekend = ahead.filter((_, day) => day % 7 >= 5).map(({ mean }) => Number(mean));
    const week = ahead.filter((_, day) => day % 7 < 5).map(({ mean }) => Number(mean));
    expect(Math.max(...weekend)).toBeLessThan(50);
    expect(Math.min(...week)).toBeGreaterThan(90);
  });

  it('takes the days that are not over for 48 hours as not known', () => {
    const whole = made(calmWeeks(10).slice(0, 67));
    // At this hour day 67 was over 36 hours ago, and a half-written day 69 is there.
    const values = calmWeeks(10).map((value, day) => (day === 69 ? value / 10 : value));
    expect(made(values, { now: new Date('2026-03-15T12:00:00Z') })).toEqual(whole);
  });

  it('does not bridge a gap: it uses what comes after, or the zeros that the source says', () => {
    const values = [...calmWeeks(4), null, ...calmWeeks(4)];
    expect(made(values)).toMatchObject({ points: 28, first: '2026-02-03' });
    expect(made(values, { gaps: { are: 'zero', from: first, to: '2026-02-28' } })).toMatchObject({
      points: 57,
      first,
    });
  });
});

describe('too few points', () => {
  it('are refused under 14, without an error', () => {
    const thirteen = seriesFrom('day', first, calmWeeks(2).slice(0, 13));
    expect(forecastSeries(thirteen, options)).toEqual({
      kind: 'tooShort',
      key: 'checkout',
      currency: 'EUR',
      grain: 'day',
      points: 13,
      first,
      last: '2026-01-17',
      needed: 14,
    });
    expect(forecastSeries(seriesFrom('day', first, calmWeeks(2)), options).kind).toBe('forecast');
  });

  it('are those after the last gap', () => {
    const values = [...calmWeeks(8), null, 100, 100];
    expect(forecastSeries(seriesFrom('day', first, values), options)).toMatchObject({
      kind: 'tooShort',
      points: 2,
    });
  });

  it('may be none', () => {
    const nothing = { key: 'k', currency: 'EUR', points: [] };
    expect(forecastSeries(nothing, options)).toMatchObject({
      kind: 'tooShort',
      points: 0,
      first: null,
      last: null,
    });
  });

  it('for a season go without it: two whole ones and four points for the smoothing, one and four for the naive', () => {
    const models = (points: number, season: number) =>
      candidatesFor(points, season).map(({ model, season: m }) => [model, m]);
    expect(models(14, 7)).toEqual([
      ['dampedHolt', 0],
      ['seasonalNaive', 7],
    ]);
    expect(models(17, 7)).toEqual([
      ['dampedHolt', 0],
      ['seasonalNaive', 7],
    ]);
    expect(models(18, 7)).toEqual([
      ['dampedHoltWinters', 7],
      ['seasonalNaive', 7],
    ]);
    expect(models(15, 12)).toEqual([
      ['dampedHolt', 0],
      ['naive', 1],
    ]);
    expect(models(16, 12)).toEqual([
      ['dampedHolt', 0],
      ['seasonalNaive', 12],
    ]);
    expect(models(28, 12)).toEqual([
      ['dampedHoltWinters', 12],
      ['seasonalNaive', 12],
    ]);
    expect(models(60, 0)).toEqual([
      ['dampedHolt', 0],
      ['naive', 1],
    ]);
  });
});

describe('the model', () => {
  it('is the one that was less off when it forecast what is known by now', () => {
    for (const [values, asked] of [
      [airline, { grain: 'month', horizon: 12 }],
      [daily, {}],
      [nile, { season: 'none' }],
      [calmWeeks(10), {}],
    ] as const) {
      const forecast = made(values, asked);
      const [smoothing, naive] = forecast.errors;
      const better = Number(smoothing.mae) < Number(naive.mae) ? smoothing : naive;
      expect(forecast.model).toBe(better.model);
      expect(forecast.parameters === null).toBe(better === naive);
    }
  });

  it('is a smoothing for a season with a trend, and the naive one for a season that repeats itself', () => {
    expect(made(rising).model).toBe('dampedHoltWinters');
    const repeated = Array.from(
      { length: 70 },
      (_, day) => [100, 90, 120, 80, 95, 20, 10][day % 7] as number,
    );
    const forecast = made(repeated);
    expect(forecast).toMatchObject({ model: 'seasonalNaive', errors: [{}, { mae: '0', mase: null }] });
    expect(forecast.ahead.map(({ mean }) => Number(mean))).toEqual(repeated.slice(0, 14));
  });

  it('has its errors from fits that did not know what came', () => {
    const values = Float64Array.from(daily);
    const [smoothing, naive] = candidatesFor(values.length, 7);
    const asked = { first: 14, horizon: 14 };
    // 28 origins: fifteen have 14 points ahead, the others 13, 12, … 1.
    const found = rollingErrors(values, smoothing, asked);
    expect(found).toMatchObject({ origins: 28, errors: 15 * 14 + (13 * 14) / 2 });
    let sum = 0;
    let count = 0;
    for (let origin = 56; origin < 84; origin++) {
      const { state, parameters } = fitHoltWinters(daily.slice(0, origin), 7);
      let [damped, level] = [0, 0];
      for (let step = 0; step < Math.min(14, 84 - origin); step++) {
        damped += parameters.phi ** (step + 1);
        level = state.level + damped * state.trend + (state.seasons[step % 7] as number);
        sum += Math.abs((daily[origin + step] as number) - level);
        count++;
      }
    }
    expect(found.mae).toBeCloseTo(sum / count, 9);
    const last = rollingErrors(values, naive, { first: 83, horizon: 14 });
    expect(last).toMatchObject({ origins: 1, errors: 1 });
    expect(last.mae).toBeCloseTo(Math.abs((daily[83] as number) - (daily[76] as number)), 12);
  });

  it('has a variance for each parameter and state less: twelve of a season of seven, five of none, and one season of the naive', () => {
    const [seasonal, naive] = candidatesFor(84, 7);
    const [plain] = candidatesFor(84, 0);
    expect(seasonal.fit(daily).variance).toBeCloseTo(fitHoltWinters(daily, 7).sse / (84 - 12), 9);
    expect(plain.fit(daily).variance).toBeCloseTo(fitHoltWinters(daily, 0).sse / (84 - 5), 9);
    const changes = daily.slice(7).map((value, i) => (value - (daily[i] as number)) ** 2);
    expect(naive.fit(daily).variance).toBeCloseTo(changes.reduce((sum, one) => sum + one, 0) / 77, 9);
  });

  it('is tried on three known points by hand: 1, 2, 4, 4 by the last value is off by 2, 2 and 0', () => {
    const [, naive] = candidatesFor(14, 0);
    const found = rollingErrors(Float64Array.from([1, 2, 4, 4]), naive, { first: 2, horizon: 12 });
    expect(found).toMatchObject({ mae: expect.closeTo(4 / 3, 12), errors: 3, origins: 2 });
    // 2² ÷ 1, 2² ÷ 2 and 0.
    expect(found.variance).toBeCloseTo(2, 12);
  });
});

describe('ranges', () => {
  const cents = fc.array(fc.integer({ min: -2000, max: 100_000 }), { minLength: 14, maxLength: 50 });

  it('never get narrower further ahead, and hold each other, whatever the history', () => {
    fc.assert(
      fc.property(cents, fc.constantFrom(7, 12, 'none' as const), (history, season) => {
        const { ahead, total } = made(
          history.map((cent) => (cent / 100).toFixed(2)),
          { season, horizon: 16 },
        );
        let before = 0;
        for (const { mean, low80, high80, low95, high95 } of ahead) {
          const width = Math.round((Number(high95) - Number(mean)) * 100);
          expect(width).toBeGreaterThanOrEqual(before);
          before = width;
          expect(Number(low95)).toBeLessThanOrEqual(Number(low80));
          expect(Number(low80)).toBeLessThanOrEqual(Number(mean));
          expect(Number(mean)).toBeLessThanOrEqual(Number(high80));
          expect(Number(high80)).toBeLessThanOrEqual(Number(high95));
        }
        const sum = ahead.reduce((whole, { mean }) => whole + Math.round(Number(mean) * 100), 0);
        expect(Math.round(Number(total.mean) * 100)).toBe(sum);
      }),
      { numRuns: 40 },
    );
  });

  it('reach below 0 only where history does', () => {
    const falling = Array.from({ length: 40 }, (_, day) => Math.max(0, 80 - 2 * day + ((day * 7) % 5)));
    const { ahead, total } = made(falling, { season: 'none' });
    expect(ahead.every(({ mean, low95 }) => !mean.startsWith('-') && !low95.startsWith('-'))).toBe(true);
    expect(ahead.some(({ low95 }) => low95 === '0')).toBe(true);
    expect(total.low95.startsWith('-')).toBe(false);
    const credits = falling.map((value) => value - 100);
    expect(made(credits, { season: 'none' }).ahead.every(({ mean }) => mean.startsWith('-'))).toBe(true);
  });

  it('of a sum are narrower than the sum of the ranges, and wider than those of independent days', () => {
    const { ahead, total } = made(daily);
    const half = (point: { mean: string; high95: string }) => Number(point.high95) - Number(point.mean);
    expect(half(total)).toBeLessThan(ahead.reduce((sum, point) => sum + half(point), 0));
    expect(half(total)).toBeGreaterThan(
      Math.sqrt(ahead.reduce((sum, point) => sum + half(point) ** 2, 0)) * 0.99,
    );
  });

  it('are 1.96 and 1.28 standard deviations, by the larger of the variance within and that of the rolling origin', () => {
    const values = Float64Array.from(rising);
    const [smoothing] = candidatesFor(values.length, 7);
    const variance = Math.max(
      smoothing.fit(values).variance,
      rollingErrors(values, smoothing, { first: 14, horizon: 14 }).variance,
    );
    const [next] = made(rising, { places: 6 }).ahead;
    expect(Number(next?.high95) - Number(next?.mean)).toBeCloseTo(1.959964 * Math.sqrt(variance), 4);
    expect(Number(next?.mean) - Number(next?.low80)).toBeCloseTo(1.281552 * Math.sqrt(variance), 4);
  });

  it('of 95 % hold what came in nine of ten cases or more, from eleven origins of a series that is made', () => {
    let inside = 0;
    for (let end = 60; end <= 70; end++) {
      const { ahead } = made(daily.slice(0, end));
      inside += ahead.filter(({ low95, high95 }, step) => {
        const actual = daily[end + step] as number;
        return Number(low95) <= actual && actual <= Number(high95);
      }).length;
    }
    expect(inside / (11 * 14)).toBeGreaterThan(0.9);
  });
});

describe('amounts', () => {
  it('are rounded half-up at the places that are asked for', () => {
    const halves = Array.from({ length: 28 }, () => '0.125');
    expect(made(halves, { places: 2 }).ahead[0]?.mean).toBe('0.13');
    expect(made(halves, { places: 3 }).ahead[0]?.mean).toBe('0.125');
    expect(() => made(halves, { places: 1 })).toThrow('cannot round at 1 decimals');
    expect(() => made(halves, { places: 13 })).toThrow('cannot round at 13 decimals');
  });

  it('scale with the currency unit, and shift with a base, as far as doubles go', () => {
    const unit = made(daily, { places: 6 });
    const scaled = made(
      daily.map((value) => (value * 100).toFixed(2)),
      { places: 6 },
    );
    const shifted = made(
      daily.map((value) => (value + 5000).toFixed(2)),
      { places: 6 },
    );
    unit.ahead.forEach(({ mean, high95 }, step) => {
      expect(Number(scaled.ahead[step]?.mean) / 100).toBeCloseTo(Number(mean), 1);
      expect(Number(scaled.ahead[step]?.high95) / 100).toBeCloseTo(Number(high95), 1);
      expect(Number(shifted.ahead[step]?.mean) - 5000).toBeCloseTo(Number(mean), 1);
    });
  });

  it('of the same question are the same, to the byte', () => {
    expect(JSON.stringify(made(daily))).toBe(JSON.stringify(made(daily)));
  });

  it('of a naive forecast are those of the last season', () => {
    const values = Array.from(
      { length: 14 },
      (_, day) => [500, 90, 320, 80, 195, 20, 410][day % 7] as number,
    );
    const { ahead } = made(values, { horizon: 10 });
    expect(ahead.map(({ mean }) => Number(mean))).toEqual(seasonalNaive(values, 7, 10));
  });

  it('cannot be asked for no point, or for more than 400', () => {
    expect(() => made(daily, { horizon: 0 })).toThrow('cannot forecast 0 points');
    expect(() => made(daily, { horizon: 401 })).toThrow('cannot forecast 401 points');
  });
});
