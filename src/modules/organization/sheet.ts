import type { z } from 'zod';
import { disarm, readCsv, rearm, writeCsv } from '../../platform/documents/index.ts';
import { must, nearestNames } from '../../platform/kernel/index.ts';
import type { ShownObject } from './documents.ts';
import type { Field, FieldValue, Kind } from './kinds.ts';
import { attributeNameAdvice, idSchema, isAttributeName, schemaOf, type Wanted } from './model.ts';

/** A cell that does not fit. `row`: its record in the file, the header being 1. */
export interface CellError {
  readonly row: number;
  /** Column of the header; empty when the whole record is meant. */
  readonly field: string;
  readonly message: string;
}

/** What a file asks for, and every cell that does not fit. */
export interface Sheet {
  /** Of the records that fit. */
  readonly wanted: readonly Wanted[];
  /** Id → record that names it. */
  readonly rowOf: ReadonlyMap<string, number>;
  readonly errors: readonly CellError[];
}

const attributePrefix = 'attributes.';

/** Cells of an object by column: the columns of its kind, one for each attribute, `active` last. */
export function cellsOf(kind: Kind, object: ShownObject): ReadonlyMap<string, string> {
  const cells = Object.entries(kind.fields).flatMap(([name, field]) =>
    fieldCells(name, field, object[name] as FieldValue),
  );
  return new Map([['id', object.id], ...cells, ['active', String(object.active)]]);
}

function fieldCells(name: string, { type }: Field, value: FieldValue): (readonly [string, string])[] {
  if (type === 'attributes')
    return Object.entries(value ?? {}).map(([attribute, text]) => [`${attributePrefix}${attribute}`, text]);
  return [[name, Array.isArray(value) ? value.join(' ') : ((value as string | null) ?? '')]];
}

/** A CSV file of objects; spreadsheets show it as text, and `readSheet` reads it back as it was. */
export function writeSheet(kind: Kind, objects: readonly ShownObject[]): string {
  const rows = objects.map((object) => cellsOf(kind, object));
  const attributes = [...new Set(rows.flatMap((row) => [...row.keys()].filter(isAttribute)))].sort();
  const plain = Object.entries(kind.fields).flatMap(([name, { type }]) =>
    type === 'attributes' ? [] : [name],
  );
  const header = ['id', ...plain, ...attributes, 'active'];
  return writeCsv([header, ...rows.map((row) => header.map((column) => disarm(row.get(column) ?? '')))]);
}

function isAttribute(column: string): boolean {
  return column.startsWith(attributePrefix);
}

/** Reads a file of one kind. Columns may stand in any order; one that is absent leaves its field as it is. */
export function readSheet(kind: Kind, text: string): Sheet {
  const { records, broken } = readCsv(text);
  const [header, ...rest] = records;
  const columns = header?.cells ?? [];
  const headerErrors = checkHeader(kind, columns);
  const rows = headerErrors.length > 0 ? [] : rest.map((record) => readRecord(kind, columns, record));
  const rowOf = new Map<string, number>();
  for (const { row, wanted } of rows) if (!rowOf.has(wanted.id)) rowOf.set(wanted.id, row);
  const isDouble = ({ row, wanted: { id } }: ReadRecord) => id !== '' && rowOf.get(id) !== row;
  return {
    wanted: rows.filter((row) => row.errors.length === 0 && !isDouble(row)).map(({ wanted }) => wanted),
    rowOf,
    errors: [
      ...headerErrors,
      ...rows.flatMap(({ errors }) => errors),
      ...rows.filter(isDouble).map(({ row, wanted: { id } }) => doubleError(row, id, rowOf.get(id))),
      ...(broken ? [{ row: broken.row, field: '', message: `${broken.message}.` }] : []),
    ],
  };
}

function doubleError(row: number, id: string, first: number | undefined): CellError {
  return { row, field: 'id', message: `'${id}' stands in row ${first} already.` };
}

function checkHeader(kind: Kind, columns: readonly string[]): CellError[] {
  const noId = { row: 1, field: 'id', message: 'there is no column id; the first line names the columns.' };
  return [
    ...(columns.includes('id') ? [] : [noId]),
    ...columns.flatMap((field, index) => {
      const message =
        columns.indexOf(field) === index ? columnProblem(kind, field) : 'the column stands twice.';
      return message ? [{ row: 1, field, message }] : [];
    }),
  ];
}

function columnProblem(kind: Kind, column: string): string | undefined {
  const known = ['id', 'active', ...Object.keys(kind.fields).filter((name) => name !== 'attributes')];
  if (known.includes(column)) return undefined;
  if (isAttribute(column) && 'attributes' in kind.fields)
    return isAttributeName(column.slice(attributePrefix.length)) ? undefined : `${attributeNameAdvice}.`;
  const [nearest] = nearestNames(column, known, 1);
  const advice = nearest ? `did you mean ${nearest}?` : `known are ${known.join(', ')}, with commas between.`;
  return `${kind.path} have no such column; ${advice}`;
}

interface ReadRecord {
  readonly row: number;
  readonly wanted: Wanted;
  readonly errors: readonly CellError[];
}

function readRecord(
  kind: Kind,
  columns: readonly string[],
  { row, cells }: { readonly row: number; readonly cells: readonly string[] },
): ReadRecord {
  if (cells.length !== columns.length) {
    const message = `the row has ${cells.length} cells, the header ${columns.length}.`;
    return { row, wanted: { id: '', values: {} }, errors: [{ row, field: '', message }] };
  }
  const readings = columns.map((column, index) => readCell(kind, column, rearm(cells[index] ?? '')));
  const errors = columns.flatMap((field, index) => {
    const reading = readings[index];
    return reading && 'message' in reading ? [{ row, field, message: `${reading.message}.` }] : [];
  });
  return { row, wanted: wantedOf(columns, cells, readings), errors };
}

/** What a cell says: a value; nothing, where it is empty and the field cannot be; or why it does not fit. */
type Reading = { readonly value: FieldValue | undefined } | { readonly message: string };

function wantedOf(
  columns: readonly string[],
  cells: readonly string[],
  readings: readonly Reading[],
): Wanted {
  const values: Record<string, FieldValue> = {};
  columns.forEach((column, index) => {
    const reading = readings[index];
    if (!reading || !('value' in reading) || reading.value === undefined || isMark(column)) return;
    if (isAttribute(column))
      values['attributes'] = { ...(values['attributes'] as object), ...(reading.value as object) };
    else values[column] = reading.value;
  });
  const active = cells[columns.indexOf('active')]?.toLowerCase();
  const id = cells[columns.indexOf('id')] ?? '';
  return active === 'true' || active === 'false' ? { id, values, active: active === 'true' } : { id, values };
}

/** Columns that are no field of the kind. */
function isMark(column: string): boolean {
  return column === 'id' || column === 'active';
}

function readCell(kind: Kind, column: string, text: string): Reading {
  if (column === 'id') return read(idSchema, text);
  if (column === 'active')
    return /^(true|false|)$/i.test(text) ? { value: undefined } : { message: notBoolean };
  const field = must(kind.fields[isAttribute(column) ? 'attributes' : column], `the field of ${column}`);
  const schema = schemaOf(field);
  if (isAttribute(column)) return read(schema, { [column.slice(attributePrefix.length)]: text || null });
  if (field.type === 'environments')
    return read(
      schema,
      text.split(/[\s|]+/).filter((word) => word !== ''),
    );
  if (text === '' && field.default === null) return { value: null };
  return text === '' && field.default !== undefined ? { value: undefined } : read(schema, text);
}

const notBoolean = 'write true or false';

function read(schema: z.ZodType<FieldValue>, given: unknown): Reading {
  const { success, data, error } = schema.safeParse(given);
  return success ? { value: data } : { message: error.issues[0]?.message ?? 'it does not fit' };
}
