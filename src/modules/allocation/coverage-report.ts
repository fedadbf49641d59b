import { addMonths, type Caller, mutable, parseDecimal, parsePeriod } from '../../platform/kernel/index.ts';
import { coverageOf } from './coverage.ts';
import type { CoverageAnswer, CoverageQuery } from './coverage-contract.ts';
import { readBorderFlows, readHeldCosts, readSideTotals, readTrend } from './coverage-sql.ts';
import { allocationDataset, partitionOf } from './datasets.ts';
import { type AdviceOptions, runOfSnapshot, seesWholeGraph } from './economics-month.ts';
import { quotientText } from './economics-ratio.ts';
import { selectRun } from './query-run.ts';

/**
 * How much of a month's charges reached products, why the rest did not, and how that went over the months before. Refusal:
 * `allocation.noPublishedRun`.
 */
export async function readCoverage(
  { workspace, records }: AdviceOptions,
  caller: Caller,
  { graph, month, months, top }: CoverageQuery,
): Promise<CoverageAnswer> {
  const { scope } = caller;
  const engine = await workspace.engine();
  const { allocation, flow, snapshot } = await selectRun(workspace, scope, { graph, month });
  const isWhole = await seesWholeGraph(records, caller, graph);
  const currencies = coverageOf({
    totals: await readSideTotals(engine, allocation),
    held: await readHeldCosts(engine, flow),
    border: await readBorderFlows(engine, flow),
    top,
    isWhole,
  });
  const trend = await workspace.lake.select(scope, allocationDataset, {
    from: addMonths(parsePeriod(month), 1 - months),
    to: month,
    sources: [partitionOf(graph)],
  });
  return {
    context: { graph, month, run: runOfSnapshot(snapshot), whole: isWhole },
    currencies: mutable(currencies),
    trend: (await readTrend(engine, trend)).map((one) => ({
      ...one,
      coverage: quotientText(parseDecimal(one.allocated), parseDecimal(one.charges)),
    })),
  };
}
