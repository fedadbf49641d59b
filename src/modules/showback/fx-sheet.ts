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

/** Reads a CSV file of rates; `type` and `source` are those of rows that say none. */
export function readRateCsv({
  csv,
  type,
  source,
}: Pick<RateImportRequest, 'csv' | 'type' | 'source'>): RateSheet {
  const { records, broken } = readCsv(csv);
  const [header, ...rest] = records;
  const names = (header?.cells ?? []).map((name) => rearm(name).trim());
  const problems = headerProblems(names, source !== undefined);
  if (problems.length > 0) return { rates: [], errors: problems, rows: rest.length };
  const errors: CellError[] = [];
  const firstRow = new Map<string, number>();
  const rates = rest.flatMap(({ row, cells }): FxRate[] => {
    if (cells.length !== names.length) {
      errors.push({
        row,
        field: '',
        message: `the row has ${cells.length} cells, the header ${names.length}.`,
      });
      return [];
    }
    const cellOf = (column: Column) => rearm(cells[names.indexOf(column)] ?? '').trim();
    const given = {
      type: cellOf('type') || type,
      source: cellOf('source') || source,
      rate: plain(cellOf('rate')),
    };
    const { success, data, error } = rateInputSchema.safeParse({
      ...given,
      ...{ period: cellOf('period'), base: cellOf('base'), quote: cellOf('quote'), asOf: cellOf('asOf') },
    });
    if (!success) {
      for (const { path, message } of error.issues)
        errors.push({ row, field: String(path[0] ?? ''), message: `${message}.` });
      return [];
    }
    const first = firstRow.get(rateId(data));
    firstRow.set(rateId(data), first ?? row);
    if (first === undefined) return [data];
    errors.push({ row, field: 'period', message: `this rate stands in row ${first} already.` });
    return [];
  });
  if (broken) errors.push({ row: broken.row, field: '', message: `${broken.message}.` });
  return { rates, errors, rows: rest.length };
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
