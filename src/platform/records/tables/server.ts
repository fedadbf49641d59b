import type { ColumnType, Generated } from 'kysely';
import type { Fixed } from './audit.ts';

interface IdempotencyKeyTable {
  /** SHA-256 in hex of actor, operation and key. */
  readonly id: Fixed<string>;
  readonly actor_kind: Fixed<string>;
  readonly actor_id: Fixed<string>;
  /** Method and path: `POST /api/v1/applications`. */
  readonly operation: Fixed<string>;
  /** As the caller sent it. */
  readonly key: Fixed<string>;
  /** Which attempt holds the row: the fence of what it writes. */
  readonly claim_id: string;
  /** Of the request that holds it, as in the audit log. */
  readonly request_id: string | null;
  /** Digest of what was asked, sealed: the body may hold a password. */
  readonly request_sealed: Fixed<string>;
  readonly state: Generated<'claimed' | 'done'>;
  /** True when the request has changed the records. */
  readonly effect: Generated<boolean>;
  /** Generation of the lake when it was claimed. */
  readonly lake_generation: Fixed<bigint>;
  /** Until then the attempt is taken to live. */
  readonly lease_until: string;
  /** HTTP status of the answer; null while there is none, as are the next two. */
  readonly status: number | null;
  /** Headers of the answer that are repeated, by lower-case name. */
  readonly headers: ColumnType<Readonly<Record<string, string>> | null, null, unknown>;
  /** Body of the answer, sealed: it may hold a new token. */
  readonly answer_sealed: string | null;
  readonly created_at: ColumnType<string, never, never>;
  /** From then on the key is free again. */
  readonly expires_at: Fixed<string>;
}

export interface ServerTables {
  readonly idempotency_key: IdempotencyKeyTable;
}
