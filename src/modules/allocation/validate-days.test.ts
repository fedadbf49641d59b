import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGraph } from './engine/compile-graph.ts';
import {
  edgeIdOf,
  type GraphDocument,
  type GraphDocumentInput,
  type GraphEdge,
  type GraphFinding,
  graphDocumentSchema,
} from './model.ts';
import { arbitraryGraph } from './testing/arbitrary-graph.ts';
import { validateGraph } from './validate.ts';
import { percentUnits } from './validate-index.ts';

/**
 * The rules said again, slowly and day by day: what holds on a day in a dimension is looked up edge by edge. Days before, on and
 * after every bound that `arbitraryGraph` uses.
 */
const days = [
  ...['2025-12-31', '2026-01-01', '2026-01-14', '2026-01-15', '2026-01-31', '2026-02-01', '2026-02-09'],
  ...['2026-02-10', '2026-02-28', '2026-03-01', '2026-05-31', '2026-06-01', '2030-01-01'],
];
const dimensions = ['Compute', 'Storage', 'Tax', 'another'];

function ruleOn(edge: GraphEdge, dimension: string) {
  return edge.overrides[dimension] ?? edge;
}

/** Live edges of a day; ISO dates compare as text. */
function liveOn({ edges, nodes }: GraphDocument, day: string): GraphEdge[] {
  const archived = new Set(nodes.filter((node) => node.archived).map(({ id }) => id));
  const known = new Set(nodes.map(({ id }) => id));
  return edges.filter(
    ({ from, to, validFrom, validTo }) =>
      from !== to &&
      [from, to].every((id) => known.has(id) && !archived.has(id)) &&
      (validFrom === undefined || validFrom <= day) &&
      (validTo === undefined || day < validTo),
  );
}

/** True when a finding speaks of a day and a dimension. */
function covers({ params }: GraphFinding, day: string, dimension: string): boolean {
  const {
    from,
    until,
    dimensions: named,
    except,
  } = params as {
    readonly from: string | null;
    readonly until: string | null;
    readonly dimensions: readonly string[] | null;
    readonly except: readonly string[];
  };
  const isDay = (from === null || from <= day) && (until === null || day < until);
  return isDay && (named === null ? !except.includes(dimension) : named.includes(dimension));
}

function found(all: readonly GraphFinding[], ...codes: readonly string[]): GraphFinding[] {
  return all.filter(({ code }) => codes.includes(code.replace('allocation.', '')));
}

describe('shares, day by day', () => {
  it('finds every day and dimension on which percentages of a group exceed 100, and no other', () => {
    fc.assert(
      fc.property(arbitraryGraph({ strategies: ['fixed_percent', 'min_floor_proportional'] }), (document) => {
        const all = validateGraph(document);
        for (const day of days) {
          for (const dimension of dimensions) {
            const sums = sumsOn(document, day, dimension);
            const expected = [...sums].filter(([, { fixed }]) => fixed > 1_000_000).map(([key]) => key);
            expect(groupsOf(found(all, 'fixedOver100'), day, dimension)).toEqual(expected.sort());
            const floors = [...sums].filter(
              ([, { fixed, floor }]) => fixed <= 1_000_000 && floor > 0 && fixed + floor > 1_000_000,
            );
            const told = found(all, 'floorsOver100', 'floorsAndFixedOver100', 'floorsMadeEqual');
            expect(groupsOf(told, day, dimension)).toEqual(floors.map(([key]) => key).sort());
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('finds every day and dimension on which strategies or metrics of a group do not go together', () => {
    fc.assert(
      fc.property(arbitraryGraph(), (document) => {
        const all = validateGraph(document);
        for (const day of days) {
          for (const dimension of dimensions) {
            const mixed = new Map<string, Set<string>>();
            for (const edge of liveOn(document, day)) {
              const { strategy } = ruleOn(edge, dimension);
              if (strategy === 'fixed_percent') continue;
              const key = `${edge.from} ${edge.group}`;
              mixed.set(key, (mixed.get(key) ?? new Set()).add(strategy));
            }
            const expected = [...mixed].filter(([, names]) => names.size > 1).map(([key]) => key);
            expect(groupsOf(found(all, 'mixedStrategies'), day, dimension)).toEqual(expected.sort());
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the engine', () => {
  const refused = [
    ...['fixedOver100', 'floorsOver100', 'floorsAndFixedOver100', 'hybridAndFixedOver100', 'mixedStrategies'],
    ...['residualPercentsOver100', 'mixedMetrics', 'hybridPercentsDiffer', 'groupPercentsOver100'],
    'groupsWithoutPercent',
  ];

  it('can compute every group that passes, and no other, on every day', () => {
    let [passing, failing] = [0, 0];
    fc.assert(
      fc.property(arbitraryGraph({ maxNodes: 5, maxEdges: 6 }), (document) => {
        const told = groupsIn(found(validateGraph(document), ...refused));
        const sorted = [...days].sort();
        const { findings } = compileGraph({ document, nodes: [], days: sorted, dimensions });
        expect(told).toEqual(groupsIn(findings.filter(({ code }) => code === 'allocation.notComputable')));
        if (told.length === 0) passing++;
        else failing++;
      }),
      { numRuns: 300 },
    );
    expect(Math.min(passing, failing)).toBeGreaterThan(20);
  });
});

/** The paths of groups, each once. */
function groupsIn(all: readonly GraphFinding[]): string[] {
  return [...new Set(all.map(({ path }) => path))].sort();
}

function sumsOn(document: GraphDocument, day: string, dimension: string) {
  const sums = new Map<string, { fixed: number; floor: number }>();
  for (const edge of liveOn(document, day)) {
    const rule = ruleOn(edge, dimension);
    const key = `${edge.from} ${edge.group}`;
    const sum = sums.get(key) ?? { fixed: 0, floor: 0 };
    sums.set(key, sum);
    if (rule.strategy === 'fixed_percent') sum.fixed += percentUnits(rule.params.percent);
    if (rule.strategy === 'min_floor_proportional') sum.floor += percentUnits(rule.params.floorPercent);
  }
  return sums;
}

function groupsOf(all: readonly GraphFinding[], day: string, dimension: string): string[] {
  return all
    .filter((each) => covers(each, day, dimension))
    .map(({ params }) => `${params['node']} ${params['group']}`)
    .sort();
}

/** Edges that carry cost on a day in a dimension. */
function carrying(document: GraphDocument, day: string, dimension: string): GraphEdge[] {
  const nothing = new Set(
    document.groups
      .filter(({ percent }) => percent !== undefined && percentUnits(percent) === 0)
      .map(({ node, name }) => `${node} ${name}`),
  );
  return liveOn(document, day).filter((edge) => {
    const rule = ruleOn(edge, dimension);
    if (nothing.has(`${edge.from} ${edge.group}`)) return false;
    return rule.strategy !== 'fixed_percent' || percentUnits(rule.params.percent) > 0;
  });
}

/** Length of the shortest circle through each node: breadth first from all its targets. */
function shortestThrough(edges: readonly GraphEdge[]): Map<string, number> {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  const lengths = new Map<string, number>();
  for (const start of targets.keys()) {
    let front = targets.get(start) ?? [];
    const seen = new Set(front);
    for (let length = 1; front.length > 0; length++) {
      if (front.includes(start)) {
        lengths.set(start, length);
        break;
      }
      front = front
        .flatMap((node) => targets.get(node) ?? [])
        .filter((node) => !seen.has(node) && seen.add(node));
    }
  }
  return lengths;
}

describe('circles, day by day', () => {
  const graphs = arbitraryGraph({ maxNodes: 5, maxEdges: 14, strategies: ['equal', 'fixed_percent'] });

  it('finds one on every day and in every dimension on which there is one, and shows one that is there', () => {
    fc.assert(
      fc.property(graphs, (document) => {
        const all = found(validateGraph(document), 'cycle', 'cycleResolved');
        for (const day of days) {
          for (const dimension of dimensions) {
            const edges = carrying(document, day, dimension);
            const ids = new Set(edges.map(edgeIdOf));
            const lengths = shortestThrough(edges);
            const told = all.filter((each) => covers(each, day, dimension));
            expect(told.length > 0).toBe(lengths.size > 0);
            for (const { params } of told) {
              for (const id of params['edges'] as string[]) expect(ids.has(id)).toBe(true);
            }
            // Each is shortest on the days on which it was found; on this one another may be shorter, which is told too.
            const shortest = Math.min(...told.map(({ params }) => (params['edges'] as string[]).length));
            if (told.length > 0) expect(shortest).toBe(Math.min(...lengths.values()));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('tells circles apart that have nothing to do with each other', () => {
    fc.assert(
      fc.property(arbitraryGraph({ maxNodes: 6, maxEdges: 14, strategies: ['equal'] }), (drawn) => {
        const undated = drawn.edges.map(({ validFrom: _, validTo: __, ...edge }) => ({
          ...edge,
          id: undefined,
          overrides: {},
        }));
        const edges = [...new Map(undated.map((edge) => [edgeIdOf(edge), edge])).values()];
        const document = { ...drawn, edges };
        const told = found(validateGraph(document), 'cycle', 'cycleResolved');
        const through = new Set(told.flatMap(({ params }) => params['nodes'] as string[]));
        const lengths = shortestThrough(liveOn(document, '2026-01-01'));
        expect(told.length === 0).toBe(lengths.size === 0);
        // The components do not overlap, and no node of a circle is outside of them.
        const sizes = told.map(({ params }) => params['size'] as number);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(lengths.size);
        for (const node of through) expect(lengths.has(node)).toBe(true);
        for (const { params } of told) expect(params['shortest']).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

type EdgeInput = NonNullable<GraphDocumentInput['edges']>[number];
const equal = (from: string, to: string, more: object = {}): EdgeInput =>
  ({ from, to, strategy: 'equal', ...more }) as EdgeInput;
const fixed = (from: string, to: string, percent: string, more: object = {}): EdgeInput =>
  ({ from, to, strategy: 'fixed_percent', params: { percent }, ...more }) as EdgeInput;

function circles(edges: readonly EdgeInput[], rest: GraphDocumentInput = {}): GraphFinding[] {
  const names = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const nodes = [...names].map((id) => ({ id, type: 'product' as const }));
  const document = graphDocumentSchema.parse({ nodes, edges, ...rest });
  return found(
    validateGraph(document),
    'cycle',
    'cycleResolved',
    'cycleModesDiffer',
    'notInCycle',
    'componentWithoutExit',
  );
}

describe('a circle', () => {
  it('is named by its nodes and edges in order, from the node that was declared first', () => {
    const [only, ...more] = circles([
      equal('a', 'b'),
      equal('b', 'c'),
      equal('c', 'd'),
      equal('d', 'b'),
      equal('d', 'a'),
    ]);
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      code: 'allocation.cycle',
      severity: 'error',
      path: 'edges/b -> c',
      params: { nodes: ['b', 'c', 'd'], edges: ['b -> c', 'c -> d', 'd -> b'], size: 4 },
    });
    expect(only?.message).toBe(
      'Cost would go round in a circle: b → c → d → b (one circle of a component of 4 nodes). ' +
        'Take one of these edges out, or choose step_down or reciprocal under method.cycles.',
    );
  });

  it('needs days on which all of its edges hold', () => {
    const there = equal('a', 'b', { validTo: '2026-03-01' });
    expect(circles([there, equal('b', 'a', { validFrom: '2026-03-01' })])).toEqual([]);
    const [only] = circles([there, equal('b', 'a', { validFrom: '2026-02-28' })]);
    expect(only?.params).toMatchObject({ from: '2026-02-28', until: '2026-03-01' });
    expect(only?.message).toContain('in a circle on 2026-02-28: a → b → a.');
  });

  it('is not closed by an edge of 0 %, but in the dimensions that say otherwise', () => {
    const back = fixed('b', 'a', '0.0');
    expect(circles([equal('a', 'b'), back])).toEqual([]);
    const [only] = circles([
      equal('a', 'b'),
      { ...back, overrides: { Compute: { strategy: 'equal' } } } as EdgeInput,
    ]);
    expect(only?.params).toMatchObject({ dimensions: ['Compute'] });
    expect(
      circles([equal('a', 'b'), equal('b', 'a', { group: 'g' })], {
        groups: [{ node: 'b', name: 'g', percent: '0' }],
      }),
    ).toEqual([]);
  });

  it('is not closed by a cap of 0 %, unless what caps leave goes to somebody', () => {
    const capped = { strategy: 'capped_proportional', params: { metric: 'm', cap: '0' } };
    const back = { from: 'b', to: 'a', ...capped } as EdgeInput;
    expect(circles([equal('a', 'b'), back])).toEqual([]);
    expect(circles([equal('a', 'b'), back], { groups: [{ node: 'b', residual: 'lift' }] })).toHaveLength(1);
  });

  it('is told and not refused where it is solved, for each component in its own way', () => {
    const edges = [equal('a', 'b'), equal('b', 'a'), equal('b', 'x'), equal('c', 'd'), equal('d', 'c')];
    const cycles = { mode: 'step_down' as const, components: [{ node: 'd', mode: 'refuse' as const }] };
    expect(circles(edges, { method: { cycles } }).map(({ code, params }) => [code, params['nodes']])).toEqual(
      [
        ['allocation.cycle', ['c', 'd']],
        ['allocation.cycleResolved', ['a', 'b']],
      ],
    );
  });

  it('must have a way out to be solved reciprocally', () => {
    const circle = [equal('a', 'b'), equal('b', 'a')];
    const reciprocal = { method: { cycles: { mode: 'reciprocal' as const } } };
    const codes = (edges: readonly EdgeInput[], more: GraphDocumentInput = {}) =>
      circles(edges, { ...reciprocal, ...more }).map(({ code }) => code.replace('allocation.', ''));
    expect(codes(circle)).toEqual(['componentWithoutExit', 'cycleResolved']);
    expect(codes([...circle, equal('b', 'x')])).toEqual(['cycleResolved']);
    expect(codes([...circle, fixed('b', 'x', '0')])).toEqual(['componentWithoutExit', 'cycleResolved']);
    expect(codes([equal('a', 'b'), fixed('b', 'a', '99.9999')])).toEqual(['cycleResolved']);
    expect(codes([equal('a', 'b'), fixed('b', 'a', '100'), equal('b', 'x')])).toEqual([
      'componentWithoutExit',
      'cycleResolved',
    ]);
    expect(codes([equal('a', 'b'), equal('b', 'a')], { groups: [{ node: 'a', percent: '90' }] })).toEqual([
      'cycleResolved',
    ]);
  });

  it('must have its way out on every day and in every dimension', () => {
    const reciprocal = { method: { cycles: { mode: 'reciprocal' as const } } };
    const out = equal('b', 'x', {
      validTo: '2026-03-01',
      overrides: { Tax: { strategy: 'fixed_percent', params: { percent: '0' } } },
    });
    const closed = found(
      circles([equal('a', 'b'), equal('b', 'a'), out], reciprocal),
      'componentWithoutExit',
    );
    expect(
      closed.map(({ params: { from, until, dimensions: named, except } }) => ({
        from,
        until,
        named,
        except,
      })),
    ).toEqual([
      { from: '2026-03-01', until: null, named: null, except: ['Tax'] },
      { from: null, until: null, named: ['Tax'], except: [] },
    ]);
  });

  it('is treated in one way', () => {
    const cycles = {
      components: [
        { node: 'a', mode: 'step_down' as const },
        { node: 'b', mode: 'reciprocal' as const },
        { node: 'x', mode: 'reciprocal' as const },
      ],
    };
    const all = circles([equal('a', 'b'), equal('b', 'a'), equal('b', 'x')], { method: { cycles } });
    expect(all.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'allocation.cycleModesDiffer method/cycles/components/b',
      'allocation.notInCycle method/cycles/components/x',
      'allocation.cycleResolved edges/a -> b',
    ]);
  });

  it('is found in a ring and behind a chain of many thousand nodes', () => {
    const n = 30_000;
    const nodes = Array.from({ length: n }, (_, i) => ({ id: `n${i}`, type: 'product' as const }));
    const chain = Array.from({ length: n - 1 }, (_, i) => equal(`n${i}`, `n${i + 1}`));
    const at = (edges: readonly EdgeInput[]) =>
      found(validateGraph(graphDocumentSchema.parse({ nodes, edges })), 'cycle').map(
        ({ params }) => (params['nodes'] as string[]).length,
      );
    expect(at(chain)).toEqual([]);
    expect(at([...chain, equal(`n${n - 1}`, 'n0')])).toEqual([n]);
    expect(at([...chain, equal(`n${n - 1}`, 'n0'), equal(`n${n - 1}`, `n${n - 3}`)])).toEqual([3]);
  });
});
