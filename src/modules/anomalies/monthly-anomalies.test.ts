import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causeOf } from './cause-of.ts';
import { monthlyAnomalies } from './monthly-anomalies.ts';
import { judging, seriesFrom } from './testing/series.ts';

const calm = [100, 104, 98, 101, 97, 102];

describe('the months of a cost at constant prices', () => {
  it('say what was expected and what the change is put down to', () => {
    const found = monthlyAnomalies(seriesFrom('month', '2026-01', [...calm, 150]), judging, {
      '2026-07': { price: '0', quantity: '45', weight: '5' },
    });
    expect(found.anomalies).toMatchObject([
      {
        grain: 'month',
        first: '2026-07',
        last: '2026-07',
        direction: 'up',
        amount: '150',
        expected: '100.5',
        excess: '49.5',
        relative: '0.4925',
        cause: { cause: 'quantity', amount: '45', share: '0.9', change: '50' },
      },
    ]);
    expect(found).toMatchObject({ judged: 1, heldBack: [], recurring: [] });
    expect(found.tooLittleHistory).toHaveLength(6);
  });

  it('need six months before them', () => {
    const five = monthlyAnomalies(seriesFrom('month', '2026-01', [...calm.slice(1), 150]), judging, {});
    expect(five).toMatchObject({ anomalies: [], judged: 0 });
    expect(five.tooLittleHistory.at(-1)).toBe('2026-06');
  });

  it('are compared with 24 months and not with more, or fewer', () => {
    const uneasy = Array.from({ length: 12 }, (_, month) => (month % 2 === 0 ? 60 : 140));
    const old = Array.from({ length: 6 }, () => 10_000);
    const months = [...uneasy, ...Array.from({ length: 12 }, () => 100), 300];
    const judged = (first: string, amounts: readonly number[]) =>
      monthlyAnomalies(seriesFrom('month', first, amounts), { ...judging, judgeFrom: '2026-01' }, {})
        .anomalies;
    expect(judged('2023-07', [...old, ...months])).toEqual(judged('2024-01', months));
    // Half of the errors are 0, half 40: 20 × 1.4826 × 24 ÷ 23.2.
    expect(judged('2024-01', months)).toMatchObject([
      { expected: '100', score: expect.closeTo(200 / 30.675, 2) },
    ]);
  });

  it('are not asked for a cause that nobody gave', () => {
    const { anomalies } = monthlyAnomalies(seriesFrom('month', '2026-01', [...calm, 150]), judging, {});
    expect(anomalies).toMatchObject([{ first: '2026-07', cause: null }]);
  });

  it('make one anomaly where they follow each other, with the effects of all of them', () => {
    const { anomalies } = monthlyAnomalies(
      seriesFrom('month', '2026-01', [...calm, ...calm, 180, 190]),
      judging,
      {
        '2027-01': { price: '50', quantity: '30' },
        '2027-02': { quantity: '60', newApplication: '1' },
      },
    );
    expect(anomalies).toMatchObject([
      { first: '2027-01', last: '2027-02', cause: { cause: 'quantity', amount: '90', change: '141' } },
    ]);
  });

  it('of an application that is new are off from nothing, where its source had delivered nothing', () => {
    const series = seriesFrom('month', '2026-07', [80]);
    const gaps = { are: 'zero', from: '2026-01', to: '2026-07' } as const;
    const { anomalies } = monthlyAnomalies(
      series,
      { ...judging, gaps },
      { '2026-07': { newApplication: '80', price: '0' } },
    );
    expect(anomalies).toMatchObject([
      { expected: '0', excess: '80', score: null, cause: { cause: 'newApplication', share: '1' } },
    ]);
  });

  it('are not judged until they are over for 48 hours', () => {
    const series = seriesFrom('month', '2026-01', [...calm, 150]);
    const judged = (now: string) => monthlyAnomalies(series, { ...judging, now: new Date(now) }, {});
    expect(judged('2026-08-02T23:59:59Z')).toMatchObject({ heldBack: ['2026-07'], anomalies: [] });
    expect(judged('2026-08-03T00:00:00Z')).toMatchObject({ heldBack: [], anomalies: [{ first: '2026-07' }] });
  });

  it('grow steadily without being off', () => {
    const growing = Array.from({ length: 30 }, (_, month) => Math.round(100 * 1.05 ** month));
    expect(monthlyAnomalies(seriesFrom('month', '2024-01', growing), judging, {}).anomalies).toEqual([]);
  });
});

describe('the cause of a change', () => {
  it('is the largest effect that points where the change does', () => {
    expect(causeOf({ cost: '80', driver: '-90', price: '30', newApplication: '0' })).toEqual({
      cause: 'cost',
      amount: '80',
      share: '4',
      change: '20',
    });
    expect(causeOf({ cost: '-10', driver: '-90.5', price: '30' })).toEqual({
      cause: 'driver',
      amount: '-90.5',
      share: '1.2837',
      change: '-70.5',
    });
  });

  it('is the first named of equal ones, and the largest to either side where the effects cancel out', () => {
    expect(causeOf({ price: '5', cost: '5.00' })?.cause).toBe('price');
    expect(causeOf({ price: '5', cost: '-7', driver: '2' })).toEqual({
      cause: 'cost',
      amount: '-7',
      share: null,
      change: '0',
    });
  });

  it('is nothing where nothing changed', () => {
    expect(causeOf({ price: '0', cost: '0.00' })).toBeUndefined();
    expect(causeOf({})).toBeUndefined();
  });

  it('is never smaller than another effect to the same side, and never below its even part of the change', () => {
    const effect = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(
        fc.record({ cost: effect, driver: effect, price: effect, newApplication: effect }),
        (effects) => {
          const texts = Object.fromEntries(
            Object.entries(effects).map(([name, cents]) => [name, (cents / 100).toFixed(2)]),
          );
          const found = causeOf(texts);
          const change = Object.values(effects).reduce((sum, cents) => sum + cents, 0);
          if (!found) return expect(Object.values(effects).every((cents) => cents === 0)).toBe(true);
          const amount = Math.round(Number(found.amount) * 100);
          expect(amount).toBe(effects[found.cause as keyof typeof effects]);
          const same = Object.values(effects).filter(
            (cents) => change === 0 || Math.sign(cents) === Math.sign(change),
          );
          expect(Math.abs(amount)).toBe(Math.max(...same.map(Math.abs)));
          expect(Math.abs(amount)).toBeGreaterThanOrEqual(Math.abs(change) / 4);
        },
      ),
    );
  });
});
