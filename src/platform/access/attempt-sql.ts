import type { Tx } from '../records/index.ts';

/** A sign-in that has gone to the provider and not come back yet. */
export interface SignInAttempt {
  readonly stateHash: string;
  /** Digest of the cookie of the browser that began it. */
  readonly browserHash: string;
  /** Nonce and PKCE verifier, sealed. */
  readonly sealed: string;
  /** Path of this server to go to afterwards. */
  readonly returnTo: string;
}

/** Stores an attempt, and removes those that have expired. */
export async function insertAttempt(
  tx: Tx,
  { stateHash, browserHash, sealed, returnTo }: SignInAttempt,
  { now, expiresAt }: { readonly now: string; readonly expiresAt: string },
): Promise<void> {
  await tx.deleteFrom('sign_in_attempt').where('expires_at', '<', now).execute();
  await tx
    .insertInto('sign_in_attempt')
    .values({
      state_hash: stateHash,
      browser_hash: browserHash,
      sealed,
      return_to: returnTo,
      expires_at: expiresAt,
    })
    .execute();
}

/** Takes an attempt out: whoever asks for it again gets nothing. */
export async function takeAttempt(
  tx: Tx,
  stateHash: string,
  now: string,
): Promise<SignInAttempt | undefined> {
  const row = await tx
    .deleteFrom('sign_in_attempt')
    .where('state_hash', '=', stateHash)
    .returning(['browser_hash', 'sealed', 'return_to', 'expires_at'])
    .executeTakeFirst();
  if (!row || row.expires_at <= now) return undefined;
  return { stateHash, browserHash: row.browser_hash, sealed: row.sealed, returnTo: row.return_to };
}
