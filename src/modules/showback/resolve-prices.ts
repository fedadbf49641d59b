import { formatDecimal, parseDecimal, roundHalfUp } from '../../platform/kernel/index.ts';
import type { PricedCell, PriceLine } from './model.ts';
import { lineFinder } from './price-finder.ts';

/** A rate of a month: 1 of the line's currency is `rate` of the view's. */
export interface Rate {
  /** Decimal text. */
  readonly rate: string;
  readonly type: string;
  readonly source: string;
}

/** What resolving prices needs to know beside lines and cells. */
export interface PriceBasis {
  /** The month whose prices are taken. */
  readonly month: string;
  /** Of the view: what costs come out in. */
  readonly currency: string;
  /** Unit of a product. */
  readonly unitOf: (product: string) => string;
  /** 1 of the first unit = this many of the second; undefined when they do not convert. */
  readonly unitFactor: (
    from: string,
    to: string,
    month: string,
  ) => { readonly numerator: bigint; readonly denominator: bigint } | undefined;
  /** The rate of the month from a currency to the view's; throws where there is none. */
  readonly rateOf: (currency: string) => Rate;
}

/** The price of a cell: one unit of the product costs numerator ÷ denominator in the view's currency. */
export interface ResolvedPrice {
  readonly cell: PricedCell;
  readonly kind: 'unit' | 'tiers' | 'pool' | 'none';
  readonly line: PriceLine | null;
  /** Decimal text; of a pool: its amount, the denominator being Σ quantities. Null for tiers and without price. */
  readonly numerator: string | null;
  /** Whole number as text. */
  readonly denominator: string | null;
  /** Steps in the product's unit and the view's currency, each price as its ratio. */
  readonly steps: readonly ResolvedStep[];
  readonly rate: Rate | null;
  /** Why there is none. */
  readonly reason: 'no_price' | 'unit' | null;
}

/** A step of a tiered price. */
export interface ResolvedStep {
  /** In the product's unit, decimal text. */
  readonly from: string;
  readonly numerator: string;
  readonly denominator: string;
}

/**
 * Finds the price of every cell. A line in another unit is converted exactly, as a ratio; one in another currency by the month's
 * rate, which is an error when it is missing. A cell without a line, or whose line's unit does not convert, has no price: it is
 * counted, never 0.
 *
 * A line of 20 EUR per TB-month for a product in GB-month: 0.02, that is 0.02 ÷ 1.
 */
export function resolvePrices(
  lines: readonly PriceLine[],
  cells: readonly PricedCell[],
  basis: PriceBasis,
): ResolvedPrice[] {
  const find = lineFinder(lines, basis.month);
  return cells.map((cell) => {
    const line = find(cell);
    return line ? priceOf(cell, line, basis) : unpriced(cell, null, 'no_price');
  });
}

function priceOf(cell: PricedCell, line: PriceLine, basis: PriceBasis): ResolvedPrice {
  const rate = line.currency === basis.currency ? null : basis.rateOf(line.currency);
  const common = { cell, line, rate, reason: null };
  if (line.kind === 'pool') {
    const numerator = amountAt12(times(line.amount ?? '0', rate?.rate ?? '1'));
    return { ...common, kind: 'pool', numerator, denominator: null, steps: [] };
  }
  const unit = basis.unitOf(cell.product);
  // From one unit of the product to the unit of the line: a GB-month is 1/1000 TB-month.
  const factor = basis.unitFactor(unit, line.unit ?? unit, basis.month);
  if (!factor) return unpriced(cell, line, 'unit');
  const ratioOf = (price: string) => exactRatio(times(price, rate?.rate ?? '1'), factor);
  if (line.tiers === null) return { ...common, kind: 'unit', ...ratioOf(line.amount ?? '0'), steps: [] };
  const steps = line.tiers.steps.map(({ from, price }) => ({
    // The step begins at `from` of the line's unit: from ÷ factor of the product's.
    from: amountAt12(divide(from, factor)),
    ...ratioOf(price),
  }));
  return { ...common, kind: 'tiers', numerator: null, denominator: null, steps };
}

function unpriced(cell: PricedCell, line: PriceLine | null, reason: 'no_price' | 'unit'): ResolvedPrice {
  return { cell, line, kind: 'none', numerator: null, denominator: null, steps: [], rate: null, reason };
}

/** a × b as decimal text, exact. */
function times(a: string, b: string): string {
  const [left, right] = [parseDecimal(a), parseDecimal(b)];
  return formatDecimal({ units: left.units * right.units, scale: left.scale + right.scale });
}

function amountAt12(text: string): string {
  return formatDecimal(roundHalfUp(parseDecimal(text), 12));
}

/** amount × n ÷ d in lowest terms; where the quotient ends it is a decimal over 1. */
export function exactRatio(
  amount: string,
  { numerator, denominator }: { readonly numerator: bigint; readonly denominator: bigint },
): { readonly numerator: string; readonly denominator: string } {
  const { units, scale } = parseDecimal(amount);
  let top = units * numerator;
  let bottom = denominator;
  const shared = gcd(top < 0n ? -top : top, bottom);
  top /= shared;
  bottom /= shared;
  let places = scale;
  // Fives and twos below become tens: 3/8 is 0.375.
  for (const [prime, other] of [
    [2n, 5n],
    [5n, 2n],
  ] as const)
    while (bottom % prime === 0n) {
      bottom /= prime;
      top *= other;
      places++;
    }
  return { numerator: formatDecimal({ units: top, scale: places }), denominator: String(bottom) };
}

/** text ÷ (n ÷ d) to 24 places, half-up. */
function divide(
  text: string,
  { numerator, denominator }: { readonly numerator: bigint; readonly denominator: bigint },
): string {
  const { units, scale } = parseDecimal(text);
  const top = units * denominator * 10n ** 24n;
  return formatDecimal({ units: (2n * top + numerator) / (2n * numerator), scale: scale + 24 });
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? (a === 0n ? 1n : a) : gcd(b, a % b);
}
