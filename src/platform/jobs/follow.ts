import { type Caller, systemCaller } from '../kernel/index.ts';
import { jobsErrors } from './errors.ts';
import { findRun } from './find-runs-sql.ts';
import { hasEnded, type Run, type RunLogLine, type RunStep, type ShownProgress } from './model.ts';
import { listenTo } from './news.ts';
import { listLog, listSteps } from './steps-sql.ts';
import type { Worker } from './worker.ts';
import type { World } from './world.ts';

/** How somebody waits for a run. */
export interface FollowHooks {
  readonly onProgress?: ((progress: ShownProgress) => void) | undefined;
  /** The run waits for a worker. Told once at most. */
  readonly onWaiting?: (() => void) | undefined;
  /** Aborted when nobody waits any more. */
  readonly signal?: AbortSignal | undefined;
}

/** What another process does to a run is seen this often. */
const lookMs = 1000;
/** A run that has not begun after so long stands behind others. */
const waitingMs = 300;

/**
 * The run when it has ended, or as it stands when the signal says that nobody waits any more. `error` is what its handler
 * threw, when that was in this process. Refuses with `jobs.unknownRun`.
 */
export async function untilEnded(
  { records, bus }: World,
  worker: Worker,
  id: string,
  { onProgress, onWaiting, signal }: FollowHooks,
): Promise<{ readonly run: Run; readonly error: unknown }> {
  const ear = listenTo(bus, id);
  const stop = bus.listen(id, (news) => news !== 'changed' && onProgress?.(news.progress));
  const errors = new Map<number, unknown>();
  try {
    for (let looks = 1; ; looks++) {
      const execution = worker.executionOf(id);
      execution?.ended.then(({ run, error }) => run && errors.set(run.attempt, error));
      const run = await records.read(systemCaller, (tx) => findRun(tx, id));
      if (!run) throw jobsErrors.unknownRun({ id });
      if (hasEnded(run.state) || signal?.aborted) return { run, error: errors.get(run.attempt) };
      if (run.state === 'queued' && looks === 2) onWaiting?.();
      if (run.progress && !execution) onProgress?.(run.progress);
      await heardChange(ear, looks === 1 ? waitingMs : lookMs, signal);
    }
  } finally {
    stop();
    ear.stop();
  }
}

/** Waits until the run has changed, or for so long; progress alone is nothing to look into the records for. */
async function heardChange(
  ear: ReturnType<typeof listenTo>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = performance.now() + ms;
  for (let left = ms; left > 0 && !signal?.aborted; left = until - performance.now()) {
    if ((await ear.wait(left, signal)).changed) return;
  }
}

/** What happens to a run, as it is told to those who watch. */
export type RunEvent =
  | { readonly event: 'state'; readonly run: Run }
  | { readonly event: 'step'; readonly step: RunStep }
  | { readonly event: 'progress'; readonly progress: ShownProgress }
  | { readonly event: 'log'; readonly line: RunLogLine }
  | { readonly event: 'end'; readonly run: Run };

/** Lines of the log told at once, to those who come late. */
const tailLines = 200;

/**
 * Tells a run as it stands, then what happens to it until it ends or the signal aborts. Lines of the log come after the one
 * with the id `afterLine`. Refuses with `jobs.unknownRun` what the caller cannot see.
 */
export async function* watchRun(
  { records, bus }: World,
  caller: Caller,
  id: string,
  { afterLine, signal }: { readonly afterLine: string; readonly signal: AbortSignal },
): AsyncGenerator<RunEvent> {
  const ear = listenTo(bus, id);
  const seen = { state: '', line: afterLine, steps: new Map<string, string>() };
  try {
    while (!signal.aborted) {
      const { run, steps, lines } = await records.read(caller, async (tx) => ({
        run: await findRun(tx, id),
        steps: await listSteps(tx, id),
        lines: await listLog(tx, id, { after: seen.line, limit: tailLines }),
      }));
      if (!run) throw jobsErrors.unknownRun({ id });
      const state = `${run.state} ${run.attempt} ${run.cancelRequestedBy}`;
      if (state !== seen.state) yield { event: 'state', run };
      seen.state = state;
      for (const step of steps.filter((one) => isNews(seen.steps, one))) yield { event: 'step', step };
      for (const line of lines) yield { event: 'log', line };
      seen.line = lines.at(-1)?.id ?? seen.line;
      if (hasEnded(run.state)) return yield { event: 'end', run };
      if (run.progress) yield { event: 'progress', progress: run.progress };
      yield* progressUntilChange(ear, signal);
    }
  } finally {
    ear.stop();
  }
}

async function* progressUntilChange(
  ear: ReturnType<typeof listenTo>,
  signal: AbortSignal,
): AsyncGenerator<RunEvent> {
  const until = performance.now() + lookMs;
  for (let left = lookMs; left > 0 && !signal.aborted; left = until - performance.now()) {
    const { progress, changed } = await ear.wait(left, signal);
    if (progress) yield { event: 'progress', progress };
    if (changed) return;
  }
}

/** True when the step was not told as it is now. */
function isNews(told: Map<string, string>, step: RunStep): boolean {
  const key = `${step.attempt} ${step.number}`;
  const now = JSON.stringify(step);
  const isNew = told.get(key) !== now;
  told.set(key, now);
  return isNew;
}
