/**
 * Exact decimal numbers: an integer count of units of 10⁻ˢᶜᵃˡᵉ.
 *
 * `{ units: 12345n, scale: 2 }` is 123.45. No binary float is ever involved; strings at every edge.
 */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const pattern = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?\s*$/;

/** 0, at scale 0. */
export const zero: Decimal = { units: 0n, scale: 0 };

/**
 * Reads a plain or scientific number: `"12.50"`, `"-3"`, `"1.2E-05"`.
 * Thousands separators, currency signs and empty text are not numbers: they return `undefined`.
 */
export function tryParseDecimal(text: string): Decimal | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const shift = exponent ? Number(exponent) : 0;
  const digits = BigInt(`${whole}${fraction}`);
  const signed = sign === '-' ? -digits : digits;
  const scale = fraction.length - shift;
  return scale >= 0 ? { units: signed, scale } : { units: signed * 10n ** BigInt(-scale), scale: 0 };
}

/** As `tryParseDecimal`, but a text that is no number is a `RangeError` that quotes it. */
export function parseDecimal(text: string): Decimal {
  const value = tryParseDecimal(text);
  if (!value) throw new RangeError(`'${text}' is not a decimal number`);
  return value;
}

/** a + b, exact, at the finer of the two scales. */
export function addDecimal(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale };
}

/** a − b, exact. */
export function subtractDecimal(a: Decimal, b: Decimal): Decimal {
  return addDecimal(a, negateDecimal(b));
}

/** −a. */
export function negateDecimal(a: Decimal): Decimal {
  return { units: -a.units, scale: a.scale };
}

/** Σ values, exact; the sum of none is 0. */
export function sumDecimals(values: Iterable<Decimal>): Decimal {
  let sum = zero;
  for (const value of values) sum = addDecimal(sum, value);
  return sum;
}

/** −1, 0 or 1 as a is below, equal to or above b. */
export function compareDecimal(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const scale = Math.max(a.scale, b.scale);
  const left = unitsAt(a, scale);
  const right = unitsAt(b, scale);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** True for 0, 0.0, −0.00. */
export function isZero(a: Decimal): boolean {
  return a.units === 0n;
}

/** |a|. */
export function absDecimal(a: Decimal): Decimal {
  return a.units < 0n ? negateDecimal(a) : a;
}

/** Rounds half away from zero at `scale` decimals: 0.125 → 0.13, −0.125 → −0.13 (scale 2). */
export function roundHalfUp(a: Decimal, scale: number): Decimal {
  if (a.scale <= scale) return { units: unitsAt(a, scale), scale };
  const divisor = 10n ** BigInt(a.scale - scale);
  const magnitude = a.units < 0n ? -a.units : a.units;
  const rounded = (magnitude * 2n + divisor) / (divisor * 2n);
  return { units: a.units < 0n ? -rounded : rounded, scale };
}

/** Plain text without exponent and without trailing zeros: `"1.6823086974"`, `"-3"`, `"0"`. */
export function formatDecimal(a: Decimal): string {
  const negative = a.units < 0n;
  const digits = (negative ? -a.units : a.units).toString().padStart(a.scale + 1, '0');
  const whole = digits.slice(0, digits.length - a.scale);
  const fraction = digits.slice(digits.length - a.scale).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return negative && a.units !== 0n ? `-${text}` : text;
}

/** Text with exactly `places` decimals, rounded half-up: formatFixed(1.5, 2) is `"1.50"`. */
export function formatFixed(a: Decimal, places: number): string {
  const rounded = roundHalfUp(a, places);
  const negative = rounded.units < 0n;
  const digits = (negative ? -rounded.units : rounded.units).toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const text = places === 0 ? whole : `${whole}.${digits.slice(digits.length - places)}`;
  return negative ? `-${text}` : text;
}

function unitsAt(a: Decimal, scale: number): bigint {
  return a.units * 10n ** BigInt(scale - a.scale);
}
