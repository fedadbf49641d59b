import { resolve } from 'node:path';
import { nearestNames, tryParsePeriod } from '../kernel/index.ts';
import { errors } from './errors.ts';
import { type AwsExport, awsExportFields } from './settings.ts';
import { isTable, type Table } from './toml-file.ts';
import type { Given } from './value.ts';

/** Reads `[[aws.exports]]` tables, or the same as a JSON array in a variable. Refuses by key and place; quotes no value. */
export function readAwsExports(key: string, given: Given): readonly AwsExport[] {
  const list = typeof given.raw === 'string' ? fromJson(given.raw) : given.raw;
  if (!Array.isArray(list) || !list.every(isTable)) {
    throw errors.invalid({ origin: given.origin, key, expected: 'a list of tables' });
  }
  const exports = list.map((table, index) => readAwsExport(`${key}[${index}]`, table, given));
  for (const [index, item] of exports.entries()) {
    if (exports.findIndex((other) => other.name === item.name) !== index) {
      const path = `${key}[${index}].name`;
      throw errors.invalid({
        origin: placeOf(given, path),
        key: path,
        expected: 'unique',
        found: `'${item.name}' again`,
      });
    }
  }
  return exports;
}

function readAwsExport(path: string, table: Table, given: Given): AwsExport {
  for (const name of Object.keys(table)) {
    if (awsExportFields.some((field) => field.name === name)) continue;
    const [nearest] = nearestNames(
      name,
      awsExportFields.map((field) => field.name),
    );
    throw errors.unknownKey({ origin: placeOf(given, `${path}.${name}`), key: `${path}.${name}`, nearest });
  }
  const texts: Partial<Record<keyof AwsExport, string>> = {};
  for (const { name, required } of awsExportFields) {
    const value = table[name];
    if (value === undefined && !required) continue;
    if (typeof value !== 'string' || value.trim() === '') {
      throw invalid(
        given,
        `${path}.${name}`,
        required && value === undefined ? 'given' : 'text that is not empty',
      );
    }
    texts[name] = value;
  }
  return checked(path, texts, given);
}

function checked(path: string, texts: Partial<Record<keyof AwsExport, string>>, given: Given): AwsExport {
  const { name = '', uri = '', kind, from, exportName, source, ...access } = texts;
  // Names become folders of the lake.
  for (const [field, value] of Object.entries({ name, source: source ?? name })) {
    if (!/^[A-Za-z0-9][\w.-]{0,127}$/.test(value)) {
      throw invalid(given, `${path}.${field}`, 'letters, digits, dot, underscore or hyphen, at most 128');
    }
  }
  if (kind !== undefined && kind !== 'v1' && kind !== 'v2') throw invalid(given, `${path}.kind`, 'v1 or v2');
  if (from !== undefined && !tryParsePeriod(from)) throw invalid(given, `${path}.from`, 'a month, YYYY-MM');
  return {
    name,
    uri: readUri(path, uri, given),
    exportName: exportName ?? name,
    source: source ?? name,
    ...(kind ? { kind } : {}),
    ...(from ? { from } : {}),
    ...access,
  };
}

/** `s3://bucket/prefix` without a slash at its end, or an absolute path. */
function readUri(path: string, uri: string, given: Given): string {
  if (/^s3:\/\/[a-z0-9][a-z0-9.-]+(\/.*)?$/i.test(uri)) return uri.replace(/\/+$/, '');
  if (/^[a-z][a-z0-9+.-]+:/i.test(uri)) throw invalid(given, `${path}.uri`, 's3://bucket/prefix or a folder');
  return resolve(given.base, uri);
}

function invalid(given: Given, key: string, expected: string): Error {
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
