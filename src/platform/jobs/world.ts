import type { Clock, Randomness } from '../kernel/index.ts';
import type { Records } from '../records/index.ts';
import type { Bus } from './bus.ts';
import { jobsErrors } from './errors.ts';
import type { Run, RunHandler } from './model.ts';

/** Where the worker tells what people should look at; pino's loggers are such. */
export interface JobsLog {
  readonly info: (facts: object, message: string) => void;
  readonly error: (facts: object, message: string) => void;
}

/** What the parts of this room work with. */
export interface World {
  readonly records: Records;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly handlers: ReadonlyMap<string, RunHandler>;
  readonly log: JobsLog;
  readonly bus: Bus;
  /** This instance, as `worker` of the runs that it works. */
  readonly worker: string;
}

/** The handler of a kind; refuses with `jobs.unknownKind`. */
export function handlerOf({ handlers }: World, kind: string): RunHandler {
  const found = handlers.get(kind);
  if (!found) throw jobsErrors.unknownKind({ kind, known: [...handlers.keys()] });
  return found;
}

/** True when the work of a run may begin again although it was begun before. */
export function canBeginAgain({ handlers }: World, { kind, input }: Run): boolean {
  return handlers.get(kind)?.resumable(input) ?? false;
}
