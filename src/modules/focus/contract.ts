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

/** Name of an export file: no folder, no dot first. */
const fileName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,199}$/, 'letters, digits, dot, underscore and hyphen');

/** As above, kept as a file of the workspace. */
export const exportRequestSchema = focusExportRequestSchema.extend({
  /** By default made from version and time. */
  name: fileName.optional(),
  overwrite: z.boolean().default(false),
});

const exportFileSchema = z.object({ name: z.string(), bytes: z.int(), createdAt: z.string() });
export const exportListSchema = z.object({ items: z.array(exportFileSchema) });
export type ExportList = z.infer<typeof exportListSchema>;
export const exportParamsSchema = z.strictObject({ name: fileName });

/** An issue of the kernel, as the API gives it. */
export const issueSchema = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  path: z.string(),
  message: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  rows: z.int().optional(),
  costAtStake: z.string().optional(),
  currency: z.string().optional(),
});

/** A finished export; the file is fetched under its name. */
export const exportAnswerSchema = z.object({
  name: z.string(),
  rows: z.int(),
  bytes: z.int(),
  columns: z.array(z.string()),
  /** What the version lacks, what was derived, and what is mandatory there and empty here; amounts are BilledCost. */
  report: z.array(issueSchema),
});
export type ExportAnswer = z.infer<typeof exportAnswerSchema>;
