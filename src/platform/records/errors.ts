import { errorTable, refusal } from '../kernel/index.ts';

/** Refusals of the records: where they cannot be opened, and what the database will not store. */
export const recordsErrors = errorTable('records', {
  locked: refusal(409, 'conflict', (p: { holder: string; url: string | null; waitedSeconds: number }) =>
    p.url === null
      ? `The records of this workspace are held by ${p.holder}, still after ${p.waitedSeconds} s. Wait until it ends, or set FINOPS_DATABASE_URL: a PostgreSQL serves many processes.`
      : `The records of this workspace are held by the server at ${p.url}. Ask it, or stop it first.`,
  ),
  oldServer: refusal(
    503,
    'remoteUnavailable',
    (p: { version: string }) =>
      `The database is PostgreSQL ${p.version}; 15 or newer is needed. Set FINOPS_DATABASE_URL to another one.`,
  ),
  unreachable: refusal(
    503,
    'remoteUnavailable',
    (p: { reason: string }) =>
      `The database does not answer (${p.reason}). Look at FINOPS_DATABASE_URL and at the server behind it.`,
  ),
  noRole: refusal(
    503,
    'access',
    (p: { user: string }) =>
      `The database user '${p.user}' may not make the role finops_app. Run as a superuser: create role finops_app nologin; grant finops_app to "${p.user}";`,
  ),
  noRights: refusal(
    503,
    'access',
    (p: { reason: string }) =>
      `The database user may not make what the records need (${p.reason}). Give it a database of its own: create database finops owner "USER";`,
  ),
  newerSchema: refusal(
    409,
    'conflict',
    (p: { found: number; known: number }) =>
      `The records were written by a newer finops (migration ${p.found}; this one knows ${p.known}). Install that version, or restore a backup made before.`,
  ),
  changedMigration: refusal(
    409,
    'conflict',
    (p: { number: number; name: string }) =>
      `Migration ${p.number} (${p.name}) was applied with another text than this finops has. Install the version that made the records.`,
  ),
  duplicate: refusal(
    409,
    'conflict',
    (p: { constraint: string }) =>
      `There is one like this already (${p.constraint}). Change the one that exists, or give another id.`,
  ),
  reference: refusal(
    409,
    'conflict',
    (p: { constraint: string }) =>
      `What this names does not exist, or something still names it (${p.constraint}). Look it up and try again.`,
  ),
  unfit: refusal(
    400,
    'badData',
    (p: { problem: string }) => `The records do not take this: ${p.problem}. Mend the value and try again.`,
  ),
  outsideScope: refusal(
    403,
    'access',
    (p: { table: string }) =>
      `This belongs to somebody else's part of the records (${p.table}). Ask for a role that covers it.`,
  ),
  unfitCursor: refusal(
    400,
    'usage',
    (p: { cursor: string }) =>
      `The cursor '${p.cursor}' is not one of this list. Take 'next' of the page before, or leave it out.`,
  ),
  contended: refusal(
    409,
    'conflict',
    (_: Record<never, never>) => 'Others change the same at this moment. Try again.',
  ),
});
