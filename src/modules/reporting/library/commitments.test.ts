import { afterAll, beforeAll, expect, test } from 'vitest';
import { expected, openLibrary, type TestLibrary } from '../testing/library.ts';

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

test('3: half a dollar of plan c-1 was not used', async () => {
  expect(await library.lines('unused-commitments')).toEqual(
    expected('Nimbus | N-1 | c-1 | Savings Plan | USD | 0.5 | 0'),
  );
});

/*
 * Usage rows only. USD: effective 26.6 + 12 + 15.75 + 70 = 124.35 (Nimbus in September, its marketplace, October, Tessera);
 * list 42.4 + 21.5 + 100 = 163.9 without the 0.6 of the unused n4; contracted 39.1 + 18.75 + 70 = 127.85.
 * 39.55 ÷ 163.9 = 0.241306; 3.5 ÷ 127.85 = 0.027376.
 */
test('22: the effective savings rate counts list cost once and the unused part of a commitment as no saving', async () => {
  const result = await library.run('effective-savings-rate');
  expect(await library.lines('effective-savings-rate')).toEqual(
    expected(`USD | 124.35 | 163.9 | 127.85 | 39.55 | 0.241306 | 3.5 | 0.027376
              EUR |   8    |   8   |   8    |  0    | 0        | 0   | 0`),
  );
  expect(result.totals).toMatchObject({ EffectiveCost: null, savings: null, effectiveSavingsRate: null });
  expect(result.totalsByCurrency).toContainEqual(
    expect.objectContaining({ BillingCurrency: 'USD', savings: '39.55', effectiveSavingsRate: '0.241306' }),
  );
});

/* Machines: list 14.4 + 13.5 = 27.9, effective 11.6 + 8.25 = 19.85, 8.05 ÷ 27.9 = 0.28853; contracted 23.35, 3.5 ÷ 23.35. */
test('23: the savings rate of each service', async () => {
  expect(await library.lines('effective-savings-rate-by-service')).toEqual(
    expected(`Nimbus  | Machines  | USD | 19.85 | 27.9 | 23.35 | 8.05 | 0.28853  | 3.5 | 0.149893
              Nimbus  | Buckets   | USD |  9    |  9   |  9    | 0    | 0        | 0   | 0
              Nimbus  | Transfer  | USD | 13.5  | 15   | 13.5  | 1.5  | 0.1      | 0   | 0
              Tessera | Assistant | USD | 82    | 112  | 82    | 30   | 0.267857 | 0   | 0
              Fjord   | Machines  | EUR |  8    |  8   |  8    | 0    | 0        | 0   | 0`),
  );
});

test('24: two months of plan c-1 and the reservation paid up front were bought', async () => {
  expect(await library.lines('commitment-purchases')).toEqual(
    expected(`Nimbus | N-1 | c-1 | Savings Plan | USD   | Recurring | USD |   4 |   4
              Nimbus | N-1 | c-2 | Reservation  | Hours | One-Time  | USD | 100 | 100`),
  );
});

/* September, s-web without commitment: 2.5 + 5 − 3 (credit) = 4.5. October: 7.5 − 1.25 (correction) = 6.25. */
test('25: compute under a plan, under a reservation, and under none', async () => {
  expect(await library.lines('compute-effective-cost')).toEqual(
    expected(`2026-09 | Savings Plan | Nimbus | Machines | s-web  | Web    | USD | 1.5
              2026-09 | Savings Plan | Nimbus | Machines | -      | -      | USD | 0.5
              2026-09 | -            | Nimbus | Machines | s-web  | Web    | USD | 4.5
              2026-09 | -            | Nimbus | Machines | s-data | Data   | USD | 2.1
              2026-09 | -            | Fjord  | Machines | s-eu   | Europe | EUR | 4
              2026-10 | Savings Plan | Nimbus | Machines | s-web  | Web    | USD | 2
              2026-10 | Savings Plan | Nimbus | Machines | -      | -      | USD | 0
              2026-10 | Reservation  | Nimbus | Machines | -      | -      | USD | 0
              2026-10 | -            | Nimbus | Machines | s-web  | Web    | USD | 6.25
              2026-10 | -            | Nimbus | Machines | s-data | Data   | USD | -2
              2026-10 | -            | Fjord  | Machines | s-eu   | Europe | EUR | 4
              2026-10 | Reservation  | Fjord  | Machines | s-eu   | Europe | EUR | 0`),
  );
});

test('35: plan c-1 charges 2 every month; the one-time fee is not recurring', async () => {
  expect(await library.lines('recurring-commitment-charges')).toEqual(
    expected(`2026-09 | c-1 | Plan 1 | Savings Plan | Recurring | USD | 2
              2026-10 | c-1 | Plan 1 | Savings Plan | Recurring | USD | 2`),
  );
});

test('37: 0.70 of reserved capacity stood empty', async () => {
  expect(await library.lines('unused-capacity-reservations')).toEqual(
    expected('Nimbus | N-1 | cr-1 | Unused | USD | 0.7 | 0.7'),
  );
});

/* Not reserved, Nimbus: effective 6.5 + 6.25, billed 6.5 + 106.25 (the reservation fee of 100 is compute too). */
test('38: compute with and without reserved capacity', async () => {
  expect(await library.lines('compute-capacity-reservations')).toEqual(
    expected(`Nimbus | N-1 | cr-1 | Unused | USD |  0.7  |   0.7
              Nimbus | N-1 | cr-1 | Used   | USD |  1.4  |   1.4
              Nimbus | N-1 | -    | -      | USD | 12.75 | 112.75
              Fjord  | F-1 | -    | -      | EUR |  8    |   7`),
  );
});
