import { formatDecimal, tryParseDecimal } from '../../kernel/index.ts';

/** A double holds any decimal of so many digits. */
const doubleDigits = 15;

/** What is nearer to 0 is 0 in a spreadsheet. */
const smallest = 2.3e-308;

/** No writer needs more to name one double. */
const mostDoubleDigits = 17;

/**
 * A decimal text as the number that a spreadsheet keeps, or undefined when it cannot keep it exactly: it has doubles.
 * `12.50` is 12.5; `1234567890.123456789012` is undefined. A text that is no decimal is a `RangeError`.
 */
export function exactNumber(text: string): number | undefined {
  const decimal = tryParseDecimal(text);
  if (!decimal) throw new RangeError(`'${text}' is not a decimal number`);
  const plain = formatDecimal(decimal);
  const number = Number(plain);
  if (number !== 0 && Math.abs(number) < smallest) return undefined;
  return digitsOf(plain) <= doubleDigits && plainText(number) === plain ? number : undefined;
}

/**
 * The number of a cell as decimal text: the shortest that names the same double, so that `1.1000000000000001`, which
 * spreadsheets write for 1.1, is `1.1`. More digits than a double has are another program's exact decimal and stay as
 * they are. Undefined: it is no number.
 */
export function numberText(text: string): string | undefined {
  const decimal = tryParseDecimal(text);
  const number = Number(text);
  if (!decimal || !Number.isFinite(number)) return undefined;
  const plain = formatDecimal(decimal);
  return digitsOf(plain) > mostDoubleDigits ? plain : plainText(number);
}

/**
 * A date of a cell as ISO day, `2026-10-31`; with a time of day, `2026-10-31T14:30:00`, to the second. Undefined: it
 * lies outside the years that have four digits.
 */
export function dateText(date: Date): string | undefined {
  const seconds = Math.round(date.getTime() / 1000);
  const rounded = new Date(seconds * 1000);
  if (Number.isNaN(seconds) || rounded.getUTCFullYear() > 9999 || rounded.getUTCFullYear() < 0)
    return undefined;
  const text = rounded.toISOString().slice(0, 19);
  return text.endsWith('T00:00:00') ? text.slice(0, 10) : text;
}

/** Without exponent: 1e-7 is `0.0000001`. */
function plainText(number: number): string | undefined {
  const decimal = tryParseDecimal(String(number));
  return decimal && formatDecimal(decimal);
}

/** Significant digits: of `-0.0120` formatted as `-0.012`, two. */
function digitsOf(plain: string): number {
  return plain.replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '').length;
}
