import { afterAll, beforeAll, expect, test } from 'vitest';
import { expected, linesOf, openLibrary, type TestLibrary } from '../testing/library.ts';

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

/*
 * With two months the line goes through both, so that the next month is 2 × October − September.
 * Nimbus machines: 2 × 8.25 − 11.6 = 4.9. Assistant: 2 × 30 − 52 = 8. Only one month known: no line.
 */
test('9: amortized cost goes on in a straight line, and totals stay those of the past', async () => {
  expect(await library.lines('amortized-cost-forecast', { months: 1 })).toEqual(
    expected(`2026-09 | Nimbus  | Compute    | Machines | Usage      | USD | 11.6 | -
              2026-09 | Nimbus  | Compute    | Machines | Purchase   | USD |  0   | -
              2026-09 | Nimbus  | Compute    | Machines | Credit     | USD | -3   | -
              2026-09 | Nimbus  | Storage    | Buckets  | Usage      | USD |  6   | -
              2026-09 | Nimbus  | Networking | Transfer | Usage      | USD |  9   | -
              2026-09 | Nimbus  | Other      | Tax      | Tax        | USD |  1   | -
              2026-09 | Tessera | AI and Machine Learning | Assistant | Usage    | USD | 52 | -
              2026-09 | Tessera | AI and Machine Learning | Assistant | Purchase | USD |  0 | -
              2026-09 | Fjord   | Compute    | Machines | Usage      | EUR |  4   | -
              2026-10 | Nimbus  | Compute    | Machines | Usage      | USD |  8.25 | -
              2026-10 | Nimbus  | Compute    | Machines | Purchase   | USD |  0   | -
              2026-10 | Nimbus  | Compute    | Machines | Credit     | USD | -2   | -
              2026-10 | Nimbus  | Storage    | Buckets  | Usage      | USD |  3   | -
              2026-10 | Nimbus  | Networking | Transfer | Usage      | USD |  4.5 | -
              2026-10 | Nimbus  | Other      | Tax      | Tax        | USD |  1.5 | -
              2026-10 | Tessera | AI and Machine Learning | Assistant | Usage    | USD | 30 | -
              2026-10 | Fjord   | Compute    | Machines | Usage      | EUR |  4   | -
              2026-10 | Fjord   | Compute    | Machines | Credit     | EUR |  0   | -
              2026-10 | Fjord   | Other      | Support  | Adjustment | EUR |  0.8 | -
              2026-11 | Nimbus  | Compute    | Machines | Usage      | USD | - |  4.9
              2026-11 | Nimbus  | Compute    | Machines | Purchase   | USD | - |  0
              2026-11 | Nimbus  | Compute    | Machines | Credit     | USD | - | -1
              2026-11 | Nimbus  | Storage    | Buckets  | Usage      | USD | - |  0
              2026-11 | Nimbus  | Networking | Transfer | Usage      | USD | - |  0
              2026-11 | Nimbus  | Other      | Tax      | Tax        | USD | - |  2
              2026-11 | Tessera | AI and Machine Learning | Assistant | Usage    | USD | - | 8
              2026-11 | Tessera | AI and Machine Learning | Assistant | Purchase | USD | - | 0
              2026-11 | Fjord   | Compute    | Machines | Usage      | EUR | - |  4
              2026-11 | Fjord   | Compute    | Machines | Credit     | EUR | - |  -
              2026-11 | Fjord   | Other      | Support  | Adjustment | EUR | - |  -`),
  );
  const { totalsByCurrency } = await library.run('amortized-cost-forecast', { months: 1 });
  expect(totalsByCurrency).toEqual([
    { BillingCurrency: 'EUR', EffectiveCost: '8.8', forecast: '4' },
    { BillingCurrency: 'USD', EffectiveCost: '121.85', forecast: '13.9' },
  ]);
});

/* Machines: 2 × 106.25 − 8.6. Assistant: 212, then nothing, so that the line falls below 0: it is not cut. */
test('10: what will be billed goes on in a straight line', async () => {
  const lines = await library.lines('cashflow-forecast', { months: 2 });
  expect(lines.filter((line) => line > '2026-11')).toEqual(
    expected(`2026-11 | Nimbus  | Compute    | Machines | USD | - |  203.9
              2026-11 | Nimbus  | Storage    | Buckets  | USD | - |    0
              2026-11 | Nimbus  | Networking | Transfer | USD | - |    0
              2026-11 | Nimbus  | Other      | Tax      | USD | - |    2
              2026-11 | Tessera | AI and Machine Learning | Assistant | USD | - | -212
              2026-11 | Fjord   | Compute    | Machines | EUR | - |    2
              2026-11 | Fjord   | Other      | Support  | EUR | - |    -
              2026-12 | Nimbus  | Compute    | Machines | USD | - |  301.55
              2026-12 | Nimbus  | Storage    | Buckets  | USD | - |   -3
              2026-12 | Nimbus  | Networking | Transfer | USD | - |   -4.5
              2026-12 | Nimbus  | Other      | Tax      | USD | - |    2.5
              2026-12 | Tessera | AI and Machine Learning | Assistant | USD | - | -424
              2026-12 | Fjord   | Compute    | Machines | EUR | - |    1
              2026-12 | Fjord   | Other      | Support  | EUR | - |    -`),
  );
  expect(lines).toContain('2026-10 | Nimbus | Compute | Machines | USD | 106.25 | -');
});

/* Machines in September: 11.6 ÷ (10 + 20 + 10 + 2 + 2 + 4); in October 8.25 ÷ (30 + 20 − 5). */
test('11: usage and its weighted price per unit', async () => {
  expect(await library.lines('usage-and-rate-history')).toEqual(
    expected(`2026-09 | Nimbus  | Compute    | Machines | us-1 | US East  | Hours | USD | 11.6  |  48 | 0.241666666667
              2026-10 | Nimbus  | Compute    | Machines | us-1 | US East  | Hours | USD |  8.25 |  45 | 0.183333333333
              2026-09 | Nimbus  | Storage    | Buckets  | us-1 | US East  | GB-Mo | USD |  6    | 300 | 0.02
              2026-10 | Nimbus  | Storage    | Buckets  | us-1 | US East  | GB-Mo | USD |  3    | 150 | 0.02
              2026-09 | Nimbus  | Networking | Transfer | us-1 | US East  | GB    | USD |  9    | 100 | 0.09
              2026-10 | Nimbus  | Networking | Transfer | us-1 | US East  | GB    | USD |  4.5  |  50 | 0.09
              2026-09 | Tessera | AI and Machine Learning | Assistant | - | - | Requests  | USD | 12 | 1000 | 0.012
              2026-09 | Tessera | AI and Machine Learning | Assistant | - | - | Execution | USD | 40 |  100 | 0.4
              2026-10 | Tessera | AI and Machine Learning | Assistant | - | - | Execution | USD | 30 |   60 | 0.5
              2026-09 | Fjord   | Compute    | Machines | eu-1 | EU North | Hours | EUR |  4    |  10 | 0.4
              2026-10 | Fjord   | Compute    | Machines | eu-1 | EU North | Hours | EUR |  4    |  10 | 0.4`),
  );
});

/*
 * s-web at Nimbus: 2.5, then 5 + 9 − 3 = 11 (8.5 above 2.5), then 1.5 (5.25 below the mean 6.75); on 1 October
 * 7.5 + 4.5 − 1.25, a correction being dated to the first day of the month that bills it.
 * s-data: 1.5 a day of the buckets' four days, + 2.1 on the first.
 */
test('15: days that cost other than the days before, largest deviation first', async () => {
  const result = await library.run('subaccount-anomalies');
  expect(linesOf(result)[0]).toBe('2026-09-05 | Tessera | - | USD | 40 | 0 | 40 | - | 1');
  expect(linesOf(result).sort()).toEqual(
    expected(`2026-09-01 | Nimbus  | s-web  | USD |  2.5  | -     | -     | -         | 0
              2026-09-02 | Nimbus  | s-web  | USD | 11    | 2.5   | 8.5   |  3.4      | 1
              2026-09-03 | Nimbus  | s-web  | USD |  1.5  | 6.75  | -5.25 | -0.777778 | 2
              2026-10-01 | Nimbus  | s-web  | USD | 10.75 | -     | -     | -         | 0
              2026-10-02 | Nimbus  | s-web  | USD |  2    | 10.75 | -8.75 | -0.813953 | 1
              2026-09-01 | Nimbus  | s-data | USD |  3.6  | -     | -     | -         | 0
              2026-09-02 | Nimbus  | s-data | USD |  1.5  | 3.6   | -2.1  | -0.583333 | 1
              2026-09-03 | Nimbus  | s-data | USD |  1.5  | 2.55  | -1.05 | -0.411765 | 2
              2026-09-04 | Nimbus  | s-data | USD |  1.5  | 2.2   | -0.7  | -0.318182 | 3
              2026-10-01 | Nimbus  | s-data | USD |  3    | -     | -     | -         | 0
              2026-10-03 | Nimbus  | s-data | USD | -2    | 3     | -5    | -1.666667 | 1
              2026-09-01 | Nimbus  | -      | USD |  1    | -     | -     | -         | 0
              2026-09-03 | Nimbus  | -      | USD |  0.5  | 1     | -0.5  | -0.5      | 1
              2026-10-01 | Nimbus  | -      | USD |  1.5  | -     | -     | -         | 0
              2026-09-03 | Tessera | s-web  | USD | 12    | -     | -     | -         | 0
              2026-09-01 | Tessera | -      | USD |  0    | -     | -     | -         | 0
              2026-09-05 | Tessera | -      | USD | 40    | 0     | 40    | -         | 1
              2026-10-05 | Tessera | -      | USD | 20    | -     | -     | -         | 0
              2026-10-06 | Tessera | -      | USD | 10    | 20    | -10   | -0.5      | 1
              2026-09-01 | Fjord   | s-eu   | EUR |  4    | -     | -     | -         | 0
              2026-10-01 | Fjord   | s-eu   | EUR |  2    | -     | -     | -         | 0
              2026-10-02 | Fjord   | s-eu   | EUR |  2.8  | 2     | 0.8   |  0.4      | 1`),
  );
});

/* 28 days before 1 October begin on 3 September: 1.5 on that day, 10.75 − 1.5 = 9.25. */
test('15: a longer window looks further back', async () => {
  expect(await library.lines('subaccount-anomalies', { window: '28' })).toContain(
    '2026-10-01 | Nimbus | s-web | USD | 10.75 | 1.5 | 9.25 | 6.166667 | 1',
  );
});

test('16: the same by region, the credit of no region apart', async () => {
  const lines = await library.lines('subaccount-region-anomalies');
  expect(lines.filter((line) => line.includes('s-web'))).toEqual(
    expected(`2026-09-01 | Nimbus  | s-web | us-1 | US East | USD |  2.5  | -     | -     | -         | 0
              2026-09-02 | Nimbus  | s-web | us-1 | US East | USD | 14    | 2.5   | 11.5  |  4.6      | 1
              2026-09-03 | Nimbus  | s-web | us-1 | US East | USD |  1.5  | 8.25  | -6.75 | -0.818182 | 2
              2026-10-01 | Nimbus  | s-web | us-1 | US East | USD | 10.75 | -     | -     | -         | 0
              2026-10-02 | Nimbus  | s-web | us-1 | US East | USD |  2    | 10.75 | -8.75 | -0.813953 | 1
              2026-09-02 | Nimbus  | s-web | -    | -       | USD | -3    | -     | -     | -         | 0
              2026-09-03 | Tessera | s-web | -    | -       | USD | 12    | -     | -     | -         | 0`),
  );
});

test('17: the same by region and service', async () => {
  const lines = await library.lines('subaccount-region-service-anomalies');
  expect(lines.filter((line) => line.includes('s-web'))).toEqual(
    expected(`2026-09-01 | Nimbus  | s-web | us-1 | US East | Machines  | USD |  2.5  | -    | -     | -     | 0
              2026-09-02 | Nimbus  | s-web | us-1 | US East | Machines  | USD |  5    | 2.5  | 2.5   |  1    | 1
              2026-09-03 | Nimbus  | s-web | us-1 | US East | Machines  | USD |  1.5  | 3.75 | -2.25 | -0.6  | 2
              2026-10-01 | Nimbus  | s-web | us-1 | US East | Machines  | USD |  6.25 | -    | -     | -     | 0
              2026-10-02 | Nimbus  | s-web | us-1 | US East | Machines  | USD |  2    | 6.25 | -4.25 | -0.68 | 1
              2026-09-02 | Nimbus  | s-web | us-1 | US East | Transfer  | USD |  9    | -    | -     | -     | 0
              2026-10-01 | Nimbus  | s-web | us-1 | US East | Transfer  | USD |  4.5  | -    | -     | -     | 0
              2026-09-02 | Nimbus  | s-web | -    | -       | Machines  | USD | -3    | -    | -     | -     | 0
              2026-09-03 | Tessera | s-web | -    | -       | Assistant | USD | 12    | -    | -     | -     | 0`),
  );
});
