import { expect, it } from 'vitest';
import { parseInvoices } from './invoice-totals.ts';

it('reads a source and a total as it is printed, and the currency behind it', () => {
  expect(parseInvoices(['aws-main=12,345.67', 'azure = 1,200.50 EUR'])).toEqual([
    { source: 'aws-main', total: '12,345.67' },
    { source: 'azure', total: '1,200.50', currency: 'EUR' },
  ]);
});

it.each(['aws', '=12', 'aws=', 'aws=12 EURO', 'aws=12 ZZZ', 'aws=1 2'])('refuses %j', (text) => {
  expect(() => parseInvoices([text])).toThrow(/SOURCE=TOTAL/);
});
