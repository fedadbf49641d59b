import { z } from 'zod';
import { amountSchema, graphParameter, monthSchema, nameSchema } from './economics-contract.ts';

/** The forms of the API over revenue; shared by server, CLI and browser. */

const revenueSourceSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ - after the first')
  .meta({ example: 'crm' });

const rowSchema = z.strictObject({
  /** A product node of the graph, or an application: one of the two. */
  node: nameSchema.optional(),
  application: nameSchema.optional(),
  currency: z.string().max(3).meta({ example: 'EUR' }),
  amount: z.string().max(60).meta({ example: '1234.5' }),
});

/** What one source says of a month: a CSV file's text, or a list. All that it said before of that month is replaced. */
export const revenueRequestSchema = z
  .strictObject({
    graph: graphParameter,
    month: monthSchema,
    source: revenueSourceSchema,
    csv: z.string().max(5_000_000).optional(),
    rows: z.array(rowSchema).max(20_000).optional(),
    dryRun: z.boolean().default(false),
  })
  .refine(({ csv, rows }) => (csv === undefined) !== (rows === undefined), {
    message: 'give csv or rows, one of the two',
    path: ['rows'],
  })
  .meta({
    example: {
      graph: 'main',
      month: '2026-10',
      source: 'crm',
      rows: [{ node: 'app:checkout', currency: 'EUR', amount: '1234.5' }],
    },
  });
export type RevenueRequest = z.output<typeof revenueRequestSchema>;

const sums = z.array(z.object({ currency: z.string(), rows: z.int(), amount: amountSchema }));

export const revenueAnswerSchema = z.object({
  context: z.object({ graph: z.string(), month: z.string(), source: z.string(), dryRun: z.boolean() }),
  /** What the source said of the month before, and what it says now. */
  before: sums,
  after: sums,
  /** Of a dry run; else every row fits. */
  rejected: z.array(z.object({ row: z.int(), field: z.string(), message: z.string() })),
});
export type RevenueAnswer = z.infer<typeof revenueAnswerSchema>;

export const revenueListQuerySchema = z.strictObject({
  graph: graphParameter,
  month: monthSchema,
  source: revenueSourceSchema.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(200).optional(),
});

export const revenueListSchema = z.object({
  context: z.object({ graph: z.string(), month: z.string() }),
  items: z.array(
    z.object({
      source: z.string(),
      row: z.int(),
      node: z.string().nullable(),
      application: z.string().nullable(),
      currency: z.string(),
      amount: amountSchema,
      entity: z.string().nullable(),
      importedAt: z.string(),
      importedBy: z.string(),
    }),
  ),
  totals: sums,
  next: z.string().optional(),
});
export type RevenueList = z.infer<typeof revenueListSchema>;
