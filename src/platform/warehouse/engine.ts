import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { DuckDBConnection, DuckDBType, DuckDBValue, Json } from '@duckdb/node-api';
import { formatDecimal, parseDecimal } from '../kernel/index.ts';
import { appendColumns, type ColumnIn, type ColumnOut, readColumns } from './typed-columns.ts';

/** A row as plain values: decimals are strings without trailing zeros, timestamps ISO 8601 with Z, safe integers numbers. */
export type Row = Readonly<Record<string, Json>>;

export type SqlValue = string | number | boolean | null;

export interface EngineOptions {
  /** Default: the machine's cores, at most 4. */
  readonly threads?: number;
  /** DuckDB's own limit; the process uses up to ~400 MB more. */
  readonly memoryLimitMb?: number;
  /** Where DuckDB spills; never a system folder by accident. */
  readonly tempDirectory?: string;
}

/** The analytical engine: DuckDB in this process, UTC, no extensions fetched, at most three statements at once. */
export interface Engine {
  readonly run: (sql: string, values?: readonly SqlValue[]) => Promise<void>;
  readonly rows: (sql: string, values?: readonly SqlValue[]) => Promise<Row[]>;
  /** Runs several statements on one connection, so that temporary tables and settings are shared. */
  readonly session: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
  readonly close: () => void;
}

/** A connection of one's own. */
export interface Session extends Pick<Engine, 'run' | 'rows'> {
  /** The answer as whole columns: what is summed, walked or allocated in arrays, without an object per row. */
  readonly columns: (sql: string, values?: readonly SqlValue[]) => Promise<readonly ColumnOut[]>;
  /** Appends `count` rows to a table of this session, from whole columns in the table's order and of its types. */
  readonly append: (table: string, columns: readonly ColumnIn[], count: number) => Promise<void>;
}

/** A failed statement: the cause, with its SQL for the log; the SQL never reaches a client. */
export class StatementError extends Error {
  readonly sql: string;
  constructor(sql: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'StatementError';
    this.sql = sql;
  }
}

/** More than three running statements fill libuv's four threads and block every file access (design.md section 8). */
const statementsAtOnce = 3;

/** Opens an in-memory engine. Close it: a process with an open engine does not end. */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  if (options.tempDirectory) mkdirSync(options.tempDirectory, { recursive: true });
  // Loaded late: what only reads the manifest starts 0.1 s sooner without it.
  const { DuckDBInstance, DuckDBTypeId } = await import('@duckdb/node-api');
  const kinds: TypeKinds = {
    decimal: DuckDBTypeId.DECIMAL,
    integers: [DuckDBTypeId.BIGINT, DuckDBTypeId.UBIGINT, DuckDBTypeId.HUGEINT],
    timestamps: [
      DuckDBTypeId.TIMESTAMP,
      DuckDBTypeId.TIMESTAMP_S,
      DuckDBTypeId.TIMESTAMP_MS,
      DuckDBTypeId.TIMESTAMP_NS,
    ],
  };
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? defaultThreads()),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(options.memoryLimitMb ? { memory_limit: `${options.memoryLimitMb}MB` } : {}),
    ...(options.tempDirectory ? { temp_directory: options.tempDirectory } : {}),
  });
  const gate = new Gate(statementsAtOnce);

  async function session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await gate.enter();
    const connection = await instance.connect();
    try {
      await connection.run("set TimeZone = 'UTC'");
      return await work({
        run: (sql, values) => runStatement(connection, sql, values),
        rows: (sql, values) => readRows(connection, kinds, sql, values),
        columns: (sql, values) =>
          failing(sql, () => readColumns(connection, sql, values as DuckDBValue[] | undefined)),
        append: (table, columns, count) =>
          failing(`append to ${table}`, () => appendColumns(connection, table, columns, count)),
      });
    } finally {
      connection.closeSync();
      gate.leave();
    }
  }

  return {
    session,
    run: (sql, values) => session((s) => s.run(sql, values)),
    rows: (sql, values) => session((s) => s.rows(sql, values)),
    close: () => instance.closeSync(),
  };
}

/** A text as an SQL literal, for places that take no parameter (COPY targets; files to read: see `fileLiteral`). */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The path of one file to read, as an SQL literal. DuckDB takes a path to read for a pattern: `bill[1].csv` would read
 * `bill1.csv`, and `bill*.csv` every bill beside it. In brackets a character means itself.
 */
export function fileLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, '[$&]'));
}

/** A name as a quoted SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

async function runStatement(
  connection: DuckDBConnection,
  sql: string,
  values?: readonly SqlValue[],
): Promise<void> {
  await failing(sql, () => connection.run(sql, values as DuckDBValue[] | undefined));
}

/** Gives a failed statement its text. */
async function failing<T>(sql: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new StatementError(sql, cause);
  }
}

async function readRows(
  connection: DuckDBConnection,
  kinds: TypeKinds,
  sql: string,
  values?: readonly SqlValue[],
): Promise<Row[]> {
  return await failing(sql, async () => {
    const reader = await connection.runAndReadAll(sql, values as DuckDBValue[] | undefined);
    const names = reader.columnNames();
    const types = reader.columnTypes();
    const columns = reader.getColumnsJson();
    const count = reader.currentRowCount;
    const rows: Record<string, Json>[] = [];
    for (let r = 0; r < count; r++) {
      const row: Record<string, Json> = {};
      for (let c = 0; c < names.length; c++) {
        row[names[c] as string] = plain(columns[c]?.[r] ?? null, types[c] as DuckDBType, kinds);
      }
      rows.push(row);
    }
    return rows;
  });
}

/** Which of DuckDB's types are written in which way. */
interface TypeKinds {
  readonly decimal: number;
  readonly integers: readonly number[];
  readonly timestamps: readonly number[];
}

function plain(value: Json, { typeId }: DuckDBType, kinds: TypeKinds): Json {
  if (value === null) return null;
  if (typeId === kinds.decimal) return formatDecimal(parseDecimal(String(value)));
  if (kinds.timestamps.includes(typeId)) return `${String(value).replace(' ', 'T')}Z`;
  if (!kinds.integers.includes(typeId)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function defaultThreads(): number {
  return Math.max(1, Math.min(4, availableParallelism()));
}

/** Lets `width` callers in at once; the others wait in order. */
class Gate {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(width: number) {
    this.free = width;
  }

  async enter(): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free++;
  }
}
