import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesOfRuns } from './late-costs.ts';
import type { GraphDocumentInput } from './model.ts';
import { computeRun } from './run-compute.ts';
import { scaleOf } from './run-prepare.ts';
import { charge, inMonth, openRunBench, personOf, type RunBench } from './testing/run-bench.ts';

const everyone = personOf();
const lane = { dimension: 'Compute', currency: 'USD', side: 'charge' } as const;
const day = (largestLane: string) => ({ day: '2026-10-05', fingerprint: '', largestLane });

describe('the scale of a run', () => {
  it('is the finest at which a day and lane stay below 2⁵⁰ units', () => {
    expect(scaleOf([], [lane])).toBe(9);
    expect(scaleOf([day('1125899.906842623'), day('3')], [lane])).toBe(9);
    expect(scaleOf([day('3'), day('1125899.906842624')], [lane])).toBe(8);
    expect(scaleOf([day('11258999068426.23')], [lane])).toBe(2);
  });

  it('is never coarser than the smallest coin', () => {
    expect(() => scaleOf([day('11258999068426.24')], [lane])).toThrow(/too large/);
    expect(scaleOf([day('11258999068426.24')], [{ ...lane, currency: 'JPY' }])).toBe(1);
    expect(() => scaleOf([day('1125899906842624')], [{ ...lane, currency: 'JPY' }])).toThrow(/too large/);
  });
});

describe('a run', () => {
  let bench: RunBench;
  beforeAll(async () => {
    bench = await openRunBench();
  });
  afterAll(() => bench.close());

  /** Two services that pass nearly everything on to each other. */
  const circle: GraphDocumentInput = {
    method: { cycles: { mode: 'reciprocal' } },
    nodes: [
      { id: 'a', type: 'service' },
      { id: 'b', type: 'service' },
      { id: 'shop', type: 'product' },
    ],
    edges: [
      { from: 'a', to: 'b', strategy: 'fixed_percent', params: { percent: '99.99' } },
      { from: 'b', to: 'a', strategy: 'fixed_percent', params: { percent: '99.99' } },
      { from: 'a', to: 'shop', strategy: 'fixed_percent', params: { percent: '0.01' } },
      { from: 'b', to: 'shop', strategy: 'fixed_percent', params: { percent: '0.01' } },
    ],
    rules: [{ id: 'apps', node: '{Tags.app}' }],
  };

  it('takes a coarser scale where the pools of a circle would not fit', async () => {
    await bench.publishGraph(circle);
    await bench.bill('cloud', [charge('5', '1000000.000000001', 'a'), charge('6', '1', 'b')]);
    const { run } = await computeRun(bench, everyone, { graph: 'main', period: '2026-10' });
    expect(run.state).toBe('computed');
    expect(run.method.scale).toBeLessThan(9);
    expect(run.result.currencies).toMatchObject([{ total: '1000001.000000001' }]);
    const [currency] = run.result.currencies;
    expect(currency?.causes).toContainEqual({ cause: 'rounding', amount: '0.000000001' });
  });

  it('of many small costs loses none: what is below a unit is on the node rounding', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => charge(String((i % 3) + 1), '0.000000000333', `n${i}`));
    await bench.bill(
      'cloud',
      rows.map((row) => inMonth('2026-09', row)),
    );
    const { run } = await computeRun(bench, everyone, { graph: 'main', period: '2026-09' });
    expect(run.state).toBe('computed');
    // 14, 13 and 13 times 0.333 units a day: 4 of them each, and 0.662, 0.329 and 0.329 units are left.
    expect(run.result.currencies).toMatchObject([
      {
        total: '0.00000001332',
        causes: expect.arrayContaining([{ cause: 'rounding', amount: '0.00000000132' }]),
      },
    ]);
  });

  it('reads a bill’s metric of the month before as far as a window or the last known value looks back, and no further', async () => {
    const spend = (windowDays: number): GraphDocumentInput => ({
      nodes: [
        { id: 'pool', type: 'shared' },
        { id: 'shop', type: 'product' },
        { id: 'lab', type: 'product' },
      ],
      edges: ['shop', 'lab'].map((to) => ({
        ...{ from: 'pool', to, strategy: 'weighted_average' as const },
        params: { metric: 'spend', windowDays, missingDays: 'zero' as const },
      })),
      rules: [{ id: 'apps', node: '{Tags.app}' }],
      metrics: [{ id: 'spend', from: 'cost', node: '{Tags.app}' }],
    });
    await bench.bill('cloud', [inMonth('2026-07', charge('31', '6', 'shop'))]);
    await bench.bill('cloud', [
      inMonth('2026-08', charge('1', '90', 'pool')),
      inMonth('2026-08', charge('1', '2', 'lab')),
    ]);
    const shares = async (windowDays: number, id: string) => {
      await bench.publishGraph(spend(windowDays), { id });
      const { run } = await computeRun(bench, everyone, { graph: id, period: '2026-08' });
      const allocation = run.snapshot && (await filesOfRuns(bench.workspace.lake, [run])).allocation;
      const rows = await bench.rows(
        `select "NodeId" as node, "Retained" as retained from read_parquet('${allocation?.[0]}') where "NodeType" = 'product' order by 1`,
      );
      return Object.fromEntries(rows.map(({ node, retained }) => [node, retained]));
    };
    // Of one day only the lab has spent anything; of two days the shop has spent 6 and the lab 2.
    expect(await shares(1, 'one-day')).toEqual({ lab: '92' });
    expect(await shares(2, 'two-days')).toEqual({ lab: '24.5', shop: '67.5' });
  });
});
