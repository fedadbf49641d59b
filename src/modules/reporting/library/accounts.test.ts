import { afterAll, beforeAll, expect, test } from 'vitest';
import { expected, openLibrary, type TestLibrary } from '../testing/library.ts';

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

test('12: which sub accounts have charges in which regions', async () => {
  expect(await library.lines('subaccounts-by-region')).toEqual(
    expected(`Nimbus  | s-web  | us-1 | US East  | 8
              Nimbus  | s-web  | -    | -        | 1
              Nimbus  | s-data | us-1 | US East  | 4
              Nimbus  | s-data | -    | -        | 1
              Nimbus  | -      | us-1 | US East  | 1
              Nimbus  | -      | -    | -        | 5
              Tessera | s-web  | -    | -        | 1
              Tessera | -      | -    | -        | 4
              Fjord   | s-eu   | eu-1 | EU North | 3
              Fjord   | s-eu   | -    | -        | 2`),
  );
  expect((await library.run('subaccounts-by-region')).totals).toEqual({ rows: 30 });
});

test('53: which accounts there are and of which type', async () => {
  expect(await library.lines('account-entities')).toEqual(
    expected(`Nimbus  | N-1 | Group US | Payer  | s-web  | Web    | Account      | 9
              Nimbus  | N-1 | Group US | Payer  | s-data | Data   | Account      | 5
              Nimbus  | N-1 | Group US | Payer  | -      | -      | -            | 6
              Tessera | N-1 | Group US | Payer  | s-web  | Web    | Account      | 1
              Tessera | T-1 | Group AI | -      | -      | -      | -            | 4
              Fjord   | F-1 | Group EU | Tenant | s-eu   | Europe | Subscription | 5`),
  );
});

/*
 * Nimbus: 36.6 − 2 + 1.5 + 0.5 = 36.6; 115.25 − 102 + 2 = 15.25. Fjord: 4 + 1 (refund of a commitment) − 0.2 (adjustment).
 * Tessera names no commitment: what its tokens differ by is unexplained.
 */
test('billed-to-effective-bridge: every part has its name and the parts add up', async () => {
  expect(await library.lines('billed-to-effective-bridge')).toEqual(
    expected(`nimbus  | 2026-09 | USD |  36.6  |   -2 | 1.5 | 0.5 | 0 |    0   | 36.6
              tessera | 2026-09 | USD | 200    |    0 | 0   | 0   | 0 | -160   | 40
              fjord   | 2026-09 | EUR |   4    |    0 | 0   | 0   | 0 |    0   |  4
              nimbus  | 2026-10 | USD | 115.25 | -102 | 2   | 0   | 0 |    0   | 15.25
              tessera | 2026-10 | USD |   0    |    0 | 0   | 0   | 0 |   30   | 30
              fjord   | 2026-10 | EUR |   4    |    0 | 0   | 0   | 1 |   -0.2 |  4.8`),
  );
});

/* Machines at Nimbus: effective 8.6 + 6.25, billed 8.6 + 106.25, contracted 129.1 − 1.25, list 134 − 1.5, 14 rows. */
test('service-summary: the four costs of each service', async () => {
  expect(await library.lines('service-summary')).toEqual(
    expected(`Nimbus  | Compute    | Machines  | USD | 14.85 | 114.85 | 127.85 | 132.5 | 14
              Nimbus  | Storage    | Buckets   | USD |  9    |   9    |   9    |   9   |  2
              Nimbus  | Networking | Transfer  | USD | 13.5  |  13.5  |  13.5  |  15   |  2
              Nimbus  | Other      | Tax       | USD |  2.5  |   2.5  |   2.5  |   2.5 |  2
              Tessera | AI and Machine Learning | Assistant | USD | 82 | 212 | 282 | 312 | 5
              Fjord   | Compute    | Machines  | EUR |  8    |   7    |   8    |   8   |  4
              Fjord   | Other      | Support   | EUR |  0.8  |   1    |   1    |   1   |  1`),
  );
});
