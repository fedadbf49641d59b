import { disarm, writeCsv } from '../../platform/documents/index.ts';
import { type Caller, mutable } from '../../platform/kernel/index.ts';
import type { Engine, Selection } from '../../platform/warehouse/index.ts';
import { type Assignment, assignmentsIn } from '../organization/index.ts';
import { type AdviceOptions, runOfSnapshot, seesWholeGraph } from './economics-month.ts';
import { selectRun } from './query-run.ts';
import {
  type ProductApplication,
  type RevenueFact,
  revenueByApplication,
  revenueByCostCentre,
  revenueByProduct,
} from './revenue-place.ts';
import { readRevenue } from './revenue-sql.ts';
import { type KeyRevenue, statementOf } from './statement.ts';
import type { StatementAnswer, StatementQuery } from './statement-contract.ts';
import {
  type CurrencyTotal,
  type KeyCost,
  readApplicationCosts,
  readCostCentreCosts,
  readCurrencyTotals,
  readDirectTotals,
  readProductCosts,
  readProducts,
} from './statement-sql.ts';

/**
 * The month's profit and loss: revenue, direct and indirect cost and margin of each product, application or cost centre, and what
 * is unallocated, so that Σ cost is the run's total. Refusal: `allocation.noPublishedRun`.
 */
export async function readStatement(
  { workspace, records }: AdviceOptions,
  caller: Caller,
  query: StatementQuery,
): Promise<StatementAnswer> {
  const { graph, month, by } = query;
  const { allocation, snapshot } = await selectRun(workspace, caller.scope, { graph, month });
  const engine = await workspace.engine();
  const { facts, assignments } = await (await records()).read(caller, async (tx) => ({
    facts: await readRevenue(tx, { graph, period: month }),
    assignments: by === 'cost-centre' ? await assignmentsIn(tx, month) : [],
  }));
  const products = await readProducts(engine, allocation);
  const isWhole = await seesWholeGraph(records, caller, graph);
  const { lines, totals } = statementOf({
    costs: await costsBy(by, engine, allocation, assignments),
    totals: await totalsOf(engine, allocation, isWhole),
    revenue: revenueBy(by, facts, { products, assignments, month }),
  });
  return {
    context: { graph, month, run: runOfSnapshot(snapshot), by, whole: isWhole },
    items: mutable(lines),
    totals: mutable(totals),
  };
}

function costsBy(
  by: StatementQuery['by'],
  engine: Engine,
  allocation: Selection,
  assignments: readonly Assignment[],
): Promise<KeyCost[]> {
  if (by === 'product') return readProductCosts(engine, allocation);
  if (by === 'application') return readApplicationCosts(engine, allocation);
  return readCostCentreCosts(engine, allocation, assignments);
}

/** The total to tie to is of the costs that the run began with; who sees a part of it has nothing but what rests there. */
async function totalsOf(
  engine: Engine,
  allocation: Selection,
  isWhole: boolean,
): Promise<readonly CurrencyTotal[]> {
  const totals = await readCurrencyTotals(engine, allocation);
  if (!isWhole) return totals;
  const direct = await readDirectTotals(engine, allocation);
  return totals.map((total) => ({ ...total, total: direct.get(total.currency) ?? '0' }));
}

function revenueBy(
  by: StatementQuery['by'],
  facts: readonly RevenueFact[],
  at: {
    readonly products: readonly ProductApplication[];
    readonly assignments: readonly Assignment[];
    readonly month: string;
  },
): KeyRevenue[] {
  if (by === 'product') return revenueByProduct(facts, at.products);
  return by === 'application' ? revenueByApplication(facts, at.products) : revenueByCostCentre(facts, at);
}

const columns = [
  ...['kind', 'key', 'name', 'currency', 'revenue', 'directCost', 'indirectCost', 'cost', 'margin'],
  ...['marginRatio', 'reason'],
] as const;

/** The lines as a CSV file; what nobody knows is empty. */
export function statementCsv({ context, items }: StatementAnswer): string {
  const rows = items.map((item) =>
    columns.map((column) => {
      const value = (item as Readonly<Record<string, string | null>>)[column] ?? '';
      return isAmount(column) ? value : disarm(value);
    }),
  );
  return writeCsv([['month', ...columns], ...rows.map((row) => [context.month, ...row])]);
}

/** A negative amount is no formula. */
function isAmount(column: string): boolean {
  return ['revenue', 'directCost', 'indirectCost', 'cost', 'margin', 'marginRatio'].includes(column);
}
