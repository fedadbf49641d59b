import { z } from 'zod';

/**
 * A question to the warehouse as a plain value: it can be stored, linked, diffed and replayed.
 * It compiles to SQL with bound parameters only; names are checked against the dataset's columns.
 */

const columnName = z.string().min(1).max(128);
const tagKey = z.string().min(1).max(256);
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM');

export const grains = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
export type Grain = (typeof grains)[number];

/** A column's value, a tag's value, or a period of time. Its key in the result is `name` (or the default name). */
const dimensionSchema = z.union([
  /** With `key`: the value under that key of a JSON column, such as SkuPriceDetails. */
  z.strictObject({ column: columnName, key: tagKey.optional(), name: columnName.optional() }),
  z.strictObject({ tag: tagKey, name: columnName.optional() }),
  z.strictObject({
    grain: z.enum(grains),
    /** `charge`: the time the charge is for; `billing`: the billing month. */
    of: z.enum(['charge', 'billing']).default('charge'),
    name: columnName.optional(),
  }),
]);
export type Dimension = z.infer<typeof dimensionSchema>;

/** A sum of a cost or quantity column, a count of rows, or the share of a cost that carries a tag. */
const measureSchema = z.union([
  z.strictObject({ sum: columnName, name: columnName.optional() }),
  z.strictObject({ count: z.literal('rows'), name: columnName.optional() }),
  z.strictObject({
    /** Cost of rows whose tag has a value, ÷ cost of all rows; 0..1, null when there is no cost. Charges only (cost > 0). */
    coverage: z.strictObject({ tag: tagKey, of: columnName }),
    name: columnName.optional(),
  }),
]);
export type Measure = z.infer<typeof measureSchema>;

const scalar = z.union([z.string().max(4096), z.number(), z.boolean()]);
const operand = z.union([
  z.strictObject({ column: columnName, key: tagKey.optional() }),
  z.strictObject({ tag: tagKey }),
]);

export const comparisons = ['=', '!=', '<', '<=', '>', '>=', 'contains', 'prefix'] as const;

export type Operand = z.infer<typeof operand>;
export type Filter =
  | {
      readonly field: Operand;
      readonly op: (typeof comparisons)[number];
      readonly value: string | number | boolean;
    }
  | {
      readonly field: Operand;
      readonly op: 'in' | 'not in';
      readonly values: readonly (string | number | boolean)[];
    }
  | { readonly field: Operand; readonly op: 'is null' | 'is not null' }
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter };

/**
 * `!=` and `not in` keep rows whose value is null (null is not 'x'); `contains` and `prefix` ignore case;
 * decimals are given as text or number and compared exactly.
 */
export const filterSchema: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.strictObject({ field: operand, op: z.enum(comparisons), value: scalar }),
    z.strictObject({
      field: operand,
      op: z.enum(['in', 'not in']),
      values: z.array(scalar).min(1).max(1000),
    }),
    z.strictObject({ field: operand, op: z.enum(['is null', 'is not null']) }),
    z.strictObject({ and: z.array(filterSchema).min(1).max(100) }),
    z.strictObject({ or: z.array(filterSchema).min(1).max(100) }),
    z.strictObject({ not: filterSchema }),
  ]),
);

export const costQuerySchema = z.strictObject({
  measures: z.array(measureSchema).min(1).max(20),
  dimensions: z.array(dimensionSchema).max(12).default([]),
  where: filterSchema.optional(),
  /** Billing months, both included; all when absent. */
  from: month.optional(),
  to: month.optional(),
  sources: z.array(z.string().min(1)).max(1000).optional(),
  /** By default: the first measure, largest first; with a time dimension, time first. */
  orderBy: z
    .array(z.strictObject({ name: columnName, desc: z.boolean().default(false) }))
    .max(12)
    .optional(),
  /** Keeps the N largest values of the first dimension that is not time (by the first measure); the rest is one row `other`. */
  top: z.int().min(1).max(10_000).optional(),
  limit: z.int().min(1).max(100_000).default(10_000),
  /** From the previous page's `next`. */
  cursor: z.string().max(4096).optional(),
});

/** A query as people write it: defaults may be left out. */
export type CostQueryInput = z.input<typeof costQuerySchema>;
/** A query with its defaults. */
export type CostQuery = z.infer<typeof costQuerySchema>;

/** One result row: dimension and measure names → text, number or null. Money and quantities are decimal strings. */
export type CostQueryRow = Readonly<Record<string, string | number | boolean | null>>;

export interface CostQueryResult {
  readonly context: {
    /** Manifest generation read. */
    readonly generation: number;
    /** Currencies in the answer; with more than one, BillingCurrency is a dimension of every row. */
    readonly currencies: readonly string[];
    readonly files: number;
    /** Names of the dimensions and of the measures, in order. */
    readonly dimensions: readonly string[];
    readonly measures: readonly string[];
  };
  readonly rows: readonly CostQueryRow[];
  /** Measure name → total over every row of the answer (all pages, `other` included). Money is null when currencies differ. */
  readonly totals: CostQueryRow;
  /** One total per currency; always present when there is money in the answer. */
  readonly totalsByCurrency: readonly CostQueryRow[];
  /** Cursor of the next page; absent on the last. */
  readonly next?: string;
}
