import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimal, formatDecimal, parseDecimal, sumDecimals } from '../../platform/kernel/index.ts';
import { ruleSchema } from './model.ts';
import { noRuleAdvice, unusedCommitmentAdvice } from './recommend-bill.ts';
import { type CountedSaving, countSavings } from './recommend-count.ts';
import { type IdleParts, idleAdvice, type Utilisation } from './recommend-idle.ts';
import type { BasisPart } from './recommend-model.ts';
import { type PoolMonth, poolAdvice } from './recommend-pools.ts';
import { tagKeysOf, upstreamOf } from './recommend-rules.ts';

const used = (metric: string, mean: string, more: Partial<Utilisation> = {}): Utilisation => ({
  ...{ node: 'db', metric, unit: 'percent', sum: mean, values: 1, peak: mean, measuredDays: 31 },
  ...more,
});
const idle = (utilisations: readonly Utilisation[], more: Partial<IdleParts> = {}) =>
  idleAdvice({
    utilisations,
    costs: [{ node: 'db', name: 'Database', currency: 'EUR', cost: '200' }],
    target: parseDecimal('0.6'),
    rowsOf: () => [],
    ...more,
  });

describe('idle nodes', () => {
  it('save their cost times the part of the target that they do not reach', () => {
    const [advice] = idle([used('cpu', '24')]);
    // 200 × (1 − 0.24 ÷ 0.6)
    expect(advice).toMatchObject({ saving: '120', cost: '200', basis: [{ node: 'db' }] });
    expect(advice?.formula).toBe('cost × (1 − utilisation ÷ target) = 200 × (1 − 0.24 ÷ 0.6)');
    expect(advice?.facts).toMatchObject({ level: 'low', utilisation: '0.24', target: '0.6' });
  });

  it('are told apart: below 5, 30 and 50 percent; from 50 on nobody is idle', () => {
    const levels = ['0', '4.99', '5', '29.9', '30', '49.9', '50', '95'].map(
      (mean) => idle([used('cpu', mean)])[0]?.facts['level'] ?? null,
    );
    expect(levels).toEqual(['idle', 'idle', 'low', 'low', 'medium', 'medium', null, null]);
  });

  it('are saved once, by the busiest of their metrics: idle processors and a full memory are not idle', () => {
    const [advice, ...others] = idle([
      used('cpu', '12'),
      used('memory', '24'),
      used('disk', '0.1', { unit: 'ratio' }),
    ]);
    expect(others).toEqual([]);
    expect(advice?.saving).toBe('120');
    expect(advice?.evidence).toHaveLength(3);
    expect(idle([used('cpu', '3'), used('memory', '90')])).toEqual([]);
  });

  it('need seven measured days: a missing day is no idle day', () => {
    expect(idle([used('cpu', '2', { measuredDays: 6 })])).toEqual([]);
    expect(idle([used('cpu', '2', { measuredDays: 7 })])).toHaveLength(1);
    // The busiest is measured too little to judge.
    expect(idle([used('cpu', '2'), used('memory', '20', { measuredDays: 3 })])).toEqual([]);
  });

  it('take the mean of what was measured, in percent or as a ratio', () => {
    const [advice] = idle([used('cpu', '360', { values: 12 })]);
    expect(advice?.facts['utilisation']).toBe('0.3');
    expect(idle([used('cpu', '3.6', { values: 12, unit: 'ratio' })])[0]?.saving).toBe(advice?.saving);
  });

  it('that cost nothing, or are refunded, save nothing', () => {
    const free = (cost: string) =>
      idle([used('cpu', '1')], { costs: [{ node: 'db', name: 'db', currency: 'EUR', cost }] });
    expect([free('0'), free('-5')]).toEqual([[], []]);
  });

  it('never save more than they cost', () => {
    const amount = fc
      .bigInt({ min: 1n, max: 10n ** 18n })
      .map((units) => formatDecimal({ units, scale: 12 }));
    fc.assert(
      fc.property(
        amount,
        fc.integer({ min: 0, max: 4999 }),
        fc.integer({ min: 1, max: 10_000 }),
        (cost, mean, target) => {
          const [advice] = idle([used('cpu', formatDecimal({ units: BigInt(mean), scale: 2 }))], {
            costs: [{ node: 'db', name: 'db', currency: 'EUR', cost }],
            target: { units: BigInt(target), scale: 4 },
          });
          const saving = parseDecimal(advice?.saving ?? '0');
          expect(compareDecimal(saving, parseDecimal(cost))).toBeLessThanOrEqual(0);
          expect(saving.units >= 0n).toBe(true);
        },
      ),
    );
  });
});

const month = (
  period: string,
  cost: string,
  units: string | null,
  more: Partial<PoolMonth> = {},
): PoolMonth => ({
  ...{ node: 'k8s', name: 'Cluster', metric: 'cpu', month: period, currency: 'EUR', cost, units },
  ...{ measuredDays: 30, consumers: 3, ...more },
});
const pools = (...months: readonly PoolMonth[]) =>
  poolAdvice({ months, month: '2026-11', basisOf: (node) => [{ node }, { node: 'machines' }] });

describe('oversized pools', () => {
  it('cost a unit more than a fifth above what it was', () => {
    // September and November have 30 days: 2 a unit, then 3.
    const [advice] = pools(month('2026-09', '100', '50'), month('2026-11', '300', '100'));
    expect(advice).toMatchObject({ saving: '100', cost: '300', facts: { since: '2026-09', growth: '1.5' } });
    expect(advice?.basis).toEqual([{ node: 'k8s' }, { node: 'machines' }]);
    expect(advice?.evidence.map(({ unitCost }) => unitCost)).toEqual(['2', '3']);
  });

  it('are none up to a fifth more, and none where cost grows with use', () => {
    expect(pools(month('2026-09', '100', '50'), month('2026-11', '240', '100'))).toEqual([]);
    expect(pools(month('2026-09', '100', '50'), month('2026-11', '240.1', '100'))).toHaveLength(1);
    expect(pools(month('2026-09', '100', '50'), month('2026-11', '1000', '500'))).toEqual([]);
  });

  it('are found when use falls and cost does not', () => {
    expect(pools(month('2026-09', '100', '50'), month('2026-11', '100', '25'))[0]?.saving).toBe('50');
  });

  it('are compared by the day: October is longer than September, and a missing day is no drop in use', () => {
    const september = month('2026-09', '3000', '3000');
    const november = (units: string, measuredDays: number) =>
      month('2026-11', '3000', units, { measuredDays });
    expect(pools(september, november('1500', 15))).toEqual([]);
    expect(pools(september, november('1500', 30))).toHaveLength(1);
    const october = poolAdvice({
      months: [september, month('2026-10', '3100', '3100', { measuredDays: 31 })],
      month: '2026-10',
      basisOf: () => [],
    });
    expect(october).toEqual([]);
  });

  it('need two measured months, the one that is looked at among them', () => {
    expect(pools(month('2026-11', '300', '100'))).toEqual([]);
    expect(pools(month('2026-09', '100', null), month('2026-11', '300', '100'))).toEqual([]);
    expect(pools(month('2026-09', '100', '50'), month('2026-10', '300', '100'))).toEqual([]);
    expect(pools(month('2026-09', '100', '50', { measuredDays: 6 }), month('2026-11', '300', '100'))).toEqual(
      [],
    );
  });

  it('that are shared by two metrics are one pool, with its larger saving', () => {
    const found = pools(
      ...[month('2026-09', '100', '50'), month('2026-11', '300', '100')],
      ...[
        month('2026-09', '10', '5', { metric: 'memory' }),
        month('2026-11', '40', '5', { metric: 'memory' }),
      ],
    );
    expect(found.map(({ saving }) => saving)).toEqual(['100']);
  });
});

const saving = (
  id: string,
  amount: string | null,
  basis: readonly BasisPart[],
  more: Partial<CountedSaving> = {},
) => ({
  ...{ id, saving: amount, basis, currency: 'EUR', status: 'open' as const },
  ...more,
});

describe('savings', () => {
  it('on the same cost count once, the larger one', () => {
    const { totals, countedIn } = countSavings([
      saving('commitment', '30', [
        { node: 'db', part: 'c1' },
        { node: 'web', part: 'c1' },
      ]),
      saving('idle', '80', [{ node: 'db' }]),
      saving('other', '5', [{ node: 'mail' }]),
    ]);
    expect(totals).toEqual([{ currency: 'EUR', saving: '85', count: 2 }]);
    expect([...countedIn]).toEqual([['commitment', 'idle']]);
  });

  it('of two parts of one node count both; the whole node counts neither beside them', () => {
    const { totals, countedIn } = countSavings([
      saving('a', '30', [{ node: 'db', part: 'c1' }]),
      saving('b', '20', [{ node: 'db', part: 'c2' }]),
      saving('c', '10', [{ node: 'db' }]),
    ]);
    expect(totals).toEqual([{ currency: 'EUR', saving: '50', count: 2 }]);
    expect(countedIn.has('c')).toBe(true);
  });

  it('in different currencies do not meet', () => {
    const { totals } = countSavings([
      saving('a', '30', [{ node: 'db' }]),
      saving('b', '20', [{ node: 'db' }], { currency: 'USD' }),
    ]);
    expect(totals.map(({ saving: sum }) => sum)).toEqual(['30', '20']);
  });

  it('that were dismissed or are done count for nothing, and hide nobody', () => {
    const { totals, countedIn } = countSavings([
      saving('idle', '80', [{ node: 'db' }], { status: 'dismissed' }),
      saving('done', '70', [{ node: 'db' }], { status: 'done' }),
      saving('commitment', '30', [{ node: 'db', part: 'c1' }], { status: 'accepted' }),
      saving('untagged', null, []),
    ]);
    expect(totals).toEqual([{ currency: 'EUR', saving: '30', count: 1 }]);
    expect(countedIn.size).toBe(0);
  });

  it('never add up to more than the cost behind them', () => {
    const nodes = ['a', 'b', 'c', 'd'];
    const costOf = new Map(nodes.map((node, i) => [node, 100n * BigInt(i + 1)]));
    const one = fc.record({
      over: fc.subarray(nodes, { minLength: 1 }),
      part: fc.constantFrom(undefined, 'c1', 'c2'),
      fraction: fc.bigInt({ min: 0n, max: 100n }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), (given) => {
        const all = given.map(({ over, part, fraction }, i) => {
          // A part is a half of its node.
          const cost = over.reduce((sum, node) => sum + (costOf.get(node) ?? 0n) / (part ? 2n : 1n), 0n);
          const amount = formatDecimal({ units: (cost * fraction) / 100n, scale: 0 });
          return saving(
            String(i),
            amount,
            over.map((node) => ({ node, part })),
          );
        });
        const counted = sumDecimals(countSavings(all).totals.map((total) => parseDecimal(total.saving)));
        expect(compareDecimal(counted, parseDecimal('1000'))).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('advice from a bill', () => {
  const group = {
    ...{ of: 'ri-1', currency: 'USD', cost: '12.50', rows: 4, nodes: ['db', 'web'], parts: 2 },
    largest: [{ resource: null, cost: '12.50' }],
  };

  it('about an unused commitment saves what was not used, on the nodes that its rows reached', () => {
    expect(unusedCommitmentAdvice([group])).toMatchObject([
      {
        ...{ key: 'unused_commitment:USD:ri-1', saving: '12.5', cost: '12.5', node: null },
        basis: [
          { node: 'db', part: 'unused_commitment:ri-1' },
          { node: 'web', part: 'unused_commitment:ri-1' },
        ],
      },
    ]);
    expect(unusedCommitmentAdvice([{ ...group, cost: '0' }])).toEqual([]);
  });

  it('about rows without a rule is money at stake, and saves nothing', () => {
    expect(noRuleAdvice([{ ...group, of: '' }])).toMatchObject([{ saving: null, cost: '12.5', basis: [] }]);
  });
});

describe('what rules ask for', () => {
  it('are the tags of their conditions and templates', () => {
    const rule = (value: Record<string, unknown>) => ruleSchema.parse({ id: 'r', node: 'n', ...value });
    const rules = [
      rule({ where: "Tags.env = 'prod' and (ServiceName = 'x' or not Tags[\"my key\"] is null)" }),
      rule({ node: 'app:{Tags.app}', application: '{Tags.owner}' }),
      rule({ node: 'account:{SubAccountId}' }),
    ];
    expect(tagKeysOf(rules)).toEqual(['app', 'env', 'my key', 'owner']);
  });

  it('upstream of a node is everything that cost may come from, circles included', () => {
    const edge = (from: string, to: string) => ({ from, to }) as never;
    const upstream = upstreamOf({ edges: [edge('a', 'b'), edge('b', 'c'), edge('c', 'b'), edge('x', 'y')] });
    expect([upstream('c'), upstream('a')]).toEqual([['a', 'b'], []]);
  });
});
