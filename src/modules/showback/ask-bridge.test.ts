import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeAndPublish } from '../allocation/index.ts';
import { charge, personOf } from '../allocation/testing/run-bench.ts';
import { askBridge } from './ask-bridge.ts';
import { askExplanation } from './ask-explanation.ts';
import { bridgeQuerySchema, explainQuerySchema } from './cost-contract.ts';
import { type CostBench, openCostBench } from './testing/cost-bench.ts';

let bench: CostBench;
let total = '';
beforeAll(async () => {
  bench = await openCostBench({ 'retail-aws': 'retail', 'labs-aws': 'labs' });
  await bench.publishGraph({
    nodes: [
      { id: 'db', type: 'shared', labels: { product: 'disk' } },
      { id: 'app:shop', type: 'product', application: 'shop', labels: { product: 'vcpu' } },
      { id: 'app:blog', type: 'product', application: 'blog' },
    ],
    edges: [
      { from: 'db', to: 'app:shop', strategy: 'fixed_percent', params: { percent: '50' } },
      { from: 'db', to: 'app:blog', strategy: 'fixed_percent', params: { percent: '40' } },
    ],
    rules: [
      { id: 'db', where: "Tags.app = 'db'", node: 'db' },
      { id: 'shop', where: "Tags.app = 'shop'", node: 'app:shop' },
      { id: 'blog', where: "Tags.app = 'blog'", node: 'app:blog' },
    ],
  });
  await bench.bill('retail-aws', [
    charge('5', '100', 'db'),
    charge('6', '40', 'shop'),
    charge('7', '9', 'blog'),
  ]);
  const run = await computeAndPublish(bench, personOf(), { graph: 'main', month: '2026-10', publish: true });
  total = run.currencies[0]?.total ?? '';
  await bench.view('standard', [
    { product: 'vcpu', price: '0.05' },
    { product: 'disk', unit: 'GB-month', price: '0.1' },
  ]);
  await bench.calendar('standard', '2026-01');
  await bench.facts('retail', '2026-10', [
    ['shop', 'vcpu', '1000'],
    ['blog', 'vcpu', '100'],
    ['shop', 'disk', '600'],
    ['blog', 'ram', '5'],
  ]);
}, 60_000);
afterAll(() => bench.close());

const world = () => ({ workspace: bench.workspace, records: async () => bench.records });
const bridge = (query: object) =>
  askBridge(world(), personOf(), bridgeQuerySchema.parse({ months: ['2026-10'], currency: 'EUR', ...query }));

describe('the bridge from prices to the bill', () => {
  it('needs a rate for what the bill has in another currency', async () => {
    await expect(bridge({})).rejects.toMatchObject({ code: 'price.noRate' });
  });

  it('shows by product what was charged, what it cost, and what was recovered; all of it ends at the run’s total', async () => {
    await bench.rate('2026-10', 'USD', 'EUR', '0.5');
    const { items, totals, context } = await bridge({});
    expect(
      items.map(({ product, charged, actual, recovery }) => [product, charged, actual, recovery]),
    ).toEqual([
      ['disk', '60', '45', '15'],
      ['ram', '0', '0', '0'],
      ['vcpu', '55', '20', '35'],
      // The blog's own cost has no product, and ten percent of the database reached nobody.
      [null, '0', '9.5', '-9.5'],
    ]);
    expect(totals).toEqual({
      ...{ charged: '115', actual: '74.5', recovery: '40.5' },
      ...{ chargedToNobody: '0', unallocated: '5', allocated: '69.5' },
    });
    expect(Number(totals.actual) / 0.5).toBe(Number(total));
    expect(context.rates).toEqual([
      { month: '2026-10', base: 'USD', quote: 'EUR', type: 'average', rate: '0.5', source: 'ECB' },
    ]);
  });
});

describe('an explanation', () => {
  const explain = (query: object) =>
    askExplanation(
      world(),
      personOf(),
      explainQuerySchema.parse({ month: '2026-10', application: 'shop', product: 'vcpu', ...query }),
    );

  it('names the line, and the facts with their rows', async () => {
    const { items, totals } = await explain({});
    expect(items).toMatchObject([
      {
        quantity: '1000',
        cost: '50',
        numerator: '0.05',
        denominator: '1',
        line: { number: 1, unit: 'vCPU-hour' },
      },
    ]);
    expect(items[0]?.sentence).toBe('50 EUR = 1000 vCPU-hour × 0.05 EUR, line 1 of standard version 1.');
    expect(totals).toEqual([{ currency: 'EUR', cost: '50' }]);
    const none = await explain({ application: 'blog', product: 'ram' });
    expect(none.items[0]).toMatchObject({ cost: null, reason: 'no_price' });
    expect(none.items[0]?.sentence).toBe('No cost: no line of standard version 1 prices it.');
  });

  it('leads from allocated cost to the nodes of the graph', async () => {
    const { items, nodes } = await explain({ view: 'actual' });
    expect(items).toMatchObject([{ cost: '40', currency: 'USD', kind: 'DIRECT' }]);
    expect(nodes).toMatchObject([{ graph: 'main', node: 'app:shop' }]);
  });
});
