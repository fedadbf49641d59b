import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../../platform/kernel/index.ts';
import { dailyUnitCosts, type MonthFigures, totalFigures, unitCostOf } from './economics.ts';
import { ratioOf } from './economics-ratio.ts';

const figures = (
  holistic: string,
  units: string | undefined,
  more: { readonly direct?: string; readonly retained?: string; readonly unitNames?: readonly string[] } = {},
): MonthFigures => ({
  cost: { direct: more.direct ?? '0', holistic, retained: more.retained ?? holistic },
  units:
    units === undefined ? undefined : { units, unitNames: more.unitNames ?? ['requests'], measuredDays: 31 },
});

describe('a quotient', () => {
  it('is kept exact, and shown at twelve decimals, half away from zero', () => {
    expect(ratioOf(parseDecimal('10'), parseDecimal('3'))).toEqual({
      numerator: '10',
      denominator: '3',
      value: '3.333333333333',
    });
    expect(ratioOf(parseDecimal('-2'), parseDecimal('3'))?.value).toBe('-0.666666666667');
    // 0.0000000000005 is half of the last decimal that is shown.
    expect(ratioOf(parseDecimal('0.0000000000005'), parseDecimal('1'))?.value).toBe('0.000000000001');
    expect(ratioOf(parseDecimal('5'), parseDecimal('0.00'))).toBeNull();
  });

  it('times its denominator is its numerator, to half a unit of the twelfth decimal', () => {
    const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
    fc.assert(
      fc.property(amount, fc.bigInt({ min: 1n, max: 10n ** 9n }), (a, b) => {
        const ratio = ratioOf({ units: a, scale: 3 }, { units: b, scale: 2 });
        const value = parseDecimal(ratio?.value ?? '');
        // |a/1000 − value × b/100| ≤ b/100 × 0.5 × 10⁻¹²
        const scaled = value.units * 10n ** BigInt(12 - value.scale);
        const error = a * 10n ** 11n - scaled * b;
        expect(2n * (error < 0n ? -error : error) <= b).toBe(true);
      }),
    );
  });
});

describe('cost per unit', () => {
  it('is cost over units, beside what it would be without cost from others', () => {
    const cost = unitCostOf(figures('120', '40', { direct: '20' }), undefined, 'holistic');
    expect(cost.unitCost).toEqual({ numerator: '120', denominator: '40', value: '3' });
    expect(cost.directUnitCost?.value).toBe('0.5');
    expect(cost.marginalReason).toBe('no_previous_month');
    expect(cost.previous).toBeNull();
  });

  it('of the cost that stays differs from that of all that comes in', () => {
    const passing = figures('120', '40', { retained: '30' });
    expect(unitCostOf(passing, undefined, 'retained').unitCost?.value).toBe('0.75');
  });

  it('is nothing where the metric is missing, and says so; 0 is another thing', () => {
    const missing = unitCostOf(figures('120', undefined), undefined, 'holistic');
    expect([missing.unitCost, missing.units, missing.reason]).toEqual([null, null, 'missing_metric']);
    const zero = unitCostOf(figures('120', '0'), undefined, 'holistic');
    expect([zero.unitCost, zero.units, zero.reason]).toEqual([null, '0', 'zero_metric']);
    const mixed = unitCostOf(figures('120', '5', { unitNames: ['h', 'min'] }), undefined, 'holistic');
    expect([mixed.unitCost, mixed.units, mixed.reason]).toEqual([null, null, 'mixed_units']);
  });

  it('is compared with the month before by exact ratios', () => {
    const cost = unitCostOf(figures('10', '3'), figures('10', '4'), 'holistic');
    // 10/3 − 10/4 = 0.8333…, a third of 2.5.
    expect(cost.change).toEqual({ difference: '0.833333333333', ratio: '0.333333333333' });
    expect(cost.previous?.unitCost?.value).toBe('2.5');
  });

  it('of the last units is what they cost more', () => {
    expect(unitCostOf(figures('130', '40'), figures('90', '30'), 'holistic').marginal?.value).toBe('4');
    const saved = unitCostOf(figures('80', '40'), figures('90', '30'), 'holistic');
    expect(saved.marginal?.value).toBe('-1');
    const same = unitCostOf(figures('130', '40'), figures('90', '40'), 'holistic');
    expect([same.marginal, same.marginalReason]).toEqual([null, 'units_unchanged']);
    const unmeasured = unitCostOf(figures('130', '40'), figures('90', undefined), 'holistic');
    expect([unmeasured.marginal, unmeasured.marginalReason]).toEqual([null, 'missing_metric']);
  });

  it('in hours is not compared with one in minutes', () => {
    const cost = unitCostOf(
      figures('60', '1', { unitNames: ['h'] }),
      figures('60', '60', { unitNames: ['min'] }),
      'holistic',
    );
    expect([cost.change, cost.marginal, cost.marginalReason]).toEqual([null, null, 'mixed_units']);
  });

  it('of all nodes leaves out what is not measured, and counts what they passed to each other once', () => {
    const total = totalFigures([figures('100', '10'), figures('60', '5'), figures('999', undefined)], '60');
    expect(total?.cost.holistic).toBe('100');
    expect(total?.units?.units).toBe('15');
    expect(totalFigures([figures('999', undefined)], '0')).toBeUndefined();
  });

  it('by day tells an unmeasured day from one without use', () => {
    const costs = ['2026-10-01', '2026-10-02', '2026-10-03'].map((day) => ({ day, cost: '6' }));
    const units = [
      { day: '2026-10-01', units: '4' },
      { day: '2026-10-02', units: '0' },
      { day: '2026-10-04', units: '2' },
    ];
    const days = dailyUnitCosts(costs, units).map(({ cost, units: count, unitCost }) => [
      cost,
      count,
      unitCost?.value ?? null,
    ]);
    expect(days).toEqual([
      ['6', '4', '1.5'],
      ['6', '0', null],
      ['6', null, null],
      ['0', '2', '0'],
    ]);
  });
});
