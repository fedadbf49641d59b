import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FastifyInstance, fastify } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, everything, nothing, ownerCaller, Refusal, systemCaller } from '../kernel/index.ts';
import { openWorkspace, type Workspace } from '../warehouse/index.ts';
import { audit } from './audit.ts';
import { sealNow } from './chain/seal-audit.ts';
import type { AuditList, AuditVerificationAnswer, BackupAnswer, KeyList } from './contract.ts';
import { recordRoutes } from './routes.ts';
import { sealedContext } from './secrets/sealed-columns.ts';
import { openSecrets, type Secrets } from './secrets/secrets.ts';
import { keysInUse } from './secrets/secrets-sql.ts';
import { publishMonth } from './testing/small-lake.ts';
import { openTestRecords, type TestRecords } from './testing/test-records.ts';

let test: TestRecords;
let workspace: Workspace;
let secrets: Secrets;
let app: FastifyInstance;
let elsewhere: string;
let caller: Caller = ownerCaller('r1');

beforeAll(async () => {
  test = await openTestRecords();
  elsewhere = await mkdtemp(join(tmpdir(), 'finops-elsewhere-'));
  workspace = openWorkspace({ root: test.root });
  const { records } = test;
  const keyFile = join(test.root, 'finops.key');
  secrets = await openSecrets({ file: keyFile, sealedWith: () => records.asOwner(keysInUse) });
  app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    request.caller = caller;
  });
  app.setErrorHandler((error, _, reply) =>
    error instanceof Refusal
      ? reply.status(error.status).send({ code: error.code })
      : reply.status((error as { statusCode?: number }).statusCode ?? 500).send({ error: String(error) }),
  );
  await app.register(recordRoutes, {
    records: async () => records,
    secrets: async () => secrets,
    workspace,
    backupsFolder: undefined,
    keyFile,
    product: '0.1.0',
  });
  for (const [id, entity] of [
    ['a', 'retail'],
    ['b', 'labs'],
    ['c', null],
  ] as const)
    await records.write(caller, (tx) =>
      audit(tx, caller, {
        action: id === 'c' ? 'person.create' : 'application.update',
        object: { type: id === 'c' ? 'person' : 'application', id },
        entity,
        before: { id },
        after: { id, n: 1.5 },
      }),
    );
});
afterAll(async () => {
  await app.close();
  await workspace.close();
  await test.close();
  await rm(elsewhere, { recursive: true, force: true });
});

async function ask<T>(
  method: 'GET' | 'POST',
  url: string,
  body?: object,
): Promise<T & { status: number; code?: string }> {
  const answer = await app.inject({ method, url, ...(body ? { payload: body } : {}) });
  return { status: answer.statusCode, ...answer.json() };
}

async function as<T>(other: Caller, work: () => Promise<T>): Promise<T> {
  const before = caller;
  caller = other;
  try {
    return await work();
  } finally {
    caller = before;
  }
}

const retailer: Caller = {
  actor: { kind: 'person', id: 'p1', name: 'ann@example.com', address: '10.0.0.1', requestId: 'r2' },
  scope: { ...nothing, entities: ['retail'] },
};

describe('GET /audit', () => {
  const ids = async (query = '') =>
    (await ask<AuditList>('GET', `/audit${query}`)).items.map(({ object }) => object.id);

  it('lists what was done, newest first, with what was before and after', async () => {
    const answer = await ask<AuditList>('GET', '/audit?limit=2');
    expect(answer.items.map(({ object }) => object.id)).toEqual(['c', 'b']);
    expect(answer.items[1]).toMatchObject({
      actor: { kind: 'owner', id: 'local-owner', name: 'local owner' },
      action: 'application.update',
      entity: 'labs',
      before: { id: 'b' },
      after: { id: 'b', n: 1.5 },
      requestId: 'r1',
      sealed: null,
    });
    expect(await ids(`?cursor=${answer.next}`)).toEqual(['a']);
    expect((await ask('GET', '/audit?cursor=x')).code).toBe('audit.unfitCursor');
  });

  it('filters by object, actor, action, entity and time', async () => {
    expect(await ids('?objectType=application&objectId=a')).toEqual(['a']);
    expect(await ids('?action=application.')).toEqual(['b', 'a']);
    expect(await ids('?action=application')).toEqual([]);
    expect(await ids('?actor=local%20owner')).toEqual(['c', 'b', 'a']);
    expect(await ids('?actor=nobody')).toEqual([]);
    expect(await ids('?entity=labs')).toEqual(['b']);
    expect(await ids('?from=2001-01-01&to=2001-02-01')).toEqual([]);
    expect(await ids('?from=2001-01-01T00:00:00%2B02:00')).toEqual(['c', 'b', 'a']);
    expect((await ask('GET', '/audit?from=yesterday')).status).toBe(400);
    expect((await ask('GET', '/audit?colour=red')).status).toBe(400);
    expect(await ids("?objectId=a'%20or%20true--")).toEqual([]);
  });

  it('shows only what lies in the scope of the caller', async () => {
    await as(retailer, async () => {
      expect(await ids()).toEqual(['a']);
      expect(await ids('?objectId=b')).toEqual([]);
    });
    expect(await as({ ...retailer, scope: nothing }, ids)).toEqual([]);
  });
});

describe('the chain', () => {
  it('is verified, its head is told, and the workspace remembers it', async () => {
    await sealNow(test.records);
    const { head } = await ask<{ head: { position: string; hash: string } }>('GET', '/audit/head');
    expect(head.position).toBe('3');
    const verified = await ask<AuditVerificationAnswer>('POST', '/audit/verify', {});
    expect(verified).toMatchObject({ status: 200, intact: true, rows: 3, head, anchors: 0, findings: [] });
    const again = await ask<AuditVerificationAnswer>('POST', '/audit/verify', { anchors: [head] });
    expect(again).toMatchObject({ intact: true, anchors: 2 });
    expect(JSON.parse(await readFile(join(test.root, 'audit-head.json'), 'utf8')).anchors).toHaveLength(1);
  });

  it('is found broken by a head that is not there, which the workspace does not learn', async () => {
    const anchors = [{ position: '9', hash: 'a'.repeat(64) }];
    const verified = await ask<AuditVerificationAnswer>('POST', '/audit/verify', { anchors });
    expect(verified).toMatchObject({ intact: false, findings: [{ problem: 'cut-tail', position: '9' }] });
    const unfit = { anchors: [{ position: '9', hash: 'a' }] };
    expect((await ask('POST', '/audit/verify', unfit)).status).toBe(400);
  });

  it('is nobody’s business whose roles are for some entities', async () => {
    await as(retailer, async () => {
      expect(await ask('GET', '/audit/head')).toMatchObject({ status: 403, code: 'audit.wholeOnly' });
      expect(await ask('POST', '/audit/verify', {})).toMatchObject({ status: 403, code: 'audit.wholeOnly' });
    });
  });
});

describe('the keys', () => {
  it('are listed, rotated and pruned without being shown', async () => {
    const context = sealedContext({ table: 'entity', column: 'billing_address_sealed' }, ['retail']);
    const sealed = secrets.seal('1 Main Street', context);
    await test.records.asOwner((tx) =>
      sql`insert into entity (id, country, currency, time_zone, label, billing_address_sealed)
        values ('retail', 'FR', 'EUR', 'Europe/Paris', 'Retail', ${sealed})`.execute(tx),
    );
    const before = await ask<KeyList>('GET', '/keys');
    const [old] = before.items;
    expect(before).toMatchObject({ context: { origin: 'file' }, items: [{ state: 'current', fields: 1 }] });
    const rotated = await ask<{ current: string } & KeyList>('POST', '/keys/rotate', {});
    expect(rotated).toMatchObject({ added: true, resealed: 1 });
    expect(rotated.items.map(({ state, fields }) => [state, fields])).toEqual([
      ['current', 1],
      ['retired', 0],
    ]);
    expect(await ask('POST', '/keys/prune', {})).toMatchObject({ removed: [] });
    const pruned = await ask<KeyList>('POST', '/keys/prune', { evenNow: true });
    expect(pruned).toMatchObject({ removed: [old?.id], items: [{ id: rotated.current }] });
    const { rows } = await test.records.asOwner((tx) =>
      sql<{ sealed: string }>`select billing_address_sealed as sealed from entity`.execute(tx),
    );
    expect(secrets.open(rows[0]?.sealed ?? '', context)).toBe('1 Main Street');
    const keys = secrets.store.keys().map(({ bytes }) => bytes.toString('base64'));
    for (const key of keys) expect(JSON.stringify([before, rotated, pruned])).not.toContain(key);
  });
});

describe('POST /backups', () => {
  it('makes a backup in the folder of the server, and in any folder for the owner', async () => {
    await publishMonth(workspace.lake, { id: 'one', source: 'aws', period: '2026-10' }, ['1']);
    const made = await ask<BackupAnswer>('POST', '/backups', { name: 'month-end', keys: true });
    expect(made).toMatchObject({
      status: 200,
      folder: join(test.root, 'backups/month-end'),
      lake: { generation: 1, snapshots: 1 },
      contains: { raw: true, keys: true },
    });
    expect(made.sealedWith).toEqual([secrets.store.keys()[0].id]);
    expect((await stat(made.folder)).mode & 0o777).toBe(0o700);
    const folder = join(elsewhere, 'mine');
    expect(await ask('POST', '/backups', { folder, raw: false })).toMatchObject({ status: 200, folder });
    expect(await ask('POST', '/backups', { folder })).toMatchObject({ status: 409, code: 'backup.taken' });
    const byTime = await ask<BackupAnswer>('POST', '/backups', {});
    expect(byTime.name).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/);
  });

  it('takes a folder from the owner only, and no name that leads out of the folder of backups', async () => {
    const manager: Caller = { ...retailer, scope: everything };
    const folder = join(elsewhere, 'theirs');
    await as(manager, async () => {
      expect(await ask('POST', '/backups', { folder })).toMatchObject({
        status: 403,
        code: 'backup.ownerOnly',
      });
      for (const name of ['../x', 'a/b', '.hidden', '', 'a\0b'])
        expect((await ask('POST', '/backups', { name })).status).toBe(400);
    });
    expect((await ask('POST', '/backups', { folder: 'here/relative' })).code).toBe('backup.ownerOnly');
  });

  it('is in the audit log', async () => {
    const { items } = await ask<AuditList>('GET', '/audit?objectType=backup&objectId=month-end');
    expect(items).toMatchObject([{ action: 'backup.create', after: { generation: 1 } }]);
    expect(
      await as(systemCaller, async () => (await ask<AuditList>('GET', '/audit?action=key.')).items.length),
    ).toBe(3);
  });
});
