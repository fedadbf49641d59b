import { identifier, literal } from '../../../platform/warehouse/index.ts';

/** A column of the original file: its name as written, and the DuckDB type it was staged with. */
export interface NativeColumn {
  readonly name: string;
  readonly type: string;
}

/** Finds columns of a bill by name, ignoring case, blanks and punctuation, and writes the SQL that reads them. */
export interface NativeColumns {
  readonly all: readonly NativeColumn[];
  readonly has: (name: string) => boolean;
  /** The column as staged, or undefined. */
  readonly find: (name: string) => NativeColumn | undefined;
  /** The first of the named columns that exists, as text; 'cast(null as varchar)' when none does. Empty text is null. */
  readonly text: (...names: readonly string[]) => string;
  /** The value under a key of a MAP or JSON column, as text. */
  readonly entry: (column: string, key: string) => string;
  /** Columns whose name begins with the prefix (`resourceTags/`) in any case, with the rest of the name. */
  readonly under: (
    ...prefixes: readonly string[]
  ) => readonly { readonly column: NativeColumn; readonly rest: string }[];
}

/** `lineItem/UnblendedCost`, `line_item_unblended_cost` and `LineItem Unblended Cost` are one name. */
export function columnKey(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

export function nativeColumns(columns: readonly NativeColumn[]): NativeColumns {
  const byKey = new Map<string, NativeColumn>();
  for (const column of columns) {
    if (!byKey.has(columnKey(column.name))) byKey.set(columnKey(column.name), column);
  }
  const byName = new Map(columns.map((column) => [column.name, column]));
  // The exact name first: tags `cost-center` and `CostCenter` are two columns with one key.
  const find = (name: string) => byName.get(name) ?? byKey.get(columnKey(name));
  return {
    all: columns,
    find,
    has: (name) => find(name) !== undefined,
    text: (...names) => {
      const found = names.map(find).filter((column) => column !== undefined);
      if (found.length === 0) return 'cast(null as varchar)';
      const texts = found.map(asText);
      return texts.length === 1 ? (texts[0] as string) : `coalesce(${texts.join(', ')})`;
    },
    entry: (column, key) => {
      const found = find(column);
      if (!found) return 'cast(null as varchar)';
      if (found.type.startsWith('MAP'))
        return `nullif(${identifier(found.name)}[${literal(key)}]::varchar, '')`;
      const json = `case when json_valid(${identifier(found.name)}) then ${identifier(found.name)} end`;
      return found.type === 'VARCHAR'
        ? `nullif(json_extract_string(${json}, ${literal(`$."${key}"`)}), '')`
        : 'cast(null as varchar)';
    },
    under: (...prefixes) =>
      columns.flatMap((column) => {
        const lower = column.name.toLowerCase();
        const prefix = prefixes.find((candidate) => lower.startsWith(candidate.toLowerCase()));
        return prefix && column.name.length > prefix.length
          ? [{ column, rest: column.name.slice(prefix.length) }]
          : [];
      }),
  };
}

/**
 * A column as text, null when empty. Doubles give their shortest decimal (the text that reads back as the same double),
 * timestamps ISO text in UTC.
 */
function asText(column: NativeColumn): string {
  const name = identifier(column.name);
  if (column.type === 'VARCHAR') return `nullif(${name}, '')`;
  if (/^(MAP|STRUCT)|\[\]$/.test(column.type)) return `cast(to_json(${name}) as varchar)`;
  if (column.type === 'TIMESTAMP WITH TIME ZONE') return `cast(${name} at time zone 'UTC' as varchar)`;
  return `cast(${name} as varchar)`;
}
