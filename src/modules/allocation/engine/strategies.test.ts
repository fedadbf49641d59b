import { describe, expect, it } from 'vitest';
import type { UsageRow } from '../testing/rational-shares.ts';
import {
  computeSmall,
  hours,
  type NamedDay,
  oneLane,
  refusalsOf,
  type Small,
} from '../testing/small-allocation.ts';

/** Edges from `pool` to products, each with its rule. */
function edgesTo(rules: Readonly<Record<string, object>>): object[] {
  return Object.entries(rules).map(([to, rule]) => ({ from: 'pool', to, ...rule }));
}

/** The same strategy for all, with parameters of each. */
function each(strategy: string, params: Readonly<Record<string, object>>): object[] {
  return edgesTo(
    Object.fromEntries(
      Object.entries(params).map(([to, own]) => [to, { strategy, params: { metric: 'hours', ...own } }]),
    ),
  );
}

/** A pool of 10,000 units: who gets what, and what stays on it by cause. */
function split(edges: object[], more: Partial<Small> = {}, place = {}): Record<string, number> {
  const { retained, held } = compute(edges, more, place);
  const { pool: _, ...products } = retained;
  return { ...products, ...held };
}

function compute(edges: object[], more: Partial<Small> = {}, place = {}): NamedDay {
  return computeSmall(small(edges, more), place);
}

function small(edges: object[], more: Partial<Small> = {}): Small {
  return { nodes: ['pool', 'A', 'B', 'C', 'D'], edges, direct: { pool: 10_000 }, ...more };
}

const group = (settings: object) => ({ groups: [{ node: 'pool', ...settings }] });

describe('equal', () => {
  const equal = { strategy: 'equal' };
  it('gives everybody the same, and the odd unit where cumulative rounding puts it', () => {
    expect(split(edgesTo({ A: equal, B: equal, C: equal }))).toEqual({ A: 3333, B: 3334, C: 3333 });
  });

  it('gives a single receiver everything', () => {
    expect(split(edgesTo({ B: equal }))).toEqual({ B: 10_000 });
  });
});

describe('proportional', () => {
  it('gives everybody a part by usage', () => {
    const usage = hours({ A: 60, B: 30, C: 10 });
    expect(split(each('proportional', { A: {}, B: {}, C: {} }), { usage })).toEqual({
      ...{ A: 6000, B: 3000, C: 1000 },
    });
  });

  it('gives nothing to usage of 0', () => {
    const usage = hours({ A: 3, B: 0, C: 1 });
    expect(split(each('proportional', { A: {}, B: {}, C: {} }), { usage })).toEqual({ A: 7500, C: 2500 });
  });
});

describe('fixed_percent', () => {
  const percent = (value: string) => ({ strategy: 'fixed_percent', params: { percent: value } });
  it('leaves what is missing to 100 % on the node', () => {
    expect(split(edgesTo({ A: percent('30'), B: percent('50') }))).toEqual({
      A: 3000,
      B: 5000,
      'pool fixed': 2000,
    });
  });

  it('keeps four decimals of a percent', () => {
    expect(
      split(edgesTo({ A: percent('0.0001'), B: percent('33.3333') }), { direct: { pool: 1_000_000 } }),
    ).toEqual({ A: 1, B: 333_333, 'pool fixed': 666_666 });
  });

  it('comes first beside another strategy, which shares the rest', () => {
    const edges = [...edgesTo({ A: percent('40') }), ...each('proportional', { B: {}, C: {} })];
    const { retained, quality } = compute(edges, { usage: hours({ A: 999, B: 1, C: 2 }) });
    expect(retained).toEqual({ A: 4000, B: 2000, C: 4000 });
    expect(quality).toMatchObject({
      'pool -> A': 'declared',
      'pool -> B': 'measured',
      'pool -> C': 'measured',
    });
  });

  it('over 100 % is refused by name', () => {
    const edges = edgesTo({ A: percent('60'), B: percent('50') });
    expect(refusalsOf(small(edges))).toEqual(['notComputable groups/pool']);
  });
});

describe('capped_proportional', () => {
  const caps = (a: string, b: string, c: string) =>
    each('capped_proportional', { A: { cap: a }, B: { cap: b }, C: { cap: c } });
  const usage = hours({ A: 60, B: 30, C: 10 });

  it('is proportional while nobody is over the cap', () => {
    expect(split(caps('60', '40', '20'), { usage })).toEqual({ A: 6000, B: 3000, C: 1000 });
  });

  it('gives what one has too much to the others by weight', () => {
    expect(split(caps('40', '100', '100'), { usage })).toEqual({ A: 4000, B: 4500, C: 1500 });
  });

  it('fills up in turns: the excess of one puts the next over its cap', () => {
    expect(split(caps('40', '40', '100'), { usage })).toEqual({ A: 4000, B: 4000, C: 2000 });
    expect(split(caps('40', '45', '100'), { usage })).toEqual({ A: 4000, B: 4500, C: 1500 });
  });

  it.each([
    ['keep', { A: 4000, B: 3000, C: 1000, 'pool cap': 2000 }],
    ['largest', { A: 6000, B: 3000, C: 1000 }],
    ['lift', { A: 5200, B: 3600, C: 1200 }],
    [{ to: 'C' }, { A: 4000, B: 3000, C: 3000 }],
  ])('with everybody at the cap and residual %j leaves the rest as declared', (residual, expected) => {
    expect(split(caps('40', '30', '10'), { usage, ...group({ residual }) })).toEqual(expected);
  });

  it('gives what caps leave to a receiver with a fixed percentage too, when it is named', () => {
    const edges = [
      ...caps('40', '10', '5'),
      ...edgesTo({ D: { strategy: 'fixed_percent', params: { percent: '20' } } }),
    ];
    expect(split(edges, { usage, ...group({ residual: { to: 'D' } }) })).toEqual({
      ...{ A: 4000, B: 1000, C: 500, D: 4500 },
    });
  });

  it('keeps the rest where the named receiver has no live edge', () => {
    const more = { usage, ...group({ residual: { to: 'D' } }) };
    expect(split(caps('40', '30', '10'), more)).toEqual({ A: 4000, B: 3000, C: 1000, 'pool cap': 2000 });
  });

  it('counts nobody without usage among those who can take more', () => {
    const few = { usage: hours({ A: 60, B: 40, C: 0 }) };
    expect(split(caps('30', '30', '100'), few)).toEqual({ A: 3000, B: 3000, 'pool cap': 4000 });
  });

  it('takes caps of 0 at their word', () => {
    expect(split(caps('0', '100', '100'), { usage })).toEqual({ B: 7500, C: 2500 });
    expect(split(caps('0', '0', '0'), { usage })).toEqual({ 'pool cap': 10_000 });
  });
});

describe('residual_to_max', () => {
  const usage = hours({ A: 70, B: 20, C: 10 });

  it('is proportional without percentages and caps', () => {
    expect(split(each('residual_to_max', { A: {}, B: {}, C: {} }), { usage })).toEqual({
      A: 7000,
      B: 2000,
      C: 1000,
    });
  });

  it('gives the largest what a cap leaves', () => {
    const edges = each('residual_to_max', { A: {}, B: { cap: '15' }, C: {} });
    expect(split(edges, { usage })).toEqual({ A: 7500, B: 1500, C: 1000 });
  });

  it('gives the largest what percentages leave, whatever its own is', () => {
    const edges = each('residual_to_max', {
      A: { percent: '5' },
      B: { percent: '25' },
      C: { percent: '15' },
    });
    const { retained, quality } = compute(edges, { usage });
    expect(retained).toEqual({ A: 6000, B: 2500, C: 1500 });
    expect(quality).toEqual({ 'pool -> A': 'measured', 'pool -> B': 'declared', 'pool -> C': 'declared' });
  });

  it('of two that are equally large means the one with the smaller id', () => {
    const edges = each('residual_to_max', {
      A: { percent: '10' },
      B: { percent: '10' },
      C: { percent: '10' },
    });
    expect(split(edges, { usage: hours({ A: 7, B: 50, C: 50 }) })).toEqual({ A: 1000, B: 8000, C: 1000 });
  });

  it('keeps percentages and holds the rest where nobody has a value', () => {
    const edges = each('residual_to_max', { A: { percent: '10' }, B: {} });
    expect(split(edges)).toEqual({ A: 1000, 'pool missing_driver': 9000 });
  });
});

describe('weighted_average', () => {
  const window = (more: object) =>
    each('weighted_average', { A: { windowDays: 3, ...more }, B: { windowDays: 3, ...more } });
  const usage = [
    ...hours({ A: 1000, B: 1 }, '2026-09-28'),
    ...hours({ A: 30, B: 10 }, '2026-09-29'),
    ...hours({ A: 30 }, '2026-09-30'),
    ...hours({ A: 30, B: 20 }, '2026-10-01'),
  ];

  it('is the mean of the days present when missing days are skipped', () => {
    // A 30, B (10 + 20) ÷ 2 = 15.
    expect(split(window({ missingDays: 'skip' }), { usage })).toEqual({ A: 6667, B: 3333 });
  });

  it('counts missing days as 0 when that is declared', () => {
    // A 30, B (10 + 0 + 20) ÷ 3 = 10.
    expect(split(window({ missingDays: 'zero' }), { usage })).toEqual({ A: 7500, B: 2500 });
  });

  it('weighs each day back by the decay', () => {
    // Days weigh 1, ½, ¼. A 30; B, without the middle day, (20 + 10 ÷ 4) ÷ 1.25 = 18; with it as 0: 22.5 ÷ 1.75.
    expect(split(window({ decay: '0.5', missingDays: 'skip' }), { usage })).toEqual({ A: 6250, B: 3750 });
    expect(split(window({ decay: '0.5', missingDays: 'zero' }), { usage })).toEqual({ A: 7000, B: 3000 });
  });

  it('may be over another window for each sibling', () => {
    // A of the day alone: 30. B over three days, the missing one as 0: 10.
    const edges = each('weighted_average', {
      A: { windowDays: 1, missingDays: 'zero' },
      B: { windowDays: 3, missingDays: 'zero' },
    });
    expect(split(edges, { usage })).toEqual({ A: 7500, B: 2500 });
  });

  it('of one day is proportional, and still called smoothed', () => {
    const edges = each('weighted_average', { A: { windowDays: 1 }, B: { windowDays: 1 } });
    const { retained, quality } = compute(edges, { usage });
    expect(retained).toEqual({ A: 6000, B: 4000 });
    expect(quality).toEqual({ 'pool -> A': 'smoothed', 'pool -> B': 'smoothed' });
  });
});

describe('hybrid_fixed_proportional', () => {
  const hybrid = (fixedPercent: string) =>
    each('hybrid_fixed_proportional', { A: { fixedPercent }, B: { fixedPercent }, C: { fixedPercent } });
  const usage = hours({ A: 70, B: 20, C: 10 });

  it.each([
    ['40', { A: 5533, B: 2534, C: 1933 }],
    ['0', { A: 7000, B: 2000, C: 1000 }],
    ['100', { A: 3333, B: 3334, C: 3333 }],
  ])('with %s percent gives so much equally, the rest by usage', (percent, expected) => {
    expect(split(hybrid(percent), { usage })).toEqual(expected);
  });

  it('gives the equal part and holds the rest where nobody has a value', () => {
    const { retained, held, quality } = compute(hybrid('30'));
    expect(retained).toEqual({ A: 1000, B: 1000, C: 1000, pool: 7000 });
    expect(held).toEqual({ 'pool missing_driver': 7000 });
    expect(quality['pool -> A']).toBe('declared');
  });

  it('divides its equal part by those who share it, not by a sibling with a percentage of its own', () => {
    const edges = [
      ...hybrid('30'),
      ...edgesTo({ D: { strategy: 'fixed_percent', params: { percent: '10' } } }),
    ];
    expect(split(edges, { usage })).toEqual({ A: 5200, B: 2200, C: 1600, D: 1000 });
  });

  it('with several fixedPercent is refused', () => {
    const edges = each('hybrid_fixed_proportional', { A: { fixedPercent: '1' }, B: { fixedPercent: '2' } });
    expect(refusalsOf(small(edges))).toEqual(['notComputable groups/pool']);
  });
});

describe('min_floor_proportional', () => {
  const floors = (a: string, b: string, c: string) =>
    each('min_floor_proportional', {
      A: { floorPercent: a },
      B: { floorPercent: b },
      C: { floorPercent: c },
    });
  const usage = hours({ A: 8, B: 1, C: 1 });

  it('gives each its floor and the rest by usage', () => {
    expect(split(floors('10', '20', '30'), { usage })).toEqual({ A: 4200, B: 2400, C: 3400 });
  });

  it('leaves nothing to usage where floors are 100 %', () => {
    expect(split(floors('10', '20', '70'), { usage })).toEqual({ A: 1000, B: 2000, C: 7000 });
  });

  it('refuses floors that do not fit, unless the group says equal', () => {
    expect(refusalsOf(small(floors('40', '40', '40'), { usage }))).toEqual(['notComputable groups/pool']);
    const more = { usage, ...group({ infeasibleFloors: 'equal' }) };
    expect(split(floors('40', '40', '40'), more)).toEqual({ A: 3333, B: 3334, C: 3333 });
  });

  it('gives floors and holds the rest where nobody has a value', () => {
    expect(split(floors('10', '20', '30'))).toEqual({
      ...{ A: 1000, B: 2000, C: 3000, 'pool missing_driver': 4000 },
    });
  });
});

describe('segment_filtered_proportional', () => {
  const labelled: UsageRow[] = [
    { node: 'A', metric: 'hours', day: '2026-10-01', value: 50, labels: { env: 'prod' } },
    { node: 'A', metric: 'hours', day: '2026-10-01', value: 30, labels: { env: 'test' } },
    { node: 'B', metric: 'hours', day: '2026-10-01', value: 30, labels: { env: 'prod' } },
    { node: 'B', metric: 'hours', day: '2026-10-01', value: 10, labels: { zone: 'a' } },
    { node: 'C', metric: 'hours', day: '2026-10-01', value: 20, labels: { env: 'dev' } },
  ];
  const by = (segment: object) =>
    each('segment_filtered_proportional', { A: { segment }, B: { segment }, C: { segment } });

  it.each([
    ['eq', ['prod'], { A: 6250, B: 3750 }],
    ['in', ['prod', 'test'], { A: 7273, B: 2727 }],
    ['neq', ['prod'], { A: 5000, B: 1667, C: 3333 }],
    ['not_in', ['prod', 'test'], { B: 3333, C: 6667 }],
    ['exists', [], { A: 6154, B: 2308, C: 1538 }],
    ['not_exists', [], { B: 10_000 }],
  ])('counts usage whose label fits %s %j', (operator, values, expected) => {
    expect(split(by({ label: 'env', operator, values }), { usage: labelled })).toEqual(expected);
  });

  it('holds the node where nobody has usage in the segment, for zero is measured', () => {
    expect(split(by({ label: 'env', operator: 'eq', values: ['none'] }), { usage: labelled })).toEqual({
      'pool zero_driver': 10_000,
    });
  });

  it('may weigh siblings by different segments of one metric', () => {
    const edges = [
      ...each('segment_filtered_proportional', { A: { segment: { label: 'env', values: ['test'] } } }),
      ...each('segment_filtered_proportional', { B: { segment: { label: 'env', values: ['prod'] } } }),
    ];
    expect(split(edges, { usage: labelled })).toEqual({ A: 5000, B: 5000 });
  });
});

describe('an override', () => {
  it('shares its dimension in another way, and no other', () => {
    const lanes = [...oneLane, { dimension: 'Network', currency: 'EUR', side: 'charge' as const }];
    const overrides = { Network: { strategy: 'equal' } };
    const edges = each('proportional', { A: {}, B: {} }).map((edge) => ({ ...edge, overrides }));
    const more = { usage: hours({ A: 9, B: 1 }), lanes, direct: { pool: [10_000, 500] } };
    expect(split(edges, more)).toEqual({ A: 9000, B: 1000 });
    expect(split(edges, more, { lane: 1 })).toEqual({ A: 250, B: 250 });
  });
});

describe('siblings that cannot share together', () => {
  it('are refused: two strategies, or two metrics', () => {
    const mixed = [...edgesTo({ A: { strategy: 'equal' } }), ...each('proportional', { B: {} })];
    const metrics = [
      ...each('proportional', { A: {} }),
      ...each('proportional', { B: { metric: 'requests' } }),
    ];
    expect(refusalsOf(small(mixed))).toEqual(['notComputable groups/pool']);
    expect(refusalsOf(small(metrics))).toEqual(['notComputable groups/pool']);
  });
});
