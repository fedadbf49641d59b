import type { Row, Session } from '../../platform/warehouse/index.ts';
import { rowsOf } from './checks-sql.ts';
import { allocationDataset } from './datasets.ts';
import { money, roundingRows } from './write-run-sql.ts';

/** Makes the empty table `run_total`: a month's figures per node and currency, for computations that leave no files. */
export async function makeTotals(session: Session): Promise<void> {
  await session.run(`create or replace temp table run_total (id varchar, type varchar, currency varchar, side varchar,
  direct decimal(38,12), inflow decimal(38,12), outflow decimal(38,12), retained decimal(38,12))`);
}

/** Adds the day that lies in the session's tables. */
export async function addDayTotals(session: Session, scale: number): Promise<void> {
  const sum = (name: string) => `sum(${money(`${name} * sign`, scale)}) as ${name}`;
  await session.run(`insert into run_total
select id, type, currency, side, ${['direct', 'inflow', 'outflow', 'retained'].map(sum).join(', ')}
from day_node
join run_lane using (l)
join run_node using (n)
group by id, type, currency, side
union all
select id, type, currency, side, amount, 0, 0, amount
from (${roundingRows('n, l, amount')})
join run_lane using (l)
join run_node using (n)`);
}

const sums = (...columns: readonly string[]) =>
  columns.map((name) => `sum(${name}) as ${name.replaceAll('"', '').toLowerCase()}`).join(', ');

/** The sums of the days, per node and currency; `side` too, because charges and credits tell of coverage apart. */
export function readTotals(session: Session): Promise<Row[]> {
  return session.rows(`select id as node, type, currency, side, ${sums('direct', 'inflow', 'outflow', 'retained')}
from run_total
group by all
order by node, currency, side`);
}

/** The same of files of a run. */
export function totalsOfFiles(session: Session, allocation: readonly string[]): Promise<Row[]> {
  return session.rows(`select "NodeId" as node, "NodeType" as type, "BillingCurrency" as currency, "Side" as side,
  ${sums('"Direct"', '"Inflow"', '"Outflow"', '"Retained"')}
from ${rowsOf(allocationDataset, allocation)}
group by all
order by node, currency, side`);
}

/** The same of rows of other months of origin than the run's own: what it books for closed months. */
export function totalsOfOthers(
  session: Session,
  allocation: readonly string[],
  period: string,
): Promise<Row[]> {
  return session.rows(
    `select "NodeId" as node, "NodeType" as type, "BillingCurrency" as currency, "Side" as side,
  ${sums('"Direct"', '"Inflow"', '"Outflow"', '"Retained"')}
from ${rowsOf(allocationDataset, allocation)}
where "OriginPeriod" <> $1
group by all
order by node, currency, side`,
    [period],
  );
}
