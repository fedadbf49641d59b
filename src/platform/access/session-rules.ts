const minute = 60_000;

/** The longest life of a session, whatever its owner does. */
export const sessionMs = 12 * 60 * minute;
/** A session that nobody used for so long has ended. */
const idleMs = 120 * minute;
/** The cookie's secret is replaced when it is older. */
const rotationMs = 15 * minute;
/** The secret before is good for so long after the new one was shown: requests may be on their way. */
const graceMs = 30_000;
/** The time of the last use is kept to the minute. */
export const touchMs = minute;

/** What decides over a cookie; times are ISO 8601. */
export interface SessionState {
  readonly secretHash: string;
  /** The secret before the last rotation. */
  readonly previousHash: string | null;
  readonly rotatedAt: string;
  /** When the newest secret was shown first; null: its answer may have been lost on the way. */
  readonly confirmedAt: string | null;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
}

/**
 * What to do with a cookie of this session whose secret has this digest:
 * - `ended`: too old, or idle for too long;
 * - `reused`: its secret was replaced, so that two hold a cookie of this session: end it;
 * - `rotate`: good; give a new secret with the answer;
 * - `confirm`: good; it is the new secret's first use;
 * - `good`.
 *
 * A new secret counts once its holder has shown it: a browser that lost the answer still has the one before and is
 * given another. Only requests that change nothing rotate: they are quick, so that an older answer never comes last.
 */
export function judgeCookie(
  session: SessionState,
  digest: string,
  { now, isSafe }: { readonly now: Date; readonly isSafe: boolean },
): 'ended' | 'reused' | 'rotate' | 'confirm' | 'good' {
  const since = (time: string) => now.getTime() - Date.parse(time);
  if (since(session.expiresAt) >= 0 || since(session.lastSeenAt) >= idleMs) return 'ended';
  if (digest === session.secretHash) {
    if (session.confirmedAt === null) return 'confirm';
    return isSafe && since(session.rotatedAt) >= rotationMs ? 'rotate' : 'good';
  }
  if (digest !== session.previousHash) return 'reused';
  if (session.confirmedAt === null) return isSafe && since(session.rotatedAt) > graceMs ? 'rotate' : 'good';
  return since(session.confirmedAt) <= graceMs ? 'good' : 'reused';
}
