import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GraphDocumentInput } from './model.ts';
import { publishSmall } from './testing/publish-results.ts';
import { openQuestionBench, type QuestionBench, sumTexts } from './testing/question-bench.ts';
import { charge, inMonth } from './testing/run-bench.ts';

/** A base that two editions build on, a database that all use, a log that nobody does. */
const graph: GraphDocumentInput = {
  nodes: [
    { id: 'db', type: 'shared', labels: { team: 'core' } },
    { id: 'log', type: 'platform', labels: { team: 'core' } },
    { id: 'base', type: 'product', name: 'Base edition', labels: { team: 'apps' } },
    { id: 'enterprise', type: 'product', application: 'shop' },
    { id: 'premium', type: 'product' },
  ],
  edges: [
    { from: 'db', to: 'base', strategy: 'fixed_percent', params: { percent: '50' } },
    { from: 'db', to: 'premium', strategy: 'fixed_percent', params: { percent: '40' } },
    { from: 'base', to: 'enterprise', strategy: 'fixed_percent', params: { percent: '30' } },
    { from: 'base', to: 'premium', strategy: 'fixed_percent', params: { percent: '50' } },
  ],
  rules: [{ id: 'by app', node: '{Tags.app}', type: 'product' }],
};
const bill = [
  charge('5', '100', 'db'),
  charge('5', '20', 'db', { ServiceCategory: 'Storage' }),
  charge('6', '7', 'log'),
  charge('6', '40', 'base'),
  charge('6', '-10', 'base'),
  charge('7', '5', 'premium'),
  charge('7', '3', 'nobody', { Tags: '{}' }),
];

let bench: QuestionBench;
beforeAll(async () => {
  bench = await openQuestionBench({ cloud: 'retail' });
  await bench.publishGraph(graph);
  await bench.bill('cloud', bill);
  await bench.bill(
    'cloud',
    bill.slice(0, 4).map((row) => inMonth('2026-09', row)),
  );
  await bench.run('2026-09');
  await bench.run('2026-10');
  // A run that nobody has published changes no answer.
  await bench.publishGraph({ ...graph, edges: [] });
  await bench.run('2026-10', { publish: false });
});
afterAll(() => bench.close());

async function get(path: string) {
  const { status, body } = await bench.get(`/allocation/results${path}`);
  expect([path, status, body]).toEqual([path, 200, expect.anything()]);
  return body;
}

type Figures = Readonly<Record<'direct' | 'inflow' | 'holistic' | 'outflow' | 'retained', string>>;

/** direct + inflow = holistic = outflow + retained. */
function expectBalance({ direct, inflow, holistic, outflow, retained }: Figures): void {
  expect(sumTexts([direct, inflow])).toBe(holistic);
  expect(sumTexts([outflow, retained])).toBe(holistic);
}

describe('GET /allocation/results/nodes', () => {
  it('lists nodes with their figures, and sums that hold nothing twice', async () => {
    const body = await get('/nodes?month=2026-10');
    expect(body.count).toBe(6);
    expect(
      body.items.map(({ node, holistic, retained }: Figures & { node: string }) => [
        node,
        holistic,
        retained,
      ]),
    ).toEqual([
      ['db', '120', '12'],
      // 50 of the database and 30 of its own, half of which goes to premium and 30 % to enterprise.
      ['premium', '98', '98'],
      ['base', '90', '18'],
      ['enterprise', '27', '27'],
      ['log', '7', '7'],
      ['unattributed', '3', '3'],
    ]);
    for (const item of body.items) expectBalance(item);
    expect(body.totals).toEqual([
      { currency: 'USD', direct: '165', retained: '165', allocated: '143', unallocated: '22' },
    ]);
  });

  it('goes page by page, with the true count', async () => {
    const first = await get('/nodes?month=2026-10&limit=4');
    const second = await get(`/nodes?month=2026-10&limit=4&cursor=${first.next}`);
    expect([first.count, first.items.length, second.count, second.items.length, second.next]).toEqual([
      ...[6, 4, 6, 2],
      undefined,
    ]);
    const stale = await bench.get('/allocation/results/nodes?month=2026-10&cursor=bm9uZQ');
    expect([stale.status, stale.body.code]).toEqual([409, 'allocation.staleCursor']);
  });

  it('narrows by type and text, and adds months up', async () => {
    const products = await get('/nodes?month=2026-10&type=product&text=EDITION');
    expect(products.items.map(({ node }: { node: string }) => node)).toEqual(['base']);
    const both = await get('/nodes?from=2026-09&to=2026-10&text=db');
    expect(both.context.months).toEqual(['2026-09', '2026-10']);
    expect(both.items[0].direct).toBe('240');
    const newest = await get('/nodes?text=db');
    expect([newest.context.from, newest.items[0].direct]).toEqual(['2026-10', '120']);
  });

  it('refuses months without a run, and two ways of naming months', async () => {
    const none = await bench.get('/allocation/results/nodes?month=2025-01');
    expect([none.status, none.body.code]).toEqual([404, 'allocation.noPublishedRun']);
    expect((await bench.get('/allocation/results/nodes?month=2026-10&from=2026-09')).status).toBe(400);
  });

  it('shows a caller with limits own nodes, and sums of these', async () => {
    const { body } = await bench.get('/allocation/results/nodes?month=2026-10', { entities: ['retail'] });
    expect(body.items.map(({ node }: { node: string }) => node)).toEqual(['enterprise']);
    expect(body.totals).toMatchObject([{ retained: '27' }]);
  });
});

describe('GET /allocation/results/nodes/:node', () => {
  it('shows figures, neighbours with shares and edges, and why the rest stayed', async () => {
    const body = await get('/nodes/db?month=2026-10');
    expect(body).toMatchObject({ node: 'db', type: 'shared', labels: { team: 'core' }, application: null });
    expect(
      body.currencies[0].byDimension.map(({ dimension, direct }: { dimension: string; direct: string }) => [
        dimension,
        direct,
      ]),
    ).toEqual([
      ['Compute', '100'],
      ['Storage', '20'],
    ]);
    expect(body.to).toEqual([
      {
        node: 'base',
        type: 'product',
        currency: 'USD',
        amount: '60',
        share: '0.5',
        edges: ['db -> base'],
        qualities: ['declared'],
      },
      {
        node: 'premium',
        type: 'product',
        currency: 'USD',
        amount: '48',
        share: '0.4',
        edges: ['db -> premium'],
        qualities: ['declared'],
      },
    ]);
    expect(body.held).toEqual([{ cause: 'fixed', currency: 'USD', amount: '12' }]);
    const base = await get('/nodes/base?month=2026-10');
    expect(base.from).toMatchObject([{ node: 'db', amount: '60', share: '1' }]);
    const unknown = await bench.get('/allocation/results/nodes/nothing?month=2026-10');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'allocation.noCostOnNode']);
  });

  it('shows a node day by day and dimension by dimension', async () => {
    const body = await get('/nodes/db/timeline?month=2026-10');
    expect(
      body.items.map(({ day, dimension, direct }: Readonly<Record<string, string>>) => [
        day,
        dimension,
        direct,
      ]),
    ).toEqual([
      ['2026-10-05', 'Compute', '100'],
      ['2026-10-05', 'Storage', '20'],
    ]);
    for (const item of body.items) expectBalance(item);
    const page = await get('/nodes/db/timeline?month=2026-10&limit=1');
    expect([page.count, page.items.length]).toEqual([2, 1]);
  });
});

describe('sums', () => {
  it('by type: direct and retained add up to the total, each once', async () => {
    const { items, totals } = await get('/by-type?month=2026-10');
    expect(items.map(({ type, nodes }: { type: string; nodes: number }) => [type, nodes])).toEqual([
      ['platform', 1],
      ['product', 3],
      ['shared', 2],
    ]);
    const sum = (name: keyof Figures) => sumTexts(items.map((item: Figures) => item[name]));
    expect([sum('direct'), sum('retained')]).toEqual([totals[0].direct, totals[0].retained]);
    for (const item of items) expectBalance(item);
  });

  it('by dimension, by owner and by a label of the nodes', async () => {
    const dimension = await get('/by-dimension?month=2026-10');
    expect(
      dimension.items.map(({ value, retained }: Readonly<Record<string, string>>) => [value, retained]),
    ).toEqual([
      ['Compute', '145'],
      ['Storage', '20'],
    ]);
    const team = await get('/by-dimension?month=2026-10&key=label:team');
    expect(
      team.items.map(({ value, retained }: Readonly<Record<string, string>>) => [value, retained]),
    ).toEqual([
      [null, '128'],
      ['core', '19'],
      ['apps', '18'],
    ]);
    const application = await get('/by-dimension?month=2026-10&key=ApplicationId');
    expect(application.items).toContainEqual(expect.objectContaining({ value: 'shop', allocated: '27' }));
    expect((await bench.get('/allocation/results/by-dimension?key=NodeName')).status).toBe(400);
  });

  it('on one page: totals, coverage, causes, products, and that the books tie', async () => {
    const body = await get('/summary?month=2026-10');
    expect(body.nodes).toEqual({ platform: 1, product: 3, shared: 2 });
    const [usd] = body.currencies;
    expect(usd).toMatchObject({
      ...{ total: '165', charges: '175', credits: '-10', allocated: '143', unallocated: '22' },
      // Charges: 12 at the database, 7 at the log and 3 of nobody stay.
      ...{ coverage: '0.874286', ties: true, difference: '0' },
    });
    expect(usd.causes).toEqual([
      { cause: 'fixed', amount: '12' },
      { cause: 'no_edge', amount: '7' },
      { cause: 'no_rule', amount: '3' },
    ]);
    expect(
      usd.products.map(({ node, retained }: { node: string; retained: string }) => [node, retained]),
    ).toEqual([
      ['premium', '98'],
      ['enterprise', '27'],
      ['base', '18'],
    ]);
  });
});

describe('GET /allocation/results/products', () => {
  it('makes trees in which every product stands once, so that roll-ups add up to what is allocated', async () => {
    const { currencies, count } = await get('/products?month=2026-10&trend=true');
    const [usd] = currencies;
    expect([count, usd.items.length]).toEqual([1, 1]);
    const [base] = usd.items;
    expect(base).toMatchObject({
      ...{
        node: 'base',
        name: 'Base edition',
        direct: '30',
        shared: '60',
        fromProducts: '0',
        retained: '18',
      },
      rollUp: usd.allocated,
    });
    expect(
      base.children.map(({ node, fromProducts, shared }: Readonly<Record<string, string>>) => [
        node,
        fromProducts,
        shared,
      ]),
    ).toEqual([
      ['premium', '45', '48'],
      ['enterprise', '27', '0'],
    ]);
    expect(
      base.byDimension.map(({ dimension, shared }: Readonly<Record<string, string>>) => [dimension, shared]),
    ).toEqual([
      ['Compute', '50'],
      ['Storage', '10'],
    ]);
    expect(sumTexts(base.days.map(({ retained }: { retained: string }) => retained))).toBe('18');
    expect(usd.unallocated.amount).toBe('22');
    expect(sumTexts([usd.allocated, usd.unallocated.amount])).toBe(usd.total);
  });
});

describe('GET /allocation/results/infrastructure', () => {
  it('says what nodes passed on, to whom, and what stayed and why', async () => {
    const body = await get('/infrastructure?month=2026-10&targets=1');
    const [db] = body.items;
    expect(body.count).toBe(3);
    expect(db).toMatchObject({
      ...{ node: 'db', holistic: '120', allocatedOut: '108', unallocated: '12', share: '0.9' },
      targets: [{ node: 'base', amount: '60', share: '0.5' }],
      otherTargets: { count: 1, amount: '48' },
      causes: [{ cause: 'fixed', amount: '12' }],
    });
    const platform = await get('/infrastructure?month=2026-10&type=platform');
    expect(
      platform.items.map(({ node, causes }: { node: string; causes: unknown }) => [node, causes]),
    ).toEqual([['log', [{ cause: 'no_edge', amount: '7' }]]]);
  });
});

describe('GET /allocation/results/reconciliation', () => {
  it('holds the bill, the rules, the nodes and the edges against each other, month by month', async () => {
    const { items, graphs } = await get('/reconciliation?from=2026-09&to=2026-10');
    expect(
      items.map(
        ({ month, bill: of, attributed, allocated, unallocated }: Readonly<Record<string, string>>) => [
          month,
          of,
          attributed,
          allocated,
          unallocated,
        ],
      ),
    ).toEqual([
      ['2026-09', '167', '167', '148', '19'],
      ['2026-10', '165', '165', '143', '22'],
    ]);
    for (const { checks } of items) {
      expect(checks.map(({ name }: { name: string }) => name)).toEqual([
        ...['bill', 'attribution', 'nodeBalance', 'places', 'causes', 'conservation', 'outflow', 'inflow'],
      ]);
      expect(
        checks.every(({ ok, difference }: { ok: boolean; difference: string }) => ok && difference === '0'),
      ).toBe(true);
    }
    expect(graphs[1]).toMatchObject({ month: '2026-10', nodes: 6, products: 3, links: 4 });
  });

  it('tells a caller with limits nothing of a bill that is not all theirs', async () => {
    const { body } = await bench.get('/allocation/results/reconciliation?month=2026-10', {
      entities: ['retail'],
    });
    expect(body.items[0].bill).toBeNull();
    expect(body.items[0].checks.every(({ ok }: { ok: boolean }) => ok)).toBe(true);
  });

  it('says by how much the nodes differ from what the rules sent, where they do', async () => {
    await publishSmall(bench.workspace, {
      graph: 'broken',
      nodes: [{ id: 'p', type: 'product' }],
      edges: [],
      // In whole units the node gets 1 of it.
      direct: [{ node: 'p', day: 1, amount: '1.6' }],
      scale: 0,
    });
    const { items } = await get('/reconciliation?graph=broken&month=2026-10');
    expect(items[0].checks).toContainEqual({ name: 'attribution', ok: false, difference: '-0.6' });
    expect(items[0].bill).toBeNull();
  });
});
