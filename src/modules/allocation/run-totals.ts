import type { Caller } from '../../platform/kernel/index.ts';
import type { Row, Session } from '../../platform/warehouse/index.ts';
import { addText } from './checks.ts';
import { filesOfRuns } from './late-costs.ts';
import { type RunHooks, sumDays } from './run-days.ts';
import { inputsOf, type MonthInputs } from './run-inputs.ts';
import type { AllocationRun } from './run-model.ts';
import { planRun, type RunPlan, type RunWorld, type WantedGraph } from './run-plan.ts';
import { prepareMonth } from './run-prepare.ts';
import { readTotals, totalsOfFiles, totalsOfOthers } from './run-totals-sql.ts';

/** What a month comes to on one node in one currency, charges and credits apart. Signed decimals. */
export interface NodeTotal {
  readonly node: string;
  readonly type: string;
  readonly currency: string;
  readonly side: 'charge' | 'credit';
  readonly direct: string;
  readonly inflow: string;
  readonly outflow: string;
  readonly retained: string;
}

/** What to compute without leaving anything behind. */
export interface TotalsWish {
  readonly graph: string;
  readonly period: string;
  /** A published version, or a document that is in none: a draft, a what-if. */
  readonly wanted?: WantedGraph | undefined;
  /** What to read instead of the current bills and usage, as a run recorded it. */
  readonly inputs?: Partial<MonthInputs> | undefined;
  /** Bills that metrics are read from, where these are not the ones that are allocated. */
  readonly metricBills?: MonthInputs['cost'] | undefined;
}

/** Totals of a computation that is kept nowhere. */
export interface ComputedTotals {
  readonly totals: readonly NodeTotal[];
  readonly inputs: MonthInputs;
  readonly findings: readonly { readonly code: string; readonly path: string; readonly message: string }[];
}

/**
 * Computes a month with any graph, and gives its figures per node: for what-ifs and comparisons. Nothing is written. What closed
 * months would book in it is not part of it. Refusals: as `planRun` and `prepareMonth`.
 *
 * What-if of one edge: the totals of the changed document minus those of `runTotals` of the published run.
 */
export async function computeTotals(
  world: RunWorld,
  caller: Caller,
  { graph, period, wanted, inputs: given, metricBills }: TotalsWish,
  hooks: RunHooks = {},
): Promise<ComputedTotals> {
  const plan: RunPlan = await planRun(world, caller, { graph, period, wanted });
  const { lake } = world.workspace;
  const inputs = { ...inputsOf(plan, (await lake.current()).partitions), ...given };
  const engine = await world.workspace.engine();
  return engine.session(async (session) => {
    const month = await prepareMonth(session, lake, { plan, inputs, metricBills });
    await sumDays(session, month, { graph, hooks });
    return { totals: (await readTotals(session)).map(totalOf), inputs, findings: month.findings };
  });
}

/** The figures of runs that the lake holds, per node: all of each, and what it books for closed months. */
export async function runTotals(
  world: RunWorld,
  run: AllocationRun,
): Promise<{ readonly all: readonly NodeTotal[]; readonly restated: readonly NodeTotal[] }> {
  const { lake } = world.workspace;
  const { allocation } = await filesOfRuns(lake, [run]);
  const engine = await world.workspace.engine();
  return engine.session(async (session: Session) => ({
    all: (await totalsOfFiles(session, allocation)).map(totalOf),
    restated: (await totalsOfOthers(session, allocation, run.period)).map(totalOf),
  }));
}

function totalOf(row: Row): NodeTotal {
  const text = (name: string) => String(row[name]);
  return {
    node: text('node'),
    type: text('type'),
    currency: text('currency'),
    side: row['side'] === 'credit' ? 'credit' : 'charge',
    direct: text('direct'),
    inflow: text('inflow'),
    outflow: text('outflow'),
    retained: text('retained'),
  };
}

/** What rests on nodes: node and currency → amount, with the node's type. */
export type RetainedTotals = ReadonlyMap<
  string,
  { readonly node: string; readonly type: string; readonly currency: string; readonly amount: string }
>;

/** Retained per node and currency, of one or several lists of totals together. */
export function retainedOf(...lists: readonly (readonly NodeTotal[])[]): RetainedTotals {
  const sums = new Map<string, { node: string; type: string; currency: string; amount: string }>();
  for (const { node, type, currency, retained } of lists.flat()) {
    const key = `${currency}\n${node}`;
    const before = sums.get(key);
    if (before) before.amount = addText(before.amount, retained);
    else sums.set(key, { node, type, currency, amount: retained });
  }
  return sums;
}
