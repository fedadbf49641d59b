import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { personOf } from '../allocation/testing/run-bench.ts';
import { deriveConsumption } from './consumption-derive.ts';
import { deriveFromCosts } from './consumption-derived.ts';
import { type CostBench, openCostBench } from './testing/cost-bench.ts';

let bench: CostBench;
beforeAll(async () => {
  bench = await openCostBench();
  await bench.view('standard', [
    { product: 'vcpu', price: '0.04' },
    { product: 'disk', unit: 'GB-month', price: '1' },
    { product: 'lan', entity: 'retail', pool: '110' },
  ]);
  await bench.facts('retail', '2026-10', [
    ['shop', 'vcpu', '1000'],
    ['shop', 'disk', '0'],
    ['blog', 'vcpu', '100'],
  ]);
  await bench.owner((tx) =>
    sql`insert into consumption_origin (entity_id, product_id, kind, source, definition, valid_from, declared_at, declared_by)
      values ('retail', 'lan', 'derived', 'by-cost', '{"view": "standard", "domain": "compute"}', '2026-01', now(), 'test')`.execute(
      tx,
    ),
  );
}, 60_000);
afterAll(() => bench.close());

describe('weights that follow from direct costs', () => {
  it('are what direct consumption costs under the view, and spread the pool by it', async () => {
    const world = { workspace: bench.workspace, records: async () => bench.records };
    const asked = { month: '2026-10', dryRun: false };
    await deriveConsumption(world, { derived: deriveFromCosts }, personOf(), asked);
    const { rows } = await bench.owner((tx) =>
      sql<{ application: string; quantity: string; explanation: string }>`
        select application_id as application, trim_scale(quantity)::text as quantity, explanation
        from consumption where product_id = 'lan' order by 1`.execute(tx),
    );
    expect(rows.map(({ application, quantity }) => [application, quantity])).toEqual([
      ['blog', '4'],
      ['shop', '40'],
    ]);
    expect(rows[0]?.explanation).toContain('costs 4 EUR in 2026-10 under standard');
    const { items } = await bench.ask({
      months: ['2026-10'],
      view: 'standard',
      filters: { product: ['lan'] },
      groupBy: ['application'],
    });
    expect(items.map(({ key, cost }) => [key['application'], cost])).toEqual([
      ['shop', '100'],
      ['blog', '10'],
    ]);
  });
});
