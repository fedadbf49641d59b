import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedClock, type Refusal, systemCaller } from '../../kernel/index.ts';
import { filesBelow, type Lake, openLake } from '../../warehouse/index.ts';
import { audit } from '../audit.ts';
import { readAnchors } from '../chain/audit-head.ts';
import { verifyAudit } from '../chain/verify-audit.ts';
import { openRecords } from '../open-records.ts';
import type { Records } from '../records.ts';
import { publishMonth } from '../testing/small-lake.ts';
import {
  openTestRecords,
  prepareTestRecords,
  type TestRecords,
  testServer,
} from '../testing/test-records.ts';
import { createBackup } from './create-backup.ts';
import { checkFiles } from './files.ts';
import { loadRecords } from './load-records.ts';
import { type BackupManifest, manifestText, readManifest } from './manifest.ts';
import { type RestoreOptions, restoreBackup, verifyBackup } from './restore.ts';
import { digestTable } from './tables.ts';
import { listTables, settleText } from './tables-sql.ts';

const clock = fixedClock('2026-11-21T10:00:00Z');
/** What breaks formats: line ends of every kind, quotes, what is no ASCII, what is two code units. */
const odd = 'a"b\\c\u2028d\u2029e\rf\ng\th,\'i’ é 漢字 😀 {"x":1}';

let test: TestRecords;
let records: Records;
let lake: Lake;
let folder: string;
let made = 0;
let backup: string;

beforeAll(async () => {
  test = await openTestRecords();
  records = test.records;
  lake = openLake(test.root, clock);
  folder = await mkdtemp(join(tmpdir(), 'finops-backup-'));
  await publishMonth(lake, { id: 'first', source: 'aws', period: '2026-09' }, ['1.000000000001', '2']);
  await publishMonth(lake, { id: 'second', source: 'aws', period: '2026-09' }, ['3.5', '-0.25']);
  await publishMonth(lake, { id: 'third', source: 'saas', period: '2026-10' }, ['100']);
  await mkdir(join(test.root, 'raw/ab'), { recursive: true });
  await writeFile(join(test.root, 'raw/ab/original.csv'), 'a,b\n1,2\n');
  await writeFile(join(test.root, 'finops.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, {
    mode: 0o600,
  });
  await fill();
  backup = (await back('whole', { keyFile: join(test.root, 'finops.key') })).folder;
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

/** Rows with what texts, numbers, times, lists and documents can hold; a team above the one that sorts before it. */
async function fill(): Promise<void> {
  await records.asOwner(async (tx) => {
    await sql`insert into entity (id, country, currency, time_zone, label, billing_address_sealed, retired_at) values
      ('retail', 'FR', 'EUR', 'Europe/Paris', ${odd}, 'v1.00000000.a.b', '2026-10-01 12:00:00.123456+00'),
      ('labs', 'DE', 'EUR', 'Europe/Berlin', 'Labs', null, null)`.execute(tx);
    await sql`insert into team (id, label, parent_id) values ('a-child', 'Child', null), ('z-parent', 'Parent', null)`.execute(
      tx,
    );
    await sql`update team set parent_id = 'z-parent' where id = 'a-child'`.execute(tx);
    await sql`insert into application (id, entity_id, environments, label) values
      ('shop', 'retail', array['prod', 'non_prod'], 'Shop'), ('none', 'labs', '{}', 'None')`.execute(tx);
  });
  for (let index = 0; index < 30; index++) {
    await records.write(systemCaller, async (tx) => {
      await audit(tx, systemCaller, {
        action: 'thing.create',
        object: { type: 'thing', id: `t${index}` },
        entity: 'retail',
        before: index % 2 ? { text: odd, small: 1.1e-7 } : null,
        after: { money: '12345678901234567890.123456789012', list: [1, 2.5, null, true], n: index },
      });
    });
  }
}

function back(name: string, options: { keyFile?: string; withRaw?: boolean } = {}) {
  return createBackup(
    { records, lake, workspaceRoot: test.root, clock, product: '0.1.0' },
    {
      caller: systemCaller,
      folder: join(folder, name),
      withRaw: options.withRaw ?? true,
      keyFile: options.keyFile,
    },
  );
}

/** A place that is empty: a folder, and on the test server a database. */
async function newPlace(): Promise<{
  root: string;
  databaseUrl: string | undefined;
  remove: () => Promise<void>;
}> {
  const root = join(folder, `place-${++made}`);
  if (testServer === undefined) return { root, databaseUrl: undefined, remove: async () => {} };
  const scratch = join(folder, `unused-${made}`);
  const { databaseUrl, remove } = await prepareTestRecords(scratch);
  return { root, databaseUrl, remove };
}

async function restore(from: string, options: Partial<RestoreOptions> = {}) {
  const place = await newPlace();
  try {
    const restored = await restoreBackup({ backup: from, clock, ...place, ...options });
    return { ...restored, ...place };
  } catch (error) {
    await place.remove();
    throw error;
  }
}

/** Loads the records of a backup into an empty schema: what a restore does with them, without making a database. */
async function load(from: string): Promise<void> {
  const place = await openTestRecords();
  try {
    const manifest = await readManifest(from);
    await checkFiles(from, manifest.files);
    await place.records.asOwner((tx) => loadRecords(tx, from, manifest));
  } finally {
    await place.close();
  }
}

/** Checksum of the rows of every table. */
function contentOf(of: Records): Promise<Record<string, string>> {
  return of.snapshotAsOwner(async (tx) => {
    await settleText(tx);
    const content: Record<string, string> = {};
    for (const shape of await listTables(tx)) content[shape.name] = (await digestTable(tx, shape)).sha256;
    return content;
  });
}

/** A copy of the backup in which the work changes something. */
async function altered(
  change: (copy: string, manifest: BackupManifest) => Promise<unknown>,
): Promise<string> {
  const copy = join(folder, `altered-${++made}`);
  await cp(backup, copy, { recursive: true });
  const changed = (await change(copy, await readManifest(copy))) as BackupManifest | undefined;
  if (changed) await writeFile(join(copy, 'manifest.json'), manifestText(changed));
  return copy;
}

const refused = async (work: Promise<unknown>): Promise<Refusal> =>
  work.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: Refusal) => error,
  );

describe('a backup', { timeout: 180_000 }, () => {
  it('is whole: every table, every snapshot, originals, the key, and the head of the audit log', async () => {
    const manifest = await readManifest(backup);
    expect(manifest.records.tables.find(({ name }) => name === 'audit_log')?.rows).toBe(30);
    expect(manifest.records.auditHead).toMatchObject({ position: '30' });
    expect(manifest.records.sealedWith).toEqual(['00000000']);
    expect(manifest.lake).toMatchObject({ generation: 3, snapshots: 3 });
    expect(manifest.lake.totals).toEqual([
      { dataset: 'cost', source: 'aws', period: '2026-09', currency: 'USD', rows: 2, sums: { cost: '3.25' } },
      { dataset: 'cost', source: 'saas', period: '2026-10', currency: 'USD', rows: 1, sums: { cost: '100' } },
    ]);
    const paths = manifest.files.map(({ path }) => path);
    expect(await filesBelow(backup)).toEqual([...paths, 'manifest.json'].sort());
    expect(paths).toEqual(
      expect.arrayContaining(['finops.key', 'raw/ab/original.csv', 'records/entity.ndjson']),
    );
    expect(paths.filter((path) => path.startsWith('lake/'))).toHaveLength(7);
  });

  it('leaves its head in the workspace, so that a tail cut off later is found', async () => {
    const anchors = await readAnchors(test.root);
    const { auditHead } = (await readManifest(backup)).records;
    expect(anchors[0]).toEqual({ ...auditHead, at: '2026-11-21T10:00:00.000Z', by: 'backup' });
  });

  it('leaves originals and keys out when told to', async () => {
    const { folder: small, manifest } = await back('small', { withRaw: false });
    expect(manifest.contains).toEqual({ raw: false, keys: false });
    expect((await filesBelow(small)).filter((path) => /^raw|finops\.key/.test(path))).toEqual([]);
  });

  it('never overwrites one that is there, and leaves nothing behind when it is refused', async () => {
    expect((await refused(back('whole'))).code).toBe('backup.taken');
    const keyFile = join(folder, 'nowhere.key');
    expect((await refused(back('no-key', { keyFile }))).code).toBe('backup.noKeyFile');
    expect((await readdir(folder)).filter((name) => /partial|no-key/.test(name))).toEqual([]);
  });

  it('is refused when a file of the lake is not what was written', async () => {
    const [file = ''] = (await filesBelow(lake.root)).filter((path) => path.endsWith('second-1.parquet'));
    const path = join(lake.root, file);
    const whole = await readFile(path);
    try {
      await writeFile(path, flipped(whole, 60));
      expect((await refused(back('of-damage'))).code).toBe('backup.damagedSource');
      await rm(path);
      expect((await refused(back('of-damage'))).code).toBe('backup.changedMeanwhile');
      expect((await readdir(folder)).filter((name) => name.startsWith('of-damage'))).toEqual([]);
    } finally {
      await writeFile(path, whole);
    }
  });

  it('is of one moment while others write: two rows of one transaction are both in it or neither', async () => {
    let go = true;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let index = 0; go; index++) {
        await records.write(systemCaller, async (tx) => {
          const id = `${writer}-${index}`;
          await sql`insert into team (id, label) values (${`w${id}`}, 'x')`.execute(tx);
          await audit(tx, systemCaller, {
            action: 'pair.create',
            object: { type: 'pair', id },
            entity: null,
            before: null,
            after: {},
          });
        });
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { folder: taken } = await back('under-load');
    go = false;
    await Promise.all(writers);
    const rows = async (table: string) =>
      (await readFile(join(taken, 'records', `${table}.ndjson`), 'utf8')).split('\n');
    const pairs = (await rows('audit_log')).filter((line) => line.includes('pair.create')).length;
    const teams = (await rows('team')).filter((line) => line.startsWith('["w')).length;
    expect(pairs).toBeGreaterThan(0);
    expect(teams).toBe(pairs);
    await load(taken);
  });
});

describe('a restore', { timeout: 180_000 }, () => {
  it('reproduces every table, every total and every file elsewhere', async () => {
    const { folder: taken } = await back('again', { keyFile: join(test.root, 'finops.key') });
    const before = await contentOf(records);
    const { root, databaseUrl, remove, lakeRows } = await restore(taken);
    const other = await openRecords({ root, databaseUrl });
    try {
      const { audit_log, audit_seal, ...tables } = await contentOf(other);
      // The backup told of itself after it was made, the restore when it was done.
      const { audit_log: _, audit_seal: __, ...expected } = before;
      expect(tables).toEqual(expected);
      const { rows } = await other.asOwner((tx) =>
        sql`select label, active, retired_at::text as retired from entity where id = 'retail'`.execute(tx),
      );
      expect(rows).toEqual([{ label: odd, active: false, retired: '2026-10-01 12:00:00.123456+00' }]);
      expect(lakeRows).toBe(5);
      const restored = openLake(root, clock);
      expect(await restored.current()).toEqual(await lake.current());
      for (const path of ['raw/ab/original.csv', 'finops.key'])
        expect(await readFile(join(root, path))).toEqual(await readFile(join(test.root, path)));
      expect((await readdir(root)).sort()).toEqual(
        ['audit-head.json', 'finops.key', 'finops.lock', 'lake', 'raw', 'records'].filter(
          (name) => databaseUrl === undefined || !['records', 'finops.lock'].includes(name),
        ),
      );
    } finally {
      await other.close();
      await remove();
    }
  });

  it('gives records that live on: ids go on, the chain goes on and tells of the restore', async () => {
    const { root, databaseUrl, remove } = await newPlace();
    await mkdir(root, { recursive: true });
    await writeFile(join(root, 'finops.key'), 'mine');
    // What a killed restore has left is no part of the workspace.
    await mkdir(join(root, '.restoring/lake/manifest'), { recursive: true });
    await writeFile(join(root, '.restoring/lake/manifest/000009.json'), 'half');
    const { manifest } = await restoreBackup({ backup, root, databaseUrl, clock });
    // A key that the owner has put there stays.
    expect(await readFile(join(root, 'finops.key'), 'utf8')).toBe('mine');
    expect(await readdir(root)).not.toContain('.restoring');
    expect((await openLake(root, clock).current()).generation).toBe(3);
    const other = await openRecords({ root, databaseUrl });
    try {
      const log = await other.read(systemCaller, (tx) =>
        tx
          .selectFrom('audit_log')
          .select(['id', 'action', 'object_id'])
          .orderBy('id', 'desc')
          .limit(2)
          .execute(),
      );
      const [told, last] = log;
      expect(told).toMatchObject({ action: 'backup.restore', object_id: 'whole' });
      expect(told?.id).toBe((last?.id ?? 0n) + 1n);
      const anchors = await readAnchors(root);
      expect(anchors).toMatchObject([manifest.records.auditHead]);
      expect(await verifyAudit(other.asOwner, anchors)).toMatchObject({
        intact: true,
        rows: 31,
        unsealed: { rows: 0 },
      });
      // Constraints and triggers are in force again.
      await expect(
        other.asOwner((tx) =>
          sql`insert into application (id, entity_id, environments, label) values ('x', 'nobody', '{}', 'x')`.execute(
            tx,
          ),
        ),
      ).rejects.toMatchObject({ code: 'records.reference' });
    } finally {
      await other.close();
      await remove();
    }
  });

  it('never overwrites: neither a folder with anything but a key in it, nor a database with a row', async () => {
    const root = join(folder, 'used');
    await mkdir(root);
    await writeFile(join(root, 'notes.txt'), 'mine');
    expect((await refused(restoreBackup({ backup, root, clock }))).code).toBe('backup.notEmpty');
    expect(await readdir(root)).toEqual(['notes.txt']);
    if (test.databaseUrl !== undefined) {
      const options = { backup, root: join(folder, 'free'), databaseUrl: test.databaseUrl, clock };
      expect((await refused(restoreBackup(options))).message).toContain('The database is not empty');
    }
  });

  it('refuses a backup with one flipped byte in any file, and keeps nothing', async () => {
    const place = await newPlace();
    for (const path of await filesBelow(backup)) {
      const copy = await altered(async (at) => {
        const whole = await readFile(join(at, path));
        await writeFile(
          join(at, path),
          whole.length === 0 ? 'x' : flipped(whole, Math.floor(whole.length / 2)),
        );
      });
      const { code, exitCode } = await refused(restoreBackup({ backup: copy, clock, ...place }));
      expect([path, code, exitCode]).toEqual([path, 'backup.damaged', 5]);
      await rm(copy, { recursive: true });
    }
    expect(await readdir(place.root).catch(() => [])).toEqual([]);
    await place.remove();
  });

  it('refuses a backup that lacks a file, or its manifest: half a backup is none', async () => {
    const without = await altered((copy) => rm(join(copy, 'lake/cost/aws/2026-09/second-1.parquet')));
    expect((await refused(restore(without))).message).toContain('second-1.parquet is missing');
    const half = await altered((copy) => rm(join(copy, 'manifest.json')));
    expect((await refused(restore(half))).code).toBe('backup.notABackup');
    expect((await refused(restore(join(folder, 'nowhere')))).code).toBe('backup.notABackup');
  });

  it('finds an audit log that was changed with all checksums of the backup made anew', async () => {
    const forged = await altered(async (copy, manifest) => {
      const path = 'records/audit_log.ndjson';
      const text = (await readFile(join(copy, path), 'utf8')).replace('"t7"', '"t8"');
      await writeFile(join(copy, path), text);
      return withFile(manifest, path, text);
    });
    const { code, exitCode, message } = await refused(load(forged));
    expect([code, exitCode]).toEqual(['backup.differs', 6]);
    expect(message).toContain('was changed after it was sealed');
  });

  it('finds totals that are not those of the backup, with exit code 6', async () => {
    const forged = await altered(async (_, manifest) => {
      const [total] = manifest.lake.totals;
      if (total) total.sums['cost'] = '3.26';
      return manifest;
    });
    const { code, exitCode } = await refused(restore(forged));
    expect([code, exitCode]).toEqual(['backup.differs', 6]);
  });

  it('finds a row of the records that points nowhere', async () => {
    const forged = await altered(async (copy, manifest) => {
      const path = 'records/application.ndjson';
      const text = (await readFile(join(copy, path), 'utf8')).replace('"labs"', '"lost"');
      await writeFile(join(copy, path), text);
      return withFile(manifest, path, text);
    });
    expect((await refused(load(forged))).code).toBe('records.reference');
  });

  it('refuses a backup of a newer finops, one of another schema, and a path that leads out of it', async () => {
    const changed = (change: (manifest: BackupManifest) => void) =>
      altered(async (_, manifest) => {
        change(manifest);
        return manifest;
      });
    const newer = await changed(({ records: { migrations } }) =>
      migrations.push({ number: 999, name: 'later', checksum: 'a'.repeat(64) }),
    );
    expect((await refused(restore(newer))).code).toBe('backup.newerBackup');
    const other = await changed(({ records: { migrations } }) => {
      if (migrations[0]) migrations[0].checksum = 'a'.repeat(64);
    });
    expect((await refused(restore(other))).code).toBe('backup.otherSchema');
    const column = await changed(({ records: { tables } }) => {
      tables.find(({ name }) => name === 'team')?.columns.push('size');
    });
    expect((await refused(load(column))).code).toBe('backup.otherSchema');
    const outside = await changed(({ files }) => {
      if (files[0]) files[0].path = 'lake/../../x';
    });
    expect((await refused(restore(outside))).code).toBe('backup.damaged');
  });
});

describe('a verification', { timeout: 180_000 }, () => {
  it('proves a backup by restoring it into nothing, and changes nothing', async () => {
    const before = await filesBelow(backup);
    const scratch = join(folder, 'scratch');
    const verified = await verifyBackup({ backup, scratch, clock });
    expect(verified).toMatchObject({ lakeRows: 5, manifest: { name: 'whole' } });
    expect(verified.recordsRows).toBeGreaterThan(60);
    expect(await filesBelow(backup)).toEqual(before);
    expect(await readdir(folder)).not.toContain('scratch');
  });
});

function flipped(whole: Buffer, at: number): Buffer {
  const copy = Buffer.from(whole);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function withFile(manifest: BackupManifest, path: string, text: string): BackupManifest {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const files = manifest.files.map((file) =>
    file.path === path ? { path, sha256, bytes: Buffer.byteLength(text) } : file,
  );
  return { ...manifest, files };
}
