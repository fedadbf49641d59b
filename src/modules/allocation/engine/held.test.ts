import { describe, expect, it } from 'vitest';
import { heldCauses } from '../model.ts';
import {
  byHours,
  computeSmall,
  hours,
  oneLane,
  prepareSmall,
  type Small,
} from '../testing/small-allocation.ts';

const fixed = (from: string, to: string, percent: string) => ({
  ...{ from, to, strategy: 'fixed_percent', params: { percent } },
});

/** One node per cause, with the units that rest there. */
const everything: Small = {
  nodes: ['alone', 'silent', 'idle', 'full', 'part', 'first', 'second', 'A', 'B'],
  edges: [
    ...byHours('silent', ['B']),
    ...byHours('idle', ['A']),
    { from: 'full', to: 'A', strategy: 'capped_proportional', params: { metric: 'requests', cap: '40' } },
    fixed('part', 'A', '75'),
    fixed('first', 'second', '100'),
    fixed('second', 'first', '30'),
    fixed('second', 'A', '70'),
  ],
  cycles: { mode: 'step_down', order: ['first', 'second'] },
  usage: [...hours({ A: 0 }), { node: 'A', metric: 'requests', day: '2026-10-01', value: 5 }],
  direct: {
    ...{ unattributed: 11, rounding: 3, alone: 20, silent: 30, idle: 40, full: 100, part: 200, first: 1000 },
    A: 7,
  },
};

describe('cost that rests on a node that is no product', () => {
  it('has a cause, with its units, for each of the reasons there are', () => {
    const { held, retained } = computeSmall(everything);
    expect(held).toEqual({
      'unattributed no_rule': 11,
      'alone no_edge': 20,
      'silent missing_driver': 30,
      'idle zero_driver': 40,
      'full cap': 60,
      'part fixed': 50,
      'second cut_cycle': 300,
      'rounding rounding': 3,
    });
    const causes = Object.keys(held).map((key) => key.split(' ')[1] as string);
    expect(causes.sort()).toEqual([...heldCauses].sort());
    expect(Object.values(held).reduce((sum, units) => sum + units)).toBe(
      11 + 20 + 30 + 40 + 60 + 50 + 300 + 3,
    );
    expect(retained['A']).toBe(7 + 40 + 150 + 700);
  });

  it('has none on products, where it belongs', () => {
    const { held, retained } = computeSmall({
      nodes: ['A', 'B'],
      edges: [fixed('A', 'B', '25')],
      direct: { A: 100 },
    });
    expect(retained).toEqual({ A: 75, B: 25 });
    expect(held).toEqual({});
  });

  it('may rest for several reasons on one node and lane', () => {
    const small: Small = {
      nodes: ['pool', 'A', 'B'],
      edges: [
        ...byHours('pool', ['A'], { group: 'users' }),
        {
          from: 'pool',
          to: 'B',
          group: 'few',
          strategy: 'capped_proportional',
          params: { metric: 'gb', cap: '10' },
        },
      ],
      groups: [
        { node: 'pool', name: 'users', percent: '50' },
        { node: 'pool', name: 'few', percent: '30' },
      ],
      usage: [{ node: 'B', metric: 'gb', day: '2026-10-01', value: 2 }],
      direct: { pool: 1000 },
    };
    const { held, flows } = computeSmall(small);
    expect(flows).toEqual({ 'pool -> B': 30 });
    expect(held).toEqual({ 'pool missing_driver': 500, 'pool cap': 270, 'pool fixed': 200 });
  });

  it('is told per lane', () => {
    const lanes = [...oneLane, { dimension: 'Compute', currency: 'EUR', side: 'credit' as const }];
    const direct = { pool: [100, 8], unattributed: [0, 5] };
    const small: Small = { nodes: ['pool', 'A'], edges: [fixed('pool', 'A', '50')], lanes, direct };
    expect(computeSmall(small).held).toEqual({ 'pool fixed': 50 });
    expect(computeSmall(small, { lane: 1 }).held).toEqual({ 'pool fixed': 4, 'unattributed no_rule': 5 });
  });

  it('is listed in full where there is more than the list had room for', () => {
    const lanes = [...oneLane, { dimension: 'Compute', currency: 'EUR', side: 'credit' as const }];
    const nodes = Array.from({ length: 1500 }, (_, at) => `n${at}`);
    const direct = Object.fromEntries(nodes.map((id, at) => [id, [at + 1, 2 * at + 1]]));
    const { held, retained } = computeSmall({ nodes, edges: [], lanes, direct }, { lane: 1 });
    expect(held).toEqual(Object.fromEntries(nodes.map((id, at) => [`${id} no_edge`, 2 * at + 1])));
    expect(Object.values(retained).reduce((sum, units) => sum + units, 0)).toBe(1500 * 1500);
  });
});

describe('the reserved nodes', () => {
  it.each(['unattributed', 'rounding'])('%s: no edge from or to it is live, and a warning says so', (id) => {
    const small: Small = {
      nodes: ['pool', 'A'],
      edges: [fixed('pool', id, '50'), fixed(id, 'A', '100'), fixed('pool', 'A', '50')],
      direct: { pool: 100, [id]: 9 },
    };
    const { retained, flows } = computeSmall(small);
    expect(flows).toEqual({ 'pool -> A': 50 });
    expect(retained).toEqual({ pool: 50, A: 50, [id]: 9 });
    const { findings } = prepareSmall(small).allocation;
    expect(findings.map(({ code, path, params }) => [code, path, params['edges']])).toEqual([
      ['allocation.edgesWithoutNode', `nodes/${id}`, 2],
    ]);
  });

  it('stay what they are where a document declares them', () => {
    const { graph } = prepareSmall({
      nodes: [{ id: 'unattributed', type: 'product' }],
      edges: [],
      direct: {},
    });
    const { held } = computeSmall({
      nodes: [{ id: 'unattributed', type: 'product' }],
      edges: [],
      direct: { unattributed: 4 },
    });
    expect(graph.nodeIds).toEqual(['rounding', 'unattributed']);
    expect(held).toEqual({ 'unattributed no_rule': 4 });
  });
});
