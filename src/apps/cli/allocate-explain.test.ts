import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishSmall } from '../../modules/allocation/testing/publish-results.ts';
import { openQuestionBench, type QuestionBench } from '../../modules/allocation/testing/question-bench.ts';
import { explainTables, nextQuestions, rowTables } from './commands/allocate-explain-output.ts';
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

  it('begins with figures that tie as they are printed', async () => {
    // 1.005 of inflow and 1.5 of its own; rounded one by one they would come to 2.52 or 2.50.
    expect(await shown('node=shop')).toMatch(
      /direct 1\.50 \+ inflow 1\.01 = retained 2\.51 \+ passed on 0\.00 EUR/,
    );
    expect(await shown('node=shop', { exact: true, color: false })).toMatch(
      /inflow 1\.005 = retained 2\.505/,
    );
  });

  it('names commands that ask further, ready to be run', async () => {
    const ask = async (query: string, depth = 3, hasRows = false) =>
      nextQuestions((await bench.get(`/allocation/explain?month=2026-10&${query}`)).body, { depth, hasRows });
    expect(await ask('node=shop&depth=1', 1)).toEqual([
      'Rows of the bill behind it: finops allocate explain shop --month 2026-10 --rows',
      'Where all of disk went: finops allocate explain disk --month 2026-10 --out',
      'The tree ends after 1 step, the list does not: --depth 2 shows more of it.',
    ]);
    expect(await ask('node=vm&direction=out')).toEqual([
      expect.stringMatching(
        /^All that (db|shop) is made of: finops allocate explain (db|shop) --month 2026-10$/,
      ),
      'What stayed unallocated, and what would change it: finops allocate coverage --month 2026-10',
    ]);
    expect(await ask('node=disk', 3, true)).toEqual([]);
  });

  it('quotes names for the shell', async () => {
    const { body } = await bench.get('/allocation/explain?month=2026-10&node=disk');
    const named = { ...body, node: { ...body.node, node: "it's one" } };
    expect(nextQuestions(named, { depth: 3, hasRows: false })[0]).toBe(
      "Rows of the bill behind it: finops allocate explain 'it'\\''s one' --month 2026-10 --rows",
    );
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
