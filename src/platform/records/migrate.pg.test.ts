import { tmpdir } from 'node:os';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { migrations } from './migrations/index.ts';
import { openRecords } from './open-records.ts';
import { testServer } from './testing/test-records.ts';

describe.skipIf(testServer === undefined)('on a real PostgreSQL (FINOPS_TEST_DATABASE_URL)', () => {
  it('four processes that start at once on an empty database migrate it once', async () => {
    const server = testServer as string;
    const name = `finops_start_${process.pid}`;
    const admin = new pg.Client({ connectionString: server });
    await admin.connect();
    await admin.query(`create database ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const start = () => openRecords({ root: tmpdir(), databaseUrl: url.href, poolSize: 2 });
    const opened = await Promise.all([start(), start(), start(), start()]);
    const { rows } = (await opened[0]?.ownerSql('select number from schema_migration order by number')) ?? {};
    expect(rows).toEqual(migrations.map(({ number }) => ({ number })));
    for (const records of opened) await records.close();
    await admin.query(`drop database ${name}`);
    await admin.end();
  });

  it('says what to do where the user may make nothing, and makes nothing', async () => {
    // The tests' login does not own the server's first database.
    const opening = openRecords({ root: tmpdir(), databaseUrl: testServer as string });
    await expect(opening).rejects.toMatchObject({ code: 'records.noRights' });
  });

  it('says that the server does not answer, without its password', async () => {
    const broken = openRecords({
      root: tmpdir(),
      databaseUrl: 'postgres://finops:hush@127.0.0.1:1/none',
    });
    await expect(broken).rejects.toMatchObject({ code: 'records.unreachable' });
    await expect(broken).rejects.not.toThrow(/hush/);
  });
});
