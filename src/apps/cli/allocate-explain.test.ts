import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishSmall } from '../../modules/allocation/testing/publish-results.ts';
import { openQuestionBench, type QuestionBench } from '../../modules/allocation/testing/question-bench.ts';
import { explainTables, rowTables } from './commands/allocate-explain-output.ts';
import { render } from './output.ts';

let bench: QuestionBench;
beforeAll(async () => {
  bench = await openQuestionBench();
  await publishSmall(bench.workspace, {
    nodes: [
      { id: 'vm', type: 'resource' },
      { id: 'disk', type: 'resource' },
      { id: 'net', type: 'resource' },
      { id: 'db', type: 'shared' },
      { id: 'shop', type: 'product' },
    ],
    edges: [
      ...['vm', 'disk', 'net'].map((from) => ({ from, to: 'db', share: 1000 })),
      { from: 'db', to: 'shop', share: 500, quality: 'fallback' },
    ],
    direct: [
      ...['vm', 'disk', 'net'].map((node) => ({ node, day: 1, amount: '0.67', rule: 'machines' })),
      { node: 'shop', day: 1, amount: '1.5', rule: 'shop' },
    ],
  });
});
afterAll(() => bench.close());

async function shown(query: string, style = { exact: false, color: false }): Promise<string> {
  const { status, body } = await bench.get(`/allocation/explain?month=2026-10&${query}`);
  expect([query, status]).toEqual([query, 200]);
  return render({ json: {}, tables: explainTables(body, !style.exact) }, 'table', style);
}

describe('finops allocate explain', () => {
  it('prints a tree whose cents and percentages sum at every node', async () => {
    const text = await shown('node=shop&depth=2');
    const [tree = ''] = text.split('Where it comes from');
    // 0.335 of each machine: half a cent too much, were each rounded by itself.
    expect(tree).toMatch(/shop\s+2\.51\s+EUR\s+100 %/);
    expect(tree).toMatch(/├─ its own\s+1\.50\s+EUR/);
    expect(tree).toMatch(/└─ db\s+1\.01\s+EUR\s+40\.1198 %\s+50 %\s+edge \(fallback\)/);
    const branches = [...tree.matchAll(/[├└]─ (?:disk|net|vm)\s+(\d\.\d\d)/g)].map(([, amount]) =>
      Number(amount),
    );
    expect(branches).toHaveLength(3);
    expect(branches.reduce((sum, amount) => sum + amount, 0)).toBeCloseTo(1.01, 9);
    const percents = [...tree.matchAll(/(?:its own|db)\s+\d\.\d\d\s+EUR\s+([\d.]+) %/g)].map(([, share]) =>
      Number(share),
    );
    expect(percents.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 9);
  });

  it('prints every decimal when asked to', async () => {
    expect(await shown('node=shop&depth=2', { exact: true, color: false })).toMatch(/vm\s+0\.335\s+EUR/);
  });

  it('lists sources with their paths and rules, and what is left out', async () => {
    const text = await shown('node=shop&top=2');
    expect(text).toMatch(/shop\s+product\s+1\.50\s+EUR\s+59\.8802 %\s+shop\s+shop \(aws\)/);
    expect(text).toMatch(/disk → db → shop\s+machines \(aws\)/);
    expect(text).toMatch(/2 more\s+–?\s+0\.67\s+EUR/);
    expect(text).toMatch(/total\s+2\.51\s+EUR/);
  });

  it('says where cost stayed, and why', async () => {
    const text = await shown('node=vm&direction=out');
    expect(text).toMatch(/Where it stayed/);
    expect(text).toMatch(/db\s+shared\s+0\.3[34]\s+EUR\s+50 %\s+vm → db\s+fixed/);
  });

  it('prints rows of the bill with what they come to', () => {
    const row = {
      ...{ rowId: 'a:1:1:0', source: 'aws', serviceName: 'S', resourceId: null, chargePeriodStart: null },
      ...{ chargePeriodEnd: null, currency: 'EUR', dimension: 'Compute', amount: '5', rule: 'machines' },
    };
    const context = { graph: 'main', month: '2026-10', snapshot: 's', version: 1, run: 'r', node: 'vm' };
    const total = { currency: 'EUR', rows: 9, cost: '7', charges: '7', credits: '0' };
    const [table] = rowTables([{ context, rows: [row], totals: [total], next: 'more' }]);
    expect(table && render({ json: {}, tables: [table] }, 'table')).toMatch(
      /Rows of the bill on vm \(the largest\)[\s\S]*a:1:1:0\s+machines\s+S\s+–\s+5\.00\s+EUR[\s\S]*total\s+7\.00\s+EUR/,
    );
  });
});
