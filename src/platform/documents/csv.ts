/**
 * CSV as RFC 4180 has it: commas, double quotes doubled to escape, CRLF or LF. A cell that a spreadsheet would run as a
 * formula is written with a leading apostrophe, and read without it.
 */

/** A file cut into records; `broken` says in which record and why it could not be cut further. */
export interface CsvText {
  /** Records with their number in the file, the header being 1; empty lines are left out. */
  readonly records: readonly { readonly row: number; readonly cells: readonly string[] }[];
  readonly broken?: { readonly row: number; readonly message: string };
}

/** Cuts a text into records: `a,"b ""c"""` is `a` and `b "c"`. A byte order mark before it is no part of it. */
export function readCsv(text: string): CsvText {
  const records: { row: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let row = 1;
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length || cells.length > 0) {
    const start = at;
    const cell = cellAt(text, start);
    const end = cell && separatorAt(text, cell.end);
    if (!cell || end === undefined) return { records, broken: { row, message: brokenCell } };
    cells.push(cell.value);
    at = cell.end + end.length;
    if (end === ',') continue;
    if (cells.length > 1 || cell.end > start) records.push({ row, cells });
    cells = [];
    row++;
  }
  return { records };
}

const plain = /[^",\r\n]*/y;

/** The cell that begins here, and where it ends; undefined when its quotes are not closed. */
function cellAt(text: string, start: number): { readonly value: string; readonly end: number } | undefined {
  if (text[start] !== '"') {
    plain.lastIndex = start;
    const value = plain.exec(text)?.[0] ?? '';
    return { value, end: start + value.length };
  }
  let close = text.indexOf('"', start + 1);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  return close < 0
    ? undefined
    : { value: text.slice(start + 1, close).replaceAll('""', '"'), end: close + 1 };
}

/** What ends a cell here: a comma, a line end, or nothing at the end of the text. */
function separatorAt(text: string, at: number): string | undefined {
  if (at === text.length) return '';
  return [',', '\r\n', '\n'].find((separator) => text.startsWith(separator, at));
}

const brokenCell =
  'a double quote stands where none may: put the whole cell in double quotes, and double those inside';

/** Records as text, each line ended by CRLF. */
export function writeCsv(records: readonly (readonly string[])[]): string {
  return records.map((cells) => `${cells.map(writeCell).join(',')}\r\n`).join('');
}

function writeCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const formula = /^'*[=+\-@\t\r\n]/;
const disarmed = /^'+[=+\-@\t\r\n]/;

/** The text with an apostrophe before what a spreadsheet would run: `=1+1` becomes `'=1+1`, and `'=1` `''=1`. */
export function disarm(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}

/** The text that `disarm` was given. */
export function rearm(text: string): string {
  return disarmed.test(text) ? text.slice(1) : text;
}
