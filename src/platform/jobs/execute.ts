import { setTimeout as sleep } from 'node:timers/promises';
import { must, Refusal, systemCaller } from '../kernel/index.ts';
import { audit } from '../records/index.ts';
import type { Run, RunHandler } from './model.ts';
import { type Ending, type Outcome, outcomeOf, type StopReason } from './outcome.ts';
import { createRecorder, type Recorder, type Told } from './recorder.ts';
import { endAttempt, giveToEntity, keepAlive } from './records.ts';
import { appendLog, type NewLogLine, saveSteps } from './steps-sql.ts';
import { canBeginAgain, type World } from './world.ts';

/** A run that this process works. */
export interface Execution {
  readonly id: string;
  /** Tells the handler to stop; the first reason counts. */
  readonly stop: (reason: StopReason) => void;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
}

/** How it ended: the run as it was written, unless another worker had it by then, and the error itself, if there was one. */
export interface Ended {
  readonly run: Run | undefined;
  readonly error: unknown;
}

/** What was told is kept this often, */
const keepMs = 1000;
/** and that the worker lives at least this often; the answer says whether somebody wants it to stop. */
const aliveMs = 2000;
/**
 * A worker that could not say for so long that it lives stops the work: after `silentMs` (see worker.ts) others take it for
 * dead, and two would be at it.
 */
const leaseMs = 20_000;

/** Works a run that was begun for this worker: calls its handler, keeps what it tells, writes what became of it. */
export function execute(world: World, run: Run): Execution {
  const stopper = new AbortController();
  const stop = (reason: StopReason) => stopper.abort(reason);
  const recorder = createRecorder(world.clock, (progress) => world.bus.tell(run.id, { progress }));
  return { id: run.id, stop, ended: work(world, run, recorder, stopper) };
}

async function work(world: World, run: Run, recorder: Recorder, stopper: AbortController): Promise<Ended> {
  recorder.log('info', `attempt ${run.attempt} begins, worker ${world.worker}`);
  const endBeating = beat(world, run, recorder, stopper);
  const handler = must(world.handlers.get(run.kind), `handler of ${run.kind}`);
  const ending = await endingOf(handler, run, recorder, stopper.signal);
  await endBeating();
  const error = 'error' in ending ? ending.error : undefined;
  const written = await finish(world, run, recorder, ending, stopper.signal.reason as StopReason | undefined);
  world.bus.forget(run.id);
  world.bus.tell(run.id, 'changed');
  return { run: written, error };
}

async function endingOf(
  handler: RunHandler,
  { id, attempt, input }: Run,
  { step, log, progress, rows, belongsTo }: Recorder,
  signal: AbortSignal,
): Promise<Ending> {
  try {
    return {
      result: await handler.run(input, { id, attempt, signal, step, log, progress, rows, belongsTo }),
    };
  } catch (error) {
    return { error };
  }
}

/** Keeps what is told and says that the worker lives, until the returned function has been awaited. */
function beat(world: World, run: Run, recorder: Recorder, stopper: AbortController): () => Promise<void> {
  let last = performance.now();
  let keeping: Promise<void> | undefined;

  async function keep(): Promise<void> {
    const told = recorder.take();
    const asked = performance.now();
    try {
      const held = await keepTold(world, run, told);
      if (!held) stopper.abort('lost');
      else if (held.cancelRequestedBy !== null) stopper.abort('cancel');
      last = asked;
      world.bus.tell(run.id, 'changed');
    } catch (error) {
      recorder.giveBack(told);
      world.log.error({ err: error, run: run.id }, 'the state of a run could not be kept');
    }
  }

  const timer = setInterval(() => {
    const silent = performance.now() - last;
    if (silent > leaseMs) stopper.abort('lost');
    if (keeping || (!recorder.hasNews() && silent < aliveMs)) return;
    keeping = keep().finally(() => {
      keeping = undefined;
    });
  }, keepMs);
  return async () => {
    clearInterval(timer);
    await keeping;
  };
}

function keepTold(world: World, run: Run, told: Told) {
  return world.records.write(systemCaller, async (tx) => {
    const held = await keepAlive(tx, run, told);
    if (!held) return undefined;
    await saveSteps(tx, run, told.steps);
    await appendLog(tx, run, told.lines);
    return held;
  });
}

/** Tries for some seconds; if the records stay away, the run is found abandoned later. */
async function finish(
  world: World,
  run: Run,
  recorder: Recorder,
  ending: Ending,
  stopped: StopReason | undefined,
): Promise<Run | undefined> {
  if (stopped === 'lost' && 'error' in ending) return undefined;
  const outcome = outcomeOf({ ...run, resumable: canBeginAgain(world, run) }, ending, stopped);
  if ('error' in ending && stopped === undefined) tellLog(world, run, ending.error);
  recorder.endSteps(outcome.state);
  const told = recorder.take();
  for (let tries = 1; ; tries++) {
    try {
      return await write(world, run, { outcome, told, entity: recorder.entity() });
    } catch (error) {
      world.log.error({ err: error, run: run.id }, 'the end of a run could not be written');
      if (tries === 5) return undefined;
      await sleep(tries * 500);
    }
  }
}

/** A refusal is the caller's business, anything else ours. */
function tellLog({ log }: World, { id, kind }: Run, error: unknown): void {
  if (error instanceof Refusal) log.info({ run: id, kind, code: error.code }, error.message);
  else log.error({ err: error, run: id, kind }, 'a run met a bug');
}

function write(
  world: World,
  run: Run,
  {
    outcome,
    told,
    entity,
  }: { readonly outcome: Outcome; readonly told: Told; readonly entity: string | undefined },
): Promise<Run | undefined> {
  return world.records.write(systemCaller, async (tx) => {
    const held = await keepAlive(tx, run, told);
    const ended = held && (await endAttempt(tx, run, outcome));
    if (!held || !ended) return undefined;
    await saveSteps(tx, run, told.steps);
    await appendLog(tx, run, [...told.lines, lineOf(outcome, held.cancelRequestedBy)]);
    if (outcome.state === 'queued') return ended;
    if (entity !== undefined && entity !== run.entity) await giveToEntity(tx, run.id, entity);
    await audit(tx, systemCaller, {
      action: 'run.end',
      object: { type: 'run', id: run.id },
      entity: entity ?? run.entity,
      before: null,
      after: { kind: run.kind, state: ended.state, problem: ended.problem?.code ?? null },
    });
    return ended;
  });
}

/** The last line of an attempt's log. */
export function lineOf(outcome: Outcome, cancelledBy: string | null): NewLogLine {
  switch (outcome.state) {
    case 'succeeded':
      return { level: 'info', message: 'succeeded' };
    case 'cancelled':
      return { level: 'warning', message: `cancelled${cancelledBy === null ? '' : ` by ${cancelledBy}`}` };
    case 'failed':
      return { level: 'error', message: `failed: ${outcome.problem.message}` };
    case 'queued':
      return { level: 'warning', message: waitingLine(outcome) };
  }
}

function waitingLine({ counts, delayMs, problem }: Outcome & { readonly state: 'queued' }): string {
  if (counts === 'failure')
    return `failed, is tried again in ${Math.round(delayMs / 1000)} s: ${problem?.message ?? ''}`;
  return counts === 'interruption'
    ? 'its process ended in the middle; it is begun again'
    : 'the worker stops; the run waits for the next one';
}
