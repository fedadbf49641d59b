import { Refusal } from '../kernel/index.ts';
import { recordsErrors } from './errors.ts';

/** What both databases tell of a failed statement. */
interface DatabaseError extends Error {
  /** SQLSTATE: `23505`. */
  readonly code: string;
  readonly constraint?: string;
  readonly table?: string;
}

function isDatabaseError(error: unknown): error is DatabaseError {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return error instanceof Error && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);
}

/**
 * Awaits a statement; when it breaks a constraint that `refusals` names, throws that refusal instead:
 * `await onConstraint(insert, { entity_pkey: () => errors.taken({ id }) })`. The transaction is lost either way.
 */
export async function onConstraint<T>(
  statement: Promise<T>,
  refusals: Readonly<Record<string, () => Refusal>>,
): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    const known = isDatabaseError(error) && error.constraint ? refusals[error.constraint] : undefined;
    throw known ? known() : error;
  }
}

/** True when trying the whole transaction again may help: a deadlock, or a write that another one overtook. */
export function mayRetry(error: unknown): boolean {
  return isDatabaseError(error) && ['40001', '40P01'].includes(error.code);
}

/** A failed statement as a refusal, where the caller can do something about it; anything else comes back as it is. */
export function refusalOfDatabase(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  if (isUnreachable(error)) return recordsErrors.unreachable({ reason: error.message });
  if (!isDatabaseError(error)) return error;
  const constraint = error.constraint ?? 'a constraint';
  if (error.code === '23505' || error.code === '23P01') return recordsErrors.duplicate({ constraint });
  if (error.code === '23503') return recordsErrors.reference({ constraint });
  if (error.code === '23514') return recordsErrors.unfit({ problem: `it breaks the rule ${constraint}` });
  if (error.code === '42501' && /row-level security/.test(error.message))
    return recordsErrors.outsideScope({
      table: error.table ?? /table "(\w+)"/.exec(error.message)?.[1] ?? '',
    });
  // A NUL byte is the one character that PostgreSQL's text cannot hold.
  if (error.code === '22021')
    return recordsErrors.unfit({ problem: 'it holds a character that text cannot' });
  if (mayRetry(error)) return recordsErrors.contended({});
  return error;
}

function isUnreachable(error: unknown): error is Error {
  const code = (error as { readonly code?: unknown } | null)?.code;
  const network = ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'EPIPE'];
  // 57P0x: the server stops or starts; 53300: no connection is left; 28xxx and 3D000: who and where do not fit.
  const isServerSaying = typeof code === 'string' && /^(57P0\d|53300|28\w{3}|3D000|08\w{3})$/.test(code);
  return error instanceof Error && (isServerSaying || network.includes(String(code)));
}
