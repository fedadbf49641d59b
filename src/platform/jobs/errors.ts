import { errorTable, refusal } from '../kernel/index.ts';

/** Refusals around runs and their schedules, and the reasons for which runs fail without a refusal of their own. */
export const jobsErrors = errorTable('jobs', {
  unknownRun: refusal(
    404,
    'notFound',
    (p: { id: string }) => `There is no run '${p.id}'. 'finops runs list' shows what there is.`,
  ),
  unknownSchedule: refusal(
    404,
    'notFound',
    (p: { name: string }) => `There is no schedule '${p.name}'. 'finops schedules list' shows what there is.`,
  ),
  unknownKind: refusal(
    400,
    'usage',
    (p: { kind: string; known: readonly string[] }) =>
      `'${p.kind}' is no kind of run. Runs are of the kinds ${p.known.join(', ')}.`,
  ),
  unfitInput: refusal(
    400,
    'usage',
    (p: { kind: string; problem: string }) =>
      `A run of the kind ${p.kind} cannot be asked for like this: ${p.problem}. /api/openapi.json describes what it takes.`,
  ),
  notEnded: refusal(
    409,
    'conflict',
    (p: { id: string; state: string }) =>
      `Run ${p.id} is ${p.state}: only what has failed or was cancelled is run again. Wait until it ends, or cancel it.`,
  ),
  hasEnded: refusal(
    409,
    'conflict',
    (p: { id: string; state: string }) =>
      `Run ${p.id} has ended (${p.state}) and cannot be cancelled. What it changed stays; see 'finops runs show ${p.id}'.`,
  ),
  underWay: refusal(
    409,
    'conflict',
    (p: { id: string; other: string }) =>
      `Run ${p.id} is not run again, because run ${p.other} does the same now. Wait for that one.`,
  ),
  stillEnding: refusal(
    409,
    'conflict',
    (p: { id: string }) =>
      `Run ${p.id} does the same and is being cancelled, but has not ended yet. Try again in half a minute.`,
  ),
  cancelled: refusal(
    409,
    'conflict',
    (p: { id: string; by: string }) =>
      `Run ${p.id} was cancelled by ${p.by}. 'finops runs retry ${p.id}' runs it again.`,
  ),
  interrupted: refusal(
    500,
    'failure',
    (p: { id: string; times: number }) =>
      `Run ${p.id} was interrupted: its process ended in the middle (${p.times} time${p.times === 1 ? '' : 's'}). 'finops runs retry ${p.id}' runs it again.`,
  ),
  stopping: refusal(
    503,
    'remoteUnavailable',
    (p: { id: string }) =>
      `The server is stopping. Run ${p.id} goes on when it starts again; see 'finops runs show ${p.id}'.`,
  ),
  defect: refusal(
    500,
    'failure',
    (p: { id: string }) =>
      `Run ${p.id} met a bug of finops; the log of the process that worked it has the details under this id. Report it with that part of the log.`,
  ),
  unfitCron: refusal(
    400,
    'usage',
    (p: { cron: string; problem: string }) =>
      `The schedule '${p.cron}' cannot be read: ${p.problem}. Write five fields: minute, hour, day of month, month, day of week; '30 6 * * 1-5' is half past six on working days.`,
  ),
  unfitTimeZone: refusal(
    400,
    'usage',
    (p: { timeZone: string }) =>
      `'${p.timeZone}' is no time zone. Write a name of the IANA list: UTC, Europe/Paris, America/New_York.`,
  ),
  unfitCursor: refusal(
    400,
    'usage',
    (p: { cursor: string }) =>
      `The cursor '${p.cursor}' is none of ours. Leave it out to begin at the start of the list.`,
  ),
});
