import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GraphDocumentInput } from './model.ts';
import { openQuestionBench, type QuestionBench, sumTexts } from './testing/question-bench.ts';
import { charge } from './testing/run-bench.ts';

/** A machine under a database, which shop and blog share by requests. */
const graph: GraphDocumentInput = {
  method: { dimension: 'ServiceCategory' },
  nodes: [
    { id: 'vm', type: 'resource' },
    { id: 'db', type: 'shared', name: 'Orders database' },
    { id: 'app:shop', type: 'product', application: 'shop' },
    { id: 'app:blog', type: 'product' },
  ],
  edges: [
    { from: 'vm', to: 'db', strategy: 'fixed_percent', params: { percent: '50' } },
    { from: 'db', to: 'app:shop', strategy: 'proportional', params: { metric: 'requests' } },
    { from: 'db', to: 'app:blog', strategy: 'proportional', params: { metric: 'requests' } },
  ],
  rules: [
    { id: 'machines', where: "Tags.app = 'vm'", node: 'vm' },
    { id: 'database', where: "Tags.app = 'db'", node: 'db' },
    { id: 'applications', node: 'app:{Tags.app}', type: 'product' },
  ],
  metrics: [{ id: 'requests', from: 'usage' }],
};

const bill = [
  charge('5', '40', 'vm', { ResourceId: 'i-1' }),
  charge('5', '72.000000000007', 'db', { ResourceId: 'db-1' }),
  charge('5', '-8', 'db', { ResourceId: 'db-1' }),
  charge('5', '5', 'shop'),
  charge('6', '30', 'db', { ResourceId: 'db-1', ServiceCategory: 'Storage' }),
  charge('6', '1', 'nobody', { Tags: '{}' }),
];

let bench: QuestionBench;
let run: string;
beforeAll(async () => {
  bench = await openQuestionBench({ cloud: 'retail' });
  await bench.publishGraph(graph);
  await bench.bill('cloud', bill);
  await bench.usage(
    'node,day,metric,value\napp:shop,2026-10-05,requests,1\napp:blog,2026-10-05,requests,3\napp:shop,2026-10-06,requests,1\n',
  );
  run = await bench.run('2026-10');
});
afterAll(() => bench.close());

const shop = encodeURIComponent('app:shop');
type Part = { readonly amount: { readonly net: string } };
type Item = Part & { readonly node: string };
const nets = (items: readonly Item[]) =>
  items.map(({ node, amount }): [string, string] => [node, amount.net]);

describe('GET /allocation/explain', () => {
  it('explains a product of a real run, from the figure to rules, with the strategies of its edges', async () => {
    const { status, body } = await bench.get(`/allocation/explain?month=2026-10&node=${shop}`);
    expect(status).toBe(200);
    expect(body.context).toMatchObject({ graph: 'main', month: '2026-10', run, version: 1, direction: 'in' });
    const [usd] = body.currencies;
    // Own 5; the database 64 on the 5th, a quarter of it, and all 30 of the 6th; of the machine 40, half, a quarter.
    expect(usd.holistic.net).toBe('56');
    expect(nets(usd.items)).toEqual([
      ['db', '46'],
      ['app:shop', '5'],
      ['vm', '5'],
    ]);
    const [db] = usd.items;
    expect(db.rules.map((rule: { rule: string; source: string } & Part) => [rule.rule, rule.source])).toEqual(
      [['database', 'cloud'], ...(db.rules.length > 1 ? [[null, null]] : [])],
    );
    expect(sumTexts(db.rules.map((rule: Part) => rule.amount.net))).toBe('46');
    expect(sumTexts(db.rules.map((rule: { cost: { net: string } }) => rule.cost.net))).toBe(db.direct.net);
    const vm = usd.items.find(({ node }: Item) => node === 'vm');
    expect(vm.path.steps).toEqual([
      {
        ...{ from: 'vm', to: 'db', share: '0.5' },
        edges: [{ id: 'vm -> db', strategy: 'fixed_percent', metric: null, overrides: [] }],
        qualities: [{ quality: 'declared', share: '1' }],
      },
      {
        ...{ from: 'db', to: 'app:shop', share: expect.stringMatching(/^0\.4/) },
        edges: [{ id: 'db -> app:shop', strategy: 'proportional', metric: 'requests', overrides: [] }],
        qualities: [{ quality: 'measured', share: '1' }],
      },
    ]);
  });

  it('says where the cost of a node went, and why some stayed', async () => {
    const { body } = await bench.get('/allocation/explain?month=2026-10&node=vm&direction=out');
    const [usd] = body.currencies;
    expect(nets(usd.items)).toEqual([
      ['vm', '20'],
      ['app:blog', '15'],
      ['app:shop', '5'],
    ]);
    expect(usd.unallocated).toMatchObject({ amount: { net: '20' }, share: '0.5' });
    expect(usd.unallocated.causes).toEqual([
      { cause: 'fixed', amount: { charges: '20', credits: '0', net: '20' } },
    ]);
  });

  it('explains a run that is not published, by its id, and refuses it under another month', async () => {
    const other = await openDraft();
    const path = `/allocation/explain?month=2026-10&node=vm&direction=out&run=${other.slice(0, 8)}`;
    const { body } = await bench.get(path);
    expect(body.context.run).toBe(other);
    expect(nets(body.currencies[0].items)).toEqual([['vm', '40']]);
    const wrong = await bench.get(path.replace('2026-10', '2026-09'));
    expect([wrong.status, wrong.body.code]).toEqual([400, 'allocation.runOfOther']);
    const unknown = await bench.get(path.replace(other.slice(0, 8), '00000000'));
    expect([unknown.status, unknown.body.code]).toEqual([404, 'allocation.unknownRun']);
  });

  it('tells a caller with limits of own nodes only', async () => {
    const scope = { entities: ['retail'], sources: ['cloud'] };
    const { body } = await bench.get(`/allocation/explain?month=2026-10&node=${shop}`, scope);
    expect(nets(body.currencies[0].items)).toEqual([
      ['db', '51'],
      ['app:shop', '5'],
    ]);
    expect(body.currencies[0].items[0]).toMatchObject({ hidden: true, direct: null, rules: [] });
    expect(JSON.stringify(body)).not.toMatch(/"vm"|machines|Orders/);
    const { status } = await bench.get('/allocation/explain?month=2026-10&node=vm', scope);
    expect(status).toBe(404);
  });
});

describe('circles', () => {
  it('are explained by what each node brings in, however often it goes round', async () => {
    const percent = (from: string, to: string, part: string) => ({
      ...{ from, to, strategy: 'fixed_percent' as const, params: { percent: part } },
    });
    await bench.publishGraph(
      {
        method: { cycles: { mode: 'reciprocal' } },
        nodes: [
          { id: 'hr', type: 'shared' },
          { id: 'it', type: 'shared' },
          { id: 'app:shop', type: 'product' },
        ],
        edges: [
          ...[percent('hr', 'it', '20'), percent('hr', 'app:shop', '80')],
          ...[percent('it', 'hr', '10'), percent('it', 'app:shop', '90')],
        ],
        rules: [
          { id: 'machines', where: "Tags.app = 'vm'", node: 'hr' },
          { id: 'rest', node: 'it' },
        ],
      },
      { id: 'circle' },
    );
    await bench.run('2026-10', { graph: 'circle' });
    const ask = async (node: string, more = '') =>
      (await bench.get(`/allocation/explain?graph=circle&month=2026-10&node=${node}${more}`)).body
        .currencies[0];
    const product = await ask(shop);
    // All of both ends on the product: 40 of hr, 108 less 8 of it.
    expect([product.holistic.net, nets(product.items)]).toEqual([
      '140',
      [
        ['it', '100'],
        ['hr', '40'],
      ],
    ]);
    // hr has 40 + 10 % of it, and it 100 + 20 % of hr: 51.02; its own part went round: 40 ÷ 0.98.
    const hr = await ask('hr');
    expect(hr.holistic.net).toMatch(/^51\.02040816/);
    expect(nets(hr.items).map(([node, net]) => [node, net.slice(0, 7)])).toEqual([
      ['hr', '40.8163'],
      ['it', '10.2040'],
    ]);
    expect(sumTexts(hr.items.map((item: Item) => item.amount.net))).toBe(hr.holistic.net);
    const out = await ask('hr', '&direction=out');
    expect(sumTexts(out.items.map((item: Item) => item.amount.net))).toBe(out.holistic.net);
    expect(out.items[0].node).toBe('app:shop');
  });
});

/** A run of the same month by another version, which nobody has published. */
async function openDraft(): Promise<string> {
  await bench.publishGraph({ ...graph, edges: (graph.edges ?? []).filter(({ from }) => from !== 'vm') });
  const made = await bench.run('2026-10', { publish: false });
  await bench.publishGraph(graph);
  return made;
}

describe('the bill behind a figure', () => {
  it('lists the rows that a rule sent to a node, which sum to its cost', async () => {
    const { body } = await bench.get('/allocation/explain/rows?month=2026-10&node=db&rule=database&limit=2');
    expect(body.rows.map(({ amount }: { amount: string }) => amount)).toEqual(['72.000000000007', '30']);
    expect(body.totals).toMatchObject([
      { currency: 'USD', cost: '94.000000000007', charges: '102.000000000007' },
    ]);
    const next = await bench.get(
      `/allocation/explain/rows?month=2026-10&node=db&rule=database&limit=2&cursor=${body.next}`,
    );
    expect(next.body.rows.map(({ amount }: { amount: string }) => amount)).toEqual(['-8']);
  });

  it('follows a row to where its cost stayed, exact to the twelfth decimal', async () => {
    const rows = await bench.get('/allocation/explain/rows?month=2026-10&node=db&limit=1');
    const [{ rowId }] = rows.body.rows;
    const { status, body } = await bench.get(
      `/allocation/explain/bill?month=2026-10&row=${encodeURIComponent(rowId)}`,
    );
    expect(status).toBe(200);
    expect(body.nodes).toMatchObject([{ node: 'db', rules: ['database'], sources: ['cloud'], rows: 1 }]);
    const [usd] = body.nodes[0].currencies;
    expect(usd.cost).toBe('72.000000000007');
    expect(sumTexts([usd.rounding, ...usd.items.map((item: Item) => item.amount.net)])).toBe(
      '72.000000000007',
    );
    expect(usd.items[0].node).toBe('app:blog');
    expect(usd.tree.children[0].step.edges[0].strategy).toBe('proportional');
    expect(usd.items[0].amount.net).toMatch(/^54\.00000000000\d/);
  });

  it('follows all rows of a resource', async () => {
    const { body } = await bench.get('/allocation/explain/bill?month=2026-10&resource=db-1');
    const [usd] = body.nodes[0].currencies;
    expect([body.nodes[0].rows, usd.cost]).toEqual([3, '94.000000000007']);
    expect(sumTexts([usd.rounding, ...usd.items.map((item: Item) => item.amount.net)])).toBe(
      '94.000000000007',
    );
    const unknown = await bench.get('/allocation/explain/bill?month=2026-10&resource=nothing');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'allocation.noAttributedRows']);
    const both = await bench.get('/allocation/explain/bill?month=2026-10&resource=a&row=b');
    expect(both.status).toBe(400);
  });
});

describe('POST /allocation/queries', () => {
  const query = { measures: [{ sum: 'Retained' }], dimensions: [{ column: 'NodeId' }] };

  it('sums what nodes retain, of the published run and no other', async () => {
    await openDraft();
    const { status, body } = await bench.post('/allocation/queries', { query });
    expect(status).toBe(200);
    expect(body.totals).toEqual({ Retained: '140.000000000007' });
    expect(body.context).toMatchObject({ dataset: 'allocation', graph: 'main', money: ['Retained'] });
    expect(body.rows).toContainEqual({ NodeId: 'vm', Retained: '20' });
  });

  it('answers of a run that is named instead', async () => {
    const other = await openDraft();
    const { body } = await bench.post('/allocation/queries', { run: other, query });
    expect(body.rows).toContainEqual({ NodeId: 'vm', Retained: '40' });
    expect(body.totals).toEqual({ Retained: '140.000000000007' });
  });

  it('asks edges and attributions too, and by a link', async () => {
    const flow = {
      dataset: 'flow',
      query: { measures: [{ sum: 'Amount' }], dimensions: [{ column: 'EdgeId' }] },
    };
    const { body } = await bench.get(`/allocation/queries?q=${encodeURIComponent(JSON.stringify(flow))}`);
    expect(body.rows).toContainEqual({ EdgeId: 'vm -> db', Amount: '20' });
    const rules = await bench.post('/allocation/queries', {
      dataset: 'attribution',
      query: { measures: [{ sum: 'Cost' }], dimensions: [{ column: 'RuleId' }] },
    });
    expect(rules.body.rows).toContainEqual({ RuleId: 'database', Cost: '94.000000000007' });
  });

  it('shows a caller with limits the rows of own nodes', async () => {
    const { body } = await bench.post('/allocation/queries', { query }, { entities: ['retail'] });
    expect(body.rows.map(({ NodeId }: { NodeId: string }) => NodeId)).toEqual(['app:shop']);
  });

  it('refuses what it does not know, with the place', async () => {
    const unknown = await bench.post('/allocation/queries', { query: { measures: [{ sum: 'Retaind' }] } });
    expect([unknown.status, unknown.body.code]).toEqual([400, 'query.unknownColumn']);
    const sources = await bench.post('/allocation/queries', {
      query: { ...query, sources: ['graph~other'] },
    });
    expect(sources.status).toBe(400);
    for (const q of ['{{', `${'['.repeat(80)}${']'.repeat(80)}`, '{"query":{}}']) {
      const bad = await bench.get(`/allocation/queries?q=${encodeURIComponent(q)}`);
      expect([bad.status, bad.body.code]).toEqual([400, 'allocation.unfitQuery']);
    }
  });
});
