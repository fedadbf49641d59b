import type { JudgingOptions } from '../judge.ts';
import { type AmountSeries, calendars, type Grain, type SeriesPoint } from '../series.ts';

/** Points one after the other from a day or month on; `null` leaves one out. */
export function pointsFrom(
  grain: Grain,
  first: string,
  amounts: readonly (string | number | null)[],
): SeriesPoint[] {
  const start = calendars[grain].indexOf(first);
  return amounts.flatMap((amount, step) =>
    amount === null ? [] : [{ at: calendars[grain].textOf(start + step), amount: String(amount) }],
  );
}

/** Such points as a series in euros. */
export function seriesFrom(
  grain: Grain,
  first: string,
  amounts: readonly (string | number | null)[],
): AmountSeries {
  return { key: 'checkout', currency: 'EUR', points: pointsFrom(grain, first, amounts) };
}

/** Judged long afterwards, with floors of 20 euros and a fifth. */
export const judging: JudgingOptions = {
  now: new Date('2030-01-01T00:00:00Z'),
  floors: { currency: 'EUR', absolute: '20', relative: '0.2' },
  gaps: { are: 'missing' },
  places: 2,
};

/** Weeks of a cost that is 100 on weekdays and 40 at weekends, Monday first, with a little unrest that repeats only after 11 days. */
export function calmWeeks(weeks: number): number[] {
  return Array.from({ length: weeks * 7 }, (_, day) => (day % 7 < 5 ? 100 : 40) + ((day * 7) % 11) - 5);
}
