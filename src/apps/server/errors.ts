import { errorTable, refusal } from '../../platform/kernel/index.ts';

/** Refusals of the HTTP server itself. */
export const errors = errorTable('server', {
  invalid: refusal(
    400,
    'usage',
    (p: { issues: readonly { readonly field: string; readonly message: string }[] }) =>
      `The request does not fit: ${p.issues.map(({ field, message }) => `${field}: ${message}`).join('; ')}. /api/openapi.json describes what it takes.`,
  ),
  tooDeep: refusal(
    400,
    'usage',
    (p: { levels: number }) => `The body is nested deeper than ${p.levels} levels. Ask in a flatter form.`,
  ),
  notJson: refusal(
    400,
    'usage',
    (p: { problem: string }) => `The body is not JSON: ${p.problem}. Send a JSON object.`,
  ),
  mediaType: refusal(
    415,
    'usage',
    (p: { found: string }) =>
      `The body must be application/json, not ${p.found}. Set the Content-Type header.`,
  ),
  tooLarge: refusal(
    413,
    'usage',
    (p: { limitBytes: number }) => `The body is larger than ${p.limitBytes} bytes; ask in smaller parts.`,
  ),
  lostFile: refusal(
    500,
    'booksDoNotBalance',
    (p: { file: string }) =>
      `The lake has lost a file: ${p.file}. Restore it from a backup, or import the month again; 'finops snapshots verify' names everything that is damaged.`,
  ),
  badRequest: refusal(400, 'usage', (p: { problem: string }) => `The request cannot be read: ${p.problem}.`),
  strangeHost: refusal(
    403,
    'access',
    (p: { host: string }) =>
      `The server listens on this machine only and does not answer for the host '${p.host}'. Use localhost, 127.0.0.1 or [::1].`,
  ),
  noRoute: refusal(
    404,
    'notFound',
    (p: { path: string }) => `There is nothing at ${p.path}; /api/openapi.json lists what there is.`,
  ),
  wrongMethod: refusal(
    405,
    'usage',
    (p: { method: string; path: string; allowed: readonly string[] }) =>
      `${p.path} does not take ${p.method}; it takes ${p.allowed.join(', ')}.`,
  ),
  keyReused: refusal(
    422,
    'usage',
    (p: { key: string }) =>
      `The Idempotency-Key '${p.key}' belongs to another request. Send a new key with a new request.`,
  ),
  keyInUse: refusal(
    409,
    'conflict',
    (p: { key: string }) =>
      `The request with the Idempotency-Key '${p.key}' is still running. Ask again when it is done.`,
  ),
  keyLost: refusal(
    409,
    'conflict',
    (p: { key: string }) =>
      `The request with the Idempotency-Key '${p.key}' has been worked, or was interrupted in the middle, and its answer was not kept. Read what it was to change; if that is not so, ask again with a new key.`,
  ),
  tooMany: refusal(
    429,
    'remoteUnavailable',
    (p: { limit: number; retryAfterSeconds: number }) =>
      `These are too many requests: ${p.limit} a minute are answered. Try again in ${p.retryAfterSeconds} s; server.rateLimit sets the limit.`,
  ),
  openToAll: refusal(
    400,
    'usage',
    (p: { host: string }) =>
      `'${p.host}' can be reached by others, so that the server needs a token. Set FINOPS_SERVER_TOKEN, or leave --host out.`,
  ),
  weakToken: refusal(
    400,
    'usage',
    (p: { atLeast: number }) => `server.token is too short: use at least ${p.atLeast} characters.`,
  ),
  running: refusal(
    409,
    'conflict',
    (p: { url: string }) =>
      `A server holds this workspace already, at ${p.url}. Stop it first, or use another --data.`,
  ),
  cannotListen: refusal(
    409,
    'conflict',
    (p: { host: string; port: number; reason: string }) =>
      `The server cannot listen on ${p.host}, port ${p.port} (${p.reason}). Give another --port; 0 takes a free one.`,
  ),
  needsPostgres: refusal(
    409,
    'conflict',
    (_: Record<never, never>) =>
      "This workspace keeps its records in itself, so that its server works its runs: use 'finops serve'. For workers of their own, set FINOPS_DATABASE_URL to a PostgreSQL.",
  ),
  defect: refusal(
    500,
    'failure',
    (p: { id: string }) =>
      `This is a bug of finops; the server's log has the details under ${p.id}. Report it with that part of the log.`,
  ),
});
