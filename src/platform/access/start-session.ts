import type { Tx } from '../records/index.ts';
import type { AccessContext } from './authenticate.ts';
import { digestOf, newSecret, writeCookie } from './credential.ts';
import type { Origin } from './owner-principal.ts';
import { sessionMs } from './session-rules.ts';
import { insertSession } from './session-sql.ts';

/** Where somebody signs in from. */
export interface Place extends Origin {
  readonly userAgent: string | null;
}

/** What whoever has signed in is given. */
export interface SignedIn {
  /** The session's cookie. */
  readonly cookie: string;
  /** Shown with every change by cookie. */
  readonly csrfToken: string;
  readonly person: { readonly id: string; readonly email: string; readonly name: string };
}

/** Begins a session of its own: whatever cookie the browser held before is no part of it. */
export async function startSession(
  tx: Tx,
  { clock, randomness }: AccessContext,
  { id, email, name }: SignedIn['person'],
  { address, userAgent }: Place,
): Promise<SignedIn> {
  const cookie = { id: newSecret(randomness), secret: newSecret(randomness) };
  const csrfToken = newSecret(randomness);
  const now = clock.now();
  await insertSession(tx, {
    id: digestOf(cookie.id),
    personId: id,
    secretHash: digestOf(cookie.secret),
    csrfToken,
    address,
    userAgent: userAgent?.slice(0, 300) ?? null,
    now: now.toISOString(),
    expiresAt: new Date(now.getTime() + sessionMs).toISOString(),
  });
  return { cookie: writeCookie(cookie), csrfToken, person: { id, email, name } };
}
