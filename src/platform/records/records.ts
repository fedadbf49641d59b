import type { Kysely } from 'kysely';
import type { Caller } from '../kernel/index.ts';
import type { RecordTables } from './tables/index.ts';

/** A transaction as modules see it: Kysely over every table of the records. */
export type Tx = Kysely<RecordTables>;

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
  /**
   * One statement of the owner, outside any transaction of ours: what the queue speaks. It waits its turn on the embedded
   * default. Rows come as the driver gives them.
   */
  readonly ownerSql: (
    text: string,
    values?: readonly unknown[],
  ) => Promise<{ readonly rows: Record<string, unknown>[] }>;
  /** Closes connections and frees the workspace lock. */
  readonly close: () => Promise<void>;
}
