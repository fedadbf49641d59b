import { assert } from '../../platform/kernel/index.ts';

/**
 * How fast a smoothing learns, in error-correction form (Hyndman, Koehler, Ord and Snyder 2008): level += φ trend + αe, trend = φ
 * trend + βe, season += γe. The β* of the classic form is β ÷ α.
 */
export interface SmoothingParameters {
  readonly alpha: number;
  readonly beta: number;
  /** 0 where there is no season. */
  readonly gamma: number;
  /** The damping: of a trend of 1 the next points get φ, φ + φ², …. 1 is no damping. */
  readonly phi: number;
}

/** Where a smoothing stands before a point. */
export interface SmoothingState {
  readonly level: number;
  /** Per point, before damping. */
  readonly trend: number;
  /** What the season adds: first that of the next point; they sum to about 0. Empty for none. */
  readonly seasons: readonly number[];
}

/** A series smoothed to its end. */
export interface Smoothed {
  /** What each point was expected to be from those before it. */
  readonly fitted: Float64Array;
  /** Σ (value − fitted)². */
  readonly sse: number;
  /** Before the first point after the series. */
  readonly state: SmoothingState;
}

/**
 * Additive damped Holt-Winters with given parameters; damped Holt where the state has no seasons. Values 10, 12 from level 9, trend
 * 1, φ 0.9, α 0.5, β 0.1: expected 9.9, off by 0.1; the level is 9.95, the trend 0.91, and 10.769 is expected of the second.
 */
export function smooth(
  values: ArrayLike<number>,
  { alpha, beta, gamma, phi }: SmoothingParameters,
  initial: SmoothingState,
): Smoothed {
  const season = initial.seasons.length;
  const seasons = Float64Array.from(initial.seasons);
  const fitted = new Float64Array(values.length);
  let { level, trend } = initial;
  let sse = 0;
  for (let i = 0; i < values.length; i++) {
    const at = season === 0 ? 0 : i % season;
    const damped = phi * trend;
    const effect = season === 0 ? 0 : (seasons[at] as number);
    const expected = level + damped + effect;
    const error = (values[i] as number) - expected;
    fitted[i] = expected;
    sse += error * error;
    level += damped + alpha * error;
    trend = damped + beta * error;
    if (season > 0) seasons[at] = effect + gamma * error;
  }
  const next = season === 0 ? 0 : values.length % season;
  return {
    fitted,
    sse,
    state: { level, trend, seasons: [...seasons.subarray(next), ...seasons.subarray(0, next)] },
  };
}

/** The points after the state: level + (φ + … + φʰ) trend + season. Level 100, trend 10, φ 0.9: 109, 117.1, 124.39. */
export function project({ level, trend, seasons }: SmoothingState, phi: number, horizon: number): number[] {
  let damped = 0;
  return Array.from({ length: horizon }, (_, step) => {
    damped += phi ** (step + 1);
    return level + damped * trend + (seasons.length > 0 ? (seasons[step % seasons.length] as number) : 0);
  });
}

/**
 * Where a smoothing starts, by the usual heuristics (the same book, section 2.6.1). Seasons: values less a centred moving average
 * over the first two to four seasons, averaged by season and made to sum to 0. Level and trend: the straight line through the
 * first ten values without season, at the point before the first. A season needs two whole ones; without season two values do.
 *
 * 10, 12, 14, 16 without season: level 8, trend 2.
 */
export function initialState(values: ArrayLike<number>, season: number): SmoothingState {
  assert(
    values.length >= Math.max(2, 2 * season),
    `${values.length} values do not start a season of ${season}`,
  );
  const seasons = season === 0 ? [] : initialSeasons(values, season);
  const length = Math.min(values.length, 10);
  const count = (length + 1) / 2;
  let sum = 0;
  let product = 0;
  let squares = 0;
  for (let i = 0; i < length; i++) {
    const value = (values[i] as number) - (season === 0 ? 0 : (seasons[i % season] as number));
    const offset = i + 1 - count;
    sum += value;
    product += offset * value;
    squares += offset * offset;
  }
  const trend = product / squares;
  return { level: sum / length - trend * count, trend, seasons };
}

function initialSeasons(values: ArrayLike<number>, season: number): number[] {
  const length = Math.min(values.length, 4 * season);
  const sums = new Float64Array(season);
  const counts = new Float64Array(season);
  for (let i = Math.floor(season / 2); i + Math.floor(season / 2) < length; i++) {
    const at = i % season;
    sums[at] = (sums[at] as number) + (values[i] as number) - movingAverage(values, i, season);
    counts[at] = (counts[at] as number) + 1;
  }
  const effects = [...sums].map((sum, at) => sum / (counts[at] as number));
  const mean = effects.reduce((sum, effect) => sum + effect, 0) / season;
  return effects.map((effect) => effect - mean);
}

/** Over one season about a point; the two ends count half where the season is even. */
function movingAverage(values: ArrayLike<number>, center: number, season: number): number {
  const half = Math.floor(season / 2);
  let sum = 0;
  for (let i = center - half; i <= center + half; i++) {
    const weight = season % 2 === 0 && Math.abs(i - center) === half ? 0.5 : 1;
    sum += weight * (values[i] as number);
  }
  return sum / season;
}

/**
 * What is left of an error of 1 in the points 0, 1, 2, … later: 1, α + βφ, α + β(φ + φ²), …, and γ more at each whole season. The
 * variance of a forecast h points ahead is σ² times the sum of the squares of the first h of them: the analytic variance of the
 * linear state space model with additive errors of equal variance (class 1 of the same book, chapter 6).
 */
export function smoothingWeights(
  { alpha, beta, gamma, phi }: SmoothingParameters,
  season: number,
  horizon: number,
): number[] {
  let damped = 0;
  return Array.from({ length: horizon }, (_, lag) => {
    if (lag === 0) return 1;
    damped += phi ** lag;
    return alpha + beta * damped + (season > 0 && lag % season === 0 ? gamma : 0);
  });
}

/** The last known value of the same season, again and again: season 2 after 1, 5, 2, 6: 2, 6, 2. Season 1 repeats the last value. */
export function seasonalNaive(values: ArrayLike<number>, season: number, horizon: number): number[] {
  assert(values.length >= season, `${values.length} values have no whole season of ${season}`);
  const start = values.length - season;
  return Array.from({ length: horizon }, (_, step) => values[start + (step % season)] as number);
}

/** As `smoothingWeights`, of the seasonal naive: 1 at each whole season, so that each season ahead adds one variance. */
export function naiveWeights(season: number, horizon: number): number[] {
  return Array.from({ length: horizon }, (_, lag) => (lag % season === 0 ? 1 : 0));
}
