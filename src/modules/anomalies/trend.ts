import { median } from './robust-z.ts';

/** A value with its place on the time line. */
export interface TimedValue {
  readonly index: number;
  readonly value: number;
}

/** Beyond this a trend is one at the level of 5 %. */
const significant = 1.959963984540054;

/** What the pairs of each season say. */
export interface Trend {
  /** Median of the slopes of all pairs within a season, per day or month: the seasonal Kendall slope. */
  readonly slope: number;
  /** Mann-Kendall's statistic, summed over the seasons, in standard deviations; 0 where nothing can be said. */
  readonly z: number;
}

/**
 * The robust slope of a seasonal series and whether there is one (Hirsch, Slack and Smith 1982; with one season Theil 1950, Sen
 * 1968 and Mann 1945). Only values of one season are compared, so that weekdays do not make a trend.
 *
 * Mondays 10, 12, 14 and Tuesdays 50, 52, 54: a slope of 2 ÷ 7 a day.
 */
export function seasonalTrend(values: readonly TimedValue[], season: number): Trend {
  const slopes: number[] = [];
  let statistic = 0;
  let variance = 0;
  for (const group of seasonsOf(values, season)) {
    const n = group.length;
    for (let j = 1; j < n; j++) {
      for (let i = 0; i < j; i++) {
        const [early, late] = [group[i] as TimedValue, group[j] as TimedValue];
        slopes.push((late.value - early.value) / (late.index - early.index));
        statistic += Math.sign(late.value - early.value);
      }
    }
    variance += kendallVariance(group);
  }
  if (slopes.length === 0) return { slope: 0, z: 0 };
  const towardsZero = statistic - Math.sign(statistic);
  return { slope: median(slopes), z: variance === 0 ? 0 : towardsZero / Math.sqrt(variance) };
}

/** The slope where it is significant at 5 %, else 0: a slope that nobody can tell from noise is not drawn into the future. */
export function slopeOf(values: readonly TimedValue[], season: number): number {
  const { slope, z } = seasonalTrend(values, season);
  return Math.abs(z) > significant ? slope : 0;
}

/** The values of each season, in the given order. */
export function seasonsOf(values: readonly TimedValue[], season: number): TimedValue[][] {
  const groups = new Map<number, TimedValue[]>();
  for (const one of values) {
    const at = ((one.index % season) + season) % season;
    const group = groups.get(at);
    if (group) group.push(one);
    else groups.set(at, [one]);
  }
  return [...groups.values()];
}

/** Of Mann-Kendall's statistic, less what ties take from it. */
function kendallVariance(group: readonly TimedValue[]): number {
  const counts = new Map<number, number>();
  for (const { value } of group) counts.set(value, (counts.get(value) ?? 0) + 1);
  const term = (n: number) => n * (n - 1) * (2 * n + 5);
  let ties = 0;
  for (const count of counts.values()) ties += term(count);
  return (term(group.length) - ties) / 18;
}
