import type { Engine, Selection } from '../../platform/warehouse/index.ts';
import type { Assignment } from '../organization/index.ts';
import type { ProductApplication } from './revenue-place.ts';

/** What products cost in one currency under one key. Amounts are signed sums of charges and credits. */
export interface KeyCost {
  /** Node, application or cost centre; null for products that have none. */
  readonly key: string | null;
  readonly name: string | null;
  readonly currency: string;
  /** By the rules straight on the products, and all that rests on them. */
  readonly direct: string;
  readonly retained: string;
}

/** What rests on nodes that are no products, and what the run comes to. */
export interface CurrencyTotal {
  readonly currency: string;
  readonly total: string;
  readonly unallocated: string;
}

/** Per currency: everything that rests somewhere, and the part of it that rests on no product. */
export async function readCurrencyTotals(engine: Engine, allocation: Selection): Promise<CurrencyTotal[]> {
  const rows = await engine.rows(
    `select "BillingCurrency" as currency, sum("Retained") as total, sum("Unallocated") as unallocated
    from ${allocation.relation}
    group by 1
    order by 1`,
  );
  return rows as unknown as CurrencyTotal[];
}

/** Per currency: Σ of the costs that the run began with; equal to what rests somewhere, where the whole run is seen. */
export async function readDirectTotals(
  engine: Engine,
  allocation: Selection,
): Promise<ReadonlyMap<string, string>> {
  const rows = await engine.rows(
    `select "BillingCurrency" as currency, sum("Direct") as total
    from ${allocation.relation}
    group by 1`,
  );
  return new Map(rows.map(({ currency, total }) => [String(currency), String(total)]));
}

/** Costs per product node. */
export async function readProductCosts(engine: Engine, allocation: Selection): Promise<KeyCost[]> {
  const rows = await engine.rows(
    `select "NodeId" as key, any_value("NodeName") as name, ${costsSql}
    from ${allocation.relation}
    where "NodeType" = 'product'
    group by "NodeId", "BillingCurrency"
    order by key, currency`,
  );
  return rows as unknown as KeyCost[];
}

/** Costs per application of the products. */
export async function readApplicationCosts(engine: Engine, allocation: Selection): Promise<KeyCost[]> {
  const rows = await engine.rows(
    `select "ApplicationId" as key, null as name, ${costsSql}
    from ${allocation.relation}
    where "NodeType" = 'product'
    group by "ApplicationId", "BillingCurrency"
    order by key, currency`,
  );
  return rows as unknown as KeyCost[];
}

/** Costs per cost centre: that of the product's application on the day of the cost. */
export async function readCostCentreCosts(
  engine: Engine,
  allocation: Selection,
  assignments: readonly Assignment[],
): Promise<KeyCost[]> {
  return engine.session(async (session) => {
    await session.run(
      'create temp table assigned (application varchar, valid_from varchar, valid_to varchar, cost_centre varchar)',
    );
    await session.append(
      'assigned',
      [
        assignments.map(({ application }) => application),
        assignments.map(({ validFrom }) => validFrom),
        assignments.map(({ validTo }) => validTo ?? '9999-12-31'),
        assignments.map(({ costCentre }) => costCentre ?? ''),
      ],
      assignments.length,
    );
    const rows = await session.rows(
      `with costs as (
        select "ApplicationId" as application, strftime("ChargePeriodStart", '%Y-%m-%d') as day, "BillingCurrency", "Direct", "Retained"
        from ${allocation.relation}
        where "NodeType" = 'product'
      )
      select nullif(cost_centre, '') as key, null as name, ${costsSql}
      from costs
      left join assigned
        on costs.application = assigned.application and day >= valid_from and day < valid_to
      group by 1, "BillingCurrency"
      order by key, currency`,
    );
    return rows as unknown as KeyCost[];
  });
}

const costsSql = `"BillingCurrency" as currency, sum("Direct") as direct, sum("Retained") as retained`;

/** The products of the run by id, each with the application that it is. */
export async function readProducts(engine: Engine, allocation: Selection): Promise<ProductApplication[]> {
  const rows = await engine.rows(
    `select "NodeId" as node, any_value("ApplicationId") as application
    from ${allocation.relation}
    where "NodeType" = 'product'
    group by "NodeId"
    order by node`,
  );
  return rows as unknown as ProductApplication[];
}
