import { type Decimal, formatDecimal } from '../../platform/kernel/index.ts';

/** Decimals of a ratio: 0.333333. */
const ratioPlaces = 6;

/** Decimals of money that comes out of a division: those of the lake. */
export const moneyPlaces = 12;

/** a ÷ b rounded half away from zero at `places` decimals; undefined for b = 0. divide(2, 3, 6) is 0.666667. */
export function divide(a: Decimal, b: Decimal, places: number): Decimal | undefined {
  if (b.units === 0n) return undefined;
  const numerator = a.units * 10n ** BigInt(b.scale + places);
  const denominator = b.units * 10n ** BigInt(a.scale);
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (n * 2n + d) / (d * 2n);
  return { units: negative ? -rounded : rounded, scale: places };
}

/** a ÷ b rounded at six decimals, without trailing zeros, `"0.333333"`; null for b = 0. */
export function ratioText(a: Decimal, b: Decimal): string | null {
  const ratio = divide(a, b, ratioPlaces);
  return ratio ? formatDecimal(ratio) : null;
}

/** a ÷ b as money or a unit price, rounded at twelve decimals, without trailing zeros; null for b = 0. */
export function quotientText(a: Decimal, b: Decimal): string | null {
  const quotient = divide(a, b, moneyPlaces);
  return quotient ? formatDecimal(quotient) : null;
}
