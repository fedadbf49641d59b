import { sql } from 'kysely';
import type { Tx } from '../records/index.ts';
import type { Run, RunState } from './model.ts';
import { runOf } from './run-row.ts';

/** The run with this key that is under way, if there is one. */
export async function findUnderWay(
  tx: Tx,
  { kind, key, entity }: Pick<Run, 'kind' | 'key' | 'entity'>,
): Promise<Run | undefined> {
  const row = await tx
    .selectFrom('run')
    .selectAll()
    .where('kind', '=', kind)
    .where('key', '=', key)
    .where(sql<string>`coalesce(entity_id, '')`, '=', entity ?? '')
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return row && runOf(row);
}

/** The run as it stands, or undefined when the caller cannot see one with this id. */
export async function findRun(tx: Tx, id: string, lock = false): Promise<Run | undefined> {
  const query = tx.selectFrom('run').selectAll().where('id', '=', id);
  const row = await (lock ? query.forUpdate() : query).executeTakeFirst();
  return row && runOf(row);
}

/** Runs, the newest first; `before`: only those asked for earlier than the run with this id. */
export async function listRuns(
  tx: Tx,
  asked: {
    readonly kind?: string | undefined;
    readonly state?: RunState | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<Run[]> {
  const { kind, state, before, limit } = asked;
  const rows = await tx
    .selectFrom('run')
    .selectAll()
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind as string))
    .$if(state !== undefined, (query) => query.where('state', '=', state as string))
    .$if(before !== undefined, (query) => query.where('id', '<', before as string))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(runOf);
}

/** Ids of runs of these kinds that wait for a worker, with the instant before which they are not begun; oldest first. */
export async function listWaiting(
  tx: Tx,
  kinds: readonly string[],
  limit: number,
): Promise<{ readonly id: string; readonly dueAt: string }[]> {
  const rows = await tx
    .selectFrom('run')
    .select(['id', 'due_at'])
    .where('state', '=', 'queued')
    .where('kind', 'in', [...kinds])
    .orderBy('due_at')
    .limit(limit)
    .execute();
  return rows.map(({ id, due_at }) => ({ id, dueAt: due_at }));
}
