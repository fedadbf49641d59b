import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything } from '../../../platform/kernel/index.ts';
import { costQuerySchema, openWorkspace, type Workspace } from '../../../platform/warehouse/index.ts';
import { graphDocumentSchema } from '../model.ts';
import { queryResults } from '../query-results.ts';
import { publishSmall, type SmallRun } from '../testing/publish-results.ts';
import { type AskFigures, askChart, type ChartWish, structureChart } from './ask-chart.ts';
import { chartSvg } from './draw.ts';

/** vm (40) passes half to db (80 of its own, a credit of 8); db a quarter to shop (5 of its own) and three quarters to blog. */
const run: SmallRun = {
  nodes: [
    { id: 'vm', type: 'resource' },
    { id: 'db', type: 'service', name: 'Orders database' },
    { id: 'shop', type: 'product' },
    { id: 'blog', type: 'product' },
  ],
  edges: [
    { from: 'vm', to: 'db', share: 500 },
    { from: 'db', to: 'shop', share: 250 },
    { from: 'db', to: 'blog', share: 750 },
  ],
  direct: [
    { node: 'vm', day: 1, amount: '30' },
    { node: 'vm', day: 2, amount: '10', dimension: 'Storage' },
    { node: 'db', day: 1, amount: '80' },
    { node: 'db', day: 1, amount: '-8' },
    { node: 'shop', day: 1, amount: '5' },
  ],
};

let root: string;
let workspace: Workspace;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'finops-chart-'));
  workspace = openWorkspace({ root, threads: 2 });
  await publishSmall(workspace, run);
  const dollars = run.direct.map((cost) => ({ ...cost, currency: 'USD', amount: `${cost.amount}0` }));
  await publishSmall(workspace, { ...run, month: '2026-11', direct: [...run.direct, ...dollars] });
});
afterAll(async () => {
  await workspace.close();
  await rm(root, { recursive: true, force: true });
});

let pages = 0;

/** As the server answers, two rows at a time. */
const ask: AskFigures = async ({ dataset, graph, query }) => {
  pages++;
  const { sources: _, ...asked } = costQuerySchema.parse({ ...query, limit: 2 });
  return queryResults(workspace, everything, { dataset, graph, query: asked });
};

const wish = (more: Partial<ChartWish>): ChartWish => ({
  kind: 'sankey',
  graph: 'main',
  month: '2026-10',
  theme: 'light',
  ...more,
});

describe('figures of a month', () => {
  it('become flows of charges, over all pages of the answers', async () => {
    pages = 0;
    const chart = await askChart(ask, wish({ top: 3 }));
    expect(pages).toBe(1 + 2 + 2);
    if (chart.kind !== 'sankey') throw new Error('a sankey');
    const amounts = (things: readonly { readonly amount: string | null }[]) =>
      things.map(({ amount }) => Number(amount));
    expect(chart.currency).toBe('EUR');
    expect(chart.top).toBe(3);
    expect(
      [...chart.nodes].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, name, type }) => [id, name, type]),
    ).toEqual([
      ['blog', 'blog', 'product'],
      ['db', 'Orders database', 'service'],
      ['shop', 'shop', 'product'],
      ['vm', 'vm', 'resource'],
    ]);
    expect(amounts(chart.nodes).sort((a, b) => a - b)).toEqual([30, 40, 75, 100]);
    expect(amounts(chart.edges).sort((a, b) => a - b)).toEqual([20, 25, 75]);
    expect(await chartSvg(chart)).toContain('Orders database');
  });

  it('become what is around a node', async () => {
    const around = async (node: string) => {
      const chart = await askChart(ask, wish({ kind: 'graph', node }));
      return 'edges' in chart
        ? [chart.nodes.length, chart.edges.map(({ from, to }) => `${from}>${to}`).sort()]
        : [];
    };
    expect(await around('shop')).toEqual([3, ['db>shop', 'vm>db']]);
    expect(await around('db')).toEqual([4, ['db>blog', 'db>shop', 'vm>db']]);
  });

  it('become the cost of each day: direct cost of the whole graph, all cost of a node', async () => {
    const series = async (node?: string) => {
      const chart = await askChart(ask, wish({ kind: 'trend', ...(node === undefined ? {} : { node }) }));
      return chart.kind === 'trend'
        ? [
            chart.days,
            Object.fromEntries(chart.series.map(({ name, amounts }) => [name, amounts.map(Number)])),
          ]
        : [];
    };
    const days = ['2026-10-01', '2026-10-02'];
    expect(await series()).toEqual([days, { Compute: [107, 0], Storage: [0, 10] }]);
    expect(await series('db')).toEqual([days, { Compute: [87, 0], Storage: [0, 5] }]);
  });

  it('become the steps of a node, charges less credits', async () => {
    const chart = await askChart(ask, wish({ kind: 'waterfall', node: 'db' }));
    if (chart.kind !== 'waterfall') throw new Error('a waterfall');
    const named = (flows: typeof chart.inflows) => flows.map(({ name, amount }) => [name, Number(amount)]);
    expect([Number(chart.direct), named(chart.inflows), named(chart.outflows)]).toEqual([
      72,
      [['vm', 20]],
      [
        ['blog', 69],
        ['shop', 23],
      ],
    ]);
  });

  it('are refused where there are none, or several currencies that nobody may add', async () => {
    const code = async (more: Partial<ChartWish>) =>
      askChart(ask, wish(more)).then(
        () => 'drawn',
        (error: { readonly code?: string }) => error.code,
      );
    expect(await code({ month: '2026-01' })).toBe('allocation.noPublishedRun');
    expect(await code({ graph: 'other' })).toBe('allocation.noPublishedRun');
    for (const kind of ['sankey', 'graph', 'trend', 'waterfall'] as const) {
      expect([kind, await code({ kind, node: 'nobody' })]).toEqual([kind, 'allocation.unknownNode']);
    }
    expect(await code({ month: '2026-11' })).toBe('allocation.chartCurrency');
    expect(await code({ currency: 'USD' })).toBe('allocation.chartCurrency');
    const dollars = await askChart(ask, wish({ month: '2026-11', currency: 'USD' }));
    expect(
      'edges' in dollars && dollars.edges.map(({ amount }) => Number(amount)).sort((a, b) => a - b),
    ).toEqual([200, 250, 750]);
  });
});

describe('a document', () => {
  it('becomes a structure without archived nodes', () => {
    const document = graphDocumentSchema.parse({
      nodes: [
        { id: 'a', type: 'platform', name: 'A' },
        { id: 'b', type: 'product' },
        { id: 'old', type: 'product', archived: true },
      ],
      edges: [
        { from: 'a', to: 'b', strategy: 'equal' },
        { from: 'a', to: 'old', strategy: 'equal' },
      ],
    });
    expect(structureChart(document, { kind: 'graph', title: 't', theme: 'dark' })).toEqual({
      kind: 'graph',
      title: 't',
      theme: 'dark',
      currency: null,
      nodes: [
        { id: 'a', name: 'A', type: 'platform', amount: null },
        { id: 'b', name: 'b', type: 'product', amount: null },
      ],
      edges: [{ from: 'a', to: 'b', amount: null }],
    });
  });
});
