import {
  type ColumnOut,
  fileLiteral,
  literal,
  type Row,
  type Session,
} from '../../platform/warehouse/index.ts';
import { nodeColumns } from './explain-sql.ts';
import { heldCauses, qualities } from './model.ts';

/*
 * A run's shares as a few numbers: what explanations of large runs read instead of every flow. Files of a cache:
 *   node.parquet     (i, id, type)                    nodes by the numbers that the run's flows have for them
 *   link.parquet     (f, t, edges)                     pairs of nodes that an edge joined, with the ids of the edges as JSON
 *   share.parquet    (t, f, day, lane, share, mark)    of what f has: the part that goes to t, with its quality; below 0 is `kept`
 *   holding.parquet  (i, slot, direct, inflow, outflow, retained)   without sign; slot = day · lanes + lane
 *   figure.bin, figure.index    of it what a walk asks of many nodes: see trace-cache-figures.ts
 *   restated.parquet  what nodes have of closed months, as `nodeRows` has it
 *   rule.parquet     (i, day, l, rule, cost)            what rules sent to nodes, exact; sender.parquet and lane.parquet name the numbers
 *   sum.parquet       the direct cost of nodes, with who they are
 * `lane` −1 stands for all lanes of the node on that day.
 */

/** Where a share does not go: `t` is −1 − the index of the cause, or this on a product, which keeps it. */
export const keptByProduct = -1 - heldCauses.length;

const options =
  'format parquet, compression zstd, compression_level 1, row_group_size 8192, use_tmp_file false';

/** The rows that a cache is made of: one month of origin, so that charges are above 0 and credits below. */
export interface CachedRows {
  readonly attribution: string;
  readonly allocation: string;
  readonly flow: string;
  readonly origin: string;
}

/** Makes the tables of a cache, empty but for the nodes. Gives days, lanes and the largest number of a node. */
export async function beginCache(session: Session, { allocation, flow, origin }: CachedRows) {
  const own = `"OriginPeriod" = ${literal(origin)}`;
  await session.run(`create or replace temp table cache_node as
select cast(i as integer) as i, any_value(id) as id, any_value(type) as type
from (
  select "FromIndex" as i, any_value("FromNode") as id, any_value("FromType") as type from ${flow} where ${own} group by i
  union all
  select "ToIndex", any_value("ToNode"), any_value("ToType") from ${flow} where ${own} group by "ToIndex"
)
where i is not null
group by i`);
  await session.run(`create or replace temp table cache_lane as
select cast(row_number() over (order by dimension, currency, side) - 1 as integer) as l, *
from (
  select distinct "Dimension" as dimension, "BillingCurrency" as currency, "Side" as side from ${allocation} where ${own}
)`);
  await session.run(
    'create or replace temp table cache_share (t integer, f integer, day integer, lane integer, share double, mark integer)',
  );
  const days = await session.rows(
    `select distinct strftime("ChargePeriodStart", '%Y-%m-%d') as day from ${allocation} where ${own} order by 1`,
  );
  const lanes = await session.rows('select dimension, currency, side from cache_lane order by l');
  const [most] = await session.rows('select coalesce(max(i), -1) as most from cache_node');
  return {
    days: days.map((row) => String(row['day'])),
    lanes: lanes.map((row) => ({
      dimension: String(row['dimension']),
      currency: String(row['currency']),
      side: String(row['side']),
    })),
    most: Number(most?.['most']),
  };
}

const ofDay = (origin: string, day: string) =>
  `where given."ChargePeriodStart" = timestamp ${literal(day)} and given."OriginPeriod" = ${literal(origin)}`;
const onLane = `join cache_lane as lane
  on lane.dimension = given."Dimension" and lane.currency = given."BillingCurrency" and lane.side = given."Side"`;

/** What numbered nodes have on a day: number, lane, direct + inflow, retained, 1 on products. */
export async function holdingsOf(session: Session, { allocation, origin }: CachedRows, day: string) {
  const [i, l, total, retained, isProduct] =
    await session.columns(`select i, l, cast(abs("Direct" + "Inflow") as double), cast(abs("Retained") as double), cast("NodeType" = 'product' as integer)
from ${allocation} as given
join cache_node on id = "NodeId"
${onLane}
${ofDay(origin, day)}`);
  return {
    i: i as Int32Array,
    l: l as Int32Array,
    total: total as Float64Array,
    retained: retained as Float64Array,
    isProduct: isProduct as Int32Array,
  };
}

/** What edges carried on a day, and (with `t` below 0) what is held by which cause; `mark` is an index into `qualities`. */
export async function movesOf(session: Session, { flow, origin }: CachedRows, day: string) {
  const list = (names: readonly string[]) => `[${names.map(literal).join(', ')}]`;
  const [f, t, l, amount, mark] = await session.columns(`select cast("FromIndex" as integer),
  cast(coalesce("ToIndex", -list_position(${list(heldCauses)}, "Cause")) as integer), l, cast(abs("Amount") as double),
  cast(coalesce(list_position(${list(qualities)}, "Quality"), 1) - 1 as integer)
from ${flow} as given
${onLane}
${ofDay(origin, day)} and "FromIndex" is not null`);
  return {
    f: f as Int32Array,
    t: t as Int32Array,
    l: l as Int32Array,
    amount: amount as Float64Array,
    mark: mark as Int32Array,
  };
}

/** Shares found on a day, one after the other. */
export interface ShareRows {
  readonly t: Int32Array;
  readonly f: Int32Array;
  readonly day: Int32Array;
  readonly lane: Int32Array;
  readonly share: Float64Array;
  readonly mark: Int32Array;
}

export function addShareRows(session: Session, rows: ShareRows, count: number): Promise<void> {
  const { t, f, day, lane, share, mark } = rows;
  return session.append('cache_share', [t, f, day, lane, share, mark], count);
}

/**
 * Writes the tables to files of a folder, those of numbers sorted so that the rows of one node lie together, and drops them one by
 * one: what is sorted has the memory for itself.
 */
export async function writeCache(
  session: Session,
  { attribution, allocation, flow, origin }: CachedRows,
  { firstDay, lanes }: { readonly firstDay: string; readonly lanes: number },
  fileOf: (name: string) => string,
): Promise<void> {
  const own = `"OriginPeriod" = ${literal(origin)}`;
  const write = (name: string, select: string) =>
    session.run(`copy (${select}) to ${literal(fileOf(name))} (${options})`);
  await write('share', 'select t, f, day, lane, share, mark from cache_share order by t, f, day, lane');
  await session.run('drop table cache_share');
  const amounts = ['Direct', 'Inflow', 'Outflow', 'Retained'].map(
    (name) => `cast(abs("${name}") as double) as ${name.toLowerCase()}`,
  );
  await write(
    'holding',
    `select i, cast(date_diff('day', timestamp ${literal(firstDay)}, "ChargePeriodStart") * ${lanes} + l as integer) as slot,
  ${amounts.join(', ')}
from ${allocation} as given
join cache_node on id = "NodeId"
${onLane}
where ${own}
order by i, slot`,
  );
  await write(
    'restated',
    `select "NodeId" as id, ${nodeColumns} from ${allocation} where not ${own} order by id`,
  );
  await write(
    'link',
    `select f, t, to_json(list_sort(list(edge))) as edges
from (
  select distinct cast("FromIndex" as integer) as f, cast("ToIndex" as integer) as t, "EdgeId" as edge
  from ${flow}
  where ${own} and "ToIndex" is not null
)
group by f, t
order by t, f`,
  );
  await session.run(`create or replace temp table cache_sender as
select cast(row_number() over (order by id, source) as integer) as rule, *
from (select distinct "RuleId" as id, "BillSource" as source from ${attribution} where ${own})`);
  // Sorted as numbers: the names of rules and nodes would need the memory of a bill.
  await write(
    'rule',
    `select i, cast(date_diff('day', timestamp ${literal(firstDay)}, "ChargePeriodStart") as integer) as day, l, rule, "Cost" as cost
from ${attribution} as given
join cache_node on cache_node.id = "NodeId"
join cache_sender as sender on sender.id is not distinct from "RuleId" and sender.source is not distinct from "BillSource"
${onLane}
where ${own}
order by i`,
  );
  await write('sender', 'select rule, id, source from cache_sender order by rule');
  await write('lane', 'select l, dimension, currency, side from cache_lane order by l');
  await write(
    'sum',
    `select any_value(i) as i, "NodeId", any_value("NodeName") as "NodeName", any_value("NodeType") as "NodeType",
  any_value("ApplicationId") as "ApplicationId", any_value("OriginPeriod") as "OriginPeriod", "BillingCurrency", "Side",
  sum("Direct") as "Direct"
from ${allocation}
join cache_node on id = "NodeId"
where ${own}
group by "NodeId", "BillingCurrency", "Side"
order by i`,
  );
  await write('node', 'select i, id, type from cache_node order by i');
  for (const name of ['node', 'lane', 'sender']) await session.run(`drop table cache_${name}`);
}

/** A file of a cache as a relation. */
export const read = (file: string): string => `read_parquet(${fileLiteral(file)})`;

/** What rules sent, with the columns of the attribution and the number of the node as `i`. */
export function cachedAttribution(
  { firstDay, origin }: { readonly firstDay: string; readonly origin: string },
  fileOf: (name: 'rule' | 'node' | 'lane' | 'sender') => string,
): string {
  return `(select i, node.id as "NodeId", timestamp ${literal(firstDay)} + to_days(day) as "ChargePeriodStart",
    ${literal(origin)} as "OriginPeriod", dimension as "Dimension", currency as "BillingCurrency", side as "Side",
    sender.id as "RuleId", sender.source as "BillSource", cost as "Cost"
  from ${read(fileOf('rule'))} as sent
  join ${read(fileOf('node'))} as node using (i)
  join ${read(fileOf('lane'))} as lane using (l)
  join ${read(fileOf('sender'))} as sender using (rule))`;
}

/** The number of a node; undefined where no edge touches it. */
export async function cachedIndex(session: Session, file: string, id: string): Promise<number | undefined> {
  const [row] = await session.rows(`select i from ${read(file)} where id = $1`, [id]);
  return row === undefined ? undefined : Number(row['i']);
}

export async function cachedLinks(session: Session, file: string) {
  const [from, to] = await session.columns(`select f, t from ${read(file)}`);
  return { from: from as Int32Array, to: to as Int32Array };
}

/** The edges of some pairs: `f`, `t`, `edges`. */
export function cachedEdges(session: Session, file: string, where: string) {
  return session.rows(`select f, t, edges from ${read(file)} where ${where}`);
}

/** Some nodes by their numbers, in that order. */
export async function cachedNodes(session: Session, file: string, among: string) {
  const [index, id, type] = await session.columns(
    `select i, id, type from ${read(file)} where ${among} order by i`,
  );
  return Array.from(index as Int32Array, (i, row) => ({
    index: i,
    id: String(id?.[row]),
    type: String(type?.[row]),
  }));
}

export async function cachedShares(session: Session, file: string, where: string): Promise<ShareRows> {
  const [t, f, day, lane, share, mark] = await session.columns(
    `select t, f, day, lane, share, mark from ${read(file)} where ${where}`,
  );
  return {
    t: t as Int32Array,
    f: f as Int32Array,
    day: day as Int32Array,
    lane: lane as Int32Array,
    share: share as Float64Array,
    mark: mark as Int32Array,
  };
}

/** As `nodeRows`, of a node with a number; amounts of the month have no sign. They are whole 10⁻⁹, which binary numbers hold. */
export function cachedRows(
  session: Session,
  cache: { readonly firstDay: string; readonly origin: string; readonly lanes: readonly unknown[] },
  fileOf: (name: 'holding' | 'lane' | 'sum' | 'restated') => string,
  { index, node }: { readonly index: number; readonly node: string },
): Promise<Row[]> {
  const lanes = cache.lanes.length;
  const amounts = ['direct', 'inflow', 'outflow', 'retained'].map(
    (name) => `cast(cast(${name} as decimal(38,9)) as decimal(38,12)) as ${name}`,
  );
  return session.rows(
    `select strftime(timestamp ${literal(cache.firstDay)} + to_days(slot // ${lanes}), '%Y-%m-%d') as day,
  ${literal(cache.origin)} as origin, dimension, currency, side, ${amounts.join(', ')}, type, name, application
from ${read(fileOf('holding'))}
join ${read(fileOf('lane'))} on l = slot % ${lanes}
cross join (
  select any_value("NodeType") as type, any_value("NodeName") as name, any_value("ApplicationId") as application
  from ${read(fileOf('sum'))} where i = ${index}
)
where i = ${index}
union all
select * exclude (id) from ${read(fileOf('restated'))} where id = $1
order by all`,
    [node],
  );
}

/** Figures of the nodes `first` … `last`, in their order: node, slot, what it has, and what of it is direct. */
export function figuresOf(
  session: Session,
  holding: string,
  first: number,
  last: number,
): Promise<readonly ColumnOut[]> {
  return session.columns(
    `select i, slot, direct + inflow, direct from ${read(holding)} where i between ${first} and ${last} order by i, slot`,
  );
}
