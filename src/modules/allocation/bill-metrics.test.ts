import { afterAll, beforeAll, expect, test } from 'vitest';
import { billMetrics } from './bill-metrics.ts';
import type { GraphDocumentInput } from './model.ts';
import {
  type AttributionLake,
  charge,
  documentOf,
  openAttributionLake,
  requestOf,
} from './testing/attribution-lake.ts';

const used = (ConsumedQuantity: string, ConsumedUnit: string) => ({ ConsumedQuantity, ConsumedUnit });
const fiveDays = { ChargePeriodStart: '2026-10-01T00:00:00Z', ChargePeriodEnd: '2026-10-06T00:00:00Z' };

let lake: AttributionLake;
beforeAll(async () => {
  lake = await openAttributionLake({
    bill: [
      charge('3', { app: 'shop' }, used('10', 'Hours')),
      charge('4', { app: 'shop' }, { ...fiveDays, ...used('300', 'GB-Mo'), ServiceCategory: 'Storage' }),
      charge('5', { app: 'pay', team: 'red' }, used('0', 'Hours')),
      charge('-1', { app: 'pay' }, { ChargeClass: 'Correction', ...used('-2', 'Hours') }),
      charge('7', {}, used('99', 'Hours')),
      charge('2', { app: 'pay' }, { ChargeCategory: 'Tax', ...used('', '') }),
      charge('1', { app: 'free' }, used('', '')),
    ],
    euros: [charge('8', { app: 'shop' }, { BillingCurrency: 'EUR', ...used('1', 'Hours') })],
  });
});
afterAll(() => lake.close());

const rules: GraphDocumentInput['rules'] = [{ id: 'by app', node: 'app:{Tags.app}' }];

/** Values as `05 hours app:shop 10`, and findings. */
async function ask(metrics: GraphDocumentInput['metrics'], only?: readonly string[]) {
  return lake.session(async (session) => {
    const document = documentOf({ rules, metrics });
    const { table, findings } = await billMetrics({
      ...requestOf(lake.bench, document),
      session,
      metrics: only,
    });
    const rows = await session.rows(`select * from ${table} order by "Metric", "NodeId", "Day"`);
    const values = rows.map(
      (row) => `${String(row['Day']).slice(8)} ${row['Metric']} ${row['NodeId']} ${row['Value']}`,
    );
    return { values, findings };
  });
}

test('quantities count for the node of their row, on their days, in their unit', async () => {
  const { values, findings } = await ask([
    { id: 'hours', from: 'quantity', unit: 'Hours' },
    { id: 'stored', from: 'quantity', unit: 'GB-Mo', where: "ServiceCategory = 'Storage'" },
  ]);
  expect(values).toEqual([
    '05 hours app:pay 0',
    '05 hours app:shop 11',
    ...['01', '02', '03', '04', '05'].map((day) => `${day} stored app:shop 60`),
  ]);
  expect(findings.map(({ code, params }) => ({ code, ...params }))).toEqual([
    {
      code: 'otherUnits',
      metric: 'hours',
      unit: 'Hours',
      others: [{ unit: 'GB-Mo', rows: 1, quantity: '300' }],
    },
    { code: 'negativeWeight', metric: 'hours', values: 1, least: '-2' },
  ]);
});

test('a metric may say itself whose a row is; rows without it count for nobody', async () => {
  const { values } = await ask([
    { id: 'team', from: 'quantity', unit: 'Hours', node: 'team:{Tags.team}' },
    { id: 'none', from: 'quantity', unit: 'Hours', node: 'unattributed' },
  ]);
  expect(values).toEqual(['05 team team:red 0']);
});

test('a cost is that of charges, without recoverable tax, and never over two currencies', async () => {
  const { values, findings } = await ask([
    { id: 'all', from: 'cost' },
    { id: 'dollars', from: 'cost', where: "BillingCurrency = 'USD'" },
  ]);
  expect(values).toEqual([
    '05 dollars app:free 1',
    '05 dollars app:pay 5',
    ...['01', '02', '03', '04'].map((day) => `${day} dollars app:shop 0.8`),
    '05 dollars app:shop 3.8',
  ]);
  expect(findings).toMatchObject([
    { code: 'metricMixesCurrencies', path: 'metrics/all', amounts: { EUR: '8', USD: '20' } },
  ]);
});

test('only the metrics asked for are read', async () => {
  const { values } = await ask(
    [
      { id: 'hours', from: 'quantity', unit: 'Hours' },
      { id: 'requests', from: 'usage' },
      { id: 'priced', from: 'quantity', unit: 'Hours', column: 'PricingQuantity' },
    ],
    ['priced', 'requests'],
  );
  expect(values).toEqual([]);
});
