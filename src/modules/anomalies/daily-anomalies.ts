import { type Expectation, expectationOf } from './expectation.ts';
import { type Findings, type JudgedPoint, type JudgingOptions, joinVerdicts, type Verdict } from './judge.ts';
import { judgeSeries } from './judge-series.ts';
import { type AmountSeries, calendars } from './series.ts';

/** How far back a day is compared: eight weeks. */
const windowDays = 56;

/** A weekday needs that many values in the window: four weeks. */
const leastWeeks = 4;

/** A weekend without amounts does not part two days of one anomaly. */
const mostDaysApart = 3;

/**
 * The days of one daily series that cost more or less than their weekday leads one to expect. A day is compared with the same
 * weekdays of the eight weeks before it, after a significant trend is taken out; it must have four of them. A step is an anomaly
 * until the new level is what history knows. A day that is off as the same day of the month before was (a fee on the first) is
 * named as recurring and is none.
 *
 * Mondays of 10, 13, 12, 11 and other weekdays alike, then a Monday of 60 with floors of 20 and 0.2: expected 11.5, excess 48.5.
 */
export function dailyAnomalies(series: AmountSeries, options: JudgingOptions): Findings {
  const recurring: JudgedPoint[] = [];
  const { verdicts, ...rest } = judgeSeries(series, options, {
    grain: 'day',
    window: windowDays,
    expect: (history, index) => expectationOf({ history, index, season: 7, leastValues: leastWeeks }),
    review: (verdict, expectation) => {
      if (!verdict.anomalous || !recurs(verdict, expectation)) return verdict;
      recurring.push(verdict.judged);
      return { ...verdict, anomalous: false };
    },
  });
  return { ...rest, anomalies: joinVerdicts(series, 'day', verdicts, mostDaysApart), recurring };
}

/** True where the same day of the month before was off to the same side by half to twice as much. */
function recurs({ point }: Verdict, { expected, errors }: Expectation): boolean {
  const before = errors.get(monthBefore(point.index)) ?? 0;
  const ratio = before / (point.value - expected);
  return ratio >= 0.5 && ratio <= 2;
}

/** The same day of the month before: September 30 for October 30, and for October 31 as well, as the last of a month is to the last. */
function monthBefore(index: number): number {
  const date = new Date(calendars.day.endOf(index - 1));
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const isLast = new Date(Date.UTC(year, month, day + 1)).getUTCDate() === 1;
  const daysBefore = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const to = isLast ? daysBefore : Math.min(day, daysBefore);
  return Date.UTC(year, month - 1, to) / 86_400_000;
}
