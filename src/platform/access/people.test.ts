import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemCaller } from '../kernel/index.ts';
import type { Records } from '../records/index.ts';
import type { PersonAnswer } from './contract.ts';
import { lockAdmins } from './people-sql.ts';
import { signIn } from './sign-in.ts';
import {
  type AccessApp,
  admin,
  type Browser,
  newBrowser,
  openAccessApp,
  ownerSecret,
} from './testing/access-app.ts';

let test: AccessApp;
let boss: Browser;
let count = 0;
beforeAll(async () => {
  test = await openAccessApp();
});
afterAll(() => test.close());
beforeEach(async () => {
  expect(test.defects).toEqual([]);
  boss = await test.signIn(admin.email, admin.password);
});

const everything = { role: 'super_admin', scopeKind: 'all', scopeIds: [] };
const call = <T = Readonly<Record<string, unknown>>>(
  method: 'GET' | 'POST' | 'PATCH' | 'PUT',
  path: string,
  body?: unknown,
  etag?: string,
) =>
  test.call<T>(method, `/api/v1${path}`, {
    body,
    browser: boss,
    ...(etag === undefined ? {} : { headers: { 'if-match': etag } }),
  });

async function newPerson(grants: readonly unknown[] = [], email = `person${++count}@example.com`) {
  const made = await call<PersonAnswer>('POST', '/people', { email, name: `Person ${count}`, grants });
  expect(made.status).toBe(201);
  return made.json;
}

async function withPassword(grants: readonly unknown[] = [], password = 'a long enough password') {
  const person = await newPerson(grants);
  const link = await call<{ url: string }>('POST', `/people/${person.id}/invitations`);
  const token = link.json.url.split('#')[1];
  const browser = newBrowser();
  const body = { token, password };
  const redeemed = await test.call<{ csrfToken: string }>('POST', '/api/v1/set-password', { body, browser });
  expect(redeemed.status).toBe(200);
  browser.csrfToken = redeemed.json.csrfToken;
  return { person, browser, password };
}

const auditOf = (id: string) =>
  test.records.read(systemCaller, (tx) =>
    tx.selectFrom('audit_log').selectAll().where('object_id', '=', id).orderBy('id').execute(),
  );

describe('people', () => {
  it('are added with their roles, listed by e-mail and read with their version as ETag', async () => {
    const grants = [{ role: 'entity.viewer', scopeKind: 'entities', scopeIds: ['retail', 'labs', 'retail'] }];
    const person = await newPerson(grants, 'Zoe@example.com');
    expect(person).toMatchObject({
      email: 'Zoe@example.com',
      active: true,
      hasPassword: false,
      provider: null,
      grants: [{ role: 'entity.viewer', scopeKind: 'entities', scopeIds: ['labs', 'retail'] }],
    });
    const read = await call('GET', `/people/${person.id}`);
    expect([read.headers['etag'], read.json]).toEqual([`"${person.version}"`, person]);
    const found = await call<{ items: unknown[] }>('GET', '/people?email=ZOE@example.com');
    expect(found.json.items).toEqual([person]);
  });

  it('come page by page, each once', async () => {
    for (let index = 0; index < 3; index++) await newPerson();
    const all = await call<{ items: PersonAnswer[] }>('GET', '/people?limit=10000');
    const seen: PersonAnswer[] = [];
    let cursor: string | undefined;
    do {
      const path = `/people?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`;
      const page = await call<{ items: PersonAnswer[]; next?: string }>('GET', path);
      seen.push(...page.json.items);
      cursor = page.json.next;
    } while (cursor !== undefined);
    expect(seen).toEqual(all.json.items);
    expect(seen.length).toBeGreaterThanOrEqual(4);
  });

  it.each([
    [
      'an e-mail that somebody has in other letters',
      { email: 'ADMIN@example.com' },
      409,
      'access.emailTaken',
    ],
    ['no e-mail', { email: 'nobody' }, 400, 'invalid'],
    ['an unknown field', { password: 'x' }, 400, 'invalid'],
    ['an unknown role', { grants: [{ role: 'emperor', scopeKind: 'all' }] }, 400, 'invalid'],
    ['an id that no policy would take', { grants: [{ ...viewer("retail','labs") }] }, 400, 'invalid'],
    ['an id with a comma', { grants: [viewer('retail,labs')] }, 400, 'invalid'],
    [
      'a role with a scope that is not its own',
      { grants: [{ role: 'super_admin', scopeKind: 'entities', scopeIds: ['a'] }] },
      422,
      'access.unfitGrant',
    ],
    [
      'a viewer of all entities',
      { grants: [{ role: 'entity.viewer', scopeKind: 'all' }] },
      422,
      'access.unfitGrant',
    ],
    ['a viewer of no entity', { grants: [viewer()] }, 422, 'access.unfitGrant'],
    ['everything with names', { grants: [{ ...everything, scopeIds: ['a'] }] }, 422, 'access.unfitGrant'],
    ['a role twice', { grants: [viewer('a'), viewer('b')] }, 422, 'access.unfitGrant'],
    ['a name of control characters', { name: 'a\u0000b' }, 400, 'invalid'],
  ])('are not added with %s, and nothing is kept', async (_, wrong, status, code) => {
    const countPeople = async () =>
      (await call<{ items: unknown[] }>('GET', '/people?limit=10000')).json.items.length;
    const before = await countPeople();
    const body = { email: 'new@example.com', name: 'New', ...wrong };
    const refused = await call('POST', '/people', body);
    expect([refused.status, refused.json['code']]).toEqual([status, code]);
    expect(await countPeople()).toBe(before);
  });

  it('are not had under unknown ids', async () => {
    expect((await call('GET', '/people/01k9z3w2m7h4q8xta')).json['code']).toBe('access.unknownPerson');
    expect((await call('GET', "/people/' or 1=1 --")).status).toBe(400);
    expect((await call('GET', '/people?cursor=nonsense')).json['code']).toBe('records.unfitCursor');
  });
});

function viewer(...scopeIds: string[]) {
  return { role: 'entity.viewer', scopeKind: 'entities', scopeIds };
}

describe('a change of a person', () => {
  it('names the version that was read; of two at once, one is refused', async () => {
    const person = await newPerson();
    const etag = `"${person.version}"`;
    expect((await call('PATCH', `/people/${person.id}`, { name: 'X' })).json['code']).toBe(
      'access.noVersion',
    );
    const both = await Promise.all(
      ['One', 'Two'].map((name) => call('PATCH', `/people/${person.id}`, { name }, etag)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const [won] = both.filter(({ status }) => status === 200);
    expect(won?.headers['etag']).toBe(`"${person.version + 1}"`);
    const stale = await call('PUT', `/people/${person.id}/grants`, { grants: [] }, etag);
    expect([stale.status, stale.json['code']]).toEqual([412, 'access.staleVersion']);
    for (const other of ['"0"', 'nonsense', '"1", "2"', "' or 1=1"])
      expect((await call('PATCH', `/people/${person.id}`, { name: 'X' }, other)).status).toBe(412);
    expect((await call('PATCH', `/people/${person.id}`, { name: 'X' }, '*')).status).toBe(200);
  });

  it('stands in the audit log with before and after, without a secret', async () => {
    const { person } = await withPassword([viewer('retail')]);
    await call('PUT', `/people/${person.id}/grants`, { grants: [viewer('labs')] }, '*');
    const rows = await auditOf(person.id);
    expect(rows.map(({ action }) => action)).toEqual([
      'person.create',
      'person.invite',
      'person.password',
      'session.start',
      'person.grant',
    ]);
    expect(rows.at(-1)).toMatchObject({
      actor_kind: 'person',
      actor_name: admin.email,
      before: { grants: [viewer('retail')] },
      after: { grants: [viewer('labs')] },
    });
    const text = JSON.stringify(rows.map(({ id: _, ...row }) => row));
    expect(text).not.toMatch(/argon2|Hash|secret/);
  });

  it('of the roles counts at the next request', async () => {
    const { person, browser } = await withPassword([viewer('retail')]);
    const cost = () => test.call('GET', '/api/v1/probe/cost', { browser });
    expect((await cost()).json).toMatchObject({ scope: { kind: 'some', entities: ['retail'] } });
    await call('PUT', `/people/${person.id}/grants`, { grants: [] }, '*');
    expect((await cost()).json).toMatchObject({
      code: 'access.forbidden',
      params: { permission: 'cost.read' },
    });
  });

  it('that deactivates signs out everywhere and at once, and lets nobody in again', async () => {
    const { person, browser, password } = await withPassword([everything]);
    const token = await test.call<{ secret: string }>('POST', '/api/v1/tokens', {
      browser,
      body: { name: 't', grant: { role: 'tech' } },
    });
    const bearer = token.json.secret;
    expect((await test.call('GET', '/api/v1/me', { bearer })).status).toBe(200);
    expect((await call('PATCH', `/people/${person.id}`, { active: false }, '*')).status).toBe(200);
    expect((await test.call('GET', '/api/v1/me', { browser })).json['code']).toBe('access.sessionEnded');
    expect((await test.call('GET', '/api/v1/me', { bearer })).json['code']).toBe('access.inactive');
    await expect(test.signIn(person.email, password)).rejects.toThrow('access.wrongCredentials');
    const invited = await call('POST', `/people/${person.id}/invitations`);
    expect([invited.status, invited.json['code']]).toEqual([409, 'access.deactivated']);
  });

  it.each([
    ['deactivated', (id: string) => call('PATCH', `/people/${id}`, { active: false }, '*')],
    [
      'given another password',
      (id: string) => call('POST', `/people/${id}/password`, { password: 'yet another password' }),
    ],
  ])('keeps out whoever was %s while the password was being verified', async (_, change) => {
    const { person, password } = await withPassword();
    let writes = 0;
    const records: Records = {
      ...test.records,
      write: async (caller, work) => {
        // The first counts the attempt, the second begins the session.
        if (++writes === 2) expect((await change(person.id)).status).toBeLessThan(300);
        return await test.records.write(caller, work);
      },
    };
    const context = { ...test.context, records: async () => records };
    const place = { address: null, requestId: null, userAgent: null };
    const signingIn = signIn(context, { email: person.email, password }, place);
    await expect(signingIn).rejects.toMatchObject({ code: 'access.wrongCredentials' });
    expect(writes).toBe(2);
  });

  it('is not for those without person.manage', async () => {
    const { person, browser } = await withPassword([{ role: 'finance.admin', scopeKind: 'all' }]);
    const attempts = [
      ['GET', '/people', undefined],
      ['GET', `/people/${person.id}`, undefined],
      ['POST', '/people', { email: 'x@example.com', name: 'X' }],
      ['PATCH', `/people/${person.id}`, { name: 'X' }],
      ['PUT', `/people/${person.id}/grants`, { grants: [everything] }],
      ['POST', `/people/${person.id}/invitations`, undefined],
    ] as const;
    for (const [method, path, body] of attempts) {
      const headers = { 'if-match': '*' };
      const refused = await test.call(method, `/api/v1${path}`, { browser, body, headers });
      expect([method, path, refused.status, refused.json['code']]).toEqual([
        method,
        path,
        403,
        'access.forbidden',
      ]);
    }
  });
});

describe('the last administrator', () => {
  it('cannot be deactivated or lose the role, until there is another', async () => {
    const admins = await call<{ items: PersonAnswer[] }>('GET', '/people?limit=10000');
    const others = admins.json.items.filter(
      ({ email, active, grants }) =>
        email !== admin.email && active && grants.some(({ role }) => role === 'super_admin'),
    );
    for (const { id } of others) await call('PATCH', `/people/${id}`, { active: false }, '*');
    const me = await test.call<{ personId: string }>('GET', '/api/v1/me', { browser: boss });
    const path = `/people/${me.json.personId}`;
    for (const [method, to, body] of [
      ['PATCH', path, { active: false }],
      ['PUT', `${path}/grants`, { grants: [] }],
      ['PUT', `${path}/grants`, { grants: [viewer('retail')] }],
    ] as const) {
      const refused = await call(method, to, body, '*');
      expect([refused.status, refused.json['code']]).toEqual([409, 'access.lastAdmin']);
    }
    expect((await test.call('GET', '/api/v1/probe/people', { browser: boss })).status).toBe(200);
  });

  it('is left when two remove each other at once', async () => {
    const pair = [await withPassword([everything]), await withPassword([everything])];
    const me = await test.call<{ personId: string }>('GET', '/api/v1/me', { browser: boss });
    // As the owner of the workspace, so that nobody's own request ends in between.
    const remove = (id: string) =>
      test.call('PATCH', `/api/v1/people/${id}`, {
        bearer: ownerSecret,
        body: { active: false },
        headers: { 'if-match': '*' },
      });
    const ids = [me.json.personId, ...pair.map(({ person }) => person.id)];
    const answers = await Promise.all(ids.map(remove));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 409]);
    // The first administrator comes back for the tests that follow.
    await test.call('PATCH', `/api/v1/people/${me.json.personId}`, {
      bearer: ownerSecret,
      body: { active: true },
      headers: { 'if-match': '*' },
    });
  });
});

describe('who is administrator', () => {
  it('is changed by one at a time', async () => {
    const person = await newPerson([everything]);
    const { promise: gate, resolve: open } = withResolvers();
    const { promise: locked, resolve: hasLock } = withResolvers();
    const first = test.records.write(systemCaller, async (tx) => {
      await lockAdmins(tx);
      hasLock();
      await gate;
    });
    await locked;
    let isDone = false;
    const second = call('PUT', `/people/${person.id}/grants`, { grants: [] }, '*').then(() => {
      isDone = true;
    });
    await sleep(300);
    expect(isDone).toBe(false);
    open();
    await Promise.all([first, second]);
  });
});

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('passwords and invitations', () => {
  it('change one’s own with the current one; every other session ends', async () => {
    const { person, browser, password } = await withPassword();
    const other = await test.signIn(person.email, password);
    const set = (body: unknown) =>
      test.call('POST', `/api/v1/people/${person.id}/password`, { browser, body });
    const next = 'another long password';
    expect((await set({ password: next })).json['code']).toBe('access.wrongPassword');
    expect((await set({ password: next, current: 'wrong' })).json['code']).toBe('access.wrongPassword');
    expect((await set({ password: 'short', current: password })).json['code']).toBe('access.weakPassword');
    expect((await set({ password: person.email, current: password })).json['code']).toBe(
      'access.weakPassword',
    );
    expect((await set({ password: next, current: password })).status).toBe(204);
    expect((await test.call('GET', '/api/v1/me', { browser })).status).toBe(200);
    expect((await test.call('GET', '/api/v1/me', { browser: other })).status).toBe(401);
    await expect(test.signIn(person.email, password)).rejects.toThrow();
    await test.signIn(person.email, next);
  });

  it('cannot be guessed through one’s own change', async () => {
    const { person, browser } = await withPassword();
    const statuses = [];
    for (let failed = 0; failed < 6; failed++) {
      const body = { password: 'another long password', current: `guess ${failed}` };
      statuses.push(
        (await test.call('POST', `/api/v1/people/${person.id}/password`, { browser, body })).status,
      );
    }
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
  });

  it('of others are set by administrators only, and end their sessions', async () => {
    const [one, other] = [await withPassword(), await withPassword()];
    const body = { password: 'set by somebody else' };
    const path = `/api/v1/people/${one.person.id}/password`;
    const foreign = await test.call('POST', path, { browser: other.browser, body });
    expect([foreign.status, foreign.json['code']]).toEqual([403, 'access.forbidden']);
    expect((await test.call('POST', path, { browser: boss, body })).status).toBe(204);
    expect((await test.call('GET', '/api/v1/me', { browser: one.browser })).status).toBe(401);
    await test.signIn(one.person.email, body.password);
  });

  it('an administrator, too, shows the current password to change the own', async () => {
    const { person, browser } = await withPassword([everything]);
    const body = { password: 'taken over with a session' };
    const refused = await test.call('POST', `/api/v1/people/${person.id}/password`, { browser, body });
    expect([refused.status, refused.json['code']]).toEqual([403, 'access.wrongPassword']);
  });

  it('come by a link that works once, for three days, and not after a newer one', async () => {
    const person = await newPerson();
    const invite = async () => {
      const made = await call<{ url: string; expiresAt: string }>('POST', `/people/${person.id}/invitations`);
      expect(made.json.url).toMatch(/^http:\/\/127\.0\.0\.1:4870\/set-password#[0-9a-z]{17}\.[\w-]{43}$/);
      return made.json.url.split('#')[1] ?? '';
    };
    const redeem = (token: string, password = 'a long enough password') =>
      test.call('POST', '/api/v1/set-password', { body: { token, password } });
    const [old, current] = [await invite(), await invite()];
    const dead = { code: 'access.deadLink' };
    expect((await redeem(old)).json).toMatchObject(dead);
    expect((await redeem(`${current.slice(0, -1)}!`)).json).toMatchObject(dead);
    expect((await redeem(current.replace(/\..*/, `.${'x'.repeat(43)}`))).json).toMatchObject(dead);
    expect((await redeem(current, 'short')).json['code']).toBe('access.weakPassword');
    const answers = await Promise.all([redeem(current), redeem(current), redeem(current)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410]);
    expect((await redeem(current)).status).toBe(410);
    const late = await invite();
    test.clock.forward(72 * 3_600_000);
    expect((await redeem(late)).json).toMatchObject(dead);
  });
});
