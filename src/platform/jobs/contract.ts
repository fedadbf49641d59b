import { z } from 'zod';

/** The forms of the API over runs and their schedules. */

const id = z.string().min(1).max(100).meta({ example: '01k9z3w2m7h4q8xta' });
const kind = z.string().min(1).max(100).meta({ example: 'bill.import' });
const instant = z.string().meta({ example: '2026-10-14T06:30:00.000Z' });
const rows = z.int();

const runStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;

/** Why it failed, or failed last. */
const runProblemSchema = z.object({
  code: z.string(),
  status: z.int(),
  exitCode: z.int(),
  message: z.string(),
  params: z.record(z.string(), z.unknown()),
});

const runProgressSchema = z.object({
  /** What is being done now. */
  label: z.string(),
  done: z.number(),
  total: z.number().nullable(),
  unit: z.enum(['rows', 'bytes', 'items']),
  rows: z.number().optional(),
  rowsPerSecond: z.number().nullable(),
  detail: z.unknown().optional(),
});

/** A run: one execution of a job. */
export const runSchema = z
  .object({
    id,
    kind,
    state: z.enum(runStates),
    /** The legal entity that it concerns; null: the installation. */
    entity: z.string().nullable(),
    schedule: z.string().nullable(),
    askedBy: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
    input: z.unknown(),
    problem: runProblemSchema.nullable(),
    progress: runProgressSchema.nullable(),
    /** How often a worker has begun it. */
    attempt: z.int(),
    failures: z.int(),
    maxFailures: z.int(),
    /** How often its process died. */
    interruptions: z.int(),
    worker: z.string().nullable(),
    cancelRequestedBy: z.string().nullable(),
    rowsIn: rows,
    rowsOut: rows,
    createdAt: instant,
    /** Not begun earlier: after a failure it waits. */
    dueAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'Run' });
export type RunAnswer = z.infer<typeof runSchema>;

const runStepSchema = z.object({
  attempt: z.int(),
  number: z.int(),
  name: z.string(),
  state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  rowsIn: rows,
  rowsOut: rows,
  startedAt: instant,
  finishedAt: instant.nullable(),
});
const runLogLineSchema = z.object({
  id: z.string(),
  attempt: z.int(),
  at: instant,
  level: z.enum(['info', 'warning', 'error']),
  message: z.string(),
});

export const runParamsSchema = z.strictObject({ id });

/** `next` is the cursor of the following page; absent on the last. */
export const runListQuerySchema = z.strictObject({
  kind: kind.optional(),
  state: z.enum(runStates).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});
/** The newest first. */
export const runListSchema = z.object({
  context: z.object({ kinds: z.array(z.string()) }),
  items: z.array(runSchema),
  next: z.string().optional(),
});
export type RunList = z.infer<typeof runListSchema>;

/** A run with its result, its steps and the last 200 lines of its log. */
export const runDetailSchema = runSchema.extend({
  result: z.unknown(),
  steps: z.array(runStepSchema),
  log: z.array(runLogLineSchema),
});
export type RunDetailAnswer = z.infer<typeof runDetailSchema>;

/** Retry and cancel take nothing. */
export const runChangeSchema = z.strictObject({});

/** One event: `data` of `state` and `end` is the run, of the others what they are named for. */
export const runEventSchema = z.union([runSchema, runStepSchema, runProgressSchema, runLogLineSchema]);

/** The id of the last line of the log that a watcher has seen. */
export const runEventsHeadersSchema = z.looseObject({
  'last-event-id': z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
});

export const scheduleParamsSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/,
      'begin with a letter or digit, then letters, digits and . _ : -',
    )
    .meta({ example: 'nightly-import' }),
});
/** What is asked for again and again. What its runs may do is what whoever sets it may do. */
export const scheduleRequestSchema = z.strictObject({
  kind,
  /** What the run takes; for `bill.import`, what `POST /imports` takes. */
  input: z.record(z.string(), z.unknown()).default({}),
  /** Minute, hour, day of month, month, day of week. */
  cron: z.string().min(1).max(200).meta({ example: '30 6 * * *' }),
  timeZone: z.string().min(1).max(100).default('UTC').meta({ example: 'Europe/Paris' }),
  enabled: z.boolean().default(true),
});
export type ScheduleRequest = z.input<typeof scheduleRequestSchema>;
export const scheduleSchema = z
  .object({
    name: z.string(),
    kind,
    entity: z.string().nullable(),
    input: z.unknown(),
    cron: z.string(),
    timeZone: z.string(),
    enabled: z.boolean(),
    /** When it fires next; null while it is off. */
    nextAt: instant.nullable(),
    lastAt: instant.nullable(),
    lastRun: z.string().nullable(),
    setBy: z.string(),
    setAt: instant,
  })
  .meta({ id: 'RunSchedule' });
export type ScheduleAnswer = z.infer<typeof scheduleSchema>;
/** By name. */
export const scheduleListSchema = z.object({
  context: z.object({ kinds: z.array(z.string()) }),
  items: z.array(scheduleSchema),
});
export type ScheduleList = z.infer<typeof scheduleListSchema>;
