import type { Engine, Selection } from '../../platform/warehouse/index.ts';

/** What a run comes to in one currency and on one side. Amounts are signed: credits are negative. */
export interface SideTotals {
  readonly currency: string;
  readonly side: 'charge' | 'credit';
  readonly total: string;
  readonly allocated: string;
  readonly unallocated: string;
  /** On products before anything flows. */
  readonly directOnProducts: string;
}

/** Totals per currency and side; a side without rows has none. */
export async function readSideTotals(engine: Engine, allocation: Selection): Promise<SideTotals[]> {
  const rows = await engine.rows(
    `select "BillingCurrency" as currency, "Side" as side, sum("Direct") as total,
      sum("Allocated") as allocated, sum("Unallocated") as unallocated,
      coalesce(sum("Direct") filter ("NodeType" = 'product'), 0) as "directOnProducts"
    from ${allocation.relation}
    group by all
    order by currency, side`,
  );
  return rows as unknown as SideTotals[];
}

/** What stays on one node for one cause. */
export interface HeldCost {
  readonly currency: string;
  readonly cause: string;
  readonly node: string;
  readonly type: string;
  readonly amount: string;
}

/** Charges that stay on nodes that are no products, by cause and node; the largest first, ties by id. */
export async function readHeldCosts(engine: Engine, flows: Selection): Promise<HeldCost[]> {
  const rows = await engine.rows(
    `select "BillingCurrency" as currency, "Cause" as cause, "FromNode" as node, any_value("FromType") as type, sum("Amount") as amount
    from ${flows.relation}
    where "ToNode" is null and "Side" = 'charge'
    group by "BillingCurrency", "Cause", "FromNode"
    order by amount desc, node, cause, currency`,
  );
  return rows as unknown as HeldCost[];
}

/** Charges that crossed the border of the products, by where the share of the edge came from. */
export interface BorderFlow {
  readonly currency: string;
  readonly quality: string;
  /** From other nodes into products, and from products back to others. */
  readonly entering: string;
  readonly leaving: string;
}

/** Flows into and out of the set of products; what one product passes to another is neither. */
export async function readBorderFlows(engine: Engine, flows: Selection): Promise<BorderFlow[]> {
  const rows = await engine.rows(
    `select "BillingCurrency" as currency, "Quality" as quality,
      coalesce(sum("Amount") filter ("ToType" = 'product'), 0) as entering,
      coalesce(sum("Amount") filter ("FromType" = 'product'), 0) as leaving
    from ${flows.relation}
    where "ToNode" is not null and "Side" = 'charge' and ("ToType" = 'product') <> ("FromType" = 'product')
    group by all
    order by currency, quality`,
  );
  return rows as unknown as BorderFlow[];
}

/** Charges of a month in one currency. */
export interface MonthTotals {
  readonly month: string;
  readonly currency: string;
  readonly charges: string;
  readonly allocated: string;
}

/** Charges per month and currency, oldest first; charges are what rests somewhere. */
export async function readTrend(engine: Engine, allocation: Selection): Promise<MonthTotals[]> {
  const rows = await engine.rows(
    `select strftime("BillingPeriodStart", '%Y-%m') as month, "BillingCurrency" as currency,
      sum("Retained") as charges, sum("Allocated") as allocated
    from ${allocation.relation}
    where "Side" = 'charge'
    group by all
    order by month, currency`,
  );
  return rows as unknown as MonthTotals[];
}
