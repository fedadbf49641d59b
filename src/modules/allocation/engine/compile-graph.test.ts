import { describe, expect, it } from 'vitest';
import { type GraphDocumentInput, type GraphNode, graphDocumentSchema, nodeTypes } from '../model.ts';
import { compileGraph, driversOf, lookBackDays } from './compile-graph.ts';
import type { CompiledGraph } from './types.ts';

const days = ['2026-10-01', '2026-10-02', '2026-10-03'];

function compile(
  document: GraphDocumentInput,
  more: { nodes?: GraphNode[]; days?: string[] } = {},
): CompiledGraph {
  const parsed = graphDocumentSchema.parse(document);
  return compileGraph({ document: parsed, nodes: [], days, dimensions: ['Compute', 'Tax'], ...more });
}

const node = (id: string, more: object = {}) => ({ id, type: 'service' as const, ...more });
const equal = (from: string, to: string, more: object = {}) => ({
  from,
  to,
  strategy: 'equal' as const,
  ...more,
});
const made = (id: string): GraphNode => ({ id, type: 'product', labels: {}, archived: false });

describe('nodes', () => {
  it('are numbered by code point, the reserved ones among them', () => {
    const { nodeIds, nodeOf, unattributed, rounding } = compile({
      nodes: ['😀', 'ﬀ', 'b', 'B', 'z', 'é'].map((id) => node(id)),
    });
    expect(nodeIds).toEqual(['B', 'b', 'rounding', 'unattributed', 'z', 'é', 'ﬀ', '😀']);
    expect([rounding, unattributed]).toEqual([2, 3]);
    expect(nodeIds.map((id) => nodeOf.get(id))).toEqual([...nodeIds.keys()]);
  });

  it('that rules made in the run are there too; the document’s own of the same id wins', () => {
    const graph = compile({ nodes: [node('a')] }, { nodes: [made('a'), made('app:shop')] });
    const typeOf = (id: string) => nodeTypes[graph.nodeTypes[graph.nodeOf.get(id) as number] as number];
    expect(['a', 'app:shop', 'unattributed'].map(typeOf)).toEqual(['service', 'product', 'shared']);
  });
});

describe('edges', () => {
  it('are numbered by giver, group, receiver and id, whatever the order of the document', () => {
    const edges = [
      equal('b', 'c'),
      equal('a', 'c', { group: 'x' }),
      equal('a', 'd'),
      equal('a', 'c', { id: 'two', validFrom: '2026-10-02' }),
      equal('a', 'c', { id: 'one', validTo: '2026-10-02' }),
    ];
    const nodes = ['a', 'b', 'c', 'd'].map((id) => node(id));
    const groups = [{ node: 'a', name: 'x', percent: '10' }];
    const expected = ['one', 'two', 'a -> d', 'a -> c', 'b -> c'];
    const graph = compile({ nodes, edges, groups });
    expect(graph.edgeIds).toEqual(expected);
    expect(compile({ nodes: [...nodes].reverse(), edges: [...edges].reverse(), groups }).edgeIds).toEqual(
      expected,
    );
    expect([...graph.firstOut]).toEqual([0, 4, 5, 5, 5, 5, 5]);
    const spans = graph.groups.map(({ settings, firstEdge, endEdge }) => [settings.name, firstEdge, endEdge]);
    expect(spans).toEqual([
      ['', 0, 3],
      ['x', 3, 4],
      ['', 4, 5],
    ]);
  });

  it('live on the days of the run that lie in their dates', () => {
    const dates = [{}, { validFrom: '2026-10-02' }, { validTo: '2026-10-02' }, { validFrom: '2026-11-01' }];
    const nodes = ['a', 'b0', 'b1', 'b2', 'b3', 'b4'].map((id) => node(id));
    const past = { validFrom: '2026-01-01', validTo: '2026-10-01' };
    const edges = [...dates, past].map((own, at) => equal('a', `b${at}`, own));
    const { liveFrom, liveTo } = compile({ nodes, edges });
    expect([...liveFrom]).toEqual([0, 1, 0, 3, 0]);
    expect([...liveTo]).toEqual([3, 3, 1, 3, 0]);
    // On days that are not all there, an edge lives from the first that is not before its date.
    const some = compile({ nodes, edges }, { days: ['2026-09-30', '2026-10-03'] });
    expect([...some.liveFrom]).toEqual([0, 1, 0, 2, 0]);
    expect([...some.liveTo]).toEqual([2, 2, 1, 2, 1]);
  });

  it('to or from an archived node never live, and are no findings of a run', () => {
    const nodes = [node('a'), node('old', { archived: true }), node('c')];
    const graph = compile({ nodes, edges: [equal('a', 'old'), equal('old', 'c'), equal('a', 'c')] });
    const live = graph.edgeIds.filter((_, e) => (graph.liveFrom[e] as number) < (graph.liveTo[e] as number));
    expect(live).toEqual(['a -> c']);
    expect(graph.findings).toEqual([]);
  });

  it('that name a node which nobody made are left out with one warning per node', () => {
    const graph = compile({
      nodes: [node('a'), node('b')],
      edges: [equal('a', 'gone'), equal('gone', 'b'), equal('a', 'b'), equal('b', 'app:x')],
    });
    expect(graph.edgeIds).toEqual(['a -> b']);
    expect(
      graph.findings.map(({ code, severity, path, message }) => [code, severity, path, message]),
    ).toEqual([
      [
        ...['allocation.edgesWithoutNode', 'warning', 'nodes/gone'],
        "2 edges name 'gone', which is no node of this run: no rule made it. Nothing flows there.",
      ],
      [
        ...['allocation.edgesWithoutNode', 'warning', 'nodes/app:x'],
        "An edge names 'app:x', which is no node of this run: no rule made it. Nothing flows there.",
      ],
    ]);
  });

  it('from a node to itself are an error', () => {
    const { findings } = compile({ nodes: [node('a')], edges: [equal('a', 'a')] });
    expect(findings.map(({ code, severity, path }) => [code, severity, path])).toEqual([
      ['allocation.notComputable', 'error', 'nodes/a'],
    ]);
    expect(findings[0]?.message).toContain("The node 'a' passes cost to itself.");
  });
});

describe('classes of dimensions', () => {
  it('are one per way in which the edges of a node share', () => {
    const overrides = { Tax: { strategy: 'proportional' as const, params: { metric: 'hours' } } };
    const { rules, nodeOf } = compile({
      nodes: ['a', 'b', 'c'].map((id) => node(id)),
      edges: [equal('a', 'c', { overrides }), equal('b', 'c'), equal('b', 'a')],
    });
    const classes = (id: string) =>
      [0, 1].map((dimension) => rules.classOf(nodeOf.get(id) as number, dimension));
    expect(classes('a')).toEqual([0, 1]);
    expect(classes('b')).toEqual([0, 0]);
  });

  it('are one where an override says the same as the edge', () => {
    const overrides = { Tax: { strategy: 'equal' as const } };
    const { rules, nodeOf } = compile({
      nodes: ['a', 'c'].map((id) => node(id)),
      edges: [equal('a', 'c', { overrides })],
    });
    const a = nodeOf.get('a') as number;
    expect((rules.firstClass[a + 1] as number) - (rules.firstClass[a] as number)).toBe(1);
  });
});

describe('drivers', () => {
  const segment = (values: string[]) => ({ label: 'env', operator: 'in' as const, values });
  const document = graphDocumentSchema.parse({
    nodes: ['a', 'b', 'c', 'd'].map((id) => node(id)),
    edges: [
      { from: 'a', to: 'b', strategy: 'proportional', params: { metric: 'requests' } },
      {
        ...{ from: 'c', to: 'b', strategy: 'segment_filtered_proportional' },
        params: { metric: 'hours', segment: segment(['prod', 'test']) },
      },
      {
        ...{ from: 'd', to: 'b', strategy: 'segment_filtered_proportional' },
        params: { metric: 'hours', segment: segment(['test', 'prod']) },
      },
      { from: 'd', to: 'c', group: 'g', strategy: 'weighted_average', params: { metric: 'hours' } },
    ],
    groups: [{ node: 'd', name: 'g', percent: '10' }],
  });

  it('are each needed once, by metric and segment', () => {
    expect(driversOf({ document, nodes: [], days, dimensions: ['Compute'] })).toEqual([
      { metric: 'hours' },
      { metric: 'hours', segment: '{"label":"env","operator":"in","values":["prod","test"]}' },
      { metric: 'requests' },
    ]);
  });

  it('of an override count only where the run has its dimension', () => {
    const overrides = { Network: { strategy: 'proportional' as const, params: { metric: 'gb' } } };
    const given = graphDocumentSchema.parse({
      nodes: [node('a'), node('b')],
      edges: [equal('a', 'b', { overrides })],
    });
    const needed = (dimensions: string[]) => driversOf({ document: given, nodes: [], days, dimensions });
    expect(needed(['Compute'])).toEqual([]);
    expect(needed(['Compute', 'Network'])).toEqual([{ metric: 'gb' }]);
  });
});

describe('how far drivers reach back', () => {
  const params = { metric: 'hours', windowDays: 7 };
  const window = { from: 'a', to: 'b', strategy: 'weighted_average', params };
  const known = { node: 'a', fallback: 'last_known', lastKnownDays: 30 };
  const back = (document: object) => lookBackDays(graphDocumentSchema.parse(document));

  it.each([
    ['nothing is weighed', { edges: [equal('a', 'b')], groups: [known] }, 0],
    [
      'weights are of the day',
      { edges: [{ ...window, strategy: 'proportional', params: { metric: 'h' } }] },
      0,
    ],
    ['there is a window of 7 days', { edges: [window] }, 6],
    [
      'the last known day is 30 days back',
      { edges: [{ ...window, params: { metric: 'h', windowDays: 1 } }], groups: [known] },
      30,
    ],
    ['both', { edges: [window], groups: [known] }, 36],
    ['last_known is of another group', { edges: [{ ...window, group: 'g' }], groups: [known] }, 6],
    [
      'only an override has a window',
      { edges: [equal('a', 'b', { overrides: { Tax: { strategy: 'weighted_average', params } } })] },
      6,
    ],
  ] as const)('where %s', (_, document, days) => {
    expect(back(document)).toBe(days);
  });
});
