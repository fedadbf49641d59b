import {
  addDecimal,
  compareDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  roundHalfUp,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';
import type { ResolvedStep } from './resolve-prices.ts';

/** Steps in the product's unit, ascending, the first from 0. */
export interface TierPrices {
  readonly mode: 'graduated' | 'all-units';
  readonly steps: readonly ResolvedStep[];
}

/**
 * Costs of an application's quantities that one tiered line prices, in their order. The steps count all of them together.
 *
 * `all-units`: every unit at the price of the step that the whole reaches (the step's own quantity included); each cost is
 * quantity × that price. `graduated`: each unit at the price of the step that it lies in; the whole is split over the quantities by
 * cumulative rounding to 12 decimals in their order, the last taking what is left, so that the parts sum to the whole. A negative
 * whole is priced at the first step.
 *
 * 250 GB at 0.10 to 100 and 0.08 beyond: graduated 22, all-units 20.
 */
export function tierCosts(quantities: readonly string[], { mode, steps }: TierPrices): string[] {
  const amounts = quantities.map(parseDecimal);
  const whole = sumDecimals(amounts);
  if (mode === 'all-units' || compareDecimal(whole, zero) <= 0) {
    const step = stepOf(steps, whole);
    return amounts.map((amount) => formatDecimal(costAt(amount, step)));
  }
  return splitOver(amounts, whole, graduatedCost(whole, steps)).map(formatDecimal);
}

function stepOf(steps: readonly ResolvedStep[], whole: Decimal): ResolvedStep {
  const reached = steps.filter(({ from }) => compareDecimal(whole, parseDecimal(from)) >= 0);
  const step = reached.at(-1) ?? steps[0];
  if (!step) throw new RangeError('a tiered price has no step');
  return step;
}

function costAt(quantity: Decimal, { numerator, denominator }: ResolvedStep): Decimal {
  const price = parseDecimal(numerator);
  const exact = { units: quantity.units * price.units, scale: quantity.scale + price.scale };
  return denominator === '1' ? exact : quotientAt12(exact, BigInt(denominator));
}

function graduatedCost(whole: Decimal, steps: readonly ResolvedStep[]): Decimal {
  return sumDecimals(
    steps.map((step, index) => {
      const from = parseDecimal(step.from);
      const next = steps[index + 1];
      const until =
        next && compareDecimal(parseDecimal(next.from), whole) < 0 ? parseDecimal(next.from) : whole;
      return compareDecimal(until, from) > 0 ? costAt(subtractDecimal(until, from), step) : zero;
    }),
  );
}

/** Parts in proportion to the amounts, each the difference of two rounded sums; they sum to `cost`. */
function splitOver(amounts: readonly Decimal[], whole: Decimal, cost: Decimal): Decimal[] {
  let sum = zero;
  let given = zero;
  return amounts.map((amount, index) => {
    sum = addDecimal(sum, amount);
    const isLast = index === amounts.length - 1;
    const upTo = isLast ? cost : shareOf(cost, sum, whole);
    const part = subtractDecimal(upTo, given);
    given = upTo;
    return part;
  });
}

/** cost × part ÷ whole to 12 decimals, half-up. */
function shareOf(cost: Decimal, part: Decimal, whole: Decimal): Decimal {
  if (isZero(whole)) return zero;
  const scale = Math.max(part.scale, whole.scale);
  const at = (value: Decimal) => value.units * 10n ** BigInt(scale - value.scale);
  return quotientAt12({ units: cost.units * at(part), scale: cost.scale }, at(whole));
}

/** a ÷ divisor to 12 decimals, half-up. */
function quotientAt12({ units, scale }: Decimal, divisor: bigint): Decimal {
  const sign = units < 0n !== divisor < 0n ? -1n : 1n;
  const size = (value: bigint) => (value < 0n ? -value : value);
  // 24 more places than asked keep the quotient on its side of a half.
  const finer = (size(units) * 10n ** 36n) / size(divisor);
  return roundHalfUp({ units: sign * finer, scale: scale + 36 }, 12);
}
