import { setImmediate } from 'node:timers/promises';
import { readHeader } from './consumption-columns.ts';
import type { CsvReading } from './consumption-csv.ts';
import { consumptionErrors } from './consumption-errors.ts';
import { type FactReference, type ReadRows, readRows } from './consumption-rows.ts';

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
  const reader = readRows(reference, readHeader(name, header, months), months);
  const width = header.length;
  const offset = isList ? 1 : 0;
  let rows = 0;
  for await (const batch of batches) {
    signal?.throwIfAborted();
    for (const { row, cells, line, broken } of batch) {
      if (broken !== undefined) reader.reject(row - offset, broken, line);
      else if (cells.length === width) reader.take(row - offset, cells, line);
      else reader.reject(row - offset, `the row has ${cells.length} cells, the header ${width}`, line);
    }
    rows += batch.length;
    if (rows > mostRows) throw consumptionErrors.tooManyRows({ file: name, most: mostRows });
    // What was read ahead comes without a wait; others have their turn here.
    await setImmediate();
  }
  if (rows === 0) throw consumptionErrors.noRows({ file: name });
  return reader.finish();
}
