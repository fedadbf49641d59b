import { sql } from 'kysely';
import { Defect } from '../kernel/index.ts';
import { jsonb, type Tx } from '../records/index.ts';
import { findUnderWay } from './find-runs-sql.ts';
import type { Run, ShownProgress } from './model.ts';
import type { Outcome } from './outcome.ts';
import { runOf } from './run-row.ts';
import { storable } from './storable.ts';

/** What a new run is made of. `here`: it begins at once, in the process with this instance. */
export interface NewRun {
  readonly id: string;
  readonly kind: string;
  readonly key: string | null;
  readonly entity: string | null;
  readonly schedule: string | null;
  readonly input: unknown;
  readonly askedBy: Run['askedBy'];
  readonly detached: boolean;
  readonly maxFailures: number;
  readonly here: { readonly worker: string } | undefined;
}

/** Which attempt of a run a worker has begun: it writes only while this holds. */
export interface Fence {
  readonly id: string;
  readonly attempt: number;
}

const now = sql<string>`clock_timestamp()`;
const json = (value: unknown) => jsonb(storable(value));

/** Inserts a run, or finds the one with its key that is under way. */
export async function insertOrFind(
  tx: Tx,
  run: NewRun,
): Promise<{ readonly run: Run; readonly isNew: boolean }> {
  // The one found by the index may end before it is read: then there is room for ours.
  for (let tries = 0; tries < 5; tries++) {
    const inserted = await insertRun(tx, run);
    if (inserted) return { run: inserted, isNew: true };
    const found = await findUnderWay(tx, run);
    if (found) return { run: found, isNew: false };
  }
  throw new Defect(`Run ${run.id} could neither be inserted nor found under its key`);
}

async function insertRun(tx: Tx, run: NewRun): Promise<Run | undefined> {
  const { here, askedBy } = run;
  const begun = here ? { worker: here.worker, alive_at: now, started_at: now, attempt: 1 } : {};
  const row = await tx
    .insertInto('run')
    .values({
      id: run.id,
      kind: run.kind,
      key: run.key,
      entity_id: run.entity,
      schedule: run.schedule,
      place: here ? 'here' : 'queue',
      detached: run.detached,
      state: here ? 'running' : 'queued',
      input: json(run.input),
      actor_kind: askedBy.kind,
      actor_id: askedBy.id,
      actor_name: askedBy.name,
      max_failures: run.maxFailures,
      ...begun,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  return row && runOf(row);
}

/** Begins a queued run that is due, for one worker: undefined when another was quicker, or it is not to be begun. */
export async function claimRun(
  tx: Tx,
  { id, worker, kinds }: { readonly id: string; readonly worker: string; readonly kinds: readonly string[] },
): Promise<Run | undefined> {
  const row = await tx
    .updateTable('run')
    .set((eb) => ({
      state: 'running',
      worker,
      alive_at: now,
      started_at: eb.fn.coalesce('started_at', now),
      attempt: eb('attempt', '+', 1),
      progress: null,
    }))
    .where('id', '=', id)
    .where('state', '=', 'queued')
    .where('kind', 'in', [...kinds])
    .where('due_at', '<=', now)
    .returningAll()
    .executeTakeFirst();
  return row && runOf(row);
}

/** Says that the worker lives, and how far it is. Undefined: the run is no longer this worker's. */
export async function keepAlive(
  tx: Tx,
  fence: Fence,
  standing: { readonly progress: ShownProgress | null; readonly rowsIn: number; readonly rowsOut: number },
): Promise<{ readonly cancelRequestedBy: string | null } | undefined> {
  const row = await heldRun(tx, fence)
    .set({
      alive_at: now,
      progress: standing.progress === null ? null : json(standing.progress),
      rows_in: BigInt(standing.rowsIn),
      rows_out: BigInt(standing.rowsOut),
    })
    .returning('cancel_requested_by')
    .executeTakeFirst();
  return row && { cancelRequestedBy: row.cancel_requested_by };
}

/** Writes what became of an attempt. Undefined: the run is no longer this worker's, and nothing was written. */
export async function endAttempt(tx: Tx, fence: Fence, outcome: Outcome): Promise<Run | undefined> {
  const { problem } = { problem: null, ...outcome };
  const row = await heldRun(tx, fence)
    .set({
      state: outcome.state,
      worker: null,
      alive_at: null,
      progress: null,
      problem: problem === null ? null : json(problem),
      ...('result' in outcome ? { result: json(outcome.result) } : {}),
      ...(outcome.state === 'queued' ? requeued(outcome) : { finished_at: now }),
    })
    .returningAll()
    .executeTakeFirst();
  return row && runOf(row);
}

function requeued(outcome: Outcome & { readonly state: 'queued' }) {
  const { delayMs, counts } = outcome;
  return {
    due_at: sql<string>`clock_timestamp() + ${delayMs}::float8 * interval '1 millisecond'`,
    ...(counts === 'failure' ? { failures: sql<number>`failures + 1` } : {}),
    ...(counts === 'interruption' ? { interruptions: sql<number>`interruptions + 1` } : {}),
  };
}

function heldRun(tx: Tx, { id, attempt }: Fence) {
  return tx
    .updateTable('run')
    .where('id', '=', id)
    .where('attempt', '=', attempt)
    .where('state', '=', 'running');
}

/** Says in a queued or running run that somebody wants it to stop; a queued one has then ended. */
export async function requestCancel(tx: Tx, { id, state }: Run, by: string): Promise<Run> {
  const ended = state === 'queued' ? { state: 'cancelled', finished_at: now } : {};
  const row = await tx
    .updateTable('run')
    .set({ cancel_requested_by: by, ...ended })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return runOf(row);
}

/** Puts a run that has failed or was cancelled back into the queue, as if it had never been tried. */
export async function queueAgain(tx: Tx, id: string, maxFailures: number): Promise<Run> {
  const row = await tx
    .updateTable('run')
    .set({
      state: 'queued',
      place: 'queue',
      detached: true,
      failures: 0,
      interruptions: 0,
      max_failures: maxFailures,
      cancel_requested_by: null,
      rows_in: 0n,
      rows_out: 0n,
      result: null,
      due_at: now,
      finished_at: null,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return runOf(row);
}

/** From now on the run goes on when nobody waits for it. */
export async function detach(tx: Tx, id: string): Promise<void> {
  await tx.updateTable('run').set({ detached: true }).where('id', '=', id).execute();
}

/**
 * Running runs of these kinds whose worker is gone, locked for this transaction. Gone is a worker that was not heard of for
 * `silentMs` (every one, with 0), and this very instance (`worker`) when it does not know of the run (`known`).
 */
export async function lockAbandoned(
  tx: Tx,
  asked: {
    readonly kinds: readonly string[];
    readonly worker: string;
    readonly known: readonly string[];
    readonly silentMs: number;
  },
): Promise<Run[]> {
  const { kinds, worker, known, silentMs } = asked;
  const silentSince = sql<string>`clock_timestamp() - ${silentMs}::float8 * interval '1 millisecond'`;
  const rows = await tx
    .selectFrom('run')
    .selectAll()
    .where('state', '=', 'running')
    .where('kind', 'in', [...kinds])
    .where((eb) => eb.or([eb('worker', '=', worker), eb('alive_at', '<=', silentSince)]))
    .$if(known.length > 0, (query) => query.where('id', 'not in', [...known]))
    .forUpdate()
    .skipLocked()
    .execute();
  return rows.map(runOf);
}

/** Gives a run that has ended, its steps and its log to an entity. */
export async function giveToEntity(tx: Tx, id: string, entity: string): Promise<void> {
  await tx.updateTable('run').set({ entity_id: entity }).where('id', '=', id).execute();
  await tx.updateTable('run_step').set({ entity_id: entity }).where('run_id', '=', id).execute();
  await tx.updateTable('run_log').set({ entity_id: entity }).where('run_id', '=', id).execute();
}
