import { errors } from '../errors.ts';
import { type SheetText, type XlsxLimits, type XlsxSheet, xlsxLimits } from './model.ts';
import { inThread, ThreadLost } from './thread.ts';
import { writeWorkbook } from './write.ts';

/** More is nothing to open in a spreadsheet program. */
const mostCells = 500_000;

/** So few cells are written at once, in some 40 ms; more of them in a thread. */
const fewCells = 5000;

const writingTimeoutMs = 120_000;

/**
 * An Excel workbook of these sheets. A decimal that a spreadsheet cannot keep exactly (it has doubles: 15 digits) is
 * written as text, never rounded; a text that begins like a formula stays a text. The same sheets give the same bytes.
 * Refusals: `documents.tooLong`, `documents.unfitCell`.
 *
 * `{ decimal: '12.5', places: 2 }` is the number 12.5, shown as 12.50; `{ decimal: '0.1234567890123456' }` the text.
 */
export async function xlsxFile(sheets: readonly XlsxSheet[]): Promise<Buffer> {
  const cells = sheets.reduce((sum, { columns, rows }) => sum + columns.length * rows.length, 0);
  if (cells > mostCells) throw errors.tooLong({ what: 'cells', found: cells, limit: mostCells });
  if (cells <= fewCells) return writeWorkbook(sheets);
  const [written] = await inThread({ kind: 'write', sheets }, writingTimeoutMs);
  if (written?.kind !== 'bytes') throw new ThreadLost('the thread gave no workbook');
  return Buffer.from(written.bytes);
}

/**
 * The sheets of an Excel workbook that somebody sent, as text: numbers as their shortest decimal (`1.1`), days as
 * `2026-10-31`, formulas as the value that was saved with them, `TRUE` and `FALSE`. `file` names it in messages. It is
 * read in a thread of its own. Refusals, each with what to do: `documents.fileTooLarge`, `objects.bomb`,
 * `documents.unsoundFile`, and `documents.unfitCell` with sheet, row and column, for cells that show an error or a
 * formula without its value.
 */
export async function readXlsx(
  bytes: Buffer,
  file: string,
  limits: XlsxLimits = xlsxLimits,
): Promise<SheetText[]> {
  if (bytes.length > limits.bytes)
    throw errors.fileTooLarge({ file, what: 'bytes', found: bytes.length, limit: limits.bytes });
  const answers = await inThread({ kind: 'read', bytes, file, limits }, limits.timeoutMs).catch(
    (error: unknown) => {
      if (error instanceof ThreadLost) throw errors.unsoundFile({ file, problem: error.message });
      throw error;
    },
  );
  const sheets: { name: string; records: SheetText['records'][number][] }[] = [];
  for (const answer of answers) {
    if (answer.kind === 'sheet') sheets.push({ name: answer.name, records: [] });
    if (answer.kind === 'records') for (const record of answer.records) sheets.at(-1)?.records.push(record);
  }
  return sheets;
}
