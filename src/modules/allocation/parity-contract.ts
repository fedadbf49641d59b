import { z } from 'zod';
import { heldCauses, nodeIdSchema, nodeTypes, qualities } from './model.ts';
import { graphSchema, monthSchema } from './question-contract.ts';

/** Views of published results on the wire; shared by server, CLI and browser. Amounts are decimal text, charges less credits. */

const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'write an ISO 4217 code such as EUR');
const amount = z.string();
const share = z.string().nullable();

/** Which published months: `month`, or `from` … `to` (both included); the newest published month when none is named. */
const range = {
  graph: graphSchema,
  month: monthSchema.optional(),
  from: monthSchema.optional(),
  to: monthSchema.optional(),
  currency: currencySchema.optional(),
};
const page = {
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
  cursor: z.string().max(1000).optional(),
};
const isOneWay = ({
  month,
  from,
  to,
}: {
  month?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}) => month === undefined || (from === undefined && to === undefined);
const oneWay = { message: 'name a month, or from and to', path: ['month'] };

export const rangeQuerySchema = z.strictObject(range).refine(isOneWay, oneWay);
export type RangeQuery = z.output<typeof rangeQuerySchema>;

const types = z
  .string()
  .regex(/^[a-z]+(,[a-z]+)*$/, `name types with commas between: ${nodeTypes.join(', ')}`)
  .optional();

export const nodesQuerySchema = z
  .strictObject({
    ...range,
    ...page,
    type: types,
    /** Part of the id or the name. */ text: z.string().min(1).max(200).optional(),
  })
  .refine(isOneWay, oneWay);
export const nodePathSchema = z.strictObject({ node: nodeIdSchema });
export const timelineQuerySchema = z.strictObject({ ...range, ...page }).refine(isOneWay, oneWay);
export const byDimensionQuerySchema = z
  .strictObject({
    ...range,
    ...page,
    /** `Dimension`, `NodeType`, `ApplicationId`, `EntityId`, or `label:` and the key of a node's label. */
    key: z
      .string()
      .regex(
        /^(Dimension|NodeType|ApplicationId|EntityId|label:.{1,200})$/,
        'take Dimension, NodeType, ApplicationId, EntityId or label:KEY',
      )
      .default('Dimension'),
  })
  .refine(isOneWay, oneWay);
export const productsQuerySchema = z
  .strictObject({
    ...range,
    ...page,
    /** Costs per day too. */ trend: z.enum(['true', 'false']).default('false'),
  })
  .refine(isOneWay, oneWay);
export const infrastructureQuerySchema = z
  .strictObject({
    ...range,
    ...page,
    type: types,
    /** Receivers per node. */
    targets: z.coerce.number().int().min(1).max(1000).default(20),
  })
  .refine(isOneWay, oneWay);

const context = z.object({
  graph: z.string(),
  from: z.string(),
  to: z.string(),
  /** Months of the range that have a published run: the figures are theirs. */
  months: z.array(z.string()),
  generation: z.int(),
});

/** direct + inflow = holistic = outflow + retained. */
const figures = { direct: amount, inflow: amount, holistic: amount, outflow: amount, retained: amount };
/** Over all pages, per currency. Holistic has no total: what a node passes on is in others too. */
const totalsSchema = z.array(
  z.object({
    currency: z.string(),
    direct: amount,
    retained: amount,
    allocated: amount,
    unallocated: amount,
  }),
);
/** `count`: of all pages. */
const paged = { context, count: z.int(), next: z.string().optional() };

const nodeHead = { node: z.string(), type: z.string(), name: z.string(), application: z.string().nullable() };

export const nodeListSchema = z.object({
  ...paged,
  items: z.array(z.object({ ...nodeHead, currency: z.string(), ...figures })),
  totals: totalsSchema,
});

const linkSchema = z.object({
  node: z.string(),
  type: z.string(),
  currency: z.string(),
  amount,
  /** Of the inflow (from) or of the holistic cost (to) of the node asked for; null where that is 0. */
  share,
  edges: z.array(z.string()),
  qualities: z.array(z.enum(qualities)),
});

export const nodeDetailSchema = z.object({
  context,
  ...nodeHead,
  labels: z.record(z.string(), z.string()),
  currencies: z.array(
    z.object({
      currency: z.string(),
      ...figures,
      byDimension: z.array(z.object({ dimension: z.string(), ...figures })),
    }),
  ),
  /** The 1,000 largest. */
  from: z.array(linkSchema),
  to: z.array(linkSchema),
  held: z.array(z.object({ cause: z.enum(heldCauses), currency: z.string(), amount })),
});

export const timelineSchema = z.object({
  ...paged,
  node: z.string(),
  items: z.array(z.object({ day: z.string(), dimension: z.string(), currency: z.string(), ...figures })),
});

export const byTypeSchema = z.object({
  context,
  items: z.array(z.object({ type: z.string(), currency: z.string(), nodes: z.int(), ...figures })),
  totals: totalsSchema,
});

export const byDimensionSchema = z.object({
  ...paged,
  key: z.string(),
  items: z.array(
    z.object({
      value: z.string().nullable(),
      currency: z.string(),
      direct: amount,
      retained: amount,
      allocated: amount,
      unallocated: amount,
    }),
  ),
  totals: totalsSchema,
});

const causes = z.array(z.object({ cause: z.string(), amount }));

export const summarySchema = z.object({
  context,
  nodes: z.record(z.string(), z.int()),
  currencies: z.array(
    z.object({
      currency: z.string(),
      total: amount,
      charges: amount,
      credits: amount,
      allocated: amount,
      unallocated: amount,
      /** Charges retained on products ÷ charges; null without charges. */
      coverage: share,
      causes,
      byDimension: z.array(z.object({ dimension: z.string(), direct: amount, retained: amount })),
      /** Products with the largest retained cost. */
      products: z.array(z.object({ ...nodeHead, retained: amount, share })),
      /** Σ retained = Σ direct. */
      ties: z.boolean(),
      difference: amount,
    }),
  ),
});

/** A product with those that get cost of it. */
export interface ProductView {
  node: string;
  type: string;
  name: string;
  application: string | null;
  direct: string;
  inflow: string;
  holistic: string;
  outflow: string;
  retained: string;
  shared: string;
  fromProducts: string;
  rollUp: string;
  byDimension: { dimension: string; direct: string; shared: string; retained: string }[];
  days?: { day: string; retained: string }[] | undefined;
  children: ProductView[];
}

const productSchema: z.ZodType<ProductView> = z
  .lazy(() =>
    z.object({
      ...nodeHead,
      ...figures,
      /** Inflow from nodes that are no products, and from products. */
      shared: amount,
      fromProducts: amount,
      /** What the product and all below it retain. Every product stands once in a tree, so that roll-ups add up. */
      rollUp: amount,
      byDimension: z.array(
        z.object({ dimension: z.string(), direct: amount, shared: amount, retained: amount }),
      ),
      days: z.array(z.object({ day: z.string(), retained: amount })).optional(),
      children: z.array(productSchema),
    }),
  )
  .meta({ id: 'AllocatedProduct' });

export const productsSchema = z.object({
  ...paged,
  currencies: z.array(
    z.object({
      currency: z.string(),
      /** Roots of the page. */
      items: z.array(productSchema),
      unallocated: z.object({ amount, causes }),
      total: amount,
      allocated: amount,
      coverage: share,
    }),
  ),
});

export const infrastructureSchema = z.object({
  ...paged,
  items: z.array(
    z.object({
      ...nodeHead,
      currency: z.string(),
      direct: amount,
      inflow: amount,
      holistic: amount,
      /** What it passed on, and what stayed. */
      allocatedOut: amount,
      unallocated: amount,
      /** allocatedOut ÷ holistic; null where that is 0. */
      share,
      targets: z.array(linkSchema),
      /** Receivers beyond `targets`. */
      otherTargets: z.object({ count: z.int(), amount }),
      causes,
    }),
  ),
  totals: totalsSchema,
});

export const reconciliationSchema = z.object({
  context,
  items: z.array(
    z.object({
      month: z.string(),
      currency: z.string(),
      /** The bill in the run's metric, without recoverable tax; null where the caller may not see all of it. */
      bill: amount.nullable(),
      /** What the run books for closed months: in the figures below, and not in the bill. */
      restated: amount,
      attributed: amount,
      direct: amount,
      allocated: amount,
      unallocated: amount,
      coverage: share,
      causes,
      /** Every difference is 0 when the books balance. */
      checks: z.array(z.object({ name: z.string(), ok: z.boolean(), difference: amount })),
    }),
  ),
  graphs: z.array(
    z.object({ month: z.string(), nodes: z.int(), products: z.int(), links: z.int(), days: z.int() }),
  ),
});
