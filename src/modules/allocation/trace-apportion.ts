/**
 * Splits a whole number of units by weights that are only nearly exact: part i is round(c₁ + … + cᵢ) − round(c₁ + … + cᵢ₋₁),
 * with c the weights scaled to the whole, and the last part with a weight closes the sum. So the parts sum to `units` whatever
 * the weights, each within a unit of its share; a part without weight is 0. The whole of weights that are all 0 falls to the first.
 *
 * 10 units by 1 : 1 : 1 are 3, 4, 3.
 */
export function apportion(units: bigint, weights: ArrayLike<number>): bigint[] {
  const parts = new Array<bigint>(weights.length).fill(0n);
  if (units === 0n || weights.length === 0) return parts;
  if (units < 0n) return apportion(-units, weights).map((part) => -part);
  let whole = 0;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight > 0) last = i;
    if (weight > 0) whole += weight;
  }
  const size = Number(units);
  let sum = 0;
  let given = 0n;
  for (let i = 0; i <= last; i++) {
    const weight = weights[i] as number;
    if (!(weight > 0) && i !== last) continue;
    sum += Math.max(weight, 0);
    const upTo = i === last ? units : least(units, BigInt(Math.round((sum / whole) * size)));
    parts[i] = upTo - given;
    given = upTo;
  }
  return parts;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Units of 10⁻¹² in one of 10⁻⁹: no run allocates finer. */
const runUnit = 1000n;

/**
 * Splits an amount in units of 10⁻¹² as `apportion` does: in whole 10⁻⁹ where the amount is a whole number of them, as all amounts
 * of a run are, so that parts have no decimals that binary shares cannot know.
 */
export function apportionAmount(units: bigint, weights: ArrayLike<number>): bigint[] {
  if (units % runUnit !== 0n) return apportion(units, weights);
  return apportion(units / runUnit, weights).map((part) => part * runUnit);
}

/** A binary amount as units of 10⁻¹², to the nearest 10⁻⁹. */
export function nearestUnits(amount: number): bigint {
  return BigInt(Math.round(amount * 1e9)) * runUnit;
}

/** A whole as millionths: what shares are counted in. */
export const wholeShare = 1_000_000n;

/** Millionths as decimal text: 250,000 is `0.25`. */
export function shareText(millionths: bigint): string {
  const text = `${millionths / wholeShare}.${(millionths % wholeShare).toString().padStart(6, '0')}`;
  return text.replace(/\.?0+$/, '');
}

/** Fractions of a whole as decimal text with six decimals at most, which sum to 1: `['0.333333', '0.333334', '0.333333']`. */
export function sharesOf(weights: ArrayLike<number>): string[] {
  return apportion(wholeShare, weights).map(shareText);
}
