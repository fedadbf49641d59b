import { z } from 'zod';
import { isCurrency, noCurrency } from '../../platform/kernel/index.ts';
import { isCountry } from './countries.ts';
import type { Dated } from './dated.ts';
import { environments, type Field, type FieldType, type FieldValue } from './kinds.ts';

/** Ids that people choose; they stand in addresses, files and tags. */
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'take 1 to 100 letters, digits, and . _ : - after the first');

/** A day of the civil calendar: `2026-03-01`. */
export const daySchema = z.iso
  .date('write a day as YYYY-MM-DD')
  .refine((day) => day >= '1900-01-01', 'give a day since 1900');

/** One line of text that can be stored, printed and put in a file. */
export function lineSchema(most: number) {
  return z
    .string()
    .trim()
    .min(1, 'give a text')
    .max(most, `at most ${most} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'leave out control characters and broken letters');
}

const attributeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/;
export const attributeNameAdvice =
  'name an attribute with 1 to 50 letters, digits, and . _ - after the first';

/** True for a text that may name an attribute: `cluster`. */
export function isAttributeName(text: string): boolean {
  return attributeName.test(text);
}

/** A patch of attributes: names that are not given stay, null takes one away. */
const attributesSchema = z
  .record(z.string().regex(attributeName, attributeNameAdvice), lineSchema(200).nullable())
  .refine((map) => Object.keys(map).length <= 50, 'at most 50 attributes')
  .transform((map) => map as Readonly<Record<string, string>>);

const schemas = {
  label: lineSchema(200),
  id: idSchema,
  country: z.string().refine(isCountry, 'give an ISO 3166-1 code of two letters, such as FR'),
  currency: z
    .string()
    .refine((code) => isCurrency(code) && code !== noCurrency, 'give an ISO 4217 code, such as EUR'),
  vatId: lineSchema(50),
  address: z
    .string()
    .trim()
    .min(1, 'give a text')
    .max(2000, 'at most 2000 characters')
    .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\r\t])*$/u, 'leave out control characters and broken letters'),
  timeZone: z.string().refine(isTimeZone, 'give an IANA time zone, such as Europe/Paris'),
  unit: lineSchema(50),
  environments: z
    .array(z.enum(environments, `name environments out of ${environments.join(', ')}`))
    .max(20)
    .transform((given) => environments.filter((environment) => given.includes(environment))),
  attributes: attributesSchema,
} as const satisfies Readonly<Record<FieldType, z.ZodType<FieldValue>>>;

const made = new Map<Field, z.ZodType<FieldValue>>();

/** What a field takes; null where it may be emptied. Made once: a file asks for every cell. */
export function schemaOf(field: Field): z.ZodType<FieldValue> {
  const known = made.get(field);
  if (known) return known;
  const schema: z.ZodType<FieldValue> = schemas[field.type].meta({ description: field.meaning });
  const nullable = field.default === null ? schema.nullable() : schema;
  made.set(field, nullable);
  return nullable;
}

function isTimeZone(name: string): boolean {
  // Offsets such as +01:00 are no zones: they know no summer.
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** Values by field name. */
export type Values = Readonly<Record<string, FieldValue>>;

/** An object as it is kept. */
export interface StoredObject {
  readonly id: string;
  /** 1, raised by every change. */
  readonly version: number;
  /** When it was retired, ISO 8601; null while it is active. */
  readonly retiredAt: string | null;
  /** What its own table holds; a sealed text as it is sealed. */
  readonly values: Values;
  /** What it was called when; the last row is the label now. */
  readonly labels: readonly Dated<string>[];
  /** Applications: their dated fields. Empty for other kinds. */
  readonly assignments: readonly Dated<Values>[];
}

/** What somebody wants an object to be: fields that are not given stay as they are. */
export interface Wanted {
  readonly id: string;
  readonly values: Values;
  /** False retires it, true restores it. */
  readonly active?: boolean | undefined;
}

/** True when two values say the same, whatever the order of their names. */
export function sameValue(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** What ids, and names of sources, look like in a cursor. */
export const idShape = /^[A-Za-z0-9._:-]{1,100}$/;
