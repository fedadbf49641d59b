import { type Caller, type Decimal, newId } from '../../platform/kernel/index.ts';
import { audit } from '../../platform/records/index.ts';
import type { Session } from '../../platform/warehouse/index.ts';
import { checksOf } from './checks.ts';
import { engineVersion, runIdOf } from './input-hash.ts';
import { restatedMonths } from './late-costs.ts';
import { type RunHooks, writeDays } from './run-days.ts';
import { deltaParts, expectedCosts, type Restatement } from './run-deltas.ts';
import { findingsOfNotes } from './run-engine.ts';
import { inputsOf, type MonthInputs } from './run-inputs.ts';
import type { AllocationRun, Check, RunResult } from './run-model.ts';
import { isClosed, planRun, publishedOf, type RunPlan, type RunWorld } from './run-plan.ts';
import { type PreparedMonth, prepareMonth } from './run-prepare.ts';
import { findRun, writeRun } from './run-records-sql.ts';
import { resultOf } from './run-result.ts';
import { hasRun, keepRun, knownDays, type PartWriting, type RunPart, type RunPlace } from './write-run.ts';

/** Which month to compute with which version of which graph; without a version as `planRun` says. */
export interface RunWish {
  readonly graph: string;
  readonly period: string;
  readonly version?: number | undefined;
}

export interface ComputedRun {
  readonly run: AllocationRun;
  /** True when it was there already. */
  readonly known: boolean;
  readonly plan: RunPlan;
}

/** How long a run waits for whoever else writes to the lake. */
const lockWaitMs = 120_000;

/**
 * Computes a month: attributes its bills, allocates every day, writes the figures to the lake, reads them back and holds them
 * against the books. A run whose equations hold is kept beside the month's published run; another one leaves no figures, and is
 * recorded as failed. The same inputs are not computed twice: the run is found by its id.
 *
 * Refusals: as `planRun` and `prepareMonth`; `allocation.unbalanced` when a closed month before it cannot be computed.
 */
export async function computeRun(
  world: RunWorld,
  caller: Caller,
  wish: RunWish,
  hooks: RunHooks = {},
): Promise<ComputedRun> {
  const { graph, period, version } = wish;
  hooks.onStep?.('plan');
  const plan = await planRun(world, caller, { graph, period, wanted: version });
  const { lake } = world.workspace;
  const { partitions } = await lake.current();
  const inputs = inputsOf(plan, partitions);
  const restatements = isClosed(plan) ? [] : await computeClosed(world, caller, plan, hooks);
  const id = runIdOf({
    ...{ graph, period, graphHash: plan.graphHash, owners: plan.ownersHash },
    ...inputs,
    restated: restatements.map(({ month }) => month),
  });
  const before = await world.records.read(caller, (tx) => findRun(tx, id));
  if (before && before.state !== 'failed' && hasRun((await lake.current()).partitions, before))
    return { run: before, known: true, plan };
  const engine = await world.workspace.engine();
  const computed = await engine.session((session) =>
    computeIn(session, world, { plan, inputs, restatements, id, hooks }),
  );
  const run = await recordRun(world, caller, { id, plan, ...computed });
  return { run, known: false, plan };
}

/** Computes the closed months before the plan's that have changed since they were published. */
async function computeClosed(
  world: RunWorld,
  caller: Caller,
  plan: RunPlan,
  hooks: RunHooks,
): Promise<Restatement[]> {
  const { partitions } = await world.workspace.lake.current();
  const restatements: Restatement[] = [];
  for (const month of restatedMonths(plan, partitions)) {
    const wish = { graph: plan.graph, period: month.period, version: month.version };
    const { run, plan: closed } = await computeRun(world, caller, wish, hooks);
    const base = publishedOf(plan, month.period) as AllocationRun;
    restatements.push({ month: { ...month, now: run.id }, now: run, base, plan: closed });
  }
  return restatements;
}

interface Computation {
  readonly plan: RunPlan;
  readonly inputs: MonthInputs;
  readonly restatements: readonly Restatement[];
  readonly id: string;
  readonly hooks: RunHooks;
}

type Computed = Pick<AllocationRun, 'method' | 'inputs' | 'result' | 'snapshot'>;

async function computeIn(session: Session, world: RunWorld, computation: Computation): Promise<Computed> {
  const { workspace } = world;
  const { plan, inputs, restatements, id, hooks } = computation;
  const { lake, clock, randomness } = workspace;
  hooks.onStep?.('attribute');
  const month = await prepareMonth(session, lake, { plan, inputs });
  hooks.signal?.throwIfAborted();
  hooks.onStep?.('allocate');
  return lake.write(async (writer) => {
    const place: RunPlace = { root: lake.root, graph: plan.graph, period: plan.period };
    const unit: Decimal = { units: 1n, scale: month.scale };
    const writing: PartWriting = { writer, session, place, unit };
    const known = await knownDays(place, writer.manifest().partitions);
    const attempt = newId(clock, randomness);
    const days = await writeDays(session, { month, plan, writing, known, attempt, hooks });
    const deltas = await deltaParts(lake, writing, { restatements, attempt });
    const parts = [...days.parts, ...deltas];
    hooks.onStep?.('check');
    const expected = await expectedCosts(session, lake, { plan, inputs, restatements });
    const checks = checksOf(
      parts.map(({ written }) => written),
      expected,
    );
    hooks.signal?.throwIfAborted();
    hooks.onStep?.('keep');
    const isSound = checks.every(({ ok }) => ok);
    const snapshot = isSound ? await keepRun(writer, place, { run: id, parts }) : null;
    return computedOf(computation, { month, parts, checks, reused: days.reused, snapshot });
  }, lockWaitMs);
}

function computedOf(
  { plan, inputs, restatements }: Computation,
  {
    month,
    parts,
    checks,
    reused,
    snapshot,
  }: {
    readonly month: PreparedMonth;
    readonly parts: readonly RunPart[];
    readonly checks: readonly Check[];
    readonly reused: number;
    readonly snapshot: string | null;
  },
): Computed {
  const { metric, dimension, recoverableTax, cycles } = plan.document.method;
  const findings = [...month.findings, ...findingsOfNotes(parts.flatMap(({ notes }) => notes))];
  const result: RunResult = resultOf({ month, parts, checks, reused, findings, period: plan.period });
  const booked = new Set(parts.map(({ part }) => part));
  return {
    method: { metric, dimension, recoverableTax, cycles, engine: engineVersion, scale: month.scale },
    inputs: {
      graphHash: plan.graphHash,
      cost: [...inputs.cost],
      usage: [...inputs.usage],
      // A closed month that came to the same after all has no rows here.
      restated: restatements.map(({ month: one }) => one).filter(({ period }) => booked.has(period)),
    },
    result,
    snapshot,
  };
}

async function recordRun(
  { workspace, records }: RunWorld,
  caller: Caller,
  { id, plan, ...computed }: Computed & { readonly id: string; readonly plan: RunPlan },
): Promise<AllocationRun> {
  const { graph, version, entity, period } = plan;
  const run: AllocationRun = {
    ...{ id, graph, version, entity, period },
    ...computed,
    state: computed.snapshot === null ? 'failed' : 'computed',
    computedAt: workspace.clock.now().toISOString(),
    computedBy: caller.actor.name,
    publishedAt: null,
    publishedBy: null,
  };
  const { state } = run;
  await records.write(caller, async (tx) => {
    await writeRun(tx, run);
    await audit(tx, caller, {
      action: 'allocationRun.compute',
      object: { type: 'allocationRun', id },
      entity,
      before: null,
      after: { graph, version, period, state, checks: run.result.checks.filter(({ ok }) => !ok) },
    });
  });
  return run;
}
