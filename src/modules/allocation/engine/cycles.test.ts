import { describe, expect, it } from 'vitest';
import {
  byHours,
  computeSmall,
  hours,
  nameDay,
  oneLane,
  prepareSmall,
  refusalsOf,
  type Small,
} from '../testing/small-allocation.ts';
import { allocate, allocateDay } from './allocate.ts';
import { summarize } from './summarize.ts';

const fixed = (from: string, to: string, percent: string, more: object = {}) => ({
  ...{ from, to, strategy: 'fixed_percent', params: { percent }, ...more },
});

/** Two that serve each other: a passes half on to b, b a fifth to a; the rest leaves. */
const pair: Small = {
  nodes: ['a', 'b', 'X', 'Y'],
  edges: [fixed('a', 'b', '50'), fixed('a', 'X', '50'), fixed('b', 'a', '20'), fixed('b', 'Y', '80')],
  direct: { a: 800, b: 500 },
};
const withMode = (mode: string, more: object = {}): Small => ({ ...pair, cycles: { mode, ...more } });

/** A second pair beside the first: c passes everything to d, which gives half of it back. */
const pairs: Small = {
  nodes: ['a', 'b', 'c', 'd', 'X', 'Y'],
  edges: [...pair.edges, fixed('c', 'd', '100'), fixed('d', 'c', '50'), fixed('d', 'Y', '50')],
  direct: { ...pair.direct, c: 300 },
};

function refusal(small: Small) {
  const { findings } = prepareSmall(small).allocation;
  return findings.find(({ severity }) => severity === 'error');
}

/** What was cut, after every day was computed. */
function summaryOf(small: Small) {
  const { graph, allocation } = prepareSmall(small);
  for (const day of graph.days.keys()) allocateDay(allocation, day);
  const { cutEdges, findings, closingOrder } = summarize(allocation, 'done');
  return {
    cut: cutEdges.map(({ edge, days }) => [graph.edgeIds[edge], days]),
    notes: findings.filter(({ code }) => code === 'allocation.cycleCut').map(({ message }) => message),
    closingOrder,
  };
}

describe('a circle', () => {
  it('is refused by default, naming its nodes and edges in order', () => {
    const { code, path, message, params } = refusal(pair) ?? {};
    expect([code, path]).toEqual(['allocation.cycle', 'edges/a -> b']);
    expect(params).toMatchObject({
      nodes: ['a', 'b'],
      edges: ['a -> b', 'b -> a'],
      size: 2,
      day: '2026-10-01',
    });
    expect(message).toContain('a → b → a');
  });

  it('is named by its shortest way round, with the size of its component', () => {
    const [toB, toX, back] = pair.edges as [object, object, object];
    const long = [fixed('b', 'c', '1'), fixed('c', 'a', '100')];
    const edges = [toB, toX, back, fixed('b', 'Y', '79'), ...long];
    const { message, params } = refusal({ ...pair, nodes: [...pair.nodes, 'c'], edges }) ?? {};
    expect(params).toMatchObject({ nodes: ['a', 'b'], size: 3 });
    expect(message).toContain('one circle of a component of 3 nodes');
  });

  it('gives out no day when it is refused', async () => {
    const { graph, allocation } = prepareSmall(pair);
    const days: number[] = [];
    const { status, findings } = await allocate({
      ...allocation.input,
      graph,
      onDay: ({ day }) => void days.push(day),
    });
    expect([status, days, findings.map(({ code }) => code)]).toEqual(['refused', [], ['allocation.cycle']]);
  });

  it('is one only on days on which all its edges are live', () => {
    const edges = pair.edges.map((edge, at) => (at === 2 ? { ...edge, validFrom: '2026-10-02' } : edge));
    expect(refusal({ ...pair, edges })).toBeUndefined();
    const found = refusal({ ...pair, edges, days: ['2026-10-01', '2026-10-02', '2026-10-03'] });
    expect(found?.params).toMatchObject({ day: '2026-10-02' });
  });

  it('is none where an edge of it carries nothing', () => {
    const edges = pair.edges.map((edge, at) => (at === 2 ? fixed('b', 'a', '0') : edge));
    const { retained } = computeSmall({ ...pair, edges });
    expect(retained).toEqual({ X: 400, Y: 720, b: 180 });
  });
});

describe('step_down', () => {
  it('closes the largest direct cost first where no order is declared, and names what it cut', () => {
    const { retained, held, flows } = computeSmall(withMode('step_down'));
    expect(flows).toEqual({ 'a -> X': 400, 'a -> b': 400, 'b -> Y': 720 });
    expect(retained).toEqual({ X: 400, Y: 720, b: 180 });
    expect(held).toEqual({ 'b cut_cycle': 180 });
    expect(summaryOf(withMode('step_down'))).toEqual({
      cut: [['b -> a', 1]],
      notes: ["Step-down closed 'b -> a' on 1 day: its receiver had passed its cost on already."],
      closingOrder: ['a', 'b'],
    });
  });

  it('follows a declared order', () => {
    const { retained, held } = computeSmall(withMode('step_down', { order: ['b', 'a'] }));
    expect(retained).toEqual({ X: 450, Y: 400, a: 450 });
    expect(held).toEqual({ 'a cut_cycle': 450 });
    expect(summaryOf(withMode('step_down', { order: ['b', 'a'] })).cut).toEqual([['a -> b', 1]]);
  });

  it('closes nodes that the order does not name after it, by cost', () => {
    const cycles = { mode: 'step_down', order: ['d'] };
    expect(summaryOf({ ...pairs, cycles }).cut).toEqual([
      ['b -> a', 1],
      ['c -> d', 1],
    ]);
  });

  it('sums direct charges over all days of the run, without credits; ties close by id', () => {
    const lanes = [...oneLane, { dimension: 'Compute', currency: 'EUR', side: 'credit' as const }];
    const credited = { ...withMode('step_down'), lanes, direct: { a: [800, 0], b: [700, 5000] } };
    expect(summaryOf(credited).closingOrder).toEqual(['a', 'b']);
    expect(summaryOf({ ...withMode('step_down'), direct: { a: 5, b: 5 } }).closingOrder).toEqual(['a', 'b']);
    expect(summaryOf({ ...withMode('step_down'), direct: { a: 5, b: 6 } }).closingOrder).toEqual(['b', 'a']);
  });

  it('keeps the order that is handed in, whatever costs say', () => {
    const given = { ...withMode('step_down'), more: { closingOrder: ['b', 'a'] } };
    expect(summaryOf(given)).toMatchObject({ cut: [['a -> b', 1]], closingOrder: ['b', 'a'] });
  });

  it('lets the siblings of a cut edge share what it would have taken, where they share by usage', () => {
    const small: Small = {
      ...withMode('step_down'),
      edges: [...byHours('a', ['b', 'X']), ...byHours('b', ['a', 'X', 'Y'])],
      usage: hours({ a: 2, b: 1, X: 1, Y: 3 }),
    };
    // a: 400 to b, 400 to X. b has 900 and shares it 1 : 3 without a, which weighs 2.
    expect(computeSmall(small).retained).toEqual({ X: 625, Y: 675 });
    expect(summaryOf(small).cut).toEqual([['b -> a', 1]]);
  });

  it('holds all of a node whose every edge was cut', () => {
    const edges = [fixed('a', 'b', '100'), { from: 'b', to: 'a', strategy: 'equal' }];
    const { held } = computeSmall({ ...withMode('step_down'), edges });
    expect(held).toEqual({ 'b cut_cycle': 1300 });
  });

  it('cuts in one dimension only, where overrides make the circle only there', () => {
    const lanes = [...oneLane, { dimension: 'Network', currency: 'EUR', side: 'charge' as const }];
    const overrides = { Network: { strategy: 'fixed_percent', params: { percent: '0' } } };
    const edges = pair.edges.map((edge, at) => (at === 2 ? { ...edge, overrides } : edge));
    const small = { ...withMode('step_down'), lanes, edges, direct: { a: [800, 80], b: [500, 50] } };
    expect(computeSmall(small).held).toEqual({ 'b cut_cycle': 180 });
    expect(computeSmall(small, { lane: 1 }).held).toEqual({ 'b fixed': 18 });
  });

  it('cuts on one day, and opens again on the next, on which there is no circle', () => {
    const days = ['2026-10-01', '2026-10-02'];
    const edges = [...byHours('a', ['b', 'X']), { from: 'b', to: 'a', strategy: 'equal' }];
    const usage = [...hours({ b: 1, X: 1 }), ...hours({ b: 0, X: 1 }, days[1])];
    const { graph, allocation } = prepareSmall({ ...withMode('step_down'), edges, usage, days });
    const found = days.map((_, day) => nameDay(graph, allocateDay(allocation, day), { lane: 0, lanes: 1 }));
    expect(found.map(({ held }) => held)).toEqual([{ 'b cut_cycle': 900 }, {}]);
    expect(found[1]?.flows).toEqual({ 'a -> X': 1300, 'b -> a': 500 });
  });

  it('counts the days on which an edge was cut', () => {
    const days = ['2026-10-01', '2026-10-02', '2026-10-03'];
    const edges = pair.edges.map((edge, at) => (at === 2 ? { ...edge, validFrom: '2026-10-02' } : edge));
    expect(summaryOf({ ...withMode('step_down'), edges, days }).cut).toEqual([['b -> a @2026-10-02', 2]]);
  });
});

describe('reciprocal', () => {
  it('solves the gross pools exactly and passes them on', () => {
    // a = 800 + b ÷ 5 and b = 500 + a ÷ 2: both are 1,000.
    const { pools, flows, retained, held } = computeSmall(withMode('reciprocal'));
    expect(pools).toEqual({ a: 1000, b: 1000, X: 500, Y: 800 });
    expect(flows).toEqual({ 'a -> X': 500, 'a -> b': 500, 'b -> Y': 800, 'b -> a': 200 });
    expect(retained).toEqual({ X: 500, Y: 800 });
    expect(held).toEqual({});
  });

  it('comes to the published pools of a textbook, to the unit', () => {
    const edges = [
      fixed('maintenance', 'facilities', '10'),
      fixed('maintenance', 'X', '90'),
      fixed('facilities', 'maintenance', '15.625'),
      fixed('facilities', 'Y', '84.375'),
    ];
    const direct = { maintenance: 10_000_000, facilities: 27_000_000 };
    const nodes = ['maintenance', 'facilities', 'X', 'Y'];
    const { pools, retained } = computeSmall({ nodes, edges, direct, cycles: { mode: 'reciprocal' } });
    expect(pools).toMatchObject({ maintenance: 14_444_444, facilities: 28_444_444 });
    expect((retained['X'] ?? 0) + (retained['Y'] ?? 0) + (retained['facilities'] ?? 0)).toBe(37_000_000);
  });

  it('leaves the few units that no receiver can hold where they are, as rounding', () => {
    const edges = [fixed('a', 'b', '100'), fixed('b', 'a', '50'), fixed('b', 'Y', '50')];
    const { retained, held } = computeSmall({ ...withMode('reciprocal'), edges, direct: { a: 1, b: 0 } });
    expect(Object.values(retained).reduce((sum, units) => sum + units, 0)).toBe(1);
    expect(Object.keys(held).filter((key) => !key.endsWith('rounding'))).toEqual([]);
  });

  it('takes in what comes from outside, and passes on what leaves', () => {
    const edges = [...pair.edges, fixed('in', 'a', '100')];
    const { pools } = computeSmall({
      ...withMode('reciprocal'),
      nodes: [...pair.nodes, 'in'],
      edges,
      direct: { in: 800, b: 500 },
    });
    expect(pools).toEqual({ in: 800, a: 1000, b: 1000, X: 500, Y: 800 });
  });

  it('solves each day by its own usage', () => {
    const days = ['2026-10-01', '2026-10-02'];
    const edges = [...byHours('a', ['b', 'X']), fixed('b', 'a', '20'), fixed('b', 'Y', '80')];
    const usage = [...hours({ b: 1, X: 1 }), ...hours({ b: 0, X: 1 }, days[1])];
    const small = { ...withMode('reciprocal'), edges, usage, days };
    expect(computeSmall(small).pools).toMatchObject({ a: 1000, b: 1000 });
    expect(computeSmall(small, { day: 1 }).pools).toMatchObject({ a: 900, b: 500 });
  });
});

describe('a component that cost can never leave', () => {
  const trap = (mode: string): Small => ({
    ...withMode(mode),
    edges: [fixed('a', 'b', '100'), { from: 'b', to: 'a', strategy: 'equal' }],
  });

  it('is refused with its nodes, the day and the dimension', () => {
    const { code, path, params } = refusal(trap('reciprocal')) ?? {};
    expect([code, path]).toEqual(['allocation.noExit', 'nodes/a']);
    expect(params).toEqual({ nodes: ['a', 'b'], day: '2026-10-01', dimension: 'Compute' });
  });

  it('is refused as a circle where circles are refused, and rests as cut under step_down', () => {
    expect(refusalsOf(trap('refuse'))).toEqual(['cycle edges/a -> b']);
    expect(computeSmall(trap('step_down')).held).toEqual({ 'b cut_cycle': 1300 });
  });

  it('is refused without any cost in it too, and from the day on which its exit ends', () => {
    expect(refusalsOf({ ...trap('reciprocal'), direct: {} })).toEqual(['noExit nodes/a']);
    const days = ['2026-10-01', '2026-10-02'];
    const edges = [
      { from: 'a', to: 'b', strategy: 'equal' },
      { from: 'a', to: 'X', strategy: 'equal', validTo: '2026-10-02' },
      { from: 'b', to: 'a', strategy: 'equal' },
    ];
    expect(refusal({ ...withMode('reciprocal'), edges, days })?.params).toMatchObject({ day: '2026-10-02' });
  });

  it('is refused in the dimension that an override closes, by its name', () => {
    const lanes = [...oneLane, { dimension: 'Network', currency: 'EUR', side: 'charge' as const }];
    const rule = (percent: string) => ({ strategy: 'fixed_percent', params: { percent } });
    const edges = [
      fixed('a', 'b', '50', { overrides: { Network: rule('100') } }),
      fixed('a', 'X', '50', { overrides: { Network: rule('0') } }),
      fixed('b', 'a', '20', { overrides: { Network: rule('100') } }),
      fixed('b', 'Y', '80', { overrides: { Network: rule('0') } }),
    ];
    expect(refusal({ ...withMode('reciprocal'), edges, lanes })?.params).toMatchObject({
      dimension: 'Network',
    });
  });

  it('has an exit where a part stays on a node', () => {
    const edges = [fixed('a', 'b', '100'), fixed('b', 'a', '50')];
    const { pools, held } = computeSmall({ ...withMode('reciprocal'), edges, direct: { a: 500 } });
    expect(pools).toEqual({ a: 1000, b: 1000 });
    expect(held).toEqual({ 'b fixed': 500 });
  });
});

describe('components', () => {
  it('are treated each as it says, and the others as all are', () => {
    const components = [
      { node: 'b', mode: 'reciprocal' },
      { node: 'd', mode: 'step_down', order: ['d'] },
    ];
    const { pools, held } = computeSmall({ ...pairs, cycles: { components } });
    expect(pools).toMatchObject({ a: 1000, b: 1000, c: 300 });
    expect(held).toEqual({ 'c cut_cycle': 300 });
    expect(refusalsOf({ ...pairs, cycles: { components: components.slice(0, 1) } })).toEqual([
      'cycle edges/c -> d',
    ]);
    const refused = { mode: 'reciprocal', components: [{ node: 'a', mode: 'refuse' }] };
    expect(refusalsOf({ ...pairs, cycles: refused })).toEqual(['cycle edges/a -> b']);
  });

  it('that feed each other are solved one after the other', () => {
    const edges = [
      ...pairs.edges.filter((edge) => !('to' in edge && edge.to === 'X')),
      fixed('a', 'c', '50'),
    ];
    const { pools } = computeSmall({ ...pairs, edges, cycles: { mode: 'reciprocal' } });
    // c and d: c = 300 + 500 + d ÷ 2, d = c.
    expect(pools).toEqual({ a: 1000, b: 1000, c: 1600, d: 1600, Y: 1600 });
  });

  it('of more than 200 nodes are not solved exactly, and refused by name', () => {
    const ring = (size: number): Small => {
      const nodes = Array.from({ length: size }, (_, at) => `n${at}`);
      const edges = nodes.flatMap((id, at) => [
        { from: id, to: nodes[(at + 1) % size], strategy: 'equal' },
        { from: id, to: 'X', strategy: 'equal' },
      ]);
      return { nodes: [...nodes, 'X'], edges, cycles: { mode: 'reciprocal' }, direct: { n0: 1000 } };
    };
    const { code, params } = refusal(ring(201)) ?? {};
    expect(code).toBe('allocation.componentTooLarge');
    expect(params).toMatchObject({ size: 201, most: 200, node: 'n0' });
    expect(refusal(ring(200))).toBeUndefined();
  });

  it('whose pools whole units cannot hold are refused by the name of a node', () => {
    const edges = [fixed('a', 'b', '100'), fixed('b', 'a', '99.9999')];
    const small = (a: number): Small => ({ ...withMode('reciprocal'), edges, direct: { a } });
    // What goes round is a million times the cost.
    expect(refusalsOf(small(2 ** 31))).toEqual([]);
    expect(refusalsOf(small(2 ** 32))).toEqual(['grossTooLarge nodes/a']);
  });
});
