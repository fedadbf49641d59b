import { afterAll, beforeAll, expect, test } from 'vitest';
import { expected, openLibrary, type TestLibrary } from '../testing/library.ts';

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

/* Usage of s-web: 2.5 + 5 + 0 + 9 in September, 7.5 + 0 + 4.5 − 1.25 in October = 27.25; 27.25 ÷ 50 = 0.545. */
test('1: a sub account has used 54.5 % of its budget, 48.5 % when its credit counts', async () => {
  const parameters = { provider: 'Nimbus', 'sub-account': 's-web', budget: '50', currency: 'USD' };
  expect(await library.lines('subaccount-budget', parameters)).toEqual(
    expected('Nimbus | s-web | USD | 27.25 | 50 | 22.75 | 0.545'),
  );
  expect(await library.lines('subaccount-budget', { ...parameters, 'charge-category': 'all' })).toEqual(
    expected('Nimbus | s-web | USD | 24.25 | 50 | 25.75 | 0.485'),
  );
});

/* A1 at Nimbus: 2.5 + 5 + 9 + 7.5 + 4.5 = 28.5; the rest 139.85 − 28.5. Fjord: 4 + 2 + 2; without tag 1 − 1. */
test('2: applications are billed per currency, and what carries no tag is a row', async () => {
  expect(await library.lines('application-costs-by-currency')).toEqual(
    expected(`A1 | Nimbus  | N-1 | Group US | USD |  28.5
              -  | Nimbus  | N-1 | Group US | USD | 111.35
              -  | Tessera | N-1 | Group US | USD |  12
              -  | Tessera | T-1 | Group AI | USD | 200
              A1 | Fjord   | F-1 | Group EU | EUR |   8
              -  | Fjord   | F-1 | Group EU | EUR |   0`),
  );
  const { totals, totalsByCurrency } = await library.run('application-costs-by-currency');
  expect(totals).toEqual({ BilledCost: null });
  expect(totalsByCurrency).toEqual([
    { BillingCurrency: 'EUR', BilledCost: '8' },
    { BillingCurrency: 'USD', BilledCost: '351.85' },
  ]);
});

test('13: what each provider billed per month', async () => {
  expect(await library.lines('billed-by-month')).toEqual(
    expected(`2026-09 | Nimbus  | USD |  24.6
              2026-09 | Tessera | USD | 212
              2026-09 | Fjord   | EUR |   4
              2026-10 | Nimbus  | USD | 115.25
              2026-10 | Tessera | USD |   0
              2026-10 | Fjord   | EUR |   4`),
  );
});

/* Shop at Nimbus: September 2.5 + 5 + 0 + 9, October 7.5 + 0 + 4.5. */
test('14: what each application was billed per month', async () => {
  expect(await library.lines('application-billed-by-month')).toEqual(
    expected(`2026-09 | Nimbus  | shop | USD |  16.5
              2026-09 | Nimbus  | -    | USD |   8.1
              2026-09 | Tessera | -    | USD | 212
              2026-09 | Fjord   | shop | EUR |   4
              2026-10 | Nimbus  | shop | USD |  12
              2026-10 | Nimbus  | -    | USD | 103.25
              2026-10 | Tessera | -    | USD |   0
              2026-10 | Fjord   | shop | EUR |   4
              2026-10 | Fjord   | -    | EUR |   0`),
  );
});

/* Machines: 2.5 + 5 + 1.5 = 9, then 7.5 + 2 = 9.5; 0.5 ÷ 9 = 0.055556. The first month asked has nothing before it. */
test('29: the shop costs 0.50 more for machines and half as much for transfer', async () => {
  expect(await library.lines('application-cost-by-month', { application: 'shop' })).toEqual(
    expected(`2026-09 | Machines | EUR | 4   | - | -    | -
              2026-09 | Machines | USD | 9   | - | -    | -
              2026-09 | Transfer | USD | 9   | - | -    | -
              2026-10 | Machines | EUR | 4   | 4 |  0   |  0
              2026-10 | Machines | USD | 9.5 | 9 |  0.5 |  0.055556
              2026-10 | Transfer | USD | 4.5 | 9 | -4.5 | -0.5`),
  );
});

/* Charges above 0 at Nimbus: 27.6 + 18.5 = 46.1; tagged 2.5 + 5 + 1.5 + 6 + 9 + 7.5 + 2 + 4.5 = 38; n19 has an empty tag. */
test('41: 82.4 % of the cost at Nimbus carries the tag team', async () => {
  expect(await library.lines('provider-tag-coverage', { provider: 'Nimbus', tag: 'team' })).toEqual(
    expected('USD | 46.1 | 0.824295'),
  );
});

/* Machines in September: 9 of 11.6. The correction of October is below 0 and counts neither way. */
test('tag-coverage: where cost carries no tag', async () => {
  expect(await library.lines('tag-coverage', { tag: 'team' })).toEqual(
    expected(`2026-09 | Nimbus  | Machines  | USD | 11.6 | 0.775862
              2026-09 | Nimbus  | Buckets   | USD |  6   | 1
              2026-09 | Nimbus  | Transfer  | USD |  9   | 1
              2026-09 | Tessera | Assistant | USD | 52   | 0
              2026-09 | Fjord   | Machines  | EUR |  4   | 1
              2026-10 | Nimbus  | Machines  | USD |  9.5 | 1
              2026-10 | Nimbus  | Buckets   | USD |  3   | 0
              2026-10 | Nimbus  | Transfer  | USD |  4.5 | 1
              2026-10 | Tessera | Assistant | USD | 30   | 0
              2026-10 | Fjord   | Machines  | EUR |  4   | 1
              2026-10 | Fjord   | Support   | EUR |  0.8 | 0`),
  );
});
