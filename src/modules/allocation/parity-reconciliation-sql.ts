import type { Engine, Row } from '../../platform/warehouse/index.ts';

/** Rows of three datasets of the same runs. */
export interface Relations {
  readonly allocation: string;
  readonly flow: string;
  readonly attribution: string;
}

const month = `strftime("BillingPeriodStart", '%Y-%m') as month`;
const money = '"BillingCurrency" as currency';

/** Per month and currency: what the rules sent, and what of it is for closed months (`restated`). */
export function attributedSums(engine: Engine, { attribution }: Relations): Promise<Row[]> {
  return engine.rows(`select ${month}, ${money}, sum("Cost") as attributed,
  coalesce(sum("Cost") filter ("OriginPeriod" <> strftime("BillingPeriodStart", '%Y-%m')), 0) as restated
from ${attribution}
group by all
order by all`);
}

/** Per month and currency: sums of the nodes' figures, and the largest amount by which any node and lane is out of balance. */
export function allocatedSums(engine: Engine, { allocation }: Relations): Promise<Row[]> {
  return engine.rows(`select ${month}, ${money}, sum("Direct") as direct, sum("Inflow") as inflow, sum("Outflow") as outflow,
  sum("Retained") as retained, sum("Allocated") as allocated, sum("Unallocated") as unallocated,
  max(abs("Direct" + "Inflow" - "Outflow" - "Retained")) as imbalance,
  sum("Retained") filter ("Side" = 'charge') as charges, coalesce(sum("Allocated") filter ("Side" = 'charge'), 0) as "allocatedCharges"
from ${allocation}
group by all
order by all`);
}

/** Per month and currency: what edges carried, and what is held with a cause. */
export function flowSums(engine: Engine, { flow }: Relations): Promise<Row[]> {
  return engine.rows(`select ${month}, ${money}, coalesce(sum("Amount") filter ("ToNode" is not null), 0) as carried,
  coalesce(sum("Amount") filter ("ToNode" is null), 0) as held
from ${flow}
group by all
order by all`);
}

/** How large each month's run is. */
export function sizes(engine: Engine, { allocation, flow }: Relations): Promise<Row[]> {
  return engine.rows(`select month, nodes, products, days, coalesce(links, 0) as links
from (
  select ${month}, count(distinct "NodeId") as nodes, count(distinct "NodeId") filter ("NodeType" = 'product') as products,
    count(distinct "ChargePeriodStart") as days
  from ${allocation}
  group by all
)
left join (
  select month, count(*) as links
  from (select distinct ${month}, "FromNode", "ToNode" from ${flow} where "ToNode" is not null)
  group by month
) using (month)
order by month`);
}
