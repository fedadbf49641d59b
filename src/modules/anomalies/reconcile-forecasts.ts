import {
  absDecimal,
  addDecimal,
  assert,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';
import { assertPlaces } from './decimals.ts';
import type { ForecastPoint } from './forecast.ts';
import { splitByWeights } from './largest-remainder.ts';

/** A product of a pool with its own forecast; `ahead` is null where it was too short for one. */
export interface ProductForecast {
  readonly key: string;
  readonly ahead: readonly ForecastPoint[] | null;
}

/** A pool, its own forecast and that of its products, all in one currency and over the same days or months. */
export interface PoolForecast {
  readonly key: string;
  readonly currency: string;
  readonly ahead: readonly ForecastPoint[];
  readonly products: readonly ProductForecast[];
}

export interface ReconciliationOptions {
  /**
   * `topDown`: the pool's forecast stands, the products are fitted to it. `bottomUp`: the products' forecasts stand, the pool is
   * their sum; where one has none, a sum would be too small, and the pool's own stands.
   */
  readonly method: 'topDown' | 'bottomUp';
  /** 2 … 12: products get whole units of this decimal, so that they add up. */
  readonly places: number;
}

/** A pool whose products add up to it: at each point Σ products + unallocated = pool, to the last digit. */
export interface ReconciledPool {
  readonly key: string;
  readonly currency: string;
  /** The one that was used. */
  readonly method: 'topDown' | 'bottomUp';
  readonly ahead: readonly ForecastPoint[];
  readonly products: readonly { readonly key: string; readonly ahead: readonly ForecastPoint[] }[];
  /**
   * What no product got, by point, decimal text: 0 unless a product has no forecast, or all forecasts are 0. Negative where the
   * products with a forecast have more than the pool.
   */
  readonly unallocated: readonly string[];
  /** Products that had no forecast of their own, and have none now. */
  readonly withoutForecast: readonly string[];
}

/**
 * Makes products add up to their pool. Top-down, the difference between the pool and the sum of its products is split in proportion
 * to the size of the products' forecasts, by largest remainder (ties to the first key): positive forecasts keep their proportions.
 * A product without a forecast would have its part taken by the others: so then nothing is split, and the difference is named.
 * Ranges move with their mean and keep their width; a lower end that was not below 0 stays so.
 *
 * Pool 90, products 60 and 40, top-down: 54 and 36. Bottom-up: pool 100.
 */
export function reconcileForecasts(
  pool: PoolForecast,
  { method, places }: ReconciliationOptions,
): ReconciledPool {
  assertPlaces(places);
  const forecast = pool.products.flatMap(({ key, ahead }) => (ahead ? [{ key, ahead }] : []));
  const withoutForecast = pool.products.filter(({ ahead }) => !ahead).map(({ key }) => key);
  for (const { key, ahead } of forecast) assertAligned(pool, key, ahead);
  const complete = withoutForecast.length === 0;
  const head = { key: pool.key, currency: pool.currency, withoutForecast };
  if (method === 'bottomUp' && complete && forecast.length > 0) {
    return {
      ...head,
      method,
      ahead: pool.ahead.map((point, step) => movedTo(point, sumDecimals(meansAt(forecast, step)))),
      products: forecast,
      unallocated: pool.ahead.map(() => '0'),
    };
  }
  const keys = forecast.map(({ key }) => key);
  const steps = pool.ahead.map((point, step) =>
    fitted(parseDecimal(point.mean), meansAt(forecast, step), { keys, places, complete }),
  );
  return {
    ...head,
    method: 'topDown',
    ahead: pool.ahead,
    products: forecast.map(({ key, ahead }, index) => ({
      key,
      ahead: ahead.map((point, step) => movedTo(point, steps[step]?.means[index] ?? zero)),
    })),
    unallocated: steps.map(({ unallocated }) => formatDecimal(unallocated)),
  };
}

/** One point: what the products get of the pool, and what nobody gets. */
function fitted(
  pool: Decimal,
  means: readonly Decimal[],
  {
    keys,
    places,
    complete,
  }: { readonly keys: readonly string[]; readonly places: number; readonly complete: boolean },
): { readonly means: readonly Decimal[]; readonly unallocated: Decimal } {
  const difference = subtractDecimal(pool, sumDecimals(means));
  const weights = means.map(absDecimal);
  if (!complete || weights.every(isZero)) return { means, unallocated: difference };
  const parts = splitByWeights(difference, { weights, keys, places });
  return { means: means.map((mean, i) => addDecimal(mean, parts[i] ?? zero)), unallocated: zero };
}

function meansAt(forecast: readonly { readonly ahead: readonly ForecastPoint[] }[], step: number): Decimal[] {
  return forecast.map(({ ahead }) => parseDecimal(ahead[step]?.mean ?? '0'));
}

/** The same point about another mean. */
function movedTo(point: ForecastPoint, mean: Decimal): ForecastPoint {
  const shift = subtractDecimal(mean, parseDecimal(point.mean));
  if (isZero(shift)) return point;
  const moved = (end: string) => addDecimal(parseDecimal(end), shift);
  const low = (end: string) => {
    const value = moved(end);
    const floor = end.startsWith('-') || mean.units < 0n ? undefined : zero;
    return formatDecimal(floor && value.units < 0n ? floor : value);
  };
  return {
    at: point.at,
    mean: formatDecimal(mean),
    low80: low(point.low80),
    high80: formatDecimal(moved(point.high80)),
    low95: low(point.low95),
    high95: formatDecimal(moved(point.high95)),
  };
}

function assertAligned(pool: PoolForecast, key: string, ahead: readonly ForecastPoint[]): void {
  const same =
    ahead.length === pool.ahead.length && ahead.every(({ at }, step) => at === pool.ahead[step]?.at);
  assert(same, `the forecasts of ${key} and of its pool ${pool.key} are not of the same days or months`);
}
