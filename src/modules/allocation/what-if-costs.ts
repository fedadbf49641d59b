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
  /** Decimals of a unit. */
  readonly scale: number;
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
  const { relation } = await lake.select(everything, allocationDataset, range);
  const own = { relation, period };
  const { scale } = run.method;
  return {
    lanes: await makeLaneTable(session, relation),
    nodes: await readRunNodes(session, own),
    days: await readRunDays(session, own),
    scale,
    load: (day) => readRunUnits(session, own, { day, scale }),
    rests: async () =>
      (await readRunRests(session, own)).map((rest) => ({ ...rest, amount: parseDecimal(rest.amount) })),
    findings: [],
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
  const scale = run?.method.scale ?? scaleOf(days, lanes);
  const rests = new Map<string, Rest>();
  return {
    ...{ lanes, nodes, scale, findings },
    days: days.map(({ day }) => day),
    load: async (day) => {
      const units = await unitsOfDay(session, { cells: table, day, scale });
      for (const { currency, side, amount } of await readRests(session)) {
        const known = rests.get(`${currency} ${side}`)?.amount ?? zero;
        rests.set(`${currency} ${side}`, { currency, side, amount: addDecimal(known, parseDecimal(amount)) });
      }
      return units;
    },
    rests: async () => [...rests.values()],
  };
}
