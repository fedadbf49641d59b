import { z } from 'zod';
import { filterSchema } from '../../platform/warehouse/cost-query.ts';

/** What a graph is made of: one plain document. As a file, in the records and on the wire it has this one form. */

/** What a node stands for. Cost may rest on a `product`; on any other it is unallocated. */
export const nodeTypes = ['resource', 'service', 'shared', 'platform', 'infrastructure', 'product'] as const;
export type NodeType = (typeof nodeTypes)[number];

/** Nodes of every run that no graph may declare: cost that no rule took, and what lies below the run's scale. */
export const reservedNodes = ['unattributed', 'rounding'] as const;

/** A node's id as it stands in links and files: `app:checkout`. Compared by code point; upper and lower case differ. */
export const nodeIdSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(
    /^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u,
    'an id has no control characters and no blanks at its ends',
  );

const name = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{C}]+$/u, 'control characters are not allowed');
const day = z.iso.date();

/**
 * A percentage as an exact decimal: `'30'` is 30 %, `'0.5'` half a percent, 0 … 100, at most four decimals. A number and a
 * text with a percent sign are taken too. There is no guessing: `1` is one percent.
 */
const percentSchema = z
  .union([z.number(), z.string()])
  .transform((given) => String(given).trim().replace(/\s*%$/, ''))
  .pipe(
    z
      .string()
      .regex(/^(100(\.0+)?|\d{1,2}(\.\d+)?)$/, 'write a percentage from 0 to 100, such as 33.3333')
      .regex(/^\d+(\.\d{1,4}0*)?$/, 'a percentage has at most four decimals'),
  )
  // One text per value: 30.0 and 030 are 30.
  .transform((text) => String(Number(text)));

const metric = name;
/** A factor between 0 (exclusive) and 1: each day further back counts this much of the day after it. At most four decimals. */
const decaySchema = z
  .union([z.number(), z.string()])
  .transform(String)
  .pipe(z.string().regex(/^(1(\.0+)?|0?\.\d{0,3}[1-9]0*)$/, 'write a factor above 0, at most 1, such as 0.8'))
  .transform((text) => String(Number(text)));

export const segmentOperators = ['eq', 'neq', 'in', 'not_in', 'exists', 'not_exists'] as const;

/** Which usage counts, by one of its labels. `neq`, `not_in` and `not_exists` count usage without the label. */
const segmentSchema = z
  .strictObject({
    label: name,
    operator: z.enum(segmentOperators).default('in'),
    values: z.array(z.string().max(500)).max(1000).default([]),
  })
  .refine(({ operator, values }) => operator.endsWith('exists') === (values.length === 0), {
    message: 'name the values; `exists` and `not_exists` take none',
    path: ['values'],
  });
export type Segment = z.infer<typeof segmentSchema>;

/**
 * How the edges of one sibling group share their part of a node. In all of them `share` is a fraction of that part, and
 * w an edge's weight: the usage of the receiving node in `metric`.
 *
 * - `equal`: 1 ÷ number of live edges.
 * - `proportional`: w ÷ Σ w.
 * - `fixed_percent`: `percent`; what is left to 100 stays on the node.
 * - `capped_proportional`: w ÷ Σ w up to `cap`; the excess goes to those below their cap, by weight, until it fits (water
 *   filling). What all caps leave is the group's declared `residual`.
 * - `residual_to_max`: w ÷ Σ w up to `cap`, or `percent` where given; the edge with the largest w takes what the others leave.
 * - `weighted_average`: as proportional, by the mean of w over `windowDays` days up to this one. `missingDays`: `skip` (mean of
 *   the days present) or `zero`. `decay`: weight of a day ÷ weight of the day after it.
 * - `hybrid_fixed_proportional`: `fixedPercent` equally, the rest proportionally.
 * - `min_floor_proportional`: `floorPercent` each, the rest proportionally.
 * - `segment_filtered_proportional`: as proportional, by usage whose label fits `segment`.
 */
const strategyForms = {
  equal: z.strictObject({}),
  proportional: z.strictObject({ metric }),
  fixed_percent: z.strictObject({ percent: percentSchema }),
  capped_proportional: z.strictObject({ metric, cap: percentSchema }),
  residual_to_max: z
    .strictObject({ metric, percent: percentSchema.optional(), cap: percentSchema.optional() })
    .refine(({ percent, cap }) => percent === undefined || cap === undefined, 'give a percent or a cap'),
  weighted_average: z.strictObject({
    metric,
    windowDays: z.int().min(1).max(92).default(7),
    missingDays: z.enum(['skip', 'zero']).default('skip'),
    decay: decaySchema.optional(),
  }),
  hybrid_fixed_proportional: z.strictObject({ metric, fixedPercent: percentSchema }),
  min_floor_proportional: z.strictObject({ metric, floorPercent: percentSchema }),
  segment_filtered_proportional: z.strictObject({ metric, segment: segmentSchema }),
} as const;

export type StrategyName = keyof typeof strategyForms;
export const strategyNames = Object.keys(strategyForms) as [StrategyName, ...StrategyName[]];

const strategyVariants = [
  z.strictObject({ strategy: z.literal('equal'), params: strategyForms.equal.default({}) }),
  z.strictObject({ strategy: z.literal('proportional'), params: strategyForms.proportional }),
  z.strictObject({ strategy: z.literal('fixed_percent'), params: strategyForms.fixed_percent }),
  z.strictObject({ strategy: z.literal('capped_proportional'), params: strategyForms.capped_proportional }),
  z.strictObject({ strategy: z.literal('residual_to_max'), params: strategyForms.residual_to_max }),
  z.strictObject({ strategy: z.literal('weighted_average'), params: strategyForms.weighted_average }),
  z.strictObject({
    strategy: z.literal('hybrid_fixed_proportional'),
    params: strategyForms.hybrid_fixed_proportional,
  }),
  z.strictObject({
    strategy: z.literal('min_floor_proportional'),
    params: strategyForms.min_floor_proportional,
  }),
  z.strictObject({
    strategy: z.literal('segment_filtered_proportional'),
    params: strategyForms.segment_filtered_proportional,
  }),
] as const;

/** A strategy with its parameters. */
const shareRuleSchema = z.discriminatedUnion('strategy', strategyVariants);
export type ShareRule = z.infer<typeof shareRuleSchema>;
/** As people write it: defaults may be left out. */
export type ShareRuleInput = z.input<typeof shareRuleSchema>;

export const nodeSchema = z.strictObject({
  id: nodeIdSchema,
  type: z.enum(nodeTypes),
  /** For people; the id when absent. */
  name: name.optional(),
  labels: z.record(name, z.string().max(500)).default({}),
  /** The application of the organization that the node is: retained cost of products is shown under it. */
  application: name.optional(),
  /** Kept in the graph, receives nothing and passes nothing on; edges to and from it are findings. */
  archived: z.boolean().default(false),
});
export type GraphNode = z.infer<typeof nodeSchema>;

const edgeFields = {
  /** Unique in the graph; when absent, `from -> to`, with ` @validFrom` when that is given. */
  id: z.string().min(1).max(450).optional(),
  from: nodeIdSchema,
  to: nodeIdSchema,
  /** Edges of a node with one group name share together. */
  group: z.string().max(100).default(''),
  /** Dimension → how this edge shares it, instead of `strategy`. */
  overrides: z.record(name, shareRuleSchema).default({}),
  /** Half-open: the first day that it holds, and the first that it does not. For ever when absent. */
  validFrom: day.optional(),
  validTo: day.optional(),
};

/** Cost flows `from` → `to`. */
export const edgeSchema = z.discriminatedUnion('strategy', [
  strategyVariants[0].extend(edgeFields),
  strategyVariants[1].extend(edgeFields),
  strategyVariants[2].extend(edgeFields),
  strategyVariants[3].extend(edgeFields),
  strategyVariants[4].extend(edgeFields),
  strategyVariants[5].extend(edgeFields),
  strategyVariants[6].extend(edgeFields),
  strategyVariants[7].extend(edgeFields),
  strategyVariants[8].extend(edgeFields),
]);
export type GraphEdge = z.infer<typeof edgeSchema>;

/** What is done where a group's metric says nothing on a day: no edge has a weight above 0. */
export const fallbacks = ['hold', 'equal', 'last_known', 'by_cost'] as const;

/**
 * How a sibling group behaves; groups that are not listed have the defaults.
 *
 * A group has one strategy per dimension, and may have `fixed_percent` edges beside it: these take theirs first, the others
 * share the rest. A node with several groups gives each `percent` of its cost; one of them may have none and takes the rest.
 */
export const groupSchema = z.strictObject({
  node: nodeIdSchema,
  name: z.string().max(100).default(''),
  percent: percentSchema.optional(),
  /** `hold`: stays on the node, as unallocated. `by_cost`: by the direct charges of the receiving nodes on that day. */
  fallback: z.enum(fallbacks).default('hold'),
  /** How far back `last_known` looks. */
  lastKnownDays: z.int().min(1).max(92).default(30),
  /** A receiver without a value while siblings have one: counts as 0 with a finding, or the whole group falls back. */
  missing: z.enum(['zero', 'fallback']).default('zero'),
  /**
   * What the caps of `capped_proportional` leave: `keep` on the node; to the `largest` consumer; `lift` the caps (then by
   * weight); or `{ "to": node }`, one of the group's receivers.
   */
  residual: z
    .union([z.enum(['keep', 'largest', 'lift']), z.strictObject({ to: nodeIdSchema })])
    .default('keep'),
  /** Floors above 100 % in sum: a finding that refuses the graph, or everybody the same. */
  infeasibleFloors: z.enum(['refuse', 'equal']).default('refuse'),
});
export type SiblingGroup = z.infer<typeof groupSchema>;

/** A filter as people write it (`Tags.app is not null`) or as a value. */
const conditionSchema = z.union([z.string().min(1).max(10_000), filterSchema]);

/** A text with columns in braces: `app:{Tags.app}`. A row where one of them is empty does not fit the rule. */
const templateSchema = z.string().min(1).max(500);

/** Sends cost rows to a node. Rules are ordered; the first that fits takes the row. */
export const ruleSchema = z.strictObject({
  id: name,
  /** Absent: every row. */
  where: conditionSchema.optional(),
  node: templateSchema,
  /** What a node that the template makes is; nodes of the graph keep their own. */
  type: z.enum(nodeTypes).default('service'),
  application: templateSchema.optional(),
  note: z.string().max(1000).optional(),
});
export type AttributionRule = z.infer<typeof ruleSchema>;

/** Where weights come from. Every metric that an edge names is listed. */
export const metricSchema = z.discriminatedUnion('from', [
  /** Values that were imported, per node and day. */
  z.strictObject({ id: name, unit: name.optional(), from: z.literal('usage') }),
  /** The sum of a quantity of the bill's own rows; rows in other units than `unit` are left out with a finding. */
  z.strictObject({
    id: name,
    unit: name,
    from: z.literal('quantity'),
    column: z.enum(['ConsumedQuantity', 'PricingQuantity']).default('ConsumedQuantity'),
    where: conditionSchema.optional(),
    /** Whose it is; the node that the rules send the row to when absent. */
    node: templateSchema.optional(),
  }),
  /** The cost of the bill's own rows (charges only), in the run's metric. */
  z.strictObject({
    id: name,
    from: z.literal('cost'),
    where: conditionSchema.optional(),
    node: templateSchema.optional(),
  }),
]);
export type GraphMetric = z.infer<typeof metricSchema>;

export const cycleModes = ['refuse', 'step_down', 'reciprocal'] as const;
export type CycleMode = (typeof cycleModes)[number];

/**
 * What is done with nodes that pass cost round in a circle. `step_down` closes them one after the other: a closed node
 * gets nothing back. In `order`; nodes that it does not name follow by direct cost, largest first, ties by id.
 */
const cyclesSchema = z.strictObject({
  mode: z.enum(cycleModes).default('refuse'),
  order: z.array(nodeIdSchema).default([]),
  /** Components treated in another way, each named by any of its nodes. */
  components: z
    .array(
      z.strictObject({
        node: nodeIdSchema,
        mode: z.enum(cycleModes),
        order: z.array(nodeIdSchema).default([]),
      }),
    )
    .default([]),
});
export type Cycles = z.infer<typeof cyclesSchema>;

export const costMetrics = ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'] as const;
export type CostMetric = (typeof costMetrics)[number];

/** The dimension of tax rows, whatever the method's dimension is. */
export const taxDimension = 'Tax';
/** The dimension of rows whose column is empty. */
export const otherDimension = 'Other';

/** How a run reads the bill. */
export const methodSchema = z.strictObject({
  metric: z.enum(costMetrics).default('EffectiveCost'),
  /** Tax rows that come back from the state, and so are no cost: all, none, or those that fit a condition. */
  recoverableTax: z.union([z.enum(['all', 'none']), conditionSchema]).default('all'),
  /** Column or `Tags.key` whose values are the dimensions, as in a cost query. */
  dimension: z.string().min(1).max(300).default('ServiceCategory'),
  cycles: cyclesSchema.prefault({}),
});
export type Method = z.infer<typeof methodSchema>;

/** The content of one version of a graph. Order counts in `rules` only. */
export const graphDocumentSchema = z.strictObject({
  method: methodSchema.prefault({}),
  nodes: z.array(nodeSchema).max(200_000).default([]),
  edges: z.array(edgeSchema).max(2_000_000).default([]),
  groups: z.array(groupSchema).max(200_000).default([]),
  rules: z.array(ruleSchema).max(2000).default([]),
  metrics: z.array(metricSchema).max(1000).default([]),
});
/** A document as people write it: defaults may be left out. */
export type GraphDocumentInput = z.input<typeof graphDocumentSchema>;
export type GraphDocument = z.infer<typeof graphDocumentSchema>;

/** An edge's id: its own, or made of its ends and the day from which it holds. */
export function edgeIdOf({
  id,
  from,
  to,
  validFrom,
}: Pick<GraphEdge, 'id' | 'from' | 'to' | 'validFrom'>): string {
  return id ?? `${from} -> ${to}${validFrom === undefined ? '' : ` @${validFrom}`}`;
}

/** Why cost stays on a node that is no product. */
export const heldCauses = [
  /** No rule took the rows. */
  'no_rule',
  /** No live edge leaves the node. */
  'no_edge',
  /** The group's metric has no value, and its fallback holds. */
  'missing_driver',
  /** The group's metric is measured, and zero for everybody. */
  'zero_driver',
  /** All receivers are at their cap. */
  'cap',
  /** Percentages below 100. */
  'fixed',
  /** The edge out was cut by step-down. */
  'cut_cycle',
  /** Below the run's scale, or units that no receiver of a circle can hold. */
  'rounding',
] as const;
export type HeldCause = (typeof heldCauses)[number];

/** Where a share came from. `declared`: no metric is needed. */
export const qualities = ['declared', 'measured', 'smoothed', 'fallback', 'held'] as const;
export type Quality = (typeof qualities)[number];

/** Something found in a graph or while allocating. `path` names it: `edges/a -> b/params/cap`. */
export interface GraphFinding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly path: string;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Decimal text per currency, where money is at stake and known. */
  readonly amounts?: Readonly<Record<string, string>>;
}
