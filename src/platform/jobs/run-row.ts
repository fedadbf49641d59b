import type { Kysely, Selectable } from 'kysely';
import type { Tx } from '../records/index.ts';
import type { Run, RunProblem, RunState, ShownProgress } from './model.ts';

type RunRow = Selectable<(Tx extends Kysely<infer Tables> ? Tables : never)['run']>;

/** A row of the table `run` as the rest of the room knows it. */
export function runOf(row: RunRow): Run {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state as RunState,
    key: row.key,
    entity: row.entity_id,
    schedule: row.schedule,
    askedBy: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
    place: row.place,
    detached: row.detached,
    input: row.input,
    result: row.result,
    problem: row.problem as RunProblem | null,
    progress: row.progress as ShownProgress | null,
    attempt: row.attempt,
    failures: row.failures,
    maxFailures: row.max_failures,
    interruptions: row.interruptions,
    worker: row.worker,
    cancelRequestedBy: row.cancel_requested_by,
    rowsIn: Number(row.rows_in),
    rowsOut: Number(row.rows_out),
    createdAt: row.created_at,
    dueAt: row.due_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
