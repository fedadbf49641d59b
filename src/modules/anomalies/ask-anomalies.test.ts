import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeAndPublish } from '../allocation/index.ts';
import { charge, inMonth, openRunBench, personOf, type RunBench } from '../allocation/testing/run-bench.ts';
import { askAnomalies, askForecasts } from './ask-anomalies.ts';
import { anomalyQuerySchema, forecastQuerySchema } from './contract.ts';

/** The shop costs 100 and some a day, the blog 20; on 20 October the shop costs 400. It is 21 November. */
/** September has no 31st, which the day after the 30th would be. */
const lastOfSeptember = { ChargePeriodEnd: '2026-10-01T00:00:00Z' };

let bench: RunBench;
beforeAll(async () => {
  bench = await openRunBench({ 'retail-aws': 'retail' });
  for (const [month, days] of [
    ['2026-08', 31],
    ['2026-09', 30],
    ['2026-10', 31],
  ] as const)
    await bench.bill(
      'retail-aws',
      Array.from({ length: days }, (_, index) => index + 1).flatMap((day) => {
        const shop = month === '2026-10' && day === 20 ? '400' : String(100 + ((day * 7) % 5));
        const service = (name: string) => ({ ServiceName: name });
        const rows = [
          charge(String(day), shop, 'shop', service('Compute')),
          charge(String(day), '20', 'blog', service('Pages')),
        ];
        return month === '2026-10'
          ? rows
          : rows.map((row) => ({
              ...inMonth(month, row),
              ...(month === '2026-09' && day === 30 ? lastOfSeptember : {}),
            }));
      }),
    );
}, 120_000);
afterAll(() => bench.close());

const anomalies = (query: object, scope?: Parameters<typeof personOf>[0]) =>
  askAnomalies(bench.workspace, personOf(scope), anomalyQuerySchema.parse(query));

describe('anomalies of bills', () => {
  it('are the days that are off by more than both floors, with what was expected', async () => {
    const { items, totals, context } = await anomalies({ by: 'ServiceName' });
    expect(
      items.map(({ key, first, last, direction, amount }) => [key, first, last, direction, amount]),
    ).toEqual([['Compute', '2026-10-20', '2026-10-20', 'up', '400']]);
    expect(Number(items[0]?.expected)).toBeGreaterThan(99);
    expect(Number(items[0]?.expected)).toBeLessThan(106);
    expect(totals).toEqual([{ currency: 'USD', excess: items[0]?.excess, anomalies: 1 }]);
    expect(context).toMatchObject({ series: 2, from: '2026-08-01', to: '2026-10-31' });
    expect((await anomalies({ by: 'Tags.app', floors: { absolute: '500' } })).items).toEqual([]);
  });

  it('are not shown to whoever sees no bill of it', async () => {
    await expect(anomalies({}, { applications: ['shop'] })).rejects.toMatchObject({ status: 403 });
    const labs = await anomalies({}, { entities: ['labs'], sources: ['labs-aws'] });
    expect([labs.items, labs.context.series]).toEqual([[], 0]);
  });

  it('are found in what applications were allocated as well', async () => {
    await bench.publishGraph({
      nodes: [{ id: 'app:shop', type: 'product', application: 'shop' }],
      edges: [],
      rules: [{ id: 'shop', where: "Tags.app = 'shop'", node: 'app:shop' }],
    });
    for (const month of ['2026-08', '2026-09', '2026-10'])
      await computeAndPublish(bench, personOf(), { graph: 'main', month, publish: true });
    const { items } = await anomalies({ of: 'allocation' }, { applications: ['shop'] });
    expect(items.map(({ key, first, amount }) => [key, first, amount])).toEqual([
      ['shop', '2026-10-20', '400'],
    ]);
  });
});

describe('forecasts of bills', () => {
  it('come with ranges, and are refused where history is short', async () => {
    const forecast = (query: object) =>
      askForecasts(bench.workspace, personOf(), forecastQuerySchema.parse({ by: 'ServiceName', ...query }));
    const { items } = await forecast({ horizon: 7 });
    expect(items.map(({ key, ahead }) => [key, ahead.length, ahead[0]?.at])).toEqual([
      ['Compute', 7, '2026-11-01'],
      ['Pages', 7, '2026-11-01'],
    ]);
    expect(items[1]?.total).toMatchObject({ mean: '140', low95: '140', high95: '140' });
    const months = await forecast({ grain: 'month', horizon: 1 });
    expect(months.items[0]).toMatchObject({ model: null, needed: 14, ahead: [], total: null });
  });
});
