import { addDecimal, type Decimal, tryParseDecimal, zero } from '../../platform/kernel/index.ts';
import { fileLiteral, identifier, literal, type Row, type Session } from '../../platform/warehouse/index.ts';
import type { NativeGroup } from './gate.ts';

/**
 * The second pass over the original file and its own cost column. It has its own SQL on purpose: it shares no function
 * with the conversion, so that a mistake of one shows as a difference.
 */

/** What to add up in the original. Names are the file's own column names; undefined where it has no such column. */
export interface NativePass {
  /** A table expression over the original (or its levelled text), as read for this pass alone. */
  readonly from: string;
  readonly cost: string;
  readonly period: string | undefined;
  readonly currency: string | undefined;
  /** The column that tells kinds of lines apart, for adjustments by named rule. */
  readonly kind: string | undefined;
}

/** A table expression that reads an original Parquet file for the second pass. */
export function parquetOriginal(path: string): string {
  return `read_parquet(${fileLiteral(path)}, hive_partitioning = false)`;
}

/** A table expression that reads an original CSV for the second pass: the named columns only, by position in the header. */
export function csvOriginal(path: string, gzip: boolean, header: readonly string[], nulls: string): string {
  const columns = header.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
  return `read_csv(${fileLiteral(path)}, columns = {${columns}}, auto_detect = false, delim = ',', quote = '"', escape = '"', header = true,
    compression = ${literal(gzip ? 'gzip' : 'none')}, nullstr = ${nulls}, allow_quoted_nulls = false)`;
}

/** Adds up the original. */
export async function nativeGroups(session: Session, pass: NativePass): Promise<NativeGroup[]> {
  const column = (name: string | undefined) =>
    name === undefined ? 'null::varchar' : `nullif(${identifier(name)}::varchar, '')`;
  // Each wide cast sees only the texts that need it, and is null for the others: it takes 100 times as long as a narrow one.
  const rows = await session.rows(`select period, currency, kind, count(*) as rows,
  sum(narrow) as narrow, sum(try_cast(unfit as decimal(38, 12))) as wide,
  sum(try(try_cast(fine as decimal(38, 26)) - coalesce(narrow, try_cast(unfit as decimal(38, 12))))) as rounding,
  count(*) filter (where contains(amount, '_') or (unfit is not null and try_cast(unfit as decimal(38, 12)) is null)) as unreadable
from (
  select *, case when narrow is null then amount end as unfit,
    case when narrow is null or length(amount) - strpos(amount, '.') > 12 or contains(lower(amount), 'e') then amount end as fine
  from (
    -- DuckDB 1.5 makes 0.000000000001 of 9e-20; an exponent that small leaves nothing at 12 decimals.
    select *, case when contains(lower(amount), 'e-') and abs(try_cast(amount as double)) < 3e-13 then 0::decimal(18, 12)
      else try_cast(amount as decimal(18, 12)) end as narrow
    from (select ${column(pass.period)} as period, ${column(pass.currency)} as currency, ${column(pass.kind)} as kind, ${column(pass.cost)} as amount from ${pass.from})
  )
)
group by 1, 2, 3
order by 1, 2, 3`);
  return rows.map((row) => ({
    period: row['period'] as string | null,
    currency: row['currency'] as string | null,
    kind: row['kind'] as string | null,
    rows: Number(row['rows']),
    cost: addDecimal(decimalOf(row, 'narrow'), decimalOf(row, 'wide')),
    rounding: decimalOf(row, 'rounding'),
    unreadable: Number(row['unreadable']),
  }));
}

function decimalOf(row: Row, name: string): Decimal {
  return tryParseDecimal(String(row[name] ?? '0')) ?? zero;
}
