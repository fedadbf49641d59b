import {
  assert,
  type Decimal,
  formatDecimal,
  parseDecimal,
  roundHalfUp,
} from '../../platform/kernel/index.ts';

/**
 * A decimal text as the nearest double, for statistics only: numberOf("12.30") is 12.3. A text that is no number, or one too large
 * for a double, is a `RangeError` that quotes it.
 */
export function numberOf(text: string): number {
  const value = Number(formatDecimal(parseDecimal(text)));
  if (!Number.isFinite(value)) throw new RangeError(`'${text}' is too large to be judged`);
  return value;
}

/**
 * What statistics say as an amount: the shortest decimal that names the double, rounded half-up at `places` (2 … 12).
 * decimalOf(0.125, 2) is 0.13.
 */
export function decimalOf(value: number, places: number): Decimal {
  assertPlaces(places);
  assert(Number.isFinite(value), `${value} is no amount`);
  return roundHalfUp(parseDecimal(String(value)), places);
}

/** As `decimalOf`, as text: amountText(0.125, 2) is `"0.13"`. */
export function amountText(value: number, places: number): string {
  return formatDecimal(decimalOf(value, places));
}

/** A `Defect` unless amounts may be rounded at so many decimals: 2 … 12, what the lake keeps. */
export function assertPlaces(places: number): void {
  assert(Number.isInteger(places) && places >= 2 && places <= 12, `cannot round at ${places} decimals`);
}

/** a × b, exact. */
export function multiplyDecimal(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** a ÷ b, rounded half-up at `places`: 2 ÷ 3 at four is 0.6667. `undefined` when b is 0. */
export function divideDecimal(a: Decimal, b: Decimal, places: number): Decimal | undefined {
  if (b.units === 0n) return undefined;
  const negative = a.units < 0n !== b.units < 0n;
  const numerator = magnitude(a.units) * 10n ** BigInt(places + b.scale);
  const denominator = magnitude(b.units) * 10n ** BigInt(a.scale);
  const units = (numerator * 2n + denominator) / (denominator * 2n);
  return { units: negative ? -units : units, scale: places };
}

function magnitude(units: bigint): bigint {
  return units < 0n ? -units : units;
}
