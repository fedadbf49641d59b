import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  everything,
  formatDecimal,
  nothing,
  parseDecimal,
  type Scope,
  sumDecimals,
} from '../../platform/kernel/index.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type ExplainAsked, type ExplainedMoney, type Explanation, explain } from './explain.ts';
import type { Amount } from './explain-amounts.ts';
import type { TreeNode } from './explain-tree.ts';
import { allocateSmall, publishSmall, type SmallRun } from './testing/publish-results.ts';

let root: string;
let workspace: Workspace;

/** vm (40) passes half to db (80 of its own); db a quarter to shop (5 of its own) and three quarters to blog. */
const shopRun: SmallRun = {
  nodes: [
    { id: 'vm', type: 'resource' },
    { id: 'db', type: 'service', name: 'Orders database' },
    { id: 'shop', type: 'product', application: 'shop-app' },
    { id: 'blog', type: 'product', application: 'blog-app' },
  ],
  edges: [
    { from: 'vm', to: 'db', share: 500 },
    { from: 'db', to: 'shop', share: 250 },
    { from: 'db', to: 'blog', share: 750, quality: 'fallback' },
  ],
  direct: [
    { node: 'vm', day: 1, amount: '30', rule: 'machines' },
    { node: 'vm', day: 2, amount: '10', rule: 'leftovers', source: 'azure' },
    { node: 'db', day: 1, amount: '80', rule: 'databases' },
    { node: 'db', day: 1, amount: '-8', rule: 'databases' },
    { node: 'shop', day: 1, amount: '5', rule: 'shop' },
  ],
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'finops-explain-'));
  workspace = openWorkspace({ root, threads: 2 });
  await publishSmall(workspace, shopRun);
});
afterAll(async () => {
  await workspace.close();
  await rm(root, { recursive: true, force: true });
});

async function ask(asked: Partial<ExplainAsked> & { readonly node: string }, scope: Scope = everything) {
  return explain(workspace, scope, { graph: 'main', month: '2026-10', ...asked });
}

function money({ currencies }: Explanation, currency = 'EUR'): ExplainedMoney {
  const found = currencies.find((one) => one.currency === currency);
  if (!found) throw new Error(`no ${currency}`);
  return found;
}

/** Σ of amounts, exact. */
function sum(amounts: readonly (Amount | null | undefined)[]): Amount {
  const add = (name: keyof Amount) =>
    formatDecimal(sumDecimals(amounts.flatMap((amount) => (amount ? [parseDecimal(amount[name])] : []))));
  return { charges: add('charges'), credits: add('credits'), net: add('net') };
}

const shares = (parts: readonly ({ readonly share: string } | null)[]): string =>
  formatDecimal(sumDecimals(parts.flatMap((part) => (part ? [parseDecimal(part.share)] : []))));

/** Every equation that an explanation claims. */
function expectTies(answer: Explanation): void {
  for (const one of answer.currencies) {
    expect(sum([one.direct, one.inflow])).toEqual(one.holistic);
    expect(sum([one.outflow, one.retained])).toEqual(one.holistic);
    const parts = [...one.items, one.others, one.outside];
    expect(sum(parts.map((part) => part?.amount))).toEqual(one.holistic);
    if (one.holistic.charges !== '0' || one.holistic.credits !== '0') expect(shares(parts)).toBe('1');
    expect(sum(one.byDimension.map(({ holistic }) => holistic))).toEqual(one.holistic);
    expect(sum(one.byDimension.map(({ retained }) => retained))).toEqual(one.retained);
    for (const item of one.items) {
      expect(sum(item.byDimension.map(({ amount }) => amount))).toEqual(item.amount);
      if (item.direct) {
        expect(sum(item.rules.map(({ amount }) => amount))).toEqual(item.amount);
        expect(sum(item.rules.map(({ cost }) => cost))).toEqual(item.direct);
      }
      if (item.causes.length > 0) expect(sum(item.causes.map(({ amount }) => amount))).toEqual(item.amount);
    }
    if (answer.context.direction === 'in') {
      if (!one.others) expect(sum(one.items.map(({ retained }) => retained))).toEqual(one.retained);
    } else {
      expect(sum([one.allocated?.amount, one.unallocated?.amount, one.outside?.amount])).toEqual(
        one.holistic,
      );
      expect(sum((one.unallocated?.causes ?? []).map(({ amount }) => amount))).toEqual(
        one.unallocated?.amount,
      );
    }
    expect(one.tree.amount).toEqual(one.holistic);
    expectTreeTies(one.tree);
  }
}

function expectTreeTies(tree: TreeNode): void {
  if (!tree.own) return;
  const parts = [tree.own, ...tree.children, tree.others, tree.outside];
  expect(sum(parts.map((part) => part?.amount))).toEqual(tree.amount);
  expect(shares(parts)).toBe(tree.share);
  for (const child of tree.children) expectTreeTies(child);
}

const net = (parts: readonly { readonly node: string; readonly amount: Amount }[]) =>
  parts.map(({ node, amount }) => [node, amount.net]);

describe('where a cost comes from', () => {
  it('finds the direct costs behind a product, over all steps, to the last unit', async () => {
    const answer = await ask({ node: 'shop' });
    const eur = money(answer);
    // db: 80 − 8 = 72, a quarter of it 18; vm: 40, half to db, a quarter of that 5; 5 of its own.
    expect(net(eur.items)).toEqual([
      ['db', '18'],
      ['shop', '5'],
      ['vm', '5'],
    ]);
    expect(eur.items[0]?.amount).toEqual({ charges: '20', credits: '-2', net: '18' });
    expect(eur.holistic).toEqual({ charges: '30', credits: '-2', net: '28' });
    expect(eur.retained).toEqual(eur.holistic);
    expect(answer.node).toEqual({ node: 'shop', type: 'product', name: 'shop', application: 'shop-app' });
    expect(eur.items[0]?.name).toBe('Orders database');
    // The credit came with the database, and with nothing else.
    expect(eur.tree.own?.amount).toEqual({ charges: '5', credits: '0', net: '5' });
    expect(eur.tree.children.map(({ node, amount }) => [node, amount.charges, amount.credits])).toEqual([
      ['db', '25', '-2'],
    ]);
    expectTies(answer);
  });

  it('tells the way that cost took, with edges, shares and where these came from', async () => {
    const { items } = money(await ask({ node: 'blog' }));
    const vm = items.find(({ node }) => node === 'vm');
    expect(vm?.amount.net).toBe('15');
    expect(vm?.path.share).toBe('1');
    expect(
      vm?.path.steps.map(({ from, to, edges, share }) => [from, to, edges.map(({ id }) => id), share]),
    ).toEqual([
      ['vm', 'db', ['vm -> db'], '0.5'],
      ['db', 'blog', ['db -> blog'], '0.75'],
    ]);
    expect(vm?.path.steps[1]?.qualities).toEqual([{ quality: 'fallback', share: '1' }]);
  });

  it('goes down to the rules and bills behind each source', async () => {
    const { items } = money(await ask({ node: 'shop' }));
    const vm = items.find(({ node }) => node === 'vm');
    expect(vm?.direct).toEqual({ charges: '40', credits: '0', net: '40' });
    expect(vm?.rules.map(({ rule, source, cost, amount }) => [rule, source, cost.net, amount.net])).toEqual([
      ['machines', 'aws', '30', '3.75'],
      ['leftovers', 'azure', '10', '1.25'],
    ]);
  });

  it('explains a node that passes on what it got, and says what of it stayed', async () => {
    const answer = await ask({ node: 'db' });
    const eur = money(answer);
    expect(eur.holistic.net).toBe('92');
    expect(eur.outflow.net).toBe('92');
    expect(eur.retained.net).toBe('0');
    expect(net(eur.items)).toEqual([
      ['db', '72'],
      ['vm', '20'],
    ]);
    expectTies(answer);
  });

  it('says what of each source a node has kept, day by day', async () => {
    await publishSmall(workspace, {
      month: '2026-07',
      nodes: [
        { id: 'early', type: 'resource' },
        { id: 'late', type: 'resource' },
        { id: 'pool', type: 'product' },
        { id: 'shop', type: 'product' },
      ],
      edges: [
        { from: 'early', to: 'pool', share: 1000 },
        { from: 'late', to: 'pool', share: 1000 },
        // All of the second day is passed on, nothing of the first.
        { from: 'pool', to: 'shop', share: (day) => (day === 2 ? 1000 : 0) },
      ],
      direct: [
        { node: 'early', day: 1, amount: '10' },
        { node: 'late', day: 2, amount: '30' },
      ],
    });
    const { items } = money(await ask({ node: 'pool', month: '2026-07' }));
    expect(items.map(({ node, amount, retained }) => [node, amount.net, retained?.net])).toEqual([
      ['late', '30', '0'],
      ['early', '10', '10'],
    ]);
  });

  it('cuts the list and the tree, and says what it left out', async () => {
    const answer = await ask({ node: 'shop', top: 1, depth: 1 });
    const eur = money(answer);
    expect(net(eur.items)).toEqual([['db', '18']]);
    expect(eur.others).toMatchObject({ count: 2, amount: { net: '10' } });
    expect(eur.tree.children).toHaveLength(1);
    expect(eur.tree.children[0]?.own).toBeNull();
    expectTies(answer);
  });

  it('finds neighbours that were joined on other days than the one with most cost', async () => {
    await publishSmall(workspace, {
      month: '2026-09',
      nodes: ['a', 'b', 'c', 'd'].map((id) => ({ id, type: id === 'd' ? 'product' : 'service' })),
      edges: [
        { from: 'a', to: 'b', share: (day) => (day === 2 ? 1000 : 0) },
        { from: 'b', to: 'c', share: (day) => (day === 3 ? 1000 : 0) },
        { from: 'b', to: 'd', share: (day) => (day === 2 ? 1000 : 0) },
        { from: 'c', to: 'd', share: 1000 },
      ],
      direct: [
        { node: 'c', day: 1, amount: '100' },
        { node: 'a', day: 2, amount: '7' },
        { node: 'b', day: 3, amount: '11' },
        { node: 'a', day: 3, amount: '13' },
      ],
    });
    const answer = await ask({ node: 'd', month: '2026-09' });
    expect(net(money(answer).items)).toEqual([
      ['c', '100'],
      ['b', '11'],
      ['a', '7'],
    ]);
    expectTies(answer);
  });
});

describe('what is booked for closed months', () => {
  it('stands beside the figures, with its sign, and is not followed', async () => {
    await publishSmall(workspace, {
      ...shopRun,
      month: '2026-06',
      restated: { ...shopRun, origin: '2026-04', direct: [{ node: 'vm', day: 1, amount: '-400' }] },
    });
    const answer = await ask({ node: 'shop', month: '2026-06' });
    expect(money(answer).holistic.net).toBe('28');
    expect(net(money(answer).items)).toEqual([
      ['db', '18'],
      ['shop', '5'],
      ['vm', '5'],
    ]);
    expect(answer.restated).toEqual([
      { month: '2026-04', currency: 'EUR', direct: '0', inflow: '-50', outflow: '0', retained: '-50' },
    ]);
    expectTies(answer);
  });
});

describe('where a cost went', () => {
  it('finds where the cost of a resource stayed, and why where that is no product', async () => {
    const answer = await ask({ node: 'vm', direction: 'out' });
    const eur = money(answer);
    expect(net(eur.items)).toEqual([
      ['vm', '20'],
      ['blog', '15'],
      ['shop', '5'],
    ]);
    expect(eur.unallocated?.causes).toEqual([
      { cause: 'fixed', amount: { charges: '20', credits: '0', net: '20' } },
    ]);
    expect(eur.allocated?.amount.net).toBe('20');
    expect(eur.items[1]?.path.steps.map(({ from, to }) => `${from} ${to}`)).toEqual(['vm db', 'db blog']);
    expectTies(answer);
  });

  it('says of a product that all stayed there', async () => {
    const answer = await ask({ node: 'shop', direction: 'out' });
    expect(net(money(answer).items)).toEqual([['shop', '28']]);
    expectTies(answer);
  });
});

describe('what a caller with limits is told', () => {
  const shopScope: Scope = { ...nothing, applications: ['shop-app'] };

  it('shows own nodes up to the first that is not theirs', async () => {
    const answer = await ask({ node: 'shop' }, shopScope);
    const eur = money(answer);
    expect(
      eur.items.map(({ node, hidden, amount, direct }) => [node, hidden, amount.net, direct?.net]),
    ).toEqual([
      ['db', true, '23', undefined],
      ['shop', false, '5', '5'],
    ]);
    expect(eur.items[0]?.rules).toEqual([]);
    expect(eur.items[0]?.path.steps[0]?.share).toBeNull();
    expect(JSON.stringify(answer)).not.toMatch(/vm|Orders|machines/);
    expectTies(answer);
  });

  it('knows nothing of nodes that are not theirs', async () => {
    await expect(ask({ node: 'db' }, shopScope)).rejects.toMatchObject({ code: 'allocation.noCostOnNode' });
    await expect(ask({ node: 'db' }, { ...nothing, applications: ['other'] })).rejects.toMatchObject({
      code: 'allocation.noPublishedRun',
    });
  });

  it('says how much went to nodes that are not theirs', async () => {
    await publishSmall(workspace, {
      month: '2026-08',
      nodes: [
        { id: 'mine', type: 'service', entity: 'fr' },
        { id: 'ours', type: 'product', entity: 'fr' },
        { id: 'theirs', type: 'product', entity: 'de' },
      ],
      edges: [
        { from: 'mine', to: 'ours', share: 300 },
        { from: 'mine', to: 'theirs', share: 600 },
      ],
      direct: [{ node: 'mine', day: 1, amount: '10' }],
    });
    const answer = await ask(
      { node: 'mine', month: '2026-08', direction: 'out' },
      { ...nothing, entities: ['fr'] },
    );
    const eur = money(answer);
    expect(net(eur.items)).toEqual([
      ['ours', '3'],
      ['mine', '1'],
    ]);
    expect(eur.outside).toMatchObject({ amount: { net: '6' }, share: '0.6' });
    expect(JSON.stringify(answer)).not.toContain('theirs');
    expectTies(answer);
  });
});

describe('what is asked of nothing', () => {
  it('names near nodes where there is none of that name', async () => {
    await expect(ask({ node: 'Shop' })).rejects.toMatchObject({
      code: 'allocation.noCostOnNode',
      message: expect.stringContaining('near are shop'),
    });
  });

  it('says that no run is published for the month', async () => {
    await expect(ask({ node: 'shop', month: '2025-01' })).rejects.toMatchObject({
      code: 'allocation.noPublishedRun',
    });
  });
});

describe('any run', () => {
  it('is explained so that every part sums to its whole, and agrees with an exact count of every path', async () => {
    let month = 0;
    const cases = fc.record({
      share: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 15, maxLength: 15 }),
      direct: fc.array(
        fc.record({
          node: fc.integer({ min: 0, max: 5 }),
          day: fc.integer({ min: 1, max: 3 }),
          units: fc.integer({ min: -2_000_000, max: 2_000_000_000 }),
          dimension: fc.constantFrom('Compute', 'Storage'),
          currency: fc.constantFrom('EUR', 'USD'),
        }),
        { minLength: 1, maxLength: 12 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ share, direct }) => {
        const run = runOf(share, direct, `2024-${String((month++ % 12) + 1).padStart(2, '0')}`);
        await publishSmall(workspace, run);
        for (const node of new Set(allocateSmall(run).results.map((result) => result.node))) {
          for (const direction of ['in', 'out'] as const) {
            const answer = await ask({ node, month: run.month ?? '', direction, top: 100, depth: 10 });
            expectTies(answer);
            expectAsCounted(answer, run);
          }
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  }, 60_000);
});

function runOf(
  share: readonly number[],
  direct: readonly { node: number; day: number; units: number; dimension: string; currency: string }[],
  month: string,
): SmallRun {
  const ids = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
  const edges = ids.flatMap((from, i) =>
    ids.slice(i + 1).map((to, j) => ({ from, to, part: share[(i * 5 + j) % 15] ?? 0, twist: i + j })),
  );
  return {
    month,
    nodes: ids.map((id, i) => ({ id, type: i > 3 ? 'product' : 'service' })),
    edges: edges.map(({ from, to, part, twist }) => ({
      from,
      to,
      // At most a fifth each, so that a node never gives more than it has; other on each day and in each dimension.
      share: (day, dimension) => (((part + day * twist + dimension.length) % 1000) / 5) | 0,
    })),
    direct: direct
      .filter(({ units }) => units !== 0)
      .map(({ node, units, ...rest }) => ({
        ...rest,
        node: ids[node] ?? '',
        amount: formatDecimal({ units: BigInt(units), scale: 9 }),
      })),
  };
}

/** Follows every path by itself through the amounts of the run, and expects the same to a few units. */
function expectAsCounted(answer: Explanation, run: SmallRun): void {
  const { results, flows } = allocateSmall(run);
  const laneOf = (x: { day: number; dimension: string; currency: string; side: string }) =>
    `${x.day} ${x.dimension} ${x.currency} ${x.side}`;
  const total = new Map(results.map((r) => [`${laneOf(r)} ${r.node}`, Number(r.direct + r.inflow)]));
  const isIn = answer.context.direction === 'in';
  const expected = new Map<string, number>();
  const follow = (lane: string, node: string, amount: number): void => {
    const result = results.find((r) => laneOf(r) === lane && r.node === node);
    const whole = total.get(`${lane} ${node}`) ?? 0;
    if (!result || whole === 0) return;
    const key = `${lane.split(' ').slice(2).join(' ')} ${node}`;
    const own = Number(isIn ? result.direct : result.retained);
    expected.set(key, (expected.get(key) ?? 0) + (amount * own) / whole);
    for (const flow of flows) {
      if (laneOf(flow) !== lane || (isIn ? flow.edge.to : flow.edge.from) !== node) continue;
      follow(lane, isIn ? flow.edge.from : flow.edge.to, (amount * Number(flow.units)) / whole);
    }
  };
  for (const r of results)
    if (r.node === answer.node.node) follow(laneOf(r), r.node, Number(r.direct + r.inflow));
  for (const { currency, items } of answer.currencies) {
    for (const { node, amount } of items) {
      for (const [side, name, sign] of [
        ['charge', 'charges', 1],
        ['credit', 'credits', -1],
      ] as const) {
        const found =
          sign * Number(parseDecimal(amount[name]).units) * 10 ** (9 - parseDecimal(amount[name]).scale);
        expect(Math.abs(found - (expected.get(`${currency} ${side} ${node}`) ?? 0))).toBeLessThan(4);
      }
    }
  }
}
