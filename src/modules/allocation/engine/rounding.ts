import type { Lines } from './lines.ts';

/** A fraction from 0 on. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * round(T · C) for a segment's entry, half-up of the exact fraction: what the edges up to this one carry of a total T, which is
 * whole, from 0 to 2⁵¹. `near` is that number or one beside it; NaN when it is not known.
 */
export function roundExactly(
  lines: Lines,
  segment: number,
  entry: number,
  total: number,
  near: number,
): number {
  const denominator = lines.segments.denominator[segment] as number;
  if (denominator > 0) return roundNear(total, lines.entries.reach[entry] as number, denominator, near);
  return roundWide(total, reachOf(lines, segment, entry));
}

/** round(T · C) where a segment begins. */
export function roundStart({ segments }: Lines, segment: number, total: number): number {
  return roundNear(total, segments.s[segment] as number, segments.g[segment] as number, Number.NaN);
}

/** round(T · C) where a segment begins, where what was cut ends after its edges, and where it ends. */
export function roundBounds(
  lines: Lines,
  segment: number,
  total: number,
): { readonly start: number; readonly cut: number; readonly end: number } {
  const { s, q, g, cut } = lines.segments;
  const start = s[segment] as number;
  const last = (lines.segments.end[segment] as number) - 1;
  return {
    start: roundStart(lines, segment, total),
    cut:
      cut[segment] === 0
        ? roundExactly(lines, segment, last, total, Number.NaN)
        : roundWide(total, cutOf(lines, segment)),
    end: roundNear(total, start + (q[segment] as number), g[segment] as number, Number.NaN),
  };
}

/** C of an entry, exact. */
export function reachOf({ segments, entries }: Lines, segment: number, entry: number): Fraction {
  const denominator = segments.denominator[segment] as number;
  if (denominator > 0) {
    return { numerator: BigInt(entries.reach[entry] as number), denominator: BigInt(denominator) };
  }
  return wideFraction(segments, segment, entries.x[entry] as number, entries.y[entry] as number);
}

/** C where a segment begins, exact, over the denominator of its entries. */
export function beginOf({ segments }: Lines, segment: number): Fraction {
  return segments.denominator[segment] === 0
    ? wideFraction(segments, segment, 0, 0)
    : {
        numerator: BigInt(segments.begin[segment] as number),
        denominator: BigInt(segments.denominator[segment] as number),
      };
}

/** C where what was cut ends, after the edges of a segment. */
function cutOf(lines: Lines, segment: number): Fraction {
  const { segments, entries } = lines;
  const last = (segments.end[segment] as number) - 1;
  const x = (entries.x[last] as number) + (segments.cut[segment] as number);
  return wideFraction(segments, segment, x, entries.y[last] as number);
}

function wideFraction(
  { s, q, g, d, r, w }: Lines['segments'],
  segment: number,
  x: number,
  y: number,
): Fraction {
  const weights = BigInt(w[segment] as number);
  const whole = BigInt(d[segment] as number) * weights;
  const part = BigInt(x) * weights + BigInt(r[segment] as number) * BigInt(y);
  return {
    numerator: BigInt(s[segment] as number) * whole + BigInt(q[segment] as number) * part,
    denominator: BigInt(g[segment] as number) * whole,
  };
}

function roundWide(total: number, { numerator, denominator }: Fraction): number {
  return Number(halfUp(BigInt(total) * numerator, denominator));
}

/** a ÷ b, half-up; for a ≥ 0 and b > 0: 5n, 2n is 3n. */
export function halfUp(a: bigint, b: bigint): bigint {
  return (2n * a + b) / (2n * b);
}

/** The same fraction with the smallest numbers: 6/4 is 3/2. */
export function inLowestTerms({ numerator, denominator }: Fraction): Fraction {
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** The greatest common divisor; of 0 and n it is n. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/**
 * round(total · numerator ÷ denominator), half-up and exact, for 0 ≤ numerator ≤ denominator ≤ 2⁵¹. Both products are taken as
 * exact sums of two doubles (Dekker 1971), so that no BigInt is made: this is where the engine decides near a rounding
 * boundary. All differences are whole and below 2⁵³.
 */
export function roundNear(total: number, numerator: number, denominator: number, near: number): number {
  const guess = Number.isNaN(near) ? Math.floor((total * numerator) / denominator + 0.5) : near;
  const wanted = total * numerator;
  const guessed = guess * denominator;
  const lost = productError(total, numerator, wanted) - productError(guess, denominator, guessed);
  const remainder = wanted - guessed + lost;
  // −½ ≤ remainder ÷ denominator < ½ is what half-up leaves.
  if (2 * remainder >= denominator) return guess + 1;
  if (2 * remainder < -denominator) return guess - 1;
  return guess;
}

const splitter = 2 ** 27 + 1;

/** a·b − product, exact, where product is a·b as a double. */
function productError(a: number, b: number, product: number): number {
  const bigA = splitter * a;
  const highA = bigA - (bigA - a);
  const lowA = a - highA;
  const bigB = splitter * b;
  const highB = bigB - (bigB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}
