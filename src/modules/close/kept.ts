import { z } from 'zod';
import { invoiceTotalSchema } from './contract.ts';

/** The action of the audit log under which a close says what it was based on, in the transaction that closes the month. */
export const saidAction = 'period.check';

/**
 * What is kept with a closed month beside its costs: what was accepted and why, the totals of invoices that it was held against,
 * and how its books stood.
 */
export const keptSchema = z.object({
  graph: z.string(),
  run: z.string().nullable(),
  /** Sources whose bill was not there, or not whole, and was not waited for. */
  accepted: z.array(z.string()),
  reason: z.string().nullable(),
  invoices: z.array(invoiceTotalSchema),
  lines: z.object({ ties: z.int(), broken: z.int(), missing: z.int(), info: z.int() }),
});
export type Kept = z.infer<typeof keptSchema>;
