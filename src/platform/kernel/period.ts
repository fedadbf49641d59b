import { assert } from './assert.ts';

/** A billing month as the provider labels it: `"2026-10"`. */
export type Period = string & { readonly __period: never };

/** Half-open interval of UTC instants: start ≤ t < end. */
export interface Interval {
  readonly start: Date;
  readonly end: Date;
}

const shape = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** `"2026-10"` as a period, or `undefined` for any other text. */
export function tryParsePeriod(text: string): Period | undefined {
  return shape.test(text) ? (text as Period) : undefined;
}

/** As `tryParsePeriod`; a text that is no billing month is a `RangeError`. */
export function parsePeriod(text: string): Period {
  const period = tryParsePeriod(text);
  if (!period) throw new RangeError(`'${text}' is not a billing month: write YYYY-MM`);
  return period;
}

/** The billing month that an instant falls in, in UTC. */
export function periodOf(instant: Date): Period {
  return instant.toISOString().slice(0, 7) as Period;
}

/** The month `count` months after (before, when negative): addMonths("2026-11", 2) is `"2027-01"`. */
export function addMonths(period: Period, count: number): Period {
  const [year, month] = parts(period);
  const index = year * 12 + (month - 1) + count;
  assert(index >= 0, `period ${period} + ${count} months is out of range`);
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${String((index % 12) + 1).padStart(2, '0')}` as Period;
}

/** The UTC interval of a billing month: "2026-10" is 2026-10-01 … 2026-11-01. */
export function periodInterval(period: Period): Interval {
  return { start: new Date(`${period}-01T00:00:00Z`), end: new Date(`${addMonths(period, 1)}-01T00:00:00Z`) };
}

/** Every month from `from` to `to`, both included; empty when `to` is before `from`. */
export function periodsBetween(from: Period, to: Period): Period[] {
  const periods: Period[] = [];
  for (let period = from; period <= to; period = addMonths(period, 1)) periods.push(period);
  return periods;
}

function parts(period: Period): [number, number] {
  return [Number(period.slice(0, 4)), Number(period.slice(5, 7))];
}
