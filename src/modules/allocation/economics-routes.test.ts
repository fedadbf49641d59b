import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GraphDocumentInput } from './model.ts';
import { publishSmall, type SmallRun } from './testing/publish-results.ts';
import { openQuestionBench, type QuestionBench } from './testing/question-bench.ts';

/** Nodes, costs and edges of a run that can be checked by hand: a database that a shop and a lab use, and a log that nobody does. */
const small: SmallRun = {
  month: '2026-10',
  nodes: [
    { id: 'db', type: 'shared', name: 'Database' },
    { id: 'log', type: 'shared' },
    { id: 'shop', type: 'product', name: 'Shop', application: 'shop', entity: 'retail' },
    { id: 'lab', type: 'product', name: 'Lab', application: 'lab', entity: 'labs' },
  ],
  direct: [
    { node: 'db', day: 3, amount: '100' },
    { node: 'db', day: 20, amount: '20' },
    { node: 'db', day: 20, amount: '-10' },
    { node: 'log', day: 3, amount: '5' },
    { node: 'shop', day: 3, amount: '30' },
    { node: 'lab', day: 3, amount: '7', currency: 'USD' },
  ],
  // The shop takes 60 %, the lab 30 %; a tenth stays.
  edges: [
    { from: 'db', to: 'shop', share: 600, quality: 'measured' },
    { from: 'db', to: 'lab', share: 300, quality: 'fallback' },
  ],
};
const document: GraphDocumentInput = {
  nodes: [
    { id: 'db', type: 'shared' },
    { id: 'shop', type: 'product', application: 'shop' },
    { id: 'lab', type: 'product', application: 'lab' },
    { id: 'idea', type: 'product' },
  ],
  metrics: [{ id: 'orders', from: 'usage', unit: 'order' }],
};

let bench: QuestionBench;
beforeAll(async () => {
  bench = await openQuestionBench();
  await bench.publishGraph(document);
  await publishSmall(bench.workspace, small);
  await publishSmall(bench.workspace, {
    ...small,
    month: '2026-09',
    direct: [{ node: 'db', day: 3, amount: '50' }],
  });
  await bench.usage(
    'node,day,metric,value\nshop,2026-09-01,orders,10\nshop,2026-10-03,orders,20\nshop,2026-10-20,orders,24\nlab,2026-10-03,orders,0\n',
  );
  await bench.usage('node,day,metric,value\ndb,2026-10-03,calls,10\nshop,2026-10-03,calls,6\n', {
    source: 'calls',
  });
});
afterAll(() => bench.close());

describe('GET /allocation/coverage', () => {
  it('adds up, names causes and nodes, and shows the months before', async () => {
    const { status, body } = await bench.get('/allocation/coverage?month=2026-10&top=1');
    expect(status).toBe(200);
    const [eur, usd] = body.currencies;
    // 120 at the database: 72 + 36 to products, 12 stay; 5 at the log; 30 straight to the shop.
    expect(eur).toMatchObject({
      ...{ currency: 'EUR', charges: '155', allocated: '138', unallocated: '17' },
      credits: { total: '-10', allocated: '-9', unallocated: '-1' },
    });
    expect(eur.causes.map((c: { cause: string; amount: string }) => [c.cause, c.amount])).toEqual([
      ['fixed', '12'],
      ['no_edge', '5'],
    ]);
    expect(eur.causes[0].nodes).toMatchObject([{ node: 'db', amount: '12' }]);
    expect(eur.quality).toMatchObject({
      direct: '30',
      leaving: '0',
      entering: [
        { quality: 'fallback', amount: '36' },
        { quality: 'measured', amount: '72' },
      ],
    });
    expect(eur.checks.map((c: { ok: boolean }) => c.ok)).toEqual([true, true, true]);
    expect(usd).toMatchObject({ currency: 'USD', charges: '7', coverage: '1' });
    expect(body.trend).toMatchObject([
      { month: '2026-09', currency: 'EUR', charges: '50', allocated: '45', coverage: '0.9' },
      { month: '2026-10', currency: 'EUR', charges: '155' },
      { month: '2026-10', currency: 'USD' },
    ]);
    expect(body.context.whole).toBe(true);
  });

  it('counts what products pass to each other neither as coming in nor as going out', async () => {
    await publishSmall(bench.workspace, {
      ...{ graph: 'passing', month: '2026-10', direct: [{ node: 'pool', day: 1, amount: '100' }] },
      nodes: [
        { id: 'pool', type: 'shared' },
        { id: 'first', type: 'product' },
        { id: 'second', type: 'product' },
        { id: 'support', type: 'service' },
      ],
      edges: [
        { from: 'pool', to: 'first', share: 1000 },
        { from: 'first', to: 'second', share: 500 },
        { from: 'second', to: 'support', share: 100 },
      ],
    });
    const { body } = await bench.get('/allocation/coverage?month=2026-10&graph=passing');
    expect(body.currencies[0]).toMatchObject({
      ...{ allocated: '95', unallocated: '5' },
      quality: { direct: '0', entering: [{ quality: 'measured', amount: '100' }], leaving: '5' },
    });
    expect(body.currencies[0].checks.every((c: { ok: boolean }) => c.ok)).toBe(true);
  });

  it('of a month without a published run is refused with what to do', async () => {
    const { status, body } = await bench.get('/allocation/coverage?month=2026-08');
    expect([status, body.code]).toEqual([404, 'allocation.noPublishedRun']);
    expect(body.message).toContain('finops allocate run --month 2026-08');
  });

  it('shows who is limited to an entity what rests on its products, and nothing of others', async () => {
    const { body } = await bench.get('/allocation/coverage?month=2026-10', { entities: ['labs'] });
    expect(body.currencies).toMatchObject([
      { currency: 'EUR', charges: '36', allocated: '36', coverage: '1' },
      { currency: 'USD', charges: '7' },
    ]);
    expect(body.context.whole).toBe(false);
    expect(JSON.stringify(body)).not.toContain('shop');
  });
});

describe('GET /allocation/unit-costs', () => {
  it('divides the month by its units, beside the month before', async () => {
    const { body } = await bench.get('/allocation/unit-costs?month=2026-10&metric=orders&node=shop');
    // 30 + 72 of charges − 6 of credits = 96, for 44 orders; the month before 30 for 10.
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({
      ...{ node: 'shop', name: 'Shop', currency: 'EUR', units: '44', measuredDays: 2, reason: null },
      cost: { direct: '30', holistic: '96', retained: '96' },
      unitCost: { numerator: '96', denominator: '44', value: '2.181818181818' },
      directUnitCost: { value: '0.681818181818' },
      previous: { units: '10', cost: '30', unitCost: { value: '3' } },
      change: { difference: '-0.818181818182' },
      marginal: { numerator: '66', denominator: '34', value: '1.941176470588' },
    });
    expect(body.context).toMatchObject({ previousMonth: '2026-09', unit: 'order' });
  });

  it('lists products that were not measured, or measured 0, with the reason', async () => {
    const { body } = await bench.get('/allocation/unit-costs?month=2026-10&metric=orders');
    const found = body.items.map(
      (i: { node: string; currency: string; unitCost: unknown; reason: string }) => [
        ...[i.node, i.currency, i.unitCost === null, i.reason],
      ],
    );
    expect(found).toEqual([
      ['shop', 'EUR', false, null],
      ['lab', 'EUR', true, 'zero_metric'],
      ['lab', 'USD', true, 'zero_metric'],
    ]);
    const none = await bench.get('/allocation/unit-costs?month=2026-10&metric=nothing&node=shop');
    expect(none.body.items[0]).toMatchObject({ unitCost: null, reason: 'missing_metric', units: null });
  });

  it('of all measured nodes counts what they passed to each other once', async () => {
    const { body } = await bench.get('/allocation/unit-costs?month=2026-10&metric=calls');
    // The database costs 110 and passes 66 of it to the shop, which has 30 of its own: 140 came in, not 206.
    expect(body.totals).toMatchObject([
      { currency: 'EUR', cost: { holistic: '140' }, units: '16', unitCost: { value: '8.75' } },
    ]);
  });

  it('shows the days when it is asked for one node', async () => {
    const { body } = await bench.get(
      '/allocation/unit-costs?month=2026-10&metric=orders&node=shop&days=true',
    );
    expect(body.items[0].days).toMatchObject([
      { day: '2026-10-03', cost: '90', units: '20', unitCost: { value: '4.5' } },
      { day: '2026-10-20', cost: '6', units: '24', unitCost: { value: '0.25' } },
    ]);
  });

  it('of a node that there is not is refused', async () => {
    const { status, body } = await bench.get('/allocation/unit-costs?month=2026-10&metric=orders&node=ship');
    expect([status, body.code]).toEqual([404, 'allocation.unknownNode']);
  });
});

describe('revenue', () => {
  const at = { graph: 'main', month: '2026-10', source: 'crm' };
  const revenueRows = async () =>
    (await bench.get('/allocation/revenue?month=2026-10')).body.items.map(
      (i: { node: string; application: string; currency: string; amount: string }) =>
        `${i.node ?? ''} ${i.application ?? ''} ${i.amount} ${i.currency}`,
    );

  it('comes from a CSV file, and replaces what its source said before', async () => {
    const first = await bench.post('/allocation/revenue', {
      ...at,
      csv: 'node,application,currency,amount\nshop,,EUR,200\n,lab,EUR,50.5\n',
    });
    expect([first.status, first.body.after]).toEqual([200, [{ currency: 'EUR', rows: 2, amount: '250.5' }]]);
    await bench.post('/allocation/revenue', {
      ...at,
      source: 'other',
      rows: [{ node: 'lab', currency: 'USD', amount: '3' }],
    });
    const second = await bench.post('/allocation/revenue', {
      ...at,
      csv: 'month,node,currency,amount\r\n2026-10,shop,EUR,180\r\n',
    });
    expect(second.body).toMatchObject({
      before: [{ currency: 'EUR', rows: 2, amount: '250.5' }],
      after: [{ currency: 'EUR', rows: 1, amount: '180' }],
    });
    expect(await revenueRows()).toEqual(['lab lab 3 USD', 'shop shop 180 EUR']);
  });

  it('that does not fit is named row by row, and nothing is kept', async () => {
    const before = await revenueRows();
    const csv = [
      'node,application,currency,amount',
      'shop,,EUR,1',
      'shpo,,EUR,1',
      'shop,lab,EUR,1',
      ',nowhere,EUR,1',
      'lab,,EURO,1',
      'lab,,EUR,1.000,5',
      'lab,,EUR,ten',
      'shop,,EUR,2',
      'db,,EUR,2',
    ].join('\n');
    const refused = await bench.post('/allocation/revenue', { ...at, csv });
    expect([refused.status, refused.body.code]).toEqual([422, 'allocation.revenueRefused']);
    const dry = await bench.post('/allocation/revenue', { ...at, csv, dryRun: true });
    expect(dry.status).toBe(200);
    const told = dry.body.rejected.map((r: { row: number; field: string }) => `${r.row} ${r.field}`);
    expect(told).toEqual([
      '3 node',
      '4 node',
      '5 application',
      '6 currency',
      '7 ',
      '8 amount',
      '9 node',
      '10 node',
    ]);
    expect(dry.body.rejected[0].message).toContain("no product node 'shpo'; near are shop");
    expect(await revenueRows()).toEqual(before);
  });

  it('of another month, with unknown columns or a broken quote is refused', async () => {
    const problems = async (csv: string) =>
      (await bench.post('/allocation/revenue', { ...at, csv, dryRun: true })).body.rejected.map(
        (r: { row: number; field: string }) => `${r.row} ${r.field}`,
      );
    expect(await problems('month,node,currency,amount\n2026-09,shop,EUR,1\n')).toEqual(['2 month']);
    expect(await problems('node,curency,amount\nshop,EUR,1\n')).toEqual(['1 currency', '1 curency']);
    expect(await problems('node,currency,amount\n"shop,EUR,1\n')).toEqual(['2 ']);
    expect(await problems('')).toHaveLength(3);
  });

  it('takes every amount that can be kept, exactly, and refuses the others', async () => {
    const one = async (amount: string) =>
      (
        await bench.post('/allocation/revenue', {
          ...at,
          source: 'edge',
          rows: [{ node: 'lab', currency: 'EUR', amount }],
          dryRun: true,
        })
      ).body;
    expect((await one('-12345678901234567890123456.123456789012')).after[0].amount).toBe(
      '-12345678901234567890123456.123456789012',
    );
    expect((await one('1e-12')).after[0].amount).toBe('0.000000000001');
    for (const bad of ['1e-13', '123456789012345678901234567', '1e400', 'NaN', '1,5', ''])
      expect([bad, (await one(bad)).rejected.length]).toEqual([bad, 1]);
  });

  it('is audited, with what it was and what it is', async () => {
    const { rows } = await bench.records.asOwner(async (tx) => ({
      rows: await tx
        .selectFrom('audit_log')
        .selectAll()
        .where('action', '=', 'revenue.import')
        .orderBy('id')
        .execute(),
    }));
    expect(rows.map((r) => [r.object_id, r.before, r.after])).toEqual([
      ['main/2026-10/crm', null, [{ rows: 2, amount: '250.5', currency: 'EUR' }]],
      ['main/2026-10/other', null, [{ rows: 1, amount: '3', currency: 'USD' }]],
      [
        'main/2026-10/crm',
        [{ rows: 2, amount: '250.5', currency: 'EUR' }],
        [{ rows: 1, amount: '180', currency: 'EUR' }],
      ],
    ]);
  });

  it('is seen by whoever sees its entity or application, and written to a graph that one sees', async () => {
    const seen = async (scope: object) =>
      (await bench.get('/allocation/revenue?month=2026-10', scope)).body.items.map(
        (i: { node: string }) => i.node,
      );
    expect(await seen({ entities: ['labs'] })).toEqual(['lab']);
    expect(await seen({ applications: ['shop'] })).toEqual(['shop']);
    const nothing = await bench.get('/allocation/revenue?month=2026-10', { entities: ['elsewhere'] });
    expect(nothing.body.code).toBe('allocation.unknownGraph');
    const { status, body } = await bench.post(
      '/allocation/revenue',
      { ...at, rows: [] },
      { entities: ['labs'] },
    );
    expect([status, body.code]).toEqual([404, 'allocation.unknownGraph']);
    expect(await revenueRows()).toHaveLength(2);
  });
});

describe('GET /allocation/statements', () => {
  it('lays revenue beside cost; the cost of all lines is the run’s total', async () => {
    const { body } = await bench.get('/allocation/statements?month=2026-10');
    const lines = body.items.map((i: Record<string, string>) => [
      ...[
        i['kind'],
        i['key'],
        i['currency'],
        i['revenue'],
        i['directCost'],
        i['indirectCost'],
        i['margin'],
        i['reason'],
      ],
    ]);
    expect(lines).toEqual([
      ['named', 'shop', 'EUR', '180', '30', '66', '84', null],
      ['named', 'lab', 'EUR', null, '0', '33', null, 'other_currency'],
      ['named', 'lab', 'USD', '3', '7', '0', null, 'other_currency'],
      ['unallocated', null, 'EUR', null, '16', '0', null, 'no_revenue'],
    ]);
    expect(body.totals).toMatchObject([
      { currency: 'EUR', cost: '145', runTotal: '145', ties: true, reason: 'other_currency' },
      { currency: 'USD', cost: '7', runTotal: '7', ties: true },
    ]);
  });

  it('by application and by cost centre is the same cost under other keys', async () => {
    const by = async (key: string) => {
      const { body } = await bench.get(`/allocation/statements?month=2026-10&by=${key}`);
      expect(body.totals.every((t: { ties: boolean }) => t.ties)).toBe(true);
      return body.items.map((i: Record<string, string>) => [
        i['kind'],
        i['key'],
        i['currency'],
        i['cost'],
        i['revenue'],
      ]);
    };
    expect(await by('application')).toEqual([
      ['named', 'shop', 'EUR', '96', '180'],
      ['named', 'lab', 'EUR', '33', null],
      ['named', 'lab', 'USD', '7', '3'],
      ['unallocated', null, 'EUR', '16', null],
    ]);
    await bench.records.asOwner(async (tx) => {
      await tx
        .insertInto('cost_centre')
        .values([
          { id: 'cc1', label: 'One', entity_id: 'retail' },
          { id: 'cc2', label: 'Two', entity_id: 'retail' },
        ])
        .execute();
      const of = { application_id: 'shop', entity_id: 'retail', team_id: null, attributes: {} };
      await tx
        .insertInto('application_assignment')
        .values([
          { ...of, valid_from: '2026-01-01', valid_to: '2026-10-11', cost_centre_id: 'cc1' },
          { ...of, valid_from: '2026-10-11', valid_to: null, cost_centre_id: 'cc2' },
        ])
        .execute();
    });
    // The shop has 90 on the 3rd and 6 on the 20th; 10 of 31 days of its revenue are of the first cost centre.
    expect(await by('cost-centre')).toEqual([
      ['named', 'cc1', 'EUR', '90', '58.064516129032'],
      ['named', 'cc2', 'EUR', '6', '121.935483870968'],
      ['none', null, 'EUR', '33', null],
      ['none', null, 'USD', '7', '3'],
      ['unallocated', null, 'EUR', '16', null],
    ]);
  });

  it('comes as a CSV file too', async () => {
    const { body } = await bench.get('/allocation/statements?month=2026-10&format=csv');
    expect(String(body).split('\r\n').slice(0, 2)).toEqual([
      'month,kind,key,name,currency,revenue,directCost,indirectCost,cost,margin,marginRatio,reason',
      '2026-10,named,shop,Shop,EUR,180,30,66,96,84,0.466666666667,',
    ]);
  });

  it('shows who is limited to an entity its own lines, and ties over them', async () => {
    const { body } = await bench.get('/allocation/statements?month=2026-10', { entities: ['labs'] });
    expect(body.items.map((i: { key: string; cost: string }) => [i.key, i.cost])).toEqual([
      ['lab', '33'],
      ['lab', '7'],
    ]);
    expect(body.totals.every((t: { ties: boolean }) => t.ties)).toBe(true);
    expect(body.context.whole).toBe(false);
  });
});
