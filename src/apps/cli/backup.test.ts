import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { systemCaller } from '../../platform/kernel/index.ts';
import { audit, openRecords, type Records } from '../../platform/records/index.ts';
import { prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { filesBelow, openWorkspace } from '../../platform/warehouse/index.ts';
import { serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

interface Place {
  readonly root: string;
  readonly databaseUrl: string | undefined;
  readonly remove: () => Promise<void>;
}

let folder: string;
let home: Place;
let elsewhere: Place;

/** A workspace folder and, on the test server, a database of its own. */
async function newPlace(name: string, prepared: boolean): Promise<Place> {
  const root = join(folder, name);
  // The restore makes the embedded records itself.
  const { databaseUrl, remove } = await prepareTestRecords(prepared ? root : join(folder, `${name}-unused`));
  return { root, databaseUrl, remove };
}

async function finops(place: Place, ...args: readonly string[]) {
  const env = place.databaseUrl === undefined ? {} : { FINOPS_DATABASE_URL: place.databaseUrl };
  const io = fakeIo({ cwd: folder, env });
  const code = await run([...args, '--data', place.root], io);
  return { code, out: io.out(), err: io.err() };
}

async function json(place: Place, ...args: readonly string[]) {
  const { code, out, err } = await finops(place, ...args, '--json');
  return { code, err, ...JSON.parse(out) };
}

async function withRecords<T>(place: Place, work: (records: Records) => Promise<T>): Promise<T> {
  const records = await openRecords(place);
  try {
    return await work(records);
  } finally {
    await records.close();
  }
}

const entitiesOf = (place: Place) =>
  withRecords(place, (records) =>
    records.read(systemCaller, async (tx) => (await sql`select * from entity order by id`.execute(tx)).rows),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-backup-cli-'));
  [home, elsewhere] = [await newPlace('home', true), await newPlace('elsewhere', false)];
  const bill = csv(
    focus(
      { ServiceName: 'Search', BilledCost: '10.000000000001', EffectiveCost: '9' },
      { ServiceName: 'Mail', BilledCost: '20', EffectiveCost: '20.5' },
    ),
  );
  await writeFile(join(folder, 'october.csv'), bill);
  expect((await finops(home, 'import', 'october.csv', '--source', 'main')).code).toBe(0);
  await withRecords(home, (records) =>
    records.write(systemCaller, async (tx) => {
      await sql`insert into entity (id, country, currency, time_zone, label) values
        ('retail', 'FR', 'EUR', 'Europe/Paris', 'Détail')`.execute(tx);
      const object = { type: 'entity', id: 'retail' };
      await audit(tx, systemCaller, {
        action: 'entity.create',
        object,
        entity: 'retail',
        before: null,
        after: { country: 'FR' },
      });
    }),
  );
});
afterAll(async () => {
  await home.remove();
  await elsewhere.remove();
  await rm(folder, { recursive: true, force: true });
});

describe('finops backup and restore', { timeout: 180_000 }, () => {
  it('reproduce every total elsewhere', async () => {
    const backup = await json(home, 'backup', 'taken');
    expect(backup).toMatchObject({
      code: 0,
      folder: join(folder, 'taken'),
      auditHead: { hash: /^[0-9a-f]{64}$/ },
    });
    expect(backup.err).toContain('no key is needed');
    const restored = await json(elsewhere, 'restore', 'taken');
    expect(restored).toMatchObject({ code: 0, name: 'taken', lake: { generation: 1 } });
    expect(restored.lake.totals).toContainEqual({
      dataset: 'cost',
      source: 'main',
      period: '2026-10',
      currency: 'USD',
      rows: 2,
      sums: expect.objectContaining({ BilledCost: '30.000000000001', EffectiveCost: '29.5' }),
    });
    for (const question of [
      ['cost', '--by', 'ServiceName'],
      ['periods', 'list'],
      ['snapshots', 'list'],
    ]) {
      const [before, after] = [await json(home, ...question), await json(elsewhere, ...question)];
      expect(after).toEqual(before);
    }
    expect(await entitiesOf(elsewhere)).toEqual(await entitiesOf(home));
    const verified = await json(elsewhere, 'audit', 'verify');
    expect(verified).toMatchObject({ code: 0, intact: true, anchors: 1 });
  });

  it('never overwrite, and say which file of a damaged backup is damaged', async () => {
    expect(await finops(home, 'backup', 'taken')).toMatchObject({ code: 7 });
    expect(await finops(elsewhere, 'restore', 'taken')).toMatchObject({ code: 7 });
    const path = (await filesBelow(join(folder, 'taken'))).find((name) => name.endsWith('.parquet')) ?? '';
    const file = join(folder, 'taken', path);
    const whole = await readFile(file);
    const damaged = Buffer.from(whole);
    damaged[100] = (damaged[100] ?? 0) ^ 1;
    await writeFile(file, damaged);
    const refused = await finops(elsewhere, 'restore', 'taken', '--verify-only');
    expect(refused.code).toBe(5);
    expect(refused.err).toContain(path);
    await writeFile(file, whole);
  });

  it('prove a backup without keeping anything', async () => {
    const { code, err, lake } = await json(elsewhere, 'restore', 'taken', '--verify-only');
    expect(code).toBe(0);
    expect(err).toContain('Nothing was kept');
    expect(lake.snapshots).toBeGreaterThan(0);
  });

  it('go through the server that holds the workspace', async () => {
    const workspace = openWorkspace({ root: home.root, threads: 1 });
    const env = {
      FINOPS_SERVER_PORT: '0',
      ...(home.databaseUrl && { FINOPS_DATABASE_URL: home.databaseUrl }),
    };
    const server = await serve({
      workspace,
      config: loadConfig({ flags: { data: home.root }, env, cwd: folder }),
    });
    try {
      expect(await json(home, 'backup', '--name', 'live')).toMatchObject({
        code: 0,
        folder: join(home.root, 'backups/live'),
      });
      expect(await json(home, 'backup', 'beside')).toMatchObject({ code: 0, folder: join(folder, 'beside') });
      expect(await json(home, 'audit', 'verify')).toMatchObject({ code: 0, intact: true });
    } finally {
      await server.close();
      await workspace.close();
    }
  });

  it('take a folder or a name, not both', async () => {
    expect(await finops(home, 'backup', 'x', '--name', 'y')).toMatchObject({ code: 2 });
    expect(await finops(home, 'backup', '--name', '../y')).toMatchObject({ code: 2 });
  });
});

describe('finops keys', { timeout: 180_000 }, () => {
  it('lists and rotates without showing a key', async () => {
    const before = await json(home, 'keys', 'list');
    expect(before).toMatchObject({ code: 0, context: { origin: 'file' }, items: [{ state: 'current' }] });
    const rotated = await finops(home, 'keys', 'rotate');
    expect(rotated.code).toBe(0);
    expect(rotated.out).toMatch(new RegExp(`${before.items[0].id} +retired`));
    for (const line of (await readFile(join(home.root, 'finops.key'), 'utf8')).split('\n', 2))
      expect(JSON.stringify([before, rotated])).not.toContain(line.slice(0, 43));
  });
});

describe('finops audit', { timeout: 180_000 }, () => {
  it('lists what was done and what changed', async () => {
    const { items } = await json(home, 'audit', 'list', '--object', 'entity:retail');
    expect(items).toMatchObject([{ action: 'entity.create', after: { country: 'FR' } }]);
    const table = (await finops(home, 'audit', 'list', '--action', 'entity.')).out;
    expect(table).toMatch(/entity\.create +entity:retail +retail +country +\d/);
  });

  it('finds a tail that was cut off after a backup, with exit code 6', async () => {
    const { head } = await json(home, 'audit', 'head');
    await withRecords(home, (records) =>
      records.asOwner(async (tx) => {
        for (const table of ['audit_log', 'audit_seal']) {
          await sql.raw(`alter table ${table} no force row level security`).execute(tx);
          await sql.raw(`alter table ${table} disable trigger user`).execute(tx);
        }
        await sql`delete from audit_log where id in (select audit_id from audit_seal where position > 1)`.execute(
          tx,
        );
        await sql`delete from audit_seal where position > 1`.execute(tx);
      }),
    );
    const found = await finops(home, 'audit', 'verify');
    expect(found.code).toBe(6);
    expect(found.out).toContain('cut-tail');
    expect(found.err).toContain('BROKEN');
    // A head that somebody wrote down finds it where the workspace remembers none.
    await rm(join(home.root, 'audit-head.json'));
    const anchor = `${head.position}:${head.hash}`;
    await writeFile(join(folder, 'anchors.txt'), `# from the safe\n${anchor}\n`);
    expect((await finops(home, 'audit', 'verify', '--anchor-file', 'anchors.txt')).code).toBe(6);
    expect((await finops(home, 'audit', 'verify', '--anchor', 'nonsense')).code).toBe(2);
  });
});
