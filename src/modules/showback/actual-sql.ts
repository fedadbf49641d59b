import type { Engine, Selection } from '../../platform/warehouse/index.ts';

/** What a product of the graph cost in one currency and side, and what that came from. Signed decimal texts. */
export interface ActualPart {
  readonly entity: string | null;
  /** Null: the product is no application. */
  readonly application: string | null;
  readonly node: string;
  readonly currency: string;
  readonly side: string;
  /** All that rests on the node. */
  readonly retained: string;
  readonly kind: 'DIRECT' | 'INDIRECT';
  /** The showback product that the graph names for this part; null where it names none. */
  readonly product: string | null;
  /** What came; the parts of a node sum to what rests and what it passed on. */
  readonly amount: string;
}

/** What rests on no product, by entity and currency. */
export interface ActualRest {
  readonly entity: string | null;
  readonly currency: string;
  readonly amount: string;
}

/**
 * Parts of what products cost in a run: their own cost, and what each showback product passed to them. A node says by its label
 * `product` which one its cost is: of its own cost on a product of the graph, of what it passes on elsewhere.
 */
export async function readActualParts(
  engine: Engine,
  { allocation, flow }: { readonly allocation: Selection; readonly flow: Selection },
): Promise<readonly ActualPart[]> {
  const rows = await engine.rows(
    `with node as (
      select "NodeId", "BillingCurrency" as currency, "Side" as side, any_value("EntityId") as entity,
        any_value("ApplicationId") as application, any_value(json_extract_string("NodeLabels", '$.product')) as product,
        sum("Retained") as retained, sum("Direct") as direct
      from ${allocation.relation}
      where "NodeType" = 'product'
      group by "NodeId", "BillingCurrency", "Side"
    ),
    label as (
      select "NodeId", any_value(json_extract_string("NodeLabels", '$.product')) as product
      from ${allocation.relation}
      group by "NodeId"
    ),
    inflow as (
      select flow."ToNode" as "NodeId", "BillingCurrency" as currency, "Side" as side, label.product, sum("Amount") as amount
      from ${flow.relation} as flow
      left join label on label."NodeId" = flow."FromNode"
      where flow."ToType" = 'product'
      group by flow."ToNode", "BillingCurrency", "Side", label.product
    )
    select entity, application, "NodeId" as node, currency, side, retained, 'DIRECT' as kind, product, direct as amount
    from node
    where direct <> 0
    union all
    select entity, application, node."NodeId", node.currency, node.side, retained, 'INDIRECT', inflow.product, inflow.amount
    from node
    join inflow
      on inflow."NodeId" = node."NodeId" and inflow.currency = node.currency and inflow.side = node.side
    where inflow.amount <> 0
    order by node, currency, side, kind, product nulls first`,
  );
  return rows as unknown as ActualPart[];
}

/** What stayed on nodes that are no products. */
export async function readActualRest(engine: Engine, allocation: Selection): Promise<readonly ActualRest[]> {
  const rows = await engine.rows(
    `select "EntityId" as entity, "BillingCurrency" as currency, sum("Unallocated") as amount
    from ${allocation.relation}
    where "NodeType" <> 'product'
    group by "EntityId", "BillingCurrency"
    having sum("Unallocated") <> 0
    order by entity, currency`,
  );
  return rows as unknown as ActualRest[];
}

/** Products of the graph that are an application, or the one that `~node:ID` names. */
export async function readNodesOf(
  engine: Engine,
  allocation: Selection,
  application: string,
): Promise<readonly string[]> {
  const node = /^~node:(.+)$/.exec(application)?.[1];
  const rows = await engine.rows(
    `select distinct "NodeId" as node
    from ${allocation.relation}
    where "NodeType" = 'product' and ${node === undefined ? '"ApplicationId"' : '"NodeId"'} = ?
    order by node`,
    [node ?? application],
  );
  return rows.map((row) => String(row['node']));
}
