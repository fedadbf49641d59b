import { z } from 'zod';
import { issueSchema } from '../focus/contract.ts';

/** What an import says of one source, month and currency. Costs are decimal strings without trailing zeros. */
const importEntrySchema = z.object({
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

export const importResultSchema = z.object({
  schemaVersion: z.literal(1),
  imports: z.array(importEntrySchema),
  issues: z.array(issueSchema),
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

/** What an import may do or leave, whatever it reads. */
export const importChoices = {
  dryRun: z.boolean().default(false),
  acceptRestatement: z.boolean().default(false),
  /** Names of quarantine rules whose rows may be left out of the books. */
  acceptQuarantine: z.array(z.string().max(200)).max(100).default([]),
};

/** What to import and how. Paths are local files or folders, or `s3://` addresses. */
export const importRequestSchema = z.strictObject({
  path: z.string().min(1).max(4096),
  /** Source name; from the file's or export's name by default. */
  source: z.string().max(200).optional(),
  /** Forces the format: `aws-cur`, `focus`, or `mapping:FILE`. */
  as: z.string().max(4200).optional(),
  /** Currency of a bill that names none. */
  currency: z.string().max(20).optional(),
  /** Billing month of a bill that names none. */
  period: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
    .optional(),
  ...importChoices,
  /** Hash the files even where size, time and inode say that they have not changed. */
  rehash: z.boolean().default(false),
  /** Import what is unchanged too, as a new snapshot. */
  again: z.boolean().default(false),
});
export type ImportRequest = z.input<typeof importRequestSchema>;
export type CheckedImportRequest = z.infer<typeof importRequestSchema>;

/** A line of a streamed import: where it stands, and at the end its result or why it was refused. */
const importProgressSchema = z.object({
  source: z.string(),
  /** `queue`: another import is running before this one. */
  step: z.enum(['queue', 'fetch', 'read', 'convert', 'reconcile', 'publish']),
  file: z.string(),
  /** Done so far in this delivery. */
  rows: z.int(),
  bytes: z.int(),
  totalBytes: z.int(),
});
export const importLineSchema = z.union([
  z.object({ progress: importProgressSchema }),
  z.object({ result: importResultSchema }),
  z.object({ problem: z.record(z.string(), z.unknown()) }),
]);

/** The answer to `Prefer: respond-async`: the run that does the work. */
export const importAcceptedSchema = z.object({ run: z.string(), state: z.string() });

/** A billing month, `2026-10`. */
export const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM');
/** A billing month, or `all` for commitments of contracts, which belong to no month. */
const period = z
  .string()
  .regex(/^(\d{4}-(0[1-9]|1[0-2])|all)$/, 'write a billing month as YYYY-MM')
  .meta({ example: '2026-10' });
const source = z.string().min(1).max(128).meta({ example: 'aws-main' });
const reason = z.string().min(1).max(200);

/** One page of a list. `next` is the cursor of the following page; absent on the last. */
export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(1000).optional(),
});
const contextSchema = z.object({ generation: z.int() });
const nextSchema = z.string().optional();

const totalsSchema = z.object({
  currency: z.string(),
  rows: z.int(),
  BilledCost: z.string().nullable(),
  EffectiveCost: z.string().nullable(),
});

const deliverySchema = z.object({ key: z.string(), label: z.string(), version: z.string().nullable() });

/** What a source has delivered so far. */
const sourceSchema = z.object({
  source: z.string(),
  datasets: z.array(z.string()),
  formats: z.array(z.string()),
  firstMonth: z.string().nullable(),
  lastMonth: z.string().nullable(),
  months: z.int(),
  rows: z.int(),
  /** The costs of the latest month, per currency. */
  latest: z.array(totalsSchema),
  importedAt: z.string(),
});
export const sourceListSchema = z.object({
  context: contextSchema,
  items: z.array(sourceSchema),
  next: nextSchema,
});
export type SourceList = z.infer<typeof sourceListSchema>;

/** A month as it stands. */
const monthSchema = z.object({
  source: z.string(),
  period: z.string(),
  dataset: z.string(),
  snapshot: z.string().nullable(),
  /** `final`: the provider has closed the month. `withdrawn`: it has no current snapshot. */
  status: z.enum(['open', 'final', 'withdrawn']),
  rows: z.int(),
  totals: z.array(totalsSchema),
  oldSnapshots: z.int(),
  pinned: z.array(z.string()),
  importedAt: z.string().nullable(),
  delivery: deliverySchema.nullable(),
});
export const periodListQuerySchema = pageQuerySchema.extend({
  source: source.optional(),
  from: month.optional(),
  to: month.optional(),
});
/** `totals`: over all months asked for, not only those of the page. */
export const periodListSchema = z.object({
  context: contextSchema,
  items: z.array(monthSchema),
  totals: z.array(totalsSchema),
  next: nextSchema,
});
export type PeriodList = z.infer<typeof periodListSchema>;

export const periodParamsSchema = z.strictObject({ source, period });

/** One content that a month has or had. */
const monthSnapshotSchema = z.object({
  snapshot: z.string(),
  current: z.boolean(),
  final: z.boolean(),
  createdAt: z.string(),
  retiredAt: z.string().nullable(),
  rows: z.int(),
  totals: z.array(totalsSchema),
  delivery: deliverySchema,
  pinned: z.array(z.string()),
});
export const monthHistorySchema = z.object({
  context: contextSchema,
  source: z.string(),
  period: z.string(),
  items: z.array(monthSnapshotSchema),
});

/** Back to the newest earlier snapshot, to the one named, or with `none` to no content at all. */
export const rollbackRequestSchema = z.strictObject({ to: z.string().min(1).max(100).optional() });
export const pinRequestSchema = z.strictObject({ snapshot: z.string().min(1).max(100).optional(), reason });
export const unpinQuerySchema = z.strictObject({ reason: reason.optional() });
/** A month after a change. */
export const changedMonthSchema = z.object({ context: contextSchema, months: z.array(monthSchema) });
export type ChangedMonth = z.infer<typeof changedMonthSchema>;

/** A snapshot of any month, as the manifest has it. */
const snapshotSchema = z.object({
  dataset: z.string(),
  source: z.string(),
  period: z.string(),
  snapshot: z.string(),
  current: z.boolean(),
  final: z.boolean(),
  createdAt: z.string(),
  retiredAt: z.string().nullable(),
  rows: z.int(),
  files: z.int(),
  bytes: z.int(),
  currencies: z.array(z.string()),
  pinned: z.array(z.string()),
});
export const snapshotListQuerySchema = pageQuerySchema.extend({
  source: source.optional(),
  period: period.optional(),
});
export const snapshotListSchema = z.object({
  context: contextSchema,
  items: z.array(snapshotSchema),
  totals: z.object({ snapshots: z.int(), rows: z.int(), bytes: z.int() }),
  next: nextSchema,
});
export type SnapshotList = z.infer<typeof snapshotListSchema>;

/** What is kept; the settings gc.keepDays and gc.keepVersions by default. Files stay 24 hours after they left the history. */
export const collectRequestSchema = z.strictObject({
  keepDays: z.int().min(0).max(36_500).optional(),
  keepVersions: z.int().min(1).max(10_000).optional(),
  graceHours: z.int().min(0).max(8760).default(24),
});
export const collectedSchema = z.object({
  /** Snapshots that left the history. */
  discarded: z.int(),
  /** Files removed from the disk. */
  removed: z.array(z.string()),
  bytes: z.int(),
});
export type CollectedAnswer = z.infer<typeof collectedSchema>;

export const verifyRequestSchema = z.strictObject({});
/** Without findings every file has its checksum, its rows and its sums. */
export const verifiedSchema = z.object({
  snapshots: z.int(),
  files: z.int(),
  rows: z.int(),
  findings: z.array(z.object({ path: z.string(), problem: z.string() })),
});
export type VerifiedAnswer = z.infer<typeof verifiedSchema>;

/** An import that left at least one snapshot in the lake. Its id is the id of its snapshots. */
const importSummarySchema = z.object({
  id: z.string(),
  source: z.string(),
  importedAt: z.string(),
  delivery: deliverySchema,
  months: z.array(z.string()),
  rows: z.int(),
  files: z.int(),
  issues: z.int(),
  /** True when one of its months stands as it was imported. */
  current: z.boolean(),
});
export const importListQuerySchema = pageQuerySchema.extend({ source: source.optional() });
export const importListSchema = z.object({
  context: contextSchema,
  items: z.array(importSummarySchema),
  next: nextSchema,
});
export type ImportList = z.infer<typeof importListSchema>;
export const importParamsSchema = z.strictObject({ id: z.string().min(1).max(100) });
export const importDetailSchema = importSummarySchema.extend({
  imports: z.array(importEntrySchema),
  foundIssues: z.array(issueSchema),
  readFiles: z.array(
    z.object({ uri: z.string(), bytes: z.int(), sha256: z.string(), rows: z.int(), format: z.string() }),
  ),
});
export type ImportDetail = z.infer<typeof importDetailSchema>;

const snapshotId = z.string().min(6).max(100);
const change = <T extends z.ZodType>(value: T) => z.object({ from: value, to: value, difference: value });
const monthChangeSchema = z.object({
  currency: z.string(),
  rows: change(z.int()),
  BilledCost: change(z.string()),
  EffectiveCost: change(z.string()),
});
const diffSideSchema = z.object({ snapshot: z.string(), createdAt: z.string() });

/** From the snapshot before to the current one unless told otherwise; `by`: dimensions, separated by commas. */
export const diffQuerySchema = z.strictObject({
  from: snapshotId.optional(),
  to: snapshotId.optional(),
  by: z.string().max(200).default('SubAccountId,ServiceName'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});
export const monthDiffSchema = z.object({
  source: z.string(),
  period: z.string(),
  from: diffSideSchema,
  to: diffSideSchema,
  by: z.array(z.enum(['SubAccountId', 'ServiceName', 'x_UsageType', 'ResourceId', 'day'])),
  totals: z.array(monthChangeSchema),
  /** The groups that differ, the largest difference of cost first. */
  groups: z.array(monthChangeSchema.extend({ key: z.record(z.string(), z.string().nullable()) })),
  groupsInAll: z.int(),
  /** What the groups that are not listed add up to. */
  rest: z.array(
    z.object({ currency: z.string(), rows: z.int(), BilledCost: z.string(), EffectiveCost: z.string() }),
  ),
});

/** The total as printed on the invoice: `12,345.67`. */
export const reconcileRequestSchema = z.strictObject({
  invoiceTotal: z.string().min(1).max(60),
  invoiceId: z.string().min(1).max(200).optional(),
  currency: z.string().length(3).optional(),
});
const part = z.enum(['usage', 'purchases', 'tax', 'credits', 'adjustments', 'other']);
export const reconciliationSchema = z.object({
  source: z.string(),
  period: z.string(),
  snapshot: z.string(),
  currency: z.string(),
  invoiceId: z.string().nullable(),
  invoiceTotal: z.string(),
  billedCost: z.string(),
  rounded: z.string(),
  /** rounded − invoiceTotal. */
  difference: z.string(),
  ties: z.boolean(),
  parts: z.array(z.object({ part, rows: z.int(), billedCost: z.string() })),
  rounding: z.object({ total: z.string(), invoice: z.string(), line: z.string() }),
  invoices: z.array(
    z.object({
      invoiceId: z.string().nullable(),
      rows: z.int(),
      billedCost: z.string(),
      rounded: z.string(),
    }),
  ),
  /** What would give the printed total, simplest first. */
  candidates: z.array(
    z.object({
      without: z.array(z.string()),
      invoiceId: z.string().nullable(),
      rounding: z.enum(['total', 'invoice', 'line']),
      steps: z.array(z.object({ step: z.string(), amount: z.string() })),
    }),
  ),
});

export const rowParamsSchema = z.strictObject({ id: z.string().min(1).max(200) });
/** A stored row beside the row of the bill that it was made from. */
export const explainedRowSchema = z.object({
  id: z.string(),
  source: z.string(),
  period: z.string(),
  dataset: z.string(),
  snapshot: z.string(),
  current: z.boolean(),
  file: z.string(),
  row: z.int(),
  part: z.int(),
  sha256: z.string(),
  format: z.string(),
  converterVersion: z.string().nullable(),
  converterVersionNow: z.string(),
  original: z.record(z.string(), z.string().nullable()),
  columns: z.array(
    z.object({ column: z.string(), value: z.string(), rule: z.string().nullable(), says: z.string() }),
  ),
});
