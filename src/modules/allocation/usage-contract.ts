import { z } from 'zod';
import { graphIdSchema } from './graph-contract.ts';
import { nodeIdSchema } from './model.ts';

/** Usage on the wire: how it comes in, and what is known of it. Values are decimal texts; a day without a value is null. */

const month = z
  .string()
  .regex(/^(19|[2-9]\d)\d{2}-(0[1-9]|1[0-2])$/, 'write a month as YYYY-MM')
  .meta({ example: '2026-10' });

const line = (length: number) =>
  z
    .string()
    .min(1)
    .max(length)
    .regex(/^[^\p{C}]+$/u, 'control characters are not allowed');

/** A usage source becomes a part of a folder's name. */
const sourceName = z
  .string()
  .regex(
    /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'take 1 to 100 letters, digits, and . _ - after the first',
  );

const graph = graphIdSchema.default('main').meta({ description: 'id of the graph; `main` unless said' });

const choices = {
  /** Do everything but publish, and tell what would change. */
  dryRun: z.boolean().default(false),
  /** Refuse what would otherwise be a finding: nodes that the graph does not know, warnings of a monitoring system. */
  strict: z.boolean().default(false),
};

/** Usage as a CSV file: a path that the server may read, or the file's text with its name. */
export const usageImportRequestSchema = z
  .strictObject({
    graph,
    source: sourceName.meta({ description: 'who delivers: its months are replaced by what the file holds' }),
    path: z.string().min(1).max(4096).optional(),
    csv: z.string().min(1).optional(),
    name: line(200).optional().meta({ description: 'what the text is called in findings and origins' }),
    month: month.optional().meta({ description: 'refuse rows of any other month' }),
    wide: z
      .boolean()
      .default(false)
      .meta({ description: 'every column but node, day and labels is a metric; an empty cell is no value' }),
    ...choices,
  })
  .refine(({ path, csv }) => (path === undefined) !== (csv === undefined), {
    message: 'give a path, or the csv itself',
    path: ['path'],
  });
export type UsageImportRequest = z.input<typeof usageImportRequestSchema>;
export type CheckedUsageImport = z.infer<typeof usageImportRequestSchema>;

const reductions = ['sum', 'avg', 'max', 'last'] as const;
export type Reduction = (typeof reductions)[number];

const stepUnits = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of a step: `15s`, `5m`, `1h`, `1d`. */
export function stepSeconds(step: string): number {
  return Number(step.slice(0, -1)) * stepUnits[step.at(-1) as keyof typeof stepUnits];
}

const stepSchema = z
  .string()
  .regex(/^[1-9]\d{0,4}[smhd]$/, 'write a step such as 1h, 5m or 1d')
  .refine((step) => 86_400 % stepSeconds(step) === 0 && stepSeconds(step) >= 10, {
    message: 'a day holds a whole number of steps, each of 10 s or more',
  });

/**
 * One question to a monitoring system. It is evaluated at the end of each step; what it gives at t counts for the day of the
 * time before t. So `increase(http_requests_total[1h])` every hour, summed, is the day's requests.
 */
const usageQuerySchema = z.strictObject({
  metric: line(200),
  query: z.string().min(1).max(10_000).meta({ description: 'PromQL' }),
  /** Labels of the series in braces: `app:{app}`. Series without one of them are left out with a finding. */
  node: line(500).regex(/^([^{}]|\{[^{}]+\})+$/, 'close every brace, and name a label in it'),
  step: stepSchema.default('1h'),
  /** What becomes of a series' values of one day. Series of one node and the same kept labels are then added up. */
  reduce: z.enum(reductions).default('sum'),
  unit: line(200).optional(),
  /** Labels to keep with the values, for edges that filter by them. */
  labels: z.array(line(200)).max(50).default([]),
});
export type UsageQuery = z.infer<typeof usageQuerySchema>;

function unitOf(queries: readonly UsageQuery[], metric: string): string | undefined {
  return queries.find((query) => query.metric === metric)?.unit;
}

/**
 * What to fetch for a month. The metrics asked for are replaced, others of the source's month stay. Without a month: the one of
 * yesterday (UTC), so that a schedule needs none.
 */
export const usageFetchRequestSchema = z.strictObject({
  graph,
  endpoint: z.string().min(1).max(100).meta({ description: 'name of one of usage.prometheus' }),
  source: sourceName.optional().meta({ description: 'who delivers; the name of the endpoint unless said' }),
  month: month.optional(),
  queries: z
    .array(usageQuerySchema)
    .min(1)
    .max(50)
    .refine((queries) => queries.every(({ metric, unit }) => unitOf(queries, metric) === unit), {
      message: 'queries of one metric have one unit: it is added up',
    }),
  ...choices,
});
export type UsageFetchRequest = z.input<typeof usageFetchRequestSchema>;
export type CheckedUsageFetch = z.infer<typeof usageFetchRequestSchema>;

const metricFigures = {
  metric: z.string(),
  unit: z.string().nullable(),
  rows: z.int(),
  total: z.string(),
};

/** A metric of a month as it is now, and as it was before. `rows` 0: it is no more. */
const metricChangeSchema = z.object({
  ...metricFigures,
  nodes: z.int(),
  /** Days of the month that have a value. */
  days: z.int(),
  before: z.object({ rows: z.int(), total: z.string(), unit: z.string().nullable() }).nullable(),
});
export type MetricChange = z.infer<typeof metricChangeSchema>;

/** What became of one month. `unchanged`: the same content is there already; nothing was published. */
const usageMonthChangeSchema = z.object({
  month: z.string(),
  status: z.enum(['imported', 'replaced', 'unchanged', 'dry-run']),
  rows: z.int(),
  snapshot: z.string().nullable(),
  /** The snapshot that was current before. */
  replaced: z.string().nullable(),
  metrics: z.array(metricChangeSchema),
});
export type UsageMonthChange = z.infer<typeof usageMonthChangeSchema>;

const findingSchema = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  path: z.string(),
  message: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  rows: z.int().optional(),
});

/** What an import or a fetch of usage came to. */
export const usageResultSchema = z.object({
  schemaVersion: z.literal(1),
  graph: z.string(),
  source: z.string(),
  dryRun: z.boolean(),
  months: z.array(usageMonthChangeSchema),
  findings: z.array(findingSchema),
});
export type UsageResult = z.infer<typeof usageResultSchema>;

/** A line of a streamed import or fetch: where it stands, and at the end its result or why there is none. */
export const usageLineSchema = z.union([
  z.object({ progress: z.object({ step: z.string(), done: z.number(), total: z.number() }) }),
  z.object({ result: usageResultSchema }),
  z.object({ problem: z.record(z.string(), z.unknown()) }),
]);

/** The answer to `Prefer: respond-async`. */
export const usageAcceptedSchema = z.object({ run: z.string(), state: z.string() });

const pageShape = {
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(1000).optional(),
};
const contextSchema = z.object({ graph: z.string(), generation: z.int() });

export const usageListQuerySchema = z.strictObject({
  graph,
  source: sourceName.optional(),
  from: month.optional(),
  to: month.optional(),
  ...pageShape,
});

const usageMonthSchema = z.object({
  source: z.string(),
  month: z.string(),
  rows: z.int(),
  metrics: z.array(z.object(metricFigures)),
  snapshot: z.string(),
  importedAt: z.string(),
  /** `file:requests.csv`, `prometheus:prom`. */
  delivery: z.string(),
  /** Snapshots that a rollback can go to. */
  earlier: z.int(),
});
export type UsageMonth = z.infer<typeof usageMonthSchema>;

export const usageListSchema = z.object({
  context: contextSchema,
  items: z.array(usageMonthSchema),
  next: z.string().optional(),
});
export type UsageList = z.infer<typeof usageListSchema>;

export const usageMetricsQuerySchema = z.strictObject({ graph, month, ...pageShape });

/** A metric over all usage sources of a month. Days that have not ended are not missing. */
const usageMetricSchema = z.object({
  metric: z.string(),
  /** Null where no row says one, or where rows differ: then `units` names them, and `total` is null. */
  unit: z.string().nullable(),
  units: z.array(z.string()),
  sources: z.array(z.string()),
  rows: z.int(),
  nodes: z.int(),
  daysPresent: z.int(),
  daysMissing: z.int(),
  total: z.string().nullable(),
  firstDay: z.string(),
  lastDay: z.string(),
});
export type UsageMetric = z.infer<typeof usageMetricSchema>;

export const usageMetricsSchema = z.object({
  context: contextSchema.extend({ month: z.string() }),
  items: z.array(usageMetricSchema),
  next: z.string().optional(),
});
export type UsageMetrics = z.infer<typeof usageMetricsSchema>;

export const usageSeriesQuerySchema = z.strictObject({
  graph,
  month,
  node: nodeIdSchema,
  metric: line(200).optional(),
});

/** Each metric, by its unit, with one entry per day of the month from the first; a missing day is null, which is not 0. */
export const usageSeriesSchema = z.object({
  context: contextSchema.extend({ month: z.string(), node: z.string() }),
  items: z.array(
    z.object({
      metric: z.string(),
      unit: z.string().nullable(),
      values: z.array(z.object({ day: z.string(), value: z.string().nullable() })),
    }),
  ),
});
export type UsageSeries = z.infer<typeof usageSeriesSchema>;

/** `to`: an earlier snapshot, the newest one of the history unless said, or `none` to withdraw the month. */
export const usageRollbackRequestSchema = z.strictObject({
  graph,
  source: sourceName,
  month,
  to: z.string().min(1).max(100).optional(),
});
export const usageRollbackSchema = z.object({
  context: contextSchema,
  source: z.string(),
  month: z.string(),
  /** Null: withdrawn. */
  snapshot: z.string().nullable(),
});
export type UsageRollback = z.infer<typeof usageRollbackSchema>;
