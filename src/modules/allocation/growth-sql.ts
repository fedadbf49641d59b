import type { Selection, Session } from '../../platform/warehouse/index.ts';
import type { EdgeMetric } from './growth-edges.ts';
import { atoms } from './write-run-sql.ts';

/** Makes the session's table `edge_metric`. */
export async function makeEdgeMetrics(session: Session, metrics: readonly EdgeMetric[]): Promise<void> {
  const columns = ['edge', 'from', 'to', 'dimension', 'metric'] as const;
  await session.run(
    'create or replace temp table edge_metric (edge varchar, from_node varchar, to_node varchar, dimension varchar, metric varchar)',
  );
  await session.append(
    'edge_metric',
    columns.map((column) => metrics.map((one) => one[column])),
    metrics.length,
  );
}

/**
 * A common table expression, `carried`: the charges that edges carried, per edge with its ends, month, currency and the metric
 * by which they were shared (empty: by none). Needs `edge_metric`; edges that it does not name are left out.
 */
export function carriedSql(flows: Selection): string {
  return `moved as (
  select "EdgeId" as edge, "Dimension" as dimension, "BillingCurrency" as currency, "BillingPeriodStart" as opens,
    sum("Amount") as amount
  from ${flows.relation}
  where "EdgeId" is not null and "Side" = 'charge'
  group by all
),
carried as (
  select moved.edge, of_edge.from_node, of_edge.to_node, strftime(opens, '%Y-%m') as month, currency,
    coalesce(of_dimension.metric, of_edge.metric) as metric, sum(amount) as amount
  from moved
  join (select * from edge_metric where dimension = '') as of_edge on of_edge.edge = moved.edge
  left join (select * from edge_metric where dimension <> '') as of_dimension
    on of_dimension.edge = moved.edge and of_dimension.dimension = moved.dimension
  group by all
)`;
}

/** Charges that one edge carried in a month and currency, and the part of them that was shared by the metric, in 10⁻¹². */
export interface DrivenEdge {
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly amount: bigint;
  readonly driven: bigint;
}

/** Every edge that carried charges; the metric's part of each. Needs `edge_metric`. */
export async function readDrivenEdges(
  session: Session,
  flows: Selection,
  metric: string,
): Promise<DrivenEdge[]> {
  const [from = [], to = [], currency = [], amount = [], driven = []] = await session.columns(
    `with ${carriedSql(flows)},
edges as (
  select from_node, to_node, currency, sum(amount) as amount, coalesce(sum(amount) filter (metric = $1), 0) as driven
  from carried
  group by from_node, to_node, currency
)
select from_node, to_node, currency, cast(${atoms('amount')} as varchar), cast(${atoms('driven')} as varchar)
from edges
order by from_node, to_node, currency`,
    [metric],
  );
  return Array.from({ length: from.length }, (_, i) => ({
    from: String(from[i]),
    to: String(to[i]),
    currency: String(currency[i]),
    amount: BigInt(String(amount[i])),
    driven: BigInt(String(driven[i])),
  }));
}

/** The charges of a node in one currency, in 10⁻¹². */
export interface NodeCharges {
  readonly node: string;
  readonly name: string;
  readonly type: string;
  readonly currency: string;
  readonly direct: bigint;
  readonly holistic: bigint;
  readonly retained: bigint;
}

/** Every node that had charges. */
export async function readNodeCharges(session: Session, allocation: Selection): Promise<NodeCharges[]> {
  const [node = [], name = [], type = [], currency = [], direct = [], holistic = [], retained = []] =
    await session.columns(
      `with nodes as (
  select "NodeId" as node, coalesce(any_value("NodeName"), "NodeId") as name, any_value("NodeType") as type,
    "BillingCurrency" as currency, sum("Direct") as direct, sum("Direct") + sum("Inflow") as holistic, sum("Retained") as retained
  from ${allocation.relation}
  where "Side" = 'charge'
  group by "NodeId", "BillingCurrency"
)
select node, name, type, currency, cast(${atoms('direct')} as varchar), cast(${atoms('holistic')} as varchar),
  cast(${atoms('retained')} as varchar)
from nodes
order by node, currency`,
    );
  return Array.from({ length: node.length }, (_, i) => ({
    node: String(node[i]),
    name: String(name[i]),
    type: String(type[i]),
    currency: String(currency[i]),
    direct: BigInt(String(direct[i])),
    holistic: BigInt(String(holistic[i])),
    retained: BigInt(String(retained[i])),
  }));
}

/** What edges carried, charges less credits, in 10⁻¹²; by edge id and currency. */
export async function readEdgeFlows(
  session: Session,
  flows: Selection,
  period: string,
): Promise<readonly { readonly edge: string; readonly currency: string; readonly units: bigint }[]> {
  const [edge = [], currency = [], charges = [], credits = []] = await session.columns(
    `with edges as (
  select "EdgeId" as edge, "BillingCurrency" as currency, coalesce(sum("Amount") filter ("Side" = 'charge'), 0) as charges,
    coalesce(-sum("Amount") filter ("Side" = 'credit'), 0) as credits
  from ${flows.relation}
  where "ToNode" is not null and "OriginPeriod" = $1
  group by "EdgeId", "BillingCurrency"
)
select edge, currency, cast(${atoms('charges')} as varchar), cast(${atoms('credits')} as varchar)
from edges`,
    [period],
  );
  return Array.from({ length: edge.length }, (_, i) => ({
    edge: String(edge[i]),
    currency: String(currency[i]),
    units: BigInt(String(charges[i])) - BigInt(String(credits[i])),
  }));
}
