import { describe, expect, it } from 'vitest';
import { compileGraph } from './engine/compile-graph.ts';
import type { Drivers } from './engine/types.ts';
import { canonical, dayHasher, type RunIdentity, runIdOf } from './input-hash.ts';
import { type GraphDocumentInput, type GraphNode, graphDocumentSchema } from './model.ts';
import { daysOfMonth } from './run-inputs.ts';

const used = (dataset: string, snapshot: string) => ({
  dataset,
  source: 'cloud',
  period: '2026-10',
  snapshot,
});
const identity: RunIdentity = {
  graph: 'main',
  graphHash: 'a',
  period: '2026-10',
  cost: [used('cost', '1')],
  usage: [used('usage', '1')],
  restated: [],
  owners: 'o',
};

describe('the id of a run', () => {
  it('is a text of 32 hexadecimal digits that depends on nothing but its inputs', () => {
    const id = runIdOf(identity);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const turned = Object.fromEntries(Object.entries(identity).reverse()) as unknown as RunIdentity;
    expect(runIdOf(turned)).toBe(id);
  });

  it.each<[string, Partial<RunIdentity>]>([
    ['graph', { graph: 'other' }],
    ['version', { graphHash: 'b' }],
    ['month', { period: '2026-09' }],
    ['bill', { cost: [used('cost', '2')] }],
    ['number of bills', { cost: [used('cost', '1'), used('cost', '2')] }],
    ['usage', { usage: [] }],
    ['owners', { owners: 'p' }],
    [
      'closed month that it books',
      {
        restated: [{ period: '2026-09', run: 'x', version: 1, now: 'y', booked: [], from: [], to: [] }],
      },
    ],
  ])('is another one for another %s', (_, change) => {
    expect(runIdOf({ ...identity, ...change })).not.toBe(runIdOf(identity));
  });

  it('reads names in any order at every level', () => {
    expect(canonical({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });
});

const graph: GraphDocumentInput = {
  nodes: ['db', 'shop', 'blog'].map((id) => ({ id, type: id === 'db' ? 'shared' : 'product' })),
  edges: [
    {
      ...{ from: 'db', to: 'shop', strategy: 'weighted_average' },
      params: { metric: 'requests', windowDays: 3 },
    },
    {
      ...{ from: 'db', to: 'blog', strategy: 'weighted_average', validFrom: '2026-10-10' },
      params: { metric: 'requests', windowDays: 3 },
    },
  ],
  metrics: [{ id: 'requests', from: 'usage' }],
};

interface Variation {
  readonly graph?: GraphDocumentInput;
  readonly made?: readonly GraphNode[];
  /** Node and day of October → another value. */
  readonly value?: readonly [node: string, day: number];
  readonly scale?: number;
  readonly nodes?: string;
  readonly further?: string;
}

/** Hashes of all days of October, with drivers from the 28th of September on. */
function hashes(change: Variation = {}): string[] {
  const document = graphDocumentSchema.parse(change.graph ?? graph);
  const days = daysOfMonth('2026-10');
  const compiled = compileGraph({ document, nodes: change.made ?? [], days, dimensions: ['Compute'] });
  const nodes = compiled.nodeIds.length;
  const values = new Float64Array(nodes * 34).fill(Number.NaN);
  const set = (node: string, day: number, value: number) => {
    values[(day + 2) * nodes + (compiled.nodeOf.get(node) as number)] = value;
  };
  for (let day = -2; day <= 31; day++) set('shop', day, 5);
  if (change.value) set(...change.value, 7);
  const drivers: Drivers = { from: '2026-09-28', days: 34, values: compiled.drivers.map(() => values) };
  const { scale = 9, nodes: said = 'n', further = '' } = change;
  const hashOf = dayHasher({ graph: compiled, document, drivers, scale, nodes: said, further });
  return days.map((_, day) => hashOf(day, 'costs'));
}

/** Days of October whose hash is not what it was. */
function touched(change: Variation): number[] {
  const before = hashes();
  return hashes(change).flatMap((hash, day) => (hash === before[day] ? [] : [day + 1]));
}

const all = Array.from({ length: 31 }, (_, day) => day + 1);
const edges = graph.edges ?? [];

describe('the hash of a day', () => {
  it('is its own', () => {
    expect(new Set(hashes()).size).toBe(31);
    expect(touched({})).toEqual([]);
  });

  it('changes with the values that its window sees, and no others', () => {
    expect(touched({ value: ['shop', 15] })).toEqual([15, 16, 17]);
    expect(touched({ value: ['blog', 31] })).toEqual([31]);
    expect(touched({ value: ['blog', -1] })).toEqual([1]);
    expect(touched({ value: ['blog', -2] })).toEqual([]);
  });

  it('changes on all days with what all days share', () => {
    expect(touched({ scale: 8 })).toEqual(all);
    expect(touched({ nodes: 'm' })).toEqual(all);
    expect(touched({ further: 'order' })).toEqual(all);
    const groups = [{ node: 'db', fallback: 'equal' as const }];
    expect(touched({ graph: { ...graph, groups } })).toEqual(all);
  });

  it('changes with the edges that are live on it', () => {
    const [shop, blog] = edges;
    const later = { ...blog, validFrom: '2026-10-12' } as (typeof edges)[number];
    expect(touched({ graph: { ...graph, edges: [shop as typeof later, { ...later, id: 'x' }] } })).toEqual(
      all.filter((day) => day >= 10),
    );
    const ending = { ...shop, validTo: '2026-10-20' } as typeof later;
    expect(touched({ graph: { ...graph, edges: [ending, blog as typeof later] } })).toEqual(
      all.filter((day) => day >= 20),
    );
    const other = { ...shop, params: { metric: 'requests', windowDays: 2 } } as typeof later;
    expect(touched({ graph: { ...graph, edges: [other, blog as typeof later] } })).toEqual(all);
  });

  it('stays as it is whatever the order of the document, and whatever nodes rules make elsewhere', () => {
    const turned = { ...graph, nodes: [...(graph.nodes ?? [])].reverse(), edges: [...edges].reverse() };
    expect(touched({ graph: turned })).toEqual([]);
    const made: GraphNode = { id: 'app:new', type: 'product', labels: {}, archived: false };
    expect(touched({ made: [made] })).toEqual([]);
  });

  it('changes with what last_known may look back to', () => {
    const groups = [{ node: 'db', fallback: 'last_known' as const, lastKnownDays: 2 }];
    const known = { ...graph, groups };
    const before = hashes({ graph: known });
    const after = hashes({ graph: known, value: ['blog', 15] });
    expect(after.flatMap((hash, day) => (hash === before[day] ? [] : [day + 1]))).toEqual([
      15, 16, 17, 18, 19,
    ]);
  });
});
