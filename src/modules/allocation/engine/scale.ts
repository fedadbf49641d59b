import {
  compareDecimal,
  currencyExponent,
  type Decimal,
  formatDecimal,
} from '../../../platform/kernel/index.ts';
import { errors } from '../errors.ts';

/** The finest scale there is: a unit of 10⁻⁹ of a currency. */
const finest = 9;

/**
 * The finest scale at which every lane of every day stays below 2⁵⁰ units, so that all sums are exact: at most 9 decimals, at
 * least those of the currency's smallest coin. `laneDays`: Σ |amount| of each lane and day.
 *
 * A largest lane of 1,000,000.00 EUR has 9 decimals (10¹⁵ < 2⁵⁰), one of 2,000,000.00 has 8. Refusal: `allocation.costsTooLarge`.
 */
export function chooseScale(currency: string, laneDays: Iterable<Decimal>): number {
  let largest: Decimal = { units: 0n, scale: 0 };
  for (const sum of laneDays) if (compareDecimal(sum, largest) > 0) largest = sum;
  const least = currencyExponent(currency) ?? 2;
  for (let scale = finest; scale >= least; scale--) {
    if (compareDecimal(largest, { units: 2n ** 50n, scale }) < 0) return scale;
  }
  throw errors.costsTooLarge({ amount: formatDecimal(largest), decimals: least });
}
