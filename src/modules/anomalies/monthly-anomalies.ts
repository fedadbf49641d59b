import { formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import { type Cause, causeOf, type EffectParts } from './cause-of.ts';
import { expectationOf } from './expectation.ts';
import { type Anomaly, type Findings, type JudgingOptions, joinVerdicts } from './judge.ts';
import { judgeSeries } from './judge-series.ts';
import type { AmountSeries } from './series.ts';

/** How far back a month is compared: two years. */
const windowMonths = 24;

/** A month needs that many before it. */
const leastMonths = 6;

/** What changed a month against what it is compared with: effects by the month's name, `"2026-10"`; none is 0. */
export type EffectsByMonth<Name extends string> = Readonly<Record<string, Partial<EffectParts<Name>>>>;

/** An anomaly of months, and what it is put down to. */
export interface MonthlyAnomaly<Name extends string> extends Anomaly {
  /** From the effects of its months, summed; null where none were given or all are 0. */
  readonly cause: Cause<Name> | null;
}

/** As `Findings`, of months. */
export interface MonthlyFindings<Name extends string> extends Omit<Findings, 'anomalies'> {
  readonly anomalies: readonly MonthlyAnomaly<Name>[];
}

/**
 * The months of a series that cost more or less than those before lead one to expect. The amounts are at constant prices: one
 * price view for all months, so that a new price list is no anomaly of everybody. Compared with the median of up to 24 months
 * before, after a significant trend is taken out; six of them are needed. The season of a year is not known: two years of months
 * are too few for it.
 *
 * 100, 104, 98, 101, 97, 102, then 150 with floors of 20 and 0.2: expected 100.5, excess 49.5. Effects { quantity: "45", weight:
 * "5" }: the quantity, 0.9 of the change.
 */
export function monthlyAnomalies<Name extends string>(
  series: AmountSeries,
  options: JudgingOptions,
  effects: EffectsByMonth<Name>,
): MonthlyFindings<Name> {
  const { verdicts, ...rest } = judgeSeries(series, options, {
    grain: 'month',
    window: windowMonths,
    expect: (history, index) => expectationOf({ history, index, season: 1, leastValues: leastMonths }),
  });
  const anomalies = joinVerdicts(series, 'month', verdicts, 1);
  return {
    ...rest,
    anomalies: anomalies.map((anomaly) => ({ ...anomaly, cause: causeOfMonths(anomaly, effects) })),
    recurring: [],
  };
}

function causeOfMonths<Name extends string>(
  { points }: Anomaly,
  effects: EffectsByMonth<Name>,
): Cause<Name> | null {
  const months = points.flatMap(({ at }) => effects[at] ?? []);
  const names = [...new Set(months.flatMap((parts) => Object.keys(parts) as Name[]))];
  const sums = names.map((name) => {
    const amounts = months.map((parts) => parseDecimal(parts[name] ?? '0'));
    return [name, formatDecimal(sumDecimals(amounts))] as const;
  });
  return causeOf(Object.fromEntries(sums) as EffectParts<Name>) ?? null;
}
