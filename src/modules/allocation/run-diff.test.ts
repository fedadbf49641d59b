import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addText } from './checks.ts';
import type { GraphDocumentInput } from './model.ts';
import { computeRun } from './run-compute.ts';
import type { RunDiff } from './run-contract.ts';
import { diffRuns } from './run-diff.ts';
import type { AllocationRun } from './run-model.ts';
import { computeTotals, retainedOf } from './run-totals.ts';
import { charge, inMonth, openRunBench, personOf, type RunBench, smallGraph } from './testing/run-bench.ts';

const everyone = personOf();
const october = '2026-10';

/** As smallGraph, half of it in equal parts. */
const byHalves: GraphDocumentInput = {
  ...smallGraph,
  edges: (smallGraph.edges ?? []).map(({ from, to }) => ({
    ...{ from, to, strategy: 'hybrid_fixed_proportional' as const },
    params: { metric: 'requests', fixedPercent: '50' },
  })),
};

/** As smallGraph, by the costs that the bill says of each application. */
const byCost: GraphDocumentInput = {
  ...smallGraph,
  edges: [
    { from: 'db', to: 'app:shop', strategy: 'proportional', params: { metric: 'own' } },
    { from: 'db', to: 'app:blog', strategy: 'proportional', params: { metric: 'own' } },
  ],
  metrics: [{ id: 'own', from: 'cost', where: "Tags.app != 'db'" }],
};

let bench: RunBench;
beforeAll(async () => {
  bench = await openRunBench();
  await bench.publishGraph(smallGraph);
  await bench.bill('cloud', [charge('5', '10', 'db'), charge('5', '1', 'shop'), charge('5', '3', 'blog')]);
  await bench.usage(
    'node,day,metric,value\napp:shop,2026-10-05,requests,1\napp:blog,2026-10-05,requests,1\n',
  );
});
afterAll(() => bench.close());

async function compute(period = october, version?: number): Promise<AllocationRun> {
  return (await computeRun(bench, everyone, { graph: 'main', period, version })).run;
}

function lines({ items }: RunDiff) {
  return items.map(({ node, from, to, delta, effects }) => [node, from, to, delta, effects]);
}

function addsUp({ items, totals }: RunDiff): boolean {
  return [...items, ...totals].every(
    ({ delta, effects }) => Object.values(effects).reduce(addText, '0') === delta,
  );
}

describe('the difference of two runs of a month', () => {
  it('is split into cost, driver and graph, put in one after the other', async () => {
    const first = await compute();
    await bench.bill('cloud', [charge('5', '14', 'db'), charge('5', '1', 'shop'), charge('5', '3', 'blog')]);
    await bench.usage(
      'node,day,metric,value\napp:shop,2026-10-05,requests,3\napp:blog,2026-10-05,requests,1\n',
    );
    await bench.publishGraph(byHalves);
    const second = await compute();
    const diff = await diffRuns(bench, everyone, { from: first.id, to: second.id });
    expect(diff).toMatchObject({
      from: { run: first.id, month: october, version: 1 },
      to: { run: second.id, month: october, version: 2 },
      order: ['cost', 'driver', 'graph'],
    });
    // 10 by 1 to 1; 14 by 1 to 1; 14 by 3 to 1; half of 14 in equal parts and half by 3 to 1.
    expect(lines(diff)).toEqual([
      ['app:shop', '6', '9.75', '3.75', { cost: '2', driver: '3.5', graph: '-1.75' }],
      ['app:blog', '8', '8.25', '0.25', { cost: '2', driver: '-3.5', graph: '1.75' }],
    ]);
    expect(diff.totals).toEqual([
      { currency: 'USD', from: '14', to: '18', delta: '4', effects: { cost: '4', driver: '0', graph: '0' } },
    ]);
    expect(addsUp(diff)).toBe(true);
  });

  it('the other way round has the same sum, by another way', async () => {
    const [first, second] = [await compute(october, 1), await compute(october, 2)];
    const diff = await diffRuns(bench, everyone, { from: second.id, to: first.id });
    expect(diff.order).toEqual(['cost', 'driver', 'graph']);
    expect(addsUp(diff)).toBe(true);
    expect(diff.totals).toMatchObject([{ delta: '0', effects: { cost: '0', driver: '0', graph: '0' } }]);
    expect(lines(diff)).toEqual([
      ['app:blog', '8.25', '6.5', '-1.75', { cost: '0', driver: '0', graph: '-1.75' }],
      ['app:shop', '9.75', '11.5', '1.75', { cost: '0', driver: '0', graph: '1.75' }],
    ]);
  });

  it('has weights that the bill says as drivers, not as costs', async () => {
    await bench.publishGraph(byCost);
    const first = await compute();
    await bench.bill('cloud', [charge('5', '14', 'db'), charge('5', '3', 'shop'), charge('5', '3', 'blog')]);
    const second = await compute();
    const diff = await diffRuns(bench, everyone, { from: first.id, to: second.id });
    expect(lines(diff)).toEqual([
      ['app:shop', '4.5', '10', '5.5', { cost: '2', driver: '3.5', graph: '0' }],
      ['app:blog', '13.5', '10', '-3.5', { cost: '0', driver: '-3.5', graph: '0' }],
    ]);
  });

  it('with itself is nothing', async () => {
    const run = await compute();
    const diff = await diffRuns(bench, everyone, { from: run.id, to: run.id });
    expect(diff.items).toEqual([]);
    expect(diff.totals).toMatchObject([{ delta: '0' }]);
  });
});

describe('the difference of two months', () => {
  it('is the month, its bills and drivers together, and then the graph', async () => {
    const rows = [charge('9', '20', 'db'), charge('9', '1', 'shop')];
    await bench.bill(
      'cloud',
      rows.map((row) => inMonth('2026-11', row)),
    );
    await bench.usage(
      'node,day,metric,value\napp:shop,2026-11-09,requests,1\napp:blog,2026-11-09,requests,3\n',
    );
    const first = await compute(october, 1);
    const second = await compute('2026-11', 2);
    const diff = await diffRuns(bench, everyone, { from: first.id, to: second.id });
    expect(diff.order).toEqual(['month', 'graph']);
    // October: 14 by 3 to 1, and 3 each of their own. November: 20 by 1 to 3, and 1 of its own; then half in equal parts.
    expect(lines(diff)).toEqual([
      ['app:blog', '6.5', '12.5', '6', { month: '8.5', graph: '-2.5' }],
      ['app:shop', '13.5', '8.5', '-5', { month: '-7.5', graph: '2.5' }],
    ]);
    expect(addsUp(diff)).toBe(true);
  });

  it('of different graphs is refused', async () => {
    await bench.publishGraph(byCost, { id: 'other' });
    const first = await compute();
    const { run } = await computeRun(bench, everyone, { graph: 'other', period: october });
    const refused = diffRuns(bench, everyone, { from: first.id, to: run.id });
    await expect(refused).rejects.toMatchObject({ code: 'allocation.differentGraphs' });
  });
});

describe('computing without leaving anything behind', () => {
  it('gives the figures of a document that is in no version', async () => {
    const { generation } = await bench.workspace.lake.current();
    const { graphDocumentSchema } = await import('./model.ts');
    const wanted = graphDocumentSchema.parse({ ...smallGraph, edges: [] });
    const { totals } = await computeTotals(bench, everyone, { graph: 'main', period: october, wanted });
    expect([...retainedOf(totals).values()].map(({ node, amount }) => [node, amount])).toEqual([
      ['app:blog', '3'],
      ['app:shop', '3'],
      ['db', '14'],
    ]);
    expect((await bench.workspace.lake.current()).generation).toBe(generation);
  });

  it('comes to what a run of the same comes to', async () => {
    const run = await compute(october, 1);
    const { totals } = await computeTotals(bench, everyone, { graph: 'main', period: october, wanted: 1 });
    const sum = totals.map(({ retained }) => retained).reduce(addText, '0');
    expect(sum).toBe(run.result.currencies[0]?.total);
  });
});
