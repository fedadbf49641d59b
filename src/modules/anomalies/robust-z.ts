import { assert } from '../../platform/kernel/index.ts';

/** 1 ÷ Φ⁻¹(¾): what the median absolute deviation of normal values is multiplied by to be their standard deviation. */
const madToSigma = 1.482602218505602;

/** √(π ÷ 2): the same for the mean absolute deviation. */
const meanDeviationToSigma = 1.2533141373155003;

/** How wide values spread, in their own unit, as a standard deviation would say it. */
export interface RobustScale {
  /** Not negative; 0 where the values do not spread at all. */
  readonly sigma: number;
  /**
   * What it was taken from. `mad`: the median absolute deviation. `meanDeviation`: more than half of the values are the same, so
   * that the median deviation is 0, and the mean one was taken. `none`: they are all the same.
   */
  readonly basis: 'mad' | 'meanDeviation' | 'none';
}

/** A value measured against its history. */
export interface RobustScore extends RobustScale {
  readonly center: number;
  /** (value − center) ÷ sigma; 0 at the center, and null where history never moved and the value did: it is beyond any scale. */
  readonly score: number | null;
}

/** Below this part of the largest value a spread is what doubles lose, not what the values do. */
const noise = 1e-12;

/** The middle value, or the mean of the two in the middle: median([5, 1, 3, 2]) is 2.5. A `Defect` for none. */
export function median(values: readonly number[]): number {
  assert(values.length > 0, 'the median of no values');
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The median of |value − center|, unscaled: that of 1, 1, 2, 2, 4, 6, 9 is 1, about their median 2. */
export function medianAbsoluteDeviation(values: readonly number[], center = median(values)): number {
  return median(values.map((value) => Math.abs(value - center)));
}

/**
 * MAD × 1.4826; where that is 0, the mean absolute deviation × 1.2533 (Iglewicz and Hoaglin 1993 for the first, the fallback as
 * the modified z-scores of statistics packages have it). Of 10, 10, 10, 14 about 10 it is 1 × 1.2533.
 */
export function robustScale(values: readonly number[], center = median(values)): RobustScale {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), Math.abs(center));
  const mad = medianAbsoluteDeviation(values, center);
  if (mad > largest * noise) return { sigma: mad * madToSigma, basis: 'mad' };
  const mean = values.reduce((sum, value) => sum + Math.abs(value - center), 0) / values.length;
  if (mean > largest * noise) return { sigma: mean * meanDeviationToSigma, basis: 'meanDeviation' };
  return { sigma: 0, basis: 'none' };
}

/** A value against a history of at least one: robustZ(9, [1, 2, 3, 4, 5]) is (9 − 3) ÷ 1.4826 = 4.05. */
export function robustZ(value: number, history: readonly number[]): RobustScore {
  const center = median(history);
  const scale = robustScale(history, center);
  return { ...scale, center, score: scoreOf(value - center, scale) };
}

/** A deviation in standard deviations; null where there is a deviation and no spread. */
export function scoreOf(deviation: number, { sigma }: RobustScale): number | null {
  if (deviation === 0) return 0;
  return sigma === 0 ? null : deviation / sigma;
}

/** For 2 … 9 values. */
const smallSamples = [1.196, 1.495, 1.363, 1.206, 1.2, 1.14, 1.129, 1.107];

/**
 * What MAD × 1.4826 of so few normal values must be multiplied by to be right on average (Croux and Rousseeuw 1992, formula 4):
 * 1.2 for six values, n ÷ (n − 0.8) from ten on.
 */
export function smallSampleFactor(count: number): number {
  if (count < 2) return 1;
  return smallSamples[count - 2] ?? count / (count - 0.8);
}
