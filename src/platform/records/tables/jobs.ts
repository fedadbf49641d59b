import type { ColumnType, Generated } from 'kysely';
import type { Fixed } from './audit.ts';

/** Given on insert or later; what is not given is null. */
type Late<T> = ColumnType<T | null, T | null | undefined, T | null>;

interface RunTable {
  /** Sorts by the time of asking. */
  readonly id: Fixed<string>;
  /** What is done: `bill.import`. */
  readonly kind: Fixed<string>;
  /** Of a kind and entity, one run with the same key is under way at a time; null: any number. */
  readonly key: Fixed<string | null>;
  readonly entity_id: ColumnType<string | null, string | null, string | null>;
  /** The schedule that asked. */
  readonly schedule: ColumnType<string | null, string | null | undefined, never>;
  /** `here`: in the process that asked, so that nobody takes it up again after a crash. */
  readonly place: ColumnType<'queue' | 'here', 'queue' | 'here', 'queue'>;
  /** Goes on when nobody waits for it. */
  readonly detached: ColumnType<boolean, boolean, boolean>;
  readonly state: ColumnType<string, string, string>;
  readonly input: Fixed<unknown>;
  readonly result: Late<unknown>;
  /** Code, status, exit code, sentence and facts of why it failed, or failed last. */
  readonly problem: Late<unknown>;
  readonly actor_kind: Fixed<string>;
  readonly actor_id: Fixed<string>;
  readonly actor_name: Fixed<string>;
  /** How often a worker has begun: the fence of what it writes. */
  readonly attempt: Generated<number>;
  readonly failures: Generated<number>;
  /** At so many failures it is not tried again. */
  readonly max_failures: ColumnType<number, number, number>;
  /** How often the worker was lost. */
  readonly interruptions: Generated<number>;
  /** The instance that works it. */
  readonly worker: Late<string>;
  /** When that instance was last heard of. */
  readonly alive_at: ColumnType<string | null, unknown, unknown>;
  /** Who wants it to stop. */
  readonly cancel_requested_by: Late<string>;
  readonly progress: Late<unknown>;
  readonly rows_in: Generated<bigint>;
  readonly rows_out: Generated<bigint>;
  readonly created_at: ColumnType<string, never, never>;
  /** Not to be begun earlier. */
  readonly due_at: ColumnType<string, unknown, unknown>;
  readonly started_at: ColumnType<string | null, unknown, unknown>;
  readonly finished_at: ColumnType<string | null, unknown, unknown>;
}

interface RunStepTable {
  readonly run_id: Fixed<string>;
  readonly entity_id: ColumnType<string | null, string | null, string | null>;
  readonly attempt: Fixed<number>;
  /** 1, 2, 3 within the attempt. */
  readonly number: Fixed<number>;
  readonly name: Fixed<string>;
  readonly state: ColumnType<string, string, string>;
  readonly rows_in: ColumnType<bigint, bigint, bigint>;
  readonly rows_out: ColumnType<bigint, bigint, bigint>;
  readonly started_at: Fixed<string>;
  readonly finished_at: Late<string>;
}

interface RunLogTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly run_id: Fixed<string>;
  readonly entity_id: ColumnType<string | null, string | null, string | null>;
  readonly attempt: Fixed<number>;
  readonly at: ColumnType<string, string | undefined, never>;
  readonly level: Fixed<string>;
  readonly message: Fixed<string>;
}

interface RunScheduleTable {
  readonly name: Fixed<string>;
  readonly kind: ColumnType<string, string, string>;
  readonly entity_id: ColumnType<string | null, string | null, string | null>;
  readonly key: ColumnType<string | null, string | null, string | null>;
  /** The input as it was asked for, and as it was accepted. */
  readonly asked: ColumnType<unknown, unknown, unknown>;
  readonly input: ColumnType<unknown, unknown, unknown>;
  /** Minute, hour, day of month, month, day of week. */
  readonly cron: ColumnType<string, string, string>;
  /** Of which the cron expression speaks: `Europe/Paris`. */
  readonly time_zone: ColumnType<string, string, string>;
  readonly enabled: ColumnType<boolean, boolean, boolean>;
  /** When it fires next; null while it is off. */
  readonly next_at: Late<string>;
  readonly last_at: Late<string>;
  readonly last_run_id: Late<string>;
  readonly set_by: ColumnType<string, string, string>;
  readonly set_at: ColumnType<string, unknown, unknown>;
}

export interface JobsTables {
  readonly run: RunTable;
  readonly run_step: RunStepTable;
  readonly run_log: RunLogTable;
  readonly run_schedule: RunScheduleTable;
}
