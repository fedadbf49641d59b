import { addMonths, type Caller, newId, parseDecimal, parsePeriod } from '../../platform/kernel/index.ts';
import { audit } from '../../platform/records/index.ts';
import { selectBill } from './attribute-bill.ts';
import { allocationDataset, attributionDataset, flowDataset, partitionOf, usageDataset } from './datasets.ts';
import { usageSourcesOf } from './economics-month.ts';
import { errors } from './errors.ts';
import { edgeMetricsOf } from './growth-edges.ts';
import { makeEdgeMetrics } from './growth-sql.ts';
import {
  idleAddressAdvice,
  missingTagAdvice,
  noRuleAdvice,
  unusedCommitmentAdvice,
} from './recommend-bill.ts';
import {
  makeAdviceLines,
  readIdleAddresses,
  readMissingTags,
  readNoRule,
  readUnusedCommitments,
} from './recommend-bill-sql.ts';
import type { RefreshAnswer, RefreshRequest } from './recommend-contract.ts';
import { idleAdvice } from './recommend-idle.ts';
import { type Advice, adviceKinds, type BasisPart } from './recommend-model.ts';
import { poolAdvice, poolMonthsBack } from './recommend-pools.ts';
import { type OwnedAdvice, replaceMonth } from './recommend-records-sql.ts';
import { tagKeysOf, upstreamOf } from './recommend-rules.ts';
import {
  readCostRows,
  readDirectCosts,
  readDirectNodes,
  readOwners,
  readPoolMonths,
  readUtilisation,
} from './recommend-usage-sql.ts';
import type { AllocationRun } from './run-model.ts';
import { planRun, publishedOf, type RunPlan, type RunWorld } from './run-plan.ts';

/**
 * Computes the recommendations of a month from its published run, the bills that it read and the usage of the month, and keeps them:
 * the month's figures are replaced, decisions stay.
 *
 * Refusals: `allocation.unknownGraph`, `allocation.noPublishedRun`.
 */
export async function refreshRecommendations(
  world: RunWorld,
  caller: Caller,
  { graph, month, targetUtilisation }: RefreshRequest,
): Promise<RefreshAnswer> {
  const { workspace, records } = world;
  const found = publishedOf(await planRun(world, caller, { graph, period: month }));
  if (!found) throw errors.noPublishedRun({ graph, period: month });
  const plan = await planRun(world, caller, { graph, period: month, wanted: found.version });
  const target = parseDecimal(targetUtilisation);
  const advice = [
    ...(await fromUsage(world, plan, target)),
    ...(await fromPools(world, plan)),
    ...(await fromBill(world, plan, found)),
  ];
  const owned = await withOwners(world, plan, advice);
  const at = workspace.clock.now().toISOString();
  const made = await records.write(caller, async (tx) => {
    const count = await replaceMonth(tx, { graph, month, run: found.id, at }, owned);
    await audit(tx, caller, {
      action: 'recommendation.refresh',
      object: { type: 'graph', id: graph },
      entity: plan.entity,
      before: null,
      after: { month, run: found.id, found: owned.length, made: count },
    });
    return count;
  });
  return {
    context: { graph, month, run: found.id },
    found: owned.length,
    made,
    kinds: adviceKinds.map((kind) => ({ kind, found: owned.filter((one) => one.kind === kind).length })),
  };
}

type Month = Pick<RunPlan, 'graph' | 'period' | 'scope' | 'document' | 'entity' | 'sources'>;

async function selectOf(
  { workspace: { lake } }: RunWorld,
  { graph, period, scope }: Month,
  dataset: typeof allocationDataset,
  from: string = period,
) {
  const sources =
    dataset.name === usageDataset.name ? await usageSourcesOf(lake, graph) : [partitionOf(graph)];
  return lake.select(scope, dataset, { from, to: period, sources });
}

async function fromUsage(
  world: RunWorld,
  plan: Month,
  target: ReturnType<typeof parseDecimal>,
): Promise<Advice[]> {
  const metrics = plan.document.metrics.flatMap((metric) =>
    metric.from === 'usage' && (metric.unit === 'percent' || metric.unit === 'ratio')
      ? [{ metric: metric.id, unit: metric.unit as 'percent' | 'ratio' }]
      : [],
  );
  const engine = await world.workspace.engine();
  const utilisations = await readUtilisation(engine, await selectOf(world, plan, usageDataset), metrics);
  if (utilisations.length === 0) return [];
  const nodes = [...new Set(utilisations.map(({ node }) => node))];
  return idleAdvice({
    utilisations,
    costs: await readDirectCosts(engine, await selectOf(world, plan, allocationDataset), nodes),
    target,
    rowsOf: await readCostRows(engine, await selectOf(world, plan, attributionDataset), nodes),
  });
}

async function fromPools(world: RunWorld, plan: Month): Promise<Advice[]> {
  const pools = new Set(
    plan.document.nodes.filter(({ type }) => type === 'shared' || type === 'platform').map(({ id }) => id),
  );
  const metrics = edgeMetricsOf(plan.document).filter(({ from }) => pools.has(from));
  if (!metrics.some(({ metric }) => metric !== '')) return [];
  const engine = await world.workspace.engine();
  const first = addMonths(parsePeriod(plan.period), -poolMonthsBack);
  const flows = await selectOf(world, plan, flowDataset, first);
  const usage = await selectOf(world, plan, usageDataset, first);
  const months = await engine.session(async (session) => {
    await makeEdgeMetrics(session, metrics);
    return readPoolMonths(session, { flows, usage });
  });
  const direct = await readDirectNodes(engine, await selectOf(world, plan, allocationDataset));
  const upstream = upstreamOf(plan.document);
  const basisOf = (node: string): BasisPart[] =>
    [node, ...upstream(node)].filter((id) => direct.has(id)).map((id) => ({ node: id }));
  const names = new Map(plan.document.nodes.map(({ id, name }) => [id, name ?? id]));
  const named = months.map((one) => ({ ...one, name: names.get(one.node) ?? one.node }));
  return poolAdvice({ months: named, month: plan.period, basisOf });
}

async function fromBill(world: RunWorld, plan: Month, run: AllocationRun): Promise<Advice[]> {
  const { graph, period, scope, document } = plan;
  const ofMonth = run.inputs.cost.filter((used) => used.period === period);
  if (ofMonth.length === 0) return [];
  const bill = await selectBill({
    ...{ lake: world.workspace.lake, scope, graph, document, period },
    sources: ofMonth.map(({ source }) => source),
    snapshots: ofMonth,
  });
  const tags = tagKeysOf(document.rules);
  const engine = await world.workspace.engine();
  return engine.session(async (session) => {
    await makeAdviceLines(session, { bill, scope, document, tags });
    return [
      ...noRuleAdvice(await readNoRule(session)),
      ...missingTagAdvice(await readMissingTags(session, tags)),
      ...unusedCommitmentAdvice(await readUnusedCommitments(session)),
      ...idleAddressAdvice(await readIdleAddresses(session)),
    ];
  });
}

/** Whose each is: the graph's entity, else that of the node's application; what has no node is the graph's. */
async function withOwners(
  world: RunWorld,
  plan: Month,
  advice: readonly Advice[],
): Promise<readonly OwnedAdvice[]> {
  const { clock, randomness } = world.workspace;
  const nodes = [...new Set(advice.flatMap(({ node }) => node ?? []))];
  const engine = await world.workspace.engine();
  const owners = await readOwners(engine, await selectOf(world, plan, allocationDataset), nodes);
  return advice.map((one) => {
    const owner = owners.get(one.node ?? '');
    return {
      ...one,
      id: newId(clock, randomness),
      entity: plan.entity ?? owner?.entity ?? null,
      application: owner?.application ?? null,
    };
  });
}
