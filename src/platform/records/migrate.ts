import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { recordsErrors } from './errors.ts';
import type { Migration } from './migrations/index.ts';

/** Two processes that start at once migrate one after the other. */
const migrationLock = 7_281_001;

/**
 * Brings the schema to the newest migration: forward only, each in a transaction of its own, under a lock. Refuses a schema
 * that a newer finops made, and one whose applied migrations have another text than ours.
 */
export async function migrate(db: Kysely<never>, migrations: readonly Migration[]): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${sql.lit(migrationLock)})`.execute(connection);
    try {
      await prepare(connection);
      const applied = await appliedMigrations(connection);
      refuseStrangers(applied, migrations);
      for (const migration of migrations.filter(({ number }) => !applied.has(number)))
        await apply(connection, migration);
    } finally {
      await sql`select pg_advisory_unlock(${sql.lit(migrationLock)})`.execute(connection);
    }
  });
}

/** SHA-256 of a migration's text, as the database keeps it. */
export function checksumOf({ sql: text }: Migration): string {
  return createHash('sha256').update(text).digest('hex');
}

async function prepare(connection: Kysely<never>): Promise<void> {
  await ensureRole(connection);
  await sql`create extension if not exists btree_gist`.execute(connection);
  await sql`create table if not exists schema_migration (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
  )`.execute(connection);
  await sql`grant usage on schema public to finops_app`.execute(connection);
}

/** The role that requests run as. It belongs to the whole server, so that another database may have made it. */
async function ensureRole(connection: Kysely<never>): Promise<void> {
  const { rows } = await sql<{ user: string; exists: boolean; member: boolean }>`select
    current_user as user,
    to_regrole('finops_app') is not null as exists,
    to_regrole('finops_app') is not null and pg_has_role(current_user, to_regrole('finops_app'), 'member') as member`.execute(
    connection,
  );
  const [found] = rows;
  if (!found || found.member) return;
  try {
    if (!found.exists) await sql`create role finops_app nologin`.execute(connection);
    await sql`grant finops_app to current_user`.execute(connection);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === '42501') throw recordsErrors.noRole({ user: found.user });
    // Made by another process just now.
    if (!['42710', '23505', 'XX000'].includes(code ?? '')) throw error;
    await ensureRole(connection);
  }
}

async function appliedMigrations(connection: Kysely<never>): Promise<ReadonlyMap<number, string>> {
  const { rows } = await sql<{ number: number; checksum: string }>`
    select number, checksum from schema_migration order by number`.execute(connection);
  return new Map(rows.map(({ number, checksum }) => [number, checksum]));
}

function refuseStrangers(applied: ReadonlyMap<number, string>, migrations: readonly Migration[]): void {
  const known = migrations.at(-1)?.number ?? 0;
  const found = Math.max(0, ...applied.keys());
  if (found > known) throw recordsErrors.newerSchema({ found, known });
  for (const migration of migrations) {
    const checksum = applied.get(migration.number);
    if (checksum !== undefined && checksum !== checksumOf(migration))
      throw recordsErrors.changedMigration({ number: migration.number, name: migration.name });
  }
}

async function apply(connection: Kysely<never>, migration: Migration): Promise<void> {
  const { number, name } = migration;
  await sql`begin`.execute(connection);
  try {
    await sql.raw(migration.sql).execute(connection);
    await sql`insert into schema_migration (number, name, checksum)
      values (${number}, ${name}, ${checksumOf(migration)})`.execute(connection);
    await sql`commit`.execute(connection);
  } catch (error) {
    await sql`rollback`.execute(connection);
    throw error;
  }
}
