import { z } from 'zod';
import { environments, type Field, type FieldValue, fieldsOf, type Kind, kinds } from './kinds.ts';
import { daySchema, idSchema, lineSchema, schemaOf } from './model.ts';

/** A month or a day; a month stands for its last day. */
const asOfSchema = z
  .string()
  .regex(/^(19|[2-9]\d)\d{2}-(0[1-9]|1[0-2])(-\d{2})?$/, 'write a month as YYYY-MM, or a day as YYYY-MM-DD')
  .refine((text) => text.length === 7 || daySchema.safeParse(text).success, 'there is no such day')
  .meta({ example: '2026-03' });

const monthSchema = z
  .string()
  .regex(/^(19|[2-9]\d)\d{2}-(0[1-9]|1[0-2])$/, 'write a month as YYYY-MM')
  .meta({ example: '2026-10' });

/** The day that `asOf` means: `2026-03` is 2026-03-31. */
export function dayOf(asOf: string): string {
  const [year = 0, month = 0] = asOf.split('-').map(Number);
  return asOf.length > 7 ? asOf : new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

const validFromSchema = daySchema.meta({
  description: 'day from which dated fields and the label hold; by default the first of this month, UTC',
});

const pageShape = {
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().max(1000).optional(),
};
export const pageQuerySchema = z.strictObject(pageShape);

/** Filters and page of a kind's list. */
export function listQuerySchema(kind: Kind) {
  const filters = Object.entries(kind.fields).filter(([, { filter }]) => filter);
  return z.strictObject({
    ...pageShape,
    active: z.stringbool().optional(),
    asOf: asOfSchema.optional(),
    ...Object.fromEntries(filters.map(([name]) => [name, z.string().max(200).optional()])),
  });
}

export const asOfQuerySchema = z.strictObject({ asOf: asOfSchema.optional() });
export const objectParamsSchema = z.strictObject({ id: idSchema });

/** What a new object is given: its id, and its fields; those with a default may be left out. */
export function newObjectSchema(kind: Kind) {
  return z.strictObject({
    id: idSchema,
    ...shapeOf(kind, ({ default: fallback }) => fallback !== undefined),
    validFrom: validFromSchema.optional(),
  });
}

/** What may be changed: fields that are left out stay as they are, attributes are merged name by name. */
export function objectChangeSchema(kind: Kind) {
  return z.strictObject({ ...shapeOf(kind, () => true), validFrom: validFromSchema.optional() });
}

function shapeOf(
  kind: Kind,
  optional: (field: Field) => boolean,
): Readonly<Record<string, z.ZodType<FieldValue | undefined>>> {
  return Object.fromEntries(
    Object.entries(kind.fields).map(([name, field]) => {
      const schema = schemaOf(field);
      return [name, optional(field) ? schema.optional() : schema];
    }),
  );
}

/** An object as lists and changes answer it; sealed texts are masked. */
export function objectSchema(kind: Kind) {
  const fields = Object.entries(kind.fields).map(([name, field]) => [name, shownSchema(field)]);
  return z.object({
    id: z.string(),
    ...(Object.fromEntries(fields) as Record<string, z.ZodType<FieldValue>>),
    active: z.boolean(),
    retiredAt: z.string().nullable(),
    version: z.int(),
  });
}

function shownSchema({ type, default: fallback, dated, meaning }: Field): z.ZodType<FieldValue> {
  const schema: z.ZodType<FieldValue> =
    type === 'environments'
      ? z.array(z.enum(environments))
      : type === 'attributes'
        ? z.record(z.string(), z.string())
        : z.string();
  // Of a day before an application was known, nothing is said.
  return (fallback === null || dated ? schema.nullable() : schema).meta({ description: meaning });
}

/** One object whole: what it was called when, and who answered for it when. */
export function objectDetailSchema(kind: Kind) {
  const rows = { validFrom: z.string().nullable(), validTo: z.string().nullable() };
  const dated = fieldsOf(kind, 'dated').map(([name, field]) => [name, shownSchema(field)]);
  return objectSchema(kind).extend({
    labels: z.array(z.object({ ...rows, label: z.string() })),
    ...(dated.length === 0
      ? {}
      : { assignments: z.array(z.object({ ...rows, ...Object.fromEntries(dated) })) }),
  });
}

/** A page of a kind's objects; `next` is the cursor of the page after, absent on the last. */
export function objectListSchema(kind: Kind) {
  return z.object({
    context: z.object({ asOf: z.string().nullable() }),
    items: z.array(objectSchema(kind)),
    next: z.string().optional(),
  });
}

/** One change of an object, as the audit log has it. */
const historyEntrySchema = z.object({
  at: z.string(),
  actor: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
  action: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  requestId: z.string().nullable(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

/** The newest change first. */
export const historySchema = z.object({
  context: z.object({}),
  items: z.array(historyEntrySchema),
  next: z.string().optional(),
});
export type History = z.infer<typeof historySchema>;

const kindPaths = kinds.map(({ path }) => path) as [string, ...string[]];
const kindPathSchema = z.enum(kindPaths, `name one of ${kindPaths.join(', ')}`);
export const exportParamsSchema = z.strictObject({ kind: kindPathSchema });

export const importRequestSchema = z.strictObject({
  kind: kindPathSchema,
  /** The file: RFC 4180, the first line names the columns. */
  csv: z.string(),
  mode: z.enum(['upsert', 'replace']).default('upsert'),
  dryRun: z.boolean().default(false),
  validFrom: validFromSchema.optional(),
});

const cellChangeSchema = z.object({ field: z.string(), before: z.string(), after: z.string() });
export const importDiffSchema = z.object({
  context: z.object({ kind: z.string(), mode: z.string(), dryRun: z.boolean() }),
  created: z.array(z.string()),
  changed: z.array(z.object({ id: z.string(), fields: z.array(cellChangeSchema) })),
  retired: z.array(z.string()),
  restored: z.array(z.string()),
  unchanged: z.int(),
  /** Row 1 is the header; row 0 an object that the file does not name. */
  errors: z.array(z.object({ row: z.int(), field: z.string(), message: z.string() })),
});
export type ImportDiffAnswer = z.infer<typeof importDiffSchema>;

const periodStateSchema = z.enum(['OPEN', 'CLOSED', 'LOCKED']);
export const entityPeriodSchema = z.object({
  entity: z.string(),
  period: z.string(),
  state: periodStateSchema,
  reason: z.string().nullable(),
  /** Null where nothing was ever said: the month is open. */
  changedAt: z.string().nullable(),
  changedBy: z.string().nullable(),
});

export type EntityPeriod = z.infer<typeof entityPeriodSchema>;

export const entityPeriodListSchema = z.object({
  context: z.object({}),
  items: z.array(entityPeriodSchema),
  next: z.string().optional(),
});
export type EntityPeriodList = z.infer<typeof entityPeriodListSchema>;

export const entityPeriodQuerySchema = z.strictObject({
  ...pageShape,
  entity: idSchema.optional(),
  state: periodStateSchema.optional(),
  from: monthSchema.optional(),
  to: monthSchema.optional(),
});
export const entityPeriodParamsSchema = z.strictObject({ entity: idSchema, period: monthSchema });

const reasonSchema = lineSchema(500);
export const periodChangeSchema = z.strictObject({ reason: reasonSchema.optional() });
export const reopeningSchema = z.strictObject({ reason: reasonSchema });

const sourceName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ - after the first');
export const sourceParamsSchema = z.strictObject({ source: sourceName });
export const sourceEntitySchema = z.strictObject({ entity: idSchema });
export const sourceAssignmentSchema = z.object({ source: z.string(), entity: z.string(), version: z.int() });

export type SourceAssignment = z.infer<typeof sourceAssignmentSchema>;

export const sourceAssignmentListSchema = z.object({
  context: z.object({}),
  items: z.array(sourceAssignmentSchema),
  next: z.string().optional(),
});
export type SourceAssignmentList = z.infer<typeof sourceAssignmentListSchema>;

export const sourceQuerySchema = z.strictObject({ ...pageShape, entity: idSchema.optional() });

/** The body of a step that needs none. */
export const nothingSchema = z.strictObject({});
export const csvSchema = z.string();
