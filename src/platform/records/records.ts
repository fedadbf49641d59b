import type { Kysely } from 'kysely';
import type { Caller } from '../kernel/index.ts';
import type { RecordTables } from './tables/index.ts';

/** A transaction as modules see it: Kysely over every table of the records. */
export type Tx = Kysely<RecordTables>;

/**
 * Asked at the end of every `write`: what else belongs into its transaction, or undefined. What it gives runs after the
 * work, as `finops_app` with the whole scope, and commits or fails with it.
 */
export type WriteHook = (caller: Caller) => ((tx: Tx) => Promise<void>) | undefined;

/** What the records have done since they were opened, and what they do now. */
export interface RecordsFigures {
  /** Connections: at work, idle, and requests that wait for one. */
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
  /** Transactions that ended, by how, and the seconds that they took, the wait for a connection included. */
  readonly transactions: { readonly committed: number; readonly rolledBack: number };
  readonly transactionSeconds: number;
}

/**
 * Everything that people edit, in PostgreSQL or in PGlite: the same SQL and the same schema.
 *
 * Work runs as the role `finops_app`, which owns nothing and cannot bypass row-level security, with the caller's scope set
 * for this one transaction. Await nothing else inside: on PGlite there is one connection, and a transaction holds it.
 */
export interface Records {
  readonly kind: 'postgres' | 'pglite';
  /** Reads in one transaction (repeatable read, read only). */
  readonly read: <T>(caller: Caller, work: (tx: Tx) => Promise<T>) => Promise<T>;
  /**
   * Changes in one transaction: all or nothing. What was broken on the way (a unique key, a foreign key, row-level
   * security) is thrown as a `records.*` refusal unless the work handles it with `onConstraint`.
   */
  readonly write: <T>(caller: Caller, work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** As the owner of the schema, past row-level security: migrations, the sealer, the queue, backups. Never for a request. */
  readonly asOwner: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** As `asOwner`, reading only, all of it at one moment (repeatable read): backups. */
  readonly snapshotAsOwner: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /**
   * One statement of the owner, outside any transaction of ours: what the queue speaks. It waits its turn on the embedded
   * default. Rows come as the driver gives them.
   */
  readonly ownerSql: (
    text: string,
    values?: readonly unknown[],
  ) => Promise<{ readonly rows: Record<string, unknown>[] }>;
  /** Has every later `write` ask the hook; gives the way to take it back. */
  readonly onWrite: (hook: WriteHook) => () => void;
  readonly figures: () => RecordsFigures;
  /** Closes connections and frees the workspace lock. */
  readonly close: () => Promise<void>;
}
