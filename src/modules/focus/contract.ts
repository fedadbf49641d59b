import { z } from 'zod';
import { focusVersions } from './column.ts';

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM');

/** What to export as FOCUS. Where the file goes is the caller's matter: a path for the CLI, a download for the API. */
export const focusExportRequestSchema = z.strictObject({
  version: z.enum(focusVersions).default('1.4'),
  format: z.enum(['csv', 'parquet']).default('csv'),
  /** Adds x_SourceFile, x_SourceRow, x_RowId and the other provenance columns. */
  provenance: z.boolean().default(false),
  /** Adds the sources' own x_ columns. */
  custom: z.boolean().default(false),
  /** CSV: leaves text that a spreadsheet would run as a formula as it is. */
  verbatim: z.boolean().default(false),
  /** Billing months, both included; all when absent. */
  from: month.optional(),
  to: month.optional(),
  sources: z.array(z.string().min(1)).max(1000).optional(),
});

/** A request with its defaults. */
export type FocusExportRequest = z.infer<typeof focusExportRequestSchema>;
