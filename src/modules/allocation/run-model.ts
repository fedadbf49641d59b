import { z } from 'zod';

/**
 * What is kept of a run beside its figures: what it was computed from, what came out, whether its books balance. The same forms
 * on the wire. Amounts are decimal strings; charges positive, credits negative; currencies are never added.
 */

const amount = z.string();
const month = z.string();

/** One month of one dataset in the lake, as it stood: the run relies on it. */
const usedSnapshotSchema = z.object({
  dataset: z.string(),
  source: z.string(),
  period: month,
  snapshot: z.string(),
});
export type UsedSnapshot = z.infer<typeof usedSnapshotSchema>;

/**
 * A closed month whose bill was restated after its run was published. What it costs more or less is booked in this run, in
 * rows whose `OriginPeriod` it is.
 */
const restatedMonthSchema = z.object({
  period: month,
  /** The published run of the closed month: its graph version and its usage are frozen. */
  run: z.string(),
  version: z.int(),
  /** The same month computed with the costs as they are now; it is not published. */
  now: z.string(),
  /** Published runs of other months that have booked a part of the restatement before. */
  booked: z.array(z.object({ period: month, run: z.string() })),
  /** Bills of the month that its published run has read, and as they are now. */
  from: z.array(usedSnapshotSchema),
  to: z.array(usedSnapshotSchema),
});
export type RestatedMonth = z.infer<typeof restatedMonthSchema>;

export const runInputsSchema = z.object({
  /** SHA-256 of the graph's document. */
  graphHash: z.string(),
  /** Months of bills: the run's own, and earlier ones that a metric looks back into. */
  cost: z.array(usedSnapshotSchema),
  usage: z.array(usedSnapshotSchema),
  restated: z.array(restatedMonthSchema),
});
export type RunInputs = z.infer<typeof runInputsSchema>;

export const runMethodSchema = z.object({
  metric: z.string(),
  dimension: z.string(),
  recoverableTax: z.unknown(),
  cycles: z.unknown(),
  /** Of the engine: it is raised when the same inputs give other figures. */
  engine: z.int(),
  /** Decimals of the units that were allocated: 9 is 10⁻⁹ of a currency. */
  scale: z.int(),
});
export type RunMethod = z.infer<typeof runMethodSchema>;

/** An equation of the books. `difference` is the largest of any currency, node, day or dimension: `0` when it holds. */
export const checkSchema = z.object({ name: z.string(), ok: z.boolean(), difference: amount });
export type Check = z.infer<typeof checkSchema>;

/** What a run comes to in one currency. */
export const currencyResultSchema = z.object({
  currency: z.string(),
  /** Everything that was allocated: the bill in the run's metric, and what is booked for closed months. */
  total: amount,
  /** Retained on products, and on all other nodes: together the total. */
  allocated: amount,
  unallocated: amount,
  /** Charges retained on products ÷ charges, six decimals half-up; null without charges. */
  coverage: z.string().nullable(),
  charges: amount,
  allocatedCharges: amount,
  /** What is unallocated, by cause. */
  causes: z.array(z.object({ cause: z.string(), amount })),
  /** Charges that edges carried, by where their shares came from; what goes over two edges counts twice. */
  qualities: z.array(z.object({ quality: z.string(), amount })),
  /** From BilledCost to the run's metric, by named parts. */
  bridge: z.array(z.object({ part: z.string(), amount })),
  /** Of the total: what is booked for closed months. */
  restated: z.array(z.object({ period: month, amount })),
});
export type CurrencyResult = z.infer<typeof currencyResultSchema>;

const findingSchema = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  path: z.string(),
  message: z.string(),
  params: z.record(z.string(), z.unknown()),
  amounts: z.record(z.string(), amount).optional(),
});

/** A node that rules made of the bill: it is in no version of the graph. */
const madeNodeSchema = z.object({
  id: z.string(),
  type: z.string(),
  application: z.string().nullable(),
});

export const runResultSchema = z.object({
  currencies: z.array(currencyResultSchema),
  checks: z.array(checkSchema),
  findings: z.array(findingSchema),
  /** The first thousand by id, and how many there are. */
  made: z.object({ count: z.int(), nodes: z.array(madeNodeSchema) }),
  nodes: z.int(),
  edges: z.int(),
  dimensions: z.int(),
  /** Days with costs; of these, days whose inputs were those of an earlier run and whose files were taken from it. */
  days: z.int(),
  reusedDays: z.int(),
  /** Rows in the lake. */
  rows: z.object({ attribution: z.int(), allocation: z.int(), flow: z.int() }),
});
export type RunResult = z.infer<typeof runResultSchema>;

/** `computed`: sound, and nobody reads it. `superseded`: another run of the month was published after it. */
export const runStates = ['computed', 'published', 'superseded', 'failed'] as const;
export type RunState = (typeof runStates)[number];

/** A run as the records keep it. */
export interface AllocationRun {
  /** 32 hexadecimal digits: a hash of everything that it was computed from. */
  readonly id: string;
  readonly graph: string;
  readonly version: number;
  /** Whose graph it is; null: the installation's. */
  readonly entity: string | null;
  readonly period: string;
  readonly state: RunState;
  readonly method: RunMethod;
  readonly inputs: RunInputs;
  readonly result: RunResult;
  /** Under which the lake holds its figures; null when its books do not balance. */
  readonly snapshot: string | null;
  readonly computedAt: string;
  readonly computedBy: string;
  readonly publishedAt: string | null;
  readonly publishedBy: string | null;
}
