import { z } from 'zod';
import { costQuerySchema } from '../../platform/warehouse/cost-query.ts';
import { graphIdSchema } from './graph-contract.ts';
import { heldCauses, nodeIdSchema, qualities } from './model.ts';

/** Questions to the figures of a run on the wire; shared by server, CLI and browser. Amounts are decimal text. */

export const graphSchema = graphIdSchema.default('main');
export const monthSchema = z
  .string()
  .regex(/^(19|[2-9]\d)\d{2}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM')
  .meta({ example: '2026-10' });
export const runIdSchema = z
  .string()
  .regex(/^[0-9a-f]{8,32}$/, 'a run has 32 hexadecimal digits; the first 8 will do where no other has them')
  .meta({ description: 'a run that need not be published; the published run of the month when absent' });

const node = nodeIdSchema.meta({ description: 'id of a node', example: 'app:checkout' });
const depth = z.coerce.number().int().min(0).max(20).default(3);
const top = z.coerce.number().int().min(1).max(500).default(10);

/** Charges are positive, credits negative, net is their sum. */
const amountSchema = z.object({ charges: z.string(), credits: z.string(), net: z.string() });
/** An amount and its fraction of the figure explained, 0 … 1. */
const partSchema = z.object({ amount: amountSchema, share: z.string() });

export const explainQuerySchema = z.strictObject({
  graph: graphSchema,
  month: monthSchema,
  run: runIdSchema.optional(),
  node,
  /** `in`: where its cost comes from. `out`: where it went. */
  direction: z.enum(['in', 'out']).default('in'),
  /** Steps of the tree. */
  depth,
  /** Nodes that are listed, and children per node of the tree; the rest is one sum. */
  top,
});

const stepSchema = z.object({
  /** Cost flows from → to. */
  from: z.string(),
  to: z.string(),
  edges: z.array(
    z.object({
      id: z.string(),
      /** Null where the graph's version cannot be read. */
      strategy: z.string().nullable(),
      metric: z.string().nullable(),
      /** Dimensions in which it shares in another way. */
      overrides: z.array(z.string()),
    }),
  ),
  /** Part of the cost of `from` that went over these edges; null where `from` may not be seen. */
  share: z.string().nullable(),
  qualities: z.array(z.object({ quality: z.enum(qualities), share: z.string() })),
});

/** A node of the tree; amount = own + children + others + outside. */
export interface ExplainTree {
  node: string;
  type: string;
  amount: z.infer<typeof amountSchema>;
  share: string;
  step: z.infer<typeof stepSchema> | null;
  own: z.infer<typeof partSchema> | null;
  children: ExplainTree[];
  others: { count: number; amount: z.infer<typeof amountSchema>; share: string } | null;
  outside: z.infer<typeof partSchema> | null;
}

const othersSchema = partSchema.extend({ count: z.int() }).nullable();
const treeSchema: z.ZodType<ExplainTree> = z
  .lazy(() =>
    z.object({
      ...{ node: z.string(), type: z.string(), amount: amountSchema, share: z.string() },
      ...{ step: stepSchema.nullable(), own: partSchema.nullable(), children: z.array(treeSchema) },
      ...{ others: othersSchema, outside: partSchema.nullable() },
    }),
  )
  .meta({ id: 'ExplainTree' });

const causeSchema = z.object({ cause: z.enum(heldCauses), amount: amountSchema });

const endSchema = z.object({
  node: z.string(),
  type: z.string(),
  name: z.string(),
  application: z.string().nullable(),
  /** True for a node that the caller may not see: what is behind it is not told. */
  hidden: z.boolean(),
  amount: amountSchema,
  share: z.string(),
  /** `in`: of what the explained node retains. */
  retained: amountSchema.nullable(),
  byDimension: z.array(z.object({ dimension: z.string(), amount: amountSchema })),
  path: z.object({ share: z.string(), steps: z.array(stepSchema) }),
  /** `in`: all direct cost of the node. */
  direct: amountSchema.nullable(),
  rules: z.array(
    z.object({
      kind: z.enum(['rule', 'unattributed', 'rounding']),
      rule: z.string().nullable(),
      source: z.string().nullable(),
      cost: amountSchema,
      amount: amountSchema,
    }),
  ),
  causes: z.array(causeSchema),
});

const endsShape = {
  byDimension: z.array(z.object({ dimension: z.string(), holistic: amountSchema, retained: amountSchema })),
  /** items + others + outside = the figure. */
  items: z.array(endSchema),
  others: othersSchema,
  outside: partSchema.nullable(),
  allocated: partSchema.nullable(),
  unallocated: partSchema.extend({ causes: z.array(causeSchema) }).nullable(),
  tree: treeSchema,
};

const runContext = {
  graph: z.string(),
  month: z.string(),
  /** Of the lake: what was read. */
  snapshot: z.string(),
  /** Of the graph; null where the run may not be seen in the records. */
  version: z.int().nullable(),
  run: z.string().nullable(),
};

export const explanationSchema = z.object({
  context: z.object({ ...runContext, direction: z.enum(['in', 'out']) }),
  node: z.object({
    node: z.string(),
    type: z.string(),
    name: z.string(),
    application: z.string().nullable(),
  }),
  /** direct + inflow = holistic = outflow + retained. */
  currencies: z.array(
    z.object({
      currency: z.string(),
      direct: amountSchema,
      inflow: amountSchema,
      holistic: amountSchema,
      outflow: amountSchema,
      retained: amountSchema,
      ...endsShape,
    }),
  ),
  /** What the run books for closed months: differences, beside the figures. */
  restated: z.array(
    z.object({
      month: z.string(),
      currency: z.string(),
      direct: z.string(),
      inflow: z.string(),
      outflow: z.string(),
      retained: z.string(),
    }),
  ),
});
export type ExplanationAnswer = z.infer<typeof explanationSchema>;

export const explainRowsQuerySchema = z.strictObject({
  graph: graphSchema,
  month: monthSchema,
  run: runIdSchema.optional(),
  node,
  rule: z.string().min(1).max(200).optional(),
  day: z.iso.date().optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
  cursor: z.string().max(4096).optional(),
});

const attributedTotalSchema = z.object({
  currency: z.string(),
  rows: z.int(),
  cost: z.string(),
  charges: z.string(),
  credits: z.string(),
});

/** Rows of the bill behind a node's direct cost; the amounts of all pages sum to `totals`. */
export const explainRowsSchema = z.object({
  context: z.object({ ...runContext, node: z.string() }),
  rows: z.array(
    z.object({
      rowId: z.string(),
      source: z.string(),
      serviceName: z.string().nullable(),
      resourceId: z.string().nullable(),
      chargePeriodStart: z.string().nullable(),
      chargePeriodEnd: z.string().nullable(),
      currency: z.string(),
      dimension: z.string(),
      amount: z.string(),
      rule: z.string().nullable(),
    }),
  ),
  totals: z.array(attributedTotalSchema),
  next: z.string().optional(),
});
export type ExplainRowsAnswer = z.infer<typeof explainRowsSchema>;

export const explainBillQuerySchema = z
  .strictObject({
    graph: graphSchema,
    month: monthSchema,
    run: runIdSchema.optional(),
    /** `x_RowId` of one row. */
    row: z.string().min(1).max(200).optional(),
    /** `ResourceId`: all its rows of the month. */
    resource: z.string().min(1).max(2000).optional(),
    depth,
    top,
  })
  .refine(({ row, resource }) => (row === undefined) !== (resource === undefined), {
    message: 'name a row or a resource',
    path: ['row'],
  });

export const billExplanationSchema = z.object({
  context: z.object(runContext),
  by: z.enum(['row', 'resource']),
  id: z.string(),
  nodes: z.array(
    z.object({
      node: z.string(),
      rules: z.array(z.string().nullable()),
      sources: z.array(z.string()),
      rows: z.int(),
      /** cost = items + others + outside + rounding. */
      currencies: z.array(
        z.object({ currency: z.string(), cost: z.string(), rounding: z.string(), ...endsShape }),
      ),
    }),
  ),
});
export type BillExplanationAnswer = z.infer<typeof billExplanationSchema>;

const runDatasets = ['allocation', 'flow', 'attribution'] as const;

/** A question to the rows of runs. Without `run`, of the published run of each month; never of two runs of one month. */
export const allocationQuerySchema = z.strictObject({
  dataset: z.enum(runDatasets).default('allocation'),
  graph: graphSchema,
  run: runIdSchema.optional(),
  query: costQuerySchema.omit({ sources: true }),
});
export type AllocationQuery = z.infer<typeof allocationQuerySchema>;

/** The same as JSON in an address, for links. */
export const linkedAllocationQuerySchema = z.strictObject({ q: z.string().min(2).max(16_000) });

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const row = z.record(z.string(), cell);

/** As the answer to a cost query: money is decimal text, null where currencies are mixed. */
export const allocationQueryResultSchema = z.object({
  context: z.object({
    dataset: z.enum(runDatasets),
    graph: z.string(),
    generation: z.int(),
    currencies: z.array(z.string()),
    files: z.int(),
    dimensions: z.array(z.string()),
    measures: z.array(z.string()),
    /** Names of measures that are money. */
    money: z.array(z.string()),
  }),
  rows: z.array(row),
  totals: row,
  totalsByCurrency: z.array(row),
  next: z.string().optional(),
});
export type AllocationQueryAnswer = z.infer<typeof allocationQueryResultSchema>;
