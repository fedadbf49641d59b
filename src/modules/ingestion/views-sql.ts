import {
  type ColumnType,
  type Engine,
  fileLiteral,
  identifier,
  literal,
  type Selection,
} from '../../platform/warehouse/index.ts';
import type { NativeColumn } from './convert/native-columns.ts';

/**
 * The rows of a selection as other clients read them: JSON columns have the type JSON (0.1 µs a value, paid only when the
 * column is read); a text that is no JSON becomes a JSON string instead of failing the query.
 */
export function datasetView(selection: Selection): string {
  const columns = [...selection.columns].map(([name, type]) => columnSql(name, type));
  return `select\n  ${columns.join(',\n  ')}\nfrom ${selection.relation}`;
}

function columnSql(name: string, type: ColumnType): string {
  const column = identifier(name);
  return type === 'json' ? `coalesce(try_cast(${column} as json), to_json(${column})) as ${column}` : column;
}

/** Native files with the same columns, and which of their rows are meant. */
export interface NativePart {
  readonly paths: readonly string[];
  readonly columns: readonly NativeColumn[];
  /** SQL over the native row; undefined: all rows. */
  readonly where: string | undefined;
}

/** The bill's rows as the provider delivered them, under its own column names. */
export function nativeView(parts: readonly NativePart[]): string {
  const mixed = mixedColumns(parts);
  return parts.map((part) => nativeSelect(part, mixed)).join('\nunion all by name\n');
}

function nativeSelect({ paths, columns, where }: NativePart, mixed: ReadonlySet<string>): string {
  const names = columns.map(({ name }) =>
    mixed.has(name.toLowerCase()) ? `${identifier(name)}::varchar as ${identifier(name)}` : identifier(name),
  );
  const filter = where === undefined ? '' : `\nwhere ${where}`;
  return `select\n  ${names.join(',\n  ')}\nfrom read_parquet([${paths.map(fileLiteral).join(', ')}], union_by_name = false, hive_partitioning = false)${filter}`;
}

/** Columns whose type differs between the files of a month: they are shown as text. */
function mixedColumns(parts: readonly NativePart[]): Set<string> {
  const types = new Map<string, string>();
  const mixed = new Set<string>();
  for (const { name, type } of parts.flatMap(({ columns }) => columns)) {
    const key = name.toLowerCase();
    if ((types.get(key) ?? type) !== type) mixed.add(key);
    types.set(key, type);
  }
  return mixed;
}

/** The one row that says what the views show. */
export function generationView({
  generation,
  root,
}: {
  readonly generation: number;
  readonly root: string;
}): string {
  return `select ${generation}::bigint as generation, ${literal(root)} as root`;
}

/** The provider that most of the first rows name in the given columns, of which the first that is not null counts. */
export async function commonProvider(
  engine: Engine,
  selection: Selection,
  columns: readonly string[],
): Promise<string | null> {
  const [row] = await engine.rows(`select provider, count(*) as rows
from (
  select coalesce(${columns.map(identifier).join(', ')}) as provider
  from ${selection.relation}
  limit 10000
)
where provider is not null
group by provider
order by rows desc, provider
limit 1`);
  return (row?.['provider'] ?? null) as string | null;
}
