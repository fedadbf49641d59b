import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../kernel/index.ts';
import type { MadeTokenAnswer, PersonAnswer, TokenAnswer, TokenList } from './contract.ts';
import {
  type AccessApp,
  admin,
  type Browser,
  newBrowser,
  openAccessApp,
  operatorToken,
  ownerSecret,
} from './testing/access-app.ts';

let test: AccessApp;
let boss: Browser;
let viewer: { readonly id: string; readonly browser: Browser };

beforeAll(async () => {
  test = await openAccessApp();
  boss = await test.signIn(admin.email, admin.password);
  // Sources of entities, as the organization keeps them; only their names and owners matter here.
  await test.records.asOwner(async (tx) => {
    for (const id of ['retail', 'labs', 'other'])
      await sql`insert into entity (id, country, currency, time_zone, label)
        values (${id}, 'FR', 'EUR', 'Europe/Paris', ${id})`.execute(tx);
    for (const [name, entity] of [
      ['aws-retail', 'retail'],
      ['gcp-retail', 'retail'],
      ['aws-labs', 'labs'],
      ['aws-other', 'other'],
    ])
      await sql`insert into source (name, entity_id) values (${name}, ${entity})`.execute(tx);
  });
  viewer = await newPerson('viewer@example.com', [
    { role: 'entity.viewer', scopeKind: 'entities', scopeIds: ['labs', 'retail'] },
  ]);
});
afterAll(async () => {
  expect(test.defects).toEqual([]);
  await test.close();
});

async function newPerson(email: string, grants: readonly unknown[]) {
  const body = { email, name: email, grants };
  const person = await test.call<PersonAnswer>('POST', '/api/v1/people', { browser: boss, body });
  const path = `/api/v1/people/${person.json.id}/password`;
  const password = 'a long enough password';
  await test.call('POST', path, { browser: boss, body: { password } });
  return { id: person.json.id, browser: await test.signIn(email, password, newBrowser()) };
}

const labs = { role: 'entity.viewer', scopeKind: 'entities', scopeIds: ['labs', 'other'] };

async function makeToken(browser: Browser, wanted: Readonly<Record<string, unknown>> = {}) {
  const body = { name: 'nightly report', grant: labs, ...wanted };
  const made = await test.call<MadeTokenAnswer>('POST', '/api/v1/tokens', { browser, body });
  expect(made.json).toMatchObject({ secret: expect.any(String) });
  return made.json;
}

const cost = (bearer: string) => test.call('GET', '/api/v1/probe/cost', { bearer });

describe('an API token', () => {
  it('is shown once, begins with what lists show, and is kept as a digest', async () => {
    const { token, secret } = await makeToken(viewer.browser);
    expect(secret).toMatch(/^fin_[0-9a-z]{17}_[\w-]{43}$/);
    expect(secret.startsWith(`${token.prefix}_`)).toBe(true);
    const list = await test.call<TokenList>('GET', '/api/v1/tokens', { browser: viewer.browser });
    expect(list.json.items).toContainEqual(token);
    const random = secret.slice(-43);
    const stored = await test.records.read(systemCaller, async (tx) => [
      await tx.selectFrom('api_token').selectAll().execute(),
      await tx.selectFrom('audit_log').select(['before', 'after']).execute(),
    ]);
    expect(JSON.stringify([list.json, stored])).not.toContain(random);
  });

  it('does what both its owner and itself may, with the sources of both, in one statement', async () => {
    const { secret, token } = await makeToken(viewer.browser);
    expect((await cost(secret)).json).toEqual({
      actor: {
        kind: 'token',
        id: token.id,
        name: 'nightly report of viewer@example.com',
        address: '127.0.0.1',
        requestId: expect.any(String),
      },
      scope: { kind: 'some', entities: ['labs'], sources: ['aws-labs'], companies: [], applications: [] },
      isOwner: false,
    });
    const { json } = await test.call('GET', '/api/v1/probe/cost', { browser: viewer.browser });
    expect(json['scope']).toMatchObject({ sources: ['aws-labs', 'aws-retail', 'gcp-retail'] });
    expect((await test.call('GET', '/api/v1/probe/close', { bearer: secret })).status).toBe(403);
  });

  it('of an owner without limits reaches the sources that the token names', async () => {
    const { secret } = await makeToken(boss);
    expect((await cost(secret)).json['scope']).toMatchObject({ sources: ['aws-labs', 'aws-other'] });
    expect((await test.call('GET', '/api/v1/probe/people', { bearer: secret })).status).toBe(403);
  });

  it('loses what its owner loses', async () => {
    const { id, browser } = await newPerson('leaver@example.com', [labs]);
    const { secret } = await makeToken(browser);
    expect((await cost(secret)).status).toBe(200);
    await test.call('PUT', `/api/v1/people/${id}/grants`, {
      browser: boss,
      body: { grants: [] },
      headers: { 'if-match': '*' },
    });
    expect((await cost(secret)).status).toBe(403);
  });

  it('notes its last use, to the minute', async () => {
    const { token, secret } = await makeToken(viewer.browser);
    const lastUse = async () => {
      const list = await test.call<TokenList>('GET', '/api/v1/tokens?limit=10000', { browser: boss });
      return list.json.items.find(({ id }) => id === token.id)?.lastUsedAt;
    };
    expect(await lastUse()).toBeNull();
    await cost(secret);
    const first = await lastUse();
    expect(first).toBe(test.clock.now().toISOString());
    test.clock.forward(59_000);
    await cost(secret);
    expect(await lastUse()).toBe(first);
    test.clock.forward(1000);
    await cost(secret);
    expect(await lastUse()).toBe(test.clock.now().toISOString());
  });

  it('ends when it expires, and when it is revoked', async () => {
    const inAnHour = new Date(test.clock.now().getTime() + 3_600_000).toISOString();
    const short = await makeToken(viewer.browser, { expiresAt: inAnHour });
    test.clock.forward(3_599_999);
    expect((await cost(short.secret)).status).toBe(200);
    test.clock.forward(1);
    expect(await cost(short.secret)).toMatchObject({
      status: 401,
      json: { code: 'access.tokenExpired', params: { expiredAt: inAnHour } },
    });
    viewer = { ...viewer, browser: await test.signIn('viewer@example.com', 'a long enough password') };
    boss = await test.signIn(admin.email, admin.password);
    const { token, secret } = await makeToken(viewer.browser);
    const path = `/api/v1/tokens/${token.id}`;
    const end = () => test.call<TokenAnswer>('DELETE', path, { browser: viewer.browser });
    const first = await end();
    expect(first.json.revokedAt).toBe(test.clock.now().toISOString());
    expect(await cost(secret)).toMatchObject({ status: 401, json: { code: 'access.tokenRevoked' } });
    test.clock.forward(60_000);
    expect((await end()).json).toEqual(first.json);
  });

  it.each([
    ['of another installation', () => `fin_01k9z3w2m7h4q8xta_${'x'.repeat(43)}`],
    ['with another secret', (secret: string) => `${secret.slice(0, -43)}${'x'.repeat(43)}`],
    ['cut short', (secret: string) => secret.slice(0, -1)],
    ['of nobody', () => 'nonsense'],
    ['of SQL', () => "'or(true)--"],
    ['that is the digest', () => 'f'.repeat(64)],
  ])('%s is refused, also where a cookie is good', async (_, forge) => {
    const { secret } = await makeToken(viewer.browser);
    const answers = [
      await cost(forge(secret)),
      await test.call('GET', '/api/v1/probe/cost', { bearer: forge(secret), browser: boss }),
    ];
    for (const { status, json } of answers) expect([status, json['code']]).toEqual([401, 'access.badToken']);
  });

  it.each([['Basic YTpi'], ['Bearer'], ['Bearer a b'], ['']])('is not %j', async (authorization) => {
    const answer = await test.call('GET', '/api/v1/probe/cost', { headers: { authorization } });
    expect([answer.status, answer.json['code']]).toEqual([401, 'access.unauthorized']);
  });
});

describe('making tokens', () => {
  const make = (body: unknown, call: Readonly<Record<string, unknown>> = { browser: viewer.browser }) =>
    test.call('POST', '/api/v1/tokens', { body, ...call });
  const days = (count: number) => new Date(test.clock.now().getTime() + count * 86_400_000).toISOString();

  it('gives ninety days unless told otherwise, and a year at most', async () => {
    expect((await makeToken(viewer.browser)).token.expiresAt).toBe(days(90));
    expect((await makeToken(viewer.browser, { expiresAt: days(365) })).token.expiresAt).toBe(days(365));
    const wrong = [days(365.1), days(0), days(-1)];
    for (const expiresAt of wrong) {
      const refused = await make({ name: 'x', grant: labs, expiresAt });
      expect([refused.status, refused.json['code']]).toEqual([422, 'access.unfitExpiry']);
    }
    expect((await make({ name: 'x', grant: labs, expiresAt: 'tomorrow' })).status).toBe(400);
  });

  it('refuses one that its owner could do nothing with', async () => {
    const nothing = [
      { role: 'billing.payer', scopeKind: 'companies', scopeIds: ['c'] },
      { role: 'entity.viewer', scopeKind: 'entities', scopeIds: ['other'] },
    ];
    for (const grant of nothing)
      expect((await make({ name: 'x', grant })).json['code']).toBe('access.voidToken');
    expect((await make({ name: 'x', grant: { role: 'entity.viewer' } })).json['code']).toBe(
      'access.unfitGrant',
    );
  });

  it('for somebody else needs person.manage, also to see and to end theirs', async () => {
    const admins = await makeToken(boss);
    const forOther = await make({ name: 'x', grant: labs, person: admins.token.owner.id });
    expect([forOther.status, forOther.json['code']]).toEqual([403, 'access.forbidden']);
    const browser = viewer.browser;
    const own = await test.call<TokenList>('GET', '/api/v1/tokens?limit=10000', { browser });
    expect(new Set(own.json.items.map(({ owner }) => owner.id))).toEqual(new Set([viewer.id]));
    const theirs = await test.call('GET', `/api/v1/tokens?person=${admins.token.owner.id}`, { browser });
    expect(theirs.status).toBe(403);
    const ended = await test.call('DELETE', `/api/v1/tokens/${admins.token.id}`, { browser });
    expect([ended.status, ended.json['code']]).toEqual([404, 'access.unknownToken']);
    expect((await cost(admins.secret)).status).toBe(200);
    const byAdmin = await makeToken(boss, { person: viewer.id });
    expect(byAdmin.token.owner.id).toBe(viewer.id);
    const all = await test.call<TokenList>('GET', `/api/v1/tokens?person=${viewer.id}`, { browser: boss });
    expect(all.json.items).toContainEqual(byAdmin.token);
    expect((await test.call('DELETE', `/api/v1/tokens/${byAdmin.token.id}`, { browser: boss })).status).toBe(
      200,
    );
  });

  it('is not done with a token, which would outlive its own end', async () => {
    const { secret } = await makeToken(boss, { grant: { role: 'super_admin' } });
    const refused = await make({ name: 'x', grant: { role: 'tech' } }, { bearer: secret });
    expect([refused.status, refused.json['code']]).toEqual([403, 'access.notByToken']);
  });

  it('is done by the holder of the workspace for a person, never for nobody', async () => {
    for (const bearer of [ownerSecret, operatorToken]) {
      const nobody = await make({ name: 'x', grant: labs }, { bearer });
      expect([nobody.status, nobody.json['code']]).toEqual([422, 'access.noOwner']);
      expect((await make({ name: 'x', grant: labs, person: viewer.id }, { bearer })).status).toBe(201);
      const ghost = await make({ name: 'x', grant: labs, person: '01k9z3w2m7h4q8xta' }, { bearer });
      expect(ghost.json['code']).toBe('access.unknownPerson');
    }
  });

  it('stands in the audit log, as does their end', async () => {
    const { token } = await makeToken(viewer.browser);
    await test.call('DELETE', `/api/v1/tokens/${token.id}`, { browser: boss });
    const rows = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('audit_log').selectAll().where('object_id', '=', token.id).orderBy('id').execute(),
    );
    expect(rows).toMatchObject([
      { action: 'token.create', actor_name: 'viewer@example.com', before: null, after: { id: token.id } },
      { action: 'token.revoke', actor_name: admin.email, before: { revokedAt: null } },
    ]);
  });
});
