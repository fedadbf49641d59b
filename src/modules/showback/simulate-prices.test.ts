import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { personOf } from '../allocation/testing/run-bench.ts';
import { simulationSchema } from './cost-contract.ts';
import { simulatePrices } from './simulate-prices.ts';
import { type CostBench, openCostBench } from './testing/cost-bench.ts';

let bench: CostBench;
beforeAll(async () => {
  bench = await openCostBench();
  await bench.view('standard', [
    { product: 'vcpu', price: '0.04' },
    { product: 'lan', entity: 'retail', pool: '100' },
  ]);
  await bench.facts('retail', '2026-10', [
    ['shop', 'vcpu', '100'],
    ['blog', 'ram', '10'],
    ['shop', 'lan', '1', { kind: 'INDIRECT' }],
    ['blog', 'lan', '3', { kind: 'INDIRECT' }],
  ]);
}, 60_000);
afterAll(() => bench.close());

const simulate = (changes: readonly object[]) =>
  simulatePrices(
    { workspace: bench.workspace, records: async () => bench.records },
    personOf(),
    simulationSchema.parse({ months: ['2026-10'], view: 'standard', groupBy: ['application'], changes }),
  );

describe('other prices', () => {
  it('show what each application would cost, and leave nothing behind', async () => {
    const counts = async () =>
      (
        await bench.owner((tx) =>
          sql<{
            count: string;
          }>`select (select count(*) from application_cost) || '/' || (select count(*) from pricing) as count`.execute(
            tx,
          ),
        )
      ).rows[0]?.count;
    await bench.ask({ months: ['2026-10'], view: 'standard' });
    const before = await counts();
    const { items, totals } = await simulate([
      { multiply: '1.5', level: 'product', target: 'vcpu' },
      { line: { level: 'product', target: 'ram', unit: 'GB-hour', amount: '0.2', validFrom: '2026-01' } },
      {
        line: {
          level: 'product',
          target: 'lan',
          entity: 'retail',
          kind: 'pool',
          amount: '80',
          validFrom: '2026-10',
        },
      },
    ]);
    expect(items.map(({ key, a, b, delta }) => [key['application'], a, b, delta])).toEqual([
      ['blog', '75', '62', '-13'],
      ['shop', '29', '26', '-3'],
    ]);
    expect(totals).toMatchObject([{ a: '104', b: '88', delta: '-16' }]);
    expect(await counts()).toBe(before);
  });

  it('need a view that has prices', async () => {
    await expect(
      simulatePrices(
        { workspace: bench.workspace, records: async () => bench.records },
        personOf(),
        simulationSchema.parse({ months: ['2026-10'], view: 'nothing', changes: [{ multiply: '2' }] }),
      ),
    ).rejects.toMatchObject({ code: 'showback.unknownView' });
  });
});
