import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** What the YAML of a graph needs to know of the schemas of `model.ts`: their defaults, and the names that they take. */

type Schema = z.core.$ZodType;

/** The schema inside a default, an optional, a pipe. */
function inner(schema: Schema): Schema {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return inner(schema.def.innerType);
  }
  if (schema instanceof z.ZodPipe) return inner(schema.def.in);
  return schema instanceof z.ZodLazy ? inner(schema.def.getter()) : schema;
}

const defaults = new WeakMap<Schema, { readonly value: unknown }>();

/** What a schema makes of an absent value; undefined where it must be given. */
function defaultOf(schema: Schema): unknown {
  const known = defaults.get(schema);
  if (known) return known.value;
  const { data } = z.safeParse(schema, undefined);
  defaults.set(schema, { value: data });
  return data;
}

/** A value without the fields that its schema would fill in again; the fields in the order of the schema. */
export function withoutDefaults(schema: Schema, value: unknown): unknown {
  const own = inner(schema);
  if (own instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => withoutDefaults(own.def.element, item));
  }
  if (!isRecord(value)) return value;
  if (own instanceof z.ZodRecord) {
    const names = Object.keys(value).sort();
    return Object.fromEntries(names.map((name) => [name, withoutDefaults(own.def.valueType, value[name])]));
  }
  const shape = shapeFor(own, value);
  if (!shape) return value;
  const left = Object.entries(shape).filter(([name, field]) => {
    const { [name]: given } = value;
    return given !== undefined && !isDeepStrictEqual(given, defaultOf(field));
  });
  return Object.fromEntries(left.map(([name, field]) => [name, withoutDefaults(field, value[name])]));
}

/** The fields of an object; of a union those of the variant that the value names. */
function shapeFor(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Schema>> | undefined {
  if (schema instanceof z.ZodObject) return schema.def.shape;
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return undefined;
  const { discriminator } = schema.def;
  for (const option of schema.def.options) {
    if (!(option instanceof z.ZodObject)) continue;
    const { shape } = option.def;
    if (z.safeParse(shape[discriminator] as Schema, value[discriminator]).success) return shape;
  }
  return undefined;
}

/** Names that may stand at a path of a value: of all variants, where the value does not say which it is. */
export function knownNames(schema: Schema, path: readonly PropertyKey[]): string[] {
  const own = inner(schema);
  if (own instanceof z.ZodUnion || own instanceof z.ZodDiscriminatedUnion) {
    return [...new Set(own.def.options.flatMap((option: Schema) => knownNames(option, path)))];
  }
  const [step, ...rest] = path;
  if (own instanceof z.ZodArray) return step === undefined ? [] : knownNames(own.def.element, rest);
  if (own instanceof z.ZodRecord) return step === undefined ? [] : knownNames(own.def.valueType, rest);
  if (!(own instanceof z.ZodObject)) return [];
  if (step === undefined) return Object.keys(own.def.shape);
  const field = own.def.shape[String(step)];
  return field === undefined ? [] : knownNames(field, rest);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
