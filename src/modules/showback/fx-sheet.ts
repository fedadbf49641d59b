import { setImmediate as breathe } from 'node:timers/promises';
import { csvFile, readCsv, rearm } from '../../platform/documents/index.ts';
import { formatDecimal, tryParseDecimal } from '../../platform/kernel/index.ts';
import { type RateImportRequest, rateInputSchema } from './fx-contract.ts';
import { rateId } from './fx-rates.ts';
import type { FxRate } from './fx-sql.ts';
import type { CellError } from './price-errors.ts';

const columns = ['period', 'base', 'quote', 'type', 'rate', 'source', 'asOf'] as const;
type Column = (typeof columns)[number];

/** What a file asks for, and every cell that does not fit. */
export interface RateSheet {
  readonly rates: readonly FxRate[];
  readonly errors: readonly CellError[];
  /** Records below the header. */
  readonly rows: number;
}

/** A CSV file of rates; `readRateCsv` reads it back as it was. */
export function rateCsv(rates: readonly FxRate[]): string {
  return csvFile(
    columns,
    rates.map((rate) => columns.map((column) => rate[column])),
  );
}

/** Rows that are read at once, in some 20 ms; other requests are answered between. */
const portion = 500;
/** Sixty currencies in three types for nine years. */
const mostRows = 20_000;

/** Reads a CSV file of rates; `type` and `source` are those of rows that say none. */
export async function readRateCsv({
  csv,
  ...given
}: Pick<RateImportRequest, 'csv' | 'type' | 'source'>): Promise<RateSheet> {
  const { records, broken } = readCsv(csv);
  const [header, ...rest] = records;
  const names = (header?.cells ?? []).map((name) => rearm(name).trim());
  const problems = headerProblems(names, given.source !== undefined);
  if (rest.length > mostRows)
    problems.push({
      row: 1,
      field: '',
      message: `the file has ${rest.length} rows; ${mostRows} are the most.`,
    });
  if (problems.length > 0) return { rates: [], errors: problems, rows: rest.length };
  const errors: CellError[] = [];
  const rates = new Map<string, { readonly rate: FxRate; readonly row: number }>();
  for (const [index, { row, cells }] of rest.entries()) {
    if (index % portion === portion - 1) await breathe();
    const read = readRow({ row, cells, names }, given);
    if ('errors' in read) {
      errors.push(...read.errors);
      continue;
    }
    const first = rates.get(rateId(read.rate));
    if (first)
      errors.push({ row, field: 'period', message: `this rate stands in row ${first.row} already.` });
    else rates.set(rateId(read.rate), { rate: read.rate, row });
  }
  if (broken) errors.push({ row: broken.row, field: '', message: `${broken.message}.` });
  return { rates: [...rates.values()].map(({ rate }) => rate), errors, rows: rest.length };
}

function readRow(
  {
    row,
    cells,
    names,
  }: { readonly row: number; readonly cells: readonly string[]; readonly names: readonly string[] },
  { type, source }: Pick<RateImportRequest, 'type' | 'source'>,
): { readonly rate: FxRate } | { readonly errors: readonly CellError[] } {
  if (cells.length !== names.length) {
    const message = `the row has ${cells.length} cells, the header ${names.length}.`;
    return { errors: [{ row, field: '', message }] };
  }
  const cellOf = (column: Column) => rearm(cells[names.indexOf(column)] ?? '').trim();
  const { success, data, error } = rateInputSchema.safeParse({
    ...{ period: cellOf('period'), base: cellOf('base'), quote: cellOf('quote'), asOf: cellOf('asOf') },
    ...{ type: cellOf('type') || type, source: cellOf('source') || source, rate: plain(cellOf('rate')) },
  });
  if (success) return { rate: data };
  return {
    errors: error.issues.map(({ path, message }) => ({
      row,
      field: String(path[0] ?? ''),
      message: `${message}.`,
    })),
  };
}

/** Small rates are written with an exponent by spreadsheets. */
function plain(text: string): string {
  const value = tryParseDecimal(text);
  return value ? formatDecimal(value) : text;
}

function headerProblems(names: readonly string[], hasSource: boolean): CellError[] {
  const required = ['period', 'base', 'quote', 'rate', 'asOf', ...(hasSource ? [] : ['source'])];
  return [
    ...required
      .filter((name) => !names.includes(name))
      .map((field) => ({
        row: 1,
        field,
        message: `there is no column ${field}; the first line names the columns.`,
      })),
    ...names
      .filter((name) => !(columns as readonly string[]).includes(name))
      .map((field) => ({
        row: 1,
        field,
        message: `rates have no such column; known are ${columns.join(', ')}.`,
      })),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((field) => ({ row: 1, field, message: 'the column stands twice.' })),
  ];
}
