import { type Engine, literal, type Selection, type Session } from '../../platform/warehouse/index.ts';

/** What a node costs in a month and currency, charges less credits. */
export interface NodeCost {
  readonly node: string;
  readonly name: string;
  readonly type: string;
  readonly currency: string;
  /** Decimal text. Direct + inflow = holistic = outflow + retained. */
  readonly direct: string;
  readonly holistic: string;
  readonly retained: string;
}

/** Which nodes are asked for. */
export interface AskedNodes {
  /** One node; else all that are products or have a value of the metric. */
  readonly node?: string | undefined;
  /** Nodes with a value of the metric. */
  readonly measured: readonly string[];
}

/** Costs per node and currency, the largest holistic cost first; ties by id. */
export async function readNodeCosts(
  engine: Engine,
  selection: Selection,
  asked: AskedNodes,
): Promise<NodeCost[]> {
  const [condition, values] = nodesSql(asked);
  const rows = await engine.rows(
    `select "NodeId" as node, coalesce(any_value("NodeName"), "NodeId") as name, any_value("NodeType") as type,
      "BillingCurrency" as currency, ${sumsSql}
    from ${selection.relation}
    where ${condition}
    group by "NodeId", "BillingCurrency"
    order by holistic desc, node, currency`,
    values,
  );
  return rows as unknown as NodeCost[];
}

/** The same per day; days without cost have no row. */
export async function readDailyCosts(
  engine: Engine,
  selection: Selection,
  asked: AskedNodes,
): Promise<(Omit<NodeCost, 'name' | 'type'> & { readonly day: string })[]> {
  const [condition, values] = nodesSql(asked);
  const rows = await engine.rows(
    `select "NodeId" as node, "BillingCurrency" as currency, strftime("ChargePeriodStart", '%Y-%m-%d') as day, ${sumsSql}
    from ${selection.relation}
    where ${condition}
    group by all
    order by node, currency, day`,
    values,
  );
  return rows as unknown as (Omit<NodeCost, 'name' | 'type'> & { readonly day: string })[];
}

const sumsSql = `sum("Direct") as direct, sum("Direct") + sum("Inflow") as holistic, sum("Retained") as retained`;

function nodesSql({ node, measured }: AskedNodes): [condition: string, values: string[]] {
  if (node !== undefined) return [`"NodeId" = $1`, [node]];
  return [
    `("NodeType" = 'product' or "NodeId" in (select unnest(from_json($1, '["varchar"]'))))`,
    [JSON.stringify(measured)],
  ];
}

/** What the given nodes passed to each other, per currency. */
export async function readInternalFlows(
  engine: Engine,
  flows: Selection,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await engine.rows(
    `with asked as (select unnest(from_json($1, '["varchar"]')) as node)
    select "BillingCurrency" as currency, sum("Amount") as amount
    from ${flows.relation}
    where "FromNode" in (from asked) and "ToNode" in (from asked)
    group by 1`,
    [JSON.stringify(nodes)],
  );
  return new Map(rows.map(({ currency, amount }) => [String(currency), String(amount)]));
}

/** How much of a metric a node has in a month. */
export interface NodeUnits {
  readonly node: string;
  /** Decimal text, over all days and labels. */
  readonly units: string;
  /** Null where nobody named one; several: values that cannot be added. */
  readonly unitNames: readonly string[];
  readonly measuredDays: number;
}

/** Values of a metric: rows with `Metric`, `NodeId`, `Day`, `Value` and `Unit`, and the connection that sees them. */
export interface UnitsRelation {
  readonly session: Pick<Session, 'rows'>;
  readonly relation: string;
}

/** Imported usage as a relation: of a metric with a unit, rows in other units are left out, as they are where cost is shared. */
export function usageUnits(
  session: Pick<Session, 'rows'>,
  relation: string,
  unit: string | undefined,
): UnitsRelation {
  if (unit === undefined)
    return { session, relation: `(select * replace (nullif("Unit", '') as "Unit") from ${relation})` };
  const own = literal(unit);
  return {
    session,
    relation: `(select * replace (${own} as "Unit") from ${relation} where coalesce("Unit", '') in ('', ${own}))`,
  };
}

/** The table of a session that `billMetrics` makes, as a relation. */
export function billUnits(session: Session, table: string, unit: string | undefined): UnitsRelation {
  const unitSql = unit === undefined ? 'null' : literal(unit);
  return { session, relation: `(select *, ${unitSql}::varchar as "Unit" from ${table})` };
}

/** Sums of a metric per node; a node without any value has no row. */
export async function readUnits(
  { session, relation }: UnitsRelation,
  { metric, node }: { readonly metric: string; readonly node?: string | undefined },
): Promise<NodeUnits[]> {
  const rows = await session.rows(
    `select "NodeId" as node, sum("Value") as units, to_json(list_sort(list(distinct "Unit") filter ("Unit" is not null))) as names,
      count(distinct "Day") as days
    from ${relation}
    where "Metric" = $1 and ($2::varchar is null or "NodeId" = $2)
    group by "NodeId"
    order by node`,
    [metric, node ?? null],
  );
  return rows.map(({ node, units, names, days }) => ({
    node: String(node),
    units: String(units),
    unitNames: names === null ? [] : (JSON.parse(String(names)) as string[]),
    measuredDays: Number(days),
  }));
}

/** The same per day. */
export async function readDailyUnits(
  { session, relation }: UnitsRelation,
  { metric, node }: { readonly metric: string; readonly node?: string | undefined },
): Promise<{ readonly node: string; readonly day: string; readonly units: string }[]> {
  const rows = await session.rows(
    `select "NodeId" as node, strftime("Day", '%Y-%m-%d') as day, sum("Value") as units
    from ${relation}
    where "Metric" = $1 and ($2::varchar is null or "NodeId" = $2)
    group by all
    order by node, day`,
    [metric, node ?? null],
  );
  return rows as unknown as { readonly node: string; readonly day: string; readonly units: string }[];
}
