import { type Fraction, greatestCommonDivisor, halfUp, inLowestTerms } from './rounding.ts';
import type { Drivers, Weighing } from './types.ts';

/**
 * Means over a window of days, as fractions: the numerator Σ weight of day · value over the denominator Σ weight of day. The
 * weight of a day is 1; with decay it is decay to the power of the days back, rounded half-up at nine decimals, all of them in the
 * smallest whole numbers. Days that round to 0 count nothing.
 */
export interface Smoothing {
  readonly driver: number;
  readonly missingDays: 'skip' | 'zero';
  /** From the day itself backwards. */
  readonly dayWeights: Float64Array;
  /** Per node, on the day in `day`; a denominator of 0: no value in the window. */
  readonly numerator: Float64Array;
  readonly denominator: Float64Array;
  /** The drivers' day that the arrays hold; −1: none. */
  current: { day: number };
}

/** Buffers for a weighing with a window; undefined for one without. */
export function smoothingOf({ driver, window }: Weighing, nodes: number): Smoothing | undefined {
  if (window === undefined) return undefined;
  return {
    driver,
    missingDays: window.missingDays,
    dayWeights: dayWeightsOf(window),
    numerator: new Float64Array(nodes),
    denominator: new Float64Array(nodes),
    current: { day: -1 },
  };
}

/** A window of 3 days with decay 0.8: 1, 0.8 and 0.64, in the smallest whole numbers 25, 20 and 16. */
export function dayWeightsOf({ days, decay }: NonNullable<Weighing['window']>): Float64Array {
  if (decay === 10_000) return new Float64Array(days).fill(1);
  const billionths: bigint[] = [];
  for (let back = 0; back < days; back++) {
    const weight = halfUp(1_000_000_000n * BigInt(decay) ** BigInt(back), 10_000n ** BigInt(back));
    if (weight === 0n) break;
    billionths.push(weight);
  }
  const common = billionths.reduce(greatestCommonDivisor);
  return Float64Array.from(billionths, (weight) => Number(weight / common));
}

/** Fills the buffers for a day of the drivers. A numerator of 2⁵³ or more is not exact; `exactMean` is. */
export function smoothDay(smoothing: Smoothing, drivers: Drivers, day: number): void {
  const { numerator, denominator, dayWeights, missingDays, current } = smoothing;
  if (current.day === day) return;
  current.day = day;
  numerator.fill(0);
  denominator.fill(0);
  const nodes = numerator.length;
  const values = drivers.values[smoothing.driver] as Float64Array;
  for (let back = 0; back < dayWeights.length; back++) {
    const at = day - back;
    if (at < 0 || at >= drivers.days) continue;
    addRow(values, at * nodes, dayWeights[back] as number, smoothing);
  }
  if (missingDays === 'skip') return;
  const whole = dayWeights.reduce((sum, weight) => sum + weight, 0);
  for (let n = 0; n < nodes; n++) if (denominator[n] !== 0) denominator[n] = whole;
}

function addRow(values: Float64Array, row: number, weight: number, smoothing: Smoothing): void {
  const { numerator, denominator } = smoothing;
  for (let n = 0; n < numerator.length; n++) {
    const value = values[row + n] as number;
    if (Number.isNaN(value)) continue;
    numerator[n] = (numerator[n] as number) + value * weight;
    denominator[n] = (denominator[n] as number) + weight;
  }
}

/** The mean of one node on a day of the drivers, exact; undefined without any value in the window. */
export function exactMean(
  { dayWeights, missingDays, driver }: Smoothing,
  drivers: Drivers,
  node: number,
  day: number,
): Fraction | undefined {
  const values = drivers.values[driver] as Float64Array;
  const nodes = values.length / drivers.days;
  let numerator = 0n;
  let present = 0n;
  let whole = 0n;
  for (let back = 0; back < dayWeights.length; back++) {
    const weight = BigInt(dayWeights[back] as number);
    whole += weight;
    const at = day - back;
    const value = at < 0 || at >= drivers.days ? Number.NaN : (values[at * nodes + node] as number);
    if (Number.isNaN(value)) continue;
    numerator += weight * BigInt(value);
    present += weight;
  }
  if (present === 0n) return undefined;
  return { numerator, denominator: missingDays === 'zero' ? whole : present };
}

/**
 * Whole weights in the proportion of exact fractions. Exact where their sum over the least common denominator is below 2⁵³, or is
 * once their greatest common divisor is taken out; else rounded half-up, once, at the finest power of ten at which it is. So usage
 * in another unit, with all fractions some times as large, gives the same shares. 1/2 and 1/3 → 3 and 2.
 */
export function wholeWeights(fractions: readonly Fraction[]): number[] {
  const lowest = fractions.map(inLowestTerms);
  const common = lowest.reduce((all, { denominator }) => leastCommonMultiple(all, denominator), 1n);
  const whole = lowest.map(({ numerator, denominator }) => numerator * (common / denominator));
  if (fitsTogether(whole)) return whole.map(Number);
  const divisor = whole.reduce(greatestCommonDivisor);
  for (let power = 1n; ; power *= 10n) {
    const rounded = whole.map((weight) => halfUp(weight / divisor, power));
    if (fitsTogether(rounded)) return rounded.map(Number);
  }
}

function fitsTogether(weights: readonly bigint[]): boolean {
  return weights.reduce((sum, weight) => sum + weight, 0n) < 2n ** 53n;
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  return (a / greatestCommonDivisor(a, b)) * b;
}
