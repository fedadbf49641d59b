import { assert, type Decimal, parseDecimal, tryParsePeriod, zero } from '../../platform/kernel/index.ts';
import { numberOf } from './decimals.ts';

/** What one point of a series stands for. Days are UTC days, months billing months as the provider labels them. */
export type Grain = 'day' | 'month';

/** What was spent at one day or month. */
export interface SeriesPoint {
  /** `"2026-10-05"` or `"2026-10"`, as the grain says. */
  readonly at: string;
  /** Decimal text, in the currency of the series; charges are positive. */
  readonly amount: string;
}

/**
 * The amounts of one key in one currency, in any order, each day or month at most once. Whether they are charges, credits or both
 * is the caller's to choose and to say.
 */
export interface AmountSeries {
  readonly key: string;
  readonly currency: string;
  readonly points: readonly SeriesPoint[];
}

/**
 * What a day or month without an amount means. `missing`: nobody knows, and it is not judged, nor counted as history. `zero`: the
 * source delivered everything from … to, both included, so that what it does not name cost nothing.
 */
export type Gaps =
  | { readonly are: 'missing' }
  | { readonly are: 'zero'; readonly from: string; readonly to: string };

/** A point with its place on the time line. */
export interface Point {
  /** Days or months since 1970-01. */
  readonly index: number;
  readonly at: string;
  readonly amount: Decimal;
  /** The amount as the nearest double, for statistics. */
  readonly value: number;
}

/** Bills are still being written for two days after a day has ended. */
export const usualHoldBackHours = 48;

/** How days or months are counted. */
export interface Calendar {
  /** Throws a `RangeError` for a text that names none. */
  readonly indexOf: (at: string) => number;
  readonly textOf: (index: number) => string;
  /** The instant at which it is over, in milliseconds since 1970 (UTC). */
  readonly endOf: (index: number) => number;
}

const dayMs = 86_400_000;

/** The two grains: calendars.day.indexOf("1970-01-03") is 2. */
export const calendars: Readonly<Record<Grain, Calendar>> = {
  day: {
    indexOf: dayIndex,
    textOf: (index) => new Date(index * dayMs).toISOString().slice(0, 10),
    endOf: (index) => (index + 1) * dayMs,
  },
  month: {
    indexOf: monthIndex,
    textOf: (index) => new Date(monthStart(index)).toISOString().slice(0, 7),
    endOf: (index) => monthStart(index + 1),
  },
};

/**
 * The points in the order of time, gaps filled where they are zero. Two amounts for one day or month, or a text that names none,
 * are a `RangeError`.
 */
export function readPoints(grain: Grain, points: readonly SeriesPoint[], gaps: Gaps): Point[] {
  const calendar = calendars[grain];
  const read = new Map<number, Point>();
  for (const { at, amount } of points) {
    const index = calendar.indexOf(at);
    if (read.has(index)) throw new RangeError(`'${at}' has two amounts: add them first`);
    read.set(index, { index, at, amount: parseDecimal(amount), value: numberOf(amount) });
  }
  if (gaps.are === 'zero') {
    const to = calendar.indexOf(gaps.to);
    for (let index = calendar.indexOf(gaps.from); index <= to; index++) {
      if (!read.has(index)) read.set(index, { index, at: calendar.textOf(index), amount: zero, value: 0 });
    }
  }
  return [...read.values()].sort((a, b) => a.index - b.index);
}

/**
 * Points that were over at least `hours` before `now`, and the younger ones, which are held back: at noon of October 10 and 48
 * hours, October 7 is the newest that is settled, because October 8 was over only 36 hours ago.
 */
export function settle(
  grain: Grain,
  points: readonly Point[],
  { now, hours }: { readonly now: Date; readonly hours: number },
): { readonly settled: readonly Point[]; readonly heldBack: readonly Point[] } {
  assert(hours >= 0, 'the hold-back cannot be negative');
  const latestEnd = now.getTime() - hours * 3_600_000;
  const isSettled = ({ index }: Point) => calendars[grain].endOf(index) <= latestEnd;
  return { settled: points.filter(isSettled), heldBack: points.filter((point) => !isSettled(point)) };
}

function dayIndex(at: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(at) ? Date.parse(`${at}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== at) {
    throw new RangeError(`'${at}' is not a day: write YYYY-MM-DD`);
  }
  return ms / dayMs;
}

function monthIndex(at: string): number {
  if (!tryParsePeriod(at)) throw new RangeError(`'${at}' is not a month: write YYYY-MM`);
  return (Number(at.slice(0, 4)) - 1970) * 12 + Number(at.slice(5, 7)) - 1;
}

function monthStart(index: number): number {
  return Date.UTC(1970 + Math.floor(index / 12), ((index % 12) + 12) % 12, 1);
}
