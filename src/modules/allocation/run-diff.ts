import {
  absDecimal,
  type Caller,
  compareDecimal,
  isZero,
  parseDecimal,
} from '../../platform/kernel/index.ts';
import { addText, subtractText } from './checks.ts';
import { errors } from './errors.ts';
import { requireRun } from './publish-run.ts';
import type { RunDiff } from './run-contract.ts';
import { sameSnapshots } from './run-inputs.ts';
import type { AllocationRun, UsedSnapshot } from './run-model.ts';
import type { RunWorld } from './run-plan.ts';
import { computeTotals, type NodeTotal, type RetainedTotals, retainedOf, runTotals } from './run-totals.ts';

/** The totals after each effect was put in, the first run's before all. */
interface Stage {
  /** What was put in last; null: the run that is compared with. */
  readonly effect: string | null;
  readonly totals: RetainedTotals;
}

/**
 * Splits the difference of two runs of one graph into effects, node by node, by putting the second run's inputs into the first one
 * after the other and computing each time:
 *
 * - two runs of one month: `cost` (its bills, and what it books for closed months), then `driver` (its usage, and what its bills
 *   say of metrics), then `graph` (its version);
 * - runs of two months: `month` (its bills and drivers, day by day its own, through the first run's graph), then `graph`. A driver
 *   of the 5th of September says nothing of the 5th of October, so that these are one effect.
 *
 * The effects add up to the difference exactly, because each is the difference of two neighbouring totals. Refusals:
 * `allocation.unknownRun`, `allocation.differentGraphs`, `allocation.lostRun`, as `computeTotals`.
 */
export async function diffRuns(
  world: RunWorld,
  caller: Caller,
  ids: { readonly from: string; readonly to: string },
): Promise<RunDiff> {
  const from = await requireRun(world, caller, ids.from);
  const to = await requireRun(world, caller, ids.to);
  if (from.graph !== to.graph) throw errors.differentGraphs({ from: from.graph, to: to.graph });
  const { all: start } = await totalsOf(world, from);
  const { all: end, restated } = await totalsOf(world, to);
  const first: Stage = { effect: null, totals: retainedOf(start) };
  const last: Stage = { effect: 'graph', totals: retainedOf(end) };
  const isSameGraph = from.inputs.graphHash === to.inputs.graphHash;
  const stages =
    from.period === to.period
      ? await sameMonth(world, caller, { from, to, restated, first, last, isSameGraph })
      : [
          {
            effect: 'month',
            totals: isSameGraph ? last.totals : await withGraphOf(world, caller, { from, to, restated }),
          },
        ];
  return diffOf({ from, to }, [first, ...stages, last]);
}

async function totalsOf(world: RunWorld, run: AllocationRun) {
  if (run.snapshot === null) throw errors.lostRun({ run: run.id, period: run.period });
  return runTotals(world, run);
}

interface Sides {
  readonly from: AllocationRun;
  readonly to: AllocationRun;
  /** What `to` books for closed months. */
  readonly restated: readonly NodeTotal[];
}

async function sameMonth(
  world: RunWorld,
  caller: Caller,
  {
    first,
    last,
    isSameGraph,
    ...sides
  }: Sides & { readonly first: Stage; readonly last: Stage; readonly isSameGraph: boolean },
): Promise<Stage[]> {
  const { from, to, restated } = sides;
  const isSameCost =
    sameSnapshots(ofMonth(from), ofMonth(to)) &&
    from.inputs.restated.length === 0 &&
    to.inputs.restated.length === 0;
  const cost = isSameCost
    ? first.totals
    : await computed({ cost: to.inputs.cost, usage: from.inputs.usage }, from.inputs.cost);
  const driver = isSameGraph ? last.totals : await withGraphOf(world, caller, sides);
  return [
    { effect: 'cost', totals: cost },
    { effect: 'driver', totals: driver },
  ];

  async function computed(
    inputs: Pick<AllocationRun['inputs'], 'cost' | 'usage'>,
    metricBills: AllocationRun['inputs']['cost'],
  ): Promise<RetainedTotals> {
    const { graph, period, version } = from;
    const { totals } = await computeTotals(world, caller, {
      graph,
      period,
      wanted: version,
      inputs,
      metricBills,
    });
    return retainedOf(totals, restated);
  }
}

function ofMonth({ inputs, period }: AllocationRun) {
  return inputs.cost.filter((used) => used.period === period);
}

/** What a run has read, and of months and sources that it did not need what the other has. */
function withOthers(own: readonly UsedSnapshot[], other: readonly UsedSnapshot[]): readonly UsedSnapshot[] {
  const keyOf = ({ dataset, source, period }: UsedSnapshot) => [dataset, source, period].join('\n');
  const known = new Set(own.map(keyOf));
  return [...own, ...other.filter((used) => !known.has(keyOf(used)))];
}

/** The second run's bills and drivers through the first one's graph, which may need some that the second did not. */
async function withGraphOf(
  world: RunWorld,
  caller: Caller,
  { from, to, restated }: Sides,
): Promise<RetainedTotals> {
  const earlier = from.inputs.cost.filter(({ period }) => period < to.period);
  const cost = withOthers(to.inputs.cost, earlier);
  const usage = withOthers(to.inputs.usage, from.inputs.usage);
  const wish = { graph: from.graph, period: to.period, wanted: from.version, inputs: { cost, usage } };
  const { totals } = await computeTotals(world, caller, wish);
  return retainedOf(totals, restated);
}

function diffOf(
  { from, to }: { readonly from: AllocationRun; readonly to: AllocationRun },
  stages: readonly Stage[],
): RunDiff {
  const order = stages.flatMap(({ effect }) => effect ?? []);
  const keys = new Set(stages.flatMap(({ totals }) => [...totals.keys()]));
  const items = [...keys]
    .map((key) => itemOf(stages, key))
    .filter(({ delta, effects }) => !isNothing(delta, effects));
  const totals = new Map<string, RunDiff['totals'][number]>();
  for (const key of keys) addTotal(totals, itemOf(stages, key));
  return {
    from: sideOf(from),
    to: sideOf(to),
    order,
    items: items.sort(byCurrencyThenSize),
    totals: [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)),
  };
}

function sideOf({ id, period, graph, version }: AllocationRun): RunDiff['from'] {
  return { run: id, month: period, graph, version };
}

function itemOf(stages: readonly Stage[], key: string): RunDiff['items'][number] {
  const amounts = stages.map(({ totals }) => totals.get(key)?.amount ?? '0');
  const { node, type, currency } = [...stages]
    .reverse()
    .flatMap(({ totals }) => totals.get(key) ?? [])[0] ?? {
    ...{ node: '', type: '', currency: '' },
  };
  const effects = stages.flatMap(({ effect }, i) =>
    effect === null ? [] : [[effect, subtractText(amounts[i] ?? '0', amounts[i - 1] ?? '0')] as const],
  );
  const [start, end] = [amounts[0] ?? '0', amounts.at(-1) ?? '0'];
  return {
    ...{ node, type, currency, from: start, to: end, delta: subtractText(end, start) },
    effects: Object.fromEntries(effects),
  };
}

function isNothing(delta: string, effects: Readonly<Record<string, string>>): boolean {
  return [delta, ...Object.values(effects)].every((amount) => isZero(parseDecimal(amount)));
}

function addTotal(totals: Map<string, RunDiff['totals'][number]>, item: RunDiff['items'][number]): void {
  const { currency, from, to, delta, effects } = item;
  const before = totals.get(currency);
  totals.set(currency, {
    currency,
    from: addText(before?.from ?? '0', from),
    to: addText(before?.to ?? '0', to),
    delta: addText(before?.delta ?? '0', delta),
    effects: Object.fromEntries(
      Object.entries(effects).map(([name, amount]) => [name, addText(before?.effects[name] ?? '0', amount)]),
    ),
  });
}

function byCurrencyThenSize(a: RunDiff['items'][number], b: RunDiff['items'][number]): number {
  if (a.currency !== b.currency) return a.currency < b.currency ? -1 : 1;
  const size = compareDecimal(absDecimal(parseDecimal(b.delta)), absDecimal(parseDecimal(a.delta)));
  return size !== 0 ? size : a.node < b.node ? -1 : 1;
}
