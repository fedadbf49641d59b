import { nearestNames } from '../../platform/kernel/index.ts';
import { disarm, readCsv, rearm, writeCsv } from './csv.ts';
import type { ShownObject } from './documents.ts';
import type { Field, FieldValue, Kind } from './kinds.ts';
import { idSchema, schemaOf, type Wanted } from './model.ts';

/** A cell that does not fit. `row`: its record in the file, the header being 1. */
export interface CellError {
  readonly row: number;
  /** Column of the header; empty when the whole record is meant. */
  readonly field: string;
  readonly message: string;
}

/** What a file asks for, and every cell that does not fit. */
export interface Sheet {
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
  const doubles = rows.flatMap(({ row, wanted: { id } }) => {
    const first = rowOf.get(id);
    if (first === undefined) rowOf.set(id, row);
    return first === undefined
      ? []
      : [{ row, field: 'id', message: `'${id}' stands in row ${first} already.` }];
  });
  return {
    wanted: rows.map(({ wanted }) => wanted),
    rowOf,
    errors: [
      ...headerErrors,
      ...rows.flatMap(({ errors }) => errors),
      ...doubles,
      ...(broken ? [{ row: broken.row, field: '', message: `${broken.message}.` }] : []),
    ],
  };
}

function checkHeader(kind: Kind, columns: readonly string[]): CellError[] {
  const known = ['id', 'active', ...Object.keys(kind.fields).filter((name) => name !== 'attributes')];
  const withAttributes = 'attributes' in kind.fields;
  const error = (field: string, message: string) => ({ row: 1, field, message });
  return [
    ...(columns.includes('id')
      ? []
      : [error('id', 'there is no column id; the first line names the columns.')]),
    ...columns.flatMap((column, index) => {
      if (columns.indexOf(column) !== index) return [error(column, 'the column stands twice.')];
      if (known.includes(column) || (withAttributes && isAttribute(column))) return [];
      const [nearest] = nearestNames(column, known, 1);
      const advice = nearest
        ? `did you mean ${nearest}?`
        : `known are ${known.join(', ')}, with commas between.`;
      return [error(column, `${kind.path} have no such column; ${advice}`)];
    }),
  ];
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
  const errors: CellError[] = [];
  const values: Record<string, FieldValue> = {};
  const attributes: Record<string, string | null> = {};
  let active: boolean | undefined;
  if (cells.length !== columns.length) {
    const message = `the row has ${cells.length} cells, the header ${columns.length}.`;
    return { row, wanted: { id: '', values }, errors: [{ row, field: '', message }] };
  }
  const texts = new Map(columns.map((column, index) => [column, rearm(cells[index] ?? '')]));
  for (const [column, text] of texts) {
    const field = kind.fields[column];
    if (isAttribute(column)) attributes[column.slice(attributePrefix.length)] = text === '' ? null : text;
    else if (column === 'active') {
      active = text === '' ? undefined : text.toLowerCase() === 'true';
      if (!/^(true|false|)$/i.test(text))
        errors.push({ row, field: column, message: 'write true or false.' });
    } else if (field) {
      const read = readCell(field, text);
      if (read && 'message' in read) errors.push({ row, field: column, message: `${read.message}.` });
      else if (read) values[column] = read.value;
    }
  }
  const attributesField = kind.fields['attributes'];
  if (attributesField && Object.keys(attributes).length > 0) {
    const read = schemaOf(attributesField).safeParse(attributes);
    if (read.success) values['attributes'] = read.data;
    else errors.push(...read.error.issues.map((issue) => attributeError(row, issue)));
  }
  const id = texts.get('id') ?? '';
  const idRead = idSchema.safeParse(id);
  if (!idRead.success) errors.push({ row, field: 'id', message: `${idRead.error.issues[0]?.message}.` });
  return { row, wanted: { id, values, active }, errors };
}

function attributeError(
  row: number,
  { path, message }: { readonly path: readonly PropertyKey[]; readonly message: string },
): CellError {
  return { row, field: `${attributePrefix}${path.map(String).join('.')}`, message: `${message}.` };
}

/** What a cell says; undefined when it says nothing of a field that cannot be empty. */
function readCell(
  field: Field,
  text: string,
): { readonly value: FieldValue } | { readonly message: string } | undefined {
  if (text === '' && field.default === null) return { value: null };
  if (text === '' && field.type !== 'environments' && field.default !== undefined) return undefined;
  const given = field.type === 'environments' ? text.split(/[\s|]+/).filter((word) => word !== '') : text;
  const read = schemaOf(field).safeParse(given);
  return read.success
    ? { value: read.data }
    : { message: read.error.issues[0]?.message ?? 'it does not fit' };
}
