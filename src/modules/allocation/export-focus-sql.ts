import type { Scope } from '../../platform/kernel/index.ts';
import {
  type DatasetColumn,
  identifier,
  literal,
  type Row,
  type Session,
  type SqlValue,
} from '../../platform/warehouse/index.ts';
import { costDataset } from '../focus/index.ts';
import type { MonthBill } from './attribute-bill.ts';
import {
  type Attributing,
  type BillContext,
  billContext,
  recoverableTaxSql,
  takenSql,
} from './attribution-sql.ts';
import { restatedSql } from './export-restated-sql.ts';
import type { GraphNode } from './model.ts';
import type { RunRows } from './query-run.ts';

/*
 * The bill's rows split by where their cost stays. Rows of one node, dimension, currency, side and span of days split alike: a
 * class. Tables of the session:
 *   split_class (class, node, dimension, currency, side, first, last)
 *   split_share (node, lane, day, stays, share)   of a node's lane on a day: the part that stays on node number `stays`
 *   split_part  (class, part, stays, below, upto)  the classes' parts in order: share of the whole from `below` to `upto` in 10⁻¹⁵
 */

/** What the shares of a class are counted in. */
const whole = '1000000000000000';

/** Columns that are split; all others repeat. */
export const splitColumns = [
  ...costDataset.roles.costs,
  ...costDataset.roles.quantities.map(({ column }) => column),
] as const;

/** Columns that say how. */
const allocatedColumns: readonly DatasetColumn[] = [
  { name: 'AllocatedMethodDetails', type: 'json' },
  { name: 'AllocatedMethodId', type: 'string' },
  { name: 'AllocatedResourceId', type: 'string' },
  { name: 'AllocatedResourceName', type: 'string' },
  { name: 'AllocatedTags', type: 'json' },
];

/** The columns of the file: those of the standard, then the origin of the part. */
export function fileColumns(): readonly DatasetColumn[] {
  const origin: readonly DatasetColumn[] = [
    { name: 'x_SourceName', type: 'string' },
    { name: 'x_RowId', type: 'string' },
    { name: 'x_AllocatedPart', type: 'integer' },
  ];
  const standard = costDataset.columns.filter(({ name }) => !/^x_/i.test(name));
  return [...standard, ...origin];
}

/** What a bill is split by. */
export interface SplitAsked {
  readonly bill: MonthBill;
  readonly scope: Scope;
  readonly attributing: Attributing;
  readonly run: RunRows;
}

/** First and last day of a charge, as costs are spread over days: see charge-time.ts of the warehouse. */
const spans = `spanned as (
  select *, greatest(ends, starts + interval 1 microsecond) as closes
  from taken
),
placed as (
  select *, case when starts is null or ends is null or starts >= opens + interval 1 month or closes <= opens
    then null else greatest(starts, opens) end as begins
  from spanned
),
dated as (
  select *, cast(coalesce(begins, opens) as date) as first,
    cast(case when begins is null then opens else least(closes, opens + interval 1 month) - interval 1 microsecond end as date) as last,
    case when cost < 0 then 'credit' else 'charge' end as side
  from placed
)`;

/** Finds the classes of a bill's rows, and gives the nodes that they are on. */
export async function makeClasses(
  session: Session,
  { bill, scope, attributing }: SplitAsked,
): Promise<string[]> {
  const context = billContext(bill.selection, scope);
  const taken = takenSql(context, attributing);
  await session.run(
    `create or replace temp table split_class as
with ${taken},
${spans}
select cast(row_number() over (order by node, dimension, currency, side, first, last) as integer) as class, *
from (select distinct node, dimension, currency, side, first, last from dated)`,
    context.values,
  );
  const [nodes = []] = await session.columns('select distinct node from split_class order by node');
  return Array.from(nodes, String);
}

/** Days of the run with flows or costs, in order: `2026-10-01`. */
export async function daysOf(session: Session, allocation: string, origin: string): Promise<string[]> {
  const [days = []] = await session.columns(
    `select distinct strftime("ChargePeriodStart", '%Y-%m-%d') from ${allocation} where "OriginPeriod" = $1 order by 1`,
    [origin],
  );
  return Array.from(days, String);
}

/** Numbers nodes and lanes of a run: `split_node (n, id, name, type, labels)`, `split_lane (l, dimension, currency, side)`. */
export async function numberRun(
  session: Session,
  allocation: string,
  origin: string,
): Promise<{ readonly ids: readonly string[]; readonly lanes: number }> {
  await session.run(
    `create or replace temp table split_node as
select cast(row_number() over (order by id) - 1 as integer) as n, *
from (
  select "NodeId" as id, max_by("NodeName", "ChargePeriodStart") as name, any_value("NodeType") as type,
    max_by("NodeLabels", "ChargePeriodStart") as labels
  from ${allocation}
  where "OriginPeriod" = $1
  group by "NodeId"
)`,
    [origin],
  );
  await session.run(
    `create or replace temp table split_lane as
select cast(row_number() over (order by dimension, currency, side) - 1 as integer) as l, *
from (
  select distinct "Dimension" as dimension, "BillingCurrency" as currency, "Side" as side
  from ${allocation}
  where "OriginPeriod" = $1
)`,
    [origin],
  );
  await session.run(
    'create or replace temp table split_share (node integer, lane integer, day date, stays integer, share double)',
  );
  const [ids = []] = await session.columns('select id from split_node order by n');
  const [lane] = await session.rows('select count(*) as count from split_lane');
  return { ids: Array.from(ids, String), lanes: Number(lane?.['count']) };
}

/** Days of a run that are read together: slot = number of the day · lanes + lane. */
export interface DaysRead {
  readonly relation: string;
  readonly first: string;
  readonly last: string;
  readonly lanes: number;
  /** Rows booked for other months are left out. */
  readonly origin: string;
}

const slot = ({ lanes, first }: DaysRead): string =>
  `cast(date_diff('day', timestamp ${literal(first)}, given."ChargePeriodStart") * ${lanes} + l as integer)`;

const ofDays = ({ first, last, origin }: DaysRead): string => `join split_lane as lane
  on lane.dimension = given."Dimension" and lane.currency = given."BillingCurrency" and lane.side = given."Side"
where "ChargePeriodStart" between timestamp ${literal(first)} and timestamp ${literal(last)} and "OriginPeriod" = ${literal(origin)}`;

/** What nodes have on some days: number of the node, slot, direct + inflow, retained; without signs. */
export async function holdingsOfDays(session: Session, read: DaysRead) {
  const [n, s, total, retained] = await session.columns(
    `select n, ${slot(read)}, cast(abs("Direct" + "Inflow") as double), cast(abs("Retained") as double)
from ${read.relation} as given
join split_node on id = "NodeId"
${ofDays(read)}`,
  );
  return {
    n: n as Int32Array,
    slot: s as Int32Array,
    total: total as Float64Array,
    retained: retained as Float64Array,
  };
}

/** What edges carried on some days, between numbered nodes. */
export async function flowsOfDays(session: Session, read: DaysRead) {
  const [from, to, s, amount] = await session.columns(
    `select f.n, t.n, ${slot(read)}, cast(abs("Amount") as double)
from ${read.relation} as given
join split_node as f on f.id = "FromNode"
join split_node as t on t.id = "ToNode"
${ofDays(read)}`,
  );
  return {
    from: from as Int32Array,
    to: to as Int32Array,
    slot: s as Int32Array,
    amount: amount as Float64Array,
  };
}

/** Where the cost of nodes stays, by slot, one share after the other. */
export interface ShareColumns {
  readonly node: Int32Array;
  readonly slot: Int32Array;
  readonly stays: Int32Array;
  readonly share: Float64Array;
}

/** Adds shares of some days that were read together. */
export async function addShares(
  session: Session,
  { first, lanes }: Pick<DaysRead, 'first' | 'lanes'>,
  { node, slot: slots, stays, share }: ShareColumns,
  count: number,
): Promise<void> {
  await session.run(
    'create or replace temp table split_given (node integer, slot integer, stays integer, share double)',
  );
  await session.append('split_given', [node, slots, stays, share], count);
  await session.run(
    `insert into split_share
select node, slot % ${lanes}, date ${literal(first)} + cast(slot // ${lanes} as integer), stays, share
from split_given`,
  );
}

/**
 * Makes the parts of every class: the mean of its days' shares, in the order of the nodes, as whole 10⁻¹⁵ that close at one. A class
 * whose node has no cost of that lane on its days is one part, on the node itself.
 */
export async function makeParts(session: Session): Promise<void> {
  await session.run(`create or replace temp table split_part as
with weighed as (
  select class, stays, sum(share) as weight
  from split_class
  join split_node as own on own.id = split_class.node
  join split_lane using (dimension, currency, side)
  join split_share on split_share.node = own.n and split_share.lane = split_lane.l and day between first and last
  group by class, stays
),
cumulated as (
  select class, stays, row_number() over in_order as part, count(*) over (partition by class) as parts,
    sum(weight) over (in_order rows unbounded preceding) / sum(weight) over (partition by class) as upto
  from weighed
  window in_order as (partition by class order by stays)
),
counted as (
  select class, stays, part,
    case when part = parts then ${whole} else least(cast(round(upto * ${whole}) as bigint), ${whole}) end as upto
  from cumulated
)
select class, part, stays, coalesce(lag(upto) over (partition by class order by part), 0) as below, upto
from counted`);
}

/** Who the nodes of the graph are: a row may be on one that has no cost in the run, because it costs nothing in the run's metric. */
export async function declareNodes(session: Session, nodes: readonly GraphNode[]): Promise<void> {
  await session.run(
    'create or replace temp table split_declared (id varchar, name varchar, type varchar, labels varchar)',
  );
  const texts = [
    nodes.map(({ id }) => id),
    nodes.map(({ id, name = id }) => name),
    nodes.map(({ type }) => type),
    nodes.map(({ labels }) => JSON.stringify(labels)),
  ];
  await session.append('split_declared', texts, nodes.length);
}

/**
 * The split rows as a relation with the columns of the file, and the common table expressions that it needs. Amounts are cut by
 * cumulative rounding at 10⁻¹²: part i of u units is round(u · uptoᵢ) − round(u · belowᵢ), half away from zero, so that the parts
 * of a row sum to it in every column. Rows that the run leaves out (recoverable tax) stand in it as they are, without a method; what
 * it books for closed months stands beside the bill: see `restatedSql`.
 */
export function splitSql(
  { bill, scope, attributing, run }: SplitAsked,
  /** AllocatedMethodId. */
  method: string,
): { readonly tables: string; readonly values: readonly SqlValue[] } {
  const context = billContext(bill.selection, scope);
  const taken = takenSql(context, attributing);
  const tax = recoverableTaxSql(context, attributing.method);
  const shown = fileColumns().map(({ name }) => name);
  const methodId = literalOf(context, method);
  const kept = shown.filter((name) => !/^Allocated|^x_AllocatedPart$/.test(name) && !isSplit(name));
  return {
    tables: `with ${taken},
${spans},
${ruleNames(context, attributing.rules)},
split as (
  select dated.*, coalesce(part, 1) as part, coalesce(below, 0) as below, coalesce(upto, ${whole}) as upto,
    coalesce(final.id, dated.node) as stays_on, coalesce(final.name, declared.name) as stays_name,
    coalesce(final.type, declared.type, rule_name.type, '') as stays_type, coalesce(final.labels, declared.labels) as stays_labels,
    rule_name.id as rule_id
  from dated
  left join split_class on split_class.node = dated.node and split_class.dimension = dated.dimension
    and split_class.currency = dated.currency and split_class.side = dated.side and split_class.first = dated.first
    and split_class.last = dated.last
  left join split_part using (class)
  left join split_node as final on final.n = split_part.stays
  left join split_declared as declared on final.id is null and declared.id = dated.node
  left join rule_name on rule_name.i = dated.rule
),
rows_out as (
  select ${kept.map(identifier).join(', ')}, ${splitColumns.map((name) => `${partAmountSql(name)} as ${identifier(name)}`).join(',\n    ')},
    ${detailsSql} as "AllocatedMethodDetails", cast(${methodId} as varchar) as "AllocatedMethodId",
    stays_on as "AllocatedResourceId", coalesce(stays_name, stays_on) as "AllocatedResourceName",
    coalesce(stays_labels, '{}') as "AllocatedTags", part as "x_AllocatedPart"
  from split
  union all by name
  select ${[...kept, ...splitColumns].map(identifier).join(', ')}, ${allocatedColumns.map(({ name }) => `null::varchar as ${identifier(name)}`).join(', ')},
    1 as "x_AllocatedPart"
  from base
  where ${tax}
  union all by name
  ${restatedSql({ run, method: attributing.method, methodId })}
)
`,
    values: context.values,
  };
}

function isSplit(name: string): boolean {
  return (splitColumns as readonly string[]).includes(name);
}

function literalOf(context: BillContext, text: string): string {
  return `$${context.values.push(text)}`;
}

function ruleNames(context: BillContext, rules: Attributing['rules']): string {
  const rows = rules.map(
    ({ id, type }, i) => `(${i}, cast(${literalOf(context, id)} as varchar), ${literal(type)})`,
  );
  return `rule_name(i, id, type) as (values ${[...rows, '(-2, null, null)'].join(', ')})`;
}

/** FOCUS 1.4: `Elements` with the ratio of the origin charge; more under names of our own. */
const detailsSql = `json_object('Elements', json_array(json_object('AllocatedRatio', cast((upto - below) as double) / 1e15)),
      'x_Node', node, 'x_Rule', rule_id, 'x_Unallocated', stays_type <> 'product')`;

const units = (value: string) =>
  `(cast(floor(${value}) as hugeint) * 1000000000000 + cast((${value} - floor(${value})) * cast(1000000000000 as decimal(13,0)) as hugeint))`;

/** The part of a column between the shares `below` and `upto`, as SQL. */
export function partAmountSql(name: string): string {
  const value = `cast(abs(${identifier(name)}) as decimal(38,12))`;
  const upTo = (share: string) =>
    `((2 * ${units(value)} * ${share} + ${whole}) // (2 * cast(${whole} as hugeint)))`;
  const part = `(${upTo('upto')} - ${upTo('below')})`;
  const amount = `cast(${part} // 1000000000000 as decimal(38,12)) + cast(${part} % 1000000000000 as decimal(12,0)) * cast(0.000000000001 as decimal(12,12))`;
  return `case when upto = ${whole} and below = 0 then cast(${identifier(name)} as decimal(38,12))
      when ${identifier(name)} < 0 then -(${amount}) else ${amount} end`;
}

/** Σ of the split columns per currency, of the bill itself. */
export function originSums(session: Session, { bill }: SplitAsked): Promise<Row[]> {
  return session.rows(`select "BillingCurrency" as currency, ${sums()}
from ${bill.selection.relation}
group by 1
order by 1`);
}

/** The same of a file that was written. */
export function fileSums(session: Session, file: string, format: 'csv' | 'parquet'): Promise<Row[]> {
  const path = `'${file.replaceAll("'", "''").replace(/[*?[]/g, '[$&]')}'`;
  const relation =
    format === 'parquet'
      ? `read_parquet(${path})`
      : `read_csv(${path}, header = true, delim = ',', quote = '"', escape = '"', all_varchar = true)`;
  return session.rows(`select "BillingCurrency" as currency, ${sums()}
from ${relation}
group by 1
order by 1`);
}

function sums(): string {
  return splitColumns
    .map((name) => `sum(cast(${identifier(name)} as decimal(38,12))) as ${identifier(name)}`)
    .join(', ');
}
