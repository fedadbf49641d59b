import { addMonths, type Caller, parsePeriod } from '../../platform/kernel/index.ts';
import { billMetrics } from './bill-metrics.ts';
import {
  type CostBasis,
  dailyUnitCosts,
  type MonthFigures,
  totalFigures,
  type UnitCost,
  type UnitCostOfDay,
  unitCostOf,
} from './economics.ts';
import type { UnitCostList, UnitCostQuery } from './economics-contract.ts';
import { type AdviceOptions, runOfSnapshot, selectUsage } from './economics-month.ts';
import {
  billUnits,
  type NodeCost,
  type NodeUnits,
  readDailyCosts,
  readDailyUnits,
  readInternalFlows,
  readNodeCosts,
  readUnits,
  type UnitsRelation,
  usageUnits,
} from './economics-sql.ts';
import { errors } from './errors.ts';
import { documentOf } from './graph-parts.ts';
import { readParts } from './graph-parts-sql.ts';
import { readGraphs } from './graph-sql.ts';
import { monthsPublished, selectRun } from './query-run.ts';
import { planRun } from './run-plan.ts';
import { findPublished } from './run-records-sql.ts';

/**
 * Cost per unit of a metric for one node, or for all products and all nodes that have a value of it. The largest cost comes first.
 *
 * Refusals: `allocation.noPublishedRun`; `allocation.unknownNode` for a node with neither cost nor use in the month.
 */
export async function listUnitCosts(
  options: AdviceOptions,
  caller: Caller,
  query: UnitCostQuery,
): Promise<UnitCostList> {
  const now = await readMonth(options, caller, query);
  if (query.node !== undefined && now.costs.length === 0 && now.units.size === 0)
    throw errors.unknownNode({ node: query.node, graph: query.graph, nearest: [] });
  const previousMonth = addMonths(parsePeriod(query.month), -1);
  const months = await monthsPublished(options.workspace.lake, query.graph);
  const before = months.includes(previousMonth)
    ? await readMonth(options, caller, { ...query, month: previousMonth, days: 'false' })
    : undefined;
  const items = now.costs.slice(0, query.limit).map((cost) => {
    const { node, name, type, currency } = cost;
    const figures = unitCostOf(figuresOf(now, cost), before && figuresAt(before, cost), query.basis);
    return { node, name, type, currency, ...figures };
  });
  return {
    context: {
      graph: query.graph,
      month: query.month,
      run: now.run,
      previousMonth: before ? previousMonth : null,
      metric: query.metric,
      unit: now.unitNames.length === 1 ? (now.unitNames[0] ?? null) : null,
      basis: query.basis,
    },
    items: items.map((item) => ({ ...item, ...(now.daysOf ? { days: now.daysOf(item.currency) } : {}) })),
    totals: totalsOf(now, before, query.basis),
    more: Math.max(0, now.costs.length - query.limit),
  };
}

interface Month {
  readonly run: string;
  readonly costs: readonly NodeCost[];
  /** By `placeOf`. */
  readonly costAt: ReadonlyMap<string, NodeCost>;
  readonly units: ReadonlyMap<string, NodeUnits>;
  readonly unitNames: readonly string[];
  /** Currency → what the measured nodes passed to each other. */
  readonly internal: ReadonlyMap<string, string>;
  /** Of the one node that was asked for, where its days were. */
  readonly daysOf?: (currency: string) => UnitCostOfDay[];
}

async function readMonth(options: AdviceOptions, caller: Caller, query: UnitCostQuery): Promise<Month> {
  const { metric, node, graph, month } = query;
  const { workspace } = options;
  const engine = await workspace.engine();
  const { allocation, flow, snapshot } = await selectRun(workspace, caller.scope, { graph, month });
  const withDays = query.days === 'true' && node !== undefined;
  const { units: found, daily } = await withMetric(options, caller, query, async (relation) => ({
    units: await readUnits(relation, { metric, node }),
    daily: withDays ? await readDailyUnits(relation, { metric, node }) : [],
  }));
  const units = new Map(found.map((one) => [one.node, one]));
  const measured = [...units.keys()];
  const costs = await readNodeCosts(engine, allocation, { node, measured });
  const dailyCosts = withDays ? await readDailyCosts(engine, allocation, { node, measured }) : [];
  const daysOf = (currency: string) =>
    dailyUnitCosts(
      dailyCosts
        .filter((one) => one.currency === currency)
        .map((one) => ({ day: one.day, cost: one[query.basis] })),
      daily,
    );
  return {
    run: runOfSnapshot(snapshot),
    costs,
    costAt: new Map(costs.map((cost) => [placeOf(cost), cost])),
    units,
    unitNames: [...new Set(found.flatMap(({ unitNames }) => unitNames))].sort(),
    internal: measured.length < 2 ? new Map() : await readInternalFlows(engine, flow, measured),
    ...(withDays ? { daysOf } : {}),
  };
}

/**
 * Lets the work read the values of the metric: imported usage; or, for a metric that the graph takes from the bill, the bills that
 * the month's published run has read. Who does not see the graph sees usage only.
 */
async function withMetric<T>(
  { workspace, records }: AdviceOptions,
  caller: Caller,
  { graph, month, metric }: UnitCostQuery,
  work: (relation: UnitsRelation) => Promise<T>,
): Promise<T> {
  const engine = await workspace.engine();
  const { of, found } = await (await records()).read(caller, async (tx) => {
    const found = await findPublished(tx, { graph, period: month });
    const [seen] = await readGraphs(tx, { ids: [graph] });
    const version = found?.version ?? seen?.published?.number;
    const parts = version === undefined ? [] : await readParts(tx, graph, version, ['metric']);
    return { of: documentOf(parts).metrics.find(({ id }) => id === metric), found };
  });
  if (of === undefined || of.from === 'usage' || found === undefined) {
    const { relation } = await selectUsage({ workspace, scope: caller.scope, graph, month });
    const unit = of?.from === 'usage' ? of.unit : undefined;
    return engine.session((session) => work(usageUnits(session, relation, unit)));
  }
  const world = { workspace, records: await records() };
  const plan = await planRun(world, caller, { graph, period: month, wanted: found.version });
  const bills = found.inputs.cost.filter(({ period }) => period === month);
  return engine.session(async (session) => {
    const { table } = await billMetrics({
      ...{ session, lake: workspace.lake, scope: plan.scope, graph, document: plan.document, period: month },
      sources: bills.map(({ source }) => source),
      snapshots: bills,
      metrics: [metric],
    });
    return work(billUnits(session, table, of.from === 'quantity' ? of.unit : undefined));
  });
}

function figuresOf({ units }: Month, cost: NodeCost): MonthFigures {
  return { cost, units: units.get(cost.node) };
}

/** The same node and currency in another month; a node that cost nothing then, cost 0. */
function figuresAt(month: Month, here: NodeCost): MonthFigures {
  const cost = month.costAt.get(placeOf(here)) ?? { direct: '0', holistic: '0', retained: '0' };
  return { cost, units: month.units.get(here.node) };
}

function placeOf({ node, currency }: Pick<NodeCost, 'node' | 'currency'>): string {
  return `${currency} ${node}`;
}

function totalsOf(
  now: Month,
  before: Month | undefined,
  basis: CostBasis,
): (UnitCost & { readonly currency: string })[] {
  const currencies = [...new Set(now.costs.map(({ currency }) => currency))].sort();
  return currencies.flatMap((currency) => {
    const totalIn = (month: Month) =>
      totalFigures(
        month.costs.filter((cost) => cost.currency === currency).map((cost) => figuresOf(month, cost)),
        month.internal.get(currency) ?? '0',
      );
    const total = totalIn(now);
    return total ? [{ currency, ...unitCostOf(total, before && totalIn(before), basis) }] : [];
  });
}
