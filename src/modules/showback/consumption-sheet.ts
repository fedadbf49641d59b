import { setImmediate } from 'node:timers/promises';
import { rearm } from '../../platform/documents/index.ts';
import { nearestNames } from '../../platform/kernel/index.ts';
import type { CsvReading, CsvRecord } from './consumption-csv.ts';
import { consumptionErrors } from './consumption-errors.ts';
import { type FactReference, type ReadRows, type RowReader, readRows } from './consumption-rows.ts';

/** Columns of a delivery, as files and lists name them. */
export const consumptionColumns = [
  'month',
  'application',
  'product',
  'quantity',
  'unit',
  'environment',
  'region',
  'resource',
  'kind',
  'explanation',
] as const;
export type ConsumptionColumn = (typeof consumptionColumns)[number];

const aliases: Readonly<Record<string, ConsumptionColumn>> = {
  period: 'month',
  application_id: 'application',
  app: 'application',
  product_id: 'product',
  env: 'environment',
};

/** Rows of one delivery. Larger ones are delivered month by month. */
const mostRows = 3_000_000;

/** How a delivery is read. */
export interface SheetRequest {
  /** Rows of other months are rejected; absent: any. */
  readonly months?: readonly string[] | undefined;
  /** The file was made of a list: its first row below the header is row 1. */
  readonly isList: boolean;
  /** What it is called in refusals. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a delivery: every row held against what there is, facts put together by product and month. Refuses with
 * `consumption.unfitHeader`, `consumption.noRows`, `consumption.tooManyRows`; rows that do not fit are in the answer.
 */
export async function readSheet(
  { header, batches }: CsvReading,
  reference: FactReference,
  { months, isList, name, signal }: SheetRequest,
): Promise<ReadRows> {
  const columns = readHeader(name, header, months);
  const reader = readRows(reference, months);
  const offset = isList ? 1 : 0;
  let rows = 0;
  for await (const batch of batches) {
    signal?.throwIfAborted();
    for (const record of batch) takeRecord(reader, columns, record, offset);
    rows += batch.length;
    if (rows > mostRows) throw consumptionErrors.tooManyRows({ file: name, most: mostRows });
    // What was read ahead comes without a wait; others have their turn here.
    await setImmediate();
  }
  if (rows === 0) throw consumptionErrors.noRows({ file: name });
  return reader.finish();
}

interface SheetColumns {
  readonly count: number;
  /** Place of each column that the file has. */
  readonly at: Readonly<Partial<Record<ConsumptionColumn, number>>>;
}

function takeRecord(
  reader: RowReader,
  { count, at }: SheetColumns,
  { row, cells, line, broken }: CsvRecord,
  offset: number,
): void {
  const misfit =
    broken ?? (cells.length === count ? undefined : `the row has ${cells.length} cells, the header ${count}`);
  if (misfit !== undefined) {
    reader.reject(row - offset, misfit, line);
    return;
  }
  reader.take(
    row - offset,
    (column) => {
      const place = at[column];
      return place === undefined ? '' : textOf(cells[place] ?? '');
    },
    line,
  );
}

/** Most cells are plain, and cost nothing here. */
function textOf(cell: string): string {
  const first = cell.charCodeAt(0);
  return first > 0x2f && cell.charCodeAt(cell.length - 1) > 0x20 ? cell : rearm(cell).trim();
}

function readHeader(
  file: string,
  header: readonly string[],
  months: readonly string[] | undefined,
): SheetColumns {
  const at: Partial<Record<ConsumptionColumn, number>> = {};
  for (const [place, cell] of header.entries()) {
    const name = rearm(cell).trim();
    const column = columnNamed(name);
    if (column === undefined) {
      const [nearest] = nearestNames(name, [...consumptionColumns], 1);
      const advice = nearest ? `; did you mean ${nearest}?` : '';
      throw consumptionErrors.unfitHeader({
        file,
        problem: `'${name.slice(0, 80)}' is no column of it${advice}`,
      });
    }
    if (at[column] !== undefined)
      throw consumptionErrors.unfitHeader({ file, problem: `the column ${column} stands twice` });
    at[column] = place;
  }
  const needed = ['application', 'product', 'quantity', ...(months?.length === 1 ? [] : ['month'])] as const;
  const missing = needed.filter((column) => at[column as ConsumptionColumn] === undefined);
  if (missing.length > 0)
    throw consumptionErrors.unfitHeader({ file, problem: `there is no column ${missing.join(', ')}` });
  return { count: header.length, at };
}

function columnNamed(name: string): ConsumptionColumn | undefined {
  const lower = name.toLowerCase();
  return consumptionColumns.find((column) => column === lower) ?? aliases[lower];
}
