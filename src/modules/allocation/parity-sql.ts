import { type Engine, identifier, type Row, type SqlValue } from '../../platform/warehouse/index.ts';

/*
 * Views of published results. `relation`: rows of a dataset in scope; `currency`: only that one. Sums are of charges and credits
 * together, exact decimals, and never of two currencies.
 */

/** Rows to show of a list, and its place. */
export interface Window {
  readonly limit: number;
  readonly offset: number;
}

interface Asked {
  readonly relation: string;
  readonly currency: string | undefined;
}

const figureSql = `sum("Direct") as direct, sum("Inflow") as inflow, sum("Direct") + sum("Inflow") as holistic,
    sum("Outflow") as outflow, sum("Retained") as retained`;
const placeSql = `sum("Direct") as direct, sum("Retained") as retained, sum("Allocated") as allocated, sum("Unallocated") as unallocated`;

/** Binds values as `$1`, `$2`, … in order. */
class Values {
  readonly list: SqlValue[] = [];
  bind(value: SqlValue): string {
    return `$${this.list.push(value)}`;
  }
}

function where(conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length === 0 ? '' : `\n  where ${given.join('\n    and ')}`;
}

function inCurrency(values: Values, currency: string | undefined): string | undefined {
  return currency === undefined ? undefined : `"BillingCurrency" = ${values.bind(currency)}`;
}

function ofTypes(values: Values, types: readonly string[] | undefined): string | undefined {
  if (types === undefined) return undefined;
  return `"NodeType" in (${types.map((type) => values.bind(type)).join(', ')})`;
}

function windowSql(values: Values, { limit, offset }: Window): string {
  return `limit cast(${values.bind(limit)} as bigint) offset cast(${values.bind(offset)} as bigint)`;
}

/** Sums of everything per currency: direct, retained, allocated, unallocated; by side when asked. */
export function totalsOf(
  engine: Engine,
  { relation, currency, bySide = false }: Asked & { readonly bySide?: boolean },
): Promise<Row[]> {
  const values = new Values();
  const keys = bySide ? '"BillingCurrency" as currency, "Side" as side' : '"BillingCurrency" as currency';
  return engine.rows(
    `select ${keys}, ${placeSql}
  from ${relation}${where([inCurrency(values, currency)])}
  group by all
  order by all`,
    values.list,
  );
}

export interface NodesAsked extends Asked, Window {
  readonly types?: readonly string[] | undefined;
  readonly text?: string | undefined;
  readonly node?: string | undefined;
  /** What they are ordered by; default `holistic`. */
  readonly by?: 'holistic' | 'retained' | undefined;
}

/** Nodes by the size of a figure, ties by id; `count` is that of all pages. */
export function nodesPage(engine: Engine, asked: NodesAsked): Promise<Row[]> {
  const values = new Values();
  const like = asked.text === undefined ? undefined : values.bind(asked.text.toLowerCase());
  const conditions = [
    inCurrency(values, asked.currency),
    ofTypes(values, asked.types),
    asked.node === undefined ? undefined : `"NodeId" = ${values.bind(asked.node)}`,
    like === undefined
      ? undefined
      : `(contains(lower("NodeId"), ${like}) or contains(lower("NodeName"), ${like}))`,
  ];
  return engine.rows(
    `with node as (
  select "NodeId" as node, max_by("NodeType", "ChargePeriodStart") as type, max_by("NodeName", "ChargePeriodStart") as name,
    max_by("ApplicationId", "ChargePeriodStart") as application, "BillingCurrency" as currency,
    ${figureSql}
  from ${asked.relation}${where(conditions)}
  group by "NodeId", "BillingCurrency"
)
select *, count(*) over () as count
from node
order by abs(${asked.by ?? 'holistic'}) desc, node, currency
${windowSql(values, asked)}`,
    values.list,
  );
}

/** The labels of a node as JSON; null where it has no rows. */
export async function labelsOf(engine: Engine, relation: string, node: string): Promise<string | null> {
  const [row] = await engine.rows(
    `select max_by("NodeLabels", "ChargePeriodStart") as labels from ${relation} where "NodeId" = $1`,
    [node],
  );
  return typeof row?.['labels'] === 'string' ? row['labels'] : null;
}

/** Figures of a node, or of all, per dimension and currency; per day too when asked. */
export function figuresBy(
  engine: Engine,
  asked: Asked & {
    readonly node?: string | undefined;
    readonly types?: readonly string[] | undefined;
    readonly keys: readonly ('day' | 'dimension' | 'node' | 'type')[];
    readonly window?: Window | undefined;
  },
): Promise<Row[]> {
  const values = new Values();
  const columns = {
    day: `strftime("ChargePeriodStart", '%Y-%m-%d') as day`,
    dimension: '"Dimension" as dimension',
    node: '"NodeId" as node',
    type: '"NodeType" as type',
  };
  const keys = asked.keys.map((key) => columns[key]);
  const conditions = [
    inCurrency(values, asked.currency),
    ofTypes(values, asked.types),
    asked.node === undefined ? undefined : `"NodeId" = ${values.bind(asked.node)}`,
  ];
  return engine.rows(
    `with figure as (
  select ${[...keys, '"BillingCurrency" as currency'].join(', ')}, count(distinct "NodeId") as nodes, ${figureSql}
  from ${asked.relation}${where(conditions)}
  group by all
)
select *, count(*) over () as count
from figure
order by ${[...asked.keys, 'currency'].join(', ')}
${asked.window ? windowSql(values, asked.window) : ''}`,
    values.list,
  );
}

/** A column of the allocation dataset, or `label:` and a key of a node's labels. */
export function placesBy(engine: Engine, asked: Asked & Window & { readonly key: string }): Promise<Row[]> {
  const values = new Values();
  const label = /^label:(.*)$/s.exec(asked.key)?.[1];
  const pointer = label?.replaceAll('~', '~0').replaceAll('/', '~1');
  const key =
    pointer === undefined
      ? identifier(asked.key)
      : `json_extract_string("NodeLabels", ${values.bind(`/${pointer}`)})`;
  const conditions = [inCurrency(values, asked.currency)];
  return engine.rows(
    `with place as (
  select ${key} as value, "BillingCurrency" as currency, ${placeSql}
  from ${asked.relation}${where(conditions)}
  group by all
)
select *, count(*) over () as count
from place
order by abs(retained) desc, value nulls last, currency
${windowSql(values, asked)}`,
    values.list,
  );
}

/** Which end of an edge is asked for. */
export interface LinksAsked extends Asked {
  /** Nodes at the near end. */
  readonly nodes: readonly string[];
  /** The end at which they are. */
  readonly near: 'From' | 'To';
  /** Links per node and currency, the largest first. */
  readonly most: number;
}

/**
 * Who gave cost to nodes (`near` To), or got it from them: `near`, `far`, `type`, `currency`, `amount`, `edges` and `qualities` as
 * JSON; `count` and `whole` are those of all links of the near node.
 */
export function linksOf(
  engine: Engine,
  { relation, currency, nodes, near, most }: LinksAsked,
): Promise<Row[]> {
  if (nodes.length === 0) return Promise.resolve([]);
  const values = new Values();
  const far = near === 'From' ? 'To' : 'From';
  const conditions = [
    '"ToNode" is not null',
    inCurrency(values, currency),
    `"${near}Node" in (${nodes.map((node) => values.bind(node)).join(', ')})`,
  ];
  return engine.rows(
    `with link as (
  select "${near}Node" as near, "${far}Node" as far, any_value("${far}Type") as type, "BillingCurrency" as currency,
    sum("Amount") as amount, to_json(list_sort(list(distinct "EdgeId"))) as edges,
    to_json(list_sort(list(distinct "Quality"))) as qualities
  from ${relation}${where(conditions)}
  group by "${near}Node", "${far}Node", "BillingCurrency"
),
ranked as (
  select *, count(*) over of_node as count, sum(amount) over of_node as whole,
    row_number() over (partition by near, currency order by abs(amount) desc, far) as rank
  from link
  window of_node as (partition by near, currency)
)
select * exclude (rank)
from ranked
where rank <= cast(${values.bind(most)} as bigint)
order by near, currency, abs(amount) desc, far`,
    values.list,
  );
}

/** What stays on nodes that are no products, by cause: per currency, or per node too. */
export function heldBy(
  engine: Engine,
  {
    relation,
    currency,
    nodes,
    keys,
  }: Asked & { readonly nodes?: readonly string[]; readonly keys: readonly ('node' | 'month')[] },
): Promise<Row[]> {
  if (nodes?.length === 0) return Promise.resolve([]);
  const values = new Values();
  const columns = { node: '"FromNode" as node', month: `strftime("BillingPeriodStart", '%Y-%m') as month` };
  const conditions = [
    '"ToNode" is null',
    inCurrency(values, currency),
    nodes && `"FromNode" in (${nodes.map((node) => values.bind(node)).join(', ')})`,
  ];
  return engine.rows(
    `select ${[...keys.map((key) => columns[key]), '"BillingCurrency" as currency', '"Cause" as cause'].join(', ')}, sum("Amount") as amount
  from ${relation}${where(conditions)}
  group by all
  having sum("Amount") <> 0
  order by ${[...keys, 'currency', 'cause'].join(', ')}`,
    values.list,
  );
}

/** How many nodes of each type there are. */
export function countNodes(engine: Engine, { relation, currency }: Asked): Promise<Row[]> {
  const values = new Values();
  return engine.rows(
    `select "NodeType" as type, count(distinct "NodeId") as nodes
  from ${relation}${where([inCurrency(values, currency)])}
  group by all
  order by type`,
    values.list,
  );
}

/** What products pass to products: `from`, `to`, `currency`, `dimension`, `amount`. */
export function productFlows(engine: Engine, { relation, currency }: Asked): Promise<Row[]> {
  const values = new Values();
  const conditions = [`"FromType" = 'product'`, `"ToType" = 'product'`, inCurrency(values, currency)];
  return engine.rows(
    `select "FromNode" as "from", "ToNode" as "to", "BillingCurrency" as currency, "Dimension" as dimension, sum("Amount") as amount
  from ${relation}${where(conditions)}
  group by all
  order by all`,
    values.list,
  );
}
