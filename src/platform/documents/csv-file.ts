import { disarm, writeCsv } from './csv.ts';

/** A number as our figures are written: `12`, `-0.50`. A spreadsheet reads it as that number, and runs nothing. */
const figure = /^-?\d+(\.\d+)?$/;

/**
 * A CSV file of a table: the header and its rows, each line ended by CRLF. Nothing is a cell without text. A cell that a
 * spreadsheet would run gets an apostrophe (`rearm` takes it away), a negative number stays a number:
 * `csvFile(['name', 'delta'], [['=1+1', '-5.20']])` is `name,delta`, `'=1+1,-5.20`.
 */
export function csvFile(header: readonly string[], rows: readonly (readonly (string | null)[])[]): string {
  return writeCsv([header, ...rows].map((cells) => cells.map((cell) => writtenCell(cell ?? ''))));
}

function writtenCell(text: string): string {
  return figure.test(text) ? text : disarm(text);
}
