import { sql } from 'kysely';
import { jsonb, type Tx } from '../../platform/records/index.ts';

/** A key that a request wants to hold. */
export interface WantedKey {
  /** SHA-256 of actor, operation and key. */
  readonly id: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly operation: string;
  readonly key: string;
  readonly claimId: string;
  readonly requestId: string;
  readonly requestSealed: string;
  readonly lakeGeneration: number;
}

/** An answer as it is kept. */
export interface SealedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly answerSealed: string;
}

/** A key that was used before. */
export interface UsedKey {
  readonly requestSealed: string;
  /** Null while the request is worked, or when it ended without one. */
  readonly answer: SealedAnswer | null;
  /** Its attempt was heard of lately. */
  readonly isAlive: boolean;
  /** It has changed the records, or the lake was changed meanwhile: by it or by somebody else. */
  readonly mayHaveEffect: boolean;
}

/** How long a claim counts as alive without being renewed, and how long an answer is kept. */
export interface Times {
  readonly leaseMs: number;
  readonly keepMs: number;
}

/** Claims a key that nobody has used, or whose time is over; undefined when it is claimed, else what was found. */
export async function claimKey(tx: Tx, wanted: WantedKey, times: Times): Promise<UsedKey | undefined> {
  if (await insertKey(tx, wanted, times)) return undefined;
  if ((await deleteExpired(tx, wanted.id)) > 0 && (await insertKey(tx, wanted, times))) return undefined;
  return await findKey(tx, wanted);
}

async function insertKey(tx: Tx, wanted: WantedKey, { leaseMs, keepMs }: Times): Promise<boolean> {
  const inserted = await tx
    .insertInto('idempotency_key')
    .values({
      id: wanted.id,
      actor_kind: wanted.actor.kind,
      actor_id: wanted.actor.id,
      operation: wanted.operation,
      key: wanted.key,
      claim_id: wanted.claimId,
      request_id: wanted.requestId,
      request_sealed: wanted.requestSealed,
      lake_generation: BigInt(wanted.lakeGeneration),
      lease_until: later(leaseMs),
      expires_at: later(keepMs),
    })
    .onConflict((conflict) => conflict.constraint('idempotency_key_pkey').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

async function findKey(tx: Tx, { id, lakeGeneration }: WantedKey): Promise<UsedKey> {
  const row = await tx
    .selectFrom('idempotency_key')
    .select(['request_sealed', 'effect', 'lake_generation', 'status', 'headers', 'answer_sealed'])
    .select(sql<boolean>`lease_until > ${now()}`.as('is_alive'))
    .where('id', '=', id)
    // Whoever takes over a claim that ended does so alone.
    .forUpdate()
    .executeTakeFirst();
  // Released between the two statements: taken for alive, so that it is looked at again.
  if (!row) return { requestSealed: '', answer: null, isAlive: true, mayHaveEffect: false };
  const { status, headers, answer_sealed: answerSealed } = row;
  return {
    requestSealed: row.request_sealed,
    answer: status === null || !headers || !answerSealed ? null : { status, headers, answerSealed },
    isAlive: row.is_alive,
    mayHaveEffect: row.effect || row.lake_generation !== BigInt(lakeGeneration),
  };
}

/** Takes over the key of an attempt that ended without effect and without answer. */
export async function takeOver(tx: Tx, wanted: WantedKey, { leaseMs }: Times): Promise<void> {
  await tx
    .updateTable('idempotency_key')
    .set({ claim_id: wanted.claimId, request_id: wanted.requestId, lease_until: later(leaseMs) })
    .where('id', '=', wanted.id)
    .execute();
}

/** Says that these claims live. */
export async function renewLeases(tx: Tx, claimIds: readonly string[], { leaseMs }: Times): Promise<void> {
  await tx
    .updateTable('idempotency_key')
    .set({ lease_until: later(leaseMs) })
    .where('claim_id', 'in', claimIds)
    .where('state', '=', 'claimed')
    .execute();
}

/** Notes that the request of this claim changes the records, in the transaction of the change; false: it holds the key no more. */
export async function markEffect(tx: Tx, claimId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('idempotency_key')
    .set({ effect: true })
    .where('claim_id', '=', claimId)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Keeps the answer of a claim; false: it holds the key no more. */
export async function keepAnswer(tx: Tx, claimId: string, answer: SealedAnswer): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('idempotency_key')
    .set({
      state: 'done',
      status: answer.status,
      headers: jsonb(answer.headers),
      answer_sealed: answer.answerSealed,
      lease_until: now(),
    })
    .where('claim_id', '=', claimId)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Frees the key for another attempt. */
export async function releaseKey(tx: Tx, claimId: string): Promise<void> {
  await tx.deleteFrom('idempotency_key').where('claim_id', '=', claimId).execute();
}

/** Frees the key when nothing was changed; otherwise it stays, without an answer, until it expires. */
export async function releaseWithoutEffect(tx: Tx, claimId: string, lakeGeneration: number): Promise<void> {
  await tx
    .deleteFrom('idempotency_key')
    .where('claim_id', '=', claimId)
    .where('effect', '=', false)
    .where('lake_generation', '=', BigInt(lakeGeneration))
    .execute();
  await tx
    .updateTable('idempotency_key')
    .set({ lease_until: now() })
    .where('claim_id', '=', claimId)
    .execute();
}

/** Removes keys whose time is over, all or the one with this id; how many. */
export async function deleteExpired(tx: Tx, id?: string): Promise<number> {
  const expired = tx
    .deleteFrom('idempotency_key')
    .where('expires_at', '<=', now())
    .where('lease_until', '<=', now());
  const { numDeletedRows } = await (id === undefined
    ? expired
    : expired.where('id', '=', id)
  ).executeTakeFirst();
  return Number(numDeletedRows);
}

/** By the clock of the database: the servers that share it may disagree. */
function now() {
  return sql<string>`clock_timestamp()`;
}

function later(ms: number) {
  return sql<string>`clock_timestamp() + make_interval(secs => ${ms / 1000})`;
}
