import type { Cell, Sheet } from 'write-excel-file/node';
import { assert } from '../../kernel/index.ts';
import { errors } from '../errors.ts';
import { withoutTimes } from './archive.ts';
import { exactNumber } from './cell-value.ts';
import type { XlsxCell, XlsxSheet } from './model.ts';
import { columnLetters, escapedText, looksLikeFormula, mostCharacters, sheetNames } from './text.ts';

/** Written on this thread: 500,000 cells take 5 s. The same sheets give the same bytes. */
export async function writeWorkbook(sheets: readonly XlsxSheet[]): Promise<Buffer> {
  const { default: writeExcelFile } = await import('write-excel-file/node');
  const names = sheetNames(sheets.map(({ name }) => name));
  const written = sheets.map((sheet, index) => sheetOf(sheet, names[index] ?? ''));
  return withoutTimes(await writeExcelFile(written).toBuffer());
}

function sheetOf({ columns, rows }: XlsxSheet, name: string): Sheet<never> {
  const cells = rows.map((row, index) =>
    columns.map((_, column) =>
      cellOf(row[column] ?? null, { sheet: name, row: index + 2, column: column + 1 }),
    ),
  );
  const header = columns.map(({ title }) => ({
    ...textCell(title),
    fontWeight: 'bold' as const,
    backgroundColor: '#EEF1F5',
  }));
  return {
    sheet: name,
    data: [header, ...cells],
    columns: columns.map(({ title, width }, index) => ({ width: width ?? widthOf(title, rows, index) })),
    stickyRowsCount: 1,
  };
}

interface Place {
  readonly sheet: string;
  readonly row: number;
  readonly column: number;
}

function cellOf(cell: XlsxCell, place: Place): Cell {
  if (cell === null || cell === '') return null;
  if (typeof cell === 'string') return shortText(cell, place);
  if ('date' in cell) return dateCell(cell.date);
  if ('integer' in cell) return numberCell(String(cell.integer), '#,##0');
  const { decimal, places } = cell;
  return numberCell(
    decimal,
    places === undefined ? undefined : places === 0 ? '#,##0' : `#,##0.${'0'.repeat(places)}`,
  );
}

function shortText(text: string, { sheet, row, column }: Place): Cell {
  const found = text.length;
  if (found <= mostCharacters) return textCell(text);
  const problem = `the text has ${found} characters, and a cell holds ${mostCharacters}`;
  throw errors.unfitCell({ sheet, row, column: columnLetters(column), problem });
}

function textCell(text: string) {
  return {
    type: String,
    value: escapedText(text),
    // A text stays one when somebody edits the cell.
    ...(looksLikeFormula(text) ? { format: '@' } : {}),
  };
}

/** A number where a spreadsheet can hold it; else its digits as text. */
function numberCell(text: string, format: string | undefined): Cell {
  const number = exactNumber(text);
  if (number === undefined) return { type: String, value: text, format: '@', align: 'right' };
  return { type: Number, value: number, ...(format === undefined ? {} : { format }) };
}

/** Spreadsheets count a 29 February 1900 that never was, and know no day before that year. */
const firstSoundDay = '1900-03-01';

function dateCell(text: string): Cell {
  const date = new Date(`${text}T00:00:00Z`);
  const sound = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(date.getTime());
  assert(sound && date.toISOString().startsWith(text), `'${text}' is not a day`);
  if (text < firstSoundDay) return textCell(text);
  return { type: Date, value: date, format: 'yyyy-mm-dd' };
}

function widthOf(title: string, rows: XlsxSheet['rows'], column: number): number {
  let most = title.length;
  for (const row of rows) most = Math.max(most, lengthOf(row[column] ?? null));
  return Math.min(60, Math.max(8, most + 2));
}

function lengthOf(cell: XlsxCell): number {
  if (cell === null) return 0;
  if (typeof cell === 'string') return cell.length;
  if ('date' in cell) return 10;
  return 'integer' in cell ? String(cell.integer).length + 2 : cell.decimal.length + 3;
}
