import {
  addDecimal,
  assert,
  type Decimal,
  formatDecimal,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';
import { amountText, assertPlaces, decimalOf } from './decimals.ts';
import { type Candidate, candidatesFor, type FittedModel, type ForecastModel } from './forecast-models.ts';
import type { SmoothingParameters } from './holt-winters.ts';
import {
  cumulativeSquares,
  cumulativeSumSquares,
  naiveScale,
  type RollingErrors,
  rollingErrors,
} from './rolling-origin.ts';
import {
  type AmountSeries,
  calendars,
  type Gaps,
  type Grain,
  type Point,
  readPoints,
  settle,
  usualHoldBackHours,
} from './series.ts';

/** Fewer points are not forecast. */
export const leastForecastPoints = 14;

export interface ForecastOptions {
  readonly grain: Grain;
  /** The clock: what is younger than the hold-back is not yet whole, and is forecast instead of used. */
  readonly now: Date;
  readonly gaps: Gaps;
  /** How many days or months to forecast: 1 … 400. */
  readonly horizon: number;
  /** 2 … 12: the decimals at which amounts are rounded, half-up. */
  readonly places: number;
  /** After how many points it repeats itself; `none` for no season. 7 for days, 12 for months unless told otherwise. */
  readonly season?: number | 'none';
  /** 48 unless told otherwise. */
  readonly holdBackHours?: number;
}

/** What is expected of a day, a month or all of them, and in which range it will be four times of five, and nineteen of twenty. */
export interface Expected {
  readonly mean: string;
  readonly low80: string;
  readonly high80: string;
  readonly low95: string;
  readonly high95: string;
}

/** One day or month ahead. */
export interface ForecastPoint extends Expected {
  readonly at: string;
}

/** How one model did on what is known. */
export interface ModelErrors {
  readonly model: ForecastModel;
  /** The season that it knows; null for none. */
  readonly season: number | null;
  /** Mean absolute error of the rolling origin, decimal text. */
  readonly mae: string;
  /** mae ÷ that of the seasonal naive forecast within the series; null where that is 0. */
  readonly mase: number | null;
}

interface Source {
  readonly key: string;
  readonly currency: string;
  readonly grain: Grain;
  /** How many points were used: those after the last gap. */
  readonly points: number;
  /** The first and the last of them; null for none. */
  readonly first: string | null;
  readonly last: string | null;
}

/** A forecast, with what it rests on. */
export interface ForecastMade extends Source {
  readonly kind: 'forecast';
  /** The model of the smaller rolling-origin error; of equal ones the naive one. */
  readonly model: ForecastModel;
  /** The smoothing first, then the naive forecast. Both were tried on the same origins. */
  readonly errors: readonly [ModelErrors, ModelErrors];
  /** How many origins, and how many forecasts from them were compared. */
  readonly origins: number;
  readonly compared: number;
  /** Of a smoothing; null of a naive forecast. */
  readonly parameters: SmoothingParameters | null;
  /** In the order of time, from the first that is not used on. */
  readonly ahead: readonly ForecastPoint[];
  /** All of them together: the mean is the exact sum of the means; the range is that of the sum, not the sum of the ranges. */
  readonly total: Expected;
}

/** No forecast: too few points. */
export interface TooShort extends Source {
  readonly kind: 'tooShort';
  /** How many are needed. */
  readonly needed: number;
}

export type Forecast = ForecastMade | TooShort;

/** Two-sided 80 % and 95 % of the normal distribution. */
const [z80, z95] = [1.2815515655446004, 1.959963984540054];

/**
 * The days or months after a series, by damped Holt-Winters or by the seasonal naive forecast, whichever was less off when it had to
 * forecast what is known by now; refused (`tooShort`) for fewer than 14 points after the last gap.
 *
 * Ranges: mean ∓ z σ √(Σ weights²), the analytic variance of the chosen model, so that they never get narrower further ahead; σ² is
 * the larger of the variance within the series and the one that explains the rolling-origin errors. Where history is never below 0,
 * neither means nor lower ends are: they are cut at 0.
 *
 * Thirty days of 10.00: the naive forecast, 10 each day, range 10 … 10.
 */
export function forecastSeries(series: AmountSeries, options: ForecastOptions): Forecast {
  const { grain, now, gaps, horizon, places, holdBackHours: hours = usualHoldBackHours } = options;
  assertPlaces(places);
  assert(Number.isInteger(horizon) && horizon >= 1 && horizon <= 400, `cannot forecast ${horizon} points`);
  const { settled } = settle(grain, readPoints(grain, series.points, gaps), { now, hours });
  const used = afterLastGap(settled);
  const source = {
    key: series.key,
    currency: series.currency,
    grain,
    points: used.length,
    first: used[0]?.at ?? null,
    last: used.at(-1)?.at ?? null,
  };
  if (used.length < leastForecastPoints) return { kind: 'tooShort', ...source, needed: leastForecastPoints };
  return { kind: 'forecast', ...source, ...made(used, options) };
}

function made(used: readonly Point[], options: ForecastOptions): Omit<ForecastMade, 'kind' | keyof Source> {
  const { grain, horizon, places, season = grain === 'day' ? 7 : 12 } = options;
  const base = used[0]?.value ?? 0;
  // Both models are indifferent to a shift; without the first value a constant series is exactly 0 for them.
  const values = Float64Array.from(used, ({ value }) => value - base);
  const candidates = candidatesFor(values.length, season === 'none' ? 0 : season);
  const first = Math.max(...candidates.map(({ leastValues }) => leastValues));
  const tried = candidates.map((candidate) => ({
    candidate,
    rolling: rollingErrors(values, candidate, { first, horizon }),
  })) as [Tried, Tried];
  const [smoothing, naive] = tried;
  const { candidate, rolling } = smoothing.rolling.mae < naive.rolling.mae ? smoothing : naive;
  const model = candidate.fit(values);
  const scale = naiveScale(values, naive.candidate.season);
  const errorsOf = (one: Tried) => modelErrors(one, scale, places);
  return {
    model: candidate.model,
    errors: [errorsOf(smoothing), errorsOf(naive)],
    origins: rolling.origins,
    compared: rolling.errors,
    parameters: model.parameters ?? null,
    ...amountsOf(model, {
      sigma: Math.sqrt(Math.max(model.variance, rolling.variance)),
      base,
      nonNegative: used.every(({ value }) => value >= 0),
      next: (used.at(-1)?.index ?? 0) + 1,
      options,
    }),
  };
}

interface Tried {
  readonly candidate: Candidate;
  readonly rolling: RollingErrors;
}

interface Frame {
  /** The standard deviation of one step. */
  readonly sigma: number;
  /** What was taken off the values. */
  readonly base: number;
  /** No amount is below 0. */
  readonly nonNegative: boolean;
  /** The index of the first point ahead. */
  readonly next: number;
  readonly options: ForecastOptions;
}

function amountsOf(model: FittedModel, frame: Frame): Pick<ForecastMade, 'ahead' | 'total'> {
  const { sigma, base, nonNegative, next, options } = frame;
  const { grain, horizon, places } = options;
  const weights = model.weights(horizon);
  const variances = cumulativeSquares(weights);
  const means = model.forecast(horizon).map((value) => cut(decimalOf(value + base, places), nonNegative));
  const around = (mean: Decimal, variance: number) =>
    expectedOf(mean, { deviation: sigma * Math.sqrt(variance), nonNegative, places });
  return {
    ahead: means.map((mean, step) => ({
      at: calendars[grain].textOf(next + step),
      ...around(mean, variances[step] as number),
    })),
    total: around(sumDecimals(means), cumulativeSumSquares(weights).at(-1) as number),
  };
}

function expectedOf(
  mean: Decimal,
  {
    deviation,
    nonNegative,
    places,
  }: { readonly deviation: number; readonly nonNegative: boolean; readonly places: number },
): Expected {
  const [inner, outer] = [decimalOf(z80 * deviation, places), decimalOf(z95 * deviation, places)];
  return {
    mean: formatDecimal(mean),
    low80: formatDecimal(cut(subtractDecimal(mean, inner), nonNegative)),
    high80: formatDecimal(addDecimal(mean, inner)),
    low95: formatDecimal(cut(subtractDecimal(mean, outer), nonNegative)),
    high95: formatDecimal(addDecimal(mean, outer)),
  };
}

function modelErrors({ candidate, rolling }: Tried, scale: number, places: number): ModelErrors {
  return {
    model: candidate.model,
    season: candidate.season > 1 ? candidate.season : null,
    mae: amountText(rolling.mae, places),
    mase: scale > 0 ? rolling.mae / scale : null,
  };
}

/** Neither model can bridge a gap, and an invented amount would be one of ours. */
function afterLastGap(points: readonly Point[]): readonly Point[] {
  const start = points.findLastIndex(
    (point, i) => i > 0 && point.index !== (points[i - 1] as Point).index + 1,
  );
  return points.slice(Math.max(0, start));
}

function cut(value: Decimal, nonNegative: boolean): Decimal {
  return nonNegative && value.units < 0n ? zero : value;
}
