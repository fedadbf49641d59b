import { type Decimal, formatDecimal } from '../../platform/kernel/index.ts';

/** Decimals of a quotient: those of money in the lake. */
const places = 12;

/** A quotient as it is, and to look at: `{ numerator: '10', denominator: '3', value: '3.333333333333' }`. */
export interface ExactRatio {
  /** Decimal text, exact. */
  readonly numerator: string;
  readonly denominator: string;
  /** Rounded half away from zero at twelve decimals, without trailing zeros. */
  readonly value: string;
}

/** a ÷ b; null for b = 0. ratioOf(2, 3) is 2/3, `0.666666666667`. */
export function ratioOf(a: Decimal, b: Decimal): ExactRatio | null {
  const quotient = divide(a, b);
  return quotient
    ? { numerator: formatDecimal(a), denominator: formatDecimal(b), value: formatDecimal(quotient) }
    : null;
}

/** a ÷ b as text with at most twelve decimals; null for b = 0. A share of 1 ÷ 8 is `0.125`. */
export function quotientText(a: Decimal, b: Decimal): string | null {
  const quotient = divide(a, b);
  return quotient ? formatDecimal(quotient) : null;
}

/** a ÷ b rounded half away from zero at twelve decimals; undefined for b = 0. */
export function divide(a: Decimal, b: Decimal): Decimal | undefined {
  if (b.units === 0n) return undefined;
  const numerator = a.units * 10n ** BigInt(b.scale + places);
  const denominator = b.units * 10n ** BigInt(a.scale);
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (n * 2n + d) / (d * 2n);
  return { units: negative ? -rounded : rounded, scale: places };
}

/** a × b, exact: 0.2 × 0.3 is 0.06. */
export function multiply(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}
