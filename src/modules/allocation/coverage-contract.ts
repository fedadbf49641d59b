import { z } from 'zod';
import { amountSchema, graphParameter, monthSchema } from './economics-contract.ts';

/** The forms of the API over the coverage of an allocation; shared by server, CLI and browser. */

export const coverageQuerySchema = z.strictObject({
  graph: graphParameter,
  month: monthSchema,
  /** Months of the trend, this one included. */
  months: z.coerce.number().int().min(1).max(36).default(6),
  /** Nodes shown per cause. */
  top: z.coerce.number().int().min(1).max(1000).default(10),
});
export type CoverageQuery = z.output<typeof coverageQuerySchema>;

const checkSchema = z.object({ name: z.string(), ok: z.boolean(), difference: amountSchema });

const causeSchema = z.object({
  cause: z.string(),
  amount: amountSchema,
  share: z.string().nullable(),
  nodes: z.array(z.object({ node: z.string(), type: z.string(), amount: amountSchema, advice: z.string() })),
  others: z.object({ nodes: z.int(), amount: amountSchema }),
});

const currencyCoverageSchema = z.object({
  currency: z.string(),
  charges: amountSchema,
  allocated: amountSchema,
  unallocated: amountSchema,
  /** Charges retained on products ÷ charges; null without charges. */
  coverage: z.string().nullable(),
  credits: z.object({ total: amountSchema, allocated: amountSchema, unallocated: amountSchema }),
  causes: z.array(causeSchema),
  /** By the last edge before the products: earlier edges of the same cost may have had other shares. */
  quality: z.object({
    direct: amountSchema,
    entering: z.array(z.object({ quality: z.string(), amount: amountSchema, share: z.string().nullable() })),
    leaving: amountSchema,
  }),
  checks: z.array(checkSchema),
});

export const coverageSchema = z.object({
  context: z.object({
    graph: z.string(),
    month: z.string(),
    run: z.string(),
    /** False where the caller sees a part of the run. */
    whole: z.boolean(),
  }),
  currencies: z.array(currencyCoverageSchema),
  trend: z.array(
    z.object({
      month: z.string(),
      currency: z.string(),
      charges: amountSchema,
      allocated: amountSchema,
      coverage: z.string().nullable(),
    }),
  ),
});
export type CoverageAnswer = z.infer<typeof coverageSchema>;
