import pg from 'pg';
import { refusalOfDatabase } from '../database-error.ts';

/** True when a PostgreSQL database holds nothing: no table of anybody, or ours without a row. */
export async function databaseIsEmpty(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    // Row-level security would hide rows from the owner.
    await client.query("select set_config('finops.all', 'on', false)");
    const tables = await tablesOf(client);
    const isOurs =
      tables.every(({ schema }) => schema === 'public') && tables.some(({ name }) => name === migrationList);
    if (!isOurs) return tables.length === 0;
    for (const { name } of tables) if (name !== migrationList && (await hasRow(client, name))) return false;
    return true;
  } catch (error) {
    throw refusalOfDatabase(error);
  } finally {
    await client.end().catch(() => {});
  }
}

const migrationList = 'schema_migration';

async function tablesOf(client: pg.Client): Promise<readonly { schema: string; name: string }[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(`
    select n.nspname as schema, c.relname as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
      and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`);
  return rows;
}

async function hasRow(client: pg.Client, table: string): Promise<boolean> {
  const { rowCount } = await client.query(`select from ${client.escapeIdentifier(table)} limit 1`);
  return (rowCount ?? 0) > 0;
}
