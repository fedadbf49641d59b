import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything } from '../../platform/kernel/index.ts';
import { explain } from './explain.ts';
import type { GraphDocumentInput } from './model.ts';
import { publishSmall } from './testing/publish-results.ts';
import { openQuestionBench, type QuestionBench, sumTexts } from './testing/question-bench.ts';
import { charge, inMonth } from './testing/run-bench.ts';
import { prepareExplanations } from './trace-cache.ts';

/** Two graphs: the one that September was closed with, and the next, in which nodes have other numbers. */
const first: GraphDocumentInput = {
  method: { recoverableTax: 'none' },
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
const second: GraphDocumentInput = {
  ...first,
  nodes: [
    { id: 'aaa', type: 'resource' },
    { id: 'cluster', type: 'infrastructure' },
    { id: 'db', type: 'shared' },
    { id: 'shop', type: 'product' },
    { id: 'blog', type: 'product' },
  ],
  edges: [
    { from: 'aaa', to: 'cluster', strategy: 'fixed_percent', params: { percent: '70' } },
    { from: 'cluster', to: 'db', strategy: 'fixed_percent', params: { percent: '90' } },
    { from: 'db', to: 'shop', strategy: 'equal', params: {} },
    { from: 'db', to: 'blog', strategy: 'equal', params: {} },
  ],
  rules: [
    { id: 'machines', where: "Tags.app = 'aaa'", node: 'aaa' },
    { id: 'cluster', where: "Tags.app = 'cluster'", node: 'cluster' },
    { id: 'apps', node: '{Tags.app}', type: 'product' },
  ],
};

const euro = { BillingCurrency: 'EUR', BillingAccountId: 'acme-eu' };
const tax = { ChargeCategory: 'Tax' };
const bills = {
  september: [
    charge('3', '10', 'cluster'),
    charge('4', '5', 'shop'),
    charge('5', '-3', 'cluster'),
    charge('6', '8', 'cluster', euro),
  ],
  // More, less, another owner, a credit that is gone, a new credit, a new tax, and a third of a unit.
  restated: [
    charge('3', '12.333333333333', 'cluster'),
    charge('4', '5', 'wiki'),
    charge('6', '6', 'cluster', euro),
    charge('7', '-1', 'shop', euro),
    charge('8', '2', 'cluster', tax),
  ],
  october: [charge('1', '100', 'aaa'), charge('2', '10', 'shop'), charge('2', '-4', 'cluster')],
};

const october = '2026-10';
const origin = '2026-09';
let bench: QuestionBench;
let run: string;
beforeAll(async () => {
  bench = await openQuestionBench({ cloud: 'retail' });
  await bench.publishGraph(first);
  const september = (rows: typeof bills.september) => rows.map((row) => inMonth(origin, row));
  await bench.bill('cloud', september(bills.september));
  await bench.bill('cloud', bills.october);
  await bench.run(origin);
  await bench.period('retail', origin, 'CLOSED');
  await bench.publishGraph(second);
  await bench.bill('cloud', september(bills.restated));
  run = await bench.run(october);
});
afterAll(() => bench.close());

async function get(path: string) {
  const answer = await bench.get(`${path}${path.includes('?') ? '&' : '?'}month=${october}`);
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.body;
}

/** 100 + 10 − 4 of October; September went from 12 to 19.333333333333 dollars, and from 8 to 5 euros. */
const totals = { USD: '113.333333333333', EUR: '-3' };
const deltas = { USD: '7.333333333333', EUR: '-3' };

async function query(dataset: string, sum: string, dimensions: readonly string[]) {
  const { status, body } = await bench.post('/allocation/queries', {
    dataset,
    query: {
      measures: [{ sum }],
      dimensions: dimensions.map((column) => ({ column })),
      from: october,
      to: october,
    },
  });
  expect(status).toBe(200);
  return body.rows as Readonly<Record<string, string>>[];
}

/** Rows of an export, as texts. */
async function fetchRows(asked: string): Promise<Readonly<Record<string, string | null>>[]> {
  const answer = await bench.get(`/allocation/exports?month=${october}&${asked}`);
  expect([asked, answer.status]).toEqual([asked, 200]);
  const isParquet = asked.includes('parquet');
  const file = join(bench.root, `fetched.${isParquet ? 'parquet' : 'csv'}`);
  await writeFile(file, answer.bytes);
  const relation = isParquet
    ? `read_parquet('${file}')`
    : `read_csv('${file}', header = true, all_varchar = true)`;
  return (await bench.rows(`select * from ${relation}`)) as Readonly<Record<string, string | null>>[];
}

/** Σ of a column per key. */
function sums(
  rows: readonly Readonly<Record<string, string | null>>[],
  column: string,
  ...keys: readonly string[]
): Record<string, string> {
  const groups = new Map<string, string[]>();
  for (const row of rows) {
    const key = keys.map((name) => row[name]).join(' ');
    groups.set(key, [...(groups.get(key) ?? []), row[column] ?? '0']);
  }
  return Object.fromEntries([...groups].map(([key, texts]) => [key, sumTexts(texts)]).sort());
}

interface Figures {
  readonly direct: string;
  readonly inflow: string;
  readonly outflow: string;
  readonly retained: string;
}

describe('the month that books what a closed month was restated by', () => {
  it('has it in its figures, which tie', async () => {
    const { items } = await get('/allocation/results/reconciliation');
    for (const { currency, restated, attributed, checks } of items) {
      expect([currency, restated, attributed]).toEqual([
        currency,
        deltas[currency as 'USD'],
        totals[currency as 'USD'],
      ]);
      expect(checks.filter(({ ok }: { readonly ok: boolean }) => !ok)).toEqual([]);
      expect(checks).toHaveLength(8);
    }
    expect(items.map(({ currency }: { readonly currency: string }) => currency)).toEqual(['EUR', 'USD']);
    const { currencies } = await get('/allocation/results/summary');
    expect(
      currencies.map(({ currency, total, ties }: Record<string, unknown>) => [currency, total, ties]),
    ).toEqual([
      ['EUR', totals.EUR, true],
      ['USD', totals.USD, true],
    ]);
  });

  it('is explained node by node: what is followed and what is booked for the closed month are all that the node has', async () => {
    for (const cached of [false, true]) {
      if (cached) await prepareExplanations(bench.workspace, { graph: 'main', month: october }, 0);
      const { items } = await get('/allocation/results/nodes');
      expect(items.length).toBeGreaterThan(7);
      for (const { node } of items) {
        const shown = await get(`/allocation/results/nodes/${node}`);
        for (const direction of ['in', 'out']) {
          const { currencies, restated } = await get(
            `/allocation/explain?node=${node}&direction=${direction}`,
          );
          for (const { currency, ...figures } of shown.currencies as ({
            readonly currency: string;
          } & Figures)[]) {
            const followed = currencies.find(
              (one: { readonly currency: string }) => one.currency === currency,
            );
            const booked = restated.filter((one: { readonly currency: string }) => one.currency === currency);
            for (const name of ['direct', 'inflow', 'outflow', 'retained'] as const)
              expect([node, name, currency, figures[name]]).toEqual([
                node,
                name,
                currency,
                sumTexts([followed?.[name].net ?? '0', ...booked.map((one: Figures) => one[name])]),
              ]);
            if (!followed) continue;
            const parts = [...followed.items, followed.others, followed.outside].filter(
              (part) => part !== null,
            );
            expect(sumTexts(parts.map(({ amount }) => amount.net))).toBe(followed.holistic.net);
          }
        }
      }
    }
  });

  it('names only edges and rules of its own graph behind what is followed', async () => {
    const { currencies, context } = await get('/allocation/explain?node=shop');
    expect([context.run, context.version]).toEqual([run, 2]);
    const [dollars] = currencies;
    expect(
      dollars.items.map((item: { readonly node: string; readonly amount: { readonly net: string } }) => [
        item.node,
        item.amount.net,
      ]),
    ).toEqual([
      ['aaa', '31.5'],
      ['shop', '10'],
      ['cluster', '-1.8'],
    ]);
    const strategies = dollars.items[0].path.steps.map(
      (step: { readonly edges: readonly { readonly strategy: string }[] }) =>
        step.edges.map(({ strategy }) => strategy),
    );
    expect(strategies).toEqual([['fixed_percent'], ['fixed_percent'], ['equal']]);
  });

  it('gives no edge and no node to the figures, though its nodes had the same numbers', async () => {
    const nodes = (...ids: readonly string[]) => ids.map((id) => ({ id, type: 'service' }));
    await publishSmall(bench.workspace, {
      graph: 'numbers',
      month: '2026-07',
      nodes: nodes('vm', 'aux', 'db', 'shop'),
      edges: [
        { from: 'vm', to: 'db', share: 500 },
        // Not on the day on which most came, so that it is looked for on all days.
        { from: 'aux', to: 'db', share: (day) => (day === 2 ? 500 : 0) },
        { from: 'db', to: 'shop', share: 500 },
      ],
      direct: [
        { node: 'vm', day: 1, amount: '400' },
        { node: 'aux', day: 2, amount: '40' },
      ],
      restated: {
        origin: '2026-05',
        nodes: nodes('a', 'e', 'b', 'c', 'd'),
        edges: [
          { from: 'a', to: 'b', share: 500 },
          { from: 'e', to: 'b', share: 500 },
          { from: 'b', to: 'c', share: 500 },
        ],
        direct: [
          { node: 'a', day: 1, amount: '9' },
          { node: 'e', day: 1, amount: '9' },
        ],
      },
    });
    const ask = (node: string) =>
      explain(bench.workspace, everything, { graph: 'numbers', month: '2026-07', node });
    const answer = await ask('shop');
    const items = answer.currencies[0]?.items ?? [];
    expect(items.map(({ node, amount }) => [node, amount.net])).toEqual([
      ['vm', '100'],
      ['aux', '10'],
    ]);
    const steps = items.map(({ path }) =>
      path.steps.map(({ from, to, edges }) => [from, to, edges.map(({ id }) => id)]),
    );
    expect(steps[1]).toEqual([
      ['aux', 'db', ['aux -> db']],
      ['db', 'shop', ['db -> shop']],
    ]);
    const c = await ask('c');
    expect([c.currencies, c.restated.map(({ retained }) => retained)]).toEqual([[], ['4.5']]);
  });

  it('can be asked by the month that costs belong to, in nodes, edges and rules', async () => {
    const bySource = { [origin]: deltas, [october]: { USD: '106', EUR: undefined } };
    for (const [dataset, sum] of [
      ['allocation', 'Retained'],
      ['attribution', 'Cost'],
    ] as const) {
      const rows = await query(dataset, sum, ['OriginPeriod', 'BillingCurrency']);
      for (const row of rows) {
        const of = bySource[row['OriginPeriod'] as '2026-09'];
        expect([dataset, row]).toEqual([dataset, { ...row, [sum]: of[row['BillingCurrency'] as 'USD'] }]);
      }
      expect(rows).toHaveLength(3);
    }
    const flows = await query('flow', 'Amount', ['OriginPeriod', 'FromNode', 'ToNode', 'BillingCurrency']);
    const wayOf = (row: Readonly<Record<string, string>>) => [
      row['FromNode'],
      row['ToNode'] ?? '',
      row['Amount'],
    ];
    expect(
      flows
        .filter((row) => row['OriginPeriod'] === origin && row['BillingCurrency'] === 'EUR')
        .map(wayOf)
        .sort(),
    ).toEqual([
      ['cluster', '', '-0.666668'],
      ['cluster', 'blog', '-0.666666'],
      ['cluster', 'shop', '-0.666666'],
    ]);
  });

  it('is in files as it is in the figures', async () => {
    const nodes = await query('allocation', 'Retained', ['NodeId', 'BillingCurrency']);
    const retained = sums(nodes, 'Retained', 'BillingCurrency', 'NodeId');
    for (const asked of ['dataset=allocation', 'dataset=allocation&format=parquet', 'dataset=nodes'])
      expect(sums(await fetchRows(asked), 'Retained', 'BillingCurrency', 'NodeId')).toEqual(retained);
    expect(sums(await fetchRows('dataset=attribution'), 'Cost', 'BillingCurrency')).toEqual(totals);
    const product = (key: string) => !/ (aaa|cluster|db|rounding|unattributed)$/.test(key);
    expect(sums(await fetchRows('dataset=products'), 'Retained', 'BillingCurrency', 'NodeId')).toEqual(
      Object.fromEntries(Object.entries(retained).filter(([key]) => product(key))),
    );
  });
});

describe('its bill as FOCUS rows', () => {
  it('sums to the run per currency, and in what was invoiced to the bill', async () => {
    for (const format of ['csv', 'parquet']) {
      const rows = await fetchRows(`dataset=focus&format=${format}`);
      expect(sums(rows, 'EffectiveCost', 'BillingCurrency')).toEqual(totals);
      expect(sums(rows, 'BilledCost', 'BillingCurrency')).toEqual({ USD: '106', EUR: '0' });
    }
  });

  it('gives every node what it retains of the restatement, in corrections that name day and month', async () => {
    const rows = (await fetchRows('dataset=focus')).filter((row) => row['ChargeClass'] === 'Correction');
    const booked = (
      await query('allocation', 'Retained', ['OriginPeriod', 'NodeId', 'BillingCurrency'])
    ).filter((row) => row['OriginPeriod'] === origin && row['Retained'] !== '0');
    expect(sums(rows, 'EffectiveCost', 'BillingCurrency', 'AllocatedResourceId')).toEqual(
      sums(booked, 'Retained', 'BillingCurrency', 'NodeId'),
    );
    const wiki = rows.filter((row) => row['AllocatedResourceId'] === 'wiki');
    expect(wiki).toMatchObject([
      {
        ...{ EffectiveCost: '5', BilledCost: '0', ListCost: '0', ChargeCategory: 'Adjustment' },
        ...{ ChargePeriodStart: '2026-09-04T00:00:00Z', ChargePeriodEnd: '2026-09-05T00:00:00Z' },
        ...{ BillingPeriodStart: '2026-10-01T00:00:00Z', BillingPeriodEnd: '2026-11-01T00:00:00Z' },
        ...{ ServiceCategory: 'Compute', x_SourceName: 'graph~main' },
        AllocatedMethodDetails: expect.stringContaining('"x_Restated":"2026-09"'),
      },
    ]);
    expect(rows.find((row) => row['ChargeCategory'] === 'Tax')).toMatchObject({ ServiceCategory: null });
  });

  it('splits the change of each day and lane without rest, and no part has a name twice', async () => {
    const rows = (await fetchRows('dataset=focus')).filter((row) => row['ChargeClass'] === 'Correction');
    const attributed = (await fetchRows('dataset=attribution')).filter(
      (row) => row['OriginPeriod'] === origin,
    );
    const nameOf = (row: (typeof rows)[number]) =>
      [
        'restated',
        origin,
        row['ChargePeriodStart']?.slice(0, 10),
        row['Dimension'],
        row['BillingCurrency'],
        row['Side'],
      ].join(':');
    const changed = sums(
      attributed.map((row) => ({ ...row, name: nameOf(row) })),
      'Cost',
      'name',
    );
    expect(sums(rows, 'EffectiveCost', 'x_RowId')).toEqual(changed);
    const names = rows.map((row) => `${row['x_RowId']} ${row['x_AllocatedPart']}`);
    expect(new Set(names).size).toBe(rows.length);
  });

  it('leaves the closed month as it was', async () => {
    const { status, body } = await bench.get(`/allocation/exports?month=${origin}&dataset=focus`);
    expect(status).toBe(200);
    expect(body).not.toContain('Correction');
    const kept = await bench.post('/allocation/exports', {
      month: origin,
      dataset: 'focus',
      name: 'september.csv',
    });
    const effective = kept.body.sums.filter(
      ({ column }: { readonly column: string }) => column === 'EffectiveCost',
    );
    expect(effective).toEqual([
      { currency: 'EUR', column: 'EffectiveCost', origin: '8', parts: '8' },
      { currency: 'USD', column: 'EffectiveCost', origin: '12', parts: '12' },
    ]);
  });
});
