import { z } from 'zod';
import { priceChangeSchema } from './change-prices.ts';
import { monthSchema } from './model.ts';

/** The forms of the API over costs of applications; shared by server, CLI and browser. */

const ids = z.array(z.string().min(1).max(200)).min(1).max(10_000);
/** Names that a list of costs can be broken down by. Attributes of applications are `attribute:cluster`. */
const dimensionSchema = z
  .string()
  .regex(
    /^(month|entity|application|team|costCentre|domain|family|product|environment|kind|attribute:[A-Za-z0-9][A-Za-z0-9._-]{0,49})$/,
    'take month, entity, application, team, costCentre, domain, family, product, environment, kind or attribute:NAME',
  );

const viewSchema = z.string().min(1).max(120).meta({
  example: 'budget-2026',
  description: 'a price view, view@version, or actual; absent: what the calendar says',
});

const filtersSchema = z.strictObject({
  entity: ids.optional(),
  application: ids.optional(),
  team: ids.optional(),
  costCentre: ids.optional(),
  domain: ids.optional(),
  family: ids.optional(),
  product: ids.optional(),
  environment: ids.optional(),
  kind: z
    .array(z.enum(['DIRECT', 'INDIRECT']))
    .min(1)
    .optional(),
  /** Values of an application's attributes as of the month: {"cluster": ["blue"]}. */
  attributes: z.record(z.string().min(1).max(50), ids).optional(),
});

const monthsSchema = z
  .union([z.array(monthSchema).min(1).max(120), z.strictObject({ from: monthSchema, to: monthSchema })])
  .meta({ example: ['2026-09', '2026-10'] });

export const costQuerySchema = z.strictObject({
  /** Whose costs: applications by id, those of a team and the teams below it, or those of a group of the catalogue. */
  applicationIds: ids.optional(),
  team: z.string().min(1).max(100).optional(),
  groupRef: z
    .string()
    .regex(/^(group:)?([a-z0-9._-]+\/)?[A-Za-z0-9._-]{1,63}$/i, 'write group:namespace/name')
    .optional(),
  months: monthsSchema,
  groupBy: z.array(dimensionSchema).max(4).default([]),
  filters: filtersSchema.default({}),
  view: viewSchema.optional(),
  /** Two views of the same months, or two months under one view. */
  compare: z
    .union([
      z.strictObject({ views: z.tuple([viewSchema, viewSchema]) }),
      z.strictObject({ months: z.tuple([monthSchema, monthSchema]) }),
    ])
    .optional(),
  mode: z.enum(['booked', 'priced', 'constant']).default('booked'),
  /** Under `constant`: the month whose prices are taken; the first of the months when absent. */
  pricesOf: monthSchema.optional(),
  /** Another currency for the answer, by the month's rate of this type. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'give an ISO 4217 code, such as EUR')
    .optional(),
  rateType: z.enum(['average', 'closing', 'budget']).default('average'),
  /** Comparing views: weights that were made from prices as they are stored, or made anew under each view. */
  weights: z.enum(['stored', 'derived']).default('stored'),
  top: z.int().min(1).max(10_000).optional(),
});
export type CostQueryInput = z.input<typeof costQuerySchema>;
export type CostsAsked = z.output<typeof costQuerySchema>;

const amount = z.string().meta({ description: 'decimal text' });

/** Sums of a group in one currency. */
const figures = {
  currency: z.string(),
  cost: amount,
  direct: amount,
  indirect: amount,
  /** Only where one product is meant: units are never added. */
  quantity: amount.nullable(),
  unit: z.string().nullable(),
  /** Quantities that have a price ÷ all, counted: 0 … 1. */
  quantityCoverage: amount,
  lines: z.int(),
  unpriced: z.int(),
};

const usedSchema = z.object({
  month: z.string(),
  /** Whose months; null: cost of no entity. */
  entities: z.array(z.string().nullable()),
  view: z.string(),
  version: z.int(),
  source: z.enum(['frozen', 'priced', 'actual']),
  pricesOf: z.string(),
  currency: z.string(),
  run: z.string().nullable(),
  appliedAt: z.string(),
});

const contextSchema = z.object({
  months: z.array(z.string()),
  view: z.string(),
  mode: z.enum(['booked', 'priced', 'constant']),
  groupBy: z.array(z.string()),
  used: z.array(usedSchema),
  /** Months of entities that no view holds for, and months without a published run. */
  gaps: z.array(
    z.object({ month: z.string(), entity: z.string().nullable(), reason: z.enum(['no_view', 'no_run']) }),
  ),
  /** Rates that amounts were converted with. */
  rates: z.array(
    z.object({
      month: z.string(),
      base: z.string(),
      quote: z.string(),
      type: z.string(),
      rate: amount,
      source: z.string(),
    }),
  ),
  applications: z.int().nullable(),
});

const keySchema = z.record(z.string(), z.string().nullable());

const costItemSchema = z.object({ key: keySchema, labels: keySchema, ...figures });
export type CostItem = z.infer<typeof costItemSchema>;

const costTotalSchema = z.object({
  ...figures,
  /** Cost that nobody has a weight for, and what reached no product; part of cost where nothing narrows the question. */
  unallocated: amount,
  /** Cost of groups beyond `top`. */
  other: amount,
  /** total − Σ items − other: 0, or the books do not balance. */
  residual: amount,
});
export type CostTotal = z.infer<typeof costTotalSchema>;

export const costAnswerSchema = z.object({
  context: contextSchema,
  items: z.array(costItemSchema),
  totals: z.array(costTotalSchema),
});
export type CostAnswer = z.infer<typeof costAnswerSchema>;

/** What a difference is made of; the parts sum to it. */
const partsSchema = z.object({
  /** Quantities of direct costs at the product's mean price, and their move to dearer or cheaper cells. */
  volume: amount,
  mix: amount,
  /** Weights of indirect costs. */
  weight: amount,
  price: amount,
  /** What only quantity and price together explain. */
  joint: amount,
});

const comparedFigures = {
  currency: z.string(),
  a: amount,
  b: amount,
  delta: amount,
  /** delta ÷ |a|; null where a is 0. */
  deltaRatio: amount.nullable(),
  /** Null under `actual`, which has no prices. */
  parts: partsSchema.nullable(),
  coverageA: amount,
  coverageB: amount,
};

const sideSchema = z.object({ view: z.string(), months: z.array(z.string()), used: z.array(usedSchema) });

const comparisonItemSchema = z.object({
  key: keySchema,
  labels: keySchema,
  unit: z.string().nullable(),
  ...comparedFigures,
});
export type ComparisonItem = z.infer<typeof comparisonItemSchema>;

export const comparisonAnswerSchema = z.object({
  context: z.object({
    kind: z.enum(['months', 'views']),
    months: z.array(z.string()),
    mode: z.enum(['booked', 'priced', 'constant']),
    groupBy: z.array(z.string()),
    a: sideSchema,
    b: sideSchema,
  }),
  items: z.array(comparisonItemSchema),
  totals: z.array(z.object({ ...comparedFigures, other: amount, residual: amount })),
});
export type ComparisonAnswer = z.infer<typeof comparisonAnswerSchema>;

/** What if prices were others. */
export const simulationSchema = costQuerySchema
  .omit({ compare: true, mode: true, pricesOf: true, weights: true })
  .extend({ view: viewSchema, changes: z.array(priceChangeSchema).min(1).max(1000) });
export type SimulationAsked = z.output<typeof simulationSchema>;

/** Over- and under-recovery by product. */
export const bridgeQuerySchema = z.strictObject({
  months: monthsSchema,
  view: viewSchema.optional(),
  /** The view of the allocated costs; `actual` when absent. */
  actual: viewSchema.optional(),
  mode: z.enum(['booked', 'priced']).default('booked'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'give an ISO 4217 code, such as EUR'),
  rateType: z.enum(['average', 'closing', 'budget']).default('average'),
});
export type BridgeAsked = z.output<typeof bridgeQuerySchema>;

export const bridgeAnswerSchema = z.object({
  context: contextSchema
    .pick({ months: true, view: true, used: true, gaps: true, rates: true })
    .extend({ currency: z.string(), actual: z.string() }),
  items: z.array(
    z.object({
      /** Null: allocated cost that the graph names no product for. */
      product: z.string().nullable(),
      label: z.string().nullable(),
      unit: z.string().nullable(),
      quantity: amount,
      charged: amount,
      actual: amount,
      /** charged − actual: positive where more was charged than it cost. */
      recovery: amount,
      unpriced: z.int(),
    }),
  ),
  totals: z.object({
    charged: amount,
    /** allocated + unallocated: the total of the published runs. */
    actual: amount,
    recovery: amount,
    chargedToNobody: amount,
    unallocated: amount,
    allocated: amount,
  }),
});
export type BridgeAnswer = z.infer<typeof bridgeAnswerSchema>;

const monthQuery = {
  month: monthSchema.optional(),
  from: monthSchema.optional(),
  to: monthSchema.optional(),
  view: viewSchema.optional(),
  mode: z.enum(['booked', 'priced', 'constant']).default('booked'),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'give an ISO 4217 code, such as EUR')
    .optional(),
};

/** A panel of a page about costs: of a month, or of the months from … to. The newest month with costs when nothing is said. */
export const panelQuerySchema = z.strictObject({
  ...monthQuery,
  top: z.coerce.number().int().min(1).max(1000).optional(),
});
export type PanelAsked = z.output<typeof panelQuerySchema>;
export const panelParamsSchema = z.strictObject({ id: z.string().min(1).max(100) });

/** Where a cost comes from. */
export const explainQuerySchema = z.strictObject({
  month: monthSchema,
  application: z.string().min(1).max(200),
  product: z.string().min(1).max(100),
  environment: z.string().min(1).max(20).optional(),
  view: viewSchema.optional(),
  mode: z.enum(['booked', 'priced']).default('booked'),
});
export type ExplainAsked = z.output<typeof explainQuerySchema>;

export const explainAnswerSchema = z.object({
  context: z.object({
    month: z.string(),
    application: z.string(),
    product: z.string(),
    used: z.array(usedSchema),
  }),
  /** One for each environment, region and currency. */
  items: z.array(
    z.object({
      environment: z.string(),
      region: z.string(),
      kind: z.string(),
      currency: z.string(),
      view: z.string(),
      version: z.int(),
      quantity: amount,
      unit: z.string().nullable(),
      /** Null: unpriced, with the reason. */
      cost: amount.nullable(),
      reason: z.string().nullable(),
      /** unitPrice = numerator ÷ denominator; a pool's amount ÷ Σ weights. Null for tiers. */
      numerator: amount.nullable(),
      denominator: amount.nullable(),
      line: z
        .object({
          number: z.int(),
          kind: z.string(),
          unit: z.string().nullable(),
          amount: amount.nullable(),
          currency: z.string().nullable(),
          rate: amount.nullable(),
          rateType: z.string().nullable(),
          rateSource: z.string().nullable(),
        })
        .nullable(),
      /** How the cost comes about, in one sentence. */
      sentence: z.string(),
    }),
  ),
  /** Facts of consumption behind the quantity. */
  facts: z.array(
    z.object({
      environment: z.string(),
      region: z.string(),
      resource: z.string(),
      quantity: amount,
      source: z.string(),
      origin: z.string(),
      kind: z.string(),
      row: z.int().nullable(),
      importId: z.string(),
      explanation: z.string().nullable(),
    }),
  ),
  /** Under `actual`: nodes of the graph to go on with, by `allocation explanations`. */
  nodes: z.array(z.object({ graph: z.string(), node: z.string(), run: z.string().nullable() })),
  totals: z.array(z.object({ currency: z.string(), cost: amount })),
});
export type ExplainAnswer = z.infer<typeof explainAnswerSchema>;

/** A statement of a team or a cost centre. */
export const statementQuerySchema = z.strictObject({
  month: monthSchema,
  team: z.string().min(1).max(100).optional(),
  costCentre: z.string().min(1).max(100).optional(),
  view: viewSchema.optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'give an ISO 4217 code, such as EUR')
    .optional(),
  purpose: z.enum(['showback', 'chargeback']).default('showback'),
  format: z.enum(['pdf', 'csv', 'json']).default('pdf'),
});
export type StatementAsked = z.output<typeof statementQuerySchema>;
