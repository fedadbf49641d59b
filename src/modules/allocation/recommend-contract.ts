import { z } from 'zod';
import { amountSchema, graphParameter, monthSchema, nameSchema } from './economics-contract.ts';
import { adviceKinds, adviceStatuses } from './recommend-model.ts';

/** The forms of the API over recommendations; shared by server, CLI and browser. */

/** What to compute: the recommendations of a month with a published run. */
export const refreshRequestSchema = z
  .strictObject({
    graph: graphParameter,
    month: monthSchema,
    /** How used a node should be, above 0 and at most 1. */
    targetUtilisation: z
      .string()
      .regex(/^(1(\.0{1,4})?|0\.(?=\d*[1-9])\d{1,4})$/, 'write a fraction above 0, at most 1, such as 0.6')
      .default('0.6'),
  })
  .meta({ example: { graph: 'main', month: '2026-10' } });
export type RefreshRequest = z.output<typeof refreshRequestSchema>;

export const refreshAnswerSchema = z.object({
  context: z.object({ graph: z.string(), month: z.string(), run: z.string() }),
  /** Recommendations of the month, and how many of them nobody had seen before. */
  found: z.int(),
  made: z.int(),
  kinds: z.array(z.object({ kind: z.enum(adviceKinds), found: z.int() })),
});
export type RefreshAnswer = z.infer<typeof refreshAnswerSchema>;

export const recommendationQuerySchema = z.strictObject({
  graph: graphParameter,
  /** The newest month that was computed when absent. */
  month: monthSchema.optional(),
  status: z.enum(adviceStatuses).optional(),
  kind: z.enum(adviceKinds).optional(),
  node: nameSchema.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(200).optional(),
});
export type RecommendationQuery = z.output<typeof recommendationQuerySchema>;

export const recommendationParamsSchema = z.strictObject({ id: z.string().min(1).max(100) });

export const statusRequestSchema = z
  .strictObject({
    status: z.enum(adviceStatuses),
    /** Why; a dismissal needs it. */
    reason: z.string().trim().min(1).max(1000).optional(),
  })
  .refine(({ status, reason }) => status !== 'dismissed' || reason !== undefined, {
    message: 'say why it is dismissed',
    path: ['reason'],
  })
  .meta({ example: { status: 'accepted' } });
export type StatusRequest = z.output<typeof statusRequestSchema>;

const head = {
  id: z.string(),
  kind: z.enum(adviceKinds),
  node: z.string().nullable(),
  status: z.enum(adviceStatuses),
  reason: z.string().nullable(),
  decidedAt: z.string().nullable(),
  decidedBy: z.string().nullable(),
  month: z.string(),
  title: z.string(),
  currency: z.string(),
  /** What the rows cost that it is about. */
  cost: amountSchema,
  /** What could be saved of it; null where it is about the allocation and saves nothing. */
  saving: amountSchema.nullable(),
  /** Id of the recommendation that counts instead, because it rests on the same cost and saves more. */
  countedIn: z.string().nullable(),
};

export const recommendationListSchema = z.object({
  context: z.object({ graph: z.string(), month: z.string().nullable() }),
  items: z.array(z.object(head)),
  /** Savings of all open and accepted recommendations of the month, each counted once. */
  totals: z.array(z.object({ currency: z.string(), saving: amountSchema, count: z.int() })),
  next: z.string().optional(),
});
export type RecommendationList = z.infer<typeof recommendationListSchema>;

export const recommendationSchema = z.object({
  ...head,
  graph: z.string(),
  entity: z.string().nullable(),
  application: z.string().nullable(),
  run: z.string(),
  formula: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
  /** The cost that the saving is taken from. */
  basis: z.array(z.object({ node: z.string(), part: z.string().optional() })),
  evidence: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
  /** How many rows there are; `evidence` holds the largest. */
  evidenceRows: z.int(),
  /** Other months in which it was found. */
  months: z.array(z.string()),
});
export type Recommendation = z.infer<typeof recommendationSchema>;
