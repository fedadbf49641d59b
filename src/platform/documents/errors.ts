import { errorTable, refusal } from '../kernel/index.ts';
import { printable } from '../objects/index.ts';

/** Why documents are not written, and files that people send are not read. */
export const errors = errorTable('documents', {
  fontMissing: refusal(
    500,
    'failure',
    (p: { file: string }) =>
      `The font of documents (${p.file} of @expo-google-fonts/inter) is not installed. Install the program again, with its dependencies.`,
  ),
  tooLong: refusal(
    413,
    'badData',
    (p: { what: string; found: number; limit: number }) =>
      `The document would have ${p.found} ${p.what}, more than ${p.limit}. Ask for less, or take it as CSV.`,
  ),
  unfitCell: refusal(
    422,
    'badData',
    (p: { sheet: string; row: number; column: string; problem: string }) =>
      `Sheet '${printable(p.sheet)}', row ${p.row}, column ${p.column}: ${p.problem}.`,
  ),
  unsoundFile: refusal(
    422,
    'badData',
    (p: { file: string; problem: string }) =>
      `${printable(p.file)} is not a sound XLSX file: ${printable(p.problem)}. Save it again as an Excel workbook (.xlsx) and send that.`,
  ),
  fileTooLarge: refusal(
    413,
    'badData',
    (p: { file: string; what: string; found: number; limit: number }) =>
      `${printable(p.file)} has ${p.found} ${p.what}, and at most ${p.limit} are read. Split it, or send it as CSV.`,
  ),
});
