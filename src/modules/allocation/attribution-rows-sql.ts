import type { Scope } from '../../platform/kernel/index.ts';
import { bind, type Row, type Session, type SqlValue, spreadSql } from '../../platform/warehouse/index.ts';
import type { MonthBill } from './attribute-bill.ts';
import { type Attributing, billContext, takenSql } from './attribution-sql.ts';

/** Which rows of a bill: those that reach `node`, by the rule of that index alone where one is given. */
export interface RowsAsked {
  readonly bill: MonthBill;
  readonly scope: Scope;
  readonly attributing: Attributing;
  readonly node: string;
  readonly rule: number | undefined;
  /** `2026-10-05`: the rows' shares of that day. */
  readonly day: string | undefined;
}

const shown = ['id', 'source', 'service', 'resource', 'starts', 'ends', 'currency', 'dimension', 'rule'];

/**
 * Collects the rows of a bill that reach a node, with their amounts (not 0): a table `attributed_rows`. Of a day, a row's share
 * of it is taken, as the cells have it.
 */
export async function collectRows(session: Session, asked: RowsAsked): Promise<void> {
  const { bill, scope, attributing, node, rule, day } = asked;
  const context = billContext(bill.selection, scope);
  const taken = takenSql(context, attributing);
  const conditions = [
    `node = ${bind(context, node)}`,
    'cost <> 0',
    ...(rule === undefined ? [] : [`rule = cast(${bind(context, rule)} as integer)`]),
  ];
  const chosen = `chosen as (
  select "x_RowId" as id, source, "ServiceName" as service, "ResourceId" as resource, starts, ends, currency, dimension,
    cast(rule as integer) as rule, cost, opens
  from taken
  where ${conditions.join(' and ')}
)`;
  const rows = day === undefined ? wholeRows : sharesOf(bind(context, day));
  await session.run(
    `create or replace temp table attributed_rows as
with ${taken},
${chosen}${rows}`,
    context.values,
  );
}

const wholeRows = `
select ${shown.join(', ')}, cost
from chosen`;

function sharesOf(day: string): string {
  const keys = shown.map((name) => (name === 'starts' || name === 'ends' ? `${name}_shown` : name));
  return `,
asked as (
  select *, starts as starts_shown, ends as ends_shown
  from chosen
),
${spreadSql({ unit: 'day', keys, amounts: ['cost'], extremes: [] })}
select ${keys.map((key) => (key.endsWith('_shown') ? `${key} as ${key.replace('_shown', '')}` : key)).join(', ')}, cost
from lines
where t = cast(${day} as date) and cost <> 0`;
}

/** Rows in the order of their size and id, after the one named. */
export function pageOfRows(
  session: Session,
  limit: number,
  after: { readonly amount: string; readonly id: string } | undefined,
): Promise<Row[]> {
  const values: SqlValue[] = [limit, ...(after ? [after.amount, after.id] : [])];
  const where = after
    ? `
where abs(cost) < abs(cast($2 as decimal(38,12))) or (abs(cost) = abs(cast($2 as decimal(38,12))) and id > $3)`
    : '';
  return session.rows(
    `select ${shown.join(', ')}, cost
from attributed_rows${where}
order by abs(cost) desc, id
limit cast($1 as bigint)`,
    values,
  );
}

/** Rows and cost of all pages per currency and sign. */
export function totalsOfRows(session: Session): Promise<Row[]> {
  return session.rows(`select currency, count(*) as rows, sum(cost) as cost,
  coalesce(sum(cost) filter (where cost > 0), 0) as charges, coalesce(sum(cost) filter (where cost < 0), 0) as credits
from attributed_rows
group by currency
order by currency`);
}

/** Drops what `collectRows` made. */
export function dropRows(session: Session): Promise<void> {
  return session.run('drop table attributed_rows');
}
