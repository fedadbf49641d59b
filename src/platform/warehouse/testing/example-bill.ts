import { join } from 'node:path';
import type { ColumnType, Dataset, Selection } from '../dataset.ts';
import { type Engine, identifier, literal } from '../engine.ts';
import { sqlType } from '../relation.ts';

/** A small dataset of its own for the tests of cost queries: the warehouse knows no column name of a standard. */
export const bill: Dataset = {
  name: 'bill',
  columns: [
    { name: 'Source', type: 'string' },
    { name: 'Month', type: 'timestamp' },
    { name: 'Starts', type: 'timestamp' },
    { name: 'Ends', type: 'timestamp' },
    { name: 'Currency', type: 'string' },
    { name: 'Service', type: 'string' },
    { name: 'Region', type: 'string' },
    { name: 'Labels', type: 'json' },
    { name: 'Details', type: 'json' },
    { name: 'Paid', type: 'decimal' },
    { name: 'Used', type: 'decimal' },
    { name: 'Quantity', type: 'decimal' },
    { name: 'Unit', type: 'string' },
    { name: 'Items', type: 'integer' },
    { name: 'IsFinal', type: 'boolean' },
  ],
  derived: [],
  roles: {
    source: 'Source',
    billingPeriodStart: 'Month',
    chargePeriodStart: 'Starts',
    chargePeriodEnd: 'Ends',
    currency: 'Currency',
    tags: 'Labels',
    costs: ['Paid', 'Used'],
    quantities: [{ column: 'Quantity', unit: 'Unit' }],
  },
};

/** One row of the bill; what is left out is null, but for the source (aws), the month (2026-10) and the currency (USD). */
export interface BillRow {
  readonly source?: string | null;
  /** Billing month: `2026-10`. */
  readonly month?: string;
  readonly starts?: string | null;
  readonly ends?: string | null;
  readonly currency?: string;
  readonly service?: string | null;
  readonly region?: string | null;
  readonly labels?: Readonly<Record<string, unknown>> | null;
  readonly details?: Readonly<Record<string, unknown>> | null;
  readonly paid?: string | null;
  readonly used?: string | null;
  readonly quantity?: string | null;
  readonly unit?: string | null;
  readonly items?: number | null;
  readonly isFinal?: boolean | null;
}

let files = 0;

/** Writes rows as a Parquet file into a folder and gives the selection that reads it. */
export async function writeBill(
  engine: Engine,
  folder: string,
  rows: readonly BillRow[],
  generation = 7,
): Promise<Selection> {
  const path = join(folder, `bill-${++files}.parquet`);
  const none = `select ${bill.columns.map(({ name, type }) => cell(null, name, type)).join(', ')} where false`;
  const selects = rows.map((row) => {
    const values = valuesOf(row);
    return `select ${bill.columns.map(({ name, type }, i) => cell(values[i] ?? null, name, type)).join(', ')}`;
  });
  await engine.run(`copy (${[none, ...selects].join(' union all ')}) to ${literal(path)} (format parquet)`);
  return {
    relation: `(select * from read_parquet([${literal(path)}]))`,
    columns: new Map(bill.columns.map(({ name, type }) => [name, type])),
    currencies: [...new Set(rows.map(({ currency }) => currency ?? 'USD'))].sort(),
    generation,
    files: 1,
    rows: rows.length,
  };
}

function valuesOf(row: BillRow): (string | number | boolean | null | undefined)[] {
  const json = (value: BillRow['labels']) => (value ? JSON.stringify(value) : null);
  return [
    row.source === undefined ? 'aws' : row.source,
    `${row.month ?? '2026-10'}-01`,
    row.starts,
    row.ends,
    row.currency ?? 'USD',
    row.service,
    row.region,
    json(row.labels),
    json(row.details),
    row.paid,
    row.used,
    row.quantity,
    row.unit,
    row.items,
    row.isFinal,
  ];
}

function cell(value: string | number | boolean | null, name: string, type: ColumnType): string {
  const sql = value === null ? 'null' : typeof value === 'string' ? literal(value) : String(value);
  return `cast(${sql} as ${sqlType(type)}) as ${identifier(name)}`;
}
