import { sql } from 'kysely';
import type { Tx } from '../records/index.ts';
import type { LogLevel, Run, RunLogLine, RunStep } from './model.ts';

/** A line that is about to be kept. Without `at`, now. */
export interface NewLogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly at?: string | undefined;
}

type Of = Pick<Run, 'id' | 'entity' | 'attempt'>;

/** Keeps steps of the current attempt as they stand now. */
export async function saveSteps(
  tx: Tx,
  { id, entity, attempt }: Of,
  steps: readonly Omit<RunStep, 'attempt'>[],
): Promise<void> {
  if (steps.length === 0) return;
  await tx
    .insertInto('run_step')
    .values(
      steps.map((step) => ({
        run_id: id,
        entity_id: entity,
        attempt,
        number: step.number,
        name: step.name,
        state: step.state,
        rows_in: BigInt(step.rowsIn),
        rows_out: BigInt(step.rowsOut),
        started_at: step.startedAt,
        finished_at: step.finishedAt,
      })),
    )
    .onConflict((conflict) =>
      conflict.constraint('run_step_pkey').doUpdateSet((eb) => ({
        state: eb.ref('excluded.state'),
        rows_in: eb.ref('excluded.rows_in'),
        rows_out: eb.ref('excluded.rows_out'),
        finished_at: eb.ref('excluded.finished_at'),
      })),
    )
    .execute();
}

/** Ends the steps that a lost worker has left open. */
export async function closeSteps(tx: Tx, id: string, state: 'failed' | 'cancelled'): Promise<void> {
  await tx
    .updateTable('run_step')
    .set({ state, finished_at: sql<string>`clock_timestamp()` })
    .where('run_id', '=', id)
    .where('state', '=', 'running')
    .execute();
}

export async function appendLog(tx: Tx, run: Of, lines: readonly NewLogLine[]): Promise<void> {
  if (lines.length === 0) return;
  const { id: run_id, entity: entity_id, attempt } = run;
  await tx
    .insertInto('run_log')
    .values(
      lines.map(({ level, message, at }) => ({
        run_id,
        entity_id,
        attempt,
        level,
        message,
        at: at ?? sql<string>`clock_timestamp()`,
      })),
    )
    .execute();
}

/** Steps of every attempt, in order. */
export async function listSteps(tx: Tx, runId: string): Promise<RunStep[]> {
  const rows = await tx
    .selectFrom('run_step')
    .selectAll()
    .where('run_id', '=', runId)
    .orderBy('attempt')
    .orderBy('number')
    .execute();
  return rows.map((row) => ({
    attempt: row.attempt,
    number: row.number,
    name: row.name,
    state: row.state as RunStep['state'],
    rowsIn: Number(row.rows_in),
    rowsOut: Number(row.rows_out),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }));
}

/** The newest `limit` lines after the one with the id `after` (`'0'`: of all), oldest first. */
export async function listLog(
  tx: Tx,
  runId: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<RunLogLine[]> {
  const rows = await tx
    .selectFrom('run_log')
    .select(['id', 'attempt', 'at', 'level', 'message'])
    .where('run_id', '=', runId)
    .where('id', '>', BigInt(after))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.reverse().map(({ id, attempt, at, level, message }) => ({
    id: id.toString(),
    attempt,
    at,
    level: level as LogLevel,
    message,
  }));
}
