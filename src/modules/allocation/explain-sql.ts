import { literal, type Row, type Session } from '../../platform/warehouse/index.ts';
import { heldCauses, qualities } from './model.ts';

/*
 * What an explanation reads of a run. Flows and costs come as whole columns of numbers: nodes by the numbers that the rows have
 * (`FromIndex`, `ToIndex`), days and lanes as one number, the code of a slot.
 */

/** The values that the parts of a slot may have, in the order in which a code numbers them. */
export interface SlotParts {
  /** First and last day, `2026-10-01`. */
  readonly firstDay: string;
  readonly days: number;
  /** The run's month: what it books for closed months is not followed. */
  readonly origin: string;
  readonly dimensions: readonly string[];
  readonly currencies: readonly string[];
}

const sides = ['charge', 'credit'] as const;

/** How many codes there are. */
export function slotCodes({ days, dimensions, currencies }: SlotParts): number {
  return days * dimensions.length * currencies.length * sides.length;
}

/** The code of a slot: ((day · dimensions + dimension) · currencies + currency) · 2 + side. */
export function slotCode(
  parts: SlotParts,
  at: Readonly<Record<'day' | 'dimension' | 'currency' | 'side', string>>,
): number {
  const day = Math.round((Date.parse(at.day) - Date.parse(parts.firstDay)) / 86_400_000);
  const dimension = day * parts.dimensions.length + parts.dimensions.indexOf(at.dimension);
  const currency = dimension * parts.currencies.length + parts.currencies.indexOf(at.currency);
  return currency * sides.length + (at.side === 'credit' ? 1 : 0);
}

/** The same in SQL; −1 where a part is none of the given ones, or a code beyond the last for a later day. */
function slotSql({ firstDay, origin, dimensions, currencies }: SlotParts): string {
  // Far below every code, so that the sum is negative.
  const place = (values: readonly string[], column: string) =>
    `coalesce(list_position([${values.map(literal).join(', ')}], ${column}) - 1, -1000000000)`;
  const steps: readonly (readonly [count: number, index: string])[] = [
    [dimensions.length, place(dimensions, '"Dimension"')],
    [currencies.length, place(currencies, '"BillingCurrency"')],
    [sides.length, place(sides, '"Side"')],
  ];
  const day = `date_diff('day', timestamp ${literal(firstDay)}, "ChargePeriodStart")`;
  const code = steps.reduce((sql, [count, index]) => `(${sql} * ${count} + ${index})`, day);
  return `cast(greatest(least(${code} + ${place([origin], '"OriginPeriod"')}, 1000000000), -1) as integer)`;
}

/** What is read of a row of a node, with day as text. */
export const nodeColumns = `strftime("ChargePeriodStart", '%Y-%m-%d') as day, "OriginPeriod" as origin, "Dimension" as dimension,
  "BillingCurrency" as currency, "Side" as side, "Direct" as direct, "Inflow" as inflow, "Outflow" as outflow,
  "Retained" as retained, "NodeType" as type, "NodeName" as name, "ApplicationId" as application`;

/** Every row that a node has in a run. */
export function nodeRows(session: Session, allocation: string, node: string): Promise<Row[]> {
  return session.rows(
    `select ${nodeColumns}
from ${allocation}
where "NodeId" = $1
order by all`,
    [node],
  );
}

/** True when there is any row. */
export async function hasRows(session: Session, relation: string): Promise<boolean> {
  const rows = await session.rows(`select 1 as one from ${relation} limit 1`);
  return rows.length > 0;
}

/** Ids of nodes that have rows, for a hint. */
export async function nodeIds(session: Session, allocation: string): Promise<string[]> {
  const [ids = []] = await session.columns(
    `select distinct "NodeId" from ${allocation} order by 1 limit 20000`,
  );
  return Array.from(ids, String);
}

/**
 * Rows of the run's own month. What it books for closed months has the numbers that nodes had in these months' graphs, so that its
 * rows must not be asked by numbers.
 */
function ofMonth(origin: string): string {
  return `"OriginPeriod" = ${literal(origin)}`;
}

function dayLiteral(day: string): string {
  return `timestamp ${literal(day)}`;
}

function onDay(day: string | undefined): string {
  return day === undefined ? '' : ` and "ChargePeriodStart" = ${dayLiteral(day)}`;
}

/** The pairs of nodes that an edge joined on a day: their numbers. */
export async function linksOfDay(
  session: Session,
  flow: string,
  { day, origin }: { readonly day: string; readonly origin: string },
): Promise<{ readonly from: Int32Array; readonly to: Int32Array }> {
  const [from, to] = await session.columns(
    `select distinct cast("FromIndex" as integer), cast("ToIndex" as integer)
from ${flow}
where "ChargePeriodStart" = ${dayLiteral(day)} and ${ofMonth(origin)} and "ToIndex" is not null`,
  );
  return { from: from as Int32Array, to: to as Int32Array };
}

/** Which end of the flows is asked for. */
export type End = 'From' | 'To';

/** The number of a node as one end of flows of a day; undefined where it has none. */
export async function indexOf(
  session: Session,
  flow: string,
  {
    end,
    node,
    day,
    origin,
  }: { readonly end: End; readonly node: string; readonly day: string; readonly origin: string },
): Promise<number | undefined> {
  const [row] = await session.rows(
    `select "${end}Index" as i from ${flow} where "${end}Node" = $1 and "ChargePeriodStart" = ${dayLiteral(day)} and ${ofMonth(origin)} and "ToNode" is not null limit 1`,
    [node],
  );
  return row === undefined ? undefined : Number(row['i']);
}

/** Condition that a number is among those given. A few are listed, so that whole row groups are skipped; many are looked up in a bit string. */
export function amongSql(column: string, indexes: Iterable<number>): string {
  const wanted = [...indexes].sort((a, b) => a - b);
  if (wanted.length === 0) return 'false';
  if (wanted.length <= 16) return `${column} in (${wanted.join(', ')})`;
  const most = wanted.at(-1) as number;
  // One bit more on either side, for what lies outside: arithmetic is quicker than a condition on every row.
  const bits = new Uint8Array(most + 3).fill(48);
  for (const index of wanted) bits[index + 1] = 49;
  const text = Buffer.from(bits).toString('latin1');
  return `get_bit('${text}'::bit, cast(greatest(least(${column}, ${most + 1}), -1) + 1 as integer)) = 1`;
}

/** Flows with one end among the nodes given, as columns; `amount` without its sign, `quality` an index into `qualities`. */
export interface FlowColumns {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly code: Int32Array;
  readonly amount: Float64Array;
  readonly quality: Int32Array;
}

export async function readFlows(
  session: Session,
  flow: string,
  {
    end,
    indexes,
    parts,
  }: { readonly end: End; readonly indexes: Iterable<number>; readonly parts: SlotParts },
): Promise<FlowColumns> {
  const names = qualities.map(literal).join(', ');
  const [from, to, code, amount, quality] = await session.columns(
    `select cast("FromIndex" as integer), cast("ToIndex" as integer), ${slotSql(parts)}, cast(abs("Amount") as double),
  cast(coalesce(list_position([${names}], "Quality"), 1) - 1 as integer)
from ${flow}
where "ToIndex" is not null and ${ofMonth(parts.origin)} and ${amongSql(`"${end}Index"`, indexes)}`,
  );
  return {
    from: from as Int32Array,
    to: to as Int32Array,
    code: code as Int32Array,
    amount: amount as Float64Array,
    quality: quality as Int32Array,
  };
}

/** A node by the number that flows have for it. */
export interface NumberedNode {
  readonly index: number;
  readonly id: string;
  readonly type: string;
}

/** Who has the given numbers, by the flows of a day or of all days. */
export async function namesOf(
  session: Session,
  flow: string,
  {
    end,
    indexes,
    day,
    origin,
  }: {
    readonly end: End;
    readonly indexes: readonly number[];
    readonly day?: string | undefined;
    readonly origin: string;
  },
): Promise<NumberedNode[]> {
  if (indexes.length === 0) return [];
  const [index, id, type] = await session.columns(
    `select cast("${end}Index" as integer) as i, any_value("${end}Node"), any_value("${end}Type")
from ${flow}
where ${ofMonth(origin)} and ${amongSql(`"${end}Index"`, indexes)}${onDay(day)}
group by i
order by i`,
  );
  return Array.from(index as Int32Array, (i, row) => ({
    index: i,
    id: String(id?.[row]),
    type: String(type?.[row]),
  }));
}

/** What nodes have in a run, by slot, without the sign; `total` is direct + inflow. `node`: the number given to it. */
export interface HoldingColumns {
  readonly node: Int32Array;
  readonly code: Int32Array;
  readonly direct: Float64Array;
  readonly total: Float64Array;
  readonly retained: Float64Array;
}

/** A node with the number that statements give it in their answers. */
export interface NamedNode {
  readonly place: number;
  readonly id: string;
  /** Its number in the column `i`, where the relation that is read has one. */
  readonly index?: number | undefined;
}

/** Condition on a column of ids, or of numbers: few are listed, so that whole row groups are skipped. */
function isNamedSql(nodes: readonly NamedNode[]): string {
  const indexes = nodes.flatMap(({ index }) => index ?? []);
  if (indexes.length === nodes.length) return amongSql('i', indexes);
  return nodes.length > 64
    ? 'true'
    : `"NodeId" in (${nodes.map(({ id }) => literal(id)).join(', ') || 'null'})`;
}

/** Names the nodes that the statements below read, each with a number of its own. */
async function nameNodes(session: Session, nodes: readonly NamedNode[]): Promise<void> {
  await session.run('create or replace temp table explained_node (place integer, id varchar)');
  const places = Int32Array.from(nodes, ({ place }) => place);
  await session.append('explained_node', [places, nodes.map(({ id }) => id)], nodes.length);
}

export async function readHoldings(
  session: Session,
  allocation: string,
  nodes: readonly NamedNode[],
  parts: SlotParts,
): Promise<HoldingColumns> {
  await nameNodes(session, nodes);
  const [node, code, direct, total, retained] = await session.columns(
    `select place, ${slotSql(parts)}, cast(abs("Direct") as double), cast(abs("Direct" + "Inflow") as double),
  cast(abs("Retained") as double)
from ${allocation}
join explained_node on id = "NodeId"
where ${isNamedSql(nodes)}`,
  );
  return {
    node: node as Int32Array,
    code: code as Int32Array,
    direct: direct as Float64Array,
    total: total as Float64Array,
    retained: retained as Float64Array,
  };
}

/** What stays on nodes that are no products, by cause: an index into `heldCauses`. */
export interface HeldColumns {
  readonly node: Int32Array;
  readonly code: Int32Array;
  readonly cause: Int32Array;
  readonly amount: Float64Array;
}

export async function readHeld(
  session: Session,
  flow: string,
  nodes: readonly NamedNode[],
  parts: SlotParts,
): Promise<HeldColumns> {
  await nameNodes(session, nodes);
  const names = heldCauses.map(literal).join(', ');
  const [node, code, cause, amount] = await session.columns(
    `select place, ${slotSql(parts)}, cast(coalesce(list_position([${names}], "Cause"), 1) - 1 as integer), cast(abs("Amount") as double)
from ${flow}
join explained_node on id = "FromNode"
where "ToNode" is null`,
  );
  return {
    node: node as Int32Array,
    code: code as Int32Array,
    cause: cause as Int32Array,
    amount: amount as Float64Array,
  };
}

/** Costs that rules sent to nodes, by slot, without the sign; `rule` is empty where none took the rows. */
export interface RuleColumns {
  readonly node: Int32Array;
  readonly code: Int32Array;
  readonly cost: Float64Array;
  readonly rule: readonly string[];
  readonly source: readonly string[];
}

/** Reads what rules sent to nodes, and leaves it in a table of the session for `ruleTotals`. */
export async function readRules(
  session: Session,
  attribution: string,
  nodes: readonly NamedNode[],
  parts: SlotParts,
): Promise<RuleColumns> {
  await nameNodes(session, nodes);
  await session.run(`create or replace temp table explained_cost as
select place, ${slotSql(parts)} as code, "Cost" as cost, coalesce("RuleId", '') as rule, coalesce("BillSource", '') as source,
  "BillingCurrency" as currency, "Side" as side
from ${attribution}
join explained_node on id = "NodeId"
where ${isNamedSql(nodes)} and "OriginPeriod" = ${literal(parts.origin)}`);
  const [node, code, cost, rule, source] = await session.columns(
    'select place, code, cast(abs(cost) as double), rule, source from explained_cost',
  );
  return {
    node: node as Int32Array,
    code: code as Int32Array,
    cost: cost as Float64Array,
    rule: rule as readonly string[],
    source: source as readonly string[],
  };
}

/** What rules sent to the same nodes, exact: `place`, `rule`, `source`, `currency`, `side`, `cost`. */
export function ruleTotals(session: Session): Promise<Row[]> {
  return session.rows(`select place, rule, source, currency, side, sum(cost) as cost
from explained_cost
group by all
order by all`);
}

/** Who nodes are, and their direct cost: a row per currency and side. */
export async function describeNodes(
  session: Session,
  allocation: string,
  nodes: readonly NamedNode[],
  origin: string,
): Promise<Row[]> {
  await nameNodes(session, nodes);
  return session.rows(
    `select place, any_value("NodeName") as name, any_value("NodeType") as type, any_value("ApplicationId") as application,
  "BillingCurrency" as currency, "Side" as side, sum("Direct") as direct
from ${allocation}
join explained_node on id = "NodeId"
where ${isNamedSql(nodes)} and "OriginPeriod" = $1
group by place, "BillingCurrency", "Side"
order by place, currency, side`,
    [origin],
  );
}

/** Edges between the given nodes, by the numbers of their ends: `f`, `t`, and `edges`, their ids as JSON. */
export async function edgesBetween(
  session: Session,
  flow: string,
  {
    from,
    to,
    day,
    origin,
  }: {
    readonly from: Iterable<number>;
    readonly to: Iterable<number>;
    readonly day?: string | undefined;
    readonly origin: string;
  },
): Promise<Row[]> {
  return session.rows(
    `select "FromIndex" as f, "ToIndex" as t, to_json(list_sort(list(distinct "EdgeId"))) as edges
from ${flow}
where ${ofMonth(origin)} and ${amongSql('"ToIndex"', new Set(to))} and ${amongSql('"FromIndex"', new Set(from))}${onDay(day)}
group by all
order by all`,
  );
}
