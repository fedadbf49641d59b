import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GraphDocumentInput, type GraphFinding, graphDocumentSchema } from './model.ts';
import { arbitraryGraph } from './testing/arbitrary-graph.ts';
import { hasErrors, validateGraph } from './validate.ts';
import { graphFindings } from './validate-findings.ts';

type EdgeInput = NonNullable<GraphDocumentInput['edges']>[number];

const fixed = (from: string, to: string, percent: string, more: object = {}): EdgeInput => ({
  from,
  to,
  strategy: 'fixed_percent',
  params: { percent },
  ...more,
});
const equal = (from: string, to: string, more: object = {}): EdgeInput =>
  ({ from, to, strategy: 'equal', ...more }) as EdgeInput;
const by = (strategy: string, from: string, to: string, params: object, more: object = {}): EdgeInput =>
  ({ from, to, strategy, params: { metric: 'requests', ...params }, ...more }) as EdgeInput;

/** Findings of a graph with the nodes a to d (infrastructure, platform, shared, service) and the products p, q, r. */
function findings(graph: GraphDocumentInput, applications?: readonly string[]): GraphFinding[] {
  const types = ['infrastructure', 'platform', 'shared', 'service', 'product', 'product', 'product'] as const;
  const nodes = ['a', 'b', 'c', 'd', 'p', 'q', 'r'].map((id, at) => ({ id, type: types[at] ?? 'product' }));
  const document = graphDocumentSchema.parse({
    nodes,
    metrics: [{ id: 'requests', from: 'usage' }],
    ...graph,
  });
  return validateGraph(document, applications ? { applications: new Set(applications) } : {});
}

/** `error cycle edges/a -> b` for each finding, without the notes on nodes and metrics that the case does not speak of. */
function told(all: readonly GraphFinding[], ...besides: readonly string[]): string[] {
  const left = ['isolatedNode', 'noWayOut', 'unusedMetric', 'noProduct', ...besides];
  return all
    .filter(({ code }) => !left.includes(code.replace('allocation.', '')))
    .map(({ severity, code, path }) => `${severity} ${code.replace('allocation.', '')} ${path}`);
}

const only = (all: readonly GraphFinding[], code: string) =>
  all.filter((each) => each.code === `allocation.${code}`);

describe('ids', () => {
  it('names what is declared twice, and nodes that every run has by itself', () => {
    const all = findings({
      nodes: [
        { id: 'a', type: 'platform' },
        { id: 'a', type: 'product' },
        { id: 'p', type: 'product' },
        { id: 'rounding', type: 'shared' },
      ],
      edges: [equal('a', 'p', { id: 'x' }), equal('a', 'p', { id: 'x', group: 'g' })],
      groups: [{ node: 'a' }, { node: 'a', percent: 50 }, { node: 'a', name: 'g', percent: 50 }],
      rules: [
        { id: 'r', node: 'a', where: "Tags.a = 'b'" },
        { id: 'r', node: 'p' },
      ],
      metrics: [
        { id: 'm', from: 'usage' },
        { id: 'm', from: 'cost' },
      ],
    });
    expect(told(all)).toEqual([
      'error duplicateNode nodes/a',
      'error reservedNode nodes/rounding',
      'error duplicateEdge edges/x',
      'error duplicateGroup groups/a',
      'error duplicateRule rules/r',
      'error duplicateMetric metrics/m',
    ]);
  });

  it('gives two edges without an id between the same nodes an id of their own only when they begin on other days', () => {
    const twice = [equal('a', 'p'), equal('a', 'p', { group: 'g' })];
    expect(
      only(findings({ edges: twice, groups: [{ node: 'a', name: 'g', percent: '50' }] }), 'duplicateEdge'),
    ).toHaveLength(1);
    const dated = [equal('a', 'p', { validTo: '2026-02-01' }), equal('a', 'p', { validFrom: '2026-02-01' })];
    expect(told(findings({ edges: dated }))).toEqual([]);
  });
});

describe('what names a node', () => {
  it('names the missing node, with the one that was meant', () => {
    const [found] = only(
      findings({
        edges: [equal('a', 'checkout')],
        nodes: [
          { id: 'a', type: 'platform' },
          { id: 'check-out', type: 'product' },
        ],
      }),
      'missingNode',
    );
    expect(found).toMatchObject({ path: 'edges/a -> checkout/to', params: { nearest: ['check-out'] } });
    expect(found?.message).toContain("Did you mean 'check-out'?");
  });

  it('finds missing and archived nodes wherever they are named', () => {
    const all = findings({
      nodes: [
        { id: 'a', type: 'platform' },
        { id: 'old', type: 'product', archived: true },
        { id: 'p', type: 'product' },
      ],
      edges: [equal('a', 'old'), equal('x', 'p'), equal('a', 'p')],
      groups: [{ node: 'y' }, { node: 'old' }, { node: 'a', residual: { to: 'old' } }],
      rules: [{ id: 'r', node: 'old' }],
      method: {
        cycles: { order: ['z', 'a'], components: [{ node: 'w', mode: 'reciprocal', order: ['v'] }] },
      },
    });
    expect(told(all)).toEqual([
      'error missingNode edges/x -> p/from',
      'error missingNode groups/y',
      'error missingNode method/cycles/order/z',
      'error missingNode method/cycles/components/w',
      'error missingNode method/cycles/components/w/order/v',
      'error residualReceiver groups/a/residual/to',
      'warning archivedNode edges/a -> old/to',
      'warning archivedNode groups/old',
      'warning unusedGroup groups/old',
      'warning archivedRuleNode rules/r/node',
    ]);
  });

  it('takes nodes that only a rule makes, and looks at their edges as at all others', () => {
    const rules = [
      { id: 'clusters', node: 'cluster:{Tags.cluster}', type: 'platform' as const, where: "Tags.a = 'b'" },
      { id: 'rest', node: 'rest', type: 'shared' as const },
    ];
    const edges = [
      fixed('cluster:eu', 'p', '70'),
      fixed('cluster:eu', 'q', '70'),
      equal('rest', 'p'),
      equal('rst', 'p'),
    ];
    const all = findings({ rules, edges });
    expect(told(all)).toEqual([
      'error missingNode edges/rst -> p/from',
      'error fixedOver100 groups/cluster:eu',
      'warning undeclaredNode nodes/cluster:eu',
      'info nodeOfRule nodes/rest',
    ]);
  });

  it('wants the residual of a group to go to one of its own receivers', () => {
    const edges = [equal('a', 'p'), equal('b', 'q')];
    expect(told(findings({ edges, groups: [{ node: 'a', residual: { to: 'q' } }] }))).toEqual([
      'error residualReceiver groups/a/residual/to',
    ]);
    expect(told(findings({ edges, groups: [{ node: 'a', residual: { to: 'p' } }] }))).toEqual([]);
  });

  it('says that a group that no edge is in has no use', () => {
    expect(
      told(findings({ edges: [equal('a', 'p')], groups: [{ node: 'a', name: 'g', percent: '10' }] })),
    ).toEqual(['warning unusedGroup groups/a/g']);
  });

  it('looks for applications where it is told of them', () => {
    const graph: GraphDocumentInput = {
      nodes: [
        { id: 'p', type: 'product', application: 'shopp' },
        { id: 'q', type: 'product', application: 'shop' },
        { id: 'o', type: 'product', application: 'gone', archived: true },
      ],
      rules: [
        { id: 'made', node: 'p', application: '{Tags.app}', where: "Tags.a = 'b'" },
        { id: 'named', node: 'q', application: 'nowhere' },
      ],
    };
    const all = findings(graph, ['shop']);
    expect(told(all)).toEqual([
      'error unknownApplication nodes/p/application',
      'error unknownApplication rules/named/application',
    ]);
    expect(all[0]?.params['nearest']).toEqual(['shop']);
    expect(told(findings(graph))).toEqual([]);
  });
});

describe('single edges', () => {
  it('finds self-loops, edges that end before they begin, and products that pay for what they stand on', () => {
    const all = findings({
      edges: [
        equal('a', 'a'),
        equal('b', 'p', { validFrom: '2026-02-01', validTo: '2026-02-01' }),
        equal('p', 'a'),
        equal('p', 'd'),
        equal('p', 'q'),
      ],
    });
    expect(told(all)).toEqual([
      'error selfLoop edges/a -> a',
      'error emptyValidity edges/b -> p @2026-02-01/validTo',
      'error productFeedsInfrastructure edges/p -> a',
      'warning productFeedsService edges/p -> d',
    ]);
  });

  it('finds edges that hold at the same time, and lets one begin on the day that the other ends', () => {
    const until = (validTo: string) => equal('a', 'p', { id: 'old', validTo });
    const since = equal('a', 'p', { id: 'new', validFrom: '2026-03-01' });
    expect(told(findings({ edges: [until('2026-03-01'), since] }))).toEqual([]);
    const [found, ...more] = findings({ edges: [until('2026-03-02'), since] });
    expect(found).toMatchObject({
      code: 'allocation.overlappingValidity',
      params: { edge: 'new', other: 'old', from: '2026-03-01', until: '2026-03-02' },
    });
    expect(found?.message).toContain('on 2026-03-01');
    expect(told(more)).toEqual([]);
    expect(
      told(
        findings({
          edges: [until('2026-03-02'), { ...since, group: 'g' }],
          groups: [{ node: 'a', name: 'g', percent: '50' }],
        }),
        'groupPercentsBelow100',
      ),
    ).toEqual([]);
  });

  it('names every edge that overlaps, also where a long one spans two short ones', () => {
    const edges = [
      equal('a', 'p', { id: 'long' }),
      equal('a', 'p', { id: 'one', validFrom: '2026-01-01', validTo: '2026-02-01' }),
      equal('a', 'p', { id: 'two', validFrom: '2026-03-01', validTo: '2026-04-01' }),
    ];
    expect(only(findings({ edges }), 'overlappingValidity').map(({ params }) => params['edge'])).toEqual([
      'one',
      'two',
    ]);
  });
});

describe('percentages', () => {
  it('adds fixed percentages exactly: 33.3333 three times is 99.9999', () => {
    const third = (to: string, percent = '33.3333') => fixed('a', to, percent);
    const below = findings({ edges: [third('p'), third('q'), third('r')] });
    expect(told(below)).toEqual(['info fixedBelow100 groups/a']);
    expect(below.find(({ severity }) => severity === 'info')?.params).toMatchObject({
      sum: '99.9999',
      retained: '0.0001',
    });
    expect(told(findings({ edges: [third('p'), third('q'), third('r', '33.3334')] }))).toEqual([]);
    expect(told(findings({ edges: [third('p'), third('q'), third('r', '33.3335')] }))).toEqual([
      'error fixedOver100 groups/a',
    ]);
  });

  it('says on which days, of which edges and with what sum fixed percentages exceed 100', () => {
    const all = findings({
      edges: [
        fixed('a', 'p', '70'),
        fixed('a', 'q', '50', { validFrom: '2026-03-01', validTo: '2026-04-01' }),
        fixed('a', 'r', '30', { validFrom: '2026-04-01' }),
      ],
    });
    const found = only(all, 'fixedOver100');
    expect(found).toHaveLength(1);
    expect(found[0]?.params).toMatchObject({
      sum: '120',
      from: '2026-03-01',
      until: '2026-04-01',
      edges: [
        { edge: 'a -> p', percent: '70' },
        { edge: 'a -> q @2026-03-01', percent: '50' },
      ],
      dimensions: null,
      except: [],
    });
    expect(found[0]?.message).toBe(
      "Fixed percentages of the group of 'a' add up to 120 % from 2026-03-01 to 2026-03-31: " +
        "'a -> p' 70 %, 'a -> q @2026-03-01' 50 %. Lower them to 100 % together.",
    );
    expect(only(all, 'fixedBelow100').map(({ params }) => params['until'])).toEqual(['2026-03-01']);
  });

  it('looks at each dimension that an edge treats apart', () => {
    const override = { Compute: { strategy: 'fixed_percent', params: { percent: '80' } } };
    const all = findings({
      edges: [fixed('a', 'p', '60', { overrides: override }), fixed('a', 'q', '40')],
    });
    expect(told(all)).toEqual(['error fixedOver100 groups/a']);
    expect(all[0]?.params).toMatchObject({ dimensions: ['Compute'], sum: '120' });
    const reversed = findings({
      edges: [
        fixed('a', 'p', '80', { overrides: { Compute: { ...override.Compute, params: { percent: '60' } } } }),
        fixed('a', 'q', '40'),
      ],
    });
    expect(reversed[0]?.params).toMatchObject({ dimensions: null, except: ['Compute'] });
    expect(reversed[0]?.message).toContain("in every dimension but 'Compute'");
  });

  it('tells two dimensions apart where the parts differ and only the sum is the same', () => {
    const of = (percent: string) => ({ strategy: 'fixed_percent', params: { percent } });
    const all = findings({
      edges: [
        fixed('a', 'p', '50', { overrides: { A: of('70'), B: of('60') } }),
        fixed('a', 'q', '50', { overrides: { A: of('50'), B: of('60') } }),
      ],
    });
    expect(only(all, 'fixedOver100').map(({ params }) => params['dimensions'])).toEqual([['A'], ['B']]);
  });

  it('tells each sibling group by itself', () => {
    const edges = [fixed('a', 'p', '70', { group: 'x' }), fixed('a', 'q', '70', { group: 'y' })];
    const groups = [
      { node: 'a', name: 'x', percent: '50' },
      { node: 'a', name: 'y', percent: '50' },
    ];
    expect(told(findings({ edges, groups }))).toEqual([
      'info fixedBelow100 groups/a/x',
      'info fixedBelow100 groups/a/y',
    ]);
  });

  it('says when fixed percentages leave nothing to the others', () => {
    expect(told(findings({ edges: [fixed('a', 'p', '100'), equal('a', 'q')] }))).toEqual([
      'warning fixedLeavesNothing groups/a',
    ]);
    expect(told(findings({ edges: [fixed('a', 'p', '99'), equal('a', 'q')] }))).toEqual([]);
  });

  it('refuses floors that cannot all be kept, alone or beside fixed percentages', () => {
    const floor = (to: string, floorPercent: string) =>
      by('min_floor_proportional', 'a', to, { floorPercent });
    const edges = [floor('p', '60'), floor('q', '50')];
    expect(told(findings({ edges }))).toEqual(['error floorsOver100 groups/a']);
    expect(told(findings({ edges: [floor('p', '50'), floor('q', '50')] }))).toEqual([]);
    const beside = findings({ edges: [floor('p', '40'), floor('q', '40'), fixed('a', 'r', '20.0001')] });
    expect(told(beside)).toEqual(['error floorsAndFixedOver100 groups/a']);
    expect(beside[0]?.params).toMatchObject({ fixed: '20.0001', floors: '80', sum: '100.0001' });
    expect(told(findings({ edges, groups: [{ node: 'a', infeasibleFloors: 'equal' }] }))).toEqual([
      'info floorsMadeEqual groups/a',
    ]);
  });

  it('wants the fixed part of hybrids to fit beside fixed percentages', () => {
    const hybrid = by('hybrid_fixed_proportional', 'a', 'p', { fixedPercent: '40' });
    expect(told(findings({ edges: [hybrid, fixed('a', 'q', '60')] }))).toEqual([]);
    const all = findings({ edges: [hybrid, fixed('a', 'q', '60.5')] });
    expect(told(all)).toEqual(['error hybridAndFixedOver100 groups/a']);
    expect(all[0]?.params).toMatchObject({ fixed: '60.5', hybrid: '40', sum: '100.5' });
  });

  it('says what caps leave, unless the group says where it goes', () => {
    const cap = (to: string, percent: string) => by('capped_proportional', 'a', to, { cap: percent });
    const edges = [cap('p', '40'), cap('q', '30')];
    const all = findings({ edges });
    expect(told(all)).toEqual(['warning capsBelow100 groups/a']);
    expect(all[0]?.params).toMatchObject({ sum: '70', retained: '30' });
    expect(told(findings({ edges, groups: [{ node: 'a', residual: 'lift' }] }))).toEqual([]);
    expect(told(findings({ edges: [...edges, fixed('a', 'r', '30')] }))).toEqual([]);
  });

  it('wants the percentages of residual_to_max to leave something for the largest, whoever that is', () => {
    const residual = (to: string, percent?: string) =>
      by('residual_to_max', 'a', to, percent ? { percent } : {});
    expect(
      told(findings({ edges: [residual('p', '60'), residual('q', '40'), residual('r', '30')] })),
    ).toEqual([]);
    expect(
      told(findings({ edges: [residual('p', '60'), residual('q', '50'), residual('r', '30')] })),
    ).toEqual(['error residualPercentsOver100 groups/a']);
    expect(told(findings({ edges: [residual('p', '60'), residual('q', '50'), residual('r')] }))).toEqual([
      'error residualPercentsOver100 groups/a',
    ]);
  });

  it('checks how the groups of a node divide it, on the days on which they are live', () => {
    const edges = [
      equal('a', 'p', { group: 'x' }),
      equal('a', 'q', { group: 'y', validFrom: '2026-03-01' }),
      equal('a', 'r'),
    ];
    const group = (name: string, percent: string) => ({ node: 'a', name, percent });
    const over = findings({ edges, groups: [group('x', '60'), group('y', '50')] });
    expect(told(over)).toEqual(['error groupPercentsOver100 groups/a']);
    expect(over[0]?.params).toMatchObject({
      sum: '110',
      groups: ['x', 'y'],
      from: '2026-03-01',
      until: null,
    });
    expect(told(findings({ edges, groups: [group('x', '60')] }))).toEqual([
      'error groupsWithoutPercent groups/a',
    ]);
    expect(told(findings({ edges, groups: [group('x', '60'), group('y', '40')] }))).toEqual([
      'warning groupGetsNothing groups/a',
    ]);
    const below = findings({ edges: edges.slice(0, 1), groups: [group('x', '60')] });
    expect(told(below)).toEqual(['info groupPercentsBelow100 groups/a']);
    expect(below.find(({ severity }) => severity === 'info')?.params).toMatchObject({ retained: '40' });
  });
});

describe('what cannot be shared together', () => {
  it('refuses two strategies in one group, on the days on which both are there, fixed_percent aside', () => {
    const all = findings({
      edges: [
        equal('a', 'p'),
        by('proportional', 'a', 'q', {}, { validFrom: '2026-05-01' }),
        fixed('a', 'r', '10'),
      ],
    });
    expect(told(all)).toEqual(['error mixedStrategies groups/a']);
    expect(all[0]?.params).toMatchObject({
      strategies: ['equal', 'proportional'],
      from: '2026-05-01',
      count: 2,
    });
  });

  it('refuses different metrics and different fixed parts in one group, and takes different segments of one metric', () => {
    const metrics = [
      { id: 'requests', from: 'usage' },
      { id: 'bytes', from: 'usage' },
    ] as const;
    const edges = [by('proportional', 'a', 'p', {}), by('proportional', 'a', 'q', { metric: 'bytes' })];
    expect(told(findings({ edges, metrics: [...metrics] }))).toEqual(['error mixedMetrics groups/a']);
    const hybrid = (to: string, fixedPercent: string) =>
      by('hybrid_fixed_proportional', 'a', to, { fixedPercent });
    expect(told(findings({ edges: [hybrid('p', '20'), hybrid('q', '30')] }))).toEqual([
      'error hybridPercentsDiffer groups/a',
    ]);
    expect(told(findings({ edges: [hybrid('p', '20'), hybrid('q', '20.0')] }))).toEqual([]);
    const segment = (to: string, value: string) =>
      by('segment_filtered_proportional', 'a', to, { segment: { label: 'tier', values: [value] } });
    expect(told(findings({ edges: [segment('p', 'gold'), segment('q', 'silver')] }))).toEqual([]);
  });
});

describe('metrics', () => {
  it('finds metrics that edges name and nobody lists, those that nobody uses, and segments of what has no labels', () => {
    const segment = { segment: { label: 'tier', values: ['gold'] }, metric: 'spent' };
    const all = findings({
      edges: [
        by('proportional', 'a', 'p', { metric: 'request' }),
        by('segment_filtered_proportional', 'b', 'p', segment, {
          overrides: { Compute: { strategy: 'proportional', params: { metric: 'bytes' } } },
        }),
        by('proportional', 'c', 'p', { metric: 'request' }),
      ],
      metrics: [
        { id: 'requests', from: 'usage' },
        { id: 'spent', from: 'cost' },
      ],
    });
    expect(told(all.filter(({ code }) => !/noWayOut|isolated/.test(code)))).toEqual([
      'error unknownMetric metrics/request',
      'error unknownMetric metrics/bytes',
      'error segmentNeedsUsage metrics/spent',
    ]);
    expect(all[0]?.params).toMatchObject({ edges: ['a -> p', 'c -> p'], count: 2, nearest: ['requests'] });
    expect(only(all, 'unusedMetric').map(({ path }) => path)).toEqual(['metrics/requests']);
  });
});

describe('rules', () => {
  it('reads every condition, template and column', () => {
    const all = findings({
      rules: [
        { id: 'bad condition', where: 'ServiceName = ', node: 'd' },
        { id: 'bad column', where: "not (ServiceNam = 'x' or x_Anything = 'y')", node: 'd' },
        {
          id: 'value',
          where: { and: [{ field: { column: 'RegionId', key: 'k' }, op: 'is null' }] },
          node: 'd',
        },
        { id: 'open', node: 'app:{Tags.app' },
        { id: 'close', node: 'app:}' },
        { id: 'empty', node: '{}', where: "Tags.a = 'b'" },
        { id: 'day', node: 'x:{day}' },
        { id: 'amount', node: 'x:{BilledCost}' },
        { id: 'column', node: 'x:{ServiceNames}', application: '{Tags.app' },
        { id: 'quoted', node: 'x:{Tags["a}b"]}' },
      ],
      metrics: [{ id: 'm', from: 'cost', where: 'Service', node: '{' }],
      method: { dimension: 'day', recoverableTax: "Vat = 'x'" },
    });
    expect(told(all)).toEqual([
      'error malformedCondition rules/bad condition/where',
      'error unknownColumn rules/bad column/where',
      'error columnHasNoKeys rules/value/where',
      'error malformedTemplate rules/open/node',
      'error malformedTemplate rules/close/node',
      'error malformedTemplate rules/empty/node',
      'error malformedTemplate rules/day/node',
      'error malformedTemplate rules/amount/node',
      'error unknownColumn rules/column/node',
      'error malformedTemplate rules/column/application',
      'error malformedCondition metrics/m/where',
      'error malformedTemplate metrics/m/node',
      'error malformedDimension method/dimension',
      'error unknownColumn method/recoverableTax',
    ]);
    expect(all[1]?.params).toMatchObject({ nearest: ['ServiceName'] });
    expect(all[0]?.message).toMatch(/^At character 15 of "ServiceName = ": expected a value/);
  });

  it('takes dimensions of text only', () => {
    const dimension = (dimension: string) => told(findings({ method: { dimension } }));
    expect(dimension('Tags.team')).toEqual([]);
    expect(dimension('x_CostCentre')).toEqual([]);
    expect(dimension('BilledCost')).toEqual(['error malformedDimension method/dimension']);
    expect(dimension('Servicecategorie')).toEqual(['error unknownColumn method/dimension']);
  });

  it('finds rules that never get a row', () => {
    const rules = (first: object) => [
      { id: 'one', node: 'd', ...first },
      { id: 'two', node: 'c', where: "ServiceName = 'x'" },
      { id: 'three', node: 'b', where: "ServiceName = 'x'" },
    ];
    const unreachable = (first: object) =>
      only(findings({ rules: rules(first) }), 'unreachableRule').map(({ path }) => path);
    expect(unreachable({})).toEqual(['rules/two', 'rules/three']);
    expect(unreachable({ node: 'app:{Tags.app}' })).toEqual(['rules/three']);
    expect(unreachable({ application: '{Tags.app}' })).toEqual(['rules/three']);
    expect(unreachable({ where: "ServiceName = 'x'" })).toEqual(['rules/two', 'rules/three']);
  });

  it('warns of templates that could make a node of the run itself, and refuses one that does', () => {
    const all = findings({
      rules: [
        { id: 'any', node: '{Tags.app}', where: "Tags.a = 'b'" },
        { id: 'part', node: 'un{Tags.app}ed', where: "Tags.a = 'c'" },
        { id: 'never', node: 'app:{Tags.app}', where: "Tags.a = 'd'" },
        { id: 'blank', node: ' x', where: "Tags.a = 'e'" },
        { id: 'fixed', node: 'unattributed' },
      ],
    });
    expect(told(all)).toEqual([
      'error invalidNodeId rules/blank/node',
      'error reservedNode rules/fixed/node',
      'warning maybeReservedNode rules/any/node',
      'warning maybeReservedNode rules/any/node',
      'warning maybeReservedNode rules/part/node',
    ]);
  });
});

describe('nodes', () => {
  it('finds nodes that nothing reaches, and nodes that keep what they should pass on', () => {
    const nodes = [
      { id: 'k8s', type: 'platform' },
      { id: 'db:main', type: 'infrastructure' },
      { id: 'app:shop', type: 'product' },
      { id: 'alone', type: 'service' },
      { id: 'old', type: 'shared', archived: true },
    ] as const;
    const rules = [
      { id: 'db', node: 'db:{RegionId}', where: "Tags.a = 'b'" },
      { id: 'app', node: 'app:shop' },
    ];
    const all = findings({ nodes: [...nodes], rules });
    expect(
      all.filter(({ severity }) => severity === 'warning').map(({ code, path }) => `${code} ${path}`),
    ).toEqual([
      'allocation.isolatedNode nodes/k8s',
      'allocation.noWayOut nodes/k8s',
      'allocation.noWayOut nodes/db:main',
      'allocation.isolatedNode nodes/alone',
    ]);
  });

  it('wants a product, declared or made by a rule', () => {
    const nodes = [{ id: 'd', type: 'service' as const }];
    const products = (type: 'product' | 'service') =>
      only(findings({ nodes, rules: [{ id: 'r', node: 'app:{Tags.app}', type }] }), 'noProduct').length;
    expect(products('service')).toBe(1);
    expect(products('product')).toBe(0);
  });
});

describe('every finding', () => {
  it('has a sentence that ends, and a code that is in the table', () => {
    fc.assert(
      fc.property(arbitraryGraph(), (document) => {
        for (const { code, severity, message, path } of validateGraph(document)) {
          const spec = graphFindings[code.replace('allocation.', '') as keyof typeof graphFindings];
          expect(spec.severity).toBe(severity);
          expect(message).toMatch(/^['A-Z\d][\s\S]*[.]$/);
          expect(message).not.toMatch(/undefined|NaN|\[object|null/);
          expect(path).not.toBe('');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('comes in the order of its weight', () => {
    fc.assert(
      fc.property(arbitraryGraph(), (document) => {
        const order = validateGraph(document).map(({ severity }) =>
          ['error', 'warning', 'info'].indexOf(severity),
        );
        expect(order).toEqual([...order].sort());
      }),
      { numRuns: 100 },
    );
  });

  it('is none that prevents publishing for a graph that is sound', () => {
    fc.assert(
      fc.property(arbitraryGraph({ publishable: true }), (document) => {
        const all = validateGraph(document);
        expect(all.filter(({ severity }) => severity === 'error')).toEqual([]);
        expect(hasErrors(all)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
