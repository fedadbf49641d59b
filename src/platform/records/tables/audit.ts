import type { ColumnType } from 'kysely';

/** Written on insert only. */
export type Fixed<T> = ColumnType<T, T, never>;

interface AuditLogTable {
  /** In the order of insertion; gaps are rolled-back transactions. */
  readonly id: ColumnType<bigint, never, never>;
  readonly at: ColumnType<string, never, never>;
  readonly actor_kind: Fixed<string>;
  readonly actor_id: Fixed<string>;
  readonly actor_name: Fixed<string>;
  readonly address: Fixed<string | null>;
  readonly action: Fixed<string>;
  readonly object_type: Fixed<string>;
  readonly object_id: Fixed<string>;
  /** The entity that the object belongs to; null when it belongs to the installation. */
  readonly entity_id: Fixed<string | null>;
  readonly before: Fixed<unknown>;
  readonly after: Fixed<unknown>;
  readonly request_id: Fixed<string | null>;
}

interface AuditSealTable {
  /** 1, 2, 3, … without gaps: the order of sealing. */
  readonly position: Fixed<bigint>;
  readonly audit_id: Fixed<bigint>;
  /** The hash before this one; 64 zeros for the first. */
  readonly previous_hash: Fixed<string>;
  /** SHA-256 in hex over the previous hash, the position, the time of sealing and the row: see `chain/seal-audit.ts`. */
  readonly hash: Fixed<string>;
  readonly sealed_at: Fixed<string>;
}

export interface AuditTables {
  readonly audit_log: AuditLogTable;
  readonly audit_seal: AuditSealTable;
}
