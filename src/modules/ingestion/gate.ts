import {
  addDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  parseDecimal,
  subtractDecimal,
  tryParseDecimal,
  zero,
} from '../../platform/kernel/index.ts';
import { identifier, literal, type Row, type Session } from '../../platform/warehouse/index.ts';

/**
 * The other side of the reconciliation: a second pass over the original file and its own cost column.
 * It shares no function with the conversion, so that a mistake of one shows as a difference.
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

/** One group of the original: raw labels, rows, the sum of costs rounded at 12 decimals, and what rounding took. */
export interface NativeGroup {
  readonly period: string | null;
  readonly currency: string | null;
  readonly kind: string | null;
  readonly rows: number;
  readonly cost: Decimal;
  readonly rounding: Decimal;
  /** Rows whose cost is no number; they count 0 here and are quarantined there. */
  readonly unreadable: number;
}

/** A table expression that reads an original Parquet file for the second pass. */
export function parquetOriginal(path: string): string {
  return `read_parquet(${literal(path)})`;
}

/** A table expression that reads an original CSV for the second pass: the named columns only, by position in the header. */
export function csvOriginal(path: string, gzip: boolean, header: readonly string[], nulls: string): string {
  const columns = header.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
  return `read_csv(${literal(path)}, columns = {${columns}}, auto_detect = false, delim = ',', quote = '"', escape = '"', header = true,
    compression = ${literal(gzip ? 'gzip' : 'none')}, nullstr = ${nulls}, allow_quoted_nulls = false)`;
}

/** Adds up the original. */
export async function nativeGroups(session: Session, pass: NativePass): Promise<NativeGroup[]> {
  const column = (name: string | undefined) =>
    name === undefined ? 'null::varchar' : `nullif(${identifier(name)}::varchar, '')`;
  const rows = await session.rows(`select period, currency, kind, count(*) as rows,
  sum(narrow) as narrow, sum(case when narrow is null then try_cast(amount as decimal(38, 12)) end) as wide,
  sum(case when narrow is not null and length(amount) - strpos(amount, '.') <= 12 and not contains(amount, 'e') and not contains(amount, 'E') then 0::decimal(38, 26)
    else try_cast(amount as decimal(38, 26)) - try_cast(amount as decimal(38, 12)) end) as rounding,
  count(*) filter (where amount is not null and (contains(amount, '_') or (narrow is null and try_cast(amount as decimal(38, 12)) is null))) as unreadable
from (
  select *, try_cast(amount as decimal(18, 12)) as narrow
  from (select ${column(pass.period)} as period, ${column(pass.currency)} as currency, ${column(pass.kind)} as kind, ${column(pass.cost)} as amount from ${pass.from})
)
group by 1, 2, 3`);
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

/** Kinds of native lines whose cost is not billed as such, each with the rule that says why. */
const adjustedKinds: Readonly<Record<string, string>> = {
  SavingsPlanCoveredUsage: 'savings-plan-covered-usage',
  SavingsPlanNegation: 'savings-plan-negation',
};

export interface Adjustment {
  readonly rule: string;
  readonly amount: string;
}

/** Native cost that BilledCost does not hold, by named rule. Only lines of a CUR have kinds. */
export function adjustmentsOf(groups: readonly NativeGroup[]): Adjustment[] {
  const sums = new Map<string, Decimal>();
  for (const { kind, cost } of groups) {
    const rule = kind === null ? undefined : adjustedKinds[kind];
    if (rule !== undefined) sums.set(rule, addDecimal(sums.get(rule) ?? zero, cost));
  }
  return [...sums].map(([rule, amount]) => ({ rule, amount: formatDecimal(amount) }));
}

/** One identity that must hold, and by how much it does not. */
export interface Identity {
  readonly rule: string;
  readonly difference: string;
}

/**
 * The identities of one month and currency (design.md section 4):
 * rows read + synthesised = written + quarantined, and native = billed + adjustments + quarantined cost.
 */
export function checkIdentities(books: {
  readonly rowsRead: number;
  readonly rowsSynthesised: number;
  readonly rowsWritten: number;
  readonly rowsQuarantined: number;
  readonly nativeCost: Decimal;
  readonly billedCost: Decimal;
  readonly adjustments: readonly Adjustment[];
  readonly quarantinedCost: Decimal;
}): { readonly unexplained: Decimal; readonly broken: Identity[] } {
  const rows = books.rowsRead + books.rowsSynthesised - books.rowsWritten - books.rowsQuarantined;
  let unexplained = subtractDecimal(
    subtractDecimal(books.nativeCost, books.billedCost),
    books.quarantinedCost,
  );
  for (const { amount } of books.adjustments)
    unexplained = subtractDecimal(unexplained, parseDecimal(amount));
  const broken: Identity[] = [];
  if (rows !== 0)
    broken.push({ rule: 'rows read + synthesised = written + quarantined', difference: `${rows} row(s)` });
  if (!isZero(unexplained)) {
    broken.push({
      rule: 'native cost = BilledCost + adjustments + quarantined',
      difference: formatDecimal(unexplained),
    });
  }
  return { unexplained, broken };
}
