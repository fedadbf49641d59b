/** An exact number, in lowest terms, with a positive denominator. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

/** n ÷ d. */
export function ratio(n: bigint | number, d: bigint | number = 1n): Rational {
  const [top, bottom] = [BigInt(n), BigInt(d)];
  if (bottom === 0n) throw new RangeError('division by zero');
  const sign = bottom < 0n ? -1n : 1n;
  const divisor = gcd(top < 0n ? -top : top, bottom < 0n ? -bottom : bottom) || 1n;
  return { n: (sign * top) / divisor, d: (sign * bottom) / divisor };
}

export const none = ratio(0);
export const one = ratio(1);

export function plus(a: Rational, b: Rational): Rational {
  return ratio(a.n * b.d + b.n * a.d, a.d * b.d);
}

export function minus(a: Rational, b: Rational): Rational {
  return ratio(a.n * b.d - b.n * a.d, a.d * b.d);
}

export function times(a: Rational, b: Rational): Rational {
  return ratio(a.n * b.n, a.d * b.d);
}

export function over(a: Rational, b: Rational): Rational {
  return ratio(a.n * b.d, a.d * b.n);
}

export function sumOf(values: Iterable<Rational>): Rational {
  let sum = none;
  for (const value of values) sum = plus(sum, value);
  return sum;
}

/** a < b. */
export function less(a: Rational, b: Rational): boolean {
  return a.n * b.d < b.n * a.d;
}

/** |a|. */
export function size(a: Rational): Rational {
  return a.n < 0n ? { n: -a.n, d: a.d } : a;
}

/** The nearest whole number; halves go up. */
export function nearest({ n, d }: Rational): bigint {
  const floor = (a: bigint, b: bigint) => (a >= 0n || a % b === 0n ? a / b : a / b - 1n);
  return floor(2n * n + d, 2n * d);
}

/** A decimal text: `'12.5'` is 25/2. */
export function rational(text: string): Rational {
  const [whole = '0', fraction = ''] = text.split('.');
  return ratio(BigInt(`${whole}${fraction}` || '0'), 10n ** BigInt(fraction.length));
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}
