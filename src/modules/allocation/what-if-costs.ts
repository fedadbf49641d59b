import { addDecimal, type Decimal, everything, parseDecimal, zero } from '../../platform/kernel/index.ts';
import type { Session } from '../../platform/warehouse/index.ts';
import { attributeMonth } from './attribute.ts';
import { allocationDataset, partitionOf } from './datasets.ts';
import type { Lane } from './engine/types.ts';
import type { GraphDocument, GraphFinding, GraphNode } from './model.ts';
import type { UnitColumns } from './run-day.ts';
import type { MonthInputs } from './run-inputs.ts';
import type { AllocationRun } from './run-model.ts';
import type { RunPlan, RunWorld } from './run-plan.ts';
import { scaleOf } from './run-prepare.ts';
import {
  cellsOfRun,
  daysOfTable,
  readRests,
  readRunDays,
  readRunNodes,
  readRunRests,
  readRunUnits,
} from './what-if-sql.ts';
import { makeLaneTable, unitsOfDay } from './write-run-sql.ts';

/** What lies below a unit, which the node `rounding` holds. */
export interface Rest {
  readonly currency: string;
  readonly side: string;
  readonly amount: Decimal;
}

/** Where a month's direct costs come from. `run_lane` lies in the session; `load` needs `run_node` there. */
export interface MonthCosts {
  readonly lanes: readonly Lane[];
  /** Nodes that hold cost and may be in no version of the graph. */
  readonly nodes: readonly GraphNode[];
  /** Days that have costs, in order. */
  readonly days: readonly string[];
  /** Table (or table expression) of the session with the cells: see `makeCells` for what `unitsOfDay` reads of them. */
  readonly cells: string;
  /** Decimals of a unit. */
  readonly scale: number;
  /** The same costs in coarser units. */
  readonly at: (scale: number) => MonthCosts;
  /** Direct costs of one day (`2026-10-05`) in units. */
  readonly load: (day: string) => Promise<UnitColumns>;
  /** Of all days; ask when all are loaded. */
  readonly rests: () => Promise<readonly Rest[]>;
  readonly findings: readonly GraphFinding[];
}

/**
 * The direct costs of a published run, as its figures have them: no bill is read, and every unit is where it was. What the run
 * booked for other months is left out.
 */
export async function costsOfRun(
  { workspace: { lake } }: RunWorld,
  session: Session,
  { graph, period }: Pick<RunPlan, 'graph' | 'period'>,
  run: AllocationRun,
): Promise<MonthCosts> {
  // Whoever may read the graph may read all of its run.
  const range = { from: period, to: period, sources: [partitionOf(graph)] };
  const { relation, rows } = await lake.select(everything, allocationDataset, range);
  const own = { relation, period };
  const { scale } = run.method;
  const lanes = await makeLaneTable(session, relation);
  const days = await readRunDays(session, own);
  const read = (from: string, to: string) => readRunUnits(session, own, { from, to, scale });
  const batch = Math.max(1, Math.floor((rowsAtOnce * days.length) / Math.max(1, rows)));
  const known = async () =>
    (await readRunRests(session, own)).map((rest) => ({ ...rest, amount: parseDecimal(rest.amount) }));
  const costs = {
    ...{ lanes, days, cells: cellsOfRun(own), nodes: await readRunNodes(session, own), findings: [] },
  };
  const at = (coarser: number): MonthCosts => {
    const rounded = roundedCosts(session, costs.cells, coarser);
    const rests = async () => addedRests([...(await known()), ...(await rounded.rests())]);
    return { ...costs, at, scale: coarser, load: rounded.load, rests };
  };
  return { ...costs, at, scale, load: inBatches(days, batch, read), rests: known };
}

/** Rows of a run's figures that are read at once: a few at a time take the most time, all of a large month the most memory. */
const rowsAtOnce = 4_000_000;

/** Reads several days at once, and gives them one by one; what was given is not kept. */
function inBatches(
  days: readonly string[],
  size: number,
  read: (from: string, to: string) => Promise<readonly UnitColumns[]>,
): MonthCosts['load'] {
  const ahead = new Map<string, UnitColumns>();
  const none: UnitColumns = { n: new Int32Array(), l: new Int32Array(), units: new Float64Array() };
  return async (day) => {
    if (!ahead.has(day)) {
      const batch = days.slice(days.indexOf(day), days.indexOf(day) + size);
      const found = await read(day, batch.at(-1) ?? day);
      for (const one of batch)
        ahead.set(one, found[(Date.parse(one) - Date.parse(day)) / 86_400_000] ?? none);
    }
    const units = ahead.get(day) ?? none;
    ahead.delete(day);
    return units;
  };
}

/** The direct costs of a month as the document's rules send the bills there. Refusals: as `attributeMonth`. */
export async function costsOfBills(
  { workspace: { lake } }: RunWorld,
  session: Session,
  { graph, period, scope }: Pick<RunPlan, 'graph' | 'period' | 'scope'>,
  {
    document,
    inputs,
    run,
  }: {
    readonly document: GraphDocument;
    readonly inputs: MonthInputs;
    readonly run: AllocationRun | undefined;
  },
): Promise<MonthCosts> {
  const bills = inputs.cost.filter((used) => used.period === period);
  const { table, nodes, findings } = await attributeMonth({
    ...{ session, lake, scope, graph, document, period },
    sources: bills.map(({ source }) => source),
    snapshots: bills,
    table: 'what_if_cell',
  });
  const lanes = await makeLaneTable(session, table);
  const days = await daysOfTable(session, table);
  const costs = { ...{ lanes, nodes, findings, cells: table }, days: days.map(({ day }) => day) };
  const at = (scale: number): MonthCosts => ({
    ...{ ...costs, at, scale },
    ...roundedCosts(session, table, scale),
  });
  // With another dimension a lane may be larger than any of the run's.
  const finest = scaleOf(days, lanes);
  return at(Math.min(finest, run?.method.scale ?? finest));
}

/** Costs of cells in units, day by day; the rests are of the days that were loaded. */
function roundedCosts(
  session: Session,
  cells: string,
  scale: number,
): { readonly load: MonthCosts['load']; readonly rests: () => Promise<readonly Rest[]> } {
  const rests: Rest[] = [];
  return {
    load: async (day) => {
      const units = await unitsOfDay(session, { cells, day, scale });
      for (const { amount, ...of } of await readRests(session))
        rests.push({ ...of, amount: parseDecimal(amount) });
      return units;
    },
    rests: async () => addedRests(rests),
  };
}

/** One rest per currency and side. */
function addedRests(rests: readonly Rest[]): Rest[] {
  const sums = new Map<string, Rest>();
  for (const rest of rests) {
    const key = `${rest.currency} ${rest.side}`;
    sums.set(key, { ...rest, amount: addDecimal(sums.get(key)?.amount ?? zero, rest.amount) });
  }
  return [...sums.values()];
}
