import type { ColumnType } from '../../platform/warehouse/index.ts';
import { identifier, literal, sqlType } from '../../platform/warehouse/index.ts';
import { type QualityCheck, qualityChecks } from './check.ts';
import { storedVersion } from './column.ts';
import { columnsIn } from './standard.ts';

/**
 * One scan that answers every quality check: a row per BillingCurrency and ServiceProviderName with `currency`, `provider`
 * and, per check i, `rows_i` and `cost_i` (the sum of its cost over the rows found). Left out: a check on a column that the
 * relation lacks.
 *
 * @param relation a table expression with the columns of the cost dataset
 * @param columns the columns that it has
 */
export function compileQualityChecks(
  relation: string,
  columns: { readonly has: (name: string) => boolean },
): string {
  const asked = [...qualityChecks.entries()].filter(([, check]) =>
    columnsOfCheck(check).every((name) => columns.has(name)),
  );
  const has = (name: string): string => (columns.has(name) ? name : `null::varchar as ${name}`);
  const costs = ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'].filter((cost) =>
    columns.has(cost),
  );
  // Each condition is evaluated once per row, then counted and summed by.
  const flags = asked.map(([index, check]) => `    (${check.where}) as broken_${index}`);
  const answers = asked.flatMap(([index, check]) => [
    `  count(*) filter (where broken_${index}) as rows_${index}`,
    `  sum(${check.cost}) filter (where broken_${index}) as cost_${index}`,
  ]);
  return [
    'with judged as (',
    '  select',
    [has('BillingCurrency'), has('ServiceProviderName'), ...costs].map((name) => `    ${name},`).join('\n'),
    flags.join(',\n'),
    `  from ${relation}`,
    ')',
    'select',
    ['  BillingCurrency as currency', '  ServiceProviderName as provider', ...answers].join(',\n'),
    'from judged',
    'group by BillingCurrency, ServiceProviderName',
    'order by BillingCurrency, ServiceProviderName',
  ].join('\n');
}

const columnNames = columnsIn(storedVersion).map((column) => column.name);

/** The columns of the standard that a check reads. */
function columnsOfCheck(check: QualityCheck): string[] {
  const words = new Set(check.where.match(/\w+/g));
  return columnNames.filter((name) => words.has(name) || name === check.cost);
}

/** A column of an export: its name, its type, and where its value comes from (stored columns, the first that is not null). */
export interface ExportColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Names or SQL of stored values; none = the stored rows have nothing for it. */
  readonly from: readonly string[];
}

/** Writes the export: rows of the relation in their order, columns as planned, to a file that does not exist yet. */
export function compileExport(
  relation: string,
  columns: readonly ExportColumn[],
  target: { readonly format: 'csv' | 'parquet'; readonly verbatim: boolean; readonly file: string },
): string {
  const cells = columns.map((column) => {
    const value = exportValue(column);
    const cell =
      target.format === 'csv'
        ? csvCell(value, column.type, target.verbatim)
        : parquetCell(value, column.type);
    return `    ${cell} as ${identifier(column.name)}`;
  });
  const options =
    target.format === 'csv'
      ? `format csv, header true, delimiter ',', quote '"', escape '"', nullstr ''`
      : // Small row groups: a wide export of many months would hold hundreds of megabytes otherwise.
        'format parquet, compression zstd, row_group_size 30720';
  return [
    'copy (',
    '  select',
    cells.join(',\n'),
    `  from ${relation}`,
    `) to ${literal(target.file)} (${options})`,
  ].join('\n');
}

/**
 * What an export loses or lacks, in one scan, a row per BillingCurrency: `rows`; `lost_i` and `lostCost_i` of values in stored
 * columns that are left out; `null_i` and `nullCost_i` of empty values in exported columns; `guarded` cells.
 */
export function compileExportReport(
  relation: string,
  lost: readonly LeftOut[],
  demanded: readonly ExportColumn[],
  guarded: readonly ExportColumn[],
): string {
  const answers = [
    ...lost.flatMap((column, index) => countCells(leftOut(column), 'lost', index)),
    ...demanded.flatMap((column, index) => countCells(`${exportValue(column)} is null`, 'null', index)),
    `  ${guarded.map((column) => `count(*) filter (where ${beginsLikeFormula(exportValue(column))})`).join(' + ') || '0'} as guarded`,
  ];
  return [
    'select',
    ['  BillingCurrency as currency', '  count(*) as rows', ...answers].join(',\n'),
    `from ${relation}`,
    'group by BillingCurrency',
    'order by BillingCurrency',
  ].join('\n');
}

/** A stored column that an export leaves out, and the exported column that carries the same value, if one does. */
export interface LeftOut {
  readonly name: string;
  readonly carrier?: ExportColumn | undefined;
}

function leftOut({ name, carrier }: LeftOut): string {
  const value = identifier(name);
  const present = `${value} is not null`;
  return carrier ? `${present} and ${value} is distinct from ${exportValue(carrier)}` : present;
}

function countCells(where: string, what: string, index: number): string[] {
  return [
    `  count(*) filter (where ${where}) as ${what}_${index}`,
    `  sum(BilledCost) filter (where ${where}) as ${what}Cost_${index}`,
  ];
}

function exportValue(column: ExportColumn): string {
  const type = sqlType(column.type);
  const [first, ...others] = column.from;
  if (first === undefined) return `null::${type}`;
  if (others.length === 0) return `${first}::${type}`;
  return `coalesce(${column.from.map((value) => `${value}::${type}`).join(', ')})`;
}

function csvCell(value: string, type: ColumnType, verbatim: boolean): string {
  switch (type) {
    case 'timestamp':
      return `case when microsecond(${value}) % 1000000 = 0 then strftime(${value}, '%Y-%m-%dT%H:%M:%SZ') else strftime(${value}, '%Y-%m-%dT%H:%M:%S.%fZ') end`;
    case 'decimal':
      // The text of decimal(38, 12) always has a point, so only decimals are trimmed.
      return `rtrim(rtrim((${value})::varchar, '0'), '.')`;
    case 'string':
    case 'json':
      // One function, not a case of several: a hundred columns of every source each hold their steps in memory.
      return verbatim ? value : `regexp_replace(${value}, '^[-=+@\\t\\r]', '''\\0')`;
    default:
      return value;
  }
}

/** Parquet marks a timestamp as an instant in UTC only when it has a time zone. */
function parquetCell(value: string, type: ColumnType): string {
  return type === 'timestamp' ? `${value} at time zone 'UTC'` : value;
}

/** Spreadsheets run a text that begins so as a formula, so a tag could act when the file is opened. */
function beginsLikeFormula(value: string): string {
  return `left(${value}, 1) in ('=', '+', '-', '@', chr(9), chr(13))`;
}
