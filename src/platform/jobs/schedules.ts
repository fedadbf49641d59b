import { type Caller, newId, systemCaller } from '../kernel/index.ts';
import { audit, type Tx } from '../records/index.ts';
import { nextFiring } from './cron.ts';
import { jobsErrors } from './errors.ts';
import { insertOrFind } from './records.ts';
import {
  deleteSchedule,
  findSchedule,
  lockDue,
  noteFiring,
  putSchedule,
  type Schedule,
} from './schedules-sql.ts';
import { handlerOf, type World } from './world.ts';

/** A schedule as somebody asks for it. */
export interface AskedSchedule {
  readonly name: string;
  readonly kind: string;
  readonly input: unknown;
  readonly cron: string;
  readonly timeZone: string;
  readonly enabled: boolean;
}

/** How often a scheduled run is tried when it fails. */
const maxFailures = 3;

/**
 * Sets a schedule. What its runs may do is what the caller may do now: the handler accepts the input here, once.
 * Refuses with `jobs.unknownKind`, `jobs.unfitCron`, `jobs.unfitTimeZone`, and what the handler refuses.
 */
export async function setSchedule(world: World, caller: Caller, asked: AskedSchedule): Promise<Schedule> {
  const { name, kind, cron, timeZone, enabled } = asked;
  const next = nextFiring({ cron, timeZone }, world.clock.now());
  const accepted = await handlerOf(world, kind).accept(asked.input, caller);
  return world.records.write(caller, async (tx) => {
    const before = await findSchedule(tx, name);
    const after = await putSchedule(tx, {
      ...{ name, kind, cron, timeZone, enabled, ...accepted },
      asked: asked.input,
      nextAt: enabled ? next.toISOString() : null,
      setBy: caller.actor.name,
    });
    await auditSchedule(tx, caller, { action: 'runSchedule.set', before, after });
    return after;
  });
}

/** Removes a schedule; its runs stay. Refuses with `jobs.unknownSchedule`. */
export async function removeSchedule(world: World, caller: Caller, name: string): Promise<void> {
  await world.records.write(caller, async (tx) => {
    const before = await findSchedule(tx, name);
    if (!before) throw jobsErrors.unknownSchedule({ name });
    await deleteSchedule(tx, name);
    await auditSchedule(tx, caller, { action: 'runSchedule.remove', before, after: undefined });
  });
}

function auditSchedule(
  tx: Tx,
  caller: Caller,
  {
    action,
    before,
    after,
  }: {
    readonly action: string;
    readonly before: Schedule | undefined;
    readonly after: Schedule | undefined;
  },
): Promise<void> {
  const id = (after ?? before)?.name ?? '';
  const entity = (after ?? before)?.entity ?? null;
  const object = { type: 'runSchedule', id };
  return audit(tx, caller, { action, object, entity, before: before ?? null, after: after ?? null });
}

/**
 * Asks for the runs whose time has come, each with its schedule's next time in one transaction: a firing is neither lost nor
 * doubled, whoever crashes. Times that went by while nobody was there are made up for by one run. Gives the new runs' ids.
 */
export function fireDue(world: World): Promise<readonly string[]> {
  const at = world.clock.now();
  return world.records.write(systemCaller, async (tx) => {
    const due = await lockDue(tx, [...world.handlers.keys()], at.toISOString());
    const fired: string[] = [];
    for (const schedule of due) {
      const { id, isNew } = await askFor(world, tx, schedule);
      const nextAt = nextFiring(schedule, at).toISOString();
      await noteFiring(tx, schedule.name, { at: at.toISOString(), run: id, nextAt });
      if (isNew) fired.push(id);
    }
    return fired;
  });
}

/** The run of a firing; when the one before it is still under way, that one. */
async function askFor(
  { clock, randomness }: World,
  tx: Tx,
  { name, kind, entity, key, input }: Schedule,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const { run, isNew } = await insertOrFind(tx, {
    ...{ kind, entity, input },
    id: newId(clock, randomness),
    key: key ?? `schedule ${name}`,
    schedule: name,
    askedBy: { kind: 'system', id: 'system', name: `schedule ${name}` },
    detached: true,
    maxFailures,
    here: undefined,
  });
  if (isNew)
    await audit(tx, systemCaller, {
      action: 'run.ask',
      object: { type: 'run', id: run.id },
      entity,
      before: null,
      after: { kind, input, schedule: name },
    });
  return { id: run.id, isNew };
}
