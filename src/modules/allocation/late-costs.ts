import type { Lake, Partition } from '../../platform/warehouse/index.ts';
import { addText, subtractText } from './checks.ts';
import type { WrittenFiles } from './checks-sql.ts';
import { allocationDataset, attributionDataset, flowDataset, partitionOf } from './datasets.ts';
import { currentBills, sameSnapshots } from './run-inputs.ts';
import type { AllocationRun, CurrencyResult, RestatedMonth } from './run-model.ts';
import { publishedOf, type RunPlan } from './run-plan.ts';

/*
 * Closed means closed: a closed month keeps its published run. When its bill is restated afterwards, the next run of an open month
 * books the difference, in rows of their own.
 */

/** Cost of a month that is in no month's books, per currency. */
export interface LateCost {
  readonly currency: string;
  /** In the books, wherever: of its own run, and of later months' runs. */
  readonly booked: string;
  readonly now: string;
  readonly difference: string;
}

/** A closed month that may have a delta: all of `RestatedMonth` but the run that computes it now. */
export type RestatementOf = Omit<RestatedMonth, 'now'>;

/**
 * The closed months before the plan's whose bills are not those that their published run has read, or of which a part is
 * booked elsewhere. A closed month without a published run has nothing to differ from.
 */
export function restatedMonths(plan: RunPlan, partitions: readonly Partition[]): RestatementOf[] {
  return [...plan.closed.keys()]
    .filter((period) => period < plan.period)
    .sort()
    .flatMap((period) => {
      const base = publishedOf(plan, period);
      if (!base) return [];
      const from = base.inputs.cost.filter((used) => used.period === period);
      const to = currentBills(partitions, plan, period);
      const booked = bookedElsewhere(plan.published, { period, except: plan.period });
      if (booked.length === 0 && sameSnapshots(from, to)) return [];
      return [{ period, run: base.id, version: base.version, booked, from, to }];
    });
}

/** Published runs of other months that have booked something for a month; by month. */
export function bookedElsewhere(
  published: readonly AllocationRun[],
  { period, except }: { readonly period: string; readonly except: string },
): RestatedMonth['booked'] {
  return published
    .filter((run) => run.period !== except && run.inputs.restated.some((month) => month.period === period))
    .map((run) => ({ period: run.period, run: run.id }));
}

/** Per currency what the books hold of the plan's month, and what its run comes to now. */
export function lateCosts(plan: RunPlan, now: readonly CurrencyResult[]): LateCost[] {
  const booked = new Map<string, string>();
  const book = (currency: string, amount: string) =>
    booked.set(currency, addText(booked.get(currency) ?? '0', amount));
  for (const run of plan.published) {
    for (const { currency, total, restated } of run.result.currencies) {
      for (const { period, amount } of restated) {
        if (period === plan.period) book(currency, amount);
        if (run.period === plan.period) book(currency, subtractText('0', amount));
      }
      if (run.period === plan.period) book(currency, total);
    }
  }
  const currencies = [...new Set([...booked.keys(), ...now.map(({ currency }) => currency)])].sort();
  return currencies.map((currency) => {
    const is = now.find((one) => one.currency === currency)?.total ?? '0';
    const was = booked.get(currency) ?? '0';
    return { currency, booked: was, now: is, difference: subtractText(is, was) };
  });
}

/** The files of runs, as absolute paths. */
export async function filesOfRuns(lake: Lake, runs: readonly AllocationRun[]): Promise<WrittenFiles> {
  const { partitions } = await lake.current();
  const filesOf = (dataset: string) =>
    runs.flatMap(({ graph, period, snapshot }) => {
      const own = partitions.find(
        (p) => p.dataset === dataset && p.source === partitionOf(graph) && p.period === period,
      );
      const entry = [...(own?.current ? [own.current] : []), ...(own?.history ?? [])].find(
        ({ id }) => id === snapshot,
      );
      return (entry?.files ?? []).map(({ path }) => lake.resolve(path));
    });
  return {
    attribution: filesOf(attributionDataset.name),
    allocation: filesOf(allocationDataset.name),
    flow: filesOf(flowDataset.name),
  };
}
