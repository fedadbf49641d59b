import { describe, expect, it } from 'vitest';
import { strategyNames } from './model.ts';
import { simulate } from './simulate.ts';

/** A pool of 100 that a (one query) and b (three) share. */
function pool(strategy: string, a: object, b: object, more: object = {}) {
  return simulate({
    currency: 'EUR',
    nodes: [
      { id: 'pool', type: 'shared', direct: '100' },
      { id: 'a', type: 'product' },
      { id: 'b', type: 'product' },
    ],
    edges: [
      { from: 'pool', to: 'a', strategy, params: a },
      { from: 'pool', to: 'b', strategy, params: b },
    ],
    usage: [
      { node: 'a', metric: 'q', value: 1 },
      { node: 'b', metric: 'q', value: '3' },
    ],
    ...more,
  });
}

function retained({ result }: ReturnType<typeof simulate>): Readonly<Record<string, string>> {
  return Object.fromEntries(result?.nodes.map((node) => [node.id, node.retained]) ?? []);
}

function said({ findings }: ReturnType<typeof simulate>): (readonly [string, string])[] {
  return findings.map(({ path, message }) => [path, message] as const);
}

const q = { metric: 'q' };
const on = (day: string, node: string, value: number) => ({ node, metric: 'q', value, day });
const tagged = (node: string, value: number, tier: string) => ({
  ...{ node, metric: 'q', value },
  labels: { tier },
});

/** Strategy, parameters of a and b, what else there is, and what rests on the pool, on a and on b. */
const shares: readonly (readonly [string, object, object, object, readonly [string, string, string]])[] = [
  ['equal', {}, {}, {}, ['0', '50', '50']],
  ['proportional', q, q, {}, ['0', '25', '75']],
  ['fixed_percent', { percent: '30' }, { percent: 40 }, {}, ['30', '30', '40']],
  ['capped_proportional', { ...q, cap: '60' }, { ...q, cap: '60' }, {}, ['0', '40', '60']],
  ['capped_proportional', { ...q, cap: '10' }, { ...q, cap: '60' }, {}, ['30', '10', '60']],
  ['residual_to_max', { ...q, percent: '10' }, q, {}, ['0', '10', '90']],
  [
    'weighted_average',
    { ...q, windowDays: 2 },
    { ...q, windowDays: 2 },
    {
      usage: [
        on('2026-10-01', 'a', 1),
        on('2026-10-01', 'b', 3),
        on('2026-10-02', 'a', 3),
        on('2026-10-02', 'b', 3),
      ],
    },
    ['0', '40', '60'],
  ],
  [
    'hybrid_fixed_proportional',
    { ...q, fixedPercent: 20 },
    { ...q, fixedPercent: 20 },
    {},
    ['0', '30', '70'],
  ],
  ['min_floor_proportional', { ...q, floorPercent: 40 }, { ...q, floorPercent: 0 }, {}, ['0', '55', '45']],
  [
    'segment_filtered_proportional',
    { ...q, segment: { label: 'tier', values: ['gold'] } },
    { ...q, segment: { label: 'tier', values: ['gold'] } },
    { usage: [tagged('a', 1, 'gold'), tagged('a', 8, 'tin'), tagged('b', 4, 'gold')] },
    ['0', '20', '80'],
  ],
];

describe('the calculator', () => {
  it.each(shares)('shares by %s with %j and %j', (strategy, a, b, more, [rest, ofA, ofB]) => {
    const simulation = pool(strategy, a, b, more);
    expect(retained(simulation)).toEqual({ pool: rest, a: ofA, b: ofB });
    expect(simulation.result?.checks.every(({ ok, difference }) => ok && difference === '0')).toBe(true);
  });

  it('has a case of every strategy above', () => {
    expect(new Set(shares.map(([strategy]) => strategy))).toEqual(new Set(strategyNames));
  });

  it('says what each node has, passes on and keeps, in decimals without a rounding error', () => {
    const { result } = simulate({
      currency: 'EUR',
      nodes: [
        { id: 'db', type: 'shared', direct: '100.10' },
        { id: 'log', type: 'shared', direct: { Compute: 10, Tax: '-1' } },
        { id: 'shop', type: 'product', direct: '7' },
        { id: 'lab', type: 'product' },
      ],
      edges: [
        { from: 'db', to: 'shop', strategy: 'proportional', params: q },
        { from: 'db', to: 'lab', strategy: 'proportional', params: q },
        { from: 'log', to: 'db', strategy: 'fixed_percent', params: { percent: 90 } },
      ],
      usage: [
        { node: 'shop', metric: 'q', value: '2' },
        { node: 'lab', metric: 'q', value: '1' },
      ],
    });
    const node = (id: string, type: string, direct: string, inflow: string, outflow: string) => ({
      ...{ id, type, direct, inflow, outflow },
    });
    expect(result?.nodes).toEqual([
      { ...node('db', 'shared', '100.1', '8.1', '108.2'), retained: '0', holistic: '108.2' },
      { ...node('log', 'shared', '9', '0', '8.1'), retained: '0.9', holistic: '9' },
      {
        ...node('shop', 'product', '7', '72.133333333', '0'),
        retained: '79.133333333',
        holistic: '79.133333333',
      },
      {
        ...node('lab', 'product', '0', '36.066666667', '0'),
        retained: '36.066666667',
        holistic: '36.066666667',
      },
    ]);
    expect(result).toMatchObject({
      currency: 'EUR',
      total: '116.1',
      allocated: '115.2',
      unallocated: '0.9',
      // 116.1 of 117.1 that are charged, and not of 116.1: a credit covers nothing.
      coverage: '0.991460',
      causes: [{ node: 'log', cause: 'fixed', amount: '0.9' }],
    });
  });

  it('takes the last day of the usage, or the day that is asked for, and edges that hold on it', () => {
    const usage = [
      on('2026-10-01', 'a', 1),
      on('2026-10-01', 'b', 1),
      on('2026-10-02', 'a', 1),
      on('2026-10-02', 'b', 3),
    ];
    expect(retained(pool('proportional', q, q, { usage }))).toMatchObject({ a: '25', b: '75' });
    const first = { usage: usage.slice(0, 2), day: '2026-10-01' };
    expect(retained(pool('proportional', q, q, first))).toMatchObject({ a: '50', b: '50' });
    expect(said(pool('proportional', q, q, { usage, day: '2026-10-01' }))).toEqual([
      ['usage/2/day', expect.stringContaining('lies after the simulated day, 2026-10-01')],
      ['usage/3/day', expect.stringContaining('lies after the simulated day, 2026-10-01')],
    ]);
    const edges = [
      { from: 'pool', to: 'a', validTo: '2026-10-02' },
      { from: 'pool', to: 'b', validFrom: '2026-10-02' },
    ];
    expect(retained(pool('equal', {}, {}, { edges, day: '2026-10-01' }))).toMatchObject({ a: '100', b: '0' });
    expect(retained(pool('equal', {}, {}, { edges, day: '2026-10-02' }))).toMatchObject({ a: '0', b: '100' });
    expect(said(pool('equal', {}, {}, { edges, usage: [] }))).toEqual([
      ['day', expect.stringContaining('is needed: edges have dates')],
    ]);
  });

  it('tells missing usage from none', () => {
    const none = pool('proportional', q, q, { usage: [] });
    expect([retained(none), none.result?.causes]).toEqual([
      { pool: '100', a: '0', b: '0' },
      [{ node: 'pool', cause: 'missing_driver', amount: '100' }],
    ]);
    const zeros = [on('2026-10-01', 'a', 0), on('2026-10-01', 'b', 5)];
    expect(retained(pool('proportional', q, q, { usage: zeros }))).toMatchObject({ a: '0', b: '100' });
    const groups = [{ node: 'pool', fallback: 'equal' }];
    expect(retained(pool('proportional', q, q, { usage: [], groups }))).toMatchObject({ a: '50', b: '50' });
  });
});

describe('a circle in the calculator', () => {
  /** hr (100) and it (200) serve each other: hr gives it 20 %, it gives hr 50 %. */
  const circle = (more: object) =>
    simulate({
      currency: 'EUR',
      nodes: [
        { id: 'hr', type: 'shared', direct: 100 },
        { id: 'it', type: 'shared', direct: 200 },
        { id: 'shop', type: 'product' },
      ],
      edges: [
        ['hr', 'it', 20],
        ['hr', 'shop', 80],
        ['it', 'hr', 50],
        ['it', 'shop', 50],
      ].map(([from, to, percent]) => ({ from, to, strategy: 'fixed_percent', params: { percent } })),
      ...more,
    });

  it('is refused unless it is said how to solve it, and its edges are named', () => {
    for (const more of [{}, { cycles: 'refuse' }]) {
      const refused = circle(more);
      expect(refused.result).toBeNull();
      expect(said(refused)).toEqual([['edges/hr -> it', expect.stringContaining('hr → it → hr')]]);
    }
  });

  it('closes its nodes in the order that is given, or the dearest first', () => {
    const itFirst = circle({ cycles: 'step_down', order: ['it'] });
    // it: 100 to hr. hr has 200 and gives 80 % of it; the 20 % for it, which has closed, stay.
    expect(retained(itFirst)).toEqual({ hr: '40', it: '0', shop: '260' });
    expect(itFirst.result?.causes).toEqual([{ node: 'hr', cause: 'cut_cycle', amount: '40' }]);
    expect(retained(circle({ cycles: 'step_down', order: ['hr'] }))).toEqual({
      hr: '0',
      it: '110',
      shop: '190',
    });
    expect(retained(circle({ cycles: 'step_down' }))).toEqual(retained(itFirst));
  });

  it('is solved exactly', () => {
    const solved = circle({ cycles: 'reciprocal' });
    expect(retained(solved)).toEqual({ hr: '0', it: '0', shop: '300' });
    // hr = 100 + it ÷ 2 and it = 200 + hr ÷ 5: 222.2… and 244.4….
    expect(solved.result?.nodes.map(({ holistic }) => holistic)).toEqual([
      '222.222222222',
      '244.444444444',
      '300',
    ]);
    expect(solved.result?.checks.every(({ ok }) => ok)).toBe(true);
  });

  it('without an exit is refused under every method', () => {
    const edges = [
      { from: 'hr', to: 'it', strategy: 'fixed_percent', params: { percent: 100 } },
      { from: 'it', to: 'hr', strategy: 'fixed_percent', params: { percent: 100 } },
    ];
    const refused = circle({ cycles: 'reciprocal', edges });
    expect(refused.result).toBeNull();
    expect(refused.findings.map(({ severity }) => severity)).toContain('error');
  });
});

describe('what the calculator cannot read', () => {
  it('names the node, the edge or the usage, and the field', () => {
    const nodes = [
      { id: 'pool', type: 'shared', direct: 'much' },
      { id: 'a', type: 'thing' },
    ];
    expect(
      said(simulate({ currency: 'EUR', nodes, usage: [{ node: 'a', metric: 'q', value: -1 }] })),
    ).toEqual([
      ['nodes/0/direct', expect.stringMatching(/^nodes\/0\/direct \('much'\) of the node 'pool' is wrong: /)],
      [
        'nodes/1/type',
        expect.stringMatching(/^nodes\/1\/type \('thing'\) of the node 'a' is wrong: .*"product"/),
      ],
      ['usage/0/value', "usage/0/value ('-1') of the usage of 'a' is wrong: usage cannot be negative."],
    ]);
    expect(said(pool('capped_proportional', { ...q, cap: '101' }, { ...q, cap: 5, floor: 1 }))).toEqual([
      [
        'edges/0/params/cap',
        expect.stringContaining("('101') of the edge 'pool -> a' is wrong: write a percentage"),
      ],
      ['edges/1/params/floor', "edges/1/params/floor of the edge 'pool -> b' is not known here."],
    ]);
    expect(said(pool('by_feeling', {}, {}))[0]).toEqual([
      'edges/0/strategy',
      expect.stringContaining("('by_feeling') of the edge 'pool -> a'"),
    ]);
  });

  it('is told all at once, and nothing is computed', () => {
    const simulation = pool('proportional', {}, q, { currency: 'euro', usage: [{ node: 'z' }] });
    expect(simulation.result).toBeNull();
    expect(said(simulation).map(([path]) => path)).toEqual(['currency', 'usage/0/metric', 'usage/0/value']);
    const unknown = pool('proportional', q, q, { usage: [{ node: 'z', metric: 'q', value: 1 }] });
    expect(said(unknown)).toEqual([['usage/0/node', "usage/0/node names 'z', which is no node."]]);
    const nowhere = pool('equal', {}, {}, { edges: [{ from: 'pool', to: 'nobody' }] });
    expect([nowhere.result, said(nowhere)[0]?.[1]]).toEqual([null, expect.stringContaining('nobody')]);
    for (const given of [null, 7, [], 'text', {}]) expect(simulate(given).result).toBeNull();
  });
});
