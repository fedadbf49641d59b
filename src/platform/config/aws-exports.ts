import { resolve } from 'node:path';
import { tryParsePeriod } from '../kernel/index.ts';
import { type AwsExport, awsExportFields } from './settings.ts';
import { readTables, refuseDoubles, unfit } from './tables.ts';
import type { Given } from './value.ts';

/** Reads `[[aws.exports]]` tables, or the same as a JSON array in a variable. Refuses by key and place; quotes no value. */
export function readAwsExports(key: string, given: Given): readonly AwsExport[] {
  const exports = readTables(key, given, awsExportFields).map(({ path, texts }) =>
    checked(path, texts, given),
  );
  refuseDoubles(key, given, exports);
  return exports;
}

function checked(path: string, texts: Partial<Record<keyof AwsExport, string>>, given: Given): AwsExport {
  const { name = '', uri = '', kind, from, exportName, source, ...access } = texts;
  // Names become folders of the lake.
  for (const [field, value] of Object.entries({ name, source: source ?? name })) {
    if (!/^[A-Za-z0-9][\w.-]{0,127}$/.test(value)) {
      throw unfit(given, `${path}.${field}`, 'letters, digits, dot, underscore or hyphen, at most 128');
    }
  }
  if (kind !== undefined && kind !== 'v1' && kind !== 'v2') throw unfit(given, `${path}.kind`, 'v1 or v2');
  if (from !== undefined && !tryParsePeriod(from)) throw unfit(given, `${path}.from`, 'a month, YYYY-MM');
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
  if (/^[a-z][a-z0-9+.-]+:/i.test(uri)) throw unfit(given, `${path}.uri`, 's3://bucket/prefix or a folder');
  return resolve(given.base, uri);
}
