import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from './migrations/index.ts';
import { openRecords } from './open-records.ts';
import type { Records } from './records.ts';
import { prepareTestRecords } from './testing/test-records.ts';

let root: string;
let databaseUrl: string | undefined;
let remove: () => Promise<void>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'finops-migrate-'));
  ({ databaseUrl, remove } = await prepareTestRecords(root));
});
afterEach(async () => {
  await remove();
  await rm(root, { recursive: true, force: true });
});

async function withRecords<T>(work: (records: Records) => Promise<T>): Promise<T> {
  const records = await openRecords({ root, databaseUrl });
  try {
    return await work(records);
  } finally {
    await records.close();
  }
}

const alter = (statement: string) => withRecords((records) => records.ownerSql(statement));

describe('migrations', () => {
  it('are numbered 1, 2, 3, … without gaps', () => {
    expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1));
  });

  it('run once: a second start finds them applied', async () => {
    const applied = () =>
      withRecords((records) =>
        records.asOwner((tx) =>
          sql`select number, applied_at from schema_migration order by number`.execute(tx),
        ),
      );
    const first = await applied();
    expect(first.rows).toHaveLength(migrations.length);
    expect((await applied()).rows).toEqual(first.rows);
  });

  it('refuse a schema that a newer version made, and leave it alone', async () => {
    await alter("insert into schema_migration values (999, 'later', 'x')");
    await expect(withRecords(async () => {})).rejects.toMatchObject({
      code: 'records.newerSchema',
      params: { found: 999, known: migrations.length },
    });
  });

  it('refuse a schema whose migrations had another text', async () => {
    await alter("update schema_migration set checksum = 'x' where number = 1");
    await expect(withRecords(async () => {})).rejects.toMatchObject({ code: 'records.changedMigration' });
  });

  it('leave nothing of a migration that fails', async () => {
    await alter('delete from schema_migration where number = (select max(number) from schema_migration)');
    // Its tables exist already, so that it cannot run again.
    await expect(withRecords(async () => {})).rejects.toThrow(/already exists/);
  });
});
