import { fitHoltWinters } from './fit-holt-winters.ts';
import {
  naiveWeights,
  project,
  type SmoothingParameters,
  seasonalNaive,
  smoothingWeights,
} from './holt-winters.ts';

/** The ways to forecast; `naive` is the seasonal naive of a season of one, `dampedHolt` the smoothing without season. */
export type ForecastModel = 'dampedHoltWinters' | 'dampedHolt' | 'seasonalNaive' | 'naive';

/** A model that has seen a series. */
export interface FittedModel {
  /** The next points, as far as asked. */
  readonly forecast: (horizon: number) => number[];
  /** What is left of an error of 1 after 0, 1, 2, … points. */
  readonly weights: (horizon: number) => number[];
  /** The variance of one step within the series, Σ e² ÷ (number of errors − what was estimated). */
  readonly variance: number;
  /** Of a smoothing. */
  readonly parameters?: SmoothingParameters;
}

/** A model before it has seen anything. */
export interface Candidate {
  readonly model: ForecastModel;
  /** 7, 12, …; 0 for a smoothing without season, 1 for the last value repeated. */
  readonly season: number;
  /** Fewer values cannot be fitted. */
  readonly leastValues: number;
  readonly fit: (values: ArrayLike<number>) => FittedModel;
}

/** How many points beyond its needs a season must leave to be tried on. */
const leastOrigins = 4;

/** What a smoothing without season is first tried on. */
const leastHolt = 8;

/**
 * The two that compete for a series of so many points: a smoothing and a naive forecast. The smoothing knows a season where two
 * whole ones and four points to try it on are there (18 days of weekdays, 28 months of a year); the naive one where one whole season
 * and four points are. Else they go without.
 */
export function candidatesFor(
  points: number,
  season: number,
): readonly [smoothing: Candidate, naive: Candidate] {
  const smoothed = season > 1 && points >= 2 * season + leastOrigins ? season : 0;
  const repeated = season > 1 && points >= season + leastOrigins ? season : 1;
  return [
    {
      model: smoothed > 0 ? 'dampedHoltWinters' : 'dampedHolt',
      season: smoothed,
      leastValues: Math.max(leastHolt, 2 * smoothed),
      fit: (values) => fitSmoothing(values, smoothed),
    },
    {
      model: repeated > 1 ? 'seasonalNaive' : 'naive',
      season: repeated,
      leastValues: repeated + 1,
      fit: (values) => fitNaive(values, repeated),
    },
  ];
}

function fitSmoothing(values: ArrayLike<number>, season: number): FittedModel {
  const { parameters, sse, state } = fitHoltWinters(values, season);
  const estimated = season > 0 ? 4 + 2 + (season - 1) : 3 + 2;
  return {
    forecast: (horizon) => project(state, parameters.phi, horizon),
    weights: (horizon) => smoothingWeights(parameters, season, horizon),
    variance: sse / Math.max(1, values.length - estimated),
    parameters,
  };
}

function fitNaive(values: ArrayLike<number>, season: number): FittedModel {
  let sum = 0;
  for (let i = season; i < values.length; i++)
    sum += ((values[i] as number) - (values[i - season] as number)) ** 2;
  return {
    forecast: (horizon) => seasonalNaive(values, season, horizon),
    weights: (horizon) => naiveWeights(season, horizon),
    variance: sum / Math.max(1, values.length - season),
  };
}
