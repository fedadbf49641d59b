import type { Scope } from '../../platform/kernel/index.ts';
import { type ColumnOut, type Row, type Session, spreadSql } from '../../platform/warehouse/index.ts';
import type { MonthBill } from './attribute-bill.ts';
import { baseSql, billContext, metricSql, recoverableTaxSql, takenSql } from './attribution-sql.ts';
import type { GraphDocument, Method } from './model.ts';

/**
 * Adds the bill up by what its rows have in common for a run, one scan: a table `<name>_lines` with a row per rule, misfit,
 * node, application, source, dimension, currency, side and day.
 */
export async function addLines(
  session: Session,
  name: string,
  {
    bill,
    scope,
    document,
  }: { readonly bill: MonthBill; readonly scope: Scope; readonly document: GraphDocument },
): Promise<void> {
  const context = billContext(bill.selection, scope);
  const taken = takenSql(context, { rules: document.rules, method: document.method, period: bill.period });
  const keys = [
    'rule',
    'misfit',
    'reserved',
    'node',
    'application',
    'source',
    'dimension',
    'currency',
    'is_credit',
  ];
  await session.run(
    `create or replace temp table ${name}_lines as
with ${taken},
asked as (
  select cast(rule as integer) as rule, cast(misfit as integer) as misfit, cast(reserved as integer) as reserved, node,
    application, source, dimension, currency, cost < 0 as is_credit, cost, specimen, opens, starts, ends
  from taken
),
${spreadSql({ unit: 'day', keys, amounts: ['cost'], extremes: [{ column: 'specimen', call: 'min' }] })}
select ${keys.join(', ')}, t as day, sum(n) as rows, sum(cost) as cost, min(specimen) as specimen
from lines
group by ${keys.join(', ')}, day`,
    context.values,
  );
}

/** Every node with the rules and applications that made it, by node, rule and application: columns `node`, `rule`, `application`. */
export function madeNodes(session: Session, name: string): Promise<readonly ColumnOut[]> {
  return session.columns(`select node, rule, application
from ${name}_lines
where rule >= 0
group by node, rule, application
order by node, rule, application`);
}

/** How many nodes there are, and the rule that makes most of them. */
export async function countNodes(
  session: Session,
  name: string,
): Promise<{ readonly count: number; readonly rule: number }> {
  const [row] =
    await session.rows(`select (select count(distinct node) from ${name}_lines where rule >= 0) as count,
  (select rule from ${name}_lines where rule >= 0 group by rule order by count(distinct node) desc, rule limit 1) as rule`);
  return { count: Number(row?.['count']), rule: Number(row?.['rule']) };
}

/** A node as its cells name it. */
export interface CellNode {
  readonly id: string;
  readonly type: string;
  readonly application: string | undefined;
}

/**
 * Makes the cells: `Day` (date), `NodeId`, `NodeType`, `RuleId` (null on `unattributed`), `BillSource`, `Dimension`,
 * `BillingCurrency`, `Side` (`charge`, `credit`), `Cost` (decimal(38,12), signed, never 0), `ApplicationId`; in the order of
 * these columns, so that the same bill gives the same table.
 */
export async function makeCells(
  session: Session,
  name: string,
  nodes: readonly CellNode[],
  rules: readonly string[],
): Promise<void> {
  await session.run(
    `create or replace temp table ${name}_nodes (id varchar, type varchar, application varchar)`,
  );
  const columns = [
    nodes.map(({ id }) => id),
    nodes.map(({ type }) => type),
    nodes.map(({ application = '' }) => application),
  ];
  await session.append(`${name}_nodes`, columns, nodes.length);
  await session.run(`create or replace temp table ${name}_rules (rule integer, id varchar)`);
  await session.append(`${name}_rules`, [Int32Array.from(rules.keys()), [...rules]], rules.length);
  await session.run(`create or replace temp table ${name} as
select day as Day, node as NodeId, nodes.type as NodeType, rules.id as RuleId, source as BillSource, dimension as Dimension,
  currency as BillingCurrency, case when is_credit then 'credit' else 'charge' end as Side, sum(cost) as Cost,
  nullif(nodes.application, '') as ApplicationId
from ${name}_lines as lines
join ${name}_nodes as nodes on nodes.id = lines.node
left join ${name}_rules as rules on rules.rule = lines.rule
group by all
having sum(cost) <> 0
order by Day, NodeId, RuleId, BillSource, Dimension, BillingCurrency, Side`);
}

/** Rows and cost per rule (−1: none), currency and side. */
export function costPerRule(session: Session, name: string): Promise<Row[]> {
  return session.rows(`select rule, currency, is_credit, sum(rows) as rows, sum(cost) as cost
from ${name}_lines
group by rule, currency, is_credit
order by currency, rule, is_credit`);
}

/** Rows and cost per currency that a rule could not take: `flaw` is `misfit` (no id) or `reserved` (a node of the run's own). */
export function flawedRows(session: Session, name: string): Promise<Row[]> {
  return session.rows(`select 'misfit' as flaw, misfit as rule, currency, sum(rows) as rows, sum(cost) as cost, min(specimen) as specimen
from ${name}_lines
where misfit is not null
group by misfit, currency
union all
select 'reserved', reserved, currency, sum(rows), sum(cost), null
from ${name}_lines
where reserved is not null
group by reserved, currency
order by flaw, rule, currency`);
}

/** Cost of the given nodes per currency. */
export function costOfNodes(session: Session, name: string, nodes: readonly string[]): Promise<Row[]> {
  if (nodes.length === 0) return Promise.resolve([]);
  const listed = nodes.map((_, i) => `$${i + 1}`).join(', ');
  return session.rows(
    `select node, currency, sum(rows) as rows, sum(cost) as cost
from ${name}_lines
where node in (${listed})
group by node, currency
order by node, currency`,
    [...nodes],
  );
}

/** Σ of the cells per currency. */
export function sumOfCells(session: Session, name: string): Promise<Row[]> {
  return session.rows(`select BillingCurrency as currency, sum(Cost) as cost
from ${name}
group by BillingCurrency
order by BillingCurrency`);
}

/**
 * Σ of the metric over the rows of the bill that are no recoverable tax, per currency: the other side of the attribution's
 * check. It knows neither rules nor days.
 */
export function sumOfBill(
  session: Session,
  { selection }: MonthBill,
  scope: Scope,
  method: Method,
): Promise<Row[]> {
  const context = billContext(selection, scope);
  const tax = recoverableTaxSql(context, method);
  return session.rows(
    `with ${baseSql(context)}
select "BillingCurrency" as currency, sum(coalesce(${metricSql(method)}, 0)) as cost
from base
where not ${tax}
group by "BillingCurrency"
order by "BillingCurrency"`,
    context.values,
  );
}

/** Drops what the cells were made from. */
export async function dropLines(session: Session, name: string): Promise<void> {
  for (const part of ['lines', 'nodes', 'rules']) await session.run(`drop table ${name}_${part}`);
}
