import type { Candidate } from './forecast-models.ts';

/** How far off a model was when it forecast what is known by now. */
export interface RollingErrors {
  /** Mean of |value − forecast| over all origins and all points ahead of them, in the unit of the values. */
  readonly mae: number;
  /**
   * The variance of one step that explains these errors: the mean of e² ÷ (the variance that the model gives a forecast so far ahead,
   * for a step of 1).
   */
  readonly variance: number;
  /** How many times the model was fitted, and how many forecasts were compared. */
  readonly origins: number;
  readonly errors: number;
}

/** More origins cost time and say little more. */
const mostOrigins = 28;

/**
 * Forecasts from each of the last points of a series (28 at most, and from `first` values on) with what was known there, fitted anew
 * each time, and compares with what came.
 *
 * 1, 2, 4, 4 by the naive model from two values on: from 2 the forecasts are 2 and 2, from 4 it is 4: off by 2, 2 and 0, a mean
 * absolute error of 1.33.
 */
export function rollingErrors(
  values: Float64Array,
  candidate: Candidate,
  { first, horizon }: { readonly first: number; readonly horizon: number },
): RollingErrors {
  let absolute = 0;
  let scaled = 0;
  let errors = 0;
  const start = Math.max(first, values.length - mostOrigins);
  for (let origin = start; origin < values.length; origin++) {
    const ahead = Math.min(horizon, values.length - origin);
    const model = candidate.fit(values.subarray(0, origin));
    const variances = cumulativeSquares(model.weights(ahead));
    model.forecast(ahead).forEach((forecast, step) => {
      const error = (values[origin + step] as number) - forecast;
      absolute += Math.abs(error);
      scaled += (error * error) / (variances[step] as number);
      errors++;
    });
  }
  const count = Math.max(1, errors);
  return { mae: absolute / count, variance: scaled / count, origins: values.length - start, errors };
}

/** The variance of a forecast 1, 2, … points ahead, for a step of 1: weights 1, 0.5, 0.5 make 1, 1.25, 1.5. */
export function cumulativeSquares(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight * weight;
    return sum;
  });
}

/**
 * The variance of the sum of the first 1, 2, … forecasts, for a step of 1: an error of the first point is in all later ones as well.
 * Weights 1, 0.5: 1, then 1 + 1.5² = 3.25.
 */
export function cumulativeSumSquares(weights: readonly number[]): number[] {
  let carried = 0;
  let sum = 0;
  return weights.map((weight) => {
    carried += weight;
    sum += carried * carried;
    return sum;
  });
}

/**
 * What a mean absolute error is scaled by (Hyndman and Koehler 2006): that of the seasonal naive forecast one season ahead, within
 * the series. 0 for a series that repeats itself. 1, 5, 2, 7 with a season of 2: (1 + 2) ÷ 2 = 1.5.
 */
export function naiveScale(values: ArrayLike<number>, season: number): number {
  let sum = 0;
  for (let i = season; i < values.length; i++) {
    sum += Math.abs((values[i] as number) - (values[i - season] as number));
  }
  return sum / Math.max(1, values.length - season);
}
