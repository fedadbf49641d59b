import { z } from 'zod';
import { graphSchema, monthSchema, runIdSchema } from './question-contract.ts';

/** Files of allocation results; shared by server, CLI and browser. */

/**
 * `allocation`, `flow`, `attribution`: the rows of a run as they lie in the lake. `focus`: the rows of the bill split by the
 * allocation, FOCUS 1.4. `nodes`, `types`, `products`: sums of the month, `products` with the tree that they form.
 */
const exportDatasets = ['allocation', 'flow', 'attribution', 'focus', 'nodes', 'types', 'products'] as const;
export type ExportDataset = (typeof exportDatasets)[number];
const exportFormats = ['csv', 'parquet'] as const;

const asked = {
  graph: graphSchema,
  month: monthSchema,
  run: runIdSchema.optional(),
  dataset: z.enum(exportDatasets).default('allocation'),
  format: z.enum(exportFormats).default('csv'),
};

/** A file to fetch. CSV: text that a spreadsheet would run as a formula gets a leading apostrophe unless `verbatim`. */
export const exportQuerySchema = z.strictObject({
  ...asked,
  verbatim: z.enum(['true', 'false']).default('false'),
});

/** A file that the workspace keeps under `exports/`, for whoever sees everything. */
export const exportRequestSchema = z.strictObject({
  ...asked,
  verbatim: z.boolean().default(false),
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,199}$/, 'letters, digits, dot, underscore and hyphen'),
  overwrite: z.boolean().default(false),
});
export type AllocationExportRequest = z.input<typeof exportRequestSchema>;

export const exportAnswerSchema = z.object({
  name: z.string(),
  dataset: z.enum(exportDatasets),
  graph: z.string(),
  month: z.string(),
  rows: z.int(),
  bytes: z.int(),
  columns: z.array(z.string()),
  /** `focus`: what the bill comes to and the sum of the parts, per currency and column; equal when the file is right. */
  sums: z.array(
    z.object({ currency: z.string(), column: z.string(), origin: z.string(), parts: z.string() }),
  ),
});
export type AllocationExportAnswer = z.infer<typeof exportAnswerSchema>;
