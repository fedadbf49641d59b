import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import { computeAndPublish, type GraphDocumentInput } from '../allocation/index.ts';
import { charge, personOf } from '../allocation/testing/run-bench.ts';
import { actualCosts } from './actual-costs.ts';
import { type CostBench, openCostBench } from './testing/cost-bench.ts';

/** A database that the shop and a tool share; the shop passes a fifth on to the blog. */
const graph: GraphDocumentInput = {
  nodes: [
    { id: 'db', type: 'shared', labels: { product: 'disk' } },
    { id: 'app:shop', type: 'product', application: 'shop', labels: { product: 'vcpu' } },
    { id: 'app:blog', type: 'product', application: 'blog', labels: { product: 'vcpu' } },
    { id: 'tool', type: 'product' },
  ],
  edges: [
    { from: 'db', to: 'app:shop', strategy: 'fixed_percent', params: { percent: '60' } },
    { from: 'db', to: 'tool', strategy: 'fixed_percent', params: { percent: '30' } },
    { from: 'app:shop', to: 'app:blog', strategy: 'fixed_percent', params: { percent: '20' } },
  ],
  rules: [
    { id: 'database', where: "Tags.app = 'db'", node: 'db' },
    { id: 'shop', where: "Tags.app = 'shop'", node: 'app:shop' },
  ],
};

let bench: CostBench;
let total = '';
let allocated = '';
beforeAll(async () => {
  bench = await openCostBench({ 'retail-aws': 'retail', 'labs-aws': 'labs' });
  await bench.publishGraph(graph);
  await bench.bill('retail-aws', [
    charge('5', '100', 'db'),
    charge('6', '40', 'shop'),
    charge('7', '-3', 'shop'),
    charge('8', '7', 'who'),
  ]);
  const run = await computeAndPublish(bench, personOf(), { graph: 'main', month: '2026-10', publish: true });
  const [usd] = run.currencies;
  total = usd?.total ?? '';
  allocated = usd?.allocated ?? '';
}, 60_000);
afterAll(() => bench.close());

const sum = (texts: readonly string[]) => formatDecimal(sumDecimals(texts.map(parseDecimal)));

describe('costs under the actual view', () => {
  it('are what the run allocated to the last digit, and with the unallocated its total', async () => {
    const { items, totals } = await bench.ask({
      months: ['2026-10'],
      view: 'actual',
      groupBy: ['application'],
    });
    const shown = items.map(({ key, cost, direct, indirect }) => [
      key['application'],
      cost,
      direct,
      indirect,
    ]);
    expect(shown).toEqual([
      // 100 × 60 % + 40 − 3, less a fifth.
      ['shop', '77.6', '29.6', '48'],
      ['~node:tool', '30', '0', '30'],
      ['blog', '19.4', '0', '19.4'],
      ['~unallocated', '17', '0', '17'],
    ]);
    const products = items.filter(({ key }) => key['application'] !== '~unallocated');
    expect(sum(products.map(({ cost }) => cost))).toBe(allocated);
    expect(sum(items.map(({ cost }) => cost))).toBe(total);
    expect(totals).toMatchObject([
      { currency: 'USD', cost: total, unallocated: '17', quantityCoverage: '1' },
    ]);
  });

  it('say which product each part is of, where the graph’s labels name it', async () => {
    const { items } = await bench.ask({
      months: ['2026-10'],
      view: 'actual',
      groupBy: ['product'],
      applicationIds: ['shop', 'blog'],
    });
    expect(items.map(({ key, cost }) => [key['product'], cost])).toEqual(
      [
        ['disk', '48'],
        ['vcpu', '49'],
      ].sort((a, b) => Number(b[1]) - Number(a[1])),
    );
  });

  it('follow the run that is published, and no other', async () => {
    await bench.bill('retail-aws', [charge('5', '200', 'db')]);
    await computeAndPublish(bench, personOf(), { graph: 'main', month: '2026-10', publish: true });
    const { items } = await bench.ask({ months: ['2026-10'], view: 'actual', groupBy: ['application'] });
    expect(items[0]).toMatchObject({ key: { application: 'shop' }, cost: '96' });
  });

  it('are not there for a month without a published run, which is said', async () => {
    const { items, context } = await bench.ask({ months: ['2026-08'], view: 'actual' });
    expect([items, context.gaps]).toEqual([[], [{ month: '2026-08', entity: null, reason: 'no_run' }]]);
  });
});

describe('what a node kept', () => {
  it('is split over what came to it, charges and credits apart, and sums to it', () => {
    const part = (kind: 'DIRECT' | 'INDIRECT', amount: string, product: string) => ({
      ...{
        entity: 'retail',
        application: 'shop',
        node: 'app:shop',
        currency: 'EUR',
        side: 'charge',
        retained: '10',
      },
      ...{ kind, amount, product },
    });
    const costs = actualCosts(
      [part('DIRECT', '10', 'vcpu'), part('INDIRECT', '10', 'disk'), part('INDIRECT', '10', 'ram')],
      [],
    );
    expect(costs.map(({ product, cost }) => [product, cost])).toEqual([
      ['vcpu', '3.333333333334'],
      ['disk', '3.333333333333'],
      ['ram', '3.333333333333'],
    ]);
  });
});
