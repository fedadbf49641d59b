import type { Scope } from '../../platform/kernel/index.ts';
import {
  bind,
  type Engine,
  filterSql,
  parseFilter,
  type QueryContext,
  type Selection,
} from '../../platform/warehouse/index.ts';
import { allocationDataset } from '../allocation/index.ts';
import type { AllocationDefinition } from './origin-definition.ts';

/** What the product nodes of an application retained in one currency, charges and credits together. */
export interface RetainedCost {
  /** Null: nodes without one. */
  readonly application: string | null;
  readonly currency: string;
  readonly retained: string;
  readonly nodes: number;
}

/** Retained cost of product nodes by application and currency, as far as the definition takes them. */
export async function readRetained(
  engine: Engine,
  { allocation, scope }: { readonly allocation: Selection; readonly scope: Scope },
  { node, where }: AllocationDefinition,
): Promise<RetainedCost[]> {
  const context: QueryContext = { dataset: allocationDataset, selection: allocation, scope, values: [] };
  const conditions = [
    `"NodeType" = 'product'`,
    ...(node === undefined ? [] : [`"NodeId" = ${bind(context, node)}`]),
    ...(where === undefined ? [] : [filterSql(context, parseFilter(where))]),
  ];
  const rows = await engine.rows(
    `select "ApplicationId" as application, "BillingCurrency" as currency, sum("Retained") as retained,
  count(distinct "NodeId") as nodes
from ${allocation.relation}
where ${conditions.join(' and ')}
group by "ApplicationId", "BillingCurrency"
order by application, currency`,
    context.values,
  );
  return rows.map((row) => ({
    application: row['application'] === null ? null : String(row['application']),
    currency: String(row['currency']),
    retained: String(row['retained']),
    nodes: Number(row['nodes']),
  }));
}
