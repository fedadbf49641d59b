import { join } from 'node:path';
import { type Scope, seesSource } from '../kernel/index.ts';
import type { ColumnType, Dataset, Selection } from './dataset.ts';
import { fileLiteral, identifier, literal } from './engine.ts';
import type { SnapshotEntry } from './manifest.ts';
import { isOwned, scopeSql } from './scope.ts';

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  string: 'varchar',
  decimal: 'decimal(38,12)',
  timestamp: 'timestamp',
  json: 'varchar',
  integer: 'bigint',
  boolean: 'boolean',
};

/** The DuckDB type that stores a column type: money and quantities are DECIMAL(38,12), times are UTC timestamps. */
export function sqlType(type: ColumnType): string {
  return sqlTypes[type];
}

/** A snapshot with the source of its partition. */
interface SourceSnapshot {
  readonly source: string;
  readonly entry: SnapshotEntry;
}

/**
 * A table expression over the files of those snapshots that the scope shows, with the scope as a condition on every row:
 * the relation cannot be read without it, and a file that lies under a wrong source shows nothing. Refuses as `sourcesIn`.
 *
 * Files with the same extra columns are read together, so that DuckDB opens a file only when it reads it (`union_by_name`
 * would open every file while binding); missing columns are null.
 */
export function selectFiles(input: {
  readonly scope: Scope;
  readonly root: string;
  readonly dataset: Dataset;
  readonly snapshots: readonly SourceSnapshot[];
  readonly generation: number;
}): Selection {
  const { scope, root, dataset } = input;
  const condition = scopeSql(dataset, scope, literal);
  const entries = input.snapshots
    .filter(({ source }) => isOwned(dataset) || seesSource(scope, source))
    .map(({ entry }) => entry);
  const extras = extrasOf(dataset, entries);
  const columns = new Map<string, ColumnType>([
    ...dataset.columns.map((column): [string, ColumnType] => [column.name, column.type]),
    ...dataset.derived.map((column): [string, ColumnType] => [column.name, column.type]),
    ...extras.map((name): [string, ColumnType] => [name, 'string']),
  ]);
  const files = entries.flatMap((entry) => entry.files);
  return {
    relation: relationOf({ root, dataset, condition }, entries, extras),
    columns,
    currencies: [...new Set(entries.flatMap((entry) => entry.currencies))].sort(),
    generation: input.generation,
    files: files.length,
    rows: files.reduce((sum, file) => sum + file.rows, 0),
  };
}

/** The extra columns of all entries. SQL knows no case: `x_Team` and `x_team` are one column, and none of ours is taken. */
function extrasOf(dataset: Dataset, entries: readonly SnapshotEntry[]): string[] {
  const taken = new Set([...dataset.columns, ...dataset.derived].map(({ name }) => name.toLowerCase()));
  const extras: string[] = [];
  for (const name of entries.flatMap((entry) => entry.extraColumns).sort()) {
    if (taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    extras.push(name);
  }
  return extras;
}

function relationOf(
  {
    root,
    dataset,
    condition,
  }: { readonly root: string; readonly dataset: Dataset; readonly condition: string | undefined },
  entries: readonly SnapshotEntry[],
  extras: readonly string[],
): string {
  const derived = dataset.derived.map((column) => `, ${column.sql} as ${identifier(column.name)}`).join('');
  const groups = new Map<string, SnapshotEntry[]>();
  for (const entry of entries) {
    if (entry.files.length === 0) continue;
    const key = entry.extraColumns.join('\n').toLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  if (groups.size === 0) return `(select *${derived} from (${emptyRelation(dataset)}))`;
  const where = condition === undefined ? '' : ` where ${condition}`;
  const parts = [...groups.values()].map((group) => {
    const present = new Set(group[0]?.extraColumns.map((name) => name.toLowerCase()));
    const names = [
      ...dataset.columns.map((column) => identifier(column.name)),
      ...extras.map((name) =>
        present.has(name.toLowerCase())
          ? `${identifier(name)} as ${identifier(name)}`
          : `null::varchar as ${identifier(name)}`,
      ),
    ];
    const paths = group.flatMap((entry) => entry.files.map((file) => fileLiteral(join(root, file.path))));
    return `select ${names.join(', ')} from read_parquet([${paths.join(', ')}], union_by_name = false, hive_partitioning = false)${where}`;
  });
  return derived === '' && parts.length === 1
    ? `(${parts[0]})`
    : `(select *${derived} from (${parts.join('\nunion all by name\n')}))`;
}

function emptyRelation(dataset: Dataset): string {
  const columns = dataset.columns.map(
    (column) => `null::${sqlType(column.type)} as ${identifier(column.name)}`,
  );
  return `select ${columns.join(', ')} where false`;
}
