import { z } from 'zod';
import {
  checkSchema,
  currencyResultSchema,
  runInputsSchema,
  runMethodSchema,
  runResultSchema,
  runStates,
} from './run-model.ts';

/** The forms of the API over runs of an allocation; shared by server, CLI and browser. */

const runId = z
  .string()
  .regex(/^[0-9a-f]{8,32}$/, 'a run has 32 hexadecimal digits; the first 8 will do where no other has them')
  .meta({ example: '3f9a1c5e0b7d4a2681c0d9e4f7a35b12' });
const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM')
  .meta({ example: '2026-10' });
const graph = z.string().min(1).max(100).meta({ example: 'main' });

/** What to compute. Without a version: the graph's newest published one, or the one that a closed month is frozen with. */
export const runRequestSchema = z.strictObject({
  graph: graph.default('main'),
  month,
  version: z.int().min(1).optional(),
  /** Publish it when its books balance; needs allocation.publish too. */
  publish: z.boolean().default(false),
});
export type RunRequest = z.input<typeof runRequestSchema>;

export const runParamsSchema = z.strictObject({ run: runId });
/** Publishing takes nothing but the run. */
export const runPublishSchema = z.strictObject({});
export const runDiffQuerySchema = z.strictObject({ against: runId });

export const runListQuerySchema = z.strictObject({
  graph: graph.optional(),
  month: month.optional(),
  state: z.enum(runStates).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(1000).optional(),
});

const runHead = {
  run: z.string(),
  graph: z.string(),
  version: z.int(),
  month: z.string(),
  entity: z.string().nullable(),
  state: z.enum(runStates),
  currencies: z.array(currencyResultSchema),
  checks: z.array(checkSchema),
  computedAt: z.string(),
  computedBy: z.string(),
  publishedAt: z.string().nullable(),
  publishedBy: z.string().nullable(),
};

export const runListSchema = z.object({
  context: z.object({ generation: z.int() }),
  items: z.array(z.object(runHead)),
  next: z.string().optional(),
});
export type AllocationRunList = z.infer<typeof runListSchema>;

export const runAnswerSchema = z.object({
  ...runHead,
  method: runMethodSchema,
  inputs: runInputsSchema,
  ...runResultSchema.omit({ currencies: true, checks: true }).shape,
  /** Under which the lake holds its figures. */
  snapshot: z.string().nullable(),
});
export type AllocationRunAnswer = z.infer<typeof runAnswerSchema>;

/** Cost of a closed month that is in no month's books: the next open month books it. */
const lateSchema = z.object({
  currency: z.string(),
  booked: z.string(),
  now: z.string(),
  difference: z.string(),
});

/** What was computed, and what came of publishing it. */
export const runOutcomeSchema = runAnswerSchema.extend({
  /** True when the same was computed before: nothing was done again. */
  known: z.boolean(),
  seconds: z.number(),
  /** Per currency, for a month that is closed; absent while it is open. */
  late: z.array(lateSchema).optional(),
  /** Why it is failed, or was not published; null when all went well. */
  refused: z
    .object({
      code: z.string(),
      message: z.string(),
      exitCode: z.int(),
      params: z.record(z.string(), z.unknown()),
    })
    .nullable(),
});
export type RunOutcome = z.infer<typeof runOutcomeSchema>;

/** The answer to `Prefer: respond-async`: the run of the queue that does the work. */
export const runAcceptedSchema = z.object({ run: z.string(), state: z.string() });

/** A line of a streamed computation. */
export const runLineSchema = z.union([
  z.object({ progress: z.object({ step: z.string(), done: z.int(), total: z.int() }) }),
  z.object({ result: runOutcomeSchema }),
  z.object({ problem: z.record(z.string(), z.unknown()) }),
]);

const effects = z.record(z.string(), z.string());

/**
 * Why one run has other figures than another, per node and currency: `to` − `from` = Σ effects, to the last decimal. Of one month,
 * the effects are `cost`, `driver` and `graph`, put in one after the other in this order; of two months `month` (their bills and
 * drivers together: a driver of one day says nothing of another) and `graph`.
 */
export const runDiffSchema = z.object({
  from: z.object({ run: z.string(), month: z.string(), graph: z.string(), version: z.int() }),
  to: z.object({ run: z.string(), month: z.string(), graph: z.string(), version: z.int() }),
  order: z.array(z.string()),
  items: z.array(
    z.object({
      node: z.string(),
      type: z.string(),
      currency: z.string(),
      from: z.string(),
      to: z.string(),
      delta: z.string(),
      effects,
    }),
  ),
  totals: z.array(
    z.object({ currency: z.string(), from: z.string(), to: z.string(), delta: z.string(), effects }),
  ),
});
export type RunDiff = z.infer<typeof runDiffSchema>;
