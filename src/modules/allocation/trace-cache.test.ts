import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything, nothing, parseDecimal } from '../../platform/kernel/index.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type Explanation, explain } from './explain.ts';
import { selectRun } from './query-run.ts';
import { allocateSmall, publishSmall, type SmallRun } from './testing/publish-results.ts';
import { openTraceCache, prepareExplanations } from './trace-cache.ts';
import { sharesOfDay } from './trace-shares.ts';

let root: string;
let workspace: Workspace;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'finops-cache-'));
  workspace = openWorkspace({ root, threads: 2 });
});
afterAll(async () => {
  await workspace.close();
  await rm(root, { recursive: true, force: true });
});

const ids = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
const twisted = fc.record({
  share: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 15, maxLength: 15 }),
  /** Whether a dimension is shared in another way. */
  twist: fc.boolean(),
  direct: fc.array(
    fc.record({
      node: fc.constantFrom(...ids),
      day: fc.integer({ min: 1, max: 3 }),
      amount: fc.integer({ min: -5000, max: 1_000_000 }).map((cents) => (cents / 100 || 1).toFixed(2)),
      dimension: fc.constantFrom('Compute', 'Storage'),
      currency: fc.constantFrom('EUR', 'USD'),
      rule: fc.constantFrom('a', 'b', null),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

function runOf(
  { share, twist, direct }: { share: number[]; twist: boolean; direct: SmallRun['direct'] },
  month: string,
): SmallRun {
  const pairs = ids.flatMap((from, i) => ids.slice(i + 1).map((to) => ({ from, to })));
  return {
    month,
    nodes: ids.map((id, i) => ({ id, type: i > 3 ? 'product' : 'service', name: `name of ${id}` })),
    edges: pairs.map((pair, k) => ({
      ...pair,
      quality: k % 3 === 0 ? 'declared' : 'measured',
      share: (day, dimension) =>
        ((((share[k] ?? 0) + day * k + (twist ? dimension.length * 7 : 0)) % 1000) / 5) | 0,
    })),
    direct,
  };
}

const isNumber = (part: unknown) => typeof part === 'string' && /^-?\d+(\.\d+)?$/.test(part);

/** The same but for what the rounding of units can move. */
function expectClose(found: unknown, wanted: unknown): void {
  if (isNumber(wanted)) expect(Math.abs(Number(found) - Number(wanted))).toBeLessThan(1e-7);
  else if (wanted === null || typeof wanted !== 'object') expect(found).toBe(wanted);
  else {
    expect(Object.keys(found as object)).toEqual(Object.keys(wanted));
    for (const [key, part] of Object.entries(wanted))
      expectClose((found as Record<string, unknown>)[key], part);
  }
}

const isLarge = ({ amount }: { readonly amount: { readonly charges: string; readonly credits: string } }) =>
  Math.max(Number(amount.charges), -Number(amount.credits)) > 1e-6;

/** An item without the order of its rules, its rounding, and a main path that another may equal. */
function comparable({
  rules,
  path: _,
  share: __,
  ...item
}: Explanation['currencies'][number]['items'][number]) {
  const key = (rule: (typeof rules)[number]) => `${rule.rule} ${rule.source}`;
  const named = rules.filter(({ kind }) => kind !== 'rounding').sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return {
    ...item,
    rules: named.filter(isLarge),
    causes: item.causes.filter(isLarge),
    byDimension: item.byDimension.filter(isLarge),
  };
}

function expectAlike(cached: Explanation, plain: Explanation): void {
  for (const [i, one] of plain.currencies.entries()) {
    const other = cached.currencies[i];
    expect(other?.holistic).toEqual(one.holistic);
    const byNode = (items: typeof one.items) =>
      items.filter(isLarge).sort((a, b) => (a.node < b.node ? -1 : 1));
    for (const [k, item] of byNode(one.items).entries()) {
      const found = byNode(other?.items ?? [])[k];
      expect(found).toBeDefined();
      if (found) expectClose(comparable(found), comparable(item));
    }
    expect(other?.others).toEqual(one.others);
    const sum = (parts: readonly { amount: { net: string } }[]) =>
      parts.reduce(
        (total, { amount }) =>
          total + parseDecimal(amount.net).units * 10n ** BigInt(12 - parseDecimal(amount.net).scale),
        0n,
      );
    expect(sum(other?.items ?? [])).toBe(sum(one.items));
  }
}

describe('the cache of a large run', () => {
  it('explains as the flows themselves do, whatever the shares, days, dimensions and currencies', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(twisted, async (given) => {
        const month = `${2001 + number++}-01`;
        const run = runOf(given, month);
        await publishSmall(workspace, run);
        const asked = { graph: 'main', month, top: 100 };
        const nodes = [...new Set(allocateSmall(run).results.map(({ node }) => node))];
        const directions = ['in', 'out'] as const;
        const questions = nodes.flatMap((node) =>
          directions.map((direction) => ({ ...asked, node, direction })),
        );
        const plain = [];
        for (const question of questions) plain.push(await explain(workspace, everything, question));
        await prepareExplanations(workspace, asked, 0);
        expect(await openTraceCache(workspace, await selectRun(workspace, everything, asked))).toBeDefined();
        for (const [i, question] of questions.entries())
          expectAlike(await explain(workspace, everything, question), plain[i] as Explanation);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  }, 120_000);

  it('is left alone for runs that are quickly read, replaced by that of the next run, and read by nobody with limits', async () => {
    const run = runOf(
      { share: Array(15).fill(500), twist: false, direct: [{ node: 'n0', day: 1, amount: '10' }] },
      '2026-10',
    );
    await publishSmall(workspace, run);
    const asked = { graph: 'main', month: '2026-10' };
    const folder = join(root, 'cache', 'allocation');
    const ours = async () => (await readdir(folder)).filter((name) => name.startsWith('main~2026-10~'));
    await prepareExplanations(workspace, asked);
    expect(await ours()).toEqual([]);
    await Promise.all([prepareExplanations(workspace, asked, 0), prepareExplanations(workspace, asked, 0)]);
    const [first, ...others] = await ours();
    expect([first?.startsWith('main~2026-10~run'), others]).toEqual([true, []]);
    await publishSmall(workspace, run);
    await prepareExplanations(workspace, asked, 0);
    const [second, ...more] = await ours();
    expect([second === first, more]).toEqual([false, []]);
    const limited = explain(workspace, { ...nothing, entities: ['other'] }, { ...asked, node: 'n5' });
    await expect(limited).rejects.toMatchObject({ code: 'allocation.noPublishedRun' });
  });
});

describe('shares of a day', () => {
  const day = (amounts: readonly (readonly [lane: number, amount: number])[], totals: readonly number[]) => {
    const found: unknown[] = [];
    sharesOfDay(
      {
        ...{ nodes: 2, receivers: 1, lanes: totals.length, mark: new Int32Array(amounts.length).fill(1) },
        moves: {
          count: amounts.length,
          near: new Int32Array(amounts.length).fill(1),
          far: new Int32Array(amounts.length),
          slot: Int32Array.from(amounts, ([lane]) => lane),
          amount: Float64Array.from(amounts, ([, amount]) => amount),
        },
        totals: Float64Array.from([...totals, ...totals.map(() => 0)]),
      },
      (near, far, lane, share, mark) => found.push([near, far, lane, Number(share.toFixed(4)), mark]),
    );
    return found;
  };

  it('are one where the lanes agree but for the rounding of a unit', () => {
    expect(
      day(
        [
          [0, 33.333],
          [1, 3.334],
        ],
        [100, 10],
      ),
    ).toEqual([[1, 0, -1, 0.3333, 1]]);
  });

  it('are one per lane where a dimension is shared in another way, or not at all', () => {
    expect(
      day(
        [
          [0, 50],
          [1, 1],
        ],
        [100, 10],
      ),
    ).toEqual([
      [1, 0, 0, 0.5, 1],
      [1, 0, 1, 0.1, 1],
    ]);
    expect(day([[0, 50]], [100, 10])).toEqual([[1, 0, 0, 0.5, 1]]);
  });
});
