import { z } from 'zod';
import { graphIdSchema } from './graph-contract.ts';

/** The forms of the API over cost per unit; shared by server, CLI and browser. */

/** A billing month in an address or body. */
export const monthSchema = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'write a billing month as YYYY-MM')
  .meta({ example: '2026-10' });
/** The id of a graph, `main` when nobody says. */
export const graphParameter = graphIdSchema.default('main');
/** The id of a node, or the name of a metric. */
export const nameSchema = z.string().min(1).max(200);
/** A decimal as text. */
export const amountSchema = z.string().meta({ example: '1234.5' });

/** A quotient, exact and to look at. */
const exactRatioSchema = z.object({
  numerator: amountSchema,
  denominator: amountSchema,
  /** Twelve decimals, half away from zero. */
  value: amountSchema,
});

const costBases = ['holistic', 'retained', 'direct'] as const;

/** `holistic`: all that a node costs, what it passes on included. `retained`: what stays on it. */
export const unitCostQuerySchema = z.strictObject({
  graph: graphParameter,
  month: monthSchema,
  metric: nameSchema,
  node: nameSchema.optional(),
  basis: z.enum(costBases).default('holistic'),
  /** The days of the month too; with `node` only. */
  days: z.enum(['true', 'false']).default('false'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});
export type UnitCostQuery = z.output<typeof unitCostQuerySchema>;

const noUnitCost = z.enum(['missing_metric', 'zero_metric', 'mixed_units']);

const unitCostFields = {
  /** Σ of the metric over the month; null where it is missing (which is not 0) or in several units. */
  units: amountSchema.nullable(),
  measuredDays: z.int(),
  cost: z.object({ direct: amountSchema, holistic: amountSchema, retained: amountSchema }),
  unitCost: exactRatioSchema.nullable(),
  directUnitCost: exactRatioSchema.nullable(),
  reason: noUnitCost.nullable(),
  previous: z
    .object({ units: amountSchema.nullable(), cost: amountSchema, unitCost: exactRatioSchema.nullable() })
    .nullable(),
  change: z.object({ difference: amountSchema, ratio: amountSchema.nullable() }).nullable(),
  marginal: exactRatioSchema.nullable(),
  marginalReason: z
    .enum(['no_previous_month', 'units_unchanged', 'missing_metric', 'zero_metric', 'mixed_units'])
    .nullable(),
};

export const unitCostListSchema = z.object({
  context: z.object({
    graph: z.string(),
    month: z.string(),
    run: z.string(),
    /** The month before; null where it has no published run. */
    previousMonth: z.string().nullable(),
    metric: z.string(),
    unit: z.string().nullable(),
    basis: z.enum(costBases),
  }),
  items: z.array(
    z.object({
      node: z.string(),
      name: z.string(),
      type: z.string(),
      currency: z.string(),
      ...unitCostFields,
      days: z
        .array(
          z.object({
            day: z.string(),
            cost: amountSchema,
            units: amountSchema.nullable(),
            unitCost: exactRatioSchema.nullable(),
          }),
        )
        .optional(),
    }),
  ),
  /** All measured nodes as one, per currency; what they passed to each other counts once. */
  totals: z.array(z.object({ currency: z.string(), ...unitCostFields })),
  /** Nodes beyond `limit`. */
  more: z.int(),
});
export type UnitCostList = z.infer<typeof unitCostListSchema>;
