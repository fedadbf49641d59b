import { addDecimal, formatDecimal, must, parseDecimal, zero } from '../../platform/kernel/index.ts';
import type { CostQueryRow } from '../../platform/warehouse/index.ts';

/**
 * `money` is in the row's BillingCurrency, `quantity` in the row's unit; `number` is a count or a price per unit;
 * `ratio` is a fraction, 0.25 = 25 %. All but counts are decimal text.
 */
export type ColumnKind = 'text' | 'time' | 'money' | 'quantity' | 'number' | 'ratio';

export interface TableColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** False for dimensions, ratios and prices. */
  readonly summed: boolean;
  /** Dimensions tell rows apart. */
  readonly dimension: boolean;
  /** The dimension that holds the unit of a quantity; quantities of different units are never added. */
  readonly unit?: string | undefined;
}

/** An answer on its way through the steps. */
export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly CostQueryRow[];
  readonly totals: CostQueryRow;
  readonly totalsByCurrency: readonly CostQueryRow[];
}

/** The dimension that every row with money has. */
const currencyColumn = 'BillingCurrency';

/** The table with totals summed from its rows: all, and per currency where the rows have one. */
export function withSummedTotals(columns: readonly TableColumn[], rows: readonly CostQueryRow[]): Table {
  const hasCurrency = columns.some((column) => column.name === currencyColumn);
  const byCurrency = hasCurrency ? groupRows(rows, [currencyColumn]) : [];
  return {
    columns,
    rows,
    totals: sumRows(columns, rows),
    totalsByCurrency: byCurrency
      .map((group) => ({
        [currencyColumn]: must(group[0], 'a group has a row')[currencyColumn] ?? null,
        ...sumRows(columns, group),
      }))
      .sort((a, b) => (String(a[currencyColumn]) < String(b[currencyColumn]) ? -1 : 1)),
  };
}

/**
 * Σ of every summed column, nulls left out. Money of several currencies and quantities of several units (or of none)
 * are null: they have no sum.
 */
export function sumRows(columns: readonly TableColumn[], rows: readonly CostQueryRow[]): CostQueryRow {
  const sums: Record<string, string | number | null> = {};
  for (const column of columns.filter((candidate) => candidate.summed)) {
    const unit = column.kind === 'money' ? currencyColumn : column.unit;
    const present = rows.filter((row) => (row[column.name] ?? null) !== null);
    const units = new Set(unit === undefined ? [] : present.map((row) => row[unit]));
    if (column.kind === 'number') {
      sums[column.name] = present.reduce((count, row) => count + Number(row[column.name]), 0);
    } else if (units.size > 1 || (units.size === 0 && column.kind === 'quantity')) sums[column.name] = null;
    else sums[column.name] = sumText(present.map((row) => String(row[column.name])));
  }
  return sums;
}

/** Σ of decimal texts as text; 0 for none. */
export function sumText(values: readonly string[]): string {
  return formatDecimal(values.reduce((sum, value) => addDecimal(sum, parseDecimal(value)), zero));
}

/** Rows in groups of equal values in `names`; groups and rows keep their order. */
export function groupRows(rows: readonly CostQueryRow[], names: readonly string[]): CostQueryRow[][] {
  const groups = new Map<string, CostQueryRow[]>();
  for (const row of rows) {
    const key = keyOf(row, names);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

/** The values of a row in `names` as one text. */
export function keyOf(row: CostQueryRow, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => row[name] ?? null));
}

/** The part of a row with these names. */
export function pick(row: CostQueryRow, names: readonly string[]): CostQueryRow {
  return Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
}

/** The names of the dimensions, but for one. */
export function dimensionsBut(columns: readonly TableColumn[], but: string): string[] {
  return columns.filter((column) => column.dimension && column.name !== but).map((column) => column.name);
}

/**
 * Tells whether the answer has rows of a month beside this row: of the same provider where rows name one, else of any.
 * A month that a provider has not billed yet is missing, not 0.
 */
export function monthsPresent(
  rows: readonly CostQueryRow[],
  month: string,
): (row: CostQueryRow, asked: string) => boolean {
  const key = (row: CostQueryRow, at: string) => JSON.stringify([row['ServiceProviderName'] ?? null, at]);
  const present = new Set(rows.map((row) => key(row, String(row[month]))));
  return (row, asked) => present.has(key(row, asked));
}
