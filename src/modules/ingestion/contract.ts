import { z } from 'zod';

/** What an import says of one source, month and currency. Costs are decimal strings without trailing zeros. */
export const importEntrySchema = z.object({
  source: z.string(),
  /** `2026-10`; null when the file names no billing month. */
  billingPeriod: z.string().nullable(),
  /** `aws-cur-v1`, `aws-cur-v2`, `focus-1.2`, `mapping:NAME`. */
  format: z.string(),
  /** `cost`, or a supplemental dataset of FOCUS. */
  dataset: z.string(),
  currency: z.string().nullable(),
  rowsRead: z.int(),
  rowsWritten: z.int(),
  /** Of the rows written: those made from a parent row (the unused part of a commitment fee). */
  rowsSynthesised: z.int(),
  rowsQuarantined: z.int(),
  /** The file's own cost column, and its sum, each value rounded half-up at 12 decimals. */
  nativeColumn: z.string().nullable(),
  nativeCost: z.string().nullable(),
  /** Exact sum − nativeCost: what that rounding took. */
  nativeRounding: z.string().nullable(),
  billedCost: z.string().nullable(),
  effectiveCost: z.string().nullable(),
  /** Native cost that is not BilledCost, by named rule. */
  adjustments: z.array(z.object({ rule: z.string(), amount: z.string() })),
  /** nativeCost − billedCost − adjustments − quarantined cost: 0, or the import is refused. */
  unexplained: z.string().nullable(),
  /** BilledCost → EffectiveCost: the parts add up. */
  bridge: z.array(z.object({ part: z.string(), amount: z.string() })),
  snapshot: z.string().nullable(),
  /** The snapshot that this one replaced. */
  replaced: z.string().nullable(),
  status: z.enum(['imported', 'replaced', 'unchanged', 'dry-run', 'refused']),
});
export type ImportEntry = z.infer<typeof importEntrySchema>;

export const importIssueSchema = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  path: z.string(),
  message: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  rows: z.int().optional(),
  costAtStake: z.string().optional(),
  currency: z.string().optional(),
});

export const importResultSchema = z.object({
  schemaVersion: z.literal(1),
  imports: z.array(importEntrySchema),
  issues: z.array(importIssueSchema),
  /** The refusals of deliveries that were not imported; the others were. */
  errors: z.array(
    z.object({
      code: z.string(),
      message: z.string(),
      exitCode: z.int(),
      path: z.string(),
      params: z.record(z.string(), z.unknown()),
    }),
  ),
  seconds: z.number(),
});
export type ImportResult = z.infer<typeof importResultSchema>;

/** What to import and how. Paths are local files or folders, or `s3://` addresses. */
export const importRequestSchema = z.strictObject({
  path: z.string().min(1).max(4096),
  /** Source name; from the file's or export's name by default. */
  source: z.string().optional(),
  /** Forces the format: `aws-cur`, `focus`, or `mapping:FILE`. */
  as: z.string().optional(),
  /** Currency of a bill that names none. */
  currency: z.string().optional(),
  /** Billing month of a bill that names none. */
  period: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
    .optional(),
  dryRun: z.boolean().default(false),
  /** Hash the files even where size, time and inode say that they have not changed. */
  rehash: z.boolean().default(false),
  acceptRestatement: z.boolean().default(false),
  /** Names of quarantine rules whose rows may be left out of the books. */
  acceptQuarantine: z.array(z.string()).default([]),
});
export type ImportRequest = z.input<typeof importRequestSchema>;
export type CheckedImportRequest = z.infer<typeof importRequestSchema>;
