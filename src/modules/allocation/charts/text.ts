import {
  absDecimal,
  compareDecimal,
  currencyExponent,
  type Decimal,
  formatFixed,
  parseDecimal,
  zero,
} from '../../../platform/kernel/index.ts';

/**
 * The width of a text in pixels, by classes of letters and rather too large than too small. No font is asked, so that a chart has
 * the same layout on every machine; a viewer's own font is at most as wide.
 */
export function textWidth(text: string, size: number): number {
  let ems = 0;
  for (const sign of text) ems += signWidth(sign);
  return ems * size;
}

/** How much wider letters of weight 600 are than those of 400, in the widest of the usual fonts. */
export const boldness = 1.17;

function signWidth(sign: string): number {
  if (/[ijl|!.,:;'`I ]/.test(sign)) return 0.32;
  if (/[frt()[\]{}\-/\\"*]/.test(sign)) return 0.42;
  if (/[mwMW@%]/.test(sign)) return 0.92;
  if (/[A-Z&]/.test(sign)) return 0.7;
  if (/[\u0020-\u024f−–·…→]/.test(sign)) return 0.6;
  if (/\p{M}|\u200d|\ufe0f/u.test(sign)) return 0;
  return /[\u0370-\u052f]/.test(sign) ? 0.65 : 1.05;
}

/** A text that fits: `fitted('payments-gateway', 60, 12)` is `payment…`. Control characters of foreign names are blanks. */
export function fitted(text: string, width: number, size: number): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  if (textWidth(clean, size) <= width) return clean;
  const room = width - textWidth('…', size);
  let used = 0;
  let kept = '';
  for (const sign of clean) {
    used += textWidth(sign, size);
    if (used > room) break;
    kept += sign;
  }
  return `${kept.trimEnd()}…`;
}

/** Lines of at most `width`, broken between words; the last one is cut where there are more than `most`. */
export function wrapped(
  text: string,
  { width, size, most }: { width: number; size: number; most: number },
): string[] {
  const lines: string[] = [];
  let line = '';
  const words = text.split(/\s+/).filter((word) => word !== '');
  for (const [at, word] of words.entries()) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, size) > width) {
      if (lines.length === most - 1) {
        return [...lines, fitted([line, ...words.slice(at)].join(' '), width, size)];
      }
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, fitted(line, width, size)];
}

const thousand = parseDecimal('1000');

/**
 * An amount for people: whole units from 1,000 on, else as many decimals as the currency has. `1234.5` EUR is `1,235 EUR`,
 * `-12.3` is `−12.30 EUR`.
 */
export function amountText(amount: Decimal, currency: string | null): string {
  const isLarge = compareDecimal(absDecimal(amount), thousand) >= 0;
  const text = formatFixed(amount, isLarge ? 0 : (currencyExponent(currency ?? '') ?? 2));
  const grouped = text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ',')).replace('-', '−');
  return currency === null ? grouped : `${grouped} ${currency}`;
}

/** An amount on an axis, short: 1,500,000 is `1.5 M`. Pixels are no money: a number will do. */
export function axisText(amount: number): string {
  const steps = [
    [1e9, 'bn'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const;
  const step = steps.find(([size]) => Math.abs(amount) >= size);
  const rounded = (value: number) => String(Number(value.toPrecision(4))).replace('-', '−');
  return step ? `${rounded(amount / step[0])} ${step[1]}` : rounded(amount);
}

/** Decimal text as a number of pixels' worth: for widths and heights only, never for a text. */
export function lengthOf(amount: Decimal): number {
  return Number(formatFixed(amount, 12));
}

/** True for more than 0. */
export function isPositive(amount: Decimal): boolean {
  return compareDecimal(amount, zero) > 0;
}
