import { errors } from '../errors.ts';
import { type Parts, stored, unpack } from './archive.ts';
import { dateText, numberText } from './cell-value.ts';
import { inspectWorkbook } from './inspect.ts';
import type { SheetText, XlsxLimits } from './model.ts';
import { columnLetters } from './text.ts';

/**
 * Reads a workbook on this thread: unpacked under the limits, looked at, and only then given to the reader, as an
 * archive that holds nothing else. Refusals as `readXlsx` says.
 */
export async function readWorkbook(bytes: Buffer, file: string, limits: XlsxLimits): Promise<SheetText[]> {
  const parts = await unpack(bytes, file, limits);
  inspectWorkbook(parts, file, limits);
  const sheets = await parsed(parts, file);
  return sheets.flatMap(({ sheet, data }) => (data ? [textOf(sheet, data)] : []));
}

function textOf(sheet: string, data: readonly (readonly Value[])[]): SheetText {
  return {
    name: sheet,
    records: data.flatMap((row, index) => {
      const cells = row.map((cell, column) => cellText(cell, { sheet, row: index + 1, column: column + 1 }));
      return cells.every((cell) => cell === '') ? [] : [{ row: index + 1, cells }];
    }),
  };
}

/** The digits of a number as the file has them. */
interface Digits {
  readonly digits: string;
}

type Value = string | boolean | Date | Digits | null;

interface ParsedSheet {
  readonly sheet: string;
  /** A sheet of charts has none. */
  readonly data?: readonly (readonly Value[])[];
}

async function parsed(parts: Parts, file: string): Promise<readonly ParsedSheet[]> {
  const { default: readExcelFile } = await import('read-excel-file/universal');
  const archive = stored(parts);
  const content = archive.buffer.slice(archive.byteOffset, archive.byteOffset + archive.byteLength);
  const options = { trim: false, parseNumber: (digits: string): Digits => ({ digits }) };
  try {
    return (await readExcelFile<Digits>(content as ArrayBuffer, options)) as readonly ParsedSheet[];
  } catch (error) {
    throw errors.unsoundFile({ file, problem: (error as Error).message.slice(0, 120) });
  }
}

interface Place {
  readonly sheet: string;
  readonly row: number;
  readonly column: number;
}

function cellText(value: Value, place: Place): string {
  if (value === null || typeof value === 'string') return value ?? '';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  const text = value instanceof Date ? dateText(value) : numberText(value.digits);
  if (text !== undefined) return text;
  const problem = value instanceof Date ? 'its date is outside the years 0 to 9999' : 'its number is none';
  throw errors.unfitCell({ ...place, column: columnLetters(place.column), problem });
}
