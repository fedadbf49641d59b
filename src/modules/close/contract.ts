import { z } from 'zod';

/** The forms of the API over the close of a month; shared by server, CLI and browser. Amounts are signed decimal texts. */

const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM')
  .meta({ example: '2026-10' });

const id = z.string().min(1).max(100);
const source = z.string().min(1).max(200);

/** The steps of a month, from the bill to what is kept of it, in the order in which cost goes through them. */
export const closeSteps = [
  'import',
  'invoice',
  'bridge',
  'attributed',
  'allocated',
  'actual',
  'consumption',
  'priced',
  'recovered',
  'frozen',
  'summaries',
] as const;
export type CloseStep = (typeof closeSteps)[number];

/**
 * `ties`: both sides are equal. `broken`: they should be and are not. `missing`: there is nothing to hold against each other yet.
 * `info`: two figures that may differ, and by how much.
 */
export const lineStates = ['ties', 'broken', 'missing', 'info'] as const;
export type LineState = (typeof lineStates)[number];

/** Names of what a line is about, in the order in which people read them. */
export const subjectNames = ['entity', 'source', 'graph', 'view', 'product', 'sum'] as const;

const sideSchema = z.object({ label: z.string(), amount: z.string().nullable() });

/** One figure held against another that comes from elsewhere. `difference`: left − right. */
const checkLineSchema = z.object({
  step: z.enum(closeSteps),
  /** What is held against what: `native = billed + adjustments + quarantined`. */
  what: z.string(),
  /** Of what: `{"entity": "retail", "source": "aws"}`. */
  subject: z.partialRecord(z.enum(subjectNames), z.string()),
  /** The same in words: `retail aws`. */
  of: z.string(),
  state: z.enum(lineStates),
  left: sideSchema,
  right: sideSchema,
  difference: z.string().nullable(),
  /** Of the amounts; null where they are counts. */
  currency: z.string().nullable(),
  /** Of counts and quantities: `rows`. */
  unit: z.string().nullable(),
  /** What it says, and what to do about it. */
  note: z.string(),
  /** The path of the API that shows the figure behind it. */
  link: z.string().nullable(),
  /** The command that shows it. */
  command: z.string().nullable(),
});
export type CheckLine = z.infer<typeof checkLineSchema>;

const periodState = z.enum(['OPEN', 'CLOSED', 'LOCKED']);

/** The books of a month, line by line. */
export const checkAnswerSchema = z.object({
  context: z.object({
    month: z.string(),
    graph: z.string(),
    /** The allocation run that the lines are about; null: none is published, or not for the caller. */
    run: z.string().nullable(),
    entities: z.array(z.object({ entity: z.string(), state: periodState })),
    /** Generation of the lake that was read. */
    generation: z.int(),
  }),
  /** No line is broken. What is missing breaks nothing. */
  balances: z.boolean(),
  lines: z.array(checkLineSchema),
  totals: z.object({ ties: z.int(), broken: z.int(), missing: z.int(), info: z.int() }),
});
export type CheckAnswer = z.infer<typeof checkAnswerSchema>;

export const closeParamsSchema = z.strictObject({ period: month });

/** `aws=12,345.67`, `aws=12,345.67 EUR`; several as several parameters. */
const invoiceText = z.string().min(3).max(300);

export const checkQuerySchema = z.strictObject({
  entity: id.optional(),
  graph: id.default('main'),
  invoice: z.union([invoiceText, z.array(invoiceText).max(100)]).default([]),
});

/** The page takes no totals of invoices: its address may be passed on. */
export const pageQuerySchema = z.strictObject({ entity: id.optional(), graph: id.default('main') });

/** The total that is printed on the provider's invoice of a source. */
export const invoiceTotalSchema = z.strictObject({
  source,
  total: z.string().min(1).max(60).meta({ example: '12,345.67' }),
  /** Where the bill has several. */
  currency: z.string().length(3).optional(),
});
export type InvoiceTotal = z.infer<typeof invoiceTotalSchema>;

const closeChoices = {
  /** Whose month to close; every entity with bills or consumption in it that the caller sees, when absent. */
  entities: z.array(id).min(1).max(1000).optional(),
  graph: id.default('main'),
  /** Everything but publishing and freezing; says what would happen. */
  dryRun: z.boolean().default(false),
  /** Compute the allocation, and publish it unless what is published is current; false: what is published stands. */
  allocate: z.boolean().default(true),
  /** Sources whose bill is not there, or not whole, and is not waited for. Needs a reason. */
  acceptMissing: z.array(source).max(1000).default([]),
  invoices: z.array(invoiceTotalSchema).max(100).default([]),
  /** Kept with the month. */
  reason: z.string().min(1).max(2000).optional(),
};

/** What to close and how. */
export const closeRequestSchema = z.strictObject(closeChoices);
export type CloseRequest = z.input<typeof closeRequestSchema>;

/** As a run of the queue is asked for it. */
export const closeWishSchema = z.strictObject({ period: month, ...closeChoices });
export type CloseWish = z.infer<typeof closeWishSchema>;

/** What was done to an entity's month, and the state that it has now. */
const closedEntitySchema = z.object({
  entity: z.string(),
  outcome: z.enum(['closed', 'already closed', 'would close', 'not closed']),
  state: periodState,
  /** The number of the freeze that holds now; null: nothing is frozen. */
  freeze: z.int().nullable(),
});
export type ClosedEntity = z.infer<typeof closedEntitySchema>;

/** What a close came to. */
export const closeOutcomeSchema = z.object({
  month: z.string(),
  dryRun: z.boolean(),
  entities: z.array(closedEntitySchema),
  /** The steps that were gone through, each with a sentence of what was found and done. */
  steps: z.array(z.object({ step: z.string(), said: z.string() })),
  /** The books that were closed; null when it did not come to that. */
  check: checkAnswerSchema.nullable(),
  /** Why it stopped; null when all went well. */
  refused: z
    .object({
      code: z.string(),
      message: z.string(),
      exitCode: z.int(),
      params: z.record(z.string(), z.unknown()),
    })
    .nullable(),
});
export type CloseOutcome = z.infer<typeof closeOutcomeSchema>;

/** The answer to `Prefer: respond-async`: the run of the queue that does the work. */
export const closeAcceptedSchema = z.object({ run: z.string(), state: z.string() });

/** A line of a streamed close. */
export const closeLineSchema = z.union([
  z.object({ progress: z.object({ step: z.string(), done: z.int(), total: z.int() }) }),
  z.object({ result: closeOutcomeSchema }),
  z.object({ problem: z.record(z.string(), z.unknown()) }),
]);

/** An HTML page. */
export const closePageSchema = z.string();
