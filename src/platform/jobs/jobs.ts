import { setMaxListeners } from 'node:events';
import { assert, type Caller, type Clock, newId, type Randomness, Refusal } from '../kernel/index.ts';
import type { Records } from '../records/index.ts';
import { type Asked, ask, cancelRun, retryRun, type Wish, wasAbandoned } from './ask.ts';
import { createBus } from './bus.ts';
import { jobsErrors } from './errors.ts';
import { findRun, listRuns } from './find-runs-sql.ts';
import { type FollowHooks, type RunEvent, untilEnded, watchRun } from './follow.ts';
import {
  PartialFailure,
  type Run,
  type RunHandler,
  type RunLogLine,
  type RunProblem,
  type RunState,
  type RunStep,
} from './model.ts';
import { type AskedSchedule, fireDue, removeSchedule, setSchedule } from './schedules.ts';
import { findSchedule, listSchedules, type Schedule } from './schedules-sql.ts';
import { listLog, listSteps } from './steps-sql.ts';
import { createWorker } from './worker.ts';
import type { JobsLog, World } from './world.ts';

export interface JobsOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly handlers: readonly RunHandler[];
  readonly log: JobsLog;
  /** Runs that a started worker works at the same time; 0 leaves them to others. */
  readonly concurrency: number;
  /** This process is the only one at the records, so that a run of another one has lost its process. On PGlite by default. */
  readonly alone?: boolean | undefined;
}

/** A run with its steps and the end of its log. */
export interface RunDetail {
  readonly run: Run;
  readonly steps: readonly RunStep[];
  readonly log: readonly RunLogLine[];
}

/** Long work: asked for, worked, watched. Reads show a caller the runs of the scope, and refuse others as unknown. */
export interface Jobs {
  /** Kinds of runs that there are handlers for. */
  readonly kinds: readonly string[];
  /** Opens the queue: from now on this process works runs, fires schedules and takes up what lost workers left. */
  readonly start: () => Promise<void>;
  /**
   * Asks for a run, or joins the one that does the same now. Where the queue is not open, one that is not detached begins in
   * this process; a detached one waits for a worker.
   */
  readonly ask: (caller: Caller, wish: Wish) => Promise<Asked>;
  /**
   * Waits for what a run comes to. Throws what it was refused with (a `PartialFailure` where it has a result all the same), or
   * `jobs.cancelled`, `jobs.stopping`. When the signal aborts and nobody else waits, a run that is not detached is cancelled.
   */
  readonly result: (caller: Caller, asked: Asked, hooks?: FollowHooks) => Promise<unknown>;
  readonly list: (caller: Caller, asked: ListAsked) => Promise<readonly Run[]>;
  readonly find: (caller: Caller, id: string) => Promise<RunDetail>;
  readonly watch: (
    caller: Caller,
    id: string,
    asked: { readonly afterLine: string; readonly signal: AbortSignal },
  ) => AsyncGenerator<RunEvent>;
  readonly cancel: (caller: Caller, id: string) => Promise<Run>;
  readonly retry: (caller: Caller, id: string) => Promise<Run>;
  readonly listSchedules: (caller: Caller) => Promise<readonly Schedule[]>;
  readonly findSchedule: (caller: Caller, name: string) => Promise<Schedule>;
  readonly setSchedule: (caller: Caller, schedule: AskedSchedule) => Promise<Schedule>;
  readonly removeSchedule: (caller: Caller, name: string) => Promise<void>;
  /** Asks for the runs of schedules whose time has come; a started worker does so by itself. */
  readonly fireDue: () => Promise<readonly string[]>;
  /** Stops what is worked here, so that it goes on with the next worker, and closes the queue; the records stay open. */
  readonly close: () => Promise<void>;
}

interface ListAsked {
  readonly kind?: string | undefined;
  readonly state?: RunState | undefined;
  /** Only runs asked for earlier than the one with this id. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Lines of the log in a detail. */
const tailLines = 200;

/** Opens the jobs over records; nothing is worked until `start`, except what is asked for here. */
export function openJobs(options: JobsOptions): Jobs {
  const { records, clock, randomness, log, concurrency } = options;
  assert(options.handlers.length > 0, 'jobs have at least one handler');
  const world: World = {
    ...{ records, clock, randomness, log },
    handlers: new Map(options.handlers.map((handler) => [handler.kind, handler])),
    bus: createBus(),
    worker: newId(clock, randomness),
  };
  const worker = createWorker(world, { concurrency, alone: options.alone ?? records.kind === 'pglite' });
  const closing = new AbortController();
  // Everybody who waits listens to it.
  setMaxListeners(0, closing.signal);
  const waiters = new Map<string, number>();
  /** Runs that were asked for, not joined, in this process. */
  const own = new Set<string>();

  async function askFor(caller: Caller, wish: Wish): Promise<Asked> {
    await worker.recover();
    const here = !wish.detached && !worker.isStarted();
    const id = newId(clock, randomness);
    return worker.reserve(id, async () => {
      const asked = await ask(world, caller, wish, { id, here });
      if (!asked.joined) {
        own.add(id);
        if (here) worker.begin(asked.run);
        else worker.wake([asked.run]);
      }
      return { ...asked, again: () => askFor(caller, wish) };
    });
  }

  async function result(caller: Caller, asked: Asked, hooks: FollowHooks = {}): Promise<unknown> {
    const { id } = asked.run;
    waiters.set(id, (waiters.get(id) ?? 0) + 1);
    const signal = hooks.signal ? AbortSignal.any([hooks.signal, closing.signal]) : closing.signal;
    try {
      const { run, error } = await untilEnded(world, worker, id, { ...hooks, signal });
      if (run.state === 'succeeded') return run.result;
      if (run.state === 'failed' && run.problem) throw error ?? errorOf(run.problem, run.result);
      // Somebody else's hanging up is no reason to leave this one without.
      if (asked.joined && asked.again && wasAbandoned(run) && !signal.aborted)
        return await result(caller, await asked.again(), hooks);
      if (run.state === 'cancelled')
        throw jobsErrors.cancelled({ id, by: run.cancelRequestedBy ?? 'its process' });
    } finally {
      const left = (waiters.get(id) ?? 1) - 1;
      if (left > 0) waiters.set(id, left);
      else waiters.delete(id);
    }
    if (hooks.signal?.aborted && !waiters.has(id) && own.has(id)) await abandon(caller, id);
    throw jobsErrors.stopping({ id });
  }

  /** Whoever asked has gone: nobody wants the result. */
  async function abandon(caller: Caller, id: string): Promise<void> {
    stopIfCancelled(await cancelRun(world, caller, id, true));
  }

  function stopIfCancelled(run: Run): Run {
    if (run.cancelRequestedBy !== null) worker.executionOf(run.id)?.stop('cancel');
    world.bus.tell(run.id, 'changed');
    return run;
  }

  async function ready(): Promise<void> {
    await worker.recover();
  }

  return {
    kinds: [...world.handlers.keys()],
    start: async () => {
      await ready();
      await worker.start();
    },
    ask: askFor,
    result,
    list: async (caller, asked) => {
      await ready();
      return records.read(caller, (tx) => listRuns(tx, asked));
    },
    find: async (caller, id) => {
      await ready();
      return records.read(caller, async (tx) => {
        const run = await findRun(tx, id);
        if (!run) throw jobsErrors.unknownRun({ id });
        const log = await listLog(tx, id, { after: '0', limit: tailLines });
        return { run, steps: await listSteps(tx, id), log };
      });
    },
    watch: (caller, id, { afterLine, signal }) =>
      watchRun(world, caller, id, { afterLine, signal: AbortSignal.any([signal, closing.signal]) }),
    cancel: async (caller, id) => {
      await ready();
      return stopIfCancelled(await cancelRun(world, caller, id));
    },
    retry: async (caller, id) => {
      await ready();
      const run = await retryRun(world, caller, id);
      worker.wake([run]);
      world.bus.tell(id, 'changed');
      return run;
    },
    listSchedules: (caller) => records.read(caller, listSchedules),
    findSchedule: async (caller, name) => {
      const found = await records.read(caller, (tx) => findSchedule(tx, name));
      if (!found) throw jobsErrors.unknownSchedule({ name });
      return found;
    },
    setSchedule: (caller, schedule) => setSchedule(world, caller, schedule),
    removeSchedule: (caller, name) => removeSchedule(world, caller, name),
    fireDue: () => fireDue(world),
    close: async () => {
      await worker.close();
      closing.abort();
    },
  };
}

/** The refusal that a kept problem tells of. */
function errorOf(problem: RunProblem, result: unknown): Refusal {
  const { code, status, exitCode, message, params } = problem;
  return result === null
    ? new Refusal(code, { status, exit: exitCode, sentence: message }, params)
    : new PartialFailure(problem, result);
}
