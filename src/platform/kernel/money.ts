import { assert } from './assert.ts';
import { currencyExponent } from './currency.ts';
import { addDecimal, type Decimal, formatFixed } from './decimal.ts';

/** An amount with its currency (ISO 4217 code). Amounts in different currencies are never added. */
export interface Money {
  readonly amount: Decimal;
  readonly currency: string;
}

/** a + b; a `Defect` when the currencies differ. */
export function addMoney(a: Money, b: Money): Money {
  assert(a.currency === b.currency, `cannot add ${b.currency} to ${a.currency}`);
  return { amount: addDecimal(a.amount, b.amount), currency: a.currency };
}

/** For people: rounded half-up to the currency's minor unit, `"1234.50 USD"`. */
export function formatMoney(money: Money): string {
  return `${formatFixed(money.amount, currencyExponent(money.currency) ?? 2)} ${money.currency}`;
}
