import { fastify } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothing, systemCaller } from '../kernel/index.ts';
import { addAuthentication } from './authentication.ts';
import {
  type AccessApp,
  admin,
  newBrowser,
  openAccessApp,
  operatorToken,
  ownerSecret,
} from './testing/access-app.ts';

let test: AccessApp;
beforeAll(async () => {
  test = await openAccessApp();
});
afterAll(async () => {
  expect(test.defects).toEqual([]);
  await test.close();
});

describe('a route', () => {
  const start = async (config?: Readonly<Record<string, unknown>>) => {
    const app = fastify();
    addAuthentication(app, undefined);
    app.route({
      method: 'GET',
      url: '/x',
      ...(config ? { config } : {}),
      handler: async () => ({}),
    } as never);
    await app.ready();
    await app.close();
  };

  it('that does not say who may call it keeps the server from starting', async () => {
    await expect(start()).rejects.toThrow(
      'Route GET /x must say either its permission or to whom it is open',
    );
    await expect(start({})).rejects.toThrow('must say');
    await expect(start({ permission: 'cost.read', open: 'anyone' })).rejects.toThrow('must say');
    await expect(start({ permission: 'cost.read' })).resolves.toBeUndefined();
  });

  it('asks the same of HEAD as of GET', async () => {
    const answers = await Promise.all(
      (['GET', 'HEAD'] as const).map((method) => test.call(method, '/api/v1/probe/cost')),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect((await test.call('HEAD', '/api/v1/probe/cost', { bearer: operatorToken })).status).toBe(200);
  });

  it('that is open to anyone takes callers with any credentials or none, and knows them as nobody', async () => {
    const browser = newBrowser();
    browser.cookies.set('finops_session', 'nonsense');
    for (const call of [{}, { bearer: 'nonsense' }, { browser }, { bearer: ownerSecret }]) {
      const { status, json } = await test.call('GET', '/healthz', call);
      expect(status).toBe(200);
      expect(json).toMatchObject({ actor: { id: 'anonymous' }, scope: nothing, isOwner: false });
    }
  });

  it('that does not exist is a secret before strangers', async () => {
    expect((await test.call('GET', '/api/v1/nothing')).json['code']).toBe('access.unauthorized');
    expect((await test.call('GET', '/api/v1/nothing', { bearer: operatorToken })).status).toBe(404);
    expect((await test.call('GET', '/nothing')).status).toBe(404);
  });
});

describe('who asks', () => {
  it('is the owner of the workspace with the secret that lies in it', async () => {
    const { json } = await test.call('GET', '/api/v1/probe/people', { bearer: ownerSecret });
    expect(json).toMatchObject({
      actor: { kind: 'owner', id: 'local-owner', address: '127.0.0.1' },
      scope: { kind: 'all' },
      isOwner: true,
    });
  });

  it('is the operator with the token of the settings: everything, but not the owner', async () => {
    const { json } = await test.call('GET', '/api/v1/probe/people', { bearer: operatorToken });
    expect(json).toMatchObject({
      actor: { kind: 'token', id: 'server.token' },
      scope: { kind: 'all' },
      isOwner: false,
    });
  });

  it('is a person with a session; a route that is open to the signed-in shows them nothing of others', async () => {
    const browser = await test.signIn(admin.email, admin.password);
    const { json } = await test.call('GET', '/api/v1/probe/signed-in', { browser });
    expect(json).toMatchObject({
      actor: { kind: 'person', name: admin.email },
      scope: nothing,
      isOwner: false,
    });
    expect((await test.call('GET', '/api/v1/probe/signed-in')).status).toBe(401);
  });

  it('is the owner in-process', async () => {
    const app = fastify();
    addAuthentication(app, undefined);
    app.get('/x', { config: { permission: 'person.manage' } }, async ({ caller, isOwner }) => ({
      caller,
      isOwner,
    }));
    const { caller, isOwner } = (await app.inject('/x')).json();
    expect([caller.actor.kind, caller.actor.address, caller.scope, isOwner]).toEqual([
      'owner',
      null,
      { kind: 'all' },
      true,
    ]);
    await app.close();
  });

  it('is told with the permissions and what each extends to', async () => {
    const browser = await test.signIn(admin.email, admin.password);
    const { json } = await test.call('GET', '/api/v1/me', { browser });
    expect(json).toMatchObject({
      kind: 'person',
      name: admin.email,
      grants: [{ role: 'super_admin', scopeKind: 'all', scopeIds: [] }],
      permissions: { 'cost.read': { kind: 'all' }, 'person.manage': { kind: 'all' } },
      csrfToken: browser.csrfToken,
      token: null,
    });
    const owner = await test.call('GET', '/api/v1/me', { bearer: ownerSecret });
    expect(owner.json).toMatchObject({
      kind: 'owner',
      grants: 'everything',
      personId: null,
      csrfToken: null,
    });
  });
});

describe('the tables of this room', () => {
  const tables = [
    'person',
    'role_grant',
    'api_token',
    'session',
    'sign_in_attempt',
    'sign_in_failure',
    'one_time_link',
  ] as const;
  const scoped = { ...systemCaller, scope: { ...nothing, entities: ['retail'], companies: ['c'] } };

  it('are forced under row-level security, and a scoped transaction sees none of their rows', async () => {
    const { rows } = await test.records.asOwner((tx) =>
      sql<{ relname: string }>`select relname from pg_class
        where relname = any(${[...tables]}) and relrowsecurity and relforcerowsecurity`.execute(tx),
    );
    expect(rows.map(({ relname }) => relname).sort()).toEqual([...tables].sort());
    const seen = await test.records.read(scoped, async (tx) => {
      const counts = [];
      for (const table of tables) counts.push((await tx.selectFrom(table).selectAll().execute()).length);
      return counts;
    });
    expect(seen).toEqual(tables.map(() => 0));
    const people = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('person').select('id').execute(),
    );
    expect(people).toHaveLength(1);
  });

  it('take nothing from a scoped transaction', async () => {
    const insert = test.records.write(scoped, (tx) =>
      tx
        .insertInto('role_grant')
        .values({ person_id: 'x', role: 'super_admin', scope_kind: 'all', scope_ids: [] })
        .execute(),
    );
    await expect(insert).rejects.toMatchObject({ code: 'records.outsideScope' });
  });

  it.each([
    ["update api_token set secret_hash = repeat('0', 64)"],
    ['update one_time_link set expires_at = now()'],
    ['update session set person_id = id'],
    ['delete from person'],
    ['delete from api_token'],
    ['delete from one_time_link'],
  ])('do not allow a request: %s', async (statement) => {
    const change = test.records.write(systemCaller, (tx) => sql.raw(statement).execute(tx));
    await expect(change).rejects.toThrow(/permission denied/);
  });
});
