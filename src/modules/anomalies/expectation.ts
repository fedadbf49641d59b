import { median, type RobustScale, robustScale, smallSampleFactor } from './robust-z.ts';
import { seasonsOf, slopeOf, type TimedValue } from './trend.ts';

/** What history leads one to expect of a day or month, in the unit of the values. */
export interface Expectation {
  readonly expected: number;
  /** How far such an expectation is off as a rule. */
  readonly scale: RobustScale;
  /** How far each point of the history was off, by index: it was expected from the others of its season, without itself. */
  readonly errors: ReadonlyMap<number, number>;
  /** True where the history has an amount below 0, so that a range may reach there. */
  readonly negative: boolean;
}

export interface ExpectationAsked {
  /** Points before the one asked for; a point that is asked for must not judge itself. */
  readonly history: readonly TimedValue[];
  readonly index: number;
  /** 7 for weekdays of days, 1 for none. */
  readonly season: number;
  /** How many values the same season must have. */
  readonly leastValues: number;
}

/** Differences below this part of the largest value are what doubles lose. */
const noise = 1e-12;

/**
 * The median of the same season after a significant trend is taken out, drawn on to the point that is asked for; `undefined` where
 * the season has too few values. The scale is of leave-one-out errors: each point of the history is expected from the others of its
 * season, as the new one is. Errors against a median that contains the point itself are too small (of five Mondays one is always
 * exactly 0): with four weeks of normal noise they let 5.8 % of days pass for anomalies at a score of 3.5, leave-one-out 0.7 %.
 *
 * Mondays 10, 13, 12, 11, no trend: 11.5 is expected of the next. The 13 was off by 13 − 11 = 2.
 */
export function expectationOf({
  history,
  index,
  season,
  leastValues,
}: ExpectationAsked): Expectation | undefined {
  const slope = slopeOf(history, season);
  const level = history.map((one) => ({ index: one.index, value: one.value - slope * (one.index - index) }));
  const groups = seasonsOf(level, season);
  const own = groups.find(([first]) => first && (index - first.index) % season === 0) ?? [];
  if (own.length < leastValues) return undefined;
  const largest = history.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  const errors = new Map(groups.flatMap((group) => leaveOneOut(group, largest * noise)));
  return {
    expected: median(own.map(({ value }) => value)),
    scale: predictionScale([...errors.values()]),
    errors,
    negative: history.some(({ value }) => value < 0),
  };
}

/** What each value is off the median of the others of its group; a group of one says nothing. */
function leaveOneOut(group: readonly TimedValue[], least: number): [number, number][] {
  const sorted = group.toSorted((a, b) => a.value - b.value);
  const others = sorted.length - 1;
  if (others === 0) return [];
  return sorted.map(({ index, value }, rank) => {
    const other = (place: number) => sorted[place < rank ? place : place + 1]?.value ?? value;
    const error = value - (other((others - 1) >> 1) + other(others >> 1)) / 2;
    return [index, Math.abs(error) <= least ? 0 : error];
  });
}

/** About 0, so that an expectation that is always too low counts as off. */
function predictionScale(errors: readonly number[]): RobustScale {
  const scale = robustScale(errors, 0);
  return { ...scale, sigma: scale.sigma * smallSampleFactor(errors.length) };
}
