import { z } from 'zod';
import { fits, rateTypes } from './model.ts';
import { plainDecimal, spanMonthSchema, textSchema } from './price-line.ts';

/** The forms of the API over rates between currencies: requests and answers. */

/** Digits after the point that a rate may have. */
const ratePlaces = 15;

/** A currency of a rate; one that is not used any more has rates of its time. */
const rateCurrencySchema = z
  .string()
  .regex(/^(?!XXX)[A-Z]{3}$/, 'give an ISO 4217 code, such as EUR')
  .meta({ example: 'EUR' });

const rateSchema = z
  .string()
  .refine(
    (text) => fits(text, ratePlaces),
    `give a decimal number with at most ${ratePlaces} digits after the point`,
  )
  .transform(plainDecimal)
  .refine((text) => text !== '0' && !text.startsWith('-'), 'a rate is above 0');

const key = {
  period: spanMonthSchema,
  base: rateCurrencySchema,
  quote: rateCurrencySchema,
  type: z.enum(rateTypes).default('average'),
};

/** 1 base = rate quote. */
export const rateInputSchema = z
  .strictObject({
    ...key,
    rate: rateSchema.meta({ example: '0.9215' }),
    /** Where it was published. */
    source: textSchema(200).meta({ example: 'ECB' }),
    /** The day that it is of. */
    asOf: z.iso.date('write a day as YYYY-MM-DD').meta({ example: '2026-10-31' }),
  })
  .refine(({ base, quote }) => base !== quote, { path: ['quote'], message: 'name two different currencies' })
  .meta({
    example: {
      period: '2026-10',
      base: 'USD',
      quote: 'EUR',
      rate: '0.9215',
      source: 'ECB',
      asOf: '2026-10-31',
    },
  });

const currency = rateCurrencySchema.optional();
export const rateExportQuerySchema = z.strictObject({
  /** The first and the last month. */
  from: spanMonthSchema.optional(),
  to: spanMonthSchema.optional(),
  base: currency,
  quote: currency,
  type: z.enum(rateTypes).optional(),
});
export const rateQuerySchema = rateExportQuerySchema.extend({
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(200).optional(),
});
export const rateParamsSchema = z.strictObject({ ...key, type: z.enum(rateTypes) });
export const rateImportSchema = z.strictObject({
  /** Columns period, base, quote, rate, asOf, and perhaps type and source. */
  csv: z.string().max(10_000_000),
  /** Of rows that say none. */
  type: z.enum(rateTypes).default('average'),
  source: textSchema(200).optional(),
  dryRun: z.boolean().default(false),
});
export type RateImportRequest = z.output<typeof rateImportSchema>;

const rate = z.object({
  period: z.string(),
  base: z.string(),
  quote: z.string(),
  type: z.enum(rateTypes),
  rate: z.string(),
  source: z.string(),
  asOf: z.string(),
});
export const rateAnswerSchema = rate;
export type FxRateAnswer = z.infer<typeof rate>;
export const rateListSchema = z.object({
  context: z.object({}),
  items: z.array(rate),
  next: z.string().optional(),
});
export type FxRateList = z.infer<typeof rateListSchema>;
export const rateFileSchema = {
  description: 'CSV',
  content: { 'text/csv': { schema: z.string() } },
};
export const ratesChangedSchema = z.object({
  dryRun: z.boolean(),
  rows: z.int(),
  added: z.array(rate),
  changed: z.array(z.object({ before: rate, after: rate })),
  unchanged: z.int(),
  /** Every cell that does not fit; of a dry run only, else it is refused. */
  errors: z.array(z.object({ row: z.int(), field: z.string(), message: z.string() })),
});
export type FxRatesChanged = z.infer<typeof ratesChangedSchema>;
