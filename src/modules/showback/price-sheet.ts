import { setImmediate as breathe } from 'node:timers/promises';
import { csvFile, readCsv, rearm, type XlsxSheet } from '../../platform/documents/index.ts';
import { formatDecimal, tryParseDecimal } from '../../platform/kernel/index.ts';
import type { PriceLine } from './model.ts';
import type { CellError } from './price-errors.ts';
import { type GivenLine, type LineInput, lineInputSchema } from './price-line.ts';
import { parseTiers, tiersText } from './price-tier-text.ts';

/** Columns of a file of lines, in the order that they are written. */
const columns = [
  ...(['level', 'target', 'entity', 'environment', 'region', 'kind', 'unit', 'amount', 'tiers'] as const),
  ...(['currency', 'validFrom', 'validTo', 'note'] as const),
] as const;
type Column = (typeof columns)[number];

/** A table as text: what a CSV file and a sheet of a workbook have in common. */
export interface TextTable {
  readonly records: readonly { readonly row: number; readonly cells: readonly string[] }[];
  /** Cells of another number than the header has are an error; a workbook leaves empty ones out. */
  readonly ragged?: 'refused' | 'filled';
}

/** What a file asks for, and every cell that does not fit. */
export interface LineSheet {
  readonly lines: readonly { readonly row: number; readonly line: GivenLine }[];
  readonly errors: readonly CellError[];
  /** Records below the header. */
  readonly rows: number;
}

/** A CSV file of lines; `readLineCsv` reads it back as it was. */
export function lineCsv(lines: readonly PriceLine[]): string {
  return csvFile(
    columns,
    lines.map((line) => cellsOf(line)),
  );
}

/** The sheet of a workbook of lines; `readLineTable` reads it back as it was. */
export function lineXlsxSheet(lines: readonly PriceLine[]): XlsxSheet {
  return {
    name: 'prices',
    columns: columns.map((title) => ({ title })),
    rows: lines.map((line) =>
      cellsOf(line).map((text, index) =>
        columns[index] === 'amount' && text !== '' ? { decimal: text, places: decimalsOf(text) } : text,
      ),
    ),
  };
}

function decimalsOf(text: string): number {
  return text.split('.')[1]?.length ?? 0;
}

function cellsOf({ tiers, number: _, ...line }: PriceLine): string[] {
  const texts = { ...line, tiers: tiers && tiersText(tiers) };
  return columns.map((column) => texts[column] ?? '');
}

/** Reads a CSV file of lines; see `readLineTable`. */
export async function readLineCsv(text: string): Promise<LineSheet> {
  const { records, broken } = readCsv(text);
  const rearmed = records.map(({ row, cells }) => ({ row, cells: cells.map(rearm) }));
  const sheet = await readLineTable({ records: rearmed });
  if (!broken) return sheet;
  const cut = { row: broken.row, field: '', message: `${broken.message}.` };
  return { ...sheet, errors: [...sheet.errors, cut] };
}

/** Rows that are read at once, in some 20 ms; other requests are answered between. */
const portion = 500;

/**
 * Reads a table whose first record names the columns, in any order: `validFrom`, `amount` or `tiers`, and what else lines have. An
 * empty level is a product's, an empty kind a unit price's, an empty currency the view's.
 */
export async function readLineTable({ records, ragged = 'refused' }: TextTable): Promise<LineSheet> {
  const [header, ...rest] = records;
  const names = (header?.cells ?? []).map((name) => name.trim());
  const problems = headerProblems(names);
  if (problems.length > 0) return { lines: [], errors: problems, rows: rest.length };
  if (rest.length === 0) {
    const message = 'there is no line below the header.';
    return { lines: [], errors: [{ row: 1, field: '', message }], rows: 0 };
  }
  const lines: { row: number; line: GivenLine }[] = [];
  const errors: CellError[] = [];
  for (const [index, { row, cells }] of rest.entries()) {
    if (index % portion === portion - 1) await breathe();
    const isOdd = cells.length > names.length || (ragged === 'refused' && cells.length !== names.length);
    if (isOdd) {
      errors.push({
        row,
        field: '',
        message: `the row has ${cells.length} cells, the header ${names.length}.`,
      });
      continue;
    }
    const read = readRow(row, (column) => cells[names.indexOf(column)]?.trim() ?? '');
    if ('line' in read) lines.push({ row, line: read.line });
    else errors.push(...read.errors);
  }
  return { lines, errors, rows: rest.length };
}

function headerProblems(names: readonly string[]): CellError[] {
  const missing = ['validFrom', ...(names.includes('tiers') ? [] : ['amount'])].filter(
    (name) => !names.includes(name),
  );
  const unknown = names.filter((name) => !(columns as readonly string[]).includes(name));
  const doubled = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...missing.map((field) => ({
      row: 1,
      field,
      message: `there is no column ${field}; the first line names the columns.`,
    })),
    ...unknown.map((field) => ({
      row: 1,
      field,
      message: `prices have no such column; known are ${columns.join(', ')}.`,
    })),
    ...doubled.map((field) => ({ row: 1, field, message: 'the column stands twice.' })),
  ];
}

type ReadRow = { readonly line: GivenLine } | { readonly errors: readonly CellError[] };

function readRow(row: number, cellOf: (column: Column) => string): ReadRow {
  const wrong: CellError[] = [];
  const text = (column: Column) => cellOf(column) || null;
  const tierCell = cellOf('tiers');
  const tiers = tierCell === '' ? null : parseTiers(tierCell);
  if (tiers === undefined)
    wrong.push({
      row,
      field: 'tiers',
      message: `'${tierCell.slice(0, 60)}' is no tiers: write graduated 0:0.10;100:0.08.`,
    });
  const amount = decimalCell(cellOf('amount'));
  if (amount === undefined)
    wrong.push({
      row,
      field: 'amount',
      message: `'${cellOf('amount').slice(0, 60)}' is no number: write it as 1234.56.`,
    });
  if (wrong.length > 0) return { errors: wrong };
  const { success, data, error } = lineInputSchema.safeParse({
    level: (cellOf('level') || (cellOf('target') === '' ? 'view' : 'product')) as LineInput['level'],
    target: cellOf('target'),
    entity: text('entity'),
    environment: text('environment'),
    region: text('region'),
    kind: cellOf('kind') || 'unit',
    unit: text('unit'),
    amount,
    tiers,
    currency: cellOf('currency') || undefined,
    validFrom: monthCell(cellOf('validFrom')),
    validTo: cellOf('validTo') === '' ? null : monthCell(cellOf('validTo')),
    note: text('note'),
  });
  if (success) return { line: data };
  const fieldOf = (path: readonly PropertyKey[]) => String(path[0] ?? '');
  return {
    errors: error.issues.map(({ path, message }) => ({ row, field: fieldOf(path), message: `${message}.` })),
  };
}

/** Spreadsheets write small numbers as 1.2E-05, and mean 0.000012. Null: an empty cell; undefined: no number. */
function decimalCell(text: string): string | null | undefined {
  if (text === '') return null;
  const value = tryParseDecimal(text);
  return value && formatDecimal(value);
}

/** Spreadsheets make a day of a month: the first. */
function monthCell(text: string): string {
  return /^\d{4}-\d{2}-01$/.test(text) ? text.slice(0, 7) : text;
}
