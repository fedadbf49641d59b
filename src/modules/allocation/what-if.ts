import {
  type Caller,
  everything,
  formatDecimal,
  isZero,
  mutable,
  parseDecimal,
} from '../../platform/kernel/index.ts';
import type { Session } from '../../platform/warehouse/index.ts';
import { allocationDataset, partitionOf } from './datasets.ts';
import { errors } from './errors.ts';
import { findingsOf, graphDocument } from './graphs.ts';
import type { GraphDocument, GraphFinding } from './model.ts';
import { firstDayRead, inputsOf, type MonthInputs, sameSnapshots } from './run-inputs.ts';
import type { AllocationRun, UsedSnapshot } from './run-model.ts';
import { planRun, publishedOf, type RunPlan, type RunWorld } from './run-plan.ts';
import { hasErrors } from './validate.ts';
import type { WhatIfAnswer, WhatIfRequest } from './what-if-contract.ts';
import { type CurrencyDelta, deltasOf, type RestingCost } from './what-if-delta.ts';
import { attributesAlike, documentAsked } from './what-if-document.ts';
import { prepareAsIf } from './what-if-prepare.ts';
import { allocateInMemory, type MemoryMonth } from './what-if-resting.ts';
import { readResting } from './what-if-sql.ts';

/**
 * What the products of a month would cost with another graph or other usage: the published run (or, where there is none, the graph's
 * version, computed now) against a computation in memory over the same bills and usage. Nothing is written anywhere. Where rules and
 * method stay, the run's attribution is taken over and no bill is read.
 *
 * Refusals: `allocation.unknownGraph`; what `documentAsked` and `changeDrivers` refuse; `allocation.uncomputableGraph` for a graph
 * with errors; `allocation.nothingToAttribute` where the month has no bill.
 */
export async function whatIf(world: RunWorld, caller: Caller, request: WhatIfRequest): Promise<WhatIfAnswer> {
  const before = await beforeOf(world, caller, request);
  const { after, document, findings } = await afterOf(world, caller, before, request);
  const deltas = deltasOf(before.resting ?? after.base?.resting ?? [], after.month.resting);
  const shown = deltas.filter(({ currency }) => (request.currency ?? currency) === currency);
  return {
    graph: request.graph,
    month: request.month,
    before: { run: before.run?.id ?? null, version: before.version },
    reusedAttribution: before.run !== undefined && attributesAlike(before.document, document),
    currencies: shown.map(({ difference: _, nodes, ...delta }) => ({
      ...mutable(delta),
      ...(request.nodes ? { nodes: mutable(nodes) } : {}),
    })),
    findings: mutable(findings) as WhatIfAnswer['findings'],
    checks: checksOf(deltas, after.month),
  };
}

/** What is compared with: the graph in force, and what rests where. */
export interface Before {
  readonly plan: RunPlan;
  readonly run: AllocationRun | undefined;
  readonly version: number;
  readonly document: GraphDocument;
  /** Of the published run; undefined where there is none. */
  readonly resting: readonly RestingCost[] | undefined;
}

/** Reads the published run of the month, or which version would be computed. */
export async function beforeOf(
  world: RunWorld,
  caller: Caller,
  { graph, month }: Pick<WhatIfRequest, 'graph' | 'month'>,
): Promise<Before> {
  const plan = await planRun(world, caller, { graph, period: month });
  const run = publishedOf(plan);
  if (!run) return { plan, run, version: plan.version, document: plan.document, resting: undefined };
  const document =
    run.version === plan.version
      ? plan.document
      : (await world.records.read(caller, (tx) => graphDocument(tx, graph, run.version))).document;
  const { lake, engine } = world.workspace;
  // Whoever may read the graph may read all of its run.
  const allocation = await lake.select(everything, allocationDataset, ofMonth(graph, month));
  const resting = await readResting(await engine(), allocation, month);
  return { plan, run, version: run.version, document, resting };
}

function ofMonth(graph: string, month: string) {
  return { from: month, to: month, sources: [partitionOf(graph)] };
}

/** A month as it would be. */
export interface After {
  readonly document: GraphDocument;
  readonly after: {
    readonly month: MemoryMonth;
    /** The month as it is, where nothing is published. */
    readonly base: MemoryMonth | undefined;
  };
  readonly findings: readonly GraphFinding[];
}

/** Computes the month with the graph and the usage that are asked for. `withFlows`: what each edge carries, too. */
export async function afterOf(
  world: RunWorld,
  caller: Caller,
  before: Before,
  request: WhatIfRequest,
  withFlows = false,
): Promise<After> {
  const { graph } = request;
  const { document, findings } = await world.records.read(caller, async (tx) => {
    const asked = await documentAsked(tx, request, before.document);
    const { entity } = before.plan;
    return { document: asked, findings: await findingsOf(tx, { entity }, asked) };
  });
  const broken = findings.filter(({ severity }) => severity === 'error');
  if (hasErrors(findings)) throw errors.uncomputableGraph({ graph, findings: broken });
  const engine = await world.workspace.engine();
  return engine.session(async (session) => {
    const computing = { world, session, before };
    const base = before.run
      ? undefined
      : await computeIn(computing, before.document, { ...request, metrics: [] }, withFlows);
    const month = await computeIn(computing, document, request, withFlows);
    return { document, after: { month, base }, findings: [...findings, ...month.findings] };
  });
}

interface Computing {
  readonly world: RunWorld;
  readonly session: Session;
  readonly before: Before;
}

async function computeIn(
  { world, session, before }: Computing,
  document: GraphDocument,
  { metrics, usage }: Pick<WhatIfRequest, 'metrics' | 'usage'>,
  withFlows: boolean,
): Promise<MemoryMonth> {
  const { plan, run } = before;
  const { graph } = plan;
  const { inputs, hasNewUsage } = await pinnedInputs(world, { ...plan, document }, before, usage);
  const takesOver = run !== undefined && attributesAlike(before.document, document);
  const month = await prepareAsIf({ world, session, plan, document, inputs, run, takesOver, metrics });
  const allocated = await allocateInMemory(month, { graph, withFlows });
  const named = [...new Set(month.graph.drivers.map(({ metric }) => metric))];
  return hasNewUsage && named.length > 0
    ? { ...allocated, findings: [...allocated.findings, newUsageFinding(named)] }
    : allocated;
}

/** What is read, and whether usage has changed since the run. */
interface PinnedInputs {
  readonly inputs: MonthInputs;
  readonly hasNewUsage: boolean;
}

/**
 * The bills that the published run has read, and its usage; or usage as it is now, where that is asked for. Months that the run had
 * no need of are read as they are now.
 */
async function pinnedInputs(
  { workspace: { lake } }: RunWorld,
  plan: RunPlan,
  { run, document }: Before,
  usage: WhatIfRequest['usage'],
): Promise<PinnedInputs> {
  const now = inputsOf(plan, (await lake.current()).partitions);
  if (!run) return { inputs: now, hasNewUsage: false };
  const knownIn = (known: readonly UsedSnapshot[], { source, period }: UsedSnapshot) =>
    known.find((one) => one.source === source && one.period === period);
  const readsUsage = document.metrics.some(({ from }) => from === 'usage');
  const first = firstDayRead({ period: plan.period, document }).slice(0, 7);
  const hasRead = ({ period }: UsedSnapshot) => readsUsage && period >= first;
  const then = now.usage.flatMap((one) => (hasRead(one) ? (knownIn(run.inputs.usage, one) ?? []) : [one]));
  const earlier = now.cost
    .filter(({ period }) => period !== plan.period)
    .map((one) => knownIn(run.inputs.cost, one) ?? one);
  return {
    inputs: {
      cost: [...earlier, ...run.inputs.cost.filter(({ period }) => period === plan.period)],
      usage: usage === 'run' ? then : now.usage,
    },
    hasNewUsage: usage === 'run' && !sameSnapshots(then, now.usage),
  };
}

function newUsageFinding(metrics: readonly string[]): GraphFinding {
  return {
    code: 'allocation.usageChanged',
    severity: 'warning',
    path: 'metrics',
    message:
      'Usage was imported after the run that this is compared with, and is left out. Ask with current usage to have it in, or compute the month again.',
    params: { metrics },
  };
}

/** The equations of the difference and of every allocated day. */
export function checksOf(deltas: readonly CurrencyDelta[], month: MemoryMonth): WhatIfAnswer['checks'] {
  const differences = deltas.map(({ difference }) => parseDecimal(difference));
  const wrong = differences.find((difference) => !isZero(difference));
  const broken = Object.entries(month.checks).map(([name, { broken: places, largest }]) => ({
    name,
    ok: places === 0,
    difference: formatDecimal({ units: BigInt(largest), scale: month.scale }),
  }));
  return [
    { name: 'deltas', ok: wrong === undefined, difference: wrong ? formatDecimal(wrong) : '0' },
    ...broken,
  ];
}
