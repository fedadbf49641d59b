import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { personOf } from '../allocation/testing/run-bench.ts';
import { changePeriod } from '../organization/index.ts';
import { preparePeriodStep } from './freeze.ts';
import { readFreezes } from './freeze-sql.ts';
import { type CostBench, openCostBench } from './testing/cost-bench.ts';

let bench: CostBench;
beforeAll(async () => {
  bench = await openCostBench();
  await bench.view('standard', [
    { product: 'vcpu', price: '0.04' },
    { product: 'lan', entity: 'retail', pool: '100' },
  ]);
  await bench.calendar('standard', '2026-01');
}, 60_000);
afterAll(() => bench.close());

async function step(verb: 'close' | 'reopen', period: string, reason: string | null = null): Promise<void> {
  const change = { entity: 'retail', period, verb, reason, now: new Date('2026-11-21T10:00:00Z') };
  const world = { workspace: bench.workspace, records: async () => bench.records };
  const also = await preparePeriodStep(world, personOf(), change);
  await bench.owner(async (tx) => {
    await changePeriod(tx, personOf(), change);
    await also(tx);
  });
}
const costs = async (period: string, more: object = {}) => {
  const { items, totals, context } = await bench.ask({
    months: [period],
    groupBy: ['application', 'product', 'environment'],
    filters: { entity: ['retail'] },
    ...more,
  });
  return { items, totals, sources: context.used.map(({ source, version }) => `${source} ${version}`) };
};

describe('closing a month', () => {
  it('changes no cost, keeps it when prices change, and shows the new prices to whoever asks for them', async () => {
    await bench.facts('retail', '2026-09', [
      ['shop', 'vcpu', '100'],
      ['blog', 'ram', '3'],
      ['shop', 'lan', '1', { kind: 'INDIRECT' }],
      ['blog', 'lan', '2', { kind: 'INDIRECT' }],
    ]);
    const before = await costs('2026-09');
    await step('close', '2026-09');
    const closed = await costs('2026-09');
    expect(closed.items).toEqual(before.items);
    expect(closed.totals).toEqual(before.totals);
    expect([before.sources, closed.sources]).toEqual([['priced 1'], ['frozen 1']]);
    await bench.view('standard', [{ product: 'vcpu', price: '1' }]);
    expect((await costs('2026-09')).items).toEqual(before.items);
    expect((await costs('2026-09', { mode: 'priced' })).totals[0]?.cost).toBe('100');
    expect((await costs('2026-09', { view: 'standard' })).items).toEqual(before.items);
  });

  it('begins a new freeze after reopening, and deletes nothing of the first', async () => {
    await step('reopen', '2026-09', 'the bill of 3 October was missing');
    expect((await costs('2026-09')).totals[0]?.cost).toBe('100');
    await step('close', '2026-09');
    const freezes = await bench.owner((tx) => readFreezes(tx, 'retail', '2026-09'));
    expect(freezes.map(({ number, version, endReason }) => [number, version, endReason])).toEqual([
      [2, 2, null],
      [1, 1, 'the bill of 3 October was missing'],
    ]);
    expect(freezes[0]?.contentHash).not.toBe(freezes[1]?.contentHash);
    const kept = await bench.owner((tx) =>
      sql<{ cost: string }>`select trim_scale(sum(cost))::text as cost from application_month_cost
        where pricing_id in (select id from pricing where freeze_number = 1)`.execute(tx),
    );
    expect(kept.rows[0]?.cost).toBe('104');
  });

  it('refuses consumption that no view prices', async () => {
    await bench.owner((tx) => sql`delete from price_calendar`.execute(tx));
    await bench.facts('retail', '2026-08', [['shop', 'vcpu', '1']]);
    await expect(step('close', '2026-08')).rejects.toMatchObject({ code: 'showback.noCalendar' });
    expect(await bench.owner((tx) => readFreezes(tx, 'retail', '2026-08'))).toEqual([]);
  });

  it('keeps frozen costs from being changed by anything', async () => {
    const frozen = sql`(select id from pricing where freeze_number is not null limit 1)`;
    for (const statement of [
      sql`delete from application_cost where pricing_id = ${frozen}`,
      sql`delete from pricing where id = ${frozen}`,
      sql`update pricing set cost = 1 where id = ${frozen}`,
      sql`insert into application_month_cost values (${frozen}, 'retail', 'x', 1, 1, 0, 1, 0)`,
    ])
      await expect(bench.owner((tx) => statement.execute(tx))).rejects.toThrow(/frozen|permission/);
  });
});
