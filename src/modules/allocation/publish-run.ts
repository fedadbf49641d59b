import type { Caller } from '../../platform/kernel/index.ts';
import { audit } from '../../platform/records/index.ts';
import { promote } from '../../platform/warehouse/index.ts';
import { partitionOf } from './datasets.ts';
import { errors } from './errors.ts';
import { bookedElsewhere } from './late-costs.ts';
import type { AllocationRun } from './run-model.ts';
import { isClosed, type RunWorld, type Standing, standingOf } from './run-plan.ts';
import { findRun, writePublished } from './run-records-sql.ts';
import { hasRun } from './write-run.ts';

/** The run with this id, as far as the caller sees it. Refusal: `allocation.unknownRun`. */
export async function requireRun(
  { records }: Pick<RunWorld, 'records'>,
  caller: Caller,
  id: string,
): Promise<AllocationRun> {
  const found = await records.read(caller, (tx) => findRun(tx, id));
  if (!found) throw errors.unknownRun({ run: id });
  return found;
}

/**
 * Makes a run the one that everybody reads: its three snapshots become current in one step, and the bills and the usage that it
 * was computed from are pinned; those of the run before are free again. Publishing the published run changes nothing.
 *
 * Refusals: `allocation.unknownRun`; `allocation.unbalanced`; `allocation.closedMonth`; `allocation.outdatedRun` when what it books
 * for closed months was booked or changed meanwhile; `allocation.lostRun` when the lake no longer has it.
 */
export async function publishRun(world: RunWorld, caller: Caller, id: string): Promise<AllocationRun> {
  const run = await requireRun(world, caller, id);
  const plan = { ...(await standingOf(world, caller, run.graph)), period: run.period };
  refuseUnfit(plan, run);
  const { lake } = world.workspace;
  const { partitions } = await lake.current();
  if (run.snapshot === null || !hasRun(partitions, run))
    throw errors.lostRun({ run: run.id, period: run.period });
  if (run.state === 'published' && isCurrent(partitions, run)) return run;
  await promote(
    lake,
    { source: partitionOf(run.graph), period: run.period, snapshot: run.snapshot },
    { reason: reasonOf(run), on: [...run.inputs.cost, ...run.inputs.usage] },
  );
  return recordPublished(world, caller, run);
}

/** Why the bills of a published run must stay; one reason per graph and month, so that the next run frees them. */
function reasonOf({ graph, period }: Pick<AllocationRun, 'graph' | 'period'>): string {
  return `allocation of ${graph} ${period}`;
}

type Partitions = Parameters<typeof hasRun>[0];

function isCurrent(partitions: Partitions, { graph, period, snapshot }: AllocationRun): boolean {
  const own = partitions.filter((p) => p.source === partitionOf(graph) && p.period === period);
  return own.length > 0 && own.every(({ current }) => current?.id === snapshot);
}

function refuseUnfit(plan: Standing & { readonly period: string }, run: AllocationRun): void {
  const { id, graph, period } = run;
  if (run.state === 'failed') {
    const broken = run.result.checks.filter(({ ok }) => !ok);
    throw errors.unbalanced({ run: id, graph, period, checks: broken });
  }
  if (isClosed(plan)) {
    const [{ entity, state } = { entity: '', state: 'CLOSED' }] = plan.closed.get(period) ?? [];
    throw errors.closedMonth({ graph, period, entity, state });
  }
  const elsewhere = bookedElsewhere(plan.published, { period, except: period });
  if (elsewhere.length > 0)
    throw errors.bookedElsewhere({ graph, period, months: elsewhere.map((booked) => booked.period) });
  for (const month of run.inputs.restated) {
    const base = plan.published.find((one) => one.period === month.period);
    const booked = bookedElsewhere(plan.published, { period: month.period, except: period });
    const isSame = (a: typeof booked, b: typeof booked) => textOf(a) === textOf(b);
    if (plan.closed.has(month.period) && base?.id === month.run && isSame(booked, month.booked)) continue;
    throw errors.outdatedRun({ run: id, graph, period, restated: month.period });
  }
}

function textOf(booked: readonly { readonly period: string; readonly run: string }[]): string {
  return booked
    .map(({ period, run }) => `${period} ${run}`)
    .sort()
    .join('\n');
}

/**
 * The lake comes first, because it decides what readers see; a crash in between is made good by publishing again.
 */
async function recordPublished(
  { workspace, records }: RunWorld,
  caller: Caller,
  run: AllocationRun,
): Promise<AllocationRun> {
  const said = { at: workspace.clock.now().toISOString(), by: caller.actor.name };
  return records.write(caller, async (tx) => {
    const before = await findRun(tx, run.id, true);
    if (!before) throw errors.unknownRun({ run: run.id });
    await writePublished(tx, before, said);
    await audit(tx, caller, {
      action: 'allocationRun.publish',
      object: { type: 'allocationRun', id: run.id },
      entity: run.entity,
      before: { state: before.state },
      after: { state: 'published', graph: run.graph, version: run.version, period: run.period },
    });
    return { ...before, state: 'published', publishedAt: said.at, publishedBy: said.by };
  });
}
