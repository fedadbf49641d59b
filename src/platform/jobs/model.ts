import type { z } from 'zod';
import { type Caller, type ExitCode, Refusal } from '../kernel/index.ts';
import { jobsErrors } from './errors.ts';

/** Where a run stands. `queued`: waits for a worker, for the first time or again. */
export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** The states that nothing follows by itself. */
export function hasEnded(state: RunState): boolean {
  return state !== 'queued' && state !== 'running';
}

/** How far a run is, for people. Kept about once a second. */
export interface RunProgress {
  /** What is being done now: `convert 2026-10`. */
  readonly label: string;
  /** Done so far, and in all where that is known, in `unit`. */
  readonly done: number;
  readonly total: number | null;
  readonly unit: 'rows' | 'bytes' | 'items';
  /** Rows read so far, for the rate. */
  readonly rows?: number;
  /** What the handler wants to tell its own callers besides; plain JSON. */
  readonly detail?: unknown;
}

/** Progress as it is shown: with the rate since the run began, once it can be told. */
export interface ShownProgress extends RunProgress {
  readonly rowsPerSecond: number | null;
}

/** Why a run failed: a refusal as plain JSON. */
export interface RunProblem {
  readonly code: string;
  readonly status: number;
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A run as the records have it. */
export interface Run {
  readonly id: string;
  readonly kind: string;
  readonly state: RunState;
  readonly key: string | null;
  /** The legal entity that it concerns; null: the installation, seen by those who see everything. */
  readonly entity: string | null;
  /** The schedule that asked for it. */
  readonly schedule: string | null;
  readonly askedBy: { readonly kind: string; readonly id: string; readonly name: string };
  readonly place: 'queue' | 'here';
  readonly detached: boolean;
  readonly input: unknown;
  readonly result: unknown;
  readonly problem: RunProblem | null;
  readonly progress: ShownProgress | null;
  readonly attempt: number;
  readonly failures: number;
  readonly maxFailures: number;
  readonly interruptions: number;
  readonly worker: string | null;
  readonly cancelRequestedBy: string | null;
  readonly rowsIn: number;
  readonly rowsOut: number;
  /** Instants, ISO 8601. */
  readonly createdAt: string;
  readonly dueAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** A part of a run's work within one attempt. */
export interface RunStep {
  readonly attempt: number;
  readonly number: number;
  readonly name: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

export type LogLevel = 'info' | 'warning' | 'error';

/** A line of a run's log. `id` ascends. */
export interface RunLogLine {
  readonly id: string;
  readonly attempt: number;
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
}

/** What a handler works with while it runs. Nothing here waits: what is told is kept about once a second. */
export interface RunContext {
  readonly id: string;
  /** 1 for the first; more when it was interrupted, failed and is tried again, or somebody retried it. */
  readonly attempt: number;
  /** Aborted when the run is cancelled, the worker stops, or another worker has taken over. Stop then, at once. */
  readonly signal: AbortSignal;
  /** Begins a step, or goes on with the one of that name, ended or not. Steps that are open at the end take the run's state. */
  readonly step: (name: string) => StepHandle;
  readonly log: (level: LogLevel, message: string) => void;
  readonly progress: (progress: RunProgress) => void;
  /** Rows of the whole run so far. */
  readonly rows: (rows: { readonly in: number; readonly out: number }) => void;
  /** Names the entity that the run concerns, where that comes out only now. */
  readonly belongsTo: (entity: string) => void;
}

export interface StepHandle {
  /** Rows of the step so far. */
  readonly rows: (rows: { readonly in?: number; readonly out?: number }) => void;
  readonly end: (state?: 'succeeded' | 'failed') => void;
}

/** What a caller's wish comes to: the input as it is kept, and what it collides with. Plain JSON. */
export interface Accepted<Input> {
  readonly input: Input;
  /** Of a kind and entity, one run with the same key is under way at a time; null: any number. */
  readonly key: string | null;
  readonly entity: string | null;
}

/** How runs of one kind are asked for and done, as the worker sees it: see `handler`. */
export interface RunHandler {
  readonly kind: string;
  /** True when the work with this input may begin again: see `handler`. */
  readonly resumable: (input: unknown) => boolean;
  readonly accept: (asked: unknown, caller: Caller) => Promise<Accepted<unknown>>;
  readonly run: (input: unknown, context: RunContext) => Promise<unknown>;
}

/**
 * Makes a handler of its typed parts. `accept` checks what the caller wants, with refusals, and adds to it what the caller
 * may do; `input` reads the kept input again when the run begins, maybe by a later version.
 *
 * `resumable`: the work may begin again after it ended at any moment, because what it had done is recognised. Then it goes on
 * after an interruption, and is tried again after an error that may pass: anything but a refusal, or one that says that
 * something remote is unavailable. Other work is begun once, and fails with the reason.
 */
export function handler<Wanted, Input, Result>(parts: {
  readonly kind: string;
  readonly resumable: (input: Input) => boolean;
  /** What a caller may ask for; what does not fit is refused with `jobs.unfitInput`. */
  readonly asked: z.ZodType<Wanted>;
  readonly input: z.ZodType<Input>;
  readonly accept: (asked: Wanted, caller: Caller) => Promise<Accepted<Input>>;
  readonly run: (input: Input, context: RunContext) => Promise<Result>;
}): RunHandler {
  const { kind } = parts;
  return {
    kind,
    resumable: (kept) => {
      const read = parts.input.safeParse(kept);
      return read.success && parts.resumable(read.data);
    },
    accept: async (asked, caller) => {
      const read = parts.asked.safeParse(asked);
      if (read.success) return parts.accept(read.data, caller);
      const problems = read.error.issues.map(
        ({ path, message }) => `${path.join('.') || 'input'}: ${message}`,
      );
      throw jobsErrors.unfitInput({ kind, problem: problems.join('; ') });
    },
    run: async (kept, context) => parts.run(parts.input.parse(kept), context),
  };
}

/** A refusal of a part of the work, with the result of the rest: the run fails, and keeps both. */
export class PartialFailure extends Refusal {
  readonly result: unknown;

  constructor({ code, status, exitCode, message, params }: RunProblem, result: unknown) {
    super(code, { status, exit: exitCode, sentence: message }, params);
    this.name = 'PartialFailure';
    this.result = result;
  }
}
