import {
  type ColumnType,
  type DatasetColumn,
  identifier,
  literal,
  type Session,
  type SqlValue,
} from '../../platform/warehouse/index.ts';

/** How a file is written. */
export interface FileForm {
  readonly format: 'csv' | 'parquet';
  /** CSV: leaves text as it is that a spreadsheet would run as a formula. */
  readonly verbatim: boolean;
  readonly file: string;
}

/** Writes the columns of a relation to a file: CSV with UTC times and plain decimals, or Parquet with zstd. How many rows. */
export async function copyToFile(
  session: Session,
  relation: string,
  columns: readonly DatasetColumn[],
  { format, verbatim, file, with: tables = '' }: FileForm & { readonly with?: string },
  values: readonly SqlValue[] = [],
): Promise<number> {
  const cells = columns.map(({ name, type }) => {
    const value = identifier(name);
    const cell = format === 'csv' ? csvCell(value, type, verbatim) : parquetCell(value, type);
    return `${cell} as ${identifier(name)}`;
  });
  const options =
    format === 'csv'
      ? `format csv, header true, delimiter ',', quote '"', escape '"', nullstr ''`
      : 'format parquet, compression zstd, row_group_size 30720';
  const [row] = await session.rows(
    `copy (
  ${tables}select ${cells.join(',\n    ')}
  from ${relation}
) to ${literal(file)} (${options})`,
    values,
  );
  return Number(row?.['Count'] ?? 0);
}

function csvCell(value: string, type: ColumnType, verbatim: boolean): string {
  switch (type) {
    case 'timestamp':
      return `case when microsecond(${value}) % 1000000 = 0 then strftime(${value}, '%Y-%m-%dT%H:%M:%SZ') else strftime(${value}, '%Y-%m-%dT%H:%M:%S.%fZ') end`;
    case 'decimal':
      // The text of decimal(38, 12) always has a point, so only decimals are trimmed.
      return `rtrim(rtrim(cast(cast(${value} as decimal(38,12)) as varchar), '0'), '.')`;
    case 'string':
    case 'json':
      return verbatim ? value : `regexp_replace(${value}, '^[-=+@\\t\\r\\n]', '''\\0')`;
    default:
      return value;
  }
}

/** Parquet marks a timestamp as an instant in UTC only when it has a time zone. */
function parquetCell(value: string, type: ColumnType): string {
  return type === 'timestamp' ? `${value} at time zone 'UTC'` : value;
}

/** The sums of a month per node (`nodes`) or per type of node (`types`), as a relation. */
export function sumsRelation(allocation: string, by: 'nodes' | 'types'): string {
  const keys = by === 'nodes' ? ['"NodeId"', '"NodeType"', '"ApplicationId"', '"EntityId"'] : ['"NodeType"'];
  const names =
    by === 'nodes' ? ', any_value("NodeName") as "NodeName", any_value("NodeLabels") as "NodeLabels"' : '';
  const count = by === 'types' ? ', count(distinct "NodeId") as "Nodes"' : '';
  return `(select "Graph", ${keys.join(', ')}${names}${count}, "BillingCurrency", sum("Direct") as "Direct", sum("Inflow") as "Inflow",
    sum("Holistic") as "Holistic", sum("Outflow") as "Outflow", sum("Retained") as "Retained", sum("Allocated") as "Allocated",
    sum("Unallocated") as "Unallocated"
  from ${allocation}
  group by "Graph", ${keys.join(', ')}, "BillingCurrency"
  order by "BillingCurrency", abs(sum("Retained")) desc, ${keys.join(', ')})`;
}

const amounts = ['Direct', 'Inflow', 'Holistic', 'Outflow', 'Retained', 'Allocated', 'Unallocated'].map(
  (name): DatasetColumn => ({ name, type: 'decimal' }),
);
const text = (name: string): DatasetColumn => ({ name, type: 'string' });

/** The columns of `sumsRelation`. */
export const sumsColumns: Readonly<Record<'nodes' | 'types', readonly DatasetColumn[]>> = {
  nodes: [
    ...['Graph', 'NodeId', 'NodeType', 'NodeName', 'ApplicationId', 'EntityId'].map(text),
    { name: 'NodeLabels', type: 'json' },
    text('BillingCurrency'),
    ...amounts,
  ],
  types: [
    text('Graph'),
    text('NodeType'),
    { name: 'Nodes', type: 'integer' },
    text('BillingCurrency'),
    ...amounts,
  ],
};

/** Puts rows of texts into a table of the session, with the types of its columns. */
export async function makeTable(
  session: Session,
  name: string,
  columns: readonly DatasetColumn[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const given = columns.map(({ name: column }) => `${identifier(column)} varchar`).join(', ');
  await session.run(`create or replace temp table ${name}_text (${given})`);
  const texts = columns.map((_, i) => rows.map((row) => row[i] ?? ''));
  await session.append(`${name}_text`, texts, rows.length);
  const cells = columns.map(({ name: column, type }) => {
    const value = `nullif(${identifier(column)}, '')`;
    const cast = type === 'decimal' ? 'decimal(38,12)' : type === 'integer' ? 'bigint' : 'varchar';
    return `cast(${value} as ${cast}) as ${identifier(column)}`;
  });
  await session.run(`create or replace temp table ${name} as
select ${cells.join(', ')}
from ${name}_text`);
}
