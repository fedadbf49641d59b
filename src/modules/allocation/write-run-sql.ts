import { type Dataset, identifier, literal, type Session, sqlType } from '../../platform/warehouse/index.ts';
import { allocationDataset, attributionDataset, flowDataset } from './datasets.ts';
import { heldCauses, qualities } from './model.ts';

/*
 * How the arrays of an allocated day become files of the lake: whole columns are appended to tables of the session, and one
 * statement per file joins the names of nodes, edges and lanes to them. So no row is ever an object.
 *
 * Tables of a session, all temporary:
 *   run_node (n, position, id, type, name, labels, entity, application)   the engine's number of a node, and what it is
 *   run_edge (e, id, f, t)                                                 the engine's number of an edge, and of its ends
 *   run_lane (l, dimension, currency, side, sign)
 *   day_unit (n, l, atoms, units)                                          direct costs of the day that is allocated
 *   day_rest (l, amount)                                                   what is below a unit of it, with its sign
 *   day_node, day_flow, day_held                                           the allocated day: see `makeDayTables`
 */

/** Rows of a row group: few, so that whoever reads one node's rows reads little beside them. */
const rowGroupSize = 20_480;
const parquetOptions = `format parquet, compression zstd, compression_level 1, row_group_size ${rowGroupSize}, use_tmp_file false`;

/** What the rows of one file have in common. */
export interface FileHead {
  readonly graph: string;
  /** Month of the run, in whose books the rows are. */
  readonly period: string;
}

/** A node as the rows of a run name it. `n`: its number in the engine; `position`: among the nodes of the graph's version. */
export interface NodeColumns {
  readonly n: Int32Array;
  /** NaN where the graph's version has no such node. */
  readonly position: Float64Array;
  readonly id: readonly string[];
  readonly type: readonly string[];
  readonly name: readonly string[];
  readonly labels: readonly string[];
  /** Empty where there is none. */
  readonly entity: readonly string[];
  readonly application: readonly string[];
}

export async function makeNodeTable(session: Session, nodes: NodeColumns): Promise<void> {
  await session.run(`create or replace temp table run_node_given (n integer, position double, id varchar, type varchar, name varchar,
  labels varchar, entity varchar, application varchar)`);
  const { n, position, id, type, name, labels, entity, application } = nodes;
  await session.append(
    'run_node_given',
    [n, position, id, type, name, labels, entity, application],
    n.length,
  );
  await session.run(`create or replace temp table run_node as
select n, case when not isnan(position) then cast(position as bigint) end as position, id, type, name, labels,
  nullif(entity, '') as entity, nullif(application, '') as application
from run_node_given`);
  await session.run('drop table run_node_given');
}

/** `f` and `t`: numbers of an edge's ends in the engine. Edges come in the order of their numbers. */
export async function makeEdgeTable(
  session: Session,
  { id, f, t }: { readonly id: readonly string[]; readonly f: Int32Array; readonly t: Int32Array },
): Promise<void> {
  await session.run('create or replace temp table run_edge (e integer, id varchar, f integer, t integer)');
  const e = Int32Array.from({ length: id.length }, (_, index) => index);
  await session.append('run_edge', [e, id, f, t], id.length);
}

/**
 * Direct costs of one day in units of 10⁻ˢᶜᵃˡᵉ, by cumulative rounding over the nodes in the order of their ids: node i of a lane gets
 * floor(c₁ + … + cᵢ) − floor(c₁ + … + cᵢ₋₁), so that what is left of a lane is below one unit. It goes to `day_rest`. At scale 0,
 * costs of 0.6, 0.6 and 0.6 are 0, 1 and 0 units, and 0.8 is left. Gives the number of the node, of the lane, and the units.
 */
export async function unitsOfDay(
  session: Session,
  { cells, day, scale }: { readonly cells: string; readonly day: string; readonly scale: number },
): Promise<{ readonly n: Int32Array; readonly l: Int32Array; readonly units: Float64Array }> {
  await session.run(`create or replace temp table day_unit as
with cell as (
  select n, l, sum(${atoms('abs(Cost)')}) as atoms
  from ${cells} as cells
  join run_lane as lane
    on lane.dimension = cells.Dimension and lane.currency = cells.BillingCurrency and lane.side = cells.Side
  join run_node on id = NodeId
  where Day = cast(${literal(day)} as date)
  group by n, l
),
cumulated as (
  select n, l, atoms, sum(atoms) over (partition by l order by n rows unbounded preceding) as upto
  from cell
)
select n, l, atoms, upto // ${atomsOfUnit(scale)} - (upto - atoms) // ${atomsOfUnit(scale)} as units
from cumulated`);
  await session.run(`create or replace temp table day_rest as
select l, sign * ${decimalOfAtoms(`(sum(atoms) % ${atomsOfUnit(scale)})`)} as amount
from day_unit
join run_lane using (l)
group by l, sign
having sum(atoms) % ${atomsOfUnit(scale)} <> 0`);
  const [n, l, units] = await session.columns(
    'select n, l, cast(units as double) from day_unit where units <> 0',
  );
  return { n: n as Int32Array, l: l as Int32Array, units: units as Float64Array };
}

/** An amount that is not negative as its number of 10⁻¹², which a plain product would not hold in 38 digits. */
export function atoms(amount: string): string {
  return `(cast(floor(${amount}) as hugeint) * 1000000000000 + cast((${amount} - floor(${amount})) * cast(1000000000000 as decimal(13,0)) as hugeint))`;
}

function atomsOfUnit(scale: number): string {
  return `cast(1${'0'.repeat(12 - scale)} as hugeint)`;
}

function decimalOfAtoms(count: string): string {
  return `cast(cast(${count} as decimal(13,0)) * cast(0.000000000001 as decimal(12,12)) as decimal(38,12))`;
}

/** Units as money: exact up to 2⁵³. */
export function money(units: string, scale: number): string {
  const unit =
    scale === 0
      ? 'cast(1 as decimal(1,0))'
      : `cast(0.${'0'.repeat(scale - 1)}1 as decimal(${scale},${scale}))`;
  return `cast(cast(${units} as decimal(28,0)) * ${unit} as decimal(38,12))`;
}

/** The lanes of the cells in their order: dimension, currency, side. */
export async function makeLaneTable(
  session: Session,
  cells: string,
): Promise<
  readonly { readonly dimension: string; readonly currency: string; readonly side: 'charge' | 'credit' }[]
> {
  await session.run(`create or replace temp table run_lane as
select cast(row_number() over (order by dimension, currency, side) - 1 as integer) as l, dimension, currency, side,
  case when side = 'credit' then -1 else 1 end as sign
from (select distinct Dimension as dimension, BillingCurrency as currency, Side as side from ${cells})
order by l`);
  const rows = await session.rows('select dimension, currency, side from run_lane order by l');
  return rows.map((row) => ({
    dimension: String(row['dimension']),
    currency: String(row['currency']),
    side: row['side'] === 'credit' ? 'credit' : 'charge',
  }));
}

/** A day of the cells: a fingerprint of everything that its rows say, and the largest Σ |cost| of any of its lanes. */
export interface CellDay {
  /** `2026-10-05` */
  readonly day: string;
  readonly fingerprint: string;
  readonly largestLane: string;
}

/**
 * The days that have cells, in order. The fingerprint (the sums of two hashes over all rows) tells a change; it is no proof of
 * anything, and another version of the engine may give others.
 */
export async function daysOfCells(session: Session, cells: string): Promise<CellDay[]> {
  const said =
    'NodeId, NodeType, RuleId, BillSource, Dimension, BillingCurrency, Side, Cost, type, name, labels, entity, application';
  const rows = await session.rows(`with marked as (
  select Day as day, Dimension, BillingCurrency, Side, Cost, hash(${said}) as one, hash('2', Cost, NodeId, ${said}) as two
  from ${cells}
  join run_node on id = NodeId
),
lanes as (
  select day, sum(abs(Cost)) as amount, count(*) as rows, sum(cast(one as hugeint)) as one, sum(cast(two as hugeint)) as two
  from marked
  group by day, Dimension, BillingCurrency, Side
)
select cast(day as varchar) as day, max(amount) as largest, concat_ws(' ', sum(rows), sum(one), sum(two)) as fingerprint
from lanes
group by day
order by day`);
  return rows.map((row) => ({
    day: String(row['day']),
    fingerprint: String(row['fingerprint']),
    largestLane: String(row['largest']),
  }));
}

/** Makes room for an allocated day, in the place of the one before. */
export async function makeDayTables(session: Session): Promise<void> {
  await session.run(`create or replace temp table day_node
  (n integer, l integer, direct bigint, inflow bigint, outflow bigint, retained bigint)`);
  await session.run(
    'create or replace temp table day_flow (e integer, l integer, units bigint, quality utinyint)',
  );
  await session.run(
    'create or replace temp table day_held (n integer, l integer, units bigint, cause utinyint)',
  );
}

/** Frees the tables of a day. */
export async function dropDay(session: Session): Promise<void> {
  for (const name of ['day_unit', 'day_rest', 'day_node', 'day_flow', 'day_held'])
    await session.run(`drop table if exists ${name}`);
}

/** Writes the cells of a day to a file; how many rows. */
export function writeAttribution(
  session: Session,
  head: FileHead,
  { cells, day, target }: { readonly cells: string; readonly day: string; readonly target: string },
): Promise<number> {
  return copy(
    session,
    attributionDataset,
    head,
    { day: literal(day) },
    `select BillingCurrency as "BillingCurrency", Dimension as "Dimension", Side as "Side", NodeId as "NodeId", NodeType as "NodeType",
  RuleId as "RuleId", BillSource as "BillSource", Cost as "Cost", entity as "EntityId", application as "ApplicationId"
from ${cells}
join run_node on id = NodeId
where Day = cast(${literal(day)} as date)
order by NodeId, RuleId, BillSource, Dimension, BillingCurrency, Side`,
    target,
  );
}

/** Writes what the day's nodes got, passed on and kept; what rests of a lane is direct cost of the node `rounding`. */
export function writeAllocation(
  session: Session,
  head: FileHead,
  { day, scale, target }: { readonly day: string; readonly scale: number; readonly target: string },
): Promise<number> {
  const amounts = ['direct', 'inflow', 'outflow', 'retained'].map(
    (name) => `${money(`${name} * sign`, scale)} as ${name}`,
  );
  return copy(
    session,
    allocationDataset,
    head,
    { day: literal(day) },
    `select currency as "BillingCurrency", dimension as "Dimension", side as "Side", id as "NodeId", type as "NodeType",
  name as "NodeName", labels as "NodeLabels", direct as "Direct", inflow as "Inflow", outflow as "Outflow", retained as "Retained",
  entity as "EntityId", application as "ApplicationId"
from (
  select n, l, ${amounts.join(', ')} from day_node join run_lane using (l)
  union all
  ${roundingRows('n, l, amount, 0, 0, amount')}
) as given
join run_node using (n)
join run_lane using (l)
order by n, l`,
    target,
  );
}

/** Writes what the day's edges carried, by receiver, and then what stayed on nodes that are no products. */
export function writeFlow(
  session: Session,
  head: FileHead,
  { day, scale, target }: { readonly day: string; readonly scale: number; readonly target: string },
): Promise<number> {
  const amount = money('units * sign', scale);
  const names = (list: readonly string[]) => `[${list.map(literal).join(', ')}]`;
  return copy(
    session,
    flowDataset,
    head,
    { day: literal(day) },
    `select currency as "BillingCurrency", dimension as "Dimension", side as "Side", edge as "EdgeId", from_id as "FromNode",
  from_type as "FromType", from_position as "FromIndex", to_id as "ToNode", to_type as "ToType", to_position as "ToIndex",
  amount as "Amount", quality as "Quality", cause as "Cause", entity as "EntityId", application as "ApplicationId"
from (
  select l, e as part, 0 as place, run_edge.id as edge, f.id as from_id, f.type as from_type, f.position as from_position, t.id as to_id,
    t.type as to_type, t.position as to_position, ${amount} as amount, ${names(qualities)}[quality + 1] as quality,
    null as cause, t.entity, t.application
  from day_flow
  join run_lane using (l)
  join run_edge using (e)
  join run_node as f on f.n = run_edge.f
  join run_node as t on t.n = run_edge.t
  union all
  select l, cause, n, null, id, type, position, null, null, null, amount, 'held', ${names(heldCauses)}[cause + 1], entity, application
  from (
    select n, l, cause, ${amount} as amount from day_held join run_lane using (l)
    union all
    ${roundingRows(`n, l, ${heldCauses.indexOf('rounding')}, amount`)}
  ) as held
  join run_node using (n)
) as given
join run_lane using (l)
order by to_position nulls last, part, place, l`,
    target,
  );
}

/** What is left of the lanes of the day, as rows of the node `rounding`. */
export function roundingRows(columns: string): string {
  return `select ${columns} from day_rest, (select n from run_node where id = 'rounding')`;
}

/**
 * Writes rows with the columns of a dataset, in its order: those that all rows of a file share are added to what `select` gives,
 * behind its sorting, so that they are not sorted with it.
 */
export async function copy(
  session: Session,
  dataset: Dataset,
  { graph, period }: FileHead,
  { day, origin = literal(period) }: { readonly day: string; readonly origin?: string },
  select: string,
  target: string,
): Promise<number> {
  const shared: Readonly<Record<string, string>> = {
    Graph: literal(graph),
    BillingPeriodStart: `timestamp ${literal(`${period}-01`)}`,
    ChargePeriodStart: `cast(${day} as timestamp)`,
    ChargePeriodEnd: `cast(${day} as timestamp) + interval 1 day`,
    OriginPeriod: origin,
  };
  const columns = dataset.columns.map(({ name, type }) => {
    const given = shared[name] ?? identifier(name);
    return `cast(${given} as ${sqlType(type)}) as ${identifier(name)}`;
  });
  const [row] = await session.rows(
    `copy (select ${columns.join(', ')} from (${select}) as given) to ${literal(target)} (${parquetOptions})`,
  );
  return Number(row?.['Count']);
}
