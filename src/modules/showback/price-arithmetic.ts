import { type Decimal, formatDecimal, parseDecimal, roundHalfUp } from '../../platform/kernel/index.ts';

/** Decimals that a price or an amount may have. */
const places = 12;

/** A price that was multiplied. */
export interface ScaledPrice {
  /** Decimal text, rounded half-up (away from zero) at 12 decimals. */
  readonly price: string;
  /** True where the exact product has more decimals. */
  readonly rounded: boolean;
}

/** A price times a factor: `0.000000000001` × `1.5` is `0.000000000002`, rounded; `10` × `1.03` is `10.3`, exact. */
export function scalePrice(price: string, factor: string): ScaledPrice {
  const [left, right] = [parseDecimal(price), parseDecimal(factor)];
  const exact: Decimal = { units: left.units * right.units, scale: left.scale + right.scale };
  const text = formatDecimal(roundHalfUp(exact, places));
  return { price: text, rounded: text !== formatDecimal(exact) };
}

/** By how many percent `after` is above `before`, half-up at 6 decimals: 40 to 50 is `25`; null from 0. */
export function percentChange(before: string, after: string): string | null {
  const [old, now] = [parseDecimal(before), parseDecimal(after)];
  if (old.units === 0n) return null;
  const scale = Math.max(old.scale, now.scale);
  const at = ({ units, scale: own }: Decimal) => units * 10n ** BigInt(scale - own);
  return quotientText((at(now) - at(old)) * 100n, at(old), 6);
}

/** part ÷ whole of counts, half-up at 6 decimals: 2 of 3 is `0.666667`; null of none. */
export function shareOf(part: number, whole: number): string | null {
  return whole === 0 ? null : quotientText(BigInt(part), BigInt(whole), 6);
}

function quotientText(numerator: bigint, denominator: bigint, decimals: number): string {
  const isNegative = numerator < 0n !== denominator < 0n;
  const size = (value: bigint) => (value < 0n ? -value : value);
  const [top, bottom] = [size(numerator) * 10n ** BigInt(decimals), size(denominator)];
  const units = (top * 2n + bottom) / (bottom * 2n);
  return formatDecimal({ units: isNegative ? -units : units, scale: decimals });
}
