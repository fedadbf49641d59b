import { z } from 'zod';
import { amountSchema, graphParameter, monthSchema, nameSchema } from './economics-contract.ts';
import { graphChangeSchema } from './graph-changes.ts';
import { graphDocumentSchema, nodeIdSchema, strategyNames } from './model.ts';

/** The forms of the API over what would be, if; shared by server, CLI and browser. */

/** A factor as decimal text, 0 … 1000, at most four decimals: `1.2` is a fifth more. */
const factorSchema = z
  .string()
  .regex(/^(1000(\.0{1,4})?|\d{1,3}(\.\d{1,4})?)$/, 'write a factor from 0 to 1000, such as 1.2');

/** Another amount of use. Without `node`, all nodes together; that moves no share, and is said so. */
const metricChangeSchema = z.union([
  z.strictObject({ metric: nameSchema, node: nodeIdSchema.optional(), factor: factorSchema }),
  z.strictObject({
    metric: nameSchema,
    node: nodeIdSchema,
    value: z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, 'write an amount that is not negative, such as 120.5'),
    /** Every day of the month when absent. */
    day: z.iso.date().optional(),
  }),
]);
export type MetricChange = z.infer<typeof metricChangeSchema>;

/** Other parameters of an edge; those that are not named stay, unless the strategy is another. */
const edgeChangeSchema = z.strictObject({
  /** Its id, or its ends: `a -> b`. */
  edge: z.string().min(1).max(450),
  strategy: z.enum(strategyNames).optional(),
  params: z.record(z.string().max(50), z.union([z.string().max(200), z.number()])).default({}),
});
export type EdgeChange = z.infer<typeof edgeChangeSchema>;

export const whatIfRequestSchema = z
  .strictObject({
    graph: graphParameter,
    month: monthSchema,
    /** The whole graph as it would be. */
    document: graphDocumentSchema.optional(),
    /** The open draft. */
    draft: z.literal(true).optional(),
    /** Parts to put or remove, as in a draft, and parameters of edges. */
    changes: z.array(graphChangeSchema).max(10_000).default([]),
    edges: z.array(edgeChangeSchema).max(10_000).default([]),
    metrics: z.array(metricChangeSchema).max(1000).default([]),
    /** `run`: the usage that the published run has read, so that nothing but what is asked makes a difference. */
    usage: z.enum(['run', 'current']).default('run'),
    currency: z.string().length(3).optional(),
    /** All nodes that change, not the products only. */
    nodes: z.boolean().default(false),
  })
  .refine(({ document, draft }) => document === undefined || draft === undefined, {
    message: 'give a document or take the draft, one of the two',
    path: ['draft'],
  })
  .meta({
    example: { month: '2026-10', edges: [{ edge: 'db -> app:shop', params: { percent: '30' } }] },
  });
export type WhatIfRequest = z.output<typeof whatIfRequestSchema>;
export type WhatIfInput = z.input<typeof whatIfRequestSchema>;

const pair = z.object({ before: amountSchema, after: amountSchema, delta: amountSchema });
const nodeDeltaSchema = z.object({
  node: z.string(),
  name: z.string(),
  type: z.string(),
  before: amountSchema,
  after: amountSchema,
  delta: amountSchema,
  /** After ÷ total after. */
  share: z.string().nullable(),
  /** Delta ÷ before; null where there was nothing. */
  change: z.string().nullable(),
});
const findingSchema = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  path: z.string(),
  message: z.string(),
  params: z.record(z.string(), z.unknown()),
});
const checkSchema = z.object({ name: z.string(), ok: z.boolean(), difference: amountSchema });

/** What the figures before were taken from. */
const beforeSchema = z.object({
  /** The published run of the month; null: computed now, with the graph's version. */
  run: z.string().nullable(),
  version: z.int(),
});

export const whatIfSchema = z.object({
  graph: z.string(),
  month: z.string(),
  before: beforeSchema,
  /** True when the attribution of the run was taken over, because rules and method are the same. */
  reusedAttribution: z.boolean(),
  currencies: z.array(
    z.object({
      currency: z.string(),
      total: pair,
      /** The largest |delta| first. */
      products: z.array(nodeDeltaSchema),
      unchangedProducts: z.int(),
      nodes: z.array(nodeDeltaSchema).optional(),
      unallocated: pair,
      coverage: z.object({ before: z.string().nullable(), after: z.string().nullable() }),
    }),
  ),
  findings: z.array(findingSchema),
  checks: z.array(checkSchema),
});
export type WhatIfAnswer = z.infer<typeof whatIfSchema>;

/** A driver that grows: by `percent`, of one node or of all. */
export const growthRequestSchema = z
  .strictObject({
    graph: graphParameter,
    month: monthSchema,
    metric: nameSchema,
    node: nodeIdSchema.optional(),
    percent: z
      .string()
      .regex(/^-?\d{1,4}(\.\d{1,2})?$/, 'write a percentage such as 10 or -5.5')
      .meta({ example: '10' }),
  })
  .meta({ example: { month: '2026-10', metric: 'requests', percent: '10' } });
export type GrowthRequest = z.output<typeof growthRequestSchema>;

const growthPoolSchema = z.object({
  node: z.string(),
  name: z.string(),
  cost: amountSchema,
  delta: amountSchema,
});

export const growthSchema = z.object({
  graph: z.string(),
  month: z.string(),
  run: z.string(),
  metric: z.string(),
  node: z.string().nullable(),
  percent: z.string(),
  /** Pools cost what they cost; the others pay less as one uses more. */
  redistribution: z.object({
    assumption: z.string(),
    currencies: z.array(
      z.object({
        currency: z.string(),
        total: amountSchema,
        /** What each pool passes on by the metric, and what its receivers get more and less of it. */
        pools: z.array(
          z.object({
            node: z.string(),
            name: z.string(),
            cost: amountSchema,
            gained: amountSchema,
            lost: amountSchema,
          }),
        ),
        products: z.array(nodeDeltaSchema),
        unallocated: amountSchema,
      }),
    ),
  }),
  /** Pools cost more as their driver grows; whoever grows pays it. Charges only. */
  marginal: z.object({
    assumption: z.string(),
    currencies: z.array(
      z.object({
        currency: z.string(),
        total: amountSchema,
        pools: z.array(growthPoolSchema),
        products: z.array(growthPoolSchema),
        unallocated: amountSchema,
      }),
    ),
  }),
  findings: z.array(findingSchema),
  checks: z.array(checkSchema),
});
export type GrowthAnswer = z.infer<typeof growthSchema>;
