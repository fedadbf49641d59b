import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addText } from './checks.ts';
import type { GraphDocumentInput } from './model.ts';
import { computeRun } from './run-compute.ts';
import { computeTotals, runTotals } from './run-totals.ts';
import { charge, inMonth, openRunBench, personOf, type RunBench } from './testing/run-bench.ts';

const everyone = personOf();
let bench: RunBench;
beforeAll(async () => {
  bench = await openRunBench();
});
afterAll(() => bench.close());

const nodes = ['a', 'b', 'c', 'p', 'q'] as const;
type Edge = NonNullable<GraphDocumentInput['edges']>[number];

const strategy = fc.constantFrom(
  { strategy: 'equal' as const },
  { strategy: 'proportional' as const, params: { metric: 'requests' } },
  { strategy: 'capped_proportional' as const, params: { metric: 'requests', cap: '60' } },
  { strategy: 'weighted_average' as const, params: { metric: 'requests', windowDays: 3 } },
  { strategy: 'hybrid_fixed_proportional' as const, params: { metric: 'requests', fixedPercent: '40' } },
  {
    strategy: 'segment_filtered_proportional' as const,
    params: { metric: 'requests', segment: { label: 'env', values: ['prod'] } },
  },
  { strategy: 'proportional' as const, params: { metric: 'own' } },
);

/** Edges from a node to some after it, all of one strategy, from any day on. */
const edgesOf = (from: number) =>
  fc
    .record({
      how: strategy,
      to: fc.subarray([...nodes.slice(from + 1)]),
      since: fc.constantFrom(undefined, '2026-10-02'),
      override: fc.boolean(),
    })
    .map(({ how, to, since, override }) =>
      to.map((id) => ({
        ...{ from: nodes[from], to: id, ...how },
        ...(since === undefined ? {} : { validFrom: since }),
        ...(override ? { overrides: { Storage: { strategy: 'equal' } } } : {}),
      })),
    );

const graphs = fc.record({
  edges: fc
    .tuple(edgesOf(0), edgesOf(1), edgesOf(2), edgesOf(3))
    .map((lists) => lists.flat() as unknown as Edge[]),
  fallback: fc.constantFrom('hold' as const, 'equal' as const, 'last_known' as const, 'by_cost' as const),
});

const costs = fc.array(
  fc.record({
    node: fc.constantFrom(...nodes, 'made', ''),
    day: fc.integer({ min: 1, max: 4 }),
    cost: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).filter((cost) => cost !== 0n),
    category: fc.constantFrom('Compute', 'Storage'),
    account: fc.constantFrom('us', 'eu'),
    days: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 14 },
);

const usage = fc.array(
  fc.record({
    node: fc.constantFrom(...nodes),
    day: fc.integer({ min: 1, max: 4 }),
    value: fc.integer({ min: 0, max: 1000 }),
    env: fc.constantFrom('prod', 'test'),
  }),
  { minLength: 1, maxLength: 20 },
);

/** Twelve decimals. */
function decimal(atoms: bigint): string {
  const digits = (atoms < 0n ? -atoms : atoms).toString().padStart(13, '0');
  return `${atoms < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

function rowsOf(bill: typeof costs extends fc.Arbitrary<infer T> ? T : never) {
  return bill.map(({ node, day, cost, category, account, days }) =>
    charge(String(day), decimal(cost), node, {
      ServiceCategory: category,
      BillingAccountId: account,
      BillingCurrency: account === 'us' ? 'USD' : 'EUR',
      ChargePeriodEnd: `2026-10-0${day + days}T00:00:00Z`,
      ...(node === '' ? { Tags: '{}' } : {}),
    }),
  );
}

describe('whatever the graph, the bill and the usage', () => {
  it('the books balance, and late costs come to what all costs at once come to', async () => {
    let period = 0;
    await fc.assert(
      fc.asyncProperty(graphs, costs, costs, usage, async ({ edges, fallback }, early, late, weights) => {
        const month = `${2030 + Math.floor(period / 12)}-${String((period++ % 12) + 1).padStart(2, '0')}`;
        const moved = (rows: typeof early) => rowsOf(rows).map((row) => inMonth(month, row));
        const graph = `g${period}`;
        await bench.publishGraph(
          {
            nodes: nodes.map((id) => ({ id, type: id < 'p' ? 'service' : 'product' })),
            edges: edges.map((edge) => ({
              ...edge,
              ...(edge.validFrom === undefined
                ? {}
                : { validFrom: edge.validFrom.replace('2026-10', month) }),
            })),
            groups: nodes.slice(0, 4).map((node) => ({ node, fallback })),
            rules: [{ id: 'apps', node: '{Tags.app}', type: 'product' }],
            metrics: [
              { id: 'requests', from: 'usage' },
              { id: 'own', from: 'cost', where: "BillingCurrency = 'USD'" },
            ],
          },
          { id: graph },
        );
        const lines = new Map(
          weights.map(({ node, day, value, env }) => [
            `${node} ${day} ${env}`,
            `${node},${month}-0${day},requests,${value},${env}`,
          ]),
        );
        await bench.usage(`node,day,metric,value,label.env\n${[...lines.values()].join('\n')}\n`, { graph });
        await bench.bill('cloud', moved(early));
        const wish = { graph, period: month };
        const first = (await computeRun(bench, everyone, wish)).run;
        await bench.bill('cloud', moved([...early, ...late]));
        const second = (await computeRun(bench, everyone, wish)).run;
        for (const run of [first, second]) expect(run.result.checks.filter(({ ok }) => !ok)).toEqual([]);
        const { totals } = await computeTotals(bench, everyone, wish);
        const { all } = await runTotals(bench, second);
        expect(all).toEqual(totals);
        const sum = (currency: string) =>
          all
            .filter((one) => one.currency === currency)
            .map(({ retained }) => retained)
            .reduce(addText, '0');
        for (const { currency, total } of second.result.currencies) expect(sum(currency)).toBe(total);
      }),
      { numRuns: Number(process.env['RUN_PROPERTIES'] ?? 5) },
    );
  }, 120_000);
});
