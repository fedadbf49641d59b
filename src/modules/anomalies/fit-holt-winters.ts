import {
  initialState,
  type Smoothed,
  type SmoothingParameters,
  type SmoothingState,
  smooth,
} from './holt-winters.ts';
import { nelderMead } from './nelder-mead.ts';

/** A smoothing whose parameters were found. */
export interface FittedSmoothing extends Smoothed {
  readonly parameters: SmoothingParameters;
  readonly initial: SmoothingState;
}

/** φ stays here, as is usual: below, a trend is gone at once; above, it is as good as none. */
const [leastPhi, mostPhi] = [0.8, 0.98];

/** Where the search may begin; it goes on from the best. */
const starts = [0.1, 0.3, 0.6, 0.9].flatMap((alpha) =>
  [0.05, 0.3].flatMap((trend) =>
    [0.05, 0.3].flatMap((season) => [0.9, 0.97].map((phi) => ({ alpha, trend, season, phi }))),
  ),
);

/**
 * Damped Holt-Winters (damped Holt for a season of 0) with the parameters of the least sum of squared errors, within 0 < α < 1,
 * 0 < β < α, 0 < γ ≤ 1 − α, 0.8 ≤ φ ≤ 0.98: the best of a fixed grid, improved by Nelder and Mead's simplex. The initial state is that
 * of `initialState`, not searched for: what a year of months or a fortnight of days say is too little for it. Needs two whole seasons,
 * two values without.
 */
export function fitHoltWinters(values: ArrayLike<number>, season: number): FittedSmoothing {
  const initial = initialState(values, season);
  const scratch = new Float64Array(season);
  const size = season === 0 ? 3 : 4;
  const sse = (point: readonly number[]) => squaredErrors(values, parametersAt(point), initial, scratch);
  const begin = starts
    .filter((one) => season > 0 || one.season === 0.05)
    .map(({ alpha, trend, season: gamma, phi }) => {
      const damping = (phi - leastPhi) / (mostPhi - leastPhi);
      return [alpha, trend, damping, gamma].slice(0, size).map(logit);
    })
    .map((point) => ({ point, value: sse(point) }))
    .reduce((best, one) => (one.value < best.value ? one : best));
  const { point } = nelderMead(sse, begin.point, { step: 0.7, tolerance: 1e-7, mostEvaluations: 400 });
  const parameters = parametersAt(point);
  return { parameters, initial, ...smooth(values, parameters, initial) };
}

/** The search runs over all numbers; each parameter lies within its bounds for any of them. */
function parametersAt([a = 0, b = 0, d = 0, c]: readonly number[]): SmoothingParameters {
  const alpha = logistic(a);
  return {
    alpha,
    beta: alpha * logistic(b),
    gamma: c === undefined ? 0 : (1 - alpha) * logistic(c),
    phi: leastPhi + (mostPhi - leastPhi) * logistic(d),
  };
}

/** The sum of squared errors alone, as `smooth` has it, without making anything: it is asked for hundreds of times. */
function squaredErrors(
  values: ArrayLike<number>,
  { alpha, beta, gamma, phi }: SmoothingParameters,
  initial: SmoothingState,
  seasons: Float64Array,
): number {
  const season = seasons.length;
  seasons.set(initial.seasons);
  let { level, trend } = initial;
  let sum = 0;
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    const damped = phi * trend;
    const effect = season === 0 ? 0 : (seasons[at] as number);
    const error = (values[i] as number) - level - damped - effect;
    sum += error * error;
    level += damped + alpha * error;
    trend = damped + beta * error;
    if (season === 0) continue;
    seasons[at] = effect + gamma * error;
    at = at + 1 === season ? 0 : at + 1;
  }
  return sum;
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function logit(share: number): number {
  return Math.log(share / (1 - share));
}
