import type { Session } from '../../platform/warehouse/index.ts';
import { readDrivers } from './drivers.ts';
import { compileGraph, lookBackDays } from './engine/compile-graph.ts';
import type { CompiledGraph, Drivers } from './engine/types.ts';
import { errors } from './errors.ts';
import type { GraphDocument, GraphFinding } from './model.ts';
import { daysOfMonth, type MonthInputs } from './run-inputs.ts';
import type { AllocationRun } from './run-model.ts';
import { runNodes } from './run-nodes.ts';
import type { RunPlan, RunWorld } from './run-plan.ts';
import { metricsOfBills, withRoom } from './run-prepare.ts';
import type { MetricChange } from './what-if-contract.ts';
import { costsOfBills, costsOfRun, type MonthCosts } from './what-if-costs.ts';
import { changeDrivers } from './what-if-drivers.ts';
import { makeNodeTable } from './write-run-sql.ts';

/** What is to be computed as if. */
export interface AsIf {
  readonly world: RunWorld;
  readonly session: Session;
  readonly plan: RunPlan;
  readonly document: GraphDocument;
  readonly inputs: MonthInputs;
  /** The published run of the month; its unit is the unit here. */
  readonly run: AllocationRun | undefined;
  /** The rules are the run's: its direct costs are taken over, and no bill is read. */
  readonly takesOver: boolean;
  readonly metrics: readonly MetricChange[];
}

/** A month ready to be allocated in memory. */
export interface AsIfMonth {
  readonly document: GraphDocument;
  readonly costs: MonthCosts;
  readonly graph: CompiledGraph;
  readonly drivers: Drivers;
  readonly findings: readonly GraphFinding[];
}

/**
 * Reads costs and drivers, numbers the graph, and makes units as coarse as a run of it would. Refusals: as `costsOfBills` and `changeDrivers`; `allocation.uncomputableGraph`.
 */
export async function prepareAsIf(asIf: AsIf): Promise<AsIfMonth> {
  const { world, session, plan, document, inputs, run, takesOver, metrics } = asIf;
  const { graph: id, period, owners } = plan;
  const costs =
    run && takesOver
      ? await costsOfRun(world, session, plan, run)
      : await costsOfBills(world, session, plan, { document, inputs, run });
  const dimensions = [...new Set(costs.lanes.map(({ dimension }) => dimension))];
  const graph = compileGraph({ document, nodes: costs.nodes, days: daysOfMonth(period), dimensions });
  const broken = graph.findings.filter(({ severity }) => severity === 'error');
  if (broken.length > 0) throw errors.uncomputableGraph({ graph: id, findings: broken });
  await makeNodeTable(session, runNodes(graph, document, costs.nodes, owners).columns);
  const { lake } = world.workspace;
  const ofBills = await metricsOfBills(session, lake, {
    plan: { ...plan, document },
    bills: inputs.cost,
    graph,
  });
  const reading = await readDrivers({
    ...{ session, lake, graph: id, document, period, nodes: graph.nodeIds, drivers: graph.drivers },
    lookBackDays: lookBackDays(document),
    billMetrics: ofBills.table,
    snapshots: inputs.usage,
  });
  const { drivers, findings: changed } = changeDrivers(graph, reading, metrics, id);
  const { lanes, cells, scale } = costs;
  const days = costs.days.map((day) => ({ day }));
  const fitting = await withRoom(session, {
    graph,
    lanes,
    drivers,
    days,
    scale,
    attribution: { table: cells },
  });
  return {
    ...{ document, graph, drivers },
    costs: fitting.scale === scale ? costs : costs.at(fitting.scale),
    findings: [...costs.findings, ...graph.findings, ...ofBills.findings, ...reading.findings, ...changed],
  };
}
