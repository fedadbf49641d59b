import { afterAll, beforeAll, expect, test } from 'vitest';
import { expected, openLibrary, type TestLibrary } from '../testing/library.ts';
import { smallBill } from '../testing/small-bill.ts';

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

/* The buckets' 6.00 of four days are 1.50 a day. */
test('4: what a sub account spends on services, day by day', async () => {
  expect(await library.lines('subaccount-service-costs', { 'sub-account': 's-data' })).toEqual(
    expected(`2026-09-01 | s-data | Data | Buckets  | USD |  1.5
              2026-09-02 | s-data | Data | Buckets  | USD |  1.5
              2026-09-03 | s-data | Data | Buckets  | USD |  1.5
              2026-09-04 | s-data | Data | Buckets  | USD |  1.5
              2026-09-01 | s-data | Data | Machines | USD |  2.1
              2026-10-01 | s-data | Data | Buckets  | USD |  3
              2026-10-03 | s-data | Data | Machines | USD | -2`),
  );
  expect(
    await library.lines('subaccount-service-costs', { 'sub-account': 's-data', grain: 'quarter' }),
  ).toEqual(
    expected(`2026-Q3 | s-data | Data | Buckets  | USD |  6
              2026-Q3 | s-data | Data | Machines | USD |  2.1
              2026-Q4 | s-data | Data | Buckets  | USD |  3
              2026-Q4 | s-data | Data | Machines | USD | -2`),
  );
});

test('18: what a sub account spends in each zone', async () => {
  expect(await library.lines('availability-zone-costs', { 'sub-account': 's-data' })).toEqual(
    expected(`2026-09 | Nimbus | US East | us-1b | USD |  2.1
              2026-09 | Nimbus | US East | -     | USD |  6
              2026-10 | Nimbus | US East | -     | USD |  3
              2026-10 | Nimbus | -       | -     | USD | -2`),
  );
});

test('20: Nimbus invoices 12 for Tessera', async () => {
  expect(await library.lines('marketplace-vendor-costs')).toEqual(
    expected('2026-09 | Tessera | Nimbus | USD | 12'),
  );
});

test('20: a bill from before FOCUS 1.4 names the seller as publisher', async () => {
  const { n12, n13 } = smallBill;
  const legacy = await openLibrary(
    [
      { ...n12, ServiceProviderName: 'Nimbus', x_PublisherName: 'Tessera' },
      { ...n13, x_PublisherName: 'Nimbus' },
    ],
    ['x_PublisherName'],
  );
  expect(await legacy.lines('marketplace-vendor-costs')).toEqual(
    expected('2026-09 | Tessera | Nimbus | Nimbus | USD | 12'),
  );
  await legacy.close();
});

test('27: what each category of service was billed per month', async () => {
  expect(await library.lines('service-category-costs')).toEqual(
    expected(`2026-09 | Nimbus  | Compute    | USD |   8.6
              2026-09 | Nimbus  | Storage    | USD |   6
              2026-09 | Nimbus  | Networking | USD |   9
              2026-09 | Nimbus  | Other      | USD |   1
              2026-09 | Tessera | AI and Machine Learning | USD | 212
              2026-09 | Fjord   | Compute    | EUR |   4
              2026-10 | Nimbus  | Compute    | USD | 106.25
              2026-10 | Nimbus  | Storage    | USD |   3
              2026-10 | Nimbus  | Networking | USD |   4.5
              2026-10 | Nimbus  | Other      | USD |   1.5
              2026-10 | Tessera | AI and Machine Learning | USD |   0
              2026-10 | Fjord   | Compute    | EUR |   3
              2026-10 | Fjord   | Other      | EUR |   1`),
  );
});

/* Machines at Nimbus: 11.6 − 3 = 8.6, then 8.25 − 2 = 6.25; −2.35 ÷ 8.6 = −0.273256. Support is new. */
test('30: how the cost of each service changes', async () => {
  expect(await library.lines('service-costs-by-month')).toEqual(
    expected(`2026-09 | Nimbus  | Machines  | USD |  8.6  | -   | -     | -
              2026-09 | Nimbus  | Buckets   | USD |  6    | -   | -     | -
              2026-09 | Nimbus  | Transfer  | USD |  9    | -   | -     | -
              2026-09 | Nimbus  | Tax       | USD |  1    | -   | -     | -
              2026-09 | Tessera | Assistant | USD | 52    | -   | -     | -
              2026-09 | Fjord   | Machines  | EUR |  4    | -   | -     | -
              2026-10 | Nimbus  | Machines  | USD |  6.25 | 8.6 | -2.35 | -0.273256
              2026-10 | Nimbus  | Buckets   | USD |  3    | 6   | -3    | -0.5
              2026-10 | Nimbus  | Transfer  | USD |  4.5  | 9   | -4.5  | -0.5
              2026-10 | Nimbus  | Tax       | USD |  1.5  | 1   |  0.5  |  0.5
              2026-10 | Tessera | Assistant | USD | 30    | 52  | -22   | -0.423077
              2026-10 | Fjord   | Machines  | EUR |  4    | 4   |  0    |  0
              2026-10 | Fjord   | Support   | EUR |  0.8  | 0   |  0.8  |  -`),
  );
});

test("31: the services of one provider's sub account, day by day", async () => {
  expect(
    await library.lines('provider-subaccount-service-costs', { provider: 'Nimbus', 'sub-account': 's-web' }),
  ).toEqual(
    expected(`2026-09-01 | Nimbus | Machines | s-web | USD | 2.5
              2026-09-02 | Nimbus | Machines | s-web | USD | 2
              2026-09-02 | Nimbus | Transfer | s-web | USD | 9
              2026-09-03 | Nimbus | Machines | s-web | USD | 1.5
              2026-10-01 | Nimbus | Machines | s-web | USD | 6.25
              2026-10-01 | Nimbus | Transfer | s-web | USD | 4.5
              2026-10-02 | Nimbus | Machines | s-web | USD | 2`),
  );
});

test('32: services by region', async () => {
  expect(await library.lines('region-service-costs')).toEqual(
    expected(`2026-09 | Nimbus  | us-1 | Machines  | USD | 11.6
              2026-09 | Nimbus  | -    | Machines  | USD | -3
              2026-09 | Nimbus  | us-1 | Buckets   | USD |  6
              2026-09 | Nimbus  | us-1 | Transfer  | USD |  9
              2026-09 | Nimbus  | -    | Tax       | USD |  1
              2026-09 | Tessera | -    | Assistant | USD | 52
              2026-09 | Fjord   | eu-1 | Machines  | EUR |  4
              2026-10 | Nimbus  | us-1 | Machines  | USD |  8.25
              2026-10 | Nimbus  | -    | Machines  | USD | -2
              2026-10 | Nimbus  | us-1 | Buckets   | USD |  3
              2026-10 | Nimbus  | us-1 | Transfer  | USD |  4.5
              2026-10 | Nimbus  | -    | Tax       | USD |  1.5
              2026-10 | Tessera | -    | Assistant | USD | 30
              2026-10 | Fjord   | eu-1 | Machines  | EUR |  4
              2026-10 | Fjord   | -    | Machines  | EUR |  0
              2026-10 | Fjord   | -    | Support   | EUR |  0.8`),
  );
});

test('33: what one provider billed per month', async () => {
  expect(await library.lines('provider-spend-by-month', { provider: 'Fjord' })).toEqual(
    expected(`2026-09 | Fjord | F-1 | Group EU | Compute | Machines | EUR | 4
              2026-10 | Fjord | F-1 | Group EU | Compute | Machines | EUR | 3
              2026-10 | Fjord | F-1 | Group EU | Other   | Support  | EUR | 1`),
  );
});

/* s-web in September: effective 2.5 + 5 + 1.5 − 3, billed 2.5 + 5 − 3. No sub account in October: fees of 2 and 100. */
test('34: one service, effective and billed', async () => {
  expect(await library.lines('service-costs', { service: 'Machines' })).toEqual(
    expected(`2026-09 | Nimbus | s-web  | Web    | Machines | USD |  6    |   4.5
              2026-09 | Nimbus | s-data | Data   | Machines | USD |  2.1  |   2.1
              2026-09 | Nimbus | -      | -      | Machines | USD |  0.5  |   2
              2026-09 | Fjord  | s-eu   | Europe | Machines | EUR |  4    |   4
              2026-10 | Nimbus | s-web  | Web    | Machines | USD |  8.25 |   6.25
              2026-10 | Nimbus | s-data | Data   | Machines | USD | -2    |  -2
              2026-10 | Nimbus | -      | -      | Machines | USD |  0    | 102
              2026-10 | Fjord  | s-eu   | Europe | Machines | EUR |  4    |   3`),
  );
});

test('39: what each subcategory of service was billed per month', async () => {
  expect(await library.lines('service-subcategory-costs')).toEqual(
    expected(`2026-09 | Nimbus  | Compute    | Virtual Machines     | USD |   8.6
              2026-09 | Nimbus  | Storage    | Object Storage       | USD |   6
              2026-09 | Nimbus  | Networking | Network Connectivity | USD |   9
              2026-09 | Nimbus  | Other      | -                    | USD |   1
              2026-09 | Tessera | AI and Machine Learning | Generative AI | USD | 212
              2026-09 | Fjord   | Compute    | Virtual Machines     | EUR |   4
              2026-10 | Nimbus  | Compute    | Virtual Machines     | USD | 106.25
              2026-10 | Nimbus  | Storage    | Object Storage       | USD |   3
              2026-10 | Nimbus  | Networking | Network Connectivity | USD |   4.5
              2026-10 | Nimbus  | Other      | -                    | USD |   1.5
              2026-10 | Tessera | AI and Machine Learning | Generative AI | USD |   0
              2026-10 | Fjord   | Compute    | Virtual Machines     | EUR |   3
              2026-10 | Fjord   | Other      | -                    | EUR |   1`),
  );
});
