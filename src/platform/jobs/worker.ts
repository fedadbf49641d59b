import { systemCaller } from '../kernel/index.ts';
import { type Ended, type Execution, execute } from './execute.ts';
import { listWaiting } from './find-runs-sql.ts';
import type { Run } from './model.ts';
import { openQueue, type Queue } from './queue.ts';
import { claimRun } from './records.ts';
import { recoverAbandoned } from './recover.ts';
import { fireDue } from './schedules.ts';
import type { World } from './world.ts';

export interface WorkerOptions {
  /** Runs worked at the same time; 0: runs are only put into the queue, for others. */
  readonly concurrency: number;
  /** This process is the only one that can be at these records: every other worker is dead. */
  readonly alone: boolean;
}

/** What this process works, and the loop that gets it more to do. */
export interface Worker {
  /** While a run with this id is being begun for this worker, it is not taken for a lost one. */
  readonly reserve: <T>(id: string, work: () => Promise<T>) => Promise<T>;
  /** Works a run that was begun for this worker. */
  readonly begin: (run: Run) => Execution;
  readonly executionOf: (id: string) => Execution | undefined;
  /** Finds what a lost process has left. Once, unless it failed. */
  readonly recover: () => Promise<void>;
  /** Opens the queue, fires schedules and works runs from now on. */
  readonly start: () => Promise<void>;
  readonly isStarted: () => boolean;
  /** Looks into the queue now: something was put there. */
  readonly wake: (runs?: readonly Run[]) => void;
  /** Stops what is worked, so that it goes on elsewhere; waits some seconds for it. */
  readonly close: () => Promise<void>;
}

/** The queue is looked into this often, besides when this process puts something there. */
const pollMs = 2000;
/** Schedules, lost workers and entries that never reached the queue are looked for this often. */
const sweepMs = 5000;
/** A worker that was not heard of for so long is dead; see `leaseMs` of execute.ts. */
const silentMs = 30_000;
/** How long a handler may take to stop when the process does. */
const farewellMs = 5000;

export function createWorker(world: World, { concurrency, alone }: WorkerOptions): Worker {
  const { records, handlers, log } = world;
  const kinds = [...handlers.keys()];
  const executions = new Map<string, Execution>();
  const reserved = new Set<string>();
  let queue: Queue | undefined;
  let timers: NodeJS.Timeout[] = [];
  let closed = false;
  let recovered: Promise<void> | undefined;

  function begin(run: Run): Execution {
    const execution = execute(world, run);
    executions.set(run.id, execution);
    execution.ended.then(({ run: written }: Ended) => {
      if (executions.get(run.id) === execution) executions.delete(run.id);
      wake(written?.state === 'queued' ? [written] : []);
    });
    return execution;
  }

  const recover = () => {
    recovered ??= alone
      ? sweepAbandoned().catch((error) => {
          recovered = undefined;
          throw error;
        })
      : Promise.resolve();
    return recovered;
  };

  async function sweepAbandoned(): Promise<void> {
    const known = [...executions.keys(), ...reserved];
    await recoverAbandoned(world, { known, silentMs: alone ? 0 : silentMs });
  }

  /** Takes work while there is room for it. */
  const fill = once(async () => {
    while (queue && !closed) {
      const room = concurrency - executions.size;
      const ids = room > 0 ? await queue.take(room) : [];
      if (ids.length === 0) return;
      // One that still ends here is found again by the sweep.
      for (const id of ids) if (!executions.has(id)) await claim(id);
    }
  }, report('the queue could not be looked into'));

  async function reserve<T>(id: string, work: () => Promise<T>): Promise<T> {
    reserved.add(id);
    try {
      return await work();
    } finally {
      reserved.delete(id);
    }
  }

  const claim = (id: string) =>
    reserve(id, async () => {
      const claimed = { id, worker: world.worker, kinds };
      const run = await records.write(systemCaller, (tx) => claimRun(tx, claimed));
      if (!run) return;
      world.bus.tell(id, 'changed');
      begin(run);
    });

  /** Makes up for what got lost: entries of the queue, workers, and the passing of time. */
  const sweep = once(async () => {
    if (!queue || closed) return;
    await fireDue(world);
    await sweepAbandoned();
    await queue.send(await records.read(systemCaller, (tx) => listWaiting(tx, kinds, 100)));
    fill();
  }, report('the jobs could not be swept'));

  function wake(runs: readonly Run[] = []): void {
    if (!queue || closed) return;
    // An entry that does not get there is sent again by the sweep.
    queue.send(runs).then(fill, report('a run could not be put into the queue'));
  }

  function report(what: string) {
    return (error: unknown) => {
      if (!closed) log.error({ err: error }, what);
    };
  }

  return {
    reserve,
    begin,
    recover,
    wake,
    executionOf: (id) => executions.get(id),
    isStarted: () => queue !== undefined,
    start: async () => {
      queue = await openQueue(records, log);
      timers = [setInterval(fill, pollMs), setInterval(sweep, sweepMs)];
      await sweep();
    },
    close: async () => {
      closed = true;
      for (const timer of timers) clearInterval(timer);
      const last = [...executions.values()];
      for (const { stop } of last) stop('stopping');
      await Promise.race([Promise.all(last.map(({ ended }) => ended)), delay(farewellMs)]);
      await Promise.all([fill.idle(), sweep.idle()]);
      await queue?.close();
    },
  };
}

/** Work that is asked for again while it goes on is done once more after that, not beside it. Never rejects. */
function once(work: () => Promise<void>, onError: (error: unknown) => void) {
  let running: Promise<void> | undefined;
  let again = false;
  async function loop(): Promise<void> {
    do {
      again = false;
      await work().catch(onError);
    } while (again);
    running = undefined;
  }
  function start(): Promise<void> {
    if (running) again = true;
    else running = loop();
    return running ?? Promise.resolve();
  }
  return Object.assign(start, { idle: () => running ?? Promise.resolve() });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
