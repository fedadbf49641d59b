import { z } from 'zod';
import { filterSchema } from '../../platform/warehouse/cost-query.ts';

/** The forms of the API over anomalies and forecasts; shared by server, CLI and browser. */

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a month as YYYY-MM');
const amount = z.string().meta({ description: 'decimal text' });
const floor = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,12})?$/, 'give a decimal number, 0 or more')
  .meta({ description: 'decimal text' });

/** Which series: of the bills by a column or tag, or of the published allocation by application or node. */
const seriesAsked = {
  of: z.enum(['bill', 'allocation']).default('bill'),
  /** A column such as ServiceName, or Tags.KEY; of the allocation ApplicationId or NodeId. */
  by: z.string().min(1).max(300).optional(),
  /** Of bills: the cost that is watched. */
  metric: z.enum(['EffectiveCost', 'BilledCost', 'ListCost', 'ContractedCost']).default('EffectiveCost'),
  graph: z.string().min(1).max(100).default('main'),
  where: filterSchema.optional(),
  /** Billing months to read; the newest is the last one that holds anything. */
  from: month.optional(),
  to: month.optional(),
};

export const anomalyQuerySchema = z.strictObject({
  ...seriesAsked,
  grain: z.enum(['day', 'month']).default('day'),
  /** Both must be reached: an amount in the series' currency, and a fraction of what was expected. */
  floors: z
    .strictObject({ absolute: floor.default('10'), relative: floor.default('0.2') })
    .default({ absolute: '10', relative: '0.2' }),
  threshold: z.number().min(1).max(100).default(3.5),
  /** The first day or month that is judged; what is before is history. */
  judgeFrom: z
    .string()
    .regex(/^\d{4}-\d{2}(-\d{2})?$/, 'write YYYY-MM-DD or YYYY-MM')
    .optional(),
});
export type AnomaliesAsked = z.output<typeof anomalyQuerySchema>;

const pointSchema = z.object({
  at: z.string(),
  amount,
  expected: amount,
  low: amount,
  high: amount,
  excess: amount,
  score: z.number().nullable(),
});

const anomalySchema = z.object({
  key: z.string(),
  currency: z.string(),
  grain: z.enum(['day', 'month']),
  direction: z.enum(['up', 'down']),
  first: z.string(),
  last: z.string(),
  amount,
  expected: amount,
  excess: amount,
  relative: z.string().nullable(),
  score: z.number().nullable(),
  points: z.array(pointSchema),
});

const contextSchema = z.object({
  of: z.enum(['bill', 'allocation']),
  by: z.string(),
  metric: z.string(),
  grain: z.enum(['day', 'month']),
  /** First and last day or month with data; null where there is none. */
  from: z.string().nullable(),
  to: z.string().nullable(),
  asOf: z.string(),
});

export const anomalyListSchema = z.object({
  context: contextSchema.extend({
    floors: z.object({ absolute: z.string(), relative: z.string() }),
    /** Series that were looked at; of these, those with too few points to judge anything. */
    series: z.int(),
    tooLittleHistory: z.int(),
  }),
  items: z.array(anomalySchema),
  totals: z.array(z.object({ currency: z.string(), excess: amount, anomalies: z.int() })),
});
export type AnomalyList = z.infer<typeof anomalyListSchema>;

export const forecastQuerySchema = z.strictObject({
  ...seriesAsked,
  grain: z.enum(['day', 'month']).default('day'),
  horizon: z.int().min(1).max(400).default(30),
  /** Series to forecast, those of the highest cost. */
  top: z.int().min(1).max(200).default(20),
});
export type ForecastsAsked = z.output<typeof forecastQuerySchema>;

const expectedSchema = z.object({
  mean: amount,
  low80: amount,
  high80: amount,
  low95: amount,
  high95: amount,
});

export const forecastListSchema = z.object({
  context: contextSchema.extend({ horizon: z.int() }),
  items: z.array(
    z.object({
      key: z.string(),
      currency: z.string(),
      /** Null: fewer than 14 points, which is no forecast. */
      model: z.string().nullable(),
      points: z.int(),
      needed: z.int(),
      /** Mean absolute error of each model over the rolling origins. */
      errors: z.array(z.object({ model: z.string(), mae: z.number() })),
      total: expectedSchema.nullable(),
      ahead: z.array(expectedSchema.extend({ at: z.string() })),
    }),
  ),
});
export type ForecastList = z.infer<typeof forecastListSchema>;
