import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import { type Caller, everything, Refusal, type Scope, systemCaller } from '../kernel/index.ts';
import { takeLock, type WriteLock } from '../warehouse/index.ts';
import { columnTypes } from './column-types.ts';
import { mayRetry, refusalOfDatabase } from './database-error.ts';
import { openEmbedded } from './embedded.ts';
import { recordsErrors } from './errors.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import type { Records, Tx, WriteHook } from './records.ts';
import type { RecordTables } from './tables/index.ts';
import { countTransactions } from './transaction-count.ts';

export interface RecordsOptions {
  /** The workspace folder: the embedded database lies in `records/` below it. */
  readonly root: string;
  /** `postgres://…`: use this PostgreSQL instead. */
  readonly databaseUrl?: string | undefined;
  /** Connections to PostgreSQL at most. Default 10. */
  readonly poolSize?: number | undefined;
  /** Bring the schema to this migration and no further: a backup is loaded into the schema that it was made with. */
  readonly schema?: number | undefined;
  /** How long to wait for another process to leave the embedded records. Default 10 s. */
  readonly waitMs?: number | undefined;
  /** Where the server that holds the workspace is, for the refusal. */
  readonly holderUrl?: (() => Promise<string | undefined>) | undefined;
}

/** A pool of connections and how to give back what is behind it. */
interface Opened {
  readonly kind: Records['kind'];
  readonly pool: pg.Pool;
  readonly release: () => Promise<void>;
}

/**
 * Opens the records and brings their schema up to date. Refusals: `records.locked`, `records.unreachable`,
 * `records.oldServer`, `records.newerSchema`, `records.changedMigration`, `records.noRole`.
 */
export async function openRecords(options: RecordsOptions): Promise<Records> {
  const opened =
    options.databaseUrl === undefined
      ? await openPglite(options)
      : openPostgres(options.databaseUrl, options.poolSize);
  const db = new Kysely<RecordTables>({ dialect: new PostgresDialect({ pool: opened.pool }) });
  const close = async () => {
    await db.destroy();
    await opened.release();
  };
  try {
    await refuseOldServer(db);
    const { schema = Number.POSITIVE_INFINITY } = options;
    await migrate(
      db as unknown as Kysely<never>,
      migrations.filter(({ number }) => number <= schema),
    );
  } catch (error) {
    await close();
    const { code, message } = error as { readonly code?: string; readonly message: string };
    throw code === '42501' ? recordsErrors.noRights({ reason: message }) : refusalOfDatabase(error);
  }
  return recordsOver(db, opened, close);
}

function openPostgres(databaseUrl: string, poolSize = 10): Opened {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: poolSize,
    types: columnTypes,
    options: '-c timezone=UTC -c idle_in_transaction_session_timeout=60000',
    application_name: 'finops',
    connectionTimeoutMillis: 10_000,
  });
  // An idle connection that breaks is replaced by the next one.
  pool.on('error', () => {});
  return { kind: 'postgres', pool, release: async () => {} };
}

/** How often somebody who waits for the lock looks whether a server has come to hold it. */
const lookMs = 500;

/** Waits for the lock; not for that of a server, which goes on: whoever is told of it can ask it. */
async function takeWorkspaceLock({ root, waitMs = 10_000, holderUrl }: RecordsOptions): Promise<WriteLock> {
  const started = Date.now();
  for (;;) {
    const url = (await holderUrl?.()) ?? null;
    const waited = Date.now() - started;
    const wait = url === null ? Math.max(0, Math.min(lookMs, waitMs - waited)) : 0;
    const isLast = url !== null || waited + wait >= waitMs;
    try {
      return await takeLock(join(root, 'finops.lock'), wait, (holder) =>
        recordsErrors.locked({ holder, url, waitedSeconds: Math.round((waited + wait) / 1000) }),
      );
    } catch (error) {
      if (isLast || !(error instanceof Refusal)) throw error;
    }
  }
}

async function openPglite(options: RecordsOptions): Promise<Opened> {
  const { root } = options;
  await mkdir(root, { recursive: true });
  const lock = await takeWorkspaceLock(options);
  try {
    const embedded = await openEmbedded(join(root, 'records'));
    const pool = new pg.Pool({
      // One connection: whoever comes second waits here, and a transaction is alone.
      max: 1,
      idleTimeoutMillis: 0,
      user: 'postgres',
      database: 'postgres',
      types: columnTypes,
      stream: () => embedded.connect() as never,
    });
    return {
      kind: 'pglite',
      pool,
      release: async () => {
        await embedded.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function refuseOldServer(db: Kysely<RecordTables>): Promise<void> {
  const { rows } = await sql<{ number: number; version: string }>`select
    current_setting('server_version_num')::integer as number,
    current_setting('server_version') as version`.execute(db);
  const [server] = rows;
  if (server && server.number < 150_000) throw recordsErrors.oldServer({ version: server.version });
}

function recordsOver(db: Kysely<RecordTables>, { kind, pool }: Opened, close: () => Promise<void>): Records {
  const open = new AsyncLocalStorage<true>();
  const hooks = new Set<WriteHook>();
  const count = countTransactions();

  /** One transaction; a second one inside it would wait for the first for ever. */
  async function transaction<T>(
    settings: { readonly role: string; readonly scope: Scope; readonly readOnly: boolean },
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    if (open.getStore()) throw new Error('A transaction is open: await nothing but its own statements');
    const begun = settings.readOnly
      ? db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
      : db.transaction();
    return await count.around(() =>
      open.run(true, () =>
        begun.execute(async (tx: Transaction<RecordTables>) => {
          await become(tx, settings.role, settings.scope);
          return await work(tx);
        }),
      ),
    );
  }

  /** The work, and after it what the hooks want in the same transaction. */
  async function withHooks<T>(tx: Tx, caller: Caller, work: (tx: Tx) => Promise<T>): Promise<T> {
    const result = await work(tx);
    const wanted = [...hooks].flatMap((hook) => hook(caller) ?? []);
    if (wanted.length > 0) await become(tx, 'finops_app', everything);
    for (const also of wanted) await also(tx);
    return result;
  }

  /** A deadlock, or a write that was overtaken, is tried again: nothing of it was kept. */
  async function tried<T>(run: () => Promise<T>, attempts: number): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (mayRetry(error) && attempts > 1) return await tried(run, attempts - 1);
      throw refusalOfDatabase(error);
    }
  }

  const asApp = ({ scope }: Caller, readOnly: boolean) => ({ role: 'finops_app', scope, readOnly });
  return {
    kind,
    read: (caller, work) => tried(() => transaction(asApp(caller, true), work), 1),
    write: (caller, work) =>
      tried(() => transaction(asApp(caller, false), (tx) => withHooks(tx, caller, work)), 3),
    asOwner: (work) =>
      tried(() => transaction({ role: 'none', scope: systemCaller.scope, readOnly: false }, work), 3),
    snapshotAsOwner: (work) =>
      tried(() => transaction({ role: 'none', scope: systemCaller.scope, readOnly: true }, work), 1),
    ownerSql: async (text, values = []) => {
      if (open.getStore()) throw new Error('A transaction is open: await nothing but its own statements');
      const client = await pool.connect();
      try {
        const { rows } = await client.query(text, [...values]);
        return { rows };
      } finally {
        // Whatever the statement did, the connection is good.
        client.release();
      }
    },
    onWrite: (hook) => {
      hooks.add(hook);
      return () => void hooks.delete(hook);
    },
    figures: () => ({
      busy: pool.totalCount - pool.idleCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      ...count.figures(),
    }),
    close,
  };
}

/** Sets role and scope for this transaction; afterwards the connection is as before. Ids hold no comma: see their pattern. */
async function become(tx: Tx, role: string, scope: Scope): Promise<void> {
  const seen = scope.kind === 'all' ? { entities: [], companies: [], applications: [] } : scope;
  await sql`select
    set_config('finops.all', ${scope.kind === 'all' ? 'on' : 'off'}, true),
    set_config('finops.entities', ${listOf(seen.entities)}, true),
    set_config('finops.companies', ${listOf(seen.companies)}, true),
    set_config('finops.applications', ${listOf(seen.applications)}, true),
    set_config('role', ${role}, true)`.execute(tx);
}

function listOf(ids: readonly string[]): string {
  if (ids.some((id) => id.includes(','))) throw new Error('An id of a scope holds a comma');
  return ids.join(',');
}
