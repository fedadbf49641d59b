import { describe, expect, it } from 'vitest';
import {
  byHours,
  computeSmall,
  hours,
  type NamedDay,
  oneLane,
  prepareSmall,
  refusalsOf,
  type Small,
} from '../testing/small-allocation.ts';
import { allocateDay } from './allocate.ts';
import { summarize } from './summarize.ts';

/** A pool of 10,000 units that two products share by `hours`. */
function compute(more: Partial<Small>, settings: object = {}): NamedDay {
  return computeSmall(small(more, settings));
}

function small(more: Partial<Small>, settings: object = {}): Small {
  return {
    nodes: ['pool', 'A', 'B'],
    edges: byHours('pool', ['A', 'B']),
    groups: [{ node: 'pool', ...settings }],
    direct: { pool: 10_000 },
    ...more,
  };
}

/** What the engine noticed when it computed every day, as `code path`. */
function noticed(given: Small): string[] {
  const { graph, allocation } = prepareSmall(given);
  for (const day of graph.days.keys()) allocateDay(allocation, day);
  return summarize(allocation, 'done').findings.map(
    ({ code, params }) => `${code.replace('allocation.', '')} ${params['node']} ${params['days']}`,
  );
}

const both = (quality: string) => ({ 'pool -> A': quality, 'pool -> B': quality });

describe('a group whose metric says nothing', () => {
  it('is held as unallocated unless it says otherwise', () => {
    const { retained, held, quality } = compute({});
    expect(retained).toEqual({ pool: 10_000 });
    expect(held).toEqual({ 'pool missing_driver': 10_000 });
    expect(quality).toEqual(both('held'));
    expect(noticed(small({}))).toEqual(['fellBack pool 1']);
  });

  it('shares equally with the fallback equal', () => {
    const { retained, quality } = compute({}, { fallback: 'equal' });
    expect(retained).toEqual({ A: 5000, B: 5000 });
    expect(quality).toEqual(both('fallback'));
  });

  it('shares as on the last day that has usage with last_known', () => {
    const usage = [
      ...hours({ A: 1, B: 9 }, '2026-09-27'),
      ...hours({ A: 3, B: 1 }, '2026-09-28'),
      ...hours({ A: 0, B: 0 }, '2026-09-29'),
    ];
    const { retained, quality } = compute({ usage }, { fallback: 'last_known' });
    expect(retained).toEqual({ A: 7500, B: 2500 });
    expect(quality).toEqual(both('fallback'));
    expect(noticed(small({ usage }, { fallback: 'last_known' }))).toEqual(['fellBack pool 1']);
  });

  it('looks back for as many days as it says, and no further', () => {
    const usage = hours({ A: 3, B: 1 }, '2026-09-28');
    const looking = (lastKnownDays: number) => compute({ usage }, { fallback: 'last_known', lastKnownDays });
    expect(looking(3).retained).toEqual({ A: 7500, B: 2500 });
    expect(looking(2).held).toEqual({ 'pool missing_driver': 10_000 });
  });

  it('shares by the direct charges of the receivers with by_cost, in each currency by its own', () => {
    const lanes = [
      ...oneLane,
      { dimension: 'Storage', currency: 'EUR', side: 'charge' as const },
      { dimension: 'Compute', currency: 'EUR', side: 'credit' as const },
      { dimension: 'Compute', currency: 'USD', side: 'charge' as const },
    ];
    const more = {
      lanes,
      direct: { pool: [10_000, 0, 100, 10_000], A: [10, 20, 500, 1], B: [60, 10, 0, 4] },
    };
    const lane = (at: number) => computeSmall(small(more, { fallback: 'by_cost' }), { lane: at });
    // EUR: A 10 + 20, B 60 + 10; credits weigh nothing but are shared alike.
    expect(lane(0).flows).toEqual({ 'pool -> A': 3000, 'pool -> B': 7000 });
    expect(lane(2).flows).toEqual({ 'pool -> A': 30, 'pool -> B': 70 });
    expect(lane(3).flows).toEqual({ 'pool -> A': 2000, 'pool -> B': 8000 });
    expect(lane(0).quality).toEqual(both('fallback'));
  });

  it('is held where the fallback says nothing either', () => {
    expect(compute({}, { fallback: 'by_cost' }).held).toEqual({ 'pool missing_driver': 10_000 });
    expect(compute({}, { fallback: 'last_known' }).held).toEqual({ 'pool missing_driver': 10_000 });
  });
});

describe('missing usage', () => {
  const zeros = hours({ A: 0, B: 0 });

  it('is not zero usage: the cause says which', () => {
    expect(compute({ usage: zeros }).held).toEqual({ 'pool zero_driver': 10_000 });
    expect(compute({ usage: hours({ A: 0 }) }).held).toEqual({ 'pool zero_driver': 10_000 });
    expect(compute({}).held).toEqual({ 'pool missing_driver': 10_000 });
  });

  it('of one receiver counts as 0 with a finding, and zero without one', () => {
    const { retained, quality } = compute({ usage: hours({ A: 5 }) });
    expect(retained).toEqual({ A: 10_000 });
    expect(quality).toEqual(both('measured'));
    expect(noticed(small({ usage: hours({ A: 5 }) }))).toEqual(['missingDriver B 1']);
    expect(noticed(small({ usage: hours({ A: 5, B: 0 }) }))).toEqual([]);
  });

  it('of one receiver sends the whole group to its fallback where it says so', () => {
    const settings = { missing: 'fallback', fallback: 'equal' };
    expect(compute({ usage: hours({ A: 5 }) }, settings).retained).toEqual({ A: 5000, B: 5000 });
    expect(compute({ usage: hours({ A: 5, B: 0 }) }, settings).retained).toEqual({ A: 10_000 });
    const held = compute({ usage: hours({ A: 5 }) }, { missing: 'fallback' });
    expect(held.held).toEqual({ 'pool missing_driver': 10_000 });
  });

  it('of a whole day passes over days on which only some have usage where it says so', () => {
    const usage = [...hours({ A: 1, B: 3 }, '2026-09-28'), ...hours({ A: 7 }, '2026-09-30')];
    const strict = { fallback: 'last_known', missing: 'fallback' };
    expect(compute({ usage }, strict).retained).toEqual({ A: 2500, B: 7500 });
    expect(compute({ usage }, { fallback: 'last_known' }).retained).toEqual({ A: 10_000 });
  });

  it('in a window is missing only where every day of it is', () => {
    const params = { metric: 'hours', windowDays: 2 };
    const edges = ['A', 'B'].map((to) => ({ from: 'pool', to, strategy: 'weighted_average', params }));
    const early = hours({ A: 9, B: 9 }, '2026-09-29');
    const yesterday = hours({ A: 4, B: 1 }, '2026-09-30');
    expect(compute({ edges, usage: [...early, ...yesterday] }).retained).toEqual({ A: 8000, B: 2000 });
    expect(compute({ edges, usage: early }).held).toEqual({ 'pool missing_driver': 10_000 });
    const known = compute({ edges, usage: early }, { fallback: 'last_known' });
    expect(known.retained).toEqual({ A: 5000, B: 5000 });
    expect(known.quality).toEqual(both('fallback'));
  });

  it('counts each day once, however many lanes and groups see it', () => {
    const days = ['2026-10-01', '2026-10-02', '2026-10-03'];
    const usage = [...hours({ A: 5 }), ...hours({ A: 5, B: 5 }, days[1]), ...hours({ A: 1 }, days[2])];
    expect(noticed(small({ days, usage }))).toEqual(['missingDriver B 2']);
  });
});

describe('dates', () => {
  const days = ['2026-10-01', '2026-10-02', '2026-10-03', '2026-10-04'];

  it('are half-open: an edge from the 2nd to the 4th carries on the 2nd and 3rd', () => {
    const edges = [
      { from: 'pool', to: 'A', strategy: 'equal' },
      { from: 'pool', to: 'B', strategy: 'equal', validFrom: '2026-10-02', validTo: '2026-10-04' },
    ];
    const gotten = days.map((_, day) => computeSmall(small({ edges, days }), { day }).pools['B'] ?? 0);
    expect(gotten).toEqual([0, 5000, 5000, 0]);
  });

  it('let one edge take over from another without a gap', () => {
    const percent = (value: string, dates: object) => ({
      ...{ from: 'pool', to: 'A', strategy: 'fixed_percent', params: { percent: value }, ...dates },
    });
    const edges = [percent('70', { validTo: '2026-10-03' }), percent('90', { validFrom: '2026-10-03' })];
    const gotten = days.map((_, day) => computeSmall(small({ edges, days }), { day }).pools['A']);
    expect(gotten).toEqual([7000, 7000, 9000, 9000]);
  });

  it('leave cost on a node on days without a live edge, as no_edge', () => {
    const edges = [{ from: 'pool', to: 'A', strategy: 'equal', validFrom: '2026-10-04' }];
    const held = days.map((_, day) => computeSmall(small({ edges, days }), { day }).held);
    expect(held).toEqual([...new Array(3).fill({ 'pool no_edge': 10_000 }), {}]);
  });

  it('that end before they begin never hold', () => {
    const edges = [
      { from: 'pool', to: 'A', strategy: 'equal', validFrom: '2026-10-03', validTo: '2026-10-02' },
    ];
    expect(computeSmall(small({ edges, days }), { day: 2 }).held).toEqual({ 'pool no_edge': 10_000 });
  });
});

describe('sibling groups', () => {
  const edges = [
    ...byHours('pool', ['A', 'B'], { group: 'users' }),
    { from: 'pool', to: 'B', id: 'base', group: 'base', strategy: 'equal' },
  ];
  const usage = hours({ A: 1, B: 3 });

  it('divide a node by their percentages; one without takes the rest', () => {
    const groups = [{ node: 'pool', name: 'users', percent: '20' }];
    expect(compute({ edges, usage, groups }).flows).toEqual({
      'pool -> A': 500,
      'pool -> B': 1500,
      base: 8000,
    });
  });

  it('leave on the node what their percentages do not reach', () => {
    const groups = [
      { node: 'pool', name: 'users', percent: '20' },
      { node: 'pool', name: 'base', percent: '30' },
    ];
    const { flows, held } = compute({ edges, usage, groups });
    expect(flows).toEqual({ 'pool -> A': 500, 'pool -> B': 1500, base: 3000 });
    expect(held).toEqual({ 'pool fixed': 5000 });
  });

  it('fall back each by itself', () => {
    const groups = [{ node: 'pool', name: 'users', percent: '20' }];
    const { flows, held, quality } = compute({ edges, groups });
    expect(flows).toEqual({ base: 8000 });
    expect(held).toEqual({ 'pool missing_driver': 2000 });
    expect(quality).toEqual({ 'pool -> A': 'held', 'pool -> B': 'held', base: 'declared' });
  });

  it('that both take the rest, or more than there is, are refused by name', () => {
    expect(refusalsOf(small({ edges, groups: [] }))).toEqual(['notComputable groups/pool']);
    const groups = [
      { node: 'pool', name: 'users', percent: '70' },
      { node: 'pool', name: 'base', percent: '40' },
    ];
    expect(refusalsOf(small({ edges, groups }))).toEqual(['notComputable groups/pool']);
  });
});
