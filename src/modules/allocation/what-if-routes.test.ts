import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { allocationDataset } from './datasets.ts';
import type { GraphDocumentInput } from './model.ts';
import { openQuestionBench, type QuestionBench } from './testing/question-bench.ts';
import { charge, inMonth } from './testing/run-bench.ts';

/** A database that shop and lab use by queries, a log that they share evenly; the lab pays the log's tenth of the database. */
const graph: GraphDocumentInput = {
  nodes: [
    { id: 'db', type: 'shared', name: 'Database' },
    { id: 'log', type: 'shared' },
    { id: 'shop', type: 'product', name: 'Shop', application: 'shop' },
    { id: 'lab', type: 'product', application: 'lab' },
  ],
  edges: [
    { from: 'db', to: 'shop', strategy: 'proportional', params: { metric: 'queries' } },
    { from: 'db', to: 'lab', strategy: 'proportional', params: { metric: 'queries' } },
    { from: 'log', to: 'shop', strategy: 'fixed_percent', params: { percent: '50' } },
    { from: 'log', to: 'lab', strategy: 'fixed_percent', params: { percent: '40' } },
  ],
  rules: [{ id: 'tagged', where: 'Tags.app is not null', node: '{Tags.app}' }],
  metrics: [{ id: 'queries', from: 'usage' }],
};

/** The shop asks three times as often as the lab. */
const usage = `node,day,metric,value
shop,2026-10-05,queries,3
lab,2026-10-05,queries,1
shop,2026-10-06,queries,3
lab,2026-10-06,queries,1
`;

let bench: QuestionBench;
beforeAll(async () => {
  bench = await openQuestionBench();
  await bench.publishGraph(graph);
  await bench.bill('aws', [
    charge('5', '100', 'db'),
    charge('6', '50', 'db'),
    charge('6', '-10', 'db'),
    charge('5', '20', 'log'),
    charge('6', '3', 'x', { Tags: '' }),
  ]);
  await bench.bill('eu', [charge('5', '0.1', 'db', { BillingCurrency: 'EUR', ServiceCategory: 'Storage' })]);
  await bench.usage(usage);
  await bench.run('2026-10');
}, 60_000);
afterAll(() => bench.close());

/** Everything that is kept anywhere. */
async function kept(): Promise<unknown> {
  const { generation } = await bench.workspace.lake.current();
  const counts = await bench.records.asOwner(async (tx) => ({
    audit: (await tx.selectFrom('audit_log').select('id').execute()).length,
    parts: (await tx.selectFrom('graph_part').select('key').execute()).length,
    runs: (await tx.selectFrom('allocation_run').select('id').execute()).length,
  }));
  return { generation, ...counts };
}

interface Delta {
  readonly node: string;
  readonly before: string;
  readonly after: string;
  readonly delta: string;
}
const deltas = (list: readonly Delta[]) =>
  list.map(({ node, before, after, delta }) => [node, before, after, delta]);
const ask = async (body: object) =>
  (await bench.post('/allocation/what-if', { month: '2026-10', ...body })).body;
const codes = (findings: readonly { readonly code: string }[]) => findings.map(({ code }) => code);
const ok = (checks: readonly { readonly ok: boolean }[]) => checks.every((check) => check.ok);

describe('POST /allocation/what-if', () => {
  it('of nothing changes nothing, to the last unit', async () => {
    const answer = await ask({ nodes: true });
    for (const currency of answer.currencies)
      expect(currency).toMatchObject({
        products: [],
        nodes: [],
        unallocated: { delta: '0' },
        total: { delta: '0' },
      });
    expect(answer.reusedAttribution).toBe(true);
    expect(ok(answer.checks)).toBe(true);
    const [, usd] = answer.currencies;
    // 140 of the database 3 to 1, the log 50 and 40 percent of 20; 2 of the log and 3 without a rule stay.
    expect(usd).toMatchObject({
      unchangedProducts: 2,
      total: { before: '163' },
      unallocated: { before: '5' },
    });
  });

  it('of another percentage moves what it moves, and the deltas add up to 0', async () => {
    const before = await kept();
    const answer = await ask({ edges: [{ edge: 'log -> lab', params: { percent: '10' } }], nodes: true });
    const [eur, usd] = answer.currencies;
    expect(eur.products).toEqual([]);
    expect(deltas(usd.products)).toEqual([['lab', '43', '37', '-6']]);
    expect(deltas(usd.nodes)).toEqual([['log', '2', '8', '6']]);
    expect(usd).toMatchObject({
      total: { delta: '0' },
      unallocated: { before: '5', after: '11', delta: '6' },
      coverage: { before: '0.971098265896' },
    });
    expect(usd.products[0]).toMatchObject({ share: '0.226993865031', change: '-0.139534883721' });
    expect(ok(answer.checks)).toBe(true);
    expect(answer.before).toMatchObject({ version: 1 });
    // Nothing of it is anywhere.
    expect(await kept()).toEqual(before);
  });

  it('of an edge that is put, removed or turned into another strategy', async () => {
    const removed = await ask({ changes: [{ remove: 'edge', id: 'db -> lab' }] });
    expect(deltas(removed.currencies[1].products)).toEqual([
      ['lab', '43', '8', '-35'],
      ['shop', '115', '150', '35'],
    ]);
    const equal = await ask({
      edges: ['shop', 'lab'].map((to) => ({ edge: `db->${to}`, strategy: 'equal' })),
    });
    expect(deltas(equal.currencies[1].products)).toEqual([
      ['lab', '43', '78', '35'],
      ['shop', '115', '80', '-35'],
    ]);
    const put = await ask({
      changes: [
        { put: 'node', value: { id: 'new', type: 'product' } },
        {
          put: 'edge',
          value: { from: 'log', to: 'new', strategy: 'fixed_percent', params: { percent: '10' } },
        },
      ],
    });
    expect(deltas(put.currencies[1].products)).toEqual([['new', '0', '2', '2']]);
  });

  it('of rules reads the bill again, and says so', async () => {
    const answer = await ask({ changes: [{ put: 'rule', value: { id: 'rest', node: 'log' } }] });
    expect(answer.reusedAttribution).toBe(false);
    // The 3 that no rule took are the log's now: half to the shop, 1.2 to the lab, a tenth stays.
    expect(deltas(answer.currencies[1].products)).toEqual([
      ['shop', '115', '116.5', '1.5'],
      ['lab', '43', '44.2', '1.2'],
    ]);
    expect(answer.currencies[1].total.delta).toBe('0');
  });

  it('of usage scales a node, sets a value, and says that a factor for everybody moves nothing', async () => {
    // The lab doubles: 3 to 2 instead of 3 to 1.
    const doubled = await ask({ metrics: [{ metric: 'queries', node: 'lab', factor: '2' }] });
    expect(deltas(doubled.currencies[1].products)).toEqual([
      ['lab', '43', '64', '21'],
      ['shop', '115', '94', '-21'],
    ]);
    const set = await ask({ metrics: [{ metric: 'queries', node: 'lab', value: '4.5', day: '2026-10-05' }] });
    // On the 5th 3 to 4.5 of 100, which is 60 instead of 25.
    expect(deltas(set.currencies[1].products)).toEqual([
      ['lab', '43', '78', '35'],
      ['shop', '115', '80', '-35'],
    ]);
    const all = await ask({ metrics: [{ metric: 'queries', factor: '1.5' }] });
    expect(all.currencies[1].products).toEqual([]);
    expect(codes(all.findings)).toContain('allocation.uniformScale');
    expect(codes(doubled.findings)).not.toContain('allocation.uniformScale');
    expect(ok(set.checks)).toBe(true);
  });

  it('of the draft, or of a whole document, in one currency', async () => {
    const document = { ...graph, edges: graph.edges?.filter(({ to }) => to !== 'lab') };
    const answer = await ask({ document, currency: 'EUR' });
    expect(answer.currencies).toHaveLength(1);
    expect(deltas(answer.currencies[0].products)).toEqual([
      ['lab', '0.025', '0', '-0.025'],
      ['shop', '0.075', '0.1', '0.025'],
    ]);
    const none = await bench.post('/allocation/what-if', { month: '2026-10', draft: true });
    expect([none.status, none.body.code]).toEqual([404, 'allocation.unknownVersion']);
  });

  it('is refused with what does not fit', async () => {
    const code = async (body: object) => (await ask(body)).code;
    expect(await code({ graph: 'other' })).toBe('allocation.unknownGraph');
    expect(await code({ edges: [{ edge: 'db -> nobody' }] })).toBe('allocation.unknownPart');
    expect(await code({ edges: [{ edge: 'log -> lab', params: { percent: '101' } }] })).toBe(
      'allocation.unfitChange',
    );
    expect(await code({ edges: [{ edge: 'log -> lab', params: { percent: '60' } }] })).toBe(
      'allocation.uncomputableGraph',
    );
    expect(await code({ metrics: [{ metric: 'nothing', node: 'lab', factor: '2' }] })).toBe(
      'allocation.unknownPart',
    );
    expect(await code({ metrics: [{ metric: 'queries', node: 'nobody', factor: '2' }] })).toBe(
      'allocation.unknownPart',
    );
    expect(await code({ document: graph, draft: true })).toBe('server.invalid');
    expect(await code({ month: '2026-11' })).toBe('allocation.nothingToAttribute');
  });

  it('of a month without a published run computes both sides, and writes neither', async () => {
    await bench.publishGraph({ ...graph, rules: [] }, { id: 'second' });
    await bench.usage(usage, { graph: 'second' });
    const before = await kept();
    const answer = await ask({ graph: 'second', changes: [{ put: 'rule', value: graph.rules?.[0] }] });
    expect(answer.before).toEqual({ run: null, version: 1 });
    const [, usd] = answer.currencies;
    expect(deltas(usd.products)).toEqual([
      ['shop', '0', '115', '115'],
      ['lab', '0', '43', '43'],
    ]);
    expect(usd.total).toMatchObject({ before: '163', after: '163', delta: '0' });
    expect(await kept()).toEqual(before);
  });

  it('leaves out usage that came after the run, and says so; or takes it when it is asked for', async () => {
    await bench.usage('node,day,metric,value\nlab,2026-10-06,queries,2\n', { source: 'late' });
    const same = await ask({});
    expect(same.currencies[1].products).toEqual([]);
    expect(codes(same.findings)).toContain('allocation.usageChanged');
    const current = await ask({ usage: 'current' });
    // On the 6th 3 to 3 of 40 instead of 3 to 1.
    expect(deltas(current.currencies[1].products)).toEqual([
      ['lab', '43', '53', '10'],
      ['shop', '115', '105', '-10'],
    ]);
    expect(codes(current.findings)).not.toContain('allocation.usageChanged');
  });

  it('of a circle whose pools outgrow the units has coarser ones, as a run of it has', async () => {
    // What goes round comes by 500,000 times: pools of 60 million, for which a billionth is no unit.
    const share = (from: string, to: string, percent: string) =>
      ({ from, to, strategy: 'fixed_percent', params: { percent } }) as const;
    const edges = [
      share('db', 'log', '99.9999'),
      share('db', 'shop', '0.0001'),
      share('log', 'db', '99.9999'),
      share('log', 'lab', '0.0001'),
    ];
    const circle: GraphDocumentInput = {
      ...graph,
      edges,
      metrics: [],
      method: { cycles: { mode: 'reciprocal' } },
    };
    type Answer = {
      readonly currencies: readonly { readonly currency: string; readonly products: Delta[] }[];
    };
    const of = (currency: string, answer: Answer) =>
      answer.currencies.find((one) => one.currency === currency) as Answer['currencies'][number];
    const products = (answer: Answer) =>
      Object.fromEntries(of('USD', answer).products.map(({ node, after }) => [node, Number(after)]));
    // In no whole number of units, so that something is left below them on either side.
    await bench.bill('fine', [charge('6', '0.123456789012', 'db', { BillingCurrency: 'CHF' })]);
    await bench.publishGraph({ ...circle, edges: [] }, { id: 'circle' });
    const unpublished = await ask({ graph: 'circle', document: circle });
    expect(ok(unpublished.checks)).toBe(true);
    await bench.run('2026-10', { graph: 'circle' });
    const answer = await ask({ graph: 'circle', document: circle, nodes: true });
    expect(answer).toMatchObject({ reusedAttribution: true });
    expect(of('USD', answer)).toMatchObject({ total: { before: '163', after: '163', delta: '0' } });
    for (const one of [answer, unpublished])
      expect(of('CHF', one)).toMatchObject({ total: { after: '0.123456789012', delta: '0' } });
    expect(ok(answer.checks)).toBe(true);
    // Of the 160 nearly all goes round until it is halved, and the one that had more of it first keeps a trifle more.
    expect(products(answer)).toEqual({ shop: expect.closeTo(80, 1), lab: expect.closeTo(80, 1) });
    expect(products(unpublished)).toEqual(products(answer));
    // The run of it says the same.
    await bench.publishGraph(circle, { id: 'circle' });
    await bench.run('2026-10', { graph: 'circle' });
    expect(of('USD', await ask({ graph: 'circle' }))).toMatchObject({ products: [], total: { delta: '0' } });
    const before = of('USD', await ask({ graph: 'circle', document: { ...circle, edges: [] } })).products;
    expect(Object.fromEntries(before.map((one) => [one.node, Number(one.before)]))).toEqual(products(answer));
  });

  it('is nobody’s who does not see the graph', async () => {
    const { status, body } = await bench.post(
      '/allocation/what-if',
      { month: '2026-10' },
      { entities: ['retail'] },
    );
    expect([status, body.code]).toEqual([404, 'allocation.unknownGraph']);
  });
});

describe('POST /allocation/growth', () => {
  const grow = async (body: object) =>
    (await bench.post('/allocation/growth', { month: '2026-10', metric: 'queries', ...body })).body;

  it('of one product shares the same pools anew, or lets the pools grow with it', async () => {
    const answer = await grow({ node: 'lab', percent: '100' });
    const same = answer.redistribution.currencies[1];
    expect(deltas(same.products)).toEqual([
      ['lab', '43', '64', '21'],
      ['shop', '115', '94', '-21'],
    ]);
    expect(same).toMatchObject({ total: '0', unallocated: '0' });
    expect(same.pools).toEqual([{ node: 'db', name: 'Database', cost: '140', gained: '21', lost: '21' }]);
    // 37.5 of the database's charges are the lab's; twice as many queries cost 37.5 more, which nobody else pays.
    const growing = answer.marginal.currencies[1];
    expect(growing).toMatchObject({ total: '37.5', unallocated: '0' });
    expect(growing.pools).toEqual([{ node: 'db', name: 'Database', cost: '150', delta: '37.5' }]);
    expect(growing.products).toEqual([{ node: 'lab', name: 'lab', cost: '45.5', delta: '37.5' }]);
    expect(answer.redistribution.assumption).not.toBe(answer.marginal.assumption);
  });

  it('of everybody moves no share, and costs in proportion if pools grow', async () => {
    const answer = await grow({ percent: '10' });
    expect(answer.redistribution.currencies[1].products).toEqual([]);
    expect(codes(answer.findings)).toContain('allocation.uniformScale');
    expect(answer.marginal.currencies[1]).toMatchObject({
      total: '15',
      products: [
        { node: 'shop', delta: '11.25' },
        { node: 'lab', delta: '3.75' },
      ],
    });
  });

  it('is refused without a run, for a metric that shares nothing, and for nobody', async () => {
    expect((await grow({ percent: '10', graph: 'second' })).code).toBe('allocation.noPublishedRun');
    expect((await grow({ percent: '10', metric: 'orders' })).code).toBe('allocation.unknownPart');
    expect((await grow({ percent: '10', node: 'nobody' })).code).toBe('allocation.unknownNode');
    expect((await grow({ percent: 'much' })).code).toBe('server.invalid');
  });
});

it('leaves out what a month books for another one that was closed and restated', async () => {
  const late = { id: 'late' };
  const closing = await openQuestionBench({ aws: 'retail' });
  try {
    await closing.publishGraph(graph, late);
    await closing.usage(usage, { graph: late.id });
    await closing.bill('aws', [inMonth('2026-09', charge('5', '10', 'log'))]);
    await closing.run('2026-09', { graph: late.id });
    await closing.period('retail', '2026-09', 'CLOSED');
    await closing.bill('aws', [inMonth('2026-09', charge('5', '16', 'log'))]);
    await closing.bill('aws', [charge('5', '100', 'db')]);
    await closing.run('2026-10', { graph: late.id });
    const { body } = await closing.post('/allocation/what-if', {
      graph: late.id,
      month: '2026-10',
      nodes: true,
    });
    expect(body.currencies).toMatchObject([
      { products: [], nodes: [], total: { before: '100', after: '100' } },
    ]);
  } finally {
    await closing.close();
  }
}, 60_000);

it('what if nothing is asked for is what the run says, node by node', async () => {
  const { relation } = await bench.workspace.lake.select(everything, allocationDataset);
  const rows = await bench.rows(
    `select sum("Retained") as retained from ${relation} where "BillingCurrency" = 'USD' and "Graph" = 'main'`,
  );
  expect(rows).toEqual([{ retained: '163' }]);
});
