import { noCurrency } from '../../platform/kernel/index.ts';
import {
  type Dataset,
  type Engine,
  fileLiteral,
  identifier,
  literal,
  type Row,
  type Session,
} from '../../platform/warehouse/index.ts';
import { timestampCell, unreadableDecimal, unreadableTimestamp } from './convert/cells.ts';
import type { Converter } from './convert/converter.ts';
import type { NativeColumn, NativeColumns } from './convert/native-columns.ts';

/** Rows of a row group: few enough that converting hundreds of wide columns stays below 500 MB (design.md section 8). */
const rowGroupSize = 30_720;

/** Level 1 of zstd: a tenth faster and no larger than its default on bills. Written straight to its name, which the writer removes on failure: a temporary name of DuckDB's would stay behind. */
const parquetOptions = `format parquet, compression zstd, compression_level 1, row_group_size ${rowGroupSize}, use_tmp_file false`;

/** The columns of a Parquet file with their DuckDB types. */
export async function describeParquet(
  engine: Pick<Engine, 'rows'>,
  file: { readonly path: string },
): Promise<NativeColumn[]> {
  const rows = await engine.rows(
    `describe select * from read_parquet(${fileLiteral(file.path)}, hive_partitioning = false)`,
  );
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
}

/** Rows of a Parquet file, from its footer. */
export async function countParquet(session: Pick<Engine, 'rows'>, path: string): Promise<number> {
  const [row] = await session.rows(`select num_rows as n from parquet_file_metadata(${fileLiteral(path)})`);
  return Number(row?.['n']);
}

/** Reads every value of a Parquet file; fails where one cannot be unpacked. */
export async function scanParquet(session: Pick<Engine, 'rows'>, path: string): Promise<void> {
  await session.rows(`select max(hash(columns(*))) from read_parquet(${fileLiteral(path)})`);
}

/** How a CSV is read, always the same: the dialect is forced, never sniffed. */
export interface CsvReading {
  readonly path: string;
  readonly gzip: boolean;
  readonly columns: readonly NativeColumn[];
  /** SQL of the texts that mean null. */
  readonly nullTexts: string;
}

function readCsv(reading: CsvReading): string {
  const columns = reading.columns.map((column) => `${literal(column.name)}: 'VARCHAR'`).join(', ');
  return `read_csv(${fileLiteral(reading.path)}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"',
  allow_quoted_nulls = false, nullstr = ${reading.nullTexts}, compression = ${literal(reading.gzip ? 'gzip' : 'none')},
  columns = {${columns}})`;
}

/** Copies a CSV into Parquet, every column as text, rows in their order; the number of rows. */
export function stageCsv(
  session: Pick<Engine, 'rows'>,
  reading: CsvReading,
  target: string,
): Promise<number> {
  return copy(session, `copy (select * from ${readCsv(reading)}) to ${literal(target)} (${parquetOptions})`);
}

/** Writes the result of a SELECT as a Parquet file of the lake; the number of rows. */
export function writeParquet(session: Pick<Engine, 'rows'>, select: string, target: string): Promise<number> {
  return copy(session, `copy (${select}) to ${literal(target)} (${parquetOptions})`);
}

async function copy(session: Pick<Engine, 'rows'>, statement: string): Promise<number> {
  const [row] = await session.rows(statement);
  return Number(row?.['Count']);
}

/** The rows of a staged file as they came, numbered from 1. */
function nativeRows(staged: string): string {
  return `(select *, file_row_number + 1 as centrail_row from read_parquet(${fileLiteral(staged)}, file_row_number = true)) as scan`;
}

/** A cell that holds no value of its kind. */
export interface UnreadableCell {
  readonly row: number;
  readonly field: string;
  readonly value: string;
  readonly rule: 'unreadable-number' | 'unreadable-date';
}

/** Counts the unreadable cells of each number and date column in one scan; only then looks for the rows, `limit` at most. */
export async function findUnreadableCells(
  session: Session,
  file: {
    readonly staged: string;
    readonly native: NativeColumns;
    readonly converter: Converter;
    readonly limit: number;
  },
): Promise<UnreadableCell[]> {
  const checks = cellChecks(file.native, file.converter);
  if (checks.length === 0) return [];
  const from = `read_parquet(${fileLiteral(file.staged)}, file_row_number = true)`;
  const counts = checks.map(({ where }, index) => `count(*) filter (where ${where}) as c${index}`);
  const [counted] = await session.rows(`select ${counts.join(', ')} from ${from}`);
  const found: UnreadableCell[] = [];
  for (const [index, { name, rule, where, text }] of checks.entries()) {
    if (Number(counted?.[`c${index}`]) === 0) continue;
    const rows = await session.rows(
      `select file_row_number + 1 as row, ${text} as value from ${from} where ${where} order by 1 limit ${file.limit}`,
    );
    found.push(
      ...rows.map((row) => ({ row: Number(row['row']), field: name, value: String(row['value']), rule })),
    );
  }
  return found.sort((a, b) => a.row - b.row);
}

interface CellCheck {
  readonly name: string;
  readonly rule: UnreadableCell['rule'];
  readonly text: string;
  readonly where: string;
}

function cellChecks(native: NativeColumns, converter: Converter): CellCheck[] {
  const check = (rule: UnreadableCell['rule'], name: string, unreadable: string, when?: string) => ({
    name: native.find(name)?.name ?? name,
    rule,
    text: native.text(name),
    where: when === undefined ? unreadable : `${when} and ${unreadable}`,
  });
  const numbers = new Map(converter.numbers.map((number) => [number.name, number]));
  const times = new Set(converter.times);
  return [
    ...[...numbers.values()]
      .filter(({ name }) => !isNumber(native.find(name)?.type))
      .map(({ name, when }) => check('unreadable-number', name, unreadableDecimal(native.text(name)), when)),
    ...[...times]
      .filter((name) => !/^(DATE|TIMESTAMP)/.test(native.find(name)?.type ?? 'DATE'))
      .map((name) =>
        check('unreadable-date', name, unreadableTimestamp(native.text(name), converter.dateOrder)),
      ),
  ];
}

/**
 * Numbers of these types are readable whatever they are: doubles may be NaN, bytes may be any text, and a wider number may
 * not fit. Absent columns have no cells.
 */
function isNumber(type: string | undefined): boolean {
  if (type === undefined || /^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/.test(type)) return true;
  const [, width, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  return width !== undefined && Number(width) - Number(scale) <= 26;
}

/** A billing month and currency as the rows label them, with what else the gate needs to know of them. */
export interface MonthOfFile {
  readonly period: string | null;
  readonly currency: string;
  readonly rows: number;
  /** Rows with a cost and without an invoice: 0, beside rows with one, when the provider has closed the month. */
  readonly openRows: number;
  /** Rows that name an invoice. */
  readonly invoicedRows: number;
  /** Rows with a period that ends before it starts. */
  readonly backwardRows: number;
}

/** The months and currencies of a staged file, the given rows left out. */
export async function findMonths(
  session: Session,
  file: { readonly staged: string; readonly native: NativeColumns; readonly converter: Converter },
  without: readonly number[] = [],
): Promise<MonthOfFile[]> {
  const { converter } = file;
  const cost = nativeCostOf(converter);
  const rest = without.length === 0 ? '' : ` where not ${inRows(without)}`;
  const backward = intervalsOf(file.native, converter).map(({ runsBackwards }) => runsBackwards);
  const rows =
    await session.rows(`select try(${converter.period}) as period, ${converter.currency} as currency,
  count(*) as rows, count(*) filter (where ${converter.invoiced}) as invoiced, count(*) filter (where not (${converter.invoiced}) and coalesce(try(${cost}), 1) <> 0) as open,
  count(*) filter (where ${backward.length === 0 ? 'false' : backward.join(' or ')}) as backward
from ${nativeRows(file.staged)}${rest} group by 1, 2 order by 1, 2`);
  return rows.map((row) => ({
    period: row['period'] as string | null,
    currency: String(row['currency']),
    rows: Number(row['rows']),
    openRows: Number(row['open']),
    invoicedRows: Number(row['invoiced']),
    backwardRows: Number(row['backward']),
  }));
}

/** Rows without a billing month, `limit` at most. */
export async function findUnlabelledRows(
  session: Session,
  staged: string,
  converter: Converter,
  limit: number,
): Promise<number[]> {
  const rows = await session.rows(
    `select centrail_row as row from ${nativeRows(staged)} where try(${converter.period}) is null order by 1 limit ${limit}`,
  );
  return rows.map((row) => Number(row['row']));
}

/** The first row whose currency is none of ISO 4217's. */
export async function firstRowWithCurrency(
  session: Session,
  staged: string,
  converter: Converter,
  currency: string,
): Promise<number> {
  const [row] = await session.rows(
    `select min(centrail_row) as row from ${nativeRows(staged)} where ${converter.currency} = $1`,
    [currency],
  );
  return Number(row?.['row']);
}

/** Accounts that are billed in several currencies in one month: none in a sound bill. */
export async function findMixedCurrencies(
  session: Session,
  staged: string,
  converter: Converter,
  period: string,
): Promise<Row | undefined> {
  const [row] = await session.rows(
    `select account, min(row) as first, max(row) as row, string_agg(currency, ', ' order by row) as currencies from (
  select ${converter.account} as account, ${converter.currency} as currency, min(centrail_row) as row
  from ${nativeRows(staged)} where try(${converter.period}) = $1 group by 1, 2
) group by 1 having count(distinct currency) > 1 order by 1 limit 1`,
    [period],
  );
  return row;
}

/** The first row whose period runs backwards. */
export async function findNegativePeriod(
  session: Session,
  staged: string,
  native: NativeColumns,
  converter: Converter,
): Promise<Row | undefined> {
  for (const { start, end, runsBackwards } of intervalsOf(native, converter)) {
    const [row] = await session.rows(
      `select centrail_row as row, ${native.text(start)} as start, ${native.text(end)} as end from ${nativeRows(staged)} where ${runsBackwards} order by 1 limit 1`,
    );
    if (row) return { ...row, field: native.find(end)?.name ?? end };
  }
  return undefined;
}

function intervalsOf(native: NativeColumns, converter: Converter) {
  return converter.intervals.map(([start, end]) => {
    const [from, to] = [start, end].map((name) => timestampCell(native.text(name), converter.dateOrder));
    return { start, end, runsBackwards: `try(${to} < ${from})` };
  });
}

/** The first non-empty values of the date columns, to tell in which order the file writes its dates. */
export async function sampleDates(
  session: Session,
  staged: string,
  native: NativeColumns,
  names: readonly string[],
): Promise<Row[]> {
  const columns = names.map((name) => `${native.text(name)} as ${identifier(name)}`).join(', ');
  return session.rows(`select distinct ${columns} from read_parquet(${fileLiteral(staged)}) limit 1000`);
}

/** Σ of what was written, per currency and kind of row: the converted side of the gate. */
export function convertedSums(session: Session, files: readonly string[], dataset: Dataset): Promise<Row[]> {
  const from = `read_parquet([${files.map(fileLiteral).join(', ')}], union_by_name = true)`;
  if (dataset.name === 'cost') {
    const sums = dataset.roles.costs.map((cost) => `sum(${cost}) as ${cost}`).join(', ');
    return session.rows(`select BillingCurrency as currency, x_Part as part, x_CostRule as rule, ${bridgePart} as bridge,
  CommitmentDiscountType as commitment, count(*) as rows, ${sums}
from ${from} group by all order by all`);
  }
  const { currency, costs } = dataset.roles;
  const stored = dataset.columns.some(({ name }) => name === currency)
    ? identifier(currency)
    : literal(noCurrency);
  const [cost] = costs;
  const sum =
    cost === undefined
      ? ''
      : `, sum(${identifier(cost)}) as BilledCost, sum(${identifier(cost)}) as ${identifier(cost)}`;
  return session.rows(
    `select ${stored} as currency, x_Part as part, count(*) as rows${sum} from ${from} group by 1, 2 order by 1, 2`,
  );
}

/** Which line of the bridge from BilledCost to EffectiveCost a row belongs to: SQL over a row of the cost dataset. */
export const bridgePart = `case
    when CommitmentDiscountStatus = 'Used' then 'commitment-used'
    when CommitmentDiscountStatus = 'Unused' then 'commitment-unused'
    when ChargeCategory = 'Purchase' and CommitmentDiscountId is not null then 'commitment-purchases'
    when ChargeCategory = 'Purchase' and EffectiveCost = 0 then 'prepaid-purchases'
    when ChargeCategory = 'Usage' and BilledCost = 0 and PricingCurrency is not null and PricingCurrency <> BillingCurrency then 'prepaid-used'
    else 'as-billed' end`;

/** Rows of a staged file with a net cost, and rows with a gross cost alone. */
export async function countNetCosts(
  session: Session,
  staged: string,
  costs: { readonly net: string; readonly gross: string },
): Promise<{ readonly net: number; readonly grossAlone: number }> {
  const { net, gross } = costs;
  const [row] = await session.rows(
    `select count(${net}) as net, count(*) filter (where ${net} is null and ${gross} is not null and coalesce(try_cast(${gross} as double), 1) <> 0) as alone from read_parquet(${fileLiteral(staged)})`,
  );
  return { net: Number(row?.['net']), grossAlone: Number(row?.['alone']) };
}

/** Native cost of the given rows per month and currency; unreadable costs count 0. `moneys`: further texts of amounts. */
export function costOfRows(
  session: Session,
  file: { readonly staged: string; readonly converter: Converter; readonly moneys: readonly string[] },
  rows: readonly number[],
): Promise<Row[]> {
  const { staged, converter, moneys } = file;
  const cost = nativeCostOf(converter);
  const costly = [
    `coalesce(try(${cost}), 0) <> 0`,
    ...moneys.map((text) => `coalesce(try_cast(${text} as double), 0) <> 0`),
  ].join(' or ');
  return session.rows(`select try(${converter.period}) as period, ${converter.currency} as currency, count(*) as rows, count(*) filter (where ${costly}) as costly,
  sum(coalesce(try(${cost}), 0)) as cost
from ${nativeRows(staged)} where ${inRows(rows)} group by 1, 2`);
}

/** SQL that is true for the given rows of a staged file. */
export function inRows(rows: readonly number[]): string {
  return `centrail_row in (${rows.join(', ')})`;
}

/** Writes the rows that are left out, whole and as they were, with the rule that kept them out. */
export function quarantineSelect(
  staged: string,
  place: { readonly file: string; readonly fileNumber: number; readonly importId: string },
  cells: readonly {
    readonly row: number;
    readonly rule: string;
    readonly field: string;
    readonly value: string;
  }[],
): string {
  const values = cells
    .map(({ row, rule, field, value }) => `(${row}, ${literal(rule)}, ${literal(field)}, ${literal(value)})`)
    .join(', ');
  return `select ${literal(place.importId)} as x_ImportId, ${literal(place.file)} as x_SourceFile, ${place.fileNumber}::bigint as x_SourceFileNumber,
  q.centrail_row::bigint as x_SourceRow, q.rule as Rule, q.field as Field, q.value as "Value", to_json(n)::varchar as "Row"
from (values ${values}) as q(centrail_row, rule, field, value)
join (select *, file_row_number + 1 as centrail_row from read_parquet(${fileLiteral(staged)}, file_row_number = true)) as n using (centrail_row)
order by 4`;
}

function nativeCostOf(converter: Converter): string {
  return converter.columns.find(({ column }) => column === 'x_NativeCost')?.rules.at(-1)?.value ?? '0';
}
