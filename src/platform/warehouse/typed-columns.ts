import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import { assert } from '../kernel/index.ts';

/** A column on its way into the engine: DOUBLE, INTEGER, UTINYINT or VARCHAR, cast to the table's type where that differs. */
export type ColumnIn = Float64Array | Int32Array | Uint8Array | readonly string[];

/** A column as the engine gives it: DOUBLE (null is NaN), INTEGER, or anything else as text. */
export type ColumnOut = Float64Array | Int32Array | readonly (string | null)[];

/** What a chunk of the engine holds at most. */
const chunkRows = 2048;

/**
 * Appends `count` rows to a table by whole chunks, without an object per row: about 15 M values a second and column. The
 * columns come in the table's order; they may be longer than `count`.
 */
export async function appendColumns(
  connection: DuckDBConnection,
  table: string,
  columns: readonly ColumnIn[],
  count: number,
): Promise<void> {
  if (count === 0) return;
  const { DuckDBDataChunk, DOUBLE, INTEGER, UTINYINT, VARCHAR } = await import('@duckdb/node-api');
  const types = columns.map((column): DuckDBType => {
    assert(column.length >= count, `a column of ${table} has ${column.length} values for ${count} rows`);
    if (column instanceof Float64Array) return DOUBLE;
    if (column instanceof Int32Array) return INTEGER;
    return column instanceof Uint8Array ? UTINYINT : VARCHAR;
  });
  const appender = await connection.createAppender(table);
  try {
    const whole = DuckDBDataChunk.create(types, Math.min(count, chunkRows));
    let at = 0;
    for (; at + chunkRows <= count; at += chunkRows) append(appender, whole, columns, at, chunkRows);
    const rest = count - at;
    if (rest > 0) append(appender, DuckDBDataChunk.create(types, rest), columns, at, rest);
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

function append(
  appender: DuckDBAppender,
  chunk: DuckDBDataChunk,
  columns: readonly ColumnIn[],
  at: number,
  rows: number,
): void {
  for (let c = 0; c < columns.length; c++) {
    const column = columns[c] as ColumnIn;
    if (column instanceof Float64Array || column instanceof Int32Array || column instanceof Uint8Array) {
      const vector = chunk.getColumnVector(c) as unknown as {
        readonly items: { set: (values: ArrayLike<number>) => void };
        readonly flush: () => void;
      };
      vector.items.set(column.subarray(at, at + rows));
      vector.flush();
    } else chunk.setColumnValues(c, column.slice(at, at + rows));
  }
  appender.appendDataChunk(chunk);
}

/** Reads a statement's answer column by column; an INTEGER that is null is a defect of the statement. */
export async function readColumns(
  connection: DuckDBConnection,
  sql: string,
  values: Parameters<DuckDBConnection['run']>[1],
): Promise<readonly ColumnOut[]> {
  const { DuckDBTypeId } = await import('@duckdb/node-api');
  const result = await connection.run(sql, values);
  const types = result.columnTypes();
  const chunks = (await result.fetchAllChunks()).filter(({ rowCount }) => rowCount > 0);
  const count = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0);
  return types.map(({ typeId }, c) => {
    if (typeId === DuckDBTypeId.DOUBLE) return numbers(chunks, c, new Float64Array(count), Number.NaN);
    if (typeId === DuckDBTypeId.INTEGER) return numbers(chunks, c, new Int32Array(count), undefined);
    return chunks.flatMap((chunk) =>
      chunk.getColumnValues(c).map((value) => (value === null ? null : String(value))),
    );
  });
}

interface NumberVector {
  readonly items: ArrayLike<number>;
  readonly validity: { readonly data: unknown; itemValid: (index: number) => boolean };
}

function numbers<Column extends Float64Array | Int32Array>(
  chunks: readonly DuckDBDataChunk[],
  c: number,
  into: Column,
  absent: number | undefined,
): Column {
  let at = 0;
  for (const chunk of chunks) {
    const { items, validity } = chunk.getColumnVector(c) as unknown as NumberVector;
    into.set(items, at);
    if (validity.data) {
      for (let i = 0; i < items.length; i++) {
        if (validity.itemValid(i)) continue;
        assert(absent !== undefined, `column ${c} holds whole numbers and a null`);
        into[at + i] = absent;
      }
    }
    at += items.length;
  }
  return into;
}
