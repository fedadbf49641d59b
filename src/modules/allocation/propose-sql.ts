import type { Scope } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import type { Row, Session, SqlValue } from '../../platform/warehouse/index.ts';
import type { MonthBill } from './attribute-bill.ts';
import { type Attributing, baseSql, billContext, takenSql } from './attribution-sql.ts';
import { emptyValues } from './propose-keys.ts';

/** A month's bill as the wizard reads it: in which metric, and without which tax. */
export interface ProposalReading {
  readonly bill: MonthBill;
  readonly scope: Scope;
  readonly attributing: Attributing;
}

/** Adds up the charges of a month by tags, account and service: `proposal_charge`, which the other statements read. */
export async function makeCharges(
  session: Session,
  { bill, scope, attributing }: ProposalReading,
): Promise<void> {
  const context = billContext(bill.selection, scope);
  const taken = takenSql(context, { ...attributing, rules: [] });
  await session.run(
    `create or replace temp table proposal_charge as
with ${taken}
select coalesce("Tags", '{}') as tags, "SubAccountId" as account, max("SubAccountName") as account_name, currency,
  sum(cost) as cost, count(*) as rows
from taken
where cost > 0
group by tags, account, currency`,
    context.values,
  );
}

/** All charges per currency: `currency`, `cost`, `rows`. */
export function chargesByCurrency(session: Session): Promise<Row[]> {
  return session.rows(`select currency, sum(cost) as cost, sum(rows) as rows
from proposal_charge
group by currency
order by rows desc, currency`);
}

/** Every tag that has a value: `key`, `currency`, `cost` of the rows that have one, and the key's distinct `values`. */
export function tagKeys(session: Session): Promise<Row[]> {
  return session.rows(`with tagged as (
  select tags, currency, sum(cost) as cost
  from proposal_charge
  group by tags, currency
),
keyed as (
  select unnest(json_keys(tags)) as key, tags, currency, cost
  from tagged
),
valued as (
  select key, json_extract_string(tags, '/' || replace(replace(key, '~', '~0'), '/', '~1')) as value, currency, cost
  from keyed
),
counted as (
  select key, count(distinct value) as values
  from valued
  where value <> ''
  group by key
)
select key, currency, sum(cost) as cost, any_value(values) as values
from valued
join counted using (key)
where value <> ''
group by key, currency
order by key, currency`);
}

/** The tag `$n`, by its key's JSON pointer. */
function tagSql(values: SqlValue[], key: string): string {
  return `json_extract_string(tags, $${values.push(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)})`;
}

const bareSql = (value: string) => `lower(trim(${value}))`;

/**
 * Gives every charge the application that its tags name: `proposal_app`, with `tag` (index of the first key that has a real
 * value), `value` as it is written and `app` as it is compared; null without one. `n/a` and its like are no value.
 */
export async function makeApplications(session: Session, keys: readonly string[]): Promise<void> {
  const values: SqlValue[] = [];
  const read = keys.map((key, i) => `${tagSql(values, key)} as v${i}`);
  const none = ['', ...emptyValues].map((value) => `'${value}'`).join(', ');
  const cases = keys.map(
    (_, i) => `when v${i} is not null and ${bareSql(`v${i}`)} not in (${none}) then ${i}`,
  );
  const taken = keys.map((_, i) => `when tag = ${i} then v${i}`);
  await session.run(
    `create or replace temp table proposal_app as
with read as (
  select *${read.map((sql) => `, ${sql}`).join('')}
  from proposal_charge
),
found as (
  select *, ${cases.length === 0 ? 'null::integer' : `case ${cases.join(' ')} end`} as tag
  from read
),
named as (
  select *, ${taken.length === 0 ? 'null::varchar' : `case ${taken.join(' ')} end`} as value
  from found
)
select tags, account, account_name, currency, cost, rows, tag, value, ${bareSql('value')} as app
from named`,
    values,
  );
}

/** What the keys name: `tag`, `value`, `app`, `currency`, `cost`, `rows`; the largest first. */
export function applicationValues(session: Session): Promise<Row[]> {
  return session.rows(`select tag, value, app, currency, sum(cost) as cost, sum(rows) as rows
from proposal_app
where app is not null
group by tag, value, app, currency
order by cost desc, tag, value, currency`);
}

/** How the keys say that there is no application: `tag` (its index) and `value` as it is written. */
export async function emptySpellings(session: Session, keys: readonly string[]): Promise<Row[]> {
  const none = emptyValues.map((value) => `'${value}'`).join(', ');
  const found: Row[] = [];
  for (const [i, key] of keys.entries()) {
    const values: SqlValue[] = [];
    const tag = tagSql(values, key);
    const rows = await session.rows(
      `select distinct ${i} as tag, ${tag} as value
from proposal_charge
where ${bareSql(tag)} in (${none})
order by value`,
      values,
    );
    found.push(...rows);
  }
  return found;
}

/** Charges per `account`, `app` (null: without one) and `currency`, with the account's `name`. */
export function chargesOfAccounts(session: Session): Promise<Row[]> {
  return session.rows(`select account, max(account_name) as name, app, currency, sum(cost) as cost
from proposal_app
where account is not null
group by account, app, currency
order by account, cost desc, app, currency`);
}

/** Charges per `app`, `other` (the first value of other tags; null: without one) and `currency`. */
export function chargesByTags(session: Session, keys: readonly string[]): Promise<Row[]> {
  const values: SqlValue[] = [];
  const tags = keys.map((key) => `nullif(${tagSql(values, key)}, '')`);
  return session.rows(
    `select app, coalesce(${[...tags, 'null'].join(', ')}) as other, currency, sum(cost) as cost
from proposal_app
where app is not null
group by app, other, currency
order by app, cost desc, other, currency`,
    values,
  );
}

/** Values of a tag on charges that name no application: `other`, the largest first. */
export function valuesWithoutApp(session: Session, key: string): Promise<Row[]> {
  const values: SqlValue[] = [];
  const tag = tagSql(values, key);
  return session.rows(
    `select ${tag} as other
from proposal_app
where app is null and ${tag} <> ''
group by other
order by max(cost) desc, other`,
    values,
  );
}

/** Whether the bill has any tax at all. */
export async function hasTax(session: Session, { bill, scope }: ProposalReading): Promise<boolean> {
  const context = billContext(bill.selection, scope);
  const rows = await session.rows(
    `with ${baseSql(context)}
select 1 as found
from base
where "ChargeCategory" = 'Tax'
limit 1`,
    context.values,
  );
  return rows.length > 0;
}

/**
 * Of every rule (−1: none) and currency, the services and accounts with the largest charges, at most `most`: `rule`, `currency`,
 * `service`, `account`, `cost`, `rows`.
 */
export function largestOfRules(
  session: Session,
  { bill, scope, attributing }: ProposalReading,
  most: number,
): Promise<Row[]> {
  const context = billContext(bill.selection, scope);
  const taken = takenSql(context, attributing);
  return session.rows(
    `with ${taken},
summed as (
  select rule, currency, "ServiceName" as service, "SubAccountId" as account, sum(cost) as cost, count(*) as rows
  from taken
  where cost > 0
  group by rule, currency, service, account
)
select rule, currency, service, account, cost, rows
from summed
qualify row_number() over (partition by rule, currency order by cost desc, service, account) <= ${most}
order by rule, currency, cost desc, service, account`,
    context.values,
  );
}

/** Rows of charges per rule (−1: none) and currency: `rule`, `currency`, `cost`, `rows`. */
export function chargesOfRules(session: Session, table: string): Promise<Row[]> {
  return session.rows(`select RuleId as rule, NodeType as type, BillingCurrency as currency, sum(Cost) as cost
from ${table}
where Side = 'charge'
group by RuleId, NodeType, BillingCurrency
order by RuleId, NodeType, BillingCurrency`);
}

/** Drops what the wizard has made. */
export async function dropProposal(session: Session): Promise<void> {
  for (const table of ['proposal_charge', 'proposal_app']) await session.run(`drop table if exists ${table}`);
}

/** Applications of the organization that the caller sees and that are in use. */
export function applicationsInUse(tx: Tx): Promise<{ readonly id: string; readonly label: string | null }[]> {
  return tx
    .selectFrom('application')
    .select(['id', 'label'])
    .where('active', '=', true)
    .orderBy('id')
    .execute();
}
