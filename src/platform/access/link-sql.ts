import type { Tx } from '../records/index.ts';

/** What a one-time link is for: to make the first administrator, or to set a person's password. */
export type LinkPurpose = 'first_start' | 'set_password';

export interface NewLink {
  readonly id: string;
  readonly secretHash: string;
  readonly purpose: LinkPurpose;
  readonly personId: string | null;
  readonly now: string;
  readonly expiresAt: string;
}

/** Stores a link. */
export async function insertLink(tx: Tx, link: NewLink): Promise<void> {
  await tx
    .insertInto('one_time_link')
    .values({
      id: link.id,
      secret_hash: link.secretHash,
      purpose: link.purpose,
      person_id: link.personId,
      created_at: link.now,
      expires_at: link.expiresAt,
    })
    .execute();
}

export interface FoundLink {
  readonly secretHash: string;
  readonly personId: string | null;
}

/** A link of this purpose that can still be used; nobody else uses it until the transaction ends. */
export async function lockLink(
  tx: Tx,
  id: string,
  purpose: LinkPurpose,
  now: string,
): Promise<FoundLink | undefined> {
  return await tx
    .selectFrom('one_time_link')
    .select(['secret_hash as secretHash', 'person_id as personId'])
    .where('id', '=', id)
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .forUpdate()
    .executeTakeFirst();
}

/** Makes every open link for this person useless; null: those of the first start. */
export async function useUpLinks(tx: Tx, personId: string | null, now: string): Promise<void> {
  await tx
    .updateTable('one_time_link')
    .set({ used_at: now })
    .where('person_id', personId === null ? 'is' : '=', personId)
    .where('used_at', 'is', null)
    .execute();
}
