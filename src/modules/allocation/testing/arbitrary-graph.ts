import fc from 'fast-check';
import {
  cycleModes,
  edgeIdOf,
  fallbacks,
  type GraphDocument,
  type GraphDocumentInput,
  graphDocumentSchema,
  type NodeType,
  nodeTypes,
  type ShareRule,
  type StrategyName,
  segmentOperators,
} from '../model.ts';

export interface GraphOptions {
  /** At most so many nodes (default 8) and edges (default 16); at least one node. */
  readonly maxNodes?: number;
  readonly maxEdges?: number;
  /** Edges go from an earlier node to a later one only. */
  readonly acyclic?: boolean;
  /** Without an error of `validateGraph`: one strategy per group, percentages that fit, no parallel edges. Acyclic too. */
  readonly publishable?: boolean;
  /** Names and texts hold whatever the schema allows: other alphabets, quotes, control characters in labels. */
  readonly strange?: boolean;
  readonly strategies?: readonly StrategyName[];
}

const metrics = ['requests', 'gb_hours', 'cost_share'] as const;
const dimensions = ['Compute', 'Storage', 'Tax'] as const;

/** Graph documents as `graphDocumentSchema` gives them, defaults filled in. Edges hold from 2026-01 on, some for a time. */
export function arbitraryGraph(options: GraphOptions = {}): fc.Arbitrary<GraphDocument> {
  const { maxNodes = 8, maxEdges = 16, strategies } = options;
  return fc
    .record({
      nodes: fc.array(arbitraryNode(options), { minLength: 1, maxLength: maxNodes }),
      edges: fc.array(arbitraryEdge(options, strategies), { maxLength: maxEdges }),
      groups: fc.array(arbitraryGroup(), { maxLength: 4 }),
      rules: fc.array(arbitraryRule(options), { maxLength: 4 }),
      metricUnit: fc.option(arbitraryName(options), { nil: undefined }),
      method: arbitraryMethod(options),
    })
    .map((parts) => {
      const document = graphDocumentSchema.parse(assemble(parts, options));
      return options.publishable ? madePublishable(document) : document;
    });
}

interface Parts {
  readonly nodes: readonly NodeParts[];
  readonly edges: readonly EdgeParts[];
  readonly groups: readonly GroupParts[];
  readonly rules: readonly NonNullable<GraphDocumentInput['rules']>[number][];
  readonly metricUnit: string | undefined;
  readonly method: NonNullable<GraphDocumentInput['method']>;
}

/** Gives things their ids and edges their ends. The first node's `type` decides nothing: the last one is a product. */
function assemble(parts: Parts, { acyclic, publishable, strange }: GraphOptions): GraphDocumentInput {
  const last = parts.nodes.length - 1;
  const nodes = parts.nodes.map(({ suffix, ...node }, n) => ({
    ...node,
    id: `n${n}${suffix}`,
    ...(publishable ? { type: n === last ? ('product' as const) : ranked(n, last), archived: false } : {}),
  }));
  const seen = new Set<string>();
  const edges = parts.edges.flatMap(({ from: a, to: b, named, ...edge }) => {
    const [from, to] = [a % nodes.length, b % nodes.length];
    if (from === to) return [];
    const isTurned = (acyclic || publishable) && from > to;
    const ends = isTurned ? { from: to, to: from } : { from, to };
    const made = { ...edge, from: nodes[ends.from]?.id ?? '', to: nodes[ends.to]?.id ?? '' };
    const id = edgeIdOf({ ...made, id: undefined });
    const parallel = JSON.stringify([made.from, made.to, made.group ?? '']);
    if (seen.has(id) || (publishable && seen.has(parallel))) return [];
    seen.add(id).add(parallel);
    return [named ? { ...made, id: `edge ${seen.size}` } : made];
  });
  const described = new Set<string>();
  const groups = parts.groups.flatMap(({ at, receiver, ...group }) => {
    const edge = edges[at % Math.max(1, edges.length)];
    if (!edge) return [];
    const { from: node, group: name = '' } = edge;
    if (described.has(`${node}\u0000${name}`)) return [];
    described.add(`${node}\u0000${name}`);
    return [{ ...group, node, name, ...(receiver ? { residual: { to: edge.to } } : {}) }];
  });
  const ids = new Set<string>();
  const rules = parts.rules.flatMap((rule) => {
    if (ids.has(rule.id)) return [];
    ids.add(rule.id);
    return [rule];
  });
  const unit = parts.metricUnit;
  return {
    method: parts.method,
    nodes,
    edges,
    groups,
    rules,
    metrics: [
      { id: metrics[0], from: 'usage', ...(unit === undefined ? {} : { unit }) },
      { id: metrics[1], from: 'quantity', unit: unit ?? 'GB-Hours', where: "Tags.env = 'prod'" },
      { id: metrics[2], from: 'cost', ...(strange ? { node: 'x:{Tags.app}' } : {}) },
    ],
  };
}

/** Types in the order in which cost flows. */
function ranked(n: number, last: number): NodeType {
  const upstream: readonly NodeType[] = ['infrastructure', 'resource', 'platform', 'shared', 'service'];
  return upstream[Math.floor((n * upstream.length) / Math.max(1, last))] ?? 'service';
}

interface NodeParts {
  readonly suffix: string;
  readonly type: NodeType;
  readonly archived: boolean;
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly application?: string;
}

function arbitraryNode(options: GraphOptions): fc.Arbitrary<NodeParts> {
  return fc.record(
    {
      suffix: options.strange
        ? arbitraryName(options).map((text) => text.trim().slice(0, 40))
        : fc.constantFrom('', ':db', ':web'),
      type: fc.constantFrom(...nodeTypes),
      archived: fc.oneof(
        { weight: 9, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.boolean() },
      ),
      name: arbitraryName(options),
      labels: arbitraryLabels(options),
      application: arbitraryName(options),
    },
    { requiredKeys: ['suffix', 'type', 'archived'] },
  );
}

/** A name as the schema wants it: no control characters, not empty. */
function arbitraryName({ strange }: GraphOptions): fc.Arbitrary<string> {
  if (!strange) return fc.constantFrom('shop', 'Team A', 'db-cluster', 'A long name of something');
  return fc
    .oneof(awkward, fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }))
    .filter((text) => /^[^\p{C}]+$/u.test(text) && text.trim() !== '');
}

/** What a format may take for something else. */
const awkward = fc.constantFrom(
  ...['true', 'no', 'null', '~', '1.0', '007', '0x1f', '2026-01-01', '1e3', '.inf', '<<', '=', '- a', 'a: b'],
  ...[
    '# x',
    '&a',
    '*a',
    '!!str x',
    '"',
    "'",
    '{',
    '[a]',
    '%x',
    '@a',
    '`',
    '| ',
    '>-',
    'é€',
    '日本',
    '👩‍💻',
    '?',
    ',',
  ],
);

function arbitraryLabels(options: GraphOptions): fc.Arbitrary<Record<string, string>> {
  const value = options.strange
    ? fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 30 }))
    : fc.constantFrom('a', 'b', '');
  const key = arbitraryName(options).filter((name) => name !== '__proto__');
  return fc.dictionary(key, value, { maxKeys: 3 });
}

interface EdgeParts {
  readonly from: number;
  readonly to: number;
  readonly named: boolean;
  readonly group?: string;
  readonly validFrom?: string;
  readonly validTo?: string;
  readonly strategy: StrategyName;
  readonly params: never;
  readonly overrides?: Readonly<Record<string, never>>;
}

const firstDays = ['2026-01-01', '2026-01-15', '2026-02-01'] as const;
const lastDays = ['2026-02-10', '2026-03-01', '2026-06-01'] as const;

function arbitraryEdge(
  options: GraphOptions,
  strategies: readonly StrategyName[] | undefined,
): fc.Arbitrary<EdgeParts> {
  const rule = arbitraryRuleOf(strategies);
  const ends = fc.record(
    {
      from: fc.nat(),
      to: fc.nat(),
      named: fc.boolean(),
      group: options.strange ? fc.oneof(awkward, fc.constant('')) : fc.constantFrom('', 'reserved'),
      validFrom: fc.constantFrom(...firstDays),
      validTo: fc.constantFrom(...lastDays),
      overrides: fc.dictionary(fc.constantFrom(...dimensions), rule, { maxKeys: 2 }),
    },
    { requiredKeys: ['from', 'to', 'named'] },
  );
  return fc.tuple(ends, rule).map(([edge, share]) => ({ ...edge, ...share }) as EdgeParts);
}

const percent = fc
  .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 9999 }))
  .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(4, '0')}`.replace(/\.?0+$/, '') || '0');
const metric = fc.constantFrom(...metrics);
const usageMetric = fc.constant(metrics[0]);

const segment = fc.oneof(
  fc.record({
    label: fc.constantFrom('tier', 'env'),
    operator: fc.constantFrom(...segmentOperators.filter((operator) => !operator.endsWith('exists'))),
    values: fc.array(fc.constantFrom('gold', 'silver', 'prod'), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    label: fc.constant('tier'),
    operator: fc.constantFrom('exists' as const, 'not_exists' as const),
  }),
);

const paramsOf: Readonly<Record<StrategyName, fc.Arbitrary<object>>> = {
  equal: fc.constant({}),
  proportional: fc.record({ metric }),
  fixed_percent: fc.record({ percent }),
  capped_proportional: fc.record({ metric, cap: percent }),
  residual_to_max: fc.oneof(
    fc.record({ metric }),
    fc.record({ metric, percent }),
    fc.record({ metric, cap: percent }),
  ),
  weighted_average: fc.record(
    {
      metric,
      windowDays: fc.integer({ min: 1, max: 92 }),
      missingDays: fc.constantFrom('skip', 'zero'),
      decay: fc.constantFrom('0.8', '0.9999', '1', '.5'),
    },
    { requiredKeys: ['metric'] },
  ),
  hybrid_fixed_proportional: fc.record({ metric, fixedPercent: percent }),
  min_floor_proportional: fc.record({ metric, floorPercent: percent }),
  segment_filtered_proportional: fc.record({ metric: usageMetric, segment }),
};

function arbitraryRuleOf(
  strategies: readonly StrategyName[] = Object.keys(paramsOf) as StrategyName[],
): fc.Arbitrary<object> {
  return fc.oneof(
    ...strategies.map((strategy) => paramsOf[strategy].map((params) => ({ strategy, params }))),
  );
}

interface GroupParts {
  readonly at: number;
  readonly receiver: boolean;
}

function arbitraryGroup(): fc.Arbitrary<GroupParts> {
  return fc.record(
    {
      at: fc.nat(),
      receiver: fc.boolean(),
      percent,
      fallback: fc.constantFrom(...fallbacks),
      lastKnownDays: fc.integer({ min: 1, max: 92 }),
      missing: fc.constantFrom('zero', 'fallback'),
      residual: fc.constantFrom('keep', 'largest', 'lift'),
      infeasibleFloors: fc.constantFrom('refuse', 'equal'),
    },
    { requiredKeys: ['at', 'receiver'] },
  );
}

function arbitraryRule(options: GraphOptions): fc.Arbitrary<Parts['rules'][number]> {
  const filter = { field: { tag: 'env' }, op: '=' as const, value: 'prod' };
  return fc.record(
    {
      id: arbitraryName(options),
      where: fc.constantFrom("ServiceName = 'Amazon EC2'", 'Tags["my key"] is not null', filter, {
        not: filter,
      }),
      node: fc.constantFrom('n0', 'app:{Tags.app}', 'acc:{SubAccountId}', 'x:{Tags["my key"]}'),
      type: fc.constantFrom(...nodeTypes),
      application: fc.constantFrom('shop', '{Tags.app}'),
      ...(options.strange ? { note: fc.string({ unit: 'binary', maxLength: 60 }) } : {}),
    },
    { requiredKeys: ['id', 'node'] },
  );
}

function arbitraryMethod({ publishable }: GraphOptions): fc.Arbitrary<Parts['method']> {
  return fc.record(
    {
      metric: fc.constantFrom('BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'),
      recoverableTax: fc.constantFrom('all', 'none', "Tags.vat = 'yes'"),
      dimension: fc.constantFrom('ServiceName', 'Tags.team'),
      cycles: fc.record(
        {
          mode: fc.constantFrom(...cycleModes),
          ...(publishable
            ? {}
            : { order: fc.uniqueArray(fc.constantFrom('n0', 'n1', 'n2'), { maxLength: 2 }) }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
}

/**
 * Mends what `validateGraph` would refuse: all edges of a group share in the way of its first one, by one metric, with
 * percentages cut so that their sum is at most 100; no overrides but of the same strategy, no archived node, group percents of
 * at most 50.
 */
function madePublishable(document: GraphDocument): GraphDocument {
  const siblings = new Map<string, number>();
  const first = new Map<string, ShareRule>();
  const key = ({ from, group }: { from: string; group: string }) => `${from}\u0000${group}`;
  for (const edge of document.edges) {
    siblings.set(key(edge), (siblings.get(key(edge)) ?? 0) + 1);
    if (!first.has(key(edge)))
      first.set(key(edge), { strategy: edge.strategy, params: edge.params } as ShareRule);
  }
  const edges = document.edges.map((edge) => {
    const rule = fitted(first.get(key(edge)) as ShareRule, siblings.get(key(edge)) ?? 1);
    const overrides = Object.fromEntries(Object.keys(edge.overrides).map((name) => [name, rule]));
    return { ...edge, ...rule, overrides } as typeof edge;
  });
  const taken = new Set<string>();
  const described = new Map(document.groups.map((group) => [`${group.node}\u0000${group.name}`, group]));
  const groups = [...siblings.keys()].flatMap((name) => {
    const [node = '', group = ''] = name.split('\u0000');
    const known = described.get(name);
    const isSecond = taken.has(node);
    taken.add(node);
    const { percent: _, ...settings } = known ?? { node, name: group };
    return isSecond ? [{ ...settings, percent: '40.5' }] : known ? [settings] : [];
  });
  return graphDocumentSchema.parse({ ...document, edges, groups });
}

/** A rule whose percentages fit `siblings` times into 100. */
function fitted(rule: ShareRule, siblings: number): ShareRule {
  const part = String(Math.floor(1_000_000 / siblings) / 10_000);
  switch (rule.strategy) {
    case 'fixed_percent':
      return { ...rule, params: { percent: part } };
    case 'min_floor_proportional':
      return { ...rule, params: { ...rule.params, floorPercent: part } };
    case 'residual_to_max':
      return { ...rule, params: { metric: rule.params.metric } };
    default:
      return rule;
  }
}
