import type { Period } from '../../../platform/kernel/index.ts';
import { errors } from './errors.ts';
import { exportNameOf, folderPeriod, parsePeriodFolder } from './layout.ts';
import { resolveFile } from './resolve.ts';

/** `cur-v1`: the legacy Cost and Usage Report. `data-export`: CUR 2.0, FOCUS and the other tables of Data Exports. */
export type ExportKind = 'cur-v1' | 'data-export';

/** What one delivery of one month consists of: all its files together are the bill, any single one is not. */
export interface ExportManifest {
  readonly uri: string;
  readonly exportName: string;
  readonly period: Period;
  /** Another id means another content: `assemblyId` (v1), `executionId` (Data Exports). */
  readonly versionId: string;
  readonly kind: ExportKind;
  /** As AWS writes it: `text/csv`, `Parquet`; empty when it is not stated. */
  readonly contentType: string;
  /** As AWS writes it: `GZIP`, `ZIP`, `Parquet`; empty when it is not stated. */
  readonly compression: string;
  /** Where the files are in the tree that the manifest was read from, in the manifest's order. At least one. */
  readonly files: readonly string[];
  /** As the header of the files has them: `lineItem/UsageType` (v1), `line_item_usage_type`. */
  readonly columns?: readonly string[];
  readonly account?: string;
}

/** What the caller is looking for; a manifest of anything else is refused. */
export interface AskedManifest {
  readonly exportName?: string | undefined;
  readonly period?: Period | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a manifest of either kind. Unknown fields are ignored; a missing id or month, an empty or doubled file list,
 * and a manifest of another export or month than asked for are refusals (exit 5) that name file and field.
 */
export function parseManifest(text: string, uri: string, asked: AskedManifest = {}): ExportManifest {
  const fields = parseFields(text, uri);
  const kind = kindOf(fields, uri);
  const exportName = nameOf(fields, uri, asked);
  const { account, columns } = fields;
  const names = columnNames(columns);
  return {
    uri,
    exportName,
    period: periodOf(fields, uri, { kind, asked: asked.period }),
    versionId: requiredText(fields, kind === 'cur-v1' ? 'assemblyId' : 'executionId', uri),
    kind,
    contentType: optionalText(fields['contentType']),
    compression: optionalText(fields['compression']),
    files: filesOf(fields, uri),
    ...(names ? { columns: names } : {}),
    ...(typeof account === 'string' || typeof account === 'number' ? { account: String(account) } : {}),
  };
}

function parseFields(text: string, uri: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw errors.badManifest({ uri, field: 'the file', reason: 'is not JSON' });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw errors.badManifest({ uri, field: 'the file', reason: 'is not a JSON object' });
}

function kindOf(fields: Fields, uri: string): ExportKind {
  if (fields['executionId'] !== undefined) return 'data-export';
  if (fields['assemblyId'] !== undefined) return 'cur-v1';
  throw errors.badManifest({ uri, field: 'assemblyId or executionId', reason: 'is missing' });
}

/** The file's name states the export; v1 states it again inside, and the two must agree. */
function nameOf(fields: Fields, uri: string, asked: AskedManifest): string {
  const fromFile = exportNameOf(uri);
  const field = fields['reportName'] !== undefined ? 'reportName' : 'exportName';
  const stated = fields[field];
  if (stated !== undefined && (typeof stated !== 'string' || stated === '')) {
    throw errors.badManifest({ uri, field, reason: 'is not a name' });
  }
  const found = stated ?? fromFile;
  if (found === undefined) throw errors.badManifest({ uri, field: 'reportName', reason: 'is missing' });
  if (fromFile !== undefined && fromFile !== found) {
    throw errors.otherExport({ uri, field, found, asked: fromFile });
  }
  if (asked.exportName !== undefined && asked.exportName !== found) {
    const where = stated === undefined ? 'its file name' : field;
    throw errors.otherExport({ uri, field: where, found, asked: asked.exportName });
  }
  return found;
}

/** The manifest's month; a Data Export that does not state it has it in its folder. Both must agree. */
function periodOf(
  fields: Fields,
  uri: string,
  context: { kind: ExportKind; asked: Period | undefined },
): Period {
  const field = 'billingPeriod';
  const fromFolder = folderPeriod(uri);
  const stated = fields[field];
  let period: Period | undefined;
  if (stated === undefined || stated === null) {
    period = context.kind === 'data-export' ? fromFolder : undefined;
    if (!period) throw errors.badManifest({ uri, field, reason: 'is missing' });
  } else {
    const { start, end } = (typeof stated === 'object' ? stated : {}) as Fields;
    period = parsePeriodFolder(`${day(start)}-${day(end)}`);
    if (!period) {
      const found = `${JSON.stringify(start) ?? 'nothing'} to ${JSON.stringify(end) ?? 'nothing'}`.slice(
        0,
        100,
      );
      throw errors.badManifest({ uri, field, reason: `is not one calendar month in UTC: ${found}` });
    }
  }
  const other = context.asked ?? fromFolder;
  if (other === undefined || other === period) return period;
  throw errors.badManifest({
    uri,
    field,
    reason: `is ${period}, but the folder or the request says ${other}`,
  });
}

/** `20180801T000000.000Z`, `2018-08-01T00:00:00.000Z` or `2018-08-01`, midnight UTC, as `20180801`. */
function day(value: unknown): string {
  const shape = /^(\d{4})-?(\d\d)-?(\d\d)(?:T00:?00:?00(?:\.0{1,9})?(?:Z|\+00:?00)?)?$/;
  const match = typeof value === 'string' ? shape.exec(value) : null;
  return match ? `${match[1]}${match[2]}${match[3]}` : '';
}

function filesOf(fields: Fields, uri: string): string[] {
  const field = fields['dataFiles'] !== undefined ? 'dataFiles' : 'reportKeys';
  const keys = fields[field];
  if (!Array.isArray(keys))
    throw errors.badManifest({ uri, field, reason: 'is missing or is no list of files' });
  if (keys.length === 0) throw errors.badManifest({ uri, field, reason: 'names no file' });
  const bucket = optionalText(fields['bucket']);
  const files = new Set<string>();
  for (const [index, key] of keys.entries()) {
    if (typeof key !== 'string' || key === '') {
      throw errors.badManifest({ uri, field: `${field}[${index}]`, reason: 'is not a file name' });
    }
    const file = resolveFile({ manifestUri: uri, key, bucket });
    if (file === undefined) {
      throw errors.badManifest({
        uri,
        field: `${field}[${index}]`,
        reason: 'leads out of the export, or is no s3:// URI or key',
      });
    }
    if (files.has(file)) throw errors.duplicateFile({ uri, field, file });
    files.add(file);
  }
  return [...files];
}

/** v1 gives category and name apart, Data Exports the name alone; other shapes give no list rather than a wrong one. */
function columnNames(columns: unknown): string[] | undefined {
  if (!Array.isArray(columns) || columns.length === 0) return undefined;
  const names: string[] = [];
  for (const column of columns) {
    const { category, name } = (typeof column === 'string' ? { name: column } : (column ?? {})) as Fields;
    if (typeof name !== 'string') return undefined;
    names.push(typeof category === 'string' ? `${category}/${name}` : name);
  }
  return names;
}

function requiredText(fields: Fields, field: string, uri: string): string {
  const value = fields[field];
  if (typeof value === 'string' && /^[\w.:+-]{1,200}$/.test(value)) return value;
  throw errors.badManifest({ uri, field, reason: value === undefined ? 'is missing' : 'is not an id' });
}

function optionalText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
