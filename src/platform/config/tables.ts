import { nearestNames } from '../kernel/index.ts';
import { errors } from './errors.ts';
import { isTable, type Table } from './toml-file.ts';
import type { Given } from './value.ts';

/** One key of a table in a list, such as `uri` of `[[aws.exports]]`. All are text. */
export interface TableField {
  readonly name: string;
  readonly required?: true;
  /** Never listed. */
  readonly secret?: true;
  readonly description: string;
}

/**
 * The texts of `[[…]]` tables, or of the same as a JSON array in a variable, each with its path: `aws.exports[0]`. Refuses what
 * is no list of tables, unknown keys, and what is missing or no text, by key and place; quotes no value.
 */
export function readTables(
  key: string,
  given: Given,
  fields: readonly TableField[],
): { readonly path: string; readonly texts: Readonly<Record<string, string>> }[] {
  const list = typeof given.raw === 'string' ? fromJson(given.raw) : given.raw;
  if (!Array.isArray(list) || !list.every(isTable)) {
    throw errors.invalid({ origin: given.origin, key, expected: 'a list of tables' });
  }
  return list.map((table, index) => {
    const path = `${key}[${index}]`;
    return { path, texts: readTexts(path, table, given, fields) };
  });
}

function readTexts(
  path: string,
  table: Table,
  given: Given,
  fields: readonly TableField[],
): Record<string, string> {
  const names = fields.map(({ name }) => name);
  for (const name of Object.keys(table)) {
    if (names.includes(name)) continue;
    const [nearest] = nearestNames(name, names);
    throw errors.unknownKey({ origin: placeOf(given, `${path}.${name}`), key: `${path}.${name}`, nearest });
  }
  const texts: Record<string, string> = {};
  for (const { name, required } of fields) {
    const value = table[name];
    if (value === undefined && !required) continue;
    if (typeof value !== 'string' || value.trim() === '') {
      const expected = required && value === undefined ? 'given' : 'text that is not empty';
      throw unfit(given, `${path}.${name}`, expected);
    }
    texts[name] = value;
  }
  return texts;
}

/** Refuses a second table of the same name. */
export function refuseDoubles(key: string, given: Given, items: readonly { readonly name: string }[]): void {
  for (const [index, { name }] of items.entries()) {
    if (items.findIndex((other) => other.name === name) === index) continue;
    const path = `${key}[${index}].name`;
    throw errors.invalid({
      origin: placeOf(given, path),
      key: path,
      expected: 'unique',
      found: `'${name}' again`,
    });
  }
}

/** The refusal of a value, without quoting it. */
export function unfit(given: Given, key: string, expected: string): Error {
  return errors.invalid({ origin: placeOf(given, key), key, expected });
}

function placeOf(given: Given, path: string): string {
  return given.place?.(path) ?? given.origin;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold secrets.
    return undefined;
  }
}
