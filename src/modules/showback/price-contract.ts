import { z } from 'zod';
import { currencySchema, lineLevels, monthSchema, type PriceLine, rateTypes, viewKinds } from './model.ts';
import type { PriceFinding } from './price-finding.ts';
import { lineInputSchema, mostLines, spanMonthSchema, textSchema } from './price-line.ts';

/** The forms of the API over price views and the price calendar: requests and answers. */

const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ : - after the first')
  .meta({ example: 'budget-2026' });

/** A version's number, or `published` for the newest published one, or `draft`. */
const versionRefSchema = z
  .string()
  .regex(/^(published|draft|[1-9]\d{0,8})$/, 'name a version by its number, or as published or draft')
  .meta({ example: 'published' });

export const viewParamsSchema = z.strictObject({ view: idSchema });
export const versionParamsSchema = z.strictObject({ view: idSchema, version: versionRefSchema });
export const lineParamsSchema = z.strictObject({
  view: idSchema,
  line: z.coerce.number().int().min(1).max(999_999_999),
});

export const versionLineParamsSchema = lineParamsSchema.extend({ version: versionRefSchema });

const page = {
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(1000).optional(),
};
export const pageQuerySchema = z.strictObject(page);
export const viewQuerySchema = z.strictObject({
  ...page,
  entity: idSchema.optional(),
  kind: z.enum(viewKinds).optional(),
  active: z.stringbool().optional(),
});
export const lineQuerySchema = z.strictObject({
  ...page,
  level: z.enum(lineLevels).optional(),
  target: idSchema.optional(),
  /** Lines that name this entity. */
  entity: idSchema.optional(),
  /** Lines that hold in this month. */
  month: monthSchema.optional(),
});
export const diffQuerySchema = z.strictObject({
  from: versionRefSchema.default('published'),
  to: versionRefSchema.default('draft'),
});
export const coverageQuerySchema = z.strictObject({ month: monthSchema });
export const exportQuerySchema = z.strictObject({ format: z.enum(['csv', 'xlsx']).default('csv') });

export const newViewSchema = z
  .strictObject({
    id: idSchema,
    label: textSchema(200),
    kind: z.enum(viewKinds),
    /** Of its costs; none under `actual`, which keeps the currencies of the bills. */
    currency: currencySchema.nullable().default(null),
    /** Which rate of the month converts lines of another currency. */
    rateType: z.enum(rateTypes).default('average'),
    /** Whose applications it prices; null: all. */
    entity: idSchema.nullable().default(null),
    /** Under `actual`: whose published runs are the costs. */
    graph: z.string().min(1).max(40).nullable().default(null),
  })
  .refine(({ kind, currency }) => (kind === 'actual') === (currency === null), {
    path: ['currency'],
    message: 'give the currency of its costs, and none for kind actual',
  })
  .refine(({ kind, graph }) => (kind === 'actual') === (graph !== null), {
    path: ['graph'],
    message: 'give the graph for kind actual, and for no other',
  })
  .meta({ example: { id: 'budget-2026', label: 'Budget 2026', kind: 'budget', currency: 'EUR' } });
export const viewPatchSchema = z.strictObject({
  label: textSchema(200).optional(),
  rateType: z.enum(rateTypes).optional(),
  /** False retires the view: what it priced stays, and it is given no more months. */
  active: z.boolean().optional(),
});

const dryRun = z.boolean().default(false);
const note = textSchema(2000).optional();
export const draftOpeningSchema = z.strictObject({
  /** Whether it begins without lines instead of with the published ones. */
  empty: z.boolean().default(false),
  note,
});
export const linesSchema = z.strictObject({ lines: z.array(lineInputSchema).max(mostLines), dryRun });
export const lineChangeSchema = z.strictObject({ line: lineInputSchema, dryRun }).meta({
  example: {
    line: { level: 'product', target: 'vcpu', unit: 'vCPU-hour', amount: '0.04', validFrom: '2026-01' },
  },
});
export const publicationSchema = z.strictObject({ note, dryRun });
export const lineImportSchema = z
  .strictObject({
    csv: z.string().max(15_000_000).optional(),
    /** A workbook in base64; its first sheet is read. */
    xlsx: z.base64().max(15_000_000).optional(),
    /** `replace` removes lines that the file does not name; `upsert` leaves them. */
    mode: z.enum(['replace', 'upsert']).default('upsert'),
    dryRun,
  })
  .refine(({ csv, xlsx }) => (csv === undefined) !== (xlsx === undefined), {
    message: 'give csv or xlsx, one of the two',
    path: ['csv'],
  });
export type LineImportRequest = z.output<typeof lineImportSchema>;
export const cloneSchema = z.strictObject({
  id: idSchema,
  label: textSchema(200).optional(),
  kind: z.enum(['budget', 'standard', 'what-if']).default('what-if'),
  /** Whose applications the new view prices; by default as the view that it is made of. */
  entity: idSchema.nullable().optional(),
  version: versionRefSchema.default('published'),
  /** Exact decimal that every price and amount is multiplied with; rounded half-up at 12 decimals. */
  factor: z
    .string()
    .regex(/^-?\d{1,9}(\.\d{1,12})?$/, 'give a decimal such as 1.03, with at most 9 digits before the point')
    .default('1')
    .meta({ example: '1.03' }),
  note,
});
export type CloneRequest = z.output<typeof cloneSchema>;

const versionSchema = z.object({
  number: z.int(),
  state: z.enum(['draft', 'published']),
  /** SHA-256 of the canonical JSON of the lines, without their numbers. */
  hash: z.string(),
  lines: z.int(),
  note: z.string().nullable(),
  basedOn: z.int().nullable(),
  /** The published version that it took the place of. */
  supersedes: z.int().nullable(),
  createdAt: z.string(),
  createdBy: z.string(),
  changedAt: z.string(),
  publishedAt: z.string().nullable(),
  publishedBy: z.string().nullable(),
});
export type PriceVersionAnswer = z.infer<typeof versionSchema>;
export const viewSchema = z.object({
  id: z.string(),
  label: z.string(),
  kind: z.enum(viewKinds),
  currency: z.string().nullable(),
  rateType: z.enum(rateTypes),
  entity: z.string().nullable(),
  graph: z.string().nullable(),
  active: z.boolean(),
  retiredAt: z.string().nullable(),
  /** Raised by every change of the view, its draft included. The ETag is `"v7"` for 7. */
  version: z.int(),
  /** The newest published version. */
  published: versionSchema.nullable(),
  draft: versionSchema.nullable(),
});
export type PriceViewAnswer = z.infer<typeof viewSchema>;

const next = z.string().optional();
const versionContext = z.object({
  view: z.string(),
  number: z.int(),
  state: z.enum(['draft', 'published']),
  hash: z.string(),
  currency: z.string(),
});
/** A value that is answered as it is kept; lines go in by the schema of price-line.ts. */
function shown<T>(description: string): z.ZodType<T> {
  return z.unknown().meta({ description }) as unknown as z.ZodType<T>;
}
const line = shown<PriceLine>(
  'number, level, target, entity, environment, region, kind, unit, amount, tiers, currency, validFrom, validTo, note',
);
const finding = shown<PriceFinding>(
  'code, severity (error, warning, info), line (its number or null), message',
);

export const viewListSchema = z.object({ context: z.object({}), items: z.array(viewSchema), next });
export const versionListSchema = z.object({
  context: z.object({ view: z.string() }),
  items: z.array(versionSchema),
  next,
});
export const lineListSchema = z.object({
  context: versionContext,
  items: z.array(line),
  totals: z.object({ count: z.int() }),
  next,
});
export type PriceLineList = z.infer<typeof lineListSchema>;
export const lineDetailSchema = z.object({ context: versionContext, line });
export type PriceLineDetail = z.infer<typeof lineDetailSchema>;
export const findingListSchema = z.object({
  context: versionContext,
  items: z.array(finding),
  totals: z.object({ errors: z.int(), warnings: z.int(), infos: z.int() }),
});
export type PriceFindingList = z.infer<typeof findingListSchema>;

/** A file: the lines of a version. */
export const fileSchema = {
  description: 'CSV, or an Excel workbook',
  content: {
    'text/csv': { schema: z.string() },
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': {
      schema: shown<Uint8Array>('a workbook of one sheet'),
    },
  },
};

const changed = z.object({ added: z.int(), changed: z.int(), removed: z.int() });
export const draftAnswerSchema = z.object({
  view: z.string(),
  number: z.int(),
  state: z.enum(['draft', 'published']),
  hash: z.string(),
  /** Of the view, after the change: the ETag of the next one. */
  version: z.int(),
  lines: z.int(),
  /** How many lines the change put in, said otherwise and took out. */
  changed,
  /** Of all lines after the change. */
  findings: z.array(finding),
  dryRun: z.boolean(),
});
export type PriceDraftAnswer = z.infer<typeof draftAnswerSchema>;

const cells = z.array(z.object({ row: z.int(), field: z.string(), message: z.string() }));
const lineDiff = z.object({
  added: z.array(line),
  removed: z.array(line),
  changed: z.array(
    z.object({
      before: line,
      after: line,
      fields: z.array(z.string()),
      /** Of the price or amount, where both are in one unit and currency. */
      price: z
        .object({
          before: z.string(),
          after: z.string(),
          delta: z.string(),
          /** Of the old price, half-up at 6 decimals; null when that is 0. */
          percent: z.string().nullable(),
        })
        .nullable(),
    }),
  ),
  unchanged: z.int(),
});
export const diffSchema = z.object({
  context: z.object({ view: z.string(), from: z.int(), to: z.int(), currency: z.string() }),
  diff: lineDiff,
});
export type PriceDiffAnswer = z.infer<typeof diffSchema>;
export const lineImportAnswerSchema = draftAnswerSchema.extend({
  mode: z.enum(['replace', 'upsert']),
  rows: z.int(),
  diff: lineDiff,
  /** Every cell that does not fit; of a dry run only, else it is refused. */
  errors: cells,
});
export type PriceImportAnswer = z.infer<typeof lineImportAnswerSchema>;
export const cloneAnswerSchema = z.object({
  view: viewSchema,
  clonedFrom: z.object({ view: z.string(), version: z.int() }),
  factor: z.string(),
  /** Prices that needed rounding, half-up at 12 decimals. */
  rounded: z.int(),
});
export type PriceCloneAnswer = z.infer<typeof cloneAnswerSchema>;

const share = z.string().nullable();
const counts = {
  cells: z.int(),
  pricedCells: z.int(),
  facts: z.int(),
  pricedFacts: z.int(),
  /** Priced cells of all cells; null where there are none. */
  coverage: share,
};
const cell = {
  entity: z.string(),
  product: z.string(),
  environment: z.string(),
  region: z.string(),
  consumption: z.enum(['DIRECT', 'INDIRECT']),
  unit: z.string(),
  quantity: z.string(),
  applications: z.int(),
  facts: z.int(),
};
export const coverageSchema = z.object({
  context: z.object({ view: z.string(), number: z.int(), month: z.string(), currency: z.string() }),
  /** Each product of each entity: its quantity in its unit, and how much of it has a price. */
  items: z.array(
    z.object({
      entity: z.string(),
      product: z.string(),
      unit: z.string(),
      quantity: z.string(),
      pricedQuantity: z.string(),
      ...counts,
    }),
  ),
  entities: z.array(z.object({ entity: z.string(), ...counts })),
  totals: z.object(counts),
  /** Cells without a price, and why: no line, a unit that does not convert, no rate of the month. */
  unpriced: z.array(
    z.object({
      ...cell,
      reason: z.enum(['noLine', 'unit', 'rate']),
      line: z.int().nullable(),
    }),
  ),
  priced: z.array(z.object({ ...cell, line: z.int() })),
  /** Lines that hold in the month and price nothing: no consumption fits them, or another line goes before. */
  unused: z.array(z.object({ line, reason: z.enum(['noConsumption', 'outranked']) })),
});
export type PriceCoverageAnswer = z.infer<typeof coverageSchema>;

export const calendarQuerySchema = z.strictObject({
  /** Only entries of this entity. */
  entity: idSchema.optional(),
  view: idSchema.optional(),
  /** Only entries that hold in this month. */
  month: monthSchema.optional(),
});
export const calendarEntryParamsSchema = z.strictObject({
  entry: z.string().regex(/^[1-9]\d{0,17}$/, 'an entry is named by its number'),
});
export const calendarSetSchema = z
  .strictObject({
    /** Null: the installation, for entities without an entry of their own in a month. */
    entity: idSchema.nullable().default(null),
    view: idSchema,
    validFrom: spanMonthSchema,
    /** The first month that it no longer holds; null: until further notice. */
    validTo: spanMonthSchema.nullable().default(null),
  })
  .refine(({ validFrom, validTo }) => validTo === null || validFrom < validTo, {
    path: ['validTo'],
    message: 'the first month that it no longer holds comes after validFrom',
  });
export const calendarMonthQuerySchema = z.strictObject({ entity: idSchema, month: monthSchema });

const entry = z.object({
  id: z.string(),
  entity: z.string().nullable(),
  view: z.string(),
  label: z.string(),
  kind: z.enum(viewKinds),
  validFrom: z.string(),
  validTo: z.string().nullable(),
});
export const calendarListSchema = z.object({ context: z.object({}), items: z.array(entry) });
export type PriceCalendarAnswer = z.infer<typeof calendarListSchema>;
export const calendarMonthSchema = z.object({
  entity: z.string(),
  month: z.string(),
  /** Null where no view holds. */
  view: z
    .object({
      id: z.string(),
      label: z.string(),
      kind: z.enum(viewKinds),
      /** 0 under `actual`. */
      version: z.int(),
      currency: z.string().nullable(),
    })
    .nullable(),
});
export type CalendarMonthAnswer = z.infer<typeof calendarMonthSchema>;
