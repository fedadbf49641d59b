import { fileLiteral, identifier, type Row, type Session } from '../../platform/warehouse/index.ts';
import type { NativeColumn } from './convert/native-columns.ts';

/** A key of a comparison: its name, and its SQL on either side (the two snapshots may have different columns). */
export interface ChangeKey {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** What is counted and added up on either side. */
const measures = [
  ['rows', 'count(*)'],
  ['billed', 'sum(BilledCost)'],
  ['effective', 'sum(EffectiveCost)'],
] as const;

/**
 * Compares two snapshots group by group into the temporary table `changed`: currency, key_0…, and rows, billed and
 * effective of either side (`_from`, `_to`), only groups that differ. Without keys: one line per currency, different or not.
 */
export async function compareSnapshots(
  session: Session,
  relations: { readonly from: string; readonly to: string },
  keys: readonly ChangeKey[],
): Promise<void> {
  const names = ['currency', ...keys.map((_, index) => `key_${index}`)];
  const sideOf = (side: 'from' | 'to') => `  select
    ${['BillingCurrency', ...keys.map((key) => key[side])].map((value, index) => `${value} as ${names[index]}`).join(', ')},
    ${measures.map(([name, sum]) => `${sum} as ${name}_${side}`).join(', ')}
  from ${relations[side]}
  group by ${names.map((_, index) => index + 1).join(', ')}`;
  const columns = measures.flatMap(([name]) => [`${name}_from`, `${name}_to`]);
  const different = measures.map(([name]) => `${name}_from <> ${name}_to`).join(' or ');
  await session.run(`create or replace temp table changed as
with sides as (
${sideOf('from')}
  union all by name
${sideOf('to')}
),
compared as (
  select ${[...names, ...columns.map((column) => `coalesce(sum(${column}), 0) as ${column}`)].join(', ')}
  from sides
  group by ${names.join(', ')}
)
select ${[...names, ...columns].join(', ')}
from compared${keys.length === 0 ? '' : `\nwhere ${different}`}`);
}

/** The lines of `changed`, the largest difference of cost first, and how many there are. */
export async function readChanges(
  session: Session,
  keys: number,
  limit: number,
): Promise<{ readonly shown: Row[]; readonly groups: number }> {
  const names = Array.from({ length: keys }, (_, index) => `key_${index}`);
  const order = [
    'greatest(abs(billed_to - billed_from), abs(effective_to - effective_from)) desc',
    'abs(rows_to - rows_from) desc',
    'currency',
    ...names,
  ];
  const shown = await session.rows(`select * from changed order by ${order.join(', ')} limit ${limit}`);
  const [counted] = await session.rows('select count(*) as groups from changed');
  return { shown, groups: Number(counted?.['groups']) };
}

/** One stored row of a snapshot by its place in the bill. */
export async function readStoredRow(
  session: Session,
  relation: string,
  place: { readonly file: number; readonly row: number; readonly part: number },
): Promise<Row | undefined> {
  const [row] = await session.rows(
    `select * from ${relation} where x_SourceFileNumber = $1 and x_SourceRow = $2 and x_Part = $3`,
    [place.file, place.row, place.part],
  );
  return row;
}

/** One row of a native copy, every column as text; maps and lists as JSON. */
export async function readNativeRow(
  session: Session,
  file: string,
  columns: readonly NativeColumn[],
  row: number,
): Promise<Row | undefined> {
  const texts = columns.map(({ name, type }) => {
    const nested = /^(MAP|STRUCT)|\[\]$/.test(type);
    return `${nested ? `to_json(${identifier(name)})` : identifier(name)}::varchar as ${identifier(name)}`;
  });
  const [found] = await session.rows(
    `select ${texts.join(', ')} from read_parquet(${fileLiteral(file)}, file_row_number = true) where file_row_number = $1`,
    [row - 1],
  );
  return found;
}

/**
 * Costs of a month in one currency per invoice and category: exact (`billed`), and with each line rounded half-up to
 * `places` decimals first (`lines`), as an invoice that rounds its lines would add them up.
 */
export function invoiceSums(
  session: Session,
  relation: string,
  currency: string,
  places: number,
): Promise<Row[]> {
  return session.rows(
    `select InvoiceId as invoice, ChargeCategory as category, count(*) as rows,
  coalesce(sum(BilledCost), 0) as billed, coalesce(sum(round(BilledCost, ${places})), 0) as lines
from ${relation}
where BillingCurrency = $1
group by InvoiceId, ChargeCategory
order by InvoiceId nulls last, ChargeCategory`,
    [currency],
  );
}
