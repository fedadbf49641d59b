import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Tx } from '../records.ts';
import type { BackupTable } from './manifest.ts';
import { insertLines, readLines, type TableShape } from './tables-sql.ts';

/** A table of a backup with the checksum of its lines. */
export interface WrittenTable {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where the lines of a table lie in a backup. */
export function tableFile(name: string): string {
  return `records/${name}.ndjson`;
}

/** Writes the rows of a table to a new file, one line of JSON each, and syncs it. */
export async function exportTable(tx: Tx, table: TableShape, file: string): Promise<WrittenTable> {
  const handle = await open(file, 'wx');
  try {
    const written = await digestTable(tx, table, (text) => handle.writeFile(text));
    await handle.sync();
    return written;
  } finally {
    await handle.close();
  }
}

/** Counts and checksum of the lines that a backup of the table would hold; `keep` gets them portion by portion. */
export async function digestTable(
  tx: Tx,
  table: TableShape,
  keep: (text: string) => Promise<void> = async () => {},
): Promise<WrittenTable> {
  const hash = createHash('sha256');
  let rows = 0;
  let bytes = 0;
  for await (const lines of readLines(tx, table)) {
    const text = `${lines.join('\n')}\n`;
    hash.update(text);
    rows += lines.length;
    bytes += Buffer.byteLength(text);
    await keep(text);
  }
  return { rows, bytes, sha256: hash.digest('hex') };
}

/** Characters and rows that go to the server in one statement, about. */
const portion = { characters: 1_000_000, rows: 5000 };

/** Puts the lines of a file into an empty table. */
export async function importTable(tx: Tx, table: TableShape, file: string): Promise<void> {
  let waiting: string[] = [];
  let size = 0;
  for await (const line of linesOf(file)) {
    waiting.push(line);
    size += line.length;
    if (size < portion.characters && waiting.length < portion.rows) continue;
    await insertLines(tx, table, waiting);
    waiting = [];
    size = 0;
  }
  if (waiting.length > 0) await insertLines(tx, table, waiting);
}

/** Lines end with a line feed and nothing else: `node:readline` also splits at U+2028, which JSON leaves as it is. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const lines = `${rest}${chunk as string}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/**
 * The table of the schema with its columns in the order of the backup; what does not fit, in words, when it does not.
 */
export function shapeFor(backup: BackupTable, shapes: readonly TableShape[]): TableShape | string {
  const shape = shapes.find(({ name }) => name === backup.name);
  if (!shape) return `it has no table ${backup.name}`;
  const missing = backup.columns.find((column) => !shape.columns.includes(column));
  if (missing !== undefined) return `its table ${backup.name} has no column ${missing}`;
  const added = shape.columns.find((column) => !backup.columns.includes(column));
  if (added !== undefined) return `its table ${backup.name} has a column ${added} that the backup lacks`;
  const types = backup.columns.map((column) => shape.types[shape.columns.indexOf(column)] ?? 'text');
  return { ...shape, columns: backup.columns, types };
}
