import { literal } from '../../platform/warehouse/index.ts';

/**
 * SQL for a number 0 … sides − 1 that follows from the seed, the salt and the key alone: no `random()`, no clock.
 * `hash` of a fixed DuckDB version is the same on every machine.
 */
export function roll(seed: number, salt: string, key: string, sides: number): string {
  return `(hash(${seed}, ${literal(salt)}, ${key}) % ${sides})::integer`;
}

/** SQL for 32 hexadecimal digits that follow from the seed, the salt and the key. */
export function token(seed: number, salt: string, key: string): string {
  return `md5(${literal(`${seed}:${salt}:`)} || ${key})`;
}

type Cell = string | number | null;

/** Rows of a `values` list; each row gets its position as its first cell. Texts are quoted, null is null. */
export function rowsOf(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row, number) => `(${[number, ...row].map(cellSql).join(', ')})`).join(',\n');
}

function cellSql(cell: Cell): string {
  if (cell === null) return 'null';
  return typeof cell === 'number' ? String(cell) : literal(cell);
}
