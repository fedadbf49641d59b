import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffDocuments, formatGraphDiff, isSameGraph } from './diff-documents.ts';
import { type GraphDocument, type GraphDocumentInput, graphDocumentSchema } from './model.ts';
import { arbitraryGraph } from './testing/arbitrary-graph.ts';

const graph = (input: GraphDocumentInput): GraphDocument => graphDocumentSchema.parse(input);
const rules = (...ids: readonly string[]) => graph({ rules: ids.map((id) => ({ id, node: `n:${id}` })) });
const moved = (before: GraphDocument, after: GraphDocument) => diffDocuments(before, after).rules.moved;

const before = graph({
  nodes: [
    { id: 'a', type: 'platform' },
    { id: 'p', type: 'product', labels: { team: 'x', tier: '1' } },
    { id: 'q', type: 'product' },
  ],
  edges: [
    { from: 'a', to: 'p', strategy: 'fixed_percent', params: { percent: '30' } },
    { from: 'a', to: 'q', strategy: 'equal' },
  ],
  groups: [{ node: 'a', fallback: 'equal' }],
  rules: [
    { id: 'one', node: 'a' },
    { id: 'two', node: 'p', where: "Tags.a = 'b'" },
    { id: 'three', node: 'q' },
  ],
  metrics: [{ id: 'm', from: 'usage' }],
});
const after = graph({
  method: { metric: 'BilledCost', cycles: { mode: 'step_down', order: ['a'] } },
  nodes: [
    { id: 'p', type: 'product', labels: { team: 'y' } },
    { id: 'a', type: 'platform' },
    { id: 'r', type: 'product' },
  ],
  edges: [
    {
      from: 'a',
      to: 'p',
      strategy: 'proportional',
      params: { metric: 'm' },
      overrides: { Tax: { strategy: 'equal' } },
    },
    { from: 'a', to: 'r', strategy: 'fixed_percent', params: { percent: '20' } },
  ],
  groups: [{ node: 'a', percent: '50' }],
  rules: [
    { id: 'three', node: 'q' },
    { id: 'one', node: 'a' },
    { id: 'two', node: 'p:{Tags.app}', note: 'a\nb' },
  ],
  metrics: [{ id: 'n', from: 'cost' }],
});

describe('the difference of two graphs', () => {
  it('names what came, what went and which fields changed, thing by thing', () => {
    const diff = diffDocuments(before, after);
    expect(diff.nodes.added.map(({ id }) => id)).toEqual(['r']);
    expect(diff.nodes.removed.map(({ id }) => id)).toEqual(['q']);
    expect(diff.nodes.changed).toEqual([
      {
        id: 'p',
        fields: [
          { field: 'labels.team', before: 'x', after: 'y' },
          { field: 'labels.tier', before: '1' },
        ],
      },
    ]);
    expect(diff.method).toEqual([
      { field: 'cycles.mode', before: 'refuse', after: 'step_down' },
      { field: 'cycles.order', before: [], after: ['a'] },
      { field: 'metric', before: 'EffectiveCost', after: 'BilledCost' },
    ]);
    expect(diff.rules.moved).toEqual([{ id: 'three', before: 3, after: 1 }]);
  });

  it('reads well', () => {
    expect(formatGraphDiff(diffDocuments(before, after))).toEqual([
      '~ method',
      '    cycles.mode: refuse → step_down',
      '    cycles.order: [] → ["a"]',
      '    metric: EffectiveCost → BilledCost',
      '- node q (product)',
      '+ node r (product)',
      '~ node p',
      '    labels.team: x → y',
      '    labels.tier: 1 → (none)',
      '~ group a',
      '    fallback: equal → hold',
      '    percent: (none) → 50',
      '- edge a -> q (equal)',
      '+ edge a -> r (fixed_percent, percent 20)',
      '~ edge a -> p',
      '    overrides.Tax: (none) → {"params":{},"strategy":"equal"}',
      '    params.metric: (none) → m',
      '    params.percent: 30 → (none)',
      '    strategy: fixed_percent → proportional',
      '- metric m (from usage)',
      '+ metric n (from cost)',
      '~ rule two',
      '    node: p → p:{Tags.app}',
      '    note: (none) → "a\\nb"',
      "    where: Tags.a = 'b' → (none)",
      '~ rule three',
      '    position: 3 → 1',
    ]);
  });

  it('tells the fewest rules as moved that explain the new order', () => {
    expect(moved(rules('a', 'b', 'c', 'd'), rules('d', 'a', 'b', 'c'))).toEqual([
      { id: 'd', before: 4, after: 1 },
    ]);
    expect(moved(rules('a', 'b', 'c'), rules('x', 'a', 'c'))).toEqual([]);
    expect(moved(rules('a', 'b', 'c'), rules('c', 'b', 'a'))).toHaveLength(2);
  });

  it('knows an edge by its ends, whether it says so or not', () => {
    const edge = { from: 'a', to: 'b', strategy: 'equal' as const };
    const diff = diffDocuments(graph({ edges: [edge] }), graph({ edges: [{ ...edge, id: 'a -> b' }] }));
    expect(isSameGraph(diff)).toBe(true);
  });

  it('sees the second of two things with one id', () => {
    const node = { id: 'a', type: 'product' as const };
    const twice = graph({ nodes: [node, { ...node, type: 'service' }] });
    expect(diffDocuments(graph({ nodes: [node] }), twice).nodes.added).toMatchObject([{ type: 'service' }]);
    expect(isSameGraph(diffDocuments(twice, twice))).toBe(true);
  });

  it('is empty for a document and itself in another order, and turned round when the documents are', () => {
    fc.assert(
      fc.property(arbitraryGraph({ strange: true }), arbitraryGraph(), (a, b) => {
        const shuffled = {
          ...a,
          nodes: [...a.nodes].reverse(),
          edges: [...a.edges].reverse(),
          groups: [...a.groups].reverse(),
        };
        expect(isSameGraph(diffDocuments(a, shuffled))).toBe(true);
        expect(formatGraphDiff(diffDocuments(a, shuffled))).toEqual([]);
        const there = diffDocuments(a, b);
        const back = diffDocuments(b, a);
        for (const kind of ['nodes', 'edges', 'groups', 'rules', 'metrics'] as const) {
          expect(back[kind].added).toEqual(there[kind].removed);
          expect(back[kind].removed).toEqual(there[kind].added);
          expect(back[kind].changed.map(({ id }) => id)).toEqual(there[kind].changed.map(({ id }) => id));
        }
        expect(back.rules.moved).toHaveLength(there.rules.moved.length);
        expect(isSameGraph(there)).toBe(formatGraphDiff(there).length === 0);
      }),
      { numRuns: 100 },
    );
  });
});
