import { z } from 'zod';
import { monthSchema, originKinds } from './model.ts';

/** The forms of the API over consumption and its origins; shared by server, CLI and browser. Quantities are decimal texts. */

const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ : -');
const numberSchema = z.string().regex(/^\d{1,18}$/, 'give a number');
const month = monthSchema.meta({ example: '2026-10' });

/** The importing system, or the name of a rule. */
const consumptionSourceSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ - after the first')
  .meta({ example: 'cmdb' });

const cellText = z.union([z.string().max(2000), z.number()]).transform(String);

const rowSchema = z.strictObject({
  month: month.optional(),
  application: z.string().max(100),
  product: z.string().max(100),
  /** Decimal text; a JSON number is taken as it is written. */
  quantity: cellText,
  /** The product's unless said. */
  unit: z.string().max(100).optional(),
  environment: z.string().max(20).optional(),
  region: z.string().max(100).optional(),
  resource: z.string().max(200).optional(),
  kind: z.enum(['DIRECT', 'INDIRECT']).optional(),
  explanation: z.string().max(1000).optional(),
});
export type ConsumptionRow = z.output<typeof rowSchema>;

/** Facts of a source: a path that the server may read, a file's text, or a list. What the source said of these months is replaced. */
export const consumptionImportRequestSchema = z
  .strictObject({
    source: consumptionSourceSchema,
    path: z.string().min(1).max(4096).optional(),
    csv: z.string().min(1).optional(),
    rows: z.array(rowSchema).min(1).max(50_000).optional(),
    name: z
      .string()
      .regex(/^[^\p{C}]{1,200}$/u, 'take 1 to 200 characters on one line')
      .optional()
      .meta({ description: 'what the text or list is called where facts are explained' }),
    months: z.array(month).min(1).max(120).optional().meta({
      description:
        'the months that are replaced, whether the file names them or not; rows of others are rejected',
    }),
    entity: idSchema
      .optional()
      .meta({ description: 'only facts of this entity; whoever covers several names one' }),
    acceptRejects: z
      .boolean()
      .default(false)
      .meta({ description: 'take the rows that fit, and keep the others as rejects' }),
    dryRun: z.boolean().default(false),
  })
  .refine(({ path, csv, rows }) => [path, csv, rows].filter((given) => given !== undefined).length === 1, {
    message: 'give a path, the csv itself, or rows',
    path: ['path'],
  });
export type ConsumptionImportRequest = z.input<typeof consumptionImportRequestSchema>;
export type CheckedConsumptionImport = z.output<typeof consumptionImportRequestSchema>;

const figuresSchema = z.object({ facts: z.int(), quantity: z.string(), unit: z.string() });

/** A product of an entity's month before and after; null: no facts. */
const changeSchema = z.object({
  month: z.string(),
  entity: z.string(),
  product: z.string(),
  kind: z.string(),
  before: figuresSchema.nullable(),
  after: figuresSchema.nullable(),
});
export type ConsumptionChange = z.infer<typeof changeSchema>;

const findingSchema = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  path: z.string(),
  message: z.string(),
  rows: z.int().optional(),
});

const rejectedCellSchema = z.object({ row: z.int(), field: z.string(), message: z.string() });

/** What a delivery changed, or would change. */
export const consumptionImportResultSchema = z.object({
  schemaVersion: z.literal(1),
  source: z.string(),
  /** `unchanged`: all of it was there already. */
  status: z.enum(['imported', 'unchanged', 'dry-run']),
  /** Id of the import that keeps it; null where nothing was kept. */
  import: z.string().nullable(),
  months: z.array(z.string()),
  rows: z.object({ read: z.int(), taken: z.int(), rejected: z.int() }),
  /** Products that change, at most a thousand; `changed` counts them all. */
  changes: z.array(changeSchema),
  changed: z.int(),
  unchanged: z.int(),
  /** Products whose origin this import declares. */
  declared: z.array(
    z.object({
      entity: z.string(),
      product: z.string(),
      validFrom: z.string(),
      validTo: z.string().nullable(),
    }),
  ),
  /** What would refuse it, in a dry run. */
  problems: z.array(z.object({ code: z.string(), message: z.string() })),
  /** The first hundred cells that do not fit. */
  rejected: z.array(rejectedCellSchema),
  findings: z.array(findingSchema),
});
export type ConsumptionImportResult = z.infer<typeof consumptionImportResultSchema>;

/** A line of a streamed import: where it stands, and at the end its result or why there is none. */
export const consumptionLineSchema = z.union([
  z.object({ progress: z.object({ step: z.string() }) }),
  z.object({ result: consumptionImportResultSchema }),
  z.object({ problem: z.record(z.string(), z.unknown()) }),
]);
export const consumptionAcceptedSchema = z.object({ run: z.string(), state: z.string() });

/** Makes again the facts of a month whose origin is no import. */
export const deriveRequestSchema = z.strictObject({
  month,
  product: idSchema.optional(),
  entity: idSchema.optional(),
  dryRun: z.boolean().default(false),
});
export type DeriveRequest = z.input<typeof deriveRequestSchema>;
export type CheckedDerive = z.output<typeof deriveRequestSchema>;

export const deriveResultSchema = z.object({
  schemaVersion: z.literal(1),
  month: z.string(),
  dryRun: z.boolean(),
  /** Products by rule: what each changed. */
  items: z.array(
    z.object({
      kind: z.string(),
      source: z.string(),
      product: z.string(),
      status: z.enum(['imported', 'unchanged', 'dry-run']),
      import: z.string().nullable(),
      changes: z.array(changeSchema),
      problems: z.array(z.object({ code: z.string(), message: z.string() })),
      findings: z.array(findingSchema),
    }),
  ),
});
export type DeriveResult = z.infer<typeof deriveResultSchema>;

const page = {
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(2000).optional(),
};

export const originQuerySchema = z.strictObject({
  entity: idSchema.optional(),
  product: idSchema.optional(),
  kind: z.enum(originKinds).optional(),
  source: consumptionSourceSchema.optional(),
  month: month.optional(),
  ...page,
});

export const originSchema = z.object({
  id: z.string(),
  entity: z.string(),
  product: z.string(),
  kind: z.enum(originKinds),
  source: z.string(),
  definition: z.record(z.string(), z.unknown()),
  validFrom: z.string(),
  /** The first month that it no longer holds. */
  validTo: z.string().nullable(),
  declaredAt: z.string(),
  declaredBy: z.string(),
});
export type OriginAnswer = z.infer<typeof originSchema>;
export const originListSchema = z.object({
  context: z.object({}),
  items: z.array(originSchema),
  next: z.string().optional(),
});

export const newOriginSchema = z
  .strictObject({
    entity: idSchema,
    product: idSchema,
    kind: z.enum(originKinds),
    source: consumptionSourceSchema,
    definition: z.record(z.string(), z.unknown()).default({}),
    validFrom: month,
    /** The first month that it no longer holds; until further notice unless said. */
    validTo: month.optional(),
  })
  .meta({
    example: {
      entity: 'retail',
      product: 'object-storage',
      kind: 'focus',
      source: 'storage-rule',
      definition: {
        where: "ServiceCategory = 'Storage'",
        quantity: 'ConsumedQuantity',
        application: '{Tags.app}',
      },
      validFrom: '2026-01',
    },
  });
export type NewOrigin = z.input<typeof newOriginSchema>;

/** Ends an origin. Facts from then on stand in the way, unless they are to be deleted. */
export const originEndSchema = z.strictObject({
  /** The first month that it no longer holds. */
  validTo: month,
  deleteFacts: z.boolean().default(false),
});
export const originParamsSchema = z.strictObject({ id: numberSchema });
export const originEndedSchema = z.object({
  /** Null: it holds in no month any more and is gone. */
  origin: originSchema.nullable(),
  deletedFacts: z.int(),
});

export const factQuerySchema = z.strictObject({
  month: month.optional(),
  from: month.optional(),
  to: month.optional(),
  entity: idSchema.optional(),
  application: idSchema.optional(),
  product: idSchema.optional(),
  environment: z.enum(['prod', 'non_prod', 'unknown', 'n_a']).optional(),
  source: consumptionSourceSchema.optional(),
  kind: z.enum(['DIRECT', 'INDIRECT']).optional(),
  ...page,
});

const factSchema = z.object({
  month: z.string(),
  entity: z.string(),
  application: z.string(),
  product: z.string(),
  environment: z.string(),
  region: z.string(),
  resource: z.string(),
  kind: z.enum(['DIRECT', 'INDIRECT']),
  quantity: z.string(),
  unit: z.string(),
  originKind: z.enum(originKinds),
  source: z.string(),
  import: z.string(),
  row: z.int().nullable(),
  explanation: z.string().nullable(),
});
export type ConsumptionFact = z.infer<typeof factSchema>;
export const factListSchema = z.object({
  context: z.object({}),
  items: z.array(factSchema),
  next: z.string().optional(),
});
export type ConsumptionFactList = z.infer<typeof factListSchema>;

export const factKeySchema = z.strictObject({
  month,
  application: idSchema,
  product: idSchema,
  environment: z.string().max(20).optional(),
  region: z.string().max(100).optional(),
  resource: z.string().max(200).optional(),
});
export const factExplanationSchema = z.object({
  facts: z.array(factSchema.extend({ sentence: z.string() })),
});

export const importQuerySchema = z.strictObject({
  source: consumptionSourceSchema.optional(),
  month: month.optional(),
  state: z.enum(['taken', 'refused']).optional(),
  ...page,
});
export const importParamsSchema = z.strictObject({ id: numberSchema });

export const importSchema = z.object({
  id: z.string(),
  entities: z.array(z.string()),
  source: z.string(),
  kind: z.enum(originKinds),
  origin: z.string(),
  periods: z.array(z.string()),
  contentHash: z.string(),
  rowsRead: z.int(),
  rowsTaken: z.int(),
  rowsRejected: z.int(),
  state: z.enum(['taken', 'refused']),
  importedAt: z.string(),
  importedBy: z.string(),
});
export type ConsumptionImport = z.infer<typeof importSchema>;
export const importListSchema = z.object({
  context: z.object({}),
  items: z.array(importSchema),
  next: z.string().optional(),
});

export const rejectQuerySchema = z.strictObject({ format: z.enum(['json', 'csv']).default('json'), ...page });
const rejectSchema = rejectedCellSchema.extend({ entity: z.string().nullable(), line: z.string() });
export type ConsumptionReject = z.infer<typeof rejectSchema>;
export const rejectListSchema = z.object({
  context: z.object({ import: z.string() }),
  items: z.array(rejectSchema),
  next: z.string().optional(),
});
export const rejectCsvSchema = z
  .string()
  .meta({ description: 'CSV with the columns row, field, message, line' });

export const watermarkQuerySchema = z.strictObject({
  entity: idSchema.optional(),
  from: month.optional(),
  to: month.optional(),
  ...page,
});
export const watermarkListSchema = z.object({
  context: z.object({}),
  items: z.array(
    z.object({
      entity: z.string(),
      month: z.string(),
      factsHash: z.string(),
      facts: z.int(),
      changedAt: z.string(),
      products: z.array(z.object({ product: z.string(), kind: z.enum(originKinds), source: z.string() })),
    }),
  ),
  next: z.string().optional(),
});

export const verificationQuerySchema = z.strictObject({
  entity: idSchema.optional(),
  from: month.optional(),
  to: month.optional(),
});
const differenceSchema = z.object({
  entity: z.string(),
  month: z.string(),
  /** Which sum, and of what: `summary`, `checkout / storage / prod / n_a`. */
  table: z.string(),
  cell: z.string(),
  facts: z.string(),
  kept: z.string(),
});
export type ConsumptionDifference = z.infer<typeof differenceSchema>;
export const verificationSchema = z.object({
  schemaVersion: z.literal(1),
  ties: z.boolean(),
  months: z.int(),
  facts: z.int(),
  /** The first two hundred; `count` is of all. */
  differences: z.array(differenceSchema),
  count: z.int(),
});
export type ConsumptionVerification = z.infer<typeof verificationSchema>;
