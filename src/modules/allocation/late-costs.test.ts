import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesOfRuns } from './late-costs.ts';
import type { GraphDocumentInput } from './model.ts';
import { publishRun } from './publish-run.ts';
import { computeRun } from './run-compute.ts';
import { computeAndPublish } from './run-outcome.ts';
import { charge, inMonth, openRunBench, personOf, type RunBench } from './testing/run-bench.ts';

const everyone = personOf();
const september = '2026-09';
const october = '2026-10';
const november = '2026-11';

/** A cluster of which fixed parts go to two products, a third stays; in two currencies. */
const graph: GraphDocumentInput = {
  nodes: [
    { id: 'cluster', type: 'infrastructure' },
    { id: 'shop', type: 'product' },
    { id: 'blog', type: 'product' },
  ],
  edges: [
    { from: 'cluster', to: 'shop', strategy: 'fixed_percent', params: { percent: '33.3333' } },
    { from: 'cluster', to: 'blog', strategy: 'fixed_percent', params: { percent: '33.3333' } },
  ],
  rules: [
    { id: 'cluster', where: "Tags.app = 'cluster'", node: 'cluster' },
    { id: 'apps', node: '{Tags.app}', type: 'product' },
  ],
};

const euro = { BillingCurrency: 'EUR', BillingAccountId: 'acme-eu' };
const bills = {
  first: [charge('3', '10', 'cluster'), charge('4', '5', 'shop'), charge('4', '7', 'cluster', euro)],
  second: [charge('3', '12', 'cluster'), charge('4', '5', 'shop'), charge('4', '7', 'cluster', euro)],
  third: [
    charge('3', '12', 'cluster'),
    charge('4', '5', 'wiki'),
    charge('4', '-1', 'cluster', euro),
    charge('4', '7', 'cluster', euro),
  ],
};

let bench: RunBench;
beforeAll(async () => {
  bench = await openRunBench({ cloud: 'retail' });
  await bench.publishGraph(graph);
  await bill(september, bills.first);
  await bill(october, [charge('1', '100', 'cluster')]);
  await bill(november, [charge('1', '200', 'cluster')]);
  await publish(september);
  await bench.period('retail', september, 'CLOSED');
});
afterAll(() => bench.close());

function bill(period: string, rows: readonly ReturnType<typeof charge>[]) {
  return bench.bill(
    'cloud',
    rows.map((row) => inMonth(period, row)),
  );
}

async function compute(period: string) {
  return (await computeRun(bench, everyone, { graph: 'main', period })).run;
}

async function publish(period: string) {
  const run = await compute(period);
  return publishRun(bench, everyone, run.id);
}

/** Everything that published runs hold of a month, per currency: Σ retained by node. */
async function booked(origin: string): Promise<Record<string, string>> {
  const { partitions } = await bench.workspace.lake.current();
  const files = partitions
    .filter(({ dataset, source }) => dataset === 'allocation' && source === 'graph~main')
    .flatMap(({ current }) => current?.files ?? [])
    .map(({ path }) => `'${bench.workspace.lake.resolve(path)}'`);
  const rows =
    await bench.rows(`select "BillingCurrency" || ' ' || "NodeId" as node, sum("Retained") as retained
    from read_parquet([${files.join(', ')}]) where "OriginPeriod" = '${origin}' group by 1 having sum("Retained") <> 0 order by 1`);
  return Object.fromEntries(rows.map((row) => [String(row['node']), String(row['retained'])]));
}

async function nodesOf(period: string): Promise<Record<string, string>> {
  const run = await compute(period);
  const { allocation } = await filesOfRuns(bench.workspace.lake, [run]);
  const rows =
    await bench.rows(`select "BillingCurrency" || ' ' || "NodeId" as node, sum("Retained") as retained
    from read_parquet([${allocation.map((file) => `'${file}'`).join(', ')}]) where "OriginPeriod" = '${period}'
    group by 1 having sum("Retained") <> 0 order by 1`);
  return Object.fromEntries(rows.map((row) => [String(row['node']), String(row['retained'])]));
}

const totals = (run: {
  readonly result: { readonly currencies: readonly { currency: string; total: string; restated: unknown }[] };
}) => run.result.currencies.map(({ currency, total, restated }) => [currency, total, restated]);

describe('costs of a closed month that come late', () => {
  it('are no part of the next month as long as there are none', async () => {
    const run = await publish(october);
    expect(totals(run)).toEqual([['USD', '100', []]]);
    expect(run.inputs.restated).toEqual([]);
  });

  it('are shown when the closed month is computed, and its run is not published', async () => {
    await bill(september, bills.second);
    const outcome = await computeAndPublish(bench, everyone, { month: september, publish: true });
    expect(outcome).toMatchObject({
      state: 'computed',
      month: september,
      refused: { code: 'allocation.closedMonth', exitCode: 7 },
    });
    expect(outcome.late).toEqual([
      { currency: 'EUR', booked: '7', now: '7', difference: '0' },
      { currency: 'USD', booked: '15', now: '17', difference: '2' },
    ]);
    expect(outcome.refused?.message).toContain('next open month');
  });

  it('are booked by the next open month as what has changed, in rows of their own', async () => {
    const before = await booked(september);
    expect(before).toEqual({
      'EUR blog': '2.333331',
      'EUR cluster': '2.333338',
      'EUR shop': '2.333331',
      'USD blog': '3.33333',
      'USD cluster': '3.33334',
      'USD shop': '8.33333',
    });
    const run = await publish(october);
    expect(totals(run)).toEqual([['USD', '102', [{ period: september, amount: '2' }]]]);
    expect(run.result.checks.every(({ ok }) => ok)).toBe(true);
    expect(run.inputs.restated).toMatchObject([{ period: september, booked: [] }]);
    expect(await booked(september)).toEqual(await nodesOf(september));
    expect(await booked(september)).toMatchObject({ 'USD shop': '8.999996', 'USD blog': '3.999996' });
  });

  it('keep the day and the dimension that they belong to', async () => {
    const run = await compute(october);
    const { flow } = await filesOfRuns(bench.workspace.lake, [run]);
    const rows =
      await bench.rows(`select strftime("BillingPeriodStart", '%Y-%m') as books, strftime("ChargePeriodStart", '%Y-%m-%d') as day,
      "FromNode" || ' ' || coalesce("ToNode", "Cause") as way, "Amount" as amount
      from read_parquet([${flow.map((file) => `'${file}'`).join(', ')}]) where "OriginPeriod" = '${september}' order by all`);
    expect(rows.map((row) => Object.values(row).join(' '))).toEqual([
      '2026-10 2026-09-03 cluster blog 0.666666',
      '2026-10 2026-09-03 cluster fixed 0.666668',
      '2026-10 2026-09-03 cluster shop 0.666666',
    ]);
  });

  it('are booked once: not by a later month, nor by the same month again', async () => {
    expect(totals(await compute(november))).toEqual([['USD', '200', []]]);
    const again = await computeRun(bench, everyone, { graph: 'main', period: october });
    expect(again.known).toBe(true);
    await bill(october, [charge('1', '101', 'cluster')]);
    expect(totals(await publish(october))).toEqual([['USD', '103', [{ period: september, amount: '2' }]]]);
    expect(await booked(september)).toEqual(await nodesOf(september));
  });

  it('that come later still are booked as what is missing, whichever month books them; new nodes and credits too', async () => {
    await bench.period('retail', october, 'CLOSED');
    await bill(september, bills.third);
    const run = await publish(november);
    expect(totals(run)).toEqual([
      ['EUR', '-1', [{ period: september, amount: '-1' }]],
      ['USD', '200', [{ period: september, amount: '0' }]],
    ]);
    expect(run.inputs.restated).toMatchObject([{ period: september, booked: [{ period: october }] }]);
    expect(await booked(september)).toEqual(await nodesOf(september));
    expect(await booked(september)).toMatchObject({ 'USD wiki': '5', 'EUR cluster': '2.000004' });
  });

  it('are computed with the graph that the closed month was published with', async () => {
    await bench.publishGraph({ ...graph, edges: [] });
    expect((await compute(september)).version).toBe(1);
    expect((await compute(november)).version).toBe(2);
    expect(await booked(september)).toEqual(await nodesOf(september));
  });

  it('are taken back when the restatement is', async () => {
    await bill(september, bills.first);
    const run = await publish(november);
    expect(totals(run)).toEqual([['USD', '198', [{ period: september, amount: '-2' }]]]);
    expect(await booked(september)).toEqual(await nodesOf(september));
    expect(await booked(september)).toMatchObject({ 'USD shop': '8.33333' });
  });
});

describe('a run that books late costs', () => {
  it('is not published after another one has booked them', async () => {
    await bench.period('retail', october, 'OPEN');
    await bill(september, bills.third);
    const late = await compute(november);
    expect(late.inputs.restated).toMatchObject([{ booked: [{ period: october }] }]);
    await bill(october, [charge('1', '102', 'cluster')]);
    await publish(october);
    const refused = publishRun(bench, everyone, late.id);
    await expect(refused).rejects.toMatchObject({ code: 'allocation.outdatedRun', exitCode: 7 });
    await publish(november);
    expect(await booked(september)).toEqual(await nodesOf(september));
  });

  it('is not published once the month is open again, and the open month not while its costs are booked elsewhere', async () => {
    const late = await compute(november);
    await bench.period('retail', september, 'OPEN');
    const own = await compute(september);
    await expect(publishRun(bench, everyone, own.id)).rejects.toMatchObject({
      code: 'allocation.bookedElsewhere',
      exitCode: 7,
    });
    expect(late.inputs.restated).toHaveLength(1);
    await expect(publishRun(bench, everyone, late.id)).rejects.toMatchObject({
      code: 'allocation.outdatedRun',
    });
    for (const month of [october, november]) await publish(month);
    await publish(september);
    expect(await booked(september)).toEqual(await nodesOf(september));
  });
});
