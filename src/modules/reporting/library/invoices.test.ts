import { afterAll, beforeAll, expect, test } from 'vitest';
import { expected, openLibrary, type TestLibrary } from '../testing/library.ts';

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

/* Nimbus, September: 2.5 + 5 + 0 + 0 + 2 + 6 + 9 + 1 − 3 + 0.7 + 1.4 + 12 = 36.6; October: 7.5 + 2 + 4.5 − 1.25 + 1.5 + 3 + 100 − 2. */
test('6: the invoices of each issuer come to what was billed', async () => {
  expect(await library.lines('invoice-totals')).toEqual(
    expected(`2026-09 | Nimbus  | N-1 | Group US | USD |  36.6
              2026-09 | Tessera | T-1 | Group AI | USD | 200
              2026-09 | Fjord   | F-1 | Group EU | EUR |   4
              2026-10 | Nimbus  | N-1 | Group US | USD | 115.25
              2026-10 | Tessera | T-1 | Group AI | USD |   0
              2026-10 | Fjord   | F-1 | Group EU | EUR |   4`),
  );
});

/* Machines at Nimbus: 8.6 + 106.25. */
test('7: what each service was billed', async () => {
  expect(await library.lines('service-charges')).toEqual(
    expected(`Nimbus  | N-1 | Group US | Machines  | USD | 114.85
              Nimbus  | N-1 | Group US | Buckets   | USD |   9
              Nimbus  | N-1 | Group US | Transfer  | USD |  13.5
              Nimbus  | N-1 | Group US | Tax       | USD |   2.5
              Tessera | N-1 | Group US | Assistant | USD |  12
              Tessera | T-1 | Group AI | Assistant | USD | 200
              Fjord   | F-1 | Group EU | Machines  | EUR |   7
              Fjord   | F-1 | Group EU | Support   | EUR |   1`),
  );
});

/* Machines at Nimbus without the correction: list 17 + 117 = 134, effective 8.6 + 7.5 = 16.1; 117.9 ÷ 134 = 0.879851. */
test('8: discounts of each service, corrections left out and charges without class kept', async () => {
  expect(await library.lines('discount-accuracy')).toEqual(
    expected(`Nimbus  | N-1 | Group US | Machines  | USD | 116.1 | 16.1 | 134  | 129.1 | 117.9 | 0.879851
              Nimbus  | N-1 | Group US | Buckets   | USD |   9   |  9   |   9  |   9   |   0   | 0
              Nimbus  | N-1 | Group US | Transfer  | USD |  13.5 | 13.5 |  15  |  13.5 |   1.5 | 0.1
              Nimbus  | N-1 | Group US | Tax       | USD |   2.5 |  2.5 |   2.5 |  2.5 |   0   | 0
              Tessera | N-1 | Group US | Assistant | USD |  12   | 12   |  12  |  12   |   0   | 0
              Tessera | T-1 | Group AI | Assistant | USD | 200   | 70   | 300  | 270   | 230   | 0.766667
              Fjord   | F-1 | Group EU | Machines  | EUR |   7   |  8   |   8  |   8   |   0   | 0
              Fjord   | F-1 | Group EU | Support   | EUR |   1   |  0.8 |   1  |   1   |   0.2 | 0.2`),
  );
});

test('26 and 36: the one correction, by service and by sub account', async () => {
  expect(await library.lines('corrections')).toEqual(
    expected('2026-10 | Nimbus | N-1 | Usage | Compute | Machines | USD | -1.25'),
  );
  expect(await library.lines('subaccount-corrections')).toEqual(
    expected('2026-10 | Nimbus | N-1 | s-web | Web | Compute | USD | -1.25'),
  );
});

test('50: what each invoice should come to, and what has no invoice yet', async () => {
  expect(await library.lines('invoice-reconciliation')).toEqual(
    expected(`Nimbus  | INV-N-09 | USD |  36.6
              Nimbus  | INV-N-10 | USD | 117.25
              Nimbus  | CM-1     | USD |  -2
              Tessera | T-09     | USD | 200
              Tessera | -        | USD |   0
              Fjord   | FJ-09    | EUR |   4
              Fjord   | FJ-10    | EUR |   4`),
  );
});

test('51: credits and the invoices that carry them', async () => {
  expect(await library.lines('credit-memos')).toEqual(
    expected(`Nimbus | INV-N-09 | USD | -3
              Nimbus | CM-1     | USD | -2
              Fjord  | FJ-10    | EUR | -1`),
  );
});

test('52: who billed what', async () => {
  expect(await library.lines('billed-cost-sources')).toEqual(
    expected(`Nimbus  | Nimbus  | INV-N-09 | USD |  24.6
              Tessera | Nimbus  | INV-N-09 | USD |  12
              Nimbus  | Nimbus  | INV-N-10 | USD | 117.25
              Nimbus  | Nimbus  | CM-1     | USD |  -2
              Tessera | Tessera | T-09     | USD | 200
              Tessera | Tessera | -        | USD |   0
              Fjord   | Fjord   | FJ-09    | EUR |   4
              Fjord   | Fjord   | FJ-10    | EUR |   4`),
  );
});
