import type { Tx } from '../records/index.ts';

export interface NewSession {
  /** Digest of the cookie's family. */
  readonly id: string;
  readonly personId: string;
  readonly secretHash: string;
  readonly csrfToken: string;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly now: string;
  readonly expiresAt: string;
}

/** Stores a session, and removes what has expired. */
export async function insertSession(tx: Tx, session: NewSession): Promise<void> {
  const { now } = session;
  await tx.deleteFrom('session').where('expires_at', '<', now).execute();
  await tx
    .insertInto('session')
    .values({
      id: session.id,
      person_id: session.personId,
      secret_hash: session.secretHash,
      csrf_token: session.csrfToken,
      address: session.address,
      user_agent: session.userAgent,
      created_at: now,
      rotated_at: now,
      confirmed_at: now,
      last_seen_at: now,
      expires_at: session.expiresAt,
    })
    .execute();
}

/** What was read of a session: a change that another request overtook changes nothing. */
interface Seen {
  readonly id: string;
  readonly secretHash: string;
  readonly now: string;
}

/** Notes the session's use and, where `confirms`, that the newest secret has arrived. */
export async function touchSession(tx: Tx, seen: Seen, confirms: boolean): Promise<void> {
  const { id, secretHash, now } = seen;
  await tx
    .updateTable('session')
    .set({ last_seen_at: now, ...(confirms ? { confirmed_at: now } : {}) })
    .where('id', '=', id)
    .where('secret_hash', '=', secretHash)
    .execute();
}

/**
 * Gives the session a new secret; `previousHash`: the one that stays good until the new one is shown. False when another
 * request was quicker.
 */
export async function rotateSession(
  tx: Tx,
  { id, secretHash, now }: Seen,
  { newHash, previousHash }: { readonly newHash: string; readonly previousHash: string },
): Promise<boolean> {
  const changed = await tx
    .updateTable('session')
    .set({
      secret_hash: newHash,
      previous_hash: previousHash,
      rotated_at: now,
      confirmed_at: null,
      last_seen_at: now,
    })
    .where('id', '=', id)
    .where('secret_hash', '=', secretHash)
    .returning('id')
    .executeTakeFirst();
  return changed !== undefined;
}

/** Ends one session. */
export async function deleteSession(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('session').where('id', '=', id).execute();
}

/** Ends every session of a person but one. */
export async function deleteSessionsOf(tx: Tx, personId: string, but: string | null): Promise<void> {
  await tx
    .deleteFrom('session')
    .where('person_id', '=', personId)
    .$if(but !== null, (query) => query.where('id', '!=', but ?? ''))
    .execute();
}
