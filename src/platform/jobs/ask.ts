import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../kernel/index.ts';
import { audit, type Tx } from '../records/index.ts';
import { jobsErrors } from './errors.ts';
import { findRun, findUnderWay } from './find-runs-sql.ts';
import { hasEnded, type Run } from './model.ts';
import { detach, insertOrFind, queueAgain, requestCancel } from './records.ts';
import { appendLog } from './steps-sql.ts';
import { handlerOf, type World } from './world.ts';

/** What is asked for. */
export interface Wish {
  readonly kind: string;
  readonly input: unknown;
  /** Goes on when nobody waits for it, and is tried again when it fails. */
  readonly detached: boolean;
}

export interface Asked {
  readonly run: Run;
  /** The same was under way: this is that run. */
  readonly joined: boolean;
  /** Asks for the same once more. */
  readonly again?: (() => Promise<Asked>) | undefined;
}

/** How often a run for which nobody waits is tried when it fails; one with a caller tells the caller at once. */
const maxFailures = 3;
/** How long a run that is being cancelled may take until the same can be asked for again. */
const endingMs = 15_000;

/**
 * Writes a new run with this id, or joins the one that does the same now. `here`: it begins in this process at once. A run that is being
 * cancelled is waited for, so that it is not joined and never two do the same. Refuses with `jobs.unknownKind`,
 * `jobs.stillEnding`, and what the handler refuses.
 */
export async function ask(
  world: World,
  caller: Caller,
  wish: Wish,
  { id: runId, here }: { readonly id: string; readonly here: boolean },
): Promise<Asked> {
  const accepted = await handlerOf(world, wish.kind).accept(wish.input, caller);
  const { kind, id, name } = caller.actor;
  const run = {
    ...{ kind: wish.kind, detached: wish.detached, ...accepted },
    id: runId,
    schedule: null,
    askedBy: { kind, id, name },
    maxFailures: wish.detached ? maxFailures : 1,
    here: here ? { worker: world.worker } : undefined,
  };
  const until = performance.now() + endingMs;
  for (;;) {
    const asked = await world.records.write(caller, (tx) => writeOrJoin(tx, caller, run));
    if (!asked.joined || asked.run.cancelRequestedBy === null) return asked;
    if (performance.now() > until) throw jobsErrors.stillEnding({ id: asked.run.id });
    await sleep(100);
  }
}

async function writeOrJoin(
  tx: Tx,
  caller: Caller,
  wanted: Parameters<typeof insertOrFind>[1],
): Promise<Asked> {
  const { run, isNew } = await insertOrFind(tx, wanted);
  if (!isNew && wanted.detached && !run.detached) await detach(tx, run.id);
  if (isNew)
    await auditRun(tx, caller, 'run.ask', { before: undefined, after: run, facts: { input: run.input } });
  return { run, joined: !isNew };
}

/** How `cancelRequestedBy` ends when nobody wanted the run to stop, but whoever waited for its result has gone. */
const hasGone = ', who waited for it, has gone';

/** True for a run that was cancelled because its caller went away: whoever else waits for the same wants it still. */
export function wasAbandoned({ state, cancelRequestedBy }: Run): boolean {
  return state === 'cancelled' && (cancelRequestedBy?.endsWith(hasGone) ?? false);
}

/**
 * Asks a run to stop: one that waits has ended with this, one that is worked ends soon. Refuses with `jobs.unknownRun`,
 * `jobs.hasEnded`. `abandoned`: only if nobody has asked for it to go on alone; the run as it is otherwise.
 */
export function cancelRun({ records }: World, caller: Caller, id: string, abandoned = false): Promise<Run> {
  return records.write(caller, async (tx) => {
    const run = await findRun(tx, id, true);
    if (!run) throw jobsErrors.unknownRun({ id });
    if (abandoned && (run.detached || hasEnded(run.state))) return run;
    if (hasEnded(run.state)) throw jobsErrors.hasEnded({ id, state: run.state });
    const by = abandoned ? `${caller.actor.name}${hasGone}` : caller.actor.name;
    const after = await requestCancel(tx, run, by);
    const message = abandoned ? by : `${by} wants it to stop`;
    await appendLog(tx, run, [{ level: 'warning', message }]);
    await auditRun(tx, caller, 'run.cancel', { before: run, after });
    return after;
  });
}

/** Runs again what has failed or was cancelled. Refuses with `jobs.unknownRun`, `jobs.notEnded`, `jobs.underWay`. */
export function retryRun({ records }: World, caller: Caller, id: string): Promise<Run> {
  return records.write(caller, async (tx) => {
    const run = await findRun(tx, id, true);
    if (!run) throw jobsErrors.unknownRun({ id });
    if (run.state !== 'failed' && run.state !== 'cancelled')
      throw jobsErrors.notEnded({ id, state: run.state });
    const other = run.key === null ? undefined : await findUnderWay(tx, run);
    if (other) throw jobsErrors.underWay({ id, other: other.id });
    const after = await queueAgain(tx, id, maxFailures);
    await appendLog(tx, run, [{ level: 'info', message: `${caller.actor.name} runs it again` }]);
    await auditRun(tx, caller, 'run.retry', { before: run, after });
    return after;
  });
}

function auditRun(
  tx: Tx,
  caller: Caller,
  action: string,
  {
    before,
    after,
    facts,
  }: { readonly before: Run | undefined; readonly after: Run; readonly facts?: object },
): Promise<void> {
  const { id, entity, kind } = after;
  return audit(tx, caller, {
    action,
    object: { type: 'run', id },
    entity,
    before: before ? { state: before.state } : null,
    after: { kind, state: after.state, ...facts },
  });
}
