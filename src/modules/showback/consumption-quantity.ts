import { formatDecimal, tryParseDecimal } from '../../platform/kernel/index.ts';
import { fits } from './model.ts';
import type { UnitFactor } from './units.ts';

/** Decimals that a quantity is kept with. */
const quantityPlaces = 12;
const unit = 10n ** BigInt(quantityPlaces);
/** What `numeric(38, 12)` keeps, in its units. */
const most = 10n ** 38n;

/** A quantity as it is kept. */
export interface ReadQuantity {
  /** Decimal text without trailing zeros. */
  readonly quantity: string;
  /** It did not divide, and was rounded half-up at 12 decimals. */
  readonly isRounded: boolean;
}

const plain = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{0,11}[1-9])?$/;

/** True for a text that is kept as it stands: `1.5`, `-3`; not `1.50`, `1e3`, `-0`. */
export function isPlainQuantity(text: string): boolean {
  return plain.test(text) && text !== '-0';
}

/**
 * A quantity told in another unit, exact, or as a sentence why it cannot be: `readQuantity('1.5', {1000, 1})` is 1500. What does not
 * divide is rounded half-up at 12 decimals: `readQuantity('1', {1, 3})` is 0.333333333333.
 */
export function readQuantity(text: string, factor: UnitFactor): ReadQuantity | string {
  const isSame = factor.numerator === factor.denominator;
  if (isSame && isPlainQuantity(text)) return { quantity: text, isRounded: false };
  const value = tryParseDecimal(text);
  if (!value) return notNumber(text);
  if (isSame && !fits(formatDecimal(value), quantityPlaces))
    return `'${text.slice(0, 60)}' cannot be kept: 26 digits before the point and 12 after it are the most`;
  const numerator = value.units * unit * factor.numerator;
  const denominator = 10n ** BigInt(value.scale) * factor.denominator;
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (magnitude * 2n + denominator) / (denominator * 2n);
  if (rounded >= most) return `'${text.slice(0, 60)}' is too much to be kept in the product's unit`;
  const quantity = quantityText(numerator < 0n ? -rounded : rounded);
  return { quantity, isRounded: rounded * denominator !== magnitude };
}

/** A quantity in units of 10⁻¹² as decimal text: 1500000000000n is `1.5`. */
export function quantityText(units: bigint): string {
  return formatDecimal({ units, scale: quantityPlaces });
}

/** Of a decimal text with at most 12 decimals. */
export function unitsOf(text: string): bigint {
  const point = text.indexOf('.');
  if (point < 0) return BigInt(text) * unit;
  return BigInt(`${text.slice(0, point)}${text.slice(point + 1).padEnd(quantityPlaces, '0')}`);
}

function notNumber(text: string): string {
  if (text === '') return 'there is no quantity';
  const advice = /^-?\d{1,3}(?:[., ' ]\d{3})*,\d+$|^-?\d+,\d+$/.test(text)
    ? 'write the decimals after a point, without thousands separators'
    : 'write it as 1234.56';
  return `'${text.slice(0, 60)}' is no quantity: ${advice}`;
}
