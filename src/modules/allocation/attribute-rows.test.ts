import { afterAll, beforeAll, expect, test } from 'vitest';
import { attributedRows } from './attribute-rows.ts';
import {
  type AttributionLake,
  charge,
  documentOf,
  openAttributionLake,
  requestOf,
} from './testing/attribution-lake.ts';

let lake: AttributionLake;
beforeAll(async () => {
  lake = await openAttributionLake({
    bill: [
      charge('0.000000000005', { app: 'shop' }, { ChargePeriodEnd: '2026-10-08T00:00:00Z' }),
      charge('-2', { app: 'shop' }, { ChargeCategory: 'Credit', ResourceId: '' }),
      charge('1', { app: 'shop', env: 'test' }),
      charge('0', { app: 'shop' }),
      charge('9', { app: 'pay' }),
      charge('4'),
    ],
  });
});
afterAll(() => lake.close());

const document = documentOf({
  rules: [
    { id: 'tests', where: "Tags.env = 'test'", node: 'app:{Tags.app}' },
    { id: 'by app', node: 'app:{Tags.app}' },
  ],
});

const ask = (options: { node: string; rule?: string; day?: string; limit?: number; cursor?: string }) =>
  lake.session((session) =>
    attributedRows({ ...requestOf(lake.bench, document), session, limit: 100, ...options }),
  );

test('the rows of a node are its direct cost, the largest first, each with its rule', async () => {
  const { rows, totals, next } = await ask({ node: 'app:shop' });
  expect(rows.map(({ amount, rule, resourceId }) => [amount, rule, resourceId])).toEqual([
    ['-2', 'by app', null],
    ['1', 'tests', 'vm-1'],
    ['0.000000000005', 'by app', 'vm-1'],
  ]);
  expect(rows[0]).toMatchObject({
    rowId: expect.stringMatching(/^[^:]+:1:2:0$/),
    source: 'bill',
    serviceName: 'Machines',
    chargePeriodStart: '2026-10-05T00:00:00Z',
    chargePeriodEnd: '2026-10-06T00:00:00Z',
    currency: 'USD',
    dimension: 'Compute',
  });
  expect(totals).toEqual([
    { currency: 'USD', rows: 3, cost: '-0.999999999995', charges: '1.000000000005', credits: '-2' },
  ]);
  expect(next).toBeUndefined();
});

test('of a day, a row that spans several adds its share of that day', async () => {
  const shares = await Promise.all(
    ['2026-10-05', '2026-10-06', '2026-10-07', '2026-10-08'].map((day) => ask({ node: 'app:shop', day })),
  );
  expect(shares.map(({ rows }) => rows.map(({ amount }) => amount))).toEqual([
    ['-2', '1', '0.000000000002'],
    ['0.000000000001'],
    ['0.000000000002'],
    [],
  ]);
  expect(shares[1]?.rows[0]).toMatchObject({ chargePeriodEnd: '2026-10-08T00:00:00Z', rule: 'by app' });
});

test('of a rule, only the rows that it took; unattributed are those that none took', async () => {
  expect((await ask({ node: 'app:shop', rule: 'tests' })).rows.map(({ amount }) => amount)).toEqual(['1']);
  const byApp = await ask({ node: 'app:shop', rule: 'by app' });
  expect(byApp.rows.map(({ amount }) => amount)).toEqual(['-2', '0.000000000005']);
  expect((await ask({ node: 'unattributed' })).rows.map(({ amount, rule }) => [amount, rule])).toEqual([
    ['4', null],
  ]);
  expect((await ask({ node: 'app:none' })).totals).toEqual([]);
  await expect(ask({ node: 'app:shop', rule: 'gone' })).rejects.toMatchObject({
    code: 'allocation.unknownRule',
  });
});

test('pages continue where the one before ended, and the totals are of all pages', async () => {
  const first = await ask({ node: 'app:shop', limit: 2 });
  const second = await ask({ node: 'app:shop', limit: 2, cursor: first.next ?? '' });
  expect([...first.rows, ...second.rows].map(({ amount }) => amount)).toEqual(['-2', '1', '0.000000000005']);
  expect(second.totals).toEqual(first.totals);
  expect(second.next).toBeUndefined();
  await expect(ask({ node: 'app:shop', cursor: 'nonsense' })).rejects.toMatchObject({
    code: 'records.unfitCursor',
  });
});
