import { expect, test } from 'vitest';
import { currencyExponent, isCurrency } from './currency.ts';
import { parseDecimal } from './decimal.ts';
import { addMoney, formatMoney } from './money.ts';

test('shows money with the minor units of its currency', () => {
  expect(formatMoney({ amount: parseDecimal('1234.5'), currency: 'USD' })).toBe('1234.50 USD');
  expect(formatMoney({ amount: parseDecimal('1234.5'), currency: 'JPY' })).toBe('1235 JPY');
  expect(formatMoney({ amount: parseDecimal('1.2345'), currency: 'KWD' })).toBe('1.235 KWD');
});

test('never adds two currencies', () => {
  const usd = { amount: parseDecimal('1'), currency: 'USD' };
  expect(() => addMoney(usd, { amount: parseDecimal('1'), currency: 'EUR' })).toThrow(
    'cannot add EUR to USD',
  );
  expect(formatMoney(addMoney(usd, usd))).toBe('2.00 USD');
});

test('knows ISO 4217 and nothing else', () => {
  expect(isCurrency('EUR')).toBe(true);
  expect(isCurrency('usd')).toBe(false);
  expect(isCurrency('TOKEN')).toBe(false);
  expect(currencyExponent('TOKEN')).toBeUndefined();
});
