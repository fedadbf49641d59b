import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dailyAnomalies } from './daily-anomalies.ts';
import { expectationOf } from './expectation.ts';
import { calendars } from './series.ts';
import { calmWeeks, judging, pointsFrom, seriesFrom } from './testing/series.ts';
import published from './testing/weekdays-pandas.json' with { type: 'json' };

const add = (values: readonly number[], at: Readonly<Record<number, number>>) =>
  values.map((value, day) => value + (at[day] ?? 0));

/** Monday. */
const first = '2026-01-05';
const dayAt = (day: number) => calendars.day.textOf(calendars.day.indexOf(first) + day);

describe('the expectation of a weekday agrees with pandas and scipy', () => {
  const points = published.points.map(({ at, amount }) => ({
    index: calendars.day.indexOf(at),
    value: Number(amount),
  }));

  it.each(published.judged)('$day: $expected, off by $score', ({ day, expected, sigma, score }) => {
    const index = calendars.day.indexOf(day);
    const history = points.filter((point) => point.index < index && point.index >= index - 56);
    const found = expectationOf({ history, index, season: 7, leastValues: 4 });
    expect(found?.expected).toBeCloseTo(expected, 5);
    expect(found?.scale.sigma).toBeCloseTo(sigma, 5);
    const value = points.find((point) => point.index === index)?.value ?? Number.NaN;
    expect((value - (found?.expected ?? 0)) / (found?.scale.sigma ?? 0)).toBeCloseTo(score, 4);
  });

  it('finds the three days that were made to be off, and no other, with floors of 60 and 0.15', () => {
    const found = dailyAnomalies(
      { key: 'checkout', currency: 'EUR', points: published.points },
      { ...judging, floors: { currency: 'EUR', absolute: '60', relative: '0.15' } },
    );
    expect(found.anomalies.map((one) => [one.first, one.last, one.direction])).toEqual([
      ['2026-07-13', '2026-07-14', 'up'],
      ['2026-07-31', '2026-07-31', 'down'],
    ]);
    expect(found.judged).toBe(published.judged.length);
  });
});

describe('the days of a cost', () => {
  it('are not off because it is the weekend', () => {
    const { anomalies, judged, tooLittleHistory } = dailyAnomalies(
      seriesFrom('day', first, calmWeeks(10)),
      judging,
    );
    expect(anomalies).toEqual([]);
    expect(judged).toBe(6 * 7);
    expect(tooLittleHistory).toHaveLength(4 * 7);
  });

  it('are off where a weekend costs as much as a weekday', () => {
    const saturday = 8 * 7 + 5;
    const found = dailyAnomalies(seriesFrom('day', first, add(calmWeeks(10), { [saturday]: 60 })), judging);
    expect(found.anomalies.map(({ first: day, direction }) => [day, direction])).toEqual([
      [dayAt(saturday), 'up'],
    ]);
  });

  it('say what was expected, in which range, and how much more it was', () => {
    const values = Array.from({ length: 8 * 7 }, (_, day) => 10 + (Math.floor(day / 7) % 2 === 0 ? 1 : -1));
    const { anomalies } = dailyAnomalies(seriesFrom('day', first, [...values, 60]), judging);
    // Nines and elevens, four of each a weekday: 10. Each is off by 2 from the others: 2 × 1.4826 × 56 ÷ 55.2 = 3.0082.
    expect(anomalies).toEqual([
      {
        key: 'checkout',
        currency: 'EUR',
        grain: 'day',
        direction: 'up',
        first: dayAt(56),
        last: dayAt(56),
        points: [
          {
            at: dayAt(56),
            amount: '60',
            expected: '10',
            low: '0',
            high: '20.53',
            excess: '50',
            score: expect.closeTo(50 / 3.0082, 3),
          },
        ],
        amount: '60',
        expected: '10',
        excess: '50',
        relative: '5',
        score: expect.closeTo(50 / 3.0082, 3),
      },
    ]);
  });

  it('are judged as the README works out by hand', () => {
    const weeks = [10, 13, 12, 11].flatMap((amount) => Array.from({ length: 7 }, () => amount));
    const { anomalies } = dailyAnomalies(seriesFrom('day', first, [...weeks, 60]), judging);
    expect(anomalies).toMatchObject([{ expected: '11.5', excess: '48.5', score: expect.closeTo(21.19, 2) }]);
  });

  it('are off where they leave the range that is named with them, and not within it', () => {
    const values = Array.from({ length: 56 }, (_, day) => 10 + (Math.floor(day / 7) % 2 === 0 ? 1 : -1));
    const judged = (amount: string) =>
      dailyAnomalies(seriesFrom('day', first, [...values, amount]), {
        ...judging,
        floors: { currency: 'EUR', absolute: '0', relative: '0' },
      }).anomalies;
    // 10 ∓ 3.5 × 3.0082 = 10.5287.
    expect(judged('20.52')).toEqual([]);
    expect(judged('20.53')).toMatchObject([{ relative: '1.053' }]);
    expect(judged('-0.52')).toEqual([]);
    expect(judged('-0.53')).toMatchObject([{ direction: 'down', excess: '-10.53', relative: '-1.053' }]);
  });

  it('are compared with eight weeks, not with seven or nine', () => {
    const weeks = [100, 10, 20, 20, 10, 10, 20, 20, 10].flatMap((amount) =>
      Array.from({ length: 7 }, () => amount),
    );
    const { anomalies } = dailyAnomalies(seriesFrom('day', first, [...weeks, 90]), judging);
    expect(anomalies.at(-1)).toMatchObject({ first: dayAt(63), expected: '15' });
  });

  it('make one anomaly where they follow each other, with the sum of what was too much', () => {
    const values = add(calmWeeks(10), { 58: 100, 59: 110, 60: 120 });
    const { anomalies } = dailyAnomalies(seriesFrom('day', first, values), judging);
    expect(anomalies).toHaveLength(1);
    const [one] = anomalies;
    expect([one?.first, one?.last, one?.points.length]).toEqual([dayAt(58), dayAt(60), 3]);
    const sum = (name: 'amount' | 'expected' | 'excess') =>
      Math.round((one?.points.reduce((total, point) => total + Number(point[name]), 0) ?? 0) * 100) / 100;
    expect([one?.amount, one?.expected, one?.excess].map(Number)).toEqual([
      sum('amount'),
      sum('expected'),
      sum('excess'),
    ]);
  });

  it('are parted by a normal day, and by a change of side', () => {
    const up = dailyAnomalies(seriesFrom('day', first, add(calmWeeks(10), { 57: 100, 59: 110 })), judging);
    expect(up.anomalies.map((one) => one.first)).toEqual([dayAt(57), dayAt(59)]);
    const both = dailyAnomalies(seriesFrom('day', first, add(calmWeeks(10), { 57: 100, 58: -80 })), judging);
    expect(both.anomalies.map((one) => one.direction)).toEqual(['up', 'down']);
    expect(both.anomalies[1]?.excess.startsWith('-')).toBe(true);
  });

  it('are not parted by a weekend without amounts, but by a longer silence', () => {
    const weekdays = calmWeeks(10).map((value, day) => (day % 7 < 5 ? value : null));
    const friday = 8 * 7 + 4;
    const off = weekdays.map((value, day) =>
      value !== null && (day === friday || day === friday + 3) ? value + 90 : value,
    );
    expect(dailyAnomalies(seriesFrom('day', first, off), judging).anomalies).toHaveLength(1);
    const silent = off.map((value, day) => (day === friday + 3 ? null : day === friday + 4 ? 190 : value));
    expect(dailyAnomalies(seriesFrom('day', first, silent), judging).anomalies).toHaveLength(2);
  });

  it('are missing where the source names none, and not 0', () => {
    const values = calmWeeks(10).map((value, day) => (day === 60 ? null : value));
    expect(dailyAnomalies(seriesFrom('day', first, values), judging).anomalies).toEqual([]);
    const found = dailyAnomalies(seriesFrom('day', first, values), {
      ...judging,
      gaps: { are: 'zero', from: first, to: dayAt(69) },
    });
    const ended = dailyAnomalies(seriesFrom('day', first, calmWeeks(10).slice(0, 68)), {
      ...judging,
      gaps: { are: 'zero', from: first, to: dayAt(69) },
    });
    expect(ended.anomalies).toMatchObject([{ first: dayAt(68), last: dayAt(69), amount: '0' }]);
    expect(found.anomalies.map((one) => [one.first, one.amount, one.direction])).toEqual([
      [dayAt(60), '0', 'down'],
    ]);
  });

  it('of something new have too little history, unless the source says that it cost nothing before', () => {
    const fresh = { key: 'new', currency: 'EUR', points: pointsFrom('day', dayAt(60), [500, 500, 500]) };
    expect(dailyAnomalies(fresh, judging)).toMatchObject({
      anomalies: [],
      judged: 0,
      tooLittleHistory: [dayAt(60), dayAt(61), dayAt(62)],
    });
    const found = dailyAnomalies(fresh, { ...judging, gaps: { are: 'zero', from: first, to: dayAt(62) } });
    expect(found.anomalies).toMatchObject([
      { first: dayAt(60), last: dayAt(62), expected: '0', excess: '1500', relative: null, score: null },
    ]);
  });

  it('that never moved are off at any change that reaches the floors', () => {
    const flat = Array.from({ length: 56 }, () => 100);
    const next = (amount: number) =>
      dailyAnomalies(seriesFrom('day', first, [...flat, amount]), judging).anomalies;
    expect(next(119.99)).toEqual([]);
    expect(next(120)).toMatchObject([
      { excess: '20', relative: '0.2', score: null, points: [{ low: '100', high: '100' }] },
    ]);
  });

  it('keep a step as an anomaly for at least a week, and for no more than four: then it is what history knows', () => {
    const values = calmWeeks(20).map((value, day) => (day >= 70 ? value + 80 : value));
    const { anomalies } = dailyAnomalies(seriesFrom('day', first, values), judging);
    expect(anomalies[0]?.first).toBe(dayAt(70));
    expect(anomalies[0]?.points.length).toBeGreaterThanOrEqual(7);
    expect((anomalies.at(-1)?.last ?? '') < dayAt(98)).toBe(true);
  });

  it('follow a trend: growth is no anomaly, and its end is none', () => {
    const growing = calmWeeks(14).map((value, day) => value + 2 * Math.min(day, 70));
    expect(dailyAnomalies(seriesFrom('day', first, growing), judging).anomalies).toEqual([]);
  });

  it('with a fee on the first of each month are off once, and then known', () => {
    const values = Array.from(
      { length: 150 },
      (_, day) => 100 + ((day * 7) % 11) - 5 + (dayAt(day).endsWith('-01') ? 300 : 0),
    );
    const found = dailyAnomalies(seriesFrom('day', first, values), judging);
    // The first of February lies in history that is too short to judge it.
    expect(found.anomalies).toEqual([]);
    expect(found.recurring.map(({ at }) => at)).toEqual([
      '2026-03-01',
      '2026-04-01',
      '2026-05-01',
      '2026-06-01',
    ]);
    const late = values.map((value, day) =>
      dayAt(day) < '2026-03-15' && dayAt(day).endsWith('-01') ? value - 300 : value,
    );
    const started = dailyAnomalies(seriesFrom('day', first, late), judging);
    expect(started.anomalies.map((one) => one.first)).toEqual(['2026-04-01']);
    expect(started.recurring.map(({ at }) => at)).toEqual(['2026-05-01', '2026-06-01']);
  });

  it('with a fee on the last of each month as well, however long it is', () => {
    const last = ['2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31'];
    const values = Array.from(
      { length: 150 },
      (_, day) => 100 + ((day * 7) % 11) - 5 + (last.includes(dayAt(day)) ? 300 : 0),
    );
    const found = dailyAnomalies(seriesFrom('day', first, values), judging);
    expect(found.anomalies.map((one) => one.first)).toEqual(['2026-02-28']);
    expect(found.recurring.map(({ at }) => at)).toEqual(last.slice(1));
  });

  it.each([
    ['three times', 100, 300],
    ['a third of', 300, 100],
  ])('that are %s what they were off a month ago are not known', (_, before, now) => {
    const values = Array.from({ length: 100 }, (_, day) => {
      return (
        100 +
        ((day * 7) % 11) -
        5 +
        (dayAt(day) === '2026-03-01' ? before : dayAt(day) === '2026-04-01' ? now : 0)
      );
    });
    const found = dailyAnomalies(seriesFrom('day', first, values), judging);
    expect(found.anomalies.map((one) => one.first)).toEqual(['2026-03-01', '2026-04-01']);
  });
});

describe('the hold-back', () => {
  const values = add(calmWeeks(10), { 66: 200, 67: 200, 68: 200, 69: 200 });
  const series = seriesFrom('day', first, values);

  it('leaves days out until they are over for 48 hours', () => {
    // Noon two days after day 67: that day was over 36 hours ago.
    const { anomalies, heldBack } = dailyAnomalies(series, {
      ...judging,
      now: new Date(`${dayAt(69)}T12:00:00Z`),
    });
    expect(heldBack).toEqual([dayAt(67), dayAt(68), dayAt(69)]);
    expect(anomalies.map(({ last }) => last)).toEqual([dayAt(66)]);
  });

  it('ends to the second', () => {
    const atNow = (now: string) => dailyAnomalies(series, { ...judging, now: new Date(now) }).heldBack;
    expect(atNow(`${dayAt(72)}T00:00:00Z`)).toEqual([]);
    expect(atNow(`${dayAt(71)}T23:59:59Z`)).toEqual([dayAt(69)]);
  });

  it('is as long as the caller says', () => {
    const { heldBack } = dailyAnomalies(series, {
      ...judging,
      now: new Date(`${dayAt(70)}T00:00:00Z`),
      holdBackHours: 0,
    });
    expect(heldBack).toEqual([]);
  });

  it('makes no difference to the days before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), (days) => {
        const now = new Date(calendars.day.endOf(calendars.day.indexOf(dayAt(69 - days))) + 48 * 3_600_000);
        const held = dailyAnomalies(series, { ...judging, now });
        const cut = dailyAnomalies(seriesFrom('day', first, values.slice(0, 70 - days)), judging);
        expect({ ...held, heldBack: [] }).toEqual(cut);
        expect(held.heldBack).toHaveLength(days);
      }),
      { numRuns: 20 },
    );
  });
});

const unrest = fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 70, maxLength: 70 });

describe('whatever the days cost', () => {
  it('both floors are reached by every day of every anomaly, and the books of an anomaly balance', () => {
    const floors = fc.record({
      absolute: fc.integer({ min: 0, max: 300 }),
      relative: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(unrest, floors, (cents, { absolute, relative }) => {
        const series = seriesFrom(
          'day',
          first,
          cents.map((cent) => (cent / 100).toFixed(2)),
        );
        const { anomalies } = dailyAnomalies(series, {
          ...judging,
          floors: { currency: 'EUR', absolute: String(absolute), relative: (relative / 100).toFixed(2) },
          threshold: 1,
        });
        for (const { points } of anomalies) {
          for (const { amount, expected, excess, score } of points) {
            const inCents = [amount, expected, excess].map((text) => Math.round(Number(text) * 100)) as [
              number,
              number,
              number,
            ];
            expect(inCents[0] - inCents[1]).toBe(inCents[2]);
            expect(Math.abs(inCents[2])).toBeGreaterThanOrEqual(absolute * 100);
            expect(Math.abs(inCents[2]) * 100).toBeGreaterThanOrEqual(relative * Math.abs(inCents[1]));
            expect(score === null || Math.abs(score) > 1).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('higher floors find no more', () => {
    fc.assert(
      fc.property(unrest, (cents) => {
        const series = seriesFrom(
          'day',
          first,
          cents.map((cent) => (cent / 100).toFixed(2)),
        );
        const daysOff = (absolute: string, relative: string) =>
          dailyAnomalies(series, {
            ...judging,
            floors: { currency: 'EUR', absolute, relative },
            threshold: 1,
          }).anomalies.flatMap(({ points }) => points.map(({ at }) => at));
        const low = new Set(daysOff('0', '0'));
        expect(daysOff('100', '0').every((day) => low.has(day))).toBe(true);
        expect(daysOff('0', '0.5').every((day) => low.has(day))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('a hundred times the money, with a hundred times the floor, has the same anomalies', () => {
    fc.assert(
      fc.property(unrest, (cents) => {
        const judged = (factor: number, absolute: string) =>
          dailyAnomalies(
            seriesFrom(
              'day',
              first,
              cents.map((cent) => ((cent / 100) * factor).toFixed(2)),
            ),
            {
              ...judging,
              floors: { currency: 'EUR', absolute, relative: '0.2' },
              places: 12,
              threshold: 1.5,
            },
          ).anomalies.map((one) => [one.first, one.last, one.direction]);
        expect(judged(100, '2000')).toEqual(judged(1, '20'));
      }),
      { numRuns: 30 },
    );
  });

  it('their order in the input makes no difference', () => {
    const series = seriesFrom('day', first, add(calmWeeks(10), { 60: 100 }));
    fc.assert(
      fc.property(fc.shuffledSubarray([...series.points], { minLength: 70 }), (points) => {
        expect(dailyAnomalies({ ...series, points }, judging)).toEqual(dailyAnomalies(series, judging));
      }),
      { numRuns: 10 },
    );
  });
});

describe('what cannot be judged', () => {
  it('is refused: two amounts for a day, a text that is no day or no number', () => {
    const judged = (points: { at: string; amount: string }[]) =>
      dailyAnomalies({ key: 'k', currency: 'EUR', points }, judging);
    const twice = { at: first, amount: '1' };
    expect(() => judged([twice, twice])).toThrow(`'${first}' has two amounts`);
    expect(() => judged([{ at: '2026-02-30', amount: '1' }])).toThrow("'2026-02-30' is not a day");
    expect(() => judged([{ at: first, amount: '1,5' }])).toThrow("'1,5' is not a decimal number");
    expect(() => judged([{ at: first, amount: '1e999' }])).toThrow('too large');
  });

  it('is another currency than that of the floors', () => {
    const series = { ...seriesFrom('day', first, [1]), currency: 'USD' };
    expect(() => dailyAnomalies(series, judging)).toThrow('floors in EUR for amounts in USD');
  });

  it('before the day from which is judged is history only', () => {
    const series = seriesFrom('day', first, add(calmWeeks(10), { 57: 100, 60: 100 }));
    const found = dailyAnomalies(series, { ...judging, judgeFrom: dayAt(59) });
    expect(found.anomalies.map((one) => one.first)).toEqual([dayAt(60)]);
    expect(found.judged).toBe(11);
    expect(found.tooLittleHistory).toEqual([]);
  });
});
