import { readCsv, rearm } from '../../platform/documents/index.ts';
import { formatDecimal, isCurrency, tryParseDecimal } from '../../platform/kernel/index.ts';

/** One line of revenue as it was given: for a product node or for an application. */
export interface GivenRevenue {
  /** In the file or list; a file's header is row 1. */
  readonly row: number;
  readonly node: string | null;
  readonly application: string | null;
  readonly currency: string;
  /** Decimal text; negative: given back. */
  readonly amount: string;
}

/** A line that is not taken, and why. */
export interface RejectedRow {
  readonly row: number;
  /** Column of it; empty where the whole row is meant. */
  readonly field: string;
  readonly message: string;
}

/** Lines that can be read, and those that cannot. */
export interface RevenueSheet {
  readonly given: readonly GivenRevenue[];
  readonly rejected: readonly RejectedRow[];
}

/** A line as it comes in a list. */
export interface RevenueRow {
  readonly node?: string | undefined;
  readonly application?: string | undefined;
  readonly currency: string;
  readonly amount: string;
}

const columns = ['month', 'node', 'application', 'currency', 'amount'] as const;
type Column = (typeof columns)[number];

/** Digits before and after the point that can be kept. */
const mostDigits = 26;
const mostPlaces = 12;

/**
 * Reads a CSV file of revenue: columns `node` or `application` (or both, one of them filled in each row), `currency`, `amount`; with
 * `month`, each row must be of the month that is imported. What does not fit is named by row.
 */
export function readRevenueCsv(text: string, month: string): RevenueSheet {
  const { records, broken } = readCsv(text);
  const [header, ...rest] = records;
  const names = (header?.cells ?? []).map((name) => rearm(name).trim().toLowerCase());
  const rejected = headerProblems(names);
  if (rejected.length > 0) return { given: [], rejected };
  const sheets = rest.map(({ row, cells }) => {
    if (cells.length !== names.length)
      return rejectedRow(row, '', `the row has ${cells.length} cells, the header ${names.length}.`);
    const cellOf = (column: Column) => rearm(cells[names.indexOf(column)] ?? '').trim();
    const given = names.includes('month') ? cellOf('month') : month;
    if (given !== month) return rejectedRow(row, 'month', `this import is of ${month}, not of '${given}'.`);
    return readRow(row, {
      node: cellOf('node') || undefined,
      application: cellOf('application') || undefined,
      currency: cellOf('currency'),
      amount: cellOf('amount'),
    });
  });
  const cut = broken ? [{ row: broken.row, field: '', message: `${broken.message}.` }] : [];
  return withoutDoubles({
    given: sheets.flatMap((sheet) => sheet.given),
    rejected: [...sheets.flatMap((sheet) => sheet.rejected), ...cut],
  });
}

/** Reads a list of lines; they are numbered from 1. */
export function readRevenueRows(rows: readonly RevenueRow[]): RevenueSheet {
  const sheets = rows.map((row, index) => readRow(index + 1, row));
  return withoutDoubles({
    given: sheets.flatMap((sheet) => sheet.given),
    rejected: sheets.flatMap((sheet) => sheet.rejected),
  });
}

function headerProblems(names: readonly string[]): RejectedRow[] {
  const missing = [
    ...(names.includes('node') || names.includes('application') ? [] : ['node or application']),
    ...['currency', 'amount'].filter((name) => !names.includes(name)),
  ];
  const unknown = names.filter((name) => !(columns as readonly string[]).includes(name));
  const doubled = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...missing.map((field) => ({ row: 1, field, message: `there is no column ${field}.` })),
    ...unknown.map((field) => ({
      row: 1,
      field,
      message: `revenue has no such column; known are ${columns.join(', ')}.`,
    })),
    ...doubled.map((field) => ({ row: 1, field, message: 'the column stands twice.' })),
  ];
}

function readRow(row: number, { node = null, application = null, currency, amount }: Nullable): RevenueSheet {
  if ((node === null) === (application === null))
    return rejectedRow(row, 'node', 'name a product node or an application, one of the two.');
  if (!isCurrency(currency))
    return rejectedRow(
      row,
      'currency',
      `'${currency}' is no currency: write its ISO 4217 code, such as EUR.`,
    );
  const value = tryParseDecimal(amount);
  if (!value) return rejectedRow(row, 'amount', `'${amount}' is no amount: write it as 1234.56.`);
  const plain = formatDecimal(value);
  const [whole = '', fraction = ''] = plain.replace('-', '').split('.');
  if (fraction.length > mostPlaces || whole.length > mostDigits) {
    const message = `'${amount}' cannot be kept: ${mostDigits} digits before the point and ${mostPlaces} after it are the most.`;
    return rejectedRow(row, 'amount', message);
  }
  return { given: [{ row, node, application, currency, amount: plain }], rejected: [] };
}

interface Nullable {
  readonly node?: string | null | undefined;
  readonly application?: string | null | undefined;
  readonly currency: string;
  readonly amount: string;
}

function rejectedRow(row: number, field: string, message: string): RevenueSheet {
  return { given: [], rejected: [{ row, field, message }] };
}

/** A product has one revenue per month, source and currency: two lines of it are a mistake more often than parts. */
function withoutDoubles({ given, rejected }: RevenueSheet): RevenueSheet {
  const firstOf = new Map<string, number>();
  const doubles: RejectedRow[] = [];
  const kept = given.filter(({ row, node, application, currency }) => {
    const key = JSON.stringify([node, application, currency]);
    const first = firstOf.get(key);
    if (first === undefined) {
      firstOf.set(key, row);
      return true;
    }
    const what = node === null ? `application '${application}'` : `node '${node}'`;
    doubles.push({
      row,
      field: node === null ? 'application' : 'node',
      message: `${what} in ${currency} stands in row ${first} already: add the two up.`,
    });
    return false;
  });
  return { given: kept, rejected: [...rejected, ...doubles].sort((a, b) => a.row - b.row) };
}
