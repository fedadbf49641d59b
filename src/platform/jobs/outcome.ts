import { exitCodes, Refusal } from '../kernel/index.ts';
import { jobsErrors } from './errors.ts';
import { PartialFailure, type RunProblem } from './model.ts';

/** Why the work was told to stop. `lost`: another worker may have it, so that nothing of this one counts. */
export type StopReason = 'cancel' | 'stopping' | 'lost';

/** How the handler ended. */
export type Ending = { readonly result: unknown } | { readonly error: unknown };

/** What becomes of a run. `queued` again after `delayMs`; `counts` is what the records count up. */
export type Outcome =
  | { readonly state: 'succeeded'; readonly result: unknown }
  | { readonly state: 'failed'; readonly problem: RunProblem; readonly result?: unknown }
  | { readonly state: 'cancelled' }
  | {
      readonly state: 'queued';
      readonly delayMs: number;
      readonly counts: 'failure' | 'interruption' | 'nothing';
      readonly problem: RunProblem | null;
    };

/** What the rules look at. */
export interface Tried {
  readonly id: string;
  /** The work may begin again: what it had done is recognised. */
  readonly resumable: boolean;
  readonly place: 'queue' | 'here';
  /** Failures and interruptions before this one. */
  readonly failures: number;
  readonly maxFailures: number;
  readonly interruptions: number;
}

/** A run whose worker was lost this often kills its workers, it seems. */
export const maxInterruptions = 3;

/**
 * What becomes of a run whose handler has ended. A result counts even when somebody wanted it to stop: the work is done.
 * A failure is tried again after 5 s, 20 s, 80 s … (an hour at most) when it may pass by itself, the work can begin again and
 * tries are left:
 * `{failures: 1, maxFailures: 3}` and an unreachable bucket → queued, 20,000 ms.
 */
export function outcomeOf(run: Tried, ending: Ending, stopped: StopReason | undefined): Outcome {
  if ('result' in ending) return { state: 'succeeded', result: ending.result };
  if (stopped === 'cancel') return { state: 'cancelled' };
  if (stopped === 'stopping') return outcomeOfStop(run);
  const problem = problemOf(run.id, ending.error);
  const failures = run.failures + 1;
  if (!run.resumable || !mayPass(ending.error) || failures >= run.maxFailures)
    return { state: 'failed', problem, ...resultIn(ending.error) };
  return { state: 'queued', delayMs: backoffMs(failures), counts: 'failure', problem };
}

/** What becomes of a run whose process died: it goes on if it can, else it fails and says so. */
export function outcomeOfInterruption(run: Tried & { readonly cancelRequestedBy: string | null }): Outcome {
  if (run.cancelRequestedBy !== null) return { state: 'cancelled' };
  const times = run.interruptions + 1;
  if (run.place === 'queue' && run.resumable && times <= maxInterruptions)
    return { state: 'queued', delayMs: 0, counts: 'interruption', problem: null };
  return interrupted(run.id, times);
}

/** A worker that stops in good order has stopped the work in its middle all the same. */
function outcomeOfStop({ id, place, resumable, interruptions }: Tried): Outcome {
  if (place === 'here') return { state: 'cancelled' };
  if (!resumable) return interrupted(id, interruptions + 1);
  return { state: 'queued', delayMs: 0, counts: 'nothing', problem: null };
}

function interrupted(id: string, times: number): Outcome {
  return { state: 'failed', problem: problemOf(id, jobsErrors.interrupted({ id, times })) };
}

/** An error as the run keeps it; what a bug says is for the log alone. */
function problemOf(id: string, error: unknown): RunProblem {
  const refusal = error instanceof Refusal ? error : jobsErrors.defect({ id });
  const { code, status, exitCode, message, params } = refusal;
  return { code, status, exitCode, message, params };
}

/** A no stays a no; something remote comes back, and a bug may have been the moment's. */
function mayPass(error: unknown): boolean {
  return !(error instanceof Refusal) || error.exitCode === exitCodes.remoteUnavailable;
}

/** What was done although something was refused. */
function resultIn(error: unknown): { readonly result?: unknown } {
  return error instanceof PartialFailure ? { result: error.result } : {};
}

function backoffMs(failures: number): number {
  return Math.min(5000 * 4 ** (failures - 1), 3_600_000);
}
