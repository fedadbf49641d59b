import type { Engine, Selection, Session } from '../../platform/warehouse/index.ts';
import { carriedSql } from './growth-sql.ts';
import type { DirectCost, Utilisation } from './recommend-idle.ts';
import type { EvidenceRow } from './recommend-model.ts';
import type { PoolMonth } from './recommend-pools.ts';

/** A metric that says how used a node is. */
export interface UtilisationMetric {
  readonly metric: string;
  readonly unit: 'percent' | 'ratio';
}

/** Per node and metric: what was measured. */
export async function readUtilisation(
  engine: Engine,
  usage: Selection,
  metrics: readonly UtilisationMetric[],
): Promise<Utilisation[]> {
  if (metrics.length === 0) return [];
  const unitOf = new Map(metrics.map(({ metric, unit }) => [metric, unit]));
  const rows = await engine.rows(
    `select "NodeId" as node, "Metric" as metric, sum("Value") as sum, count(*) as "values", max("Value") as peak,
      count(distinct "Day") as days
    from ${usage.relation}
    where "Metric" in (select unnest(from_json($1, '["varchar"]'))) and "Value" is not null
    group by "NodeId", "Metric"
    order by node, metric`,
    [JSON.stringify([...unitOf.keys()])],
  );
  return rows.map((row) => ({
    node: String(row['node']),
    metric: String(row['metric']),
    unit: unitOf.get(String(row['metric'])) ?? 'ratio',
    sum: String(row['sum']),
    values: Number(row['values']),
    peak: String(row['peak']),
    measuredDays: Number(row['days']),
  }));
}

/** The own cost of nodes, those that cost anything. */
export async function readDirectCosts(
  engine: Engine,
  allocation: Selection,
  nodes: readonly string[],
): Promise<DirectCost[]> {
  const rows = await engine.rows(
    `select "NodeId" as node, coalesce(any_value("NodeName"), "NodeId") as name, "BillingCurrency" as currency, sum("Direct") as cost
    from ${allocation.relation}
    where "NodeId" in (select unnest(from_json($1, '["varchar"]')))
    group by "NodeId", "BillingCurrency"
    having sum("Direct") > 0
    order by node, currency`,
    [JSON.stringify(nodes)],
  );
  return rows as unknown as DirectCost[];
}

/** Largest cost rows shown of a node. */
const mostCostRows = 10;

/** What the own cost of nodes is made of: rule, bill and dimension, the largest first. */
export async function readCostRows(
  engine: Engine,
  attribution: Selection,
  nodes: readonly string[],
): Promise<(node: string, currency: string) => readonly EvidenceRow[]> {
  const rows = await engine.rows(
    `with parts as (
      select "NodeId" as node, "BillingCurrency" as currency, "RuleId" as rule, "BillSource" as source, "Dimension" as dimension,
        sum("Cost") as cost
      from ${attribution.relation}
      where "NodeId" in (select unnest(from_json($1, '["varchar"]')))
      group by all
    ),
    placed as (
      select *, row_number() over (partition by node, currency order by cost desc, rule, source, dimension) as place
      from parts
    )
    select node, currency, rule, source, dimension, cost
    from placed
    where place <= ${mostCostRows}
    order by node, currency, place`,
    [JSON.stringify(nodes)],
  );
  const found = new Map<string, EvidenceRow[]>();
  for (const { node, currency, ...row } of rows) {
    const key = `${currency} ${node}`;
    found.set(key, [...(found.get(key) ?? []), row as EvidenceRow]);
  }
  return (node, currency) => found.get(`${currency} ${node}`) ?? [];
}

/**
 * Per pool, metric, month and currency: the charges that its edges carried by the metric, and the usage of those they lead to.
 * `flows` and `usage` span the months; the session has `edge_metric` with the edges of pools.
 */
export async function readPoolMonths(
  session: Session,
  { flows, usage }: { readonly flows: Selection; readonly usage: Selection },
): Promise<PoolMonth[]> {
  await session.run(
    `create or replace temp table pool_flow as
with ${carriedSql(flows)}
select from_node, to_node, metric, month, currency, amount
from carried
where metric <> ''`,
  );
  const rows = await session.rows(
    `with
    costs as (
      select from_node as pool, metric, month, currency, sum(amount) as cost
      from pool_flow
      group by all
    ),
    measured as (
      select "NodeId" as consumer, "Metric" as metric, strftime("BillingPeriodStart", '%Y-%m') as month, sum("Value") as units,
        bit_or(cast(1 as bigint) << dayofmonth("Day")) as days
      from ${usage.relation}
      where "Metric" in (select metric from edge_metric)
      group by all
    ),
    units as (
      select pool, metric, month, sum(units) as units, bit_count(bit_or(days)) as days, count(*) as consumers
      from measured
      join (select distinct from_node as pool, to_node as consumer, metric from pool_flow) using (consumer, metric)
      group by all
    )
    select pool as node, metric, month, currency, cost, units, coalesce(days, 0) as days, coalesce(consumers, 0) as consumers
    from costs
    left join units using (pool, metric, month)
    order by node, metric, currency, month`,
  );
  return rows.map((row) => ({
    node: String(row['node']),
    name: String(row['node']),
    metric: String(row['metric']),
    month: String(row['month']),
    currency: String(row['currency']),
    cost: String(row['cost']),
    units: row['units'] === null || row['units'] === undefined ? null : String(row['units']),
    measuredDays: Number(row['days']),
    consumers: Number(row['consumers']),
  }));
}

/** Nodes with a cost of their own. */
export async function readDirectNodes(engine: Engine, allocation: Selection): Promise<ReadonlySet<string>> {
  const rows = await engine.rows(
    `select distinct "NodeId" as node
    from ${allocation.relation}
    where "Direct" <> 0`,
  );
  return new Set(rows.map(({ node }) => String(node)));
}

/** To whom nodes belong. */
export interface NodeOwner {
  readonly entity: string | null;
  readonly application: string | null;
}

/** Entity and application of the nodes, as the run's rows name them. */
export async function readOwners(
  engine: Engine,
  allocation: Selection,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, NodeOwner>> {
  const rows = await engine.rows(
    `select "NodeId" as node, any_value("EntityId") as entity, any_value("ApplicationId") as application
    from ${allocation.relation}
    where "NodeId" in (select unnest(from_json($1, '["varchar"]')))
    group by "NodeId"`,
    [JSON.stringify(nodes)],
  );
  return new Map(rows.map(({ node, ...owner }) => [String(node), owner as unknown as NodeOwner]));
}
