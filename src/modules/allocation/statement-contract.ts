import { z } from 'zod';
import { amountSchema, graphParameter, monthSchema } from './economics-contract.ts';

/** The forms of the API over profit and loss; shared by server, CLI and browser. */

const statementGroupings = ['product', 'application', 'cost-centre'] as const;

export const statementQuerySchema = z.strictObject({
  graph: graphParameter,
  month: monthSchema,
  by: z.enum(statementGroupings).default('product'),
  format: z.enum(['json', 'csv']).default('json'),
});
export type StatementQuery = z.output<typeof statementQuerySchema>;

const figures = {
  currency: z.string(),
  /** Null: nobody gave any, which is not 0. */
  revenue: amountSchema.nullable(),
  directCost: amountSchema,
  indirectCost: amountSchema,
  cost: amountSchema,
  margin: amountSchema.nullable(),
  /** Margin ÷ revenue. */
  marginRatio: amountSchema.nullable(),
  reason: z.enum(['no_revenue', 'other_currency', 'no_single_product', 'zero_revenue']).nullable(),
};

export const statementSchema = z.object({
  context: z.object({
    graph: z.string(),
    month: z.string(),
    run: z.string(),
    by: z.enum(statementGroupings),
    /** False where the caller sees a part of the run: the totals are then of that part. */
    whole: z.boolean(),
  }),
  items: z.array(
    z.object({
      kind: z.enum(['named', 'none', 'unallocated', 'application']),
      key: z.string().nullable(),
      name: z.string().nullable(),
      ...figures,
    }),
  ),
  totals: z.array(
    z.object({ ...figures, runTotal: amountSchema, difference: amountSchema, ties: z.boolean() }),
  ),
});
export type StatementAnswer = z.infer<typeof statementSchema>;

export const statementCsvSchema = z.string();
