import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costDataset } from '../focus/index.ts';
import type { GraphDocumentInput } from './model.ts';
import { openQuestionBench, type QuestionBench, sumTexts } from './testing/question-bench.ts';
import { charge } from './testing/run-bench.ts';
import { splitAmounts } from './testing/split-amounts.ts';

const graph: GraphDocumentInput = {
  nodes: [
    { id: 'vm', type: 'resource' },
    { id: 'db', type: 'shared', name: '=Orders', labels: { team: 'core' } },
    { id: 'app:shop', type: 'product', application: 'shop', labels: { tier: 'gold' } },
    { id: 'app:blog', type: 'product' },
    { id: 'app:mail', type: 'product' },
  ],
  edges: [
    { from: 'vm', to: 'db', strategy: 'fixed_percent', params: { percent: '50' } },
    ...['shop', 'blog', 'mail'].map((app) => ({
      ...{ from: 'db', to: `app:${app}`, strategy: 'proportional' as const, params: { metric: 'requests' } },
    })),
  ],
  rules: [
    { id: 'machines', where: "Tags.app = 'vm'", node: 'vm' },
    { id: 'database', where: "Tags.app = 'db'", node: 'db' },
    { id: 'applications', node: 'app:{Tags.app}', type: 'product' },
  ],
  metrics: [{ id: 'requests', from: 'usage' }],
};

const quantity = {
  ConsumedQuantity: '7',
  ConsumedUnit: 'Hours',
  PricingQuantity: '0.000000000001',
  PricingUnit: 'Hours',
};
const bill = [
  // A day, a whole month, a credit, a row that costs nothing in the metric, a tax that comes back, one that nobody owns.
  charge('5', '40', 'vm', quantity),
  charge('1', '10.000000000001', 'db', {
    ...quantity,
    ChargePeriodStart: '2026-10-01T00:00:00Z',
    ChargePeriodEnd: '2026-11-01T00:00:00Z',
    ChargeDescription: '=1+1',
  }),
  charge('5', '-8', 'db'),
  charge('5', '0', 'db', { BilledCost: '100', ListCost: '3' }),
  charge('6', '5', 'shop'),
  charge('6', '2', 'vm', { ChargeCategory: 'Tax' }),
  charge('7', '1', 'nobody', { Tags: '{}' }),
];
const usage = [
  'node,day,metric,value',
  ...Array.from({ length: 31 }, (_, i) => {
    const day = `2026-10-${String(i + 1).padStart(2, '0')}`;
    return [`app:shop,${day},requests,1`, `app:blog,${day},requests,1`, `app:mail,${day},requests,${i % 2}`];
  }).flat(),
];

let bench: QuestionBench;
let run: string;
beforeAll(async () => {
  bench = await openQuestionBench({ cloud: 'retail' });
  await bench.publishGraph(graph);
  await bench.bill('cloud', bill);
  await bench.usage(`${usage.join('\n')}\n`);
  run = await bench.run('2026-10');
});
afterAll(() => bench.close());

/** An export as rows of texts, read by a program that is not ours to read CSV with: DuckDB. */
async function fetchRows(query: string): Promise<Readonly<Record<string, string | null>>[]> {
  const answer = await bench.get(`/allocation/exports?month=2026-10&${query}`);
  expect([query, answer.status, answer.status === 200 ? '' : answer.body]).toEqual([query, 200, '']);
  const format = /format=parquet/.test(query) ? 'parquet' : 'csv';
  const file = join(bench.root, `fetched.${format}`);
  await writeFile(file, answer.bytes);
  const relation =
    format === 'parquet'
      ? `read_parquet('${file}')`
      : `read_csv('${file}', header = true, all_varchar = true, quote = '"', escape = '"', delim = ',')`;
  const rows = (await bench.rows(`select * from ${relation}`)) as Readonly<Record<string, string | null>>[];
  // The rows of a split come in no order.
  const place = (row: (typeof rows)[number]) => `${row['x_RowId']} ${row['AllocatedResourceId']}`;
  return query.startsWith('dataset=focus') ? rows.sort((a, b) => (place(a) < place(b) ? -1 : 1)) : rows;
}

/** To the cent: the flows of a run are whole 10⁻⁹, and so are the shares that they tell of. */
const cents = (text: string | null | undefined) => Number(text).toFixed(2);

const costs = [
  'BilledCost',
  'EffectiveCost',
  'ListCost',
  'ContractedCost',
  'ConsumedQuantity',
  'PricingQuantity',
];

describe('the bill split by the allocation, as FOCUS rows', () => {
  it('splits every row so that its parts sum to it, in every cost and quantity', async () => {
    const rows = await fetchRows('dataset=focus');
    const origins = await bench.rows(
      `select x_RowId, ${costs.join(', ')} from ${(await bench.workspace.lake.select({ kind: 'all' }, costDataset)).relation}`,
    );
    expect(origins).toHaveLength(7);
    for (const origin of origins) {
      const parts = rows.filter((row) => row['x_RowId'] === origin['x_RowId']);
      for (const cost of costs) {
        const texts = parts.flatMap((part) => part[cost] ?? []);
        expect([cost, texts.length === 0 ? null : sumTexts(texts)]).toEqual([cost, origin[cost]]);
      }
    }
  });

  it('names who has each part, by which run, and which part of the row it is', async () => {
    const rows = await fetchRows('dataset=focus');
    const month = rows.filter(({ ChargeDescription }) => ChargeDescription === "'=1+1");
    // Even days: three share; odd ones: two. 15 days of a third and 16 of a half for shop and blog.
    expect(
      month.map(({ AllocatedResourceId, EffectiveCost }) => [
        AllocatedResourceId,
        EffectiveCost?.slice(0, 5),
      ]),
    ).toEqual([
      ['app:blog', '4.193'],
      ['app:mail', '1.612'],
      ['app:shop', '4.193'],
    ]);
    const shop = month.at(-1);
    expect(shop).toMatchObject({
      ...{
        AllocatedResourceName: 'app:shop',
        AllocatedTags: '{"tier":"gold"}',
        ServiceName: month[0]?.['ServiceName'],
      },
      AllocatedMethodId: expect.stringMatching(new RegExp(`^main/v1/[0-9a-f]{12}/${run}$`)),
    });
    const details = month.map((row) => JSON.parse(row['AllocatedMethodDetails'] ?? ''));
    expect(details[0]).toMatchObject({ x_Node: 'db', x_Rule: 'database', x_Unallocated: false });
    const ratios = details.map(({ Elements }) => Elements[0].AllocatedRatio as number);
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0)).toBeCloseTo(1, 12);
  });

  it('keeps on its node what is not allocated, and leaves alone what the run leaves out', async () => {
    const rows = await fetchRows('dataset=focus');
    const machine = rows.filter(({ AllocatedMethodDetails }) =>
      /"x_Node":"vm"/.test(AllocatedMethodDetails ?? ''),
    );
    expect(
      machine.map(({ AllocatedResourceId, EffectiveCost }) => [AllocatedResourceId, cents(EffectiveCost)]),
    ).toEqual([
      ['app:blog', '10.00'],
      ['app:shop', '10.00'],
      ['vm', '20.00'],
    ]);
    expect(machine.at(-1)?.['AllocatedMethodDetails']).toContain('"x_Unallocated":true');
    const tax = rows.filter(({ ChargeCategory }) => ChargeCategory === 'Tax');
    expect(
      tax.map((row) => [row['EffectiveCost'], row['AllocatedMethodId'], row['AllocatedResourceId']]),
    ).toEqual([['2', null, null]]);
    const nobody = rows.filter(({ AllocatedResourceId }) => AllocatedResourceId === 'unattributed');
    expect(nobody.map((row) => row['EffectiveCost'])).toEqual(['1']);
  });

  it('splits a row that costs nothing in the metric as the other costs of its node and day', async () => {
    const rows = await fetchRows('dataset=focus');
    const listed = rows.filter(
      ({ EffectiveCost, BilledCost }) => EffectiveCost === '0' && BilledCost !== '0',
    );
    expect(
      listed.map((row) => [row['AllocatedResourceId'], cents(row['BilledCost']), cents(row['ListCost'])]),
    ).toEqual([
      ['app:blog', '50.00', '1.50'],
      ['app:shop', '50.00', '1.50'],
    ]);
  });

  it('is the same in Parquet, with decimals and times of their types', async () => {
    const rows = await fetchRows('dataset=focus&format=parquet');
    const csv = await fetchRows('dataset=focus');
    expect(rows).toHaveLength(csv.length);
    expect(sumTexts(rows.map((row) => row['EffectiveCost'] ?? '0'))).toBe('50.000000000001');
    expect(rows[0]?.['ChargePeriodStart']).toMatch(/^2026-10-/);
  });

  it('is made for who sees the whole run of an entity, and for nobody who sees a part', async () => {
    const scope = { entities: ['retail'], sources: ['cloud'] };
    const part = await bench.get('/allocation/exports?month=2026-10&dataset=focus', scope);
    expect([part.status, part.body.code]).toEqual([404, 'allocation.noPublishedRun']);
    await bench.publishGraph(graph, { id: 'retail', entity: 'retail' });
    await bench.usage(`${usage.join('\n')}\n`, { graph: 'retail' });
    await bench.run('2026-10', { graph: 'retail' });
    const own = await bench.get('/allocation/exports?month=2026-10&dataset=focus&graph=retail', scope);
    expect(own.status).toBe(200);
    expect(own.body.split('\n')).toHaveLength((await fetchRows('dataset=focus')).length + 2);
  });
});

describe('results as files', () => {
  it('hold the rows of the published run, computed columns included', async () => {
    const rows = await fetchRows('dataset=allocation');
    expect(Object.keys(rows[0] ?? {})).toEqual(
      expect.arrayContaining(['NodeId', 'Direct', 'Holistic', 'Unallocated']),
    );
    expect(sumTexts(rows.map((row) => row['Retained'] ?? '0'))).toBe('48.000000000001');
    const flow = await fetchRows('dataset=flow&format=parquet');
    expect(new Set(flow.map(({ EdgeId }) => EdgeId))).toContain('vm -> db');
    expect(Object.keys(flow[0] ?? {})).not.toContain('x_Tags');
  });

  it('leave text that a spreadsheet would run harmless, unless asked not to', async () => {
    const names = async (more: string) =>
      new Set((await fetchRows(`dataset=allocation${more}`)).map(({ NodeName }) => NodeName));
    expect(await names('')).toContain("'=Orders");
    expect(await names('&verbatim=true')).toContain('=Orders');
  });

  it('sum the month per node and per type, and list products as the tree that they are', async () => {
    const nodes = await fetchRows('dataset=nodes');
    expect(nodes.map(({ NodeId }) => NodeId)).toContain('app:mail');
    expect(sumTexts(nodes.map((row) => row['Retained'] ?? '0'))).toBe('48.000000000001');
    const types = await fetchRows('dataset=types');
    expect(types.map(({ NodeType, Nodes }) => [NodeType, Nodes])).toContainEqual(['product', '3']);
    const products = await fetchRows('dataset=products');
    expect(products.map(({ NodeId, Depth, ParentId }) => [NodeId, Depth, ParentId])).toContainEqual([
      'app:shop',
      '0',
      null,
    ]);
  });

  it('show a caller with limits own rows only', async () => {
    const { body } = await bench.get('/allocation/exports?month=2026-10&dataset=nodes', {
      entities: ['retail'],
    });
    expect(body).toContain('app:shop');
    expect(body).not.toMatch(/app:blog|vm|Orders/);
  });

  it('leave nothing behind, whether they succeed or fail', async () => {
    await bench.get('/allocation/exports?month=2025-01&dataset=focus');
    await bench.get('/allocation/exports?month=2025-01');
    const left = await readdir(join(bench.workspace.root, 'exports'));
    expect(left.filter((name) => name.startsWith('.allocation'))).toEqual([]);
  });

  it('are kept in the workspace under a name that is not taken', async () => {
    const asked = { dataset: 'focus', month: '2026-10', name: 'split.csv' };
    const { status, body } = await bench.post('/allocation/exports', asked);
    expect(status).toBe(200);
    expect(body.sums).toContainEqual({
      currency: 'USD',
      column: 'BilledCost',
      origin: '150.000000000001',
      parts: '150.000000000001',
    });
    expect(await readdir(join(bench.workspace.root, 'exports'))).toContain('split.csv');
    const again = await bench.post('/allocation/exports', asked);
    expect([again.status, again.body.code]).toEqual([409, 'allocation.exportTaken']);
    expect((await bench.post('/allocation/exports', { ...asked, overwrite: true })).status).toBe(200);
    const other = await bench.post('/allocation/exports', asked, { entities: ['retail'] });
    expect([other.status, other.body.code]).toEqual([403, 'allocation.partOfRun']);
  });
});

describe('parts of a row', () => {
  it('sum to it for any amounts and shares', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.bigInt(-(10n ** 20n), 10n ** 20n), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 3 }),
        async (amounts, requests) => {
          const parts = await splitAmounts(bench.workspace, amounts, requests);
          expect(parts).toEqual(amounts);
        },
      ),
      { numRuns: 20 },
    );
  });
});
