import { describe, expect, it } from 'vitest';
import { prepareSmall, type Small } from '../testing/small-allocation.ts';
import { allocateDay } from './allocate.ts';
import { checkDay } from './check-day.ts';
import type { DayResult } from './types.ts';

const small: Small = {
  nodes: ['pool', 'idle', 'Api', 'Web'],
  edges: [
    { from: 'pool', to: 'Api', strategy: 'equal' },
    { from: 'pool', to: 'Web', strategy: 'equal' },
  ],
  direct: { pool: [101, 7, 3], idle: [5, 0, 0] },
  lanes: (['Compute', 'Network', 'Storage'] as const).map((dimension) => ({
    ...{ dimension, currency: 'EUR' },
    side: 'charge' as const,
  })),
};

type Spoil = (result: DayResult, cell: (id: string, lane: number) => number) => void;

/** What each spoiled amount breaks. */
const spoils: readonly (readonly [string, readonly string[], Spoil])[] = [
  [
    'a flow that lost a unit',
    ['outflow', 'inflow'],
    ({ flows }) => {
      flows[0] = 50;
    },
  ],
  [
    'a unit that rests twice',
    ['nodeBalance', 'conservation'],
    ({ retained }, cell) => {
      retained[cell('Api', 0)] = 52;
    },
  ],
  [
    'a unit that rests on the wrong node',
    ['nodeBalance'],
    ({ retained }, cell) => {
      retained[cell('Api', 0)] = (retained[cell('Api', 0)] as number) - 1;
      retained[cell('Web', 0)] = (retained[cell('Web', 0)] as number) + 1;
    },
  ],
  [
    'an inflow that no edge brought',
    ['nodeBalance', 'inflow'],
    ({ inflow }, cell) => {
      inflow[cell('Web', 2)] = 9;
    },
  ],
  [
    'a flow to the wrong node',
    ['inflow'],
    ({ flows }) => {
      flows[0] = (flows[0] as number) - 1;
      flows[3] = (flows[3] as number) + 1;
    },
  ],
  [
    'a negative flow that a larger one hides',
    ['inflow', 'sign'],
    ({ flows }) => {
      flows[0] = -1;
      flows[3] = 102;
    },
  ],
  [
    'half a unit of direct cost',
    ['nodeBalance', 'conservation', 'units'],
    ({ direct }, cell) => {
      direct[cell('idle', 0)] = 5.5;
    },
  ],
  ['cost that rests without a cause', ['held'], ({ held }) => held.units.fill(4, 0, 1)],
  [
    'an amount that is no number',
    ['conservation', 'nodeBalance', 'sign'],
    ({ retained }, cell) => {
      retained[cell('Web', 1)] = Number.NaN;
    },
  ],
];

describe.each(['javascript', 'webassembly'] as const)('a day in %s', (loops) => {
  it('balances', () => {
    const { allocation } = prepareSmall({ ...small, more: { loops } });
    for (const { broken, largest } of Object.values(allocateDay(allocation, 0).checks)) {
      expect([broken, largest]).toEqual([0, 0]);
    }
  });

  it.each(spoils)('is seen to be broken by %s', (_, names, spoil) => {
    const { graph, allocation } = prepareSmall({ ...small, more: { loops } });
    const result = allocateDay(allocation, 0);
    spoil(result, (id, lane) => (graph.nodeOf.get(id) as number) * 3 + lane);
    const found = Object.entries(checkDay(graph, 3, result)).filter(([, { broken }]) => broken > 0);
    expect(found.map(([name]) => name).sort()).toEqual([...names].sort());
    expect(found.every(([, { largest }]) => largest > 0)).toBe(true);
  });

  it.each(spoils)('is not given out as sound with %s', (_, names, spoil) => {
    const { graph, allocation } = prepareSmall({ ...small, more: { loops } });
    const { loops: own, held } = allocation;
    const result = allocateDay(allocation, 0);
    spoil(result, (id, lane) => (graph.nodeOf.get(id) as number) * 3 + lane);
    own.check(0, graph.nodeIds.length, { ...held, ...result.held }, 0);
    const broken = Object.entries(own.finish(held)).filter(([, each]) => each.broken > 0);
    expect(broken.map(([name]) => name).sort()).toEqual([...names].sort());
  });
});

describe('the difference of a broken equation', () => {
  it('is the largest of all places', () => {
    const { graph, allocation } = prepareSmall(small);
    const result = allocateDay(allocation, 0);
    result.retained[(graph.nodeOf.get('Api') as number) * 3] = 1000;
    result.retained[(graph.nodeOf.get('Web') as number) * 3] = 0;
    const { nodeBalance, conservation } = checkDay(graph, 3, result);
    expect(nodeBalance).toEqual({ broken: 2, largest: 949 });
    expect(conservation).toEqual({ broken: 1, largest: 899 });
  });
});
