import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import { type CostBench, openCostBench } from './testing/cost-bench.ts';

let bench: CostBench;
beforeAll(async () => {
  bench = await openCostBench();
  await bench.view('standard', [
    { product: 'vcpu', price: '0.04' },
    { product: 'vcpu', environment: 'non_prod', price: '0.03' },
    { product: 'disk', unit: 'TB-month', price: '20' },
    { product: 'lan', entity: 'retail', pool: '17000' },
    { product: 'lan', entity: 'labs', pool: '50' },
  ]);
  await bench.facts('retail', '2026-10', [
    ['shop', 'vcpu', '1000'],
    ['shop', 'vcpu', '200', { environment: 'non_prod' }],
    ['shop', 'disk', '1500'],
    ['shop', 'lan', '2', { kind: 'INDIRECT' }],
    ['blog', 'vcpu', '100'],
    ['blog', 'ram', '64'],
    ['blog', 'lan', '1', { kind: 'INDIRECT' }],
  ]);
  await bench.facts('labs', '2026-10', [['lab', 'vcpu', '10']]);
  await bench.calendar('standard', '2026-01');
}, 60_000);
afterAll(() => bench.close());

const sum = (texts: readonly string[]) => formatDecimal(sumDecimals(texts.map(parseDecimal)));

describe('costs of applications', () => {
  it('are quantity × unit price, with the most specific line, and a pool spread to the last decimal', async () => {
    const { items, totals } = await bench.ask({ months: ['2026-10'], groupBy: ['application'] });
    expect(
      items.map(({ key, cost, direct, indirect, quantityCoverage }) => [
        key['application'],
        cost,
        direct,
        indirect,
        quantityCoverage,
      ]),
    ).toEqual([
      // 40 + 6 + 30 and two thirds of 17,000.
      ['shop', '11409.333333333333', '76', '11333.333333333333', '1'],
      ['blog', '5670.666666666667', '4', '5666.666666666667', '0.6666'],
      ['~unallocated', '50', '0', '50', '1'],
      ['lab', '0.4', '0.4', '0', '1'],
    ]);
    expect(totals).toEqual([
      expect.objectContaining({
        currency: 'EUR',
        cost: '17130.4',
        unallocated: '50',
        unpriced: 1,
        residual: '0',
        other: '0',
      }),
    ]);
    expect(sum(items.map(({ cost }) => cost))).toBe('17130.4');
  });

  it('never price what no line prices: the cost is missing and counted', async () => {
    const { items } = await bench.ask({
      months: ['2026-10'],
      groupBy: ['product'],
      filters: { product: ['ram'] },
    });
    expect(items).toEqual([
      expect.objectContaining({
        key: { product: 'ram' },
        cost: '0',
        quantity: '64',
        unit: 'GB-hour',
        unpriced: 1,
        quantityCoverage: '0',
      }),
    ]);
  });

  it('show the top and everything beyond it as one sum', async () => {
    const { items, totals } = await bench.ask({ months: ['2026-10'], groupBy: ['application'], top: 1 });
    expect(items.map(({ key }) => key['application'])).toEqual(['shop']);
    expect(totals[0]?.other).toBe('5721.066666666667');
  });

  it('follow teams, cost centres and attributes as of the month', async () => {
    await bench.facts('retail', '2026-08', [['shop', 'vcpu', '100']]);
    const of = async (months: string[], groupBy: string[], more: object = {}) => {
      const { items } = await bench.ask({ months, groupBy, ...more });
      return items.map(({ key, cost }) => [...Object.values(key), cost]);
    };
    expect(await of(['2026-08'], ['team', 'attribute:cluster'])).toEqual([
      // The pools of both entities: nobody has a weight in August.
      [null, null, '17050'],
      ['web', 'blue', '4'],
    ]);
    expect(
      await of(['2026-10'], ['application'], { team: 'it', filters: { attributes: { cluster: ['green'] } } }),
    ).toEqual([['shop', '11409.333333333333']]);
    expect(await of(['2026-10'], ['application'], { groupRef: 'group:default/web' })).toEqual([
      ['blog', '5670.666666666667'],
    ]);
  });

  it('convert what a line charges in another currency by the month’s rate, which stands beside the price', async () => {
    await bench.view('abroad', [
      { product: 'vcpu', price: '0.05', currency: 'USD' },
      { product: 'lan', entity: 'labs', pool: '10', currency: 'USD' },
      { product: 'ram', price: '1', unit: 'GB-hour', currency: 'GBP' },
    ]);
    const ask = () => bench.ask({ months: ['2026-10'], view: 'abroad', filters: { entity: ['labs'] } });
    await expect(ask()).rejects.toMatchObject({ code: 'price.noRate' });
    await bench.rate('2026-10', 'USD', 'EUR', '0.9');
    await bench.rate('2026-10', 'GBP', 'EUR', '1.2');
    // 10 hours at 0.045, and a pool that nobody has a weight for.
    expect((await ask()).totals).toMatchObject([
      { currency: 'EUR', cost: '9.45', direct: '0.45', indirect: '9' },
    ]);
    const { rows } = await bench.owner((tx) =>
      sql`select distinct trim_scale(rate)::text as rate, rate_type, rate_source, trim_scale(numerator)::text as price
        from pricing_price join pricing on pricing.id = pricing_id where view_id = 'abroad' and product_id = 'vcpu'`.execute(
        tx,
      ),
    );
    expect(rows).toEqual([{ rate: '0.9', rate_type: 'average', rate_source: 'ECB', price: '0.045' }]);
    await bench.owner((tx) =>
      sql`update fx_rate set rate = 0.8, version = version + 1 where base = 'USD'`.execute(tx),
    );
    expect((await ask()).totals).toMatchObject([{ cost: '8.4' }]);
  });
});
