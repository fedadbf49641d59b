import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedClock, systemCaller } from '../../kernel/index.ts';
import { openLake } from '../../warehouse/index.ts';
import { audit } from '../audit.ts';
import { openRecords } from '../open-records.ts';
import type { Records } from '../records.ts';
import { publishMonth } from '../testing/small-lake.ts';
import { testServer } from '../testing/test-records.ts';
import { createBackup } from './create-backup.ts';
import { restoreBackup } from './restore.ts';
import { digestTable } from './tables.ts';
import { listTables, settleText } from './tables-sql.ts';

const clock = fixedClock('2026-11-21T10:00:00Z');
const databases: string[] = [];

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: testServer });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** A database without anything in it. */
async function newDatabase(): Promise<string> {
  const name = `finops_test_${randomBytes(6).toString('hex')}`;
  await onServer(`create database ${name}`);
  databases.push(name);
  const url = new URL(testServer ?? '');
  url.pathname = `/${name}`;
  return url.href;
}

/** Checksum of the rows of every table but the log, which tells of the backup and the restore. */
function contentOf(records: Records): Promise<readonly (readonly [string, string])[]> {
  return records.snapshotAsOwner(async (tx) => {
    await settleText(tx);
    const content: (readonly [string, string])[] = [];
    for (const shape of await listTables(tx))
      if (!shape.name.startsWith('audit_')) content.push([shape.name, (await digestTable(tx, shape)).sha256]);
    return content;
  });
}

describe.skipIf(testServer === undefined)('a backup', { timeout: 180_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'finops-across-'));
  });
  afterAll(async () => {
    for (const name of databases) await onServer(`drop database if exists ${name} with (force)`);
    await rm(folder, { recursive: true, force: true });
  });

  it('of the embedded records is restored into a PostgreSQL, and one of that into embedded records again', async () => {
    const root = join(folder, 'embedded');
    const embedded = await openRecords({ root });
    await publishMonth(openLake(root, clock), { id: 'one', source: 'aws', period: '2026-10' }, [
      '0.1',
      '0.2',
    ]);
    await embedded.write(systemCaller, async (tx) => {
      await sql`insert into entity (id, country, currency, time_zone, label, retired_at) values
        ('Zeta', 'FR', 'EUR', 'Europe/Paris', 'Ünï 😀 ‘quoted’', '2026-10-01 12:00:00.000001+02'),
        ('alpha', 'DE', 'EUR', 'Europe/Berlin', 'x', null)`.execute(tx);
      await audit(tx, systemCaller, {
        action: 'entity.create',
        object: { type: 'entity', id: 'Zeta' },
        entity: 'Zeta',
        before: null,
        after: { amount: 1e21, text: '\u2028', nested: { list: [0.1, -0, null] } },
      });
    });
    const expected = await contentOf(embedded);
    const first = await backUp(embedded, root, 'first');
    await embedded.close();

    const databaseUrl = await newDatabase();
    const served = join(folder, 'served');
    await restoreBackup({ backup: first, root: served, databaseUrl, clock });
    const postgres = await openRecords({ root: served, databaseUrl });
    expect(postgres.kind).toBe('postgres');
    expect(await contentOf(postgres)).toEqual(expected);
    const second = await backUp(postgres, served, 'second');
    await postgres.close();

    const again = join(folder, 'again');
    await restoreBackup({ backup: second, root: again, clock });
    const last = await openRecords({ root: again });
    expect(last.kind).toBe('pglite');
    expect(await contentOf(last)).toEqual(expected);
    await last.close();
  });

  it('is not restored into a database that holds tables of others', async () => {
    const databaseUrl = await newDatabase();
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('create schema theirs; create table theirs.notes (text text)');
    await client.end();
    const restoring = restoreBackup({
      backup: join(folder, 'first'),
      root: join(folder, 'free'),
      databaseUrl,
      clock,
    });
    await expect(restoring).rejects.toThrow('The database is not empty');
  });

  async function backUp(records: Records, workspaceRoot: string, name: string): Promise<string> {
    const lake = openLake(workspaceRoot, clock);
    const made = await createBackup(
      { records, lake, workspaceRoot, clock, product: '0.1.0' },
      { caller: systemCaller, folder: join(folder, name), withRaw: true, keyFile: undefined },
    );
    return made.folder;
  }
});
