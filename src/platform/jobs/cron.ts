import cronParser from 'cron-parser';
import { jobsErrors } from './errors.ts';

/** When something is done again and again: `{cron: '30 6 * * 1-5', timeZone: 'Europe/Paris'}`, half past six on working days. */
export interface Recurrence {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** A name of the IANA list. */
  readonly timeZone: string;
}

/**
 * The first instant after `after` at which the schedule fires: `'0 6 * * *'` in Europe/Paris after 2026-03-28T12:00Z →
 * 2026-03-29T04:00Z, because summer time began that night. Refuses with `jobs.unfitCron`, `jobs.unfitTimeZone`.
 */
export function nextFiring({ cron, timeZone }: Recurrence, after: Date): Date {
  if (!isTimeZone(timeZone)) throw jobsErrors.unfitTimeZone({ timeZone });
  // The parser fills in what is missing, and takes seconds as a sixth: neither is meant here.
  const fields = cron.trim().split(/\s+/).length;
  if (fields !== 5) throw jobsErrors.unfitCron({ cron, problem: `it has ${fields} fields` });
  try {
    return cronParser.parseExpression(cron, { tz: timeZone, currentDate: after }).next().toDate();
  } catch (error) {
    throw jobsErrors.unfitCron({ cron, problem: error instanceof Error ? error.message : String(error) });
  }
}

function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +02:00 know no summer time, and are no names.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
