import { z } from 'zod';

/** The forms of reports on the wire; shared by server, CLI and browser. */

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM');
const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const row = z.record(z.string(), cell);

/** A parameter of a report. */
const reportParameterSchema = z.object({
  name: z.string(),
  kind: z.enum(['text', 'tag', 'amount', 'number', 'currency', 'grain']),
  required: z.boolean(),
  default: z.string().nullable(),
  description: z.string(),
});

/** One line of the list of reports. `number` is that of the FOCUS use-case catalogue; null for our own. */
export const reportListItemSchema = z.object({
  number: z.int().nullable(),
  name: z.string(),
  question: z.string(),
  since: z.enum(['1.0', '1.1', '1.2']),
  parameters: z.array(reportParameterSchema),
  notes: z.array(z.string()),
});
export type ReportListItem = z.infer<typeof reportListItemSchema>;

export const reportListSchema = z.object({ items: z.array(reportListItemSchema) });
export type ReportList = z.infer<typeof reportListSchema>;
export const reportParamsSchema = z.strictObject({ name: z.string().min(1).max(200) });

/** A cost query as JSON in an address, for links. */
export const linkedQuerySchema = z.strictObject({ q: z.string().min(2).max(16_000) });

/** The answer to a cost query. Money and quantities are decimal text; money is null where currencies are mixed. */
export const costQueryResultSchema = z.object({
  context: z.object({
    generation: z.int(),
    /** With more than one, BillingCurrency is a dimension of every row. */
    currencies: z.array(z.string()),
    files: z.int(),
    dimensions: z.array(z.string()),
    measures: z.array(z.string()),
  }),
  rows: z.array(row),
  /** Over every row of the answer, all pages and `other` included. */
  totals: row,
  totalsByCurrency: z.array(row),
  /** Cursor of the next page; absent on the last. */
  next: z.string().optional(),
});
export type CostQueryAnswer = z.infer<typeof costQueryResultSchema>;

/** What to run. The name may be a catalogue number; months are billing months, both included. */
export const reportRequestSchema = z.strictObject({
  parameters: z.record(z.string(), z.union([z.string().max(4096), z.number()])).default({}),
  from: month.optional(),
  to: month.optional(),
  sources: z.array(z.string().min(1)).max(1000).optional(),
  /** Rows shown; totals are of all rows. */
  limit: z.int().min(1).max(100_000).default(10_000),
});
export type ReportRequest = z.infer<typeof reportRequestSchema>;

/**
 * `money` is in the row's BillingCurrency, `quantity` in the unit beside it, `ratio` a fraction (0.25 = 25 %), `number` a
 * count or a price per unit. All but counts are decimal text.
 */
const reportColumnSchema = z.object({
  name: z.string(),
  kind: z.enum(['text', 'time', 'money', 'quantity', 'number', 'ratio']),
});

export const reportResultSchema = z.object({
  report: z.object({ number: z.int().nullable(), name: z.string(), question: z.string() }),
  /** The values it ran with, defaults included. */
  parameters: z.record(z.string(), z.string()),
  columns: z.array(reportColumnSchema),
  rows: z.array(row),
  /** True when there are more rows than `limit`. */
  more: z.boolean(),
  /** Over all rows; what has no sum (several currencies, several units) is null. */
  totals: row,
  totalsByCurrency: z.array(row),
  context: z.object({ generation: z.int(), currencies: z.array(z.string()), files: z.int() }),
  notes: z.array(z.string()),
});
export type ReportResult = z.infer<typeof reportResultSchema>;
