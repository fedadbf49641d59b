import { type Kysely, type Selectable, sql } from 'kysely';
import { jsonb, type Tx } from '../records/index.ts';
import { storable } from './storable.ts';

const json = (value: unknown) => jsonb(storable(value));

/** What asks for a run again and again. */
export interface Schedule {
  readonly name: string;
  readonly kind: string;
  readonly entity: string | null;
  /** The input as it was asked for, and as it was accepted for whoever set the schedule. */
  readonly asked: unknown;
  readonly input: unknown;
  readonly key: string | null;
  readonly cron: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  /** Instants; `nextAt` is null while the schedule is off. */
  readonly nextAt: string | null;
  readonly lastAt: string | null;
  readonly lastRun: string | null;
  readonly setBy: string;
  readonly setAt: string;
}

export type NewSchedule = Omit<Schedule, 'lastAt' | 'lastRun' | 'setAt'>;

/** Makes a schedule, or puts it in the place of the one of that name; when it last fired stays known. */
export async function putSchedule(tx: Tx, schedule: NewSchedule): Promise<Schedule> {
  const values = {
    kind: schedule.kind,
    entity_id: schedule.entity,
    key: schedule.key,
    asked: json(schedule.asked),
    input: json(schedule.input),
    cron: schedule.cron,
    time_zone: schedule.timeZone,
    enabled: schedule.enabled,
    next_at: schedule.nextAt,
    set_by: schedule.setBy,
  };
  const row = await tx
    .insertInto('run_schedule')
    .values({ name: schedule.name, ...values })
    .onConflict((conflict) =>
      conflict
        .constraint('run_schedule_pkey')
        .doUpdateSet({ ...values, set_at: sql<string>`clock_timestamp()` }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  return scheduleOf(row);
}

export async function findSchedule(tx: Tx, name: string): Promise<Schedule | undefined> {
  const row = await tx.selectFrom('run_schedule').selectAll().where('name', '=', name).executeTakeFirst();
  return row && scheduleOf(row);
}

/** Every schedule, by name. */
export async function listSchedules(tx: Tx): Promise<Schedule[]> {
  const rows = await tx.selectFrom('run_schedule').selectAll().orderBy('name').execute();
  return rows.map(scheduleOf);
}

export async function deleteSchedule(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('run_schedule').where('name', '=', name).execute();
}

/** Schedules of these kinds that are due, locked for this transaction: another worker passes over them. */
export async function lockDue(tx: Tx, kinds: readonly string[], at: string): Promise<Schedule[]> {
  const rows = await tx
    .selectFrom('run_schedule')
    .selectAll()
    .where('enabled', '=', true)
    .where('next_at', '<=', at)
    .where('kind', 'in', [...kinds])
    .forUpdate()
    .skipLocked()
    .execute();
  return rows.map(scheduleOf);
}

/** Notes that a schedule has fired, and when it will again. */
export async function noteFiring(
  tx: Tx,
  name: string,
  fired: { readonly at: string; readonly run: string; readonly nextAt: string },
): Promise<void> {
  await tx
    .updateTable('run_schedule')
    .set({ last_at: fired.at, last_run_id: fired.run, next_at: fired.nextAt })
    .where('name', '=', name)
    .execute();
}

type ScheduleRow = Selectable<(Tx extends Kysely<infer Tables> ? Tables : never)['run_schedule']>;

function scheduleOf(row: ScheduleRow): Schedule {
  return {
    name: row.name,
    kind: row.kind,
    entity: row.entity_id,
    asked: row.asked,
    input: row.input,
    key: row.key,
    cron: row.cron,
    timeZone: row.time_zone,
    enabled: row.enabled,
    nextAt: row.next_at,
    lastAt: row.last_at,
    lastRun: row.last_run_id,
    setBy: row.set_by,
    setAt: row.set_at,
  };
}
