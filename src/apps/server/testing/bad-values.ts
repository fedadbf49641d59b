import { z } from 'zod';

/** The part of JSON Schema that the contracts use. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly example?: unknown;
}

/** Where a value stands in a body: `['dimensions', 0, 'column']`. */
export type Place = readonly (string | number)[];

/** Texts that have broken other programs. All of them must be refused, or be nothing but text. */
export const metacharacters = [
  "'; drop table person; --",
  '" or 1=1 --',
  "x') union select secret_hash from api_token --",
  '$1',
  '../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '..\\..\\windows\\win.ini',
  '/etc/passwd',
  '%00',
  'a\u0000b',
  '\ud800',
  '{{7*7}}<script>',
  '=cmd|x',
  '🜁'.repeat(80),
] as const;

export const hugeText = 'x'.repeat(100_000);

/** Values of every type, one of which is wrong for any field. */
export const wrongValues: readonly unknown[] = [
  {},
  [],
  [[]],
  { $gt: '' },
  7,
  -1,
  1.5,
  1e300,
  true,
  null,
  '',
  'x',
  hugeText,
  ...metacharacters,
];

/** What a Zod schema takes in, as JSON Schema. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

/** A value that a schema should take: its example, else the least that it asks for. */
export function sampleOf(schema: JsonSchema, root: JsonSchema = schema): unknown {
  const { example, $ref, enum: values, anyOf, oneOf, allOf } = schema;
  if (example !== undefined) return example;
  if (schema.const !== undefined) return schema.const;
  if ($ref !== undefined) return sampleOf(resolve($ref, root), root);
  if (values) return values[0];
  const form = (anyOf ?? oneOf ?? allOf)?.[0];
  if (form) return sampleOf(form, root);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [
          name,
          named[name] ?? sampleOf(schema.properties?.[name] ?? {}, root),
        ]),
      );
    case 'array':
      return (schema.minItems ?? 0) > 0 ? [sampleOf(schema.items ?? {}, root)] : [];
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return textFor(schema);
  }
}

/** Fields whose rule is more than a form. */
const named: Readonly<Record<string, string>> = { country: 'FR', currency: 'EUR', timeZone: 'Europe/Paris' };

const texts = [
  'x1',
  '2026-10',
  '2026-10-01',
  '2027-01-01T00:00:00Z',
  'EUR',
  'FR',
  'ann@example.com',
  '1.5',
  '30 6 * * *',
  'a sentence that only I know',
  '0'.repeat(64),
];

function textFor({ pattern, minLength = 0, format }: JsonSchema): string {
  const fits = pattern === undefined ? () => true : (text: string) => new RegExp(pattern, 'u').test(text);
  const isMail = format === 'email';
  return (
    texts.find((text) => fits(text) && text.length >= minLength && isMail === text.includes('@')) ?? 'x1'
  );
}

function resolve(reference: string, root: JsonSchema): JsonSchema {
  if (reference === '#') return root;
  return root.$defs?.[reference.split('/').at(-1) ?? ''] ?? {};
}

/** Every field of a body, three levels deep. */
export function placesIn(schema: JsonSchema, root: JsonSchema = schema, at: Place = []): readonly Place[] {
  if (at.length > 3) return [];
  if (schema.$ref !== undefined) return placesIn(resolve(schema.$ref, root), root, at);
  const forms = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (forms) return distinct(forms.flatMap((form) => placesIn(form, root, at)));
  if (schema.type === 'array') return placesIn(schema.items ?? {}, root, [...at, 0]);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    [...at, name],
    ...placesIn(field, root, [...at, name]),
  ]);
}

function distinct(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

/** The value with another one in this place; what is missing on the way there is made. */
export function withValueAt(value: unknown, [name, ...rest]: Place, put: unknown): unknown {
  if (name === undefined) return put;
  if (typeof name === 'number') {
    const list = Array.isArray(value) ? [...value] : [];
    list[name] = withValueAt(list[name], rest, put);
    return list;
  }
  const fields = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return { ...fields, [name]: withValueAt((fields as Record<string, unknown>)[name], rest, put) };
}
