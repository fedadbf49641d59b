import { nearestNames, type Scope } from '../kernel/index.ts';
import type { Operand } from './cost-query.ts';
import type { ColumnType, Dataset, Selection } from './dataset.ts';
import { identifier, type SqlValue } from './engine.ts';
import { queryErrors } from './query-errors.ts';

/** What a query is compiled against: the description of the data, and the values bound so far. */
export interface QueryContext {
  readonly dataset: Dataset;
  readonly selection: Selection;
  readonly scope: Scope;
  /** Values of `$1`, `$2`, … in order; `bind` adds to it. */
  readonly values: SqlValue[];
  /**
   * Where given, a key of a JSON column is read once per row, however many conditions ask for it: `fieldOf` names it (`key0`)
   * and adds how it is read, which the statement selects below. Measured with 50 conditions on 1.3 M rows: 0.35 s, not 1.1 s.
   */
  readonly keys?: Map<string, KeyRead>;
}

/** A key of a JSON column as a column of its own. */
export interface KeyRead {
  readonly name: string;
  readonly sql: string;
}

/** A value of every row, as SQL, with the words that name it in a message and in a result. */
export interface Field {
  readonly sql: string;
  /** `key`: the text under a key of a JSON column. */
  readonly type: ColumnType | 'key';
  /** `ServiceName`, `Tags[app]`. */
  readonly label: string;
}

interface NamedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Binds a value and gives the placeholder that stands for it: the only way a value enters a statement. */
export function bind(context: QueryContext, value: SqlValue): string {
  return `$${context.values.push(value)}`;
}

/**
 * The dataset's own spelling and type of a column that a query names in any case.
 * An unknown name is a refusal that offers the nearest names.
 */
export function findColumn({ dataset, selection }: QueryContext, wanted: string): NamedColumn {
  const exact = selection.columns.get(wanted);
  if (exact) return { name: wanted, type: exact };
  const lower = wanted.toLowerCase();
  for (const [name, type] of selection.columns) if (name.toLowerCase() === lower) return { name, type };
  throw queryErrors.unknownColumn({
    column: wanted,
    dataset: dataset.name,
    nearest: nearestNames(wanted, [...selection.columns.keys()]),
  });
}

/** A column, or the text under a key of a JSON column. The key is a bound value, never part of the statement. */
export function fieldOf(context: QueryContext, operand: Operand): Field {
  const column = findColumn(context, 'tag' in operand ? context.dataset.roles.tags : operand.column);
  const key = 'tag' in operand ? operand.tag : operand.key;
  if (key === undefined) return { sql: identifier(column.name), type: column.type, label: column.name };
  if (column.type !== 'json') throw queryErrors.notJson({ column: column.name, type: column.type, key });
  return { sql: keySql(context, column.name, key), type: 'key', label: `${column.name}[${key}]` };
}

function keySql(context: QueryContext, column: string, key: string): string {
  const { keys } = context;
  const pair = JSON.stringify([column, key]);
  const known = keys?.get(pair);
  if (known) return known.name;
  const sql = `json_extract_string(${identifier(column)}, ${bind(context, jsonPointer(key))})`;
  if (!keys) return sql;
  const read = { name: `key${keys.size}`, sql };
  keys.set(pair, read);
  return read.name;
}

/** RFC 6901: unlike a path `$."key"` it can name any key, whatever quotes, dots or stars are in it. */
function jsonPointer(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
