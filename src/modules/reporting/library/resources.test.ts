import { afterAll, beforeAll, expect, test } from 'vitest';
import { expected, openLibrary, type TestLibrary } from '../testing/library.ts';

let library: TestLibrary;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.close());

/* vm-1: 10 + 20 + 10 hours, then 30 + 20 − 5 (a correction). vm-2 stops: a row of 0. Image tokens are new: 0 before. */
test('5: how the usage of each resource changes, in its own unit', async () => {
  expect(await library.lines('resource-usage-by-month')).toEqual(
    expected(`2026-09 | Nimbus  | Machines  | vm-1 | SKU-VM  | Hours     |   40 | -    | -     | -
              2026-09 | Nimbus  | Machines  | vm-2 | SKU-CR  | Hours     |    4 | -    | -     | -
              2026-09 | Nimbus  | Buckets   | b-1  | SKU-ST  | GB-Mo     |  300 | -    | -     | -
              2026-09 | Nimbus  | Transfer  | vm-1 | SKU-NET | GB        |  100 | -    | -     | -
              2026-09 | Tessera | Assistant | -    | SKU-AI  | Requests  | 1000 | -    | -     | -
              2026-09 | Tessera | Assistant | -    | T-CHAT  | Execution |  100 | -    | -     | -
              2026-09 | Fjord   | Machines  | vm-e | E-VM    | Hours     |   10 | -    | -     | -
              2026-10 | Nimbus  | Machines  | vm-1 | SKU-VM  | Hours     |   45 | 40   |     5 |  0.125
              2026-10 | Nimbus  | Machines  | vm-2 | SKU-CR  | Hours     |    0 | 4    |    -4 | -1
              2026-10 | Nimbus  | Buckets   | b-1  | SKU-ST  | GB-Mo     |  150 | 300  |  -150 | -0.5
              2026-10 | Nimbus  | Transfer  | vm-1 | SKU-NET | GB        |   50 | 100  |   -50 | -0.5
              2026-10 | Tessera | Assistant | -    | SKU-AI  | Requests  |    0 | 1000 | -1000 | -1
              2026-10 | Tessera | Assistant | -    | T-CHAT  | Execution |   50 | 100  |   -50 | -0.5
              2026-10 | Tessera | Assistant | -    | T-IMG   | Execution |   10 | 0    |    10 |  -
              2026-10 | Fjord   | Machines  | vm-e | E-VM    | Hours     |   10 | 10   |     0 |  0`),
  );
  expect((await library.run('resource-usage-by-month')).totals).toEqual({ ConsumedQuantity: null });
});

/* vm-1: 2.5 + 5 + 1.5 + 7.5 + 2 − 1.25 = 17.25 for 10 + 20 + 10 + 30 + 20 − 5 = 85 hours; 0.202941… an hour. */
test('19: what the machines of a sub account cost, in all and per hour', async () => {
  expect(await library.lines('compute-resource-costs', { 'sub-account': 's-web' })).toEqual(
    expected(`Machines | vm-1 | web-1 | Hours | USD | 17.25 | 85 | 0.202941176471
              Machines | -    | -     | -     | USD | -3    | -  | -`),
  );
});

/* P-COM in September: 1.5 + 0.5 for 12 hours at list 3.6. The tokens bought have list cost and no effective cost. */
test('21: what each SKU costs, effective and at list, and per unit', async () => {
  expect(await library.lines('sku-costs')).toEqual(
    expected(`2026-09 | Nimbus  | SKU-VM  | P-OD  | Hours     | 0.3   | USD |  7.5  |   9   |   30 | 0.25
              2026-09 | Nimbus  | SKU-VM  | P-COM | Hours     | 0.3   | USD |  2    |   3.6 |   12 | 0.166666666667
              2026-09 | Nimbus  | SKU-ST  | P-ST  | GB-Mo     | 0.02  | USD |  6    |   6   |  300 | 0.02
              2026-09 | Nimbus  | SKU-NET | P-NET | GB        | 0.1   | USD |  9    |  10   |  100 | 0.09
              2026-09 | Nimbus  | SKU-CR  | P-CR  | Hours     | 0.4   | USD |  2.1  |   2.4 |    6 | 0.35
              2026-09 | Tessera | SKU-AI  | P-AI  | Requests  | 0.012 | USD | 12    |  12   | 1000 | 0.012
              2026-09 | Tessera | T-BUY   | P-B   | Token     | 0.2   | USD |  0    | 200   | 1000 | 0
              2026-09 | Tessera | T-CHAT  | P-T   | Execution | 0.6   | USD | 40    |  60   |  100 | 0.4
              2026-09 | Fjord   | E-VM    | P-E   | Hours     | 0.4   | EUR |  4    |   4   |   10 | 0.4
              2026-10 | Nimbus  | SKU-VM  | P-OD  | Hours     | 0.3   | USD |  6.25 |   7.5 |   25 | 0.25
              2026-10 | Nimbus  | SKU-VM  | P-COM | Hours     | 0.3   | USD |  2    |   6   |   20 | 0.1
              2026-10 | Nimbus  | SKU-ST  | P-ST  | GB-Mo     | 0.02  | USD |  3    |   3   |  150 | 0.02
              2026-10 | Nimbus  | SKU-NET | P-NET | GB        | 0.1   | USD |  4.5  |   5   |   50 | 0.09
              2026-10 | Tessera | T-CHAT  | P-T   | Execution | 0.6   | USD | 20    |  30   |   50 | 0.4
              2026-10 | Tessera | T-IMG   | P-T   | Execution | 1     | USD | 10    |  10   |   10 | 1
              2026-10 | Fjord   | E-VM    | P-E   | Hours     | 0.4   | EUR |  4    |   4   |   10 | 0.4`),
  );
});

/* On demand 2.5 + 5 + 7.5 − 1.25, under commitment 1.5 + 2, transfer 9 + 4.5. */
test('28: what the cost of one machine is made of', async () => {
  expect(await library.lines('resource-components', { resource: 'vm-1' })).toEqual(
    expected(`vm-1 | web-1 | Machine | Machine hours, on demand        | SKU-VM  | USD | 13.75
              vm-1 | web-1 | Machine | Machine hours, under commitment | SKU-VM  | USD |  3.5
              vm-1 | web-1 | Machine | Data transfer out               | SKU-NET | USD | 13.5`),
  );
});

test('40: which meters and prices one SKU runs on', async () => {
  expect(await library.lines('sku-meters', { sku: 'SKU-VM' })).toEqual(
    expected(`2026-09 | Nimbus | SKU-VM | P-OD  | Compute hours | Hours | 0.3 | USD | 7.5  | 9   | 30 | 0.25
              2026-09 | Nimbus | SKU-VM | P-COM | Compute hours | Hours | 0.3 | USD | 2    | 3.6 | 12 | 0.166666666667
              2026-10 | Nimbus | SKU-VM | P-OD  | Compute hours | Hours | 0.3 | USD | 6.25 | 7.5 | 25 | 0.25
              2026-10 | Nimbus | SKU-VM | P-COM | Compute hours | Hours | 0.3 | USD | 2    | 6   | 20 | 0.1`),
  );
});

test('47: a gigabyte transferred costs 0.09', async () => {
  expect(await library.lines('unit-economics')).toEqual(
    expected(`2026-09-02 | GB | USD | 9   | 100 | 0.09
              2026-10-01 | GB | USD | 4.5 |  50 | 0.09`),
  );
  const { totals } = await library.run('unit-economics');
  expect(totals).toEqual({ BilledCost: '13.5', ConsumedQuantity: '150', costPerUnit: '0.09' });
});

/* 85 hours of 4 cores, without the unused commitment; 20 hours of 2 cores. */
test('48: how many core hours each series of machines used', async () => {
  expect(await library.lines('component-usage')).toEqual(
    expected(`Nimbus | Machines | Hours | US East  | M5 | 340
              Fjord  | Machines | Hours | EU North | E2 |  40`),
  );
});

/* 17.25 ÷ 340; 8 ÷ 40. */
test('49: what a core hour costs on average, weighted', async () => {
  expect(await library.lines('component-rate')).toEqual(
    expected(`Nimbus | Machines | Hours | US East  | USD | M5 | 17.25 | 340 | 0.050735294118
              Fjord  | Machines | Hours | EU North | EUR | E2 |  8    |  40 | 0.2`),
  );
});
