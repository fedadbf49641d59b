import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../kernel/index.ts';
import type { PersonAnswer } from './contract.ts';
import type { Proof } from './provider.ts';
import type { AccessSettings } from './settings.ts';
import {
  type AccessApp,
  admin,
  type Browser,
  newBrowser,
  openAccessApp,
  testSealer,
} from './testing/access-app.ts';
import { clientId, openTestProvider, type TestProvider } from './testing/oidc-provider.ts';

const publicUrl = 'http://finops.test:4870';
const redirectUri = `${publicUrl}/api/v1/sign-in/oidc/callback`;

let provider: TestProvider;
let test: AccessApp;
let boss: Browser;

const settings = (createPeople: boolean): AccessSettings => ({
  publicUrl,
  oidc: {
    issuer: provider.issuer,
    clientId,
    clientSecret: provider.clientSecret,
    label: 'Company account',
    createPeople,
    redirectUri,
  },
});

beforeAll(async () => {
  provider = await openTestProvider(redirectUri);
  test = await openAccessApp(settings(false));
  boss = await test.signIn(admin.email, admin.password);
});
afterAll(async () => {
  expect(test.defects).toEqual([]);
  await test.close();
  await provider.close();
});

/** Begins a sign-in: where our server sends the browser. */
async function begin(browser: Browser, returnTo = '/reports?month=2026-10', at = test): Promise<string> {
  const path = `/api/v1/sign-in/oidc?returnTo=${encodeURIComponent(returnTo)}`;
  const answer = await at.call('GET', path, { browser });
  expect([answer.status, answer.json]).toEqual([302, {}]);
  return String(answer.headers['location']);
}

/** Brings the provider's answer back to our server. */
const finish = (browser: Browser, url: URL, at = test) =>
  at.call('GET', `${url.pathname}${url.search}`, { browser });

async function signIn(account: TestProvider['account'], browser = newBrowser(), at = test) {
  provider.account = account;
  const url = await provider.visit(await begin(browser, undefined, at));
  return { browser, url, answer: await finish(browser, url, at) };
}

async function invited(email: string, grants: readonly unknown[] = []): Promise<PersonAnswer> {
  const body = { email, name: email, grants };
  const made = await test.call<PersonAnswer>('POST', '/api/v1/people', { browser: boss, body });
  expect(made.status).toBe(201);
  return made.json;
}

const me = (browser: Browser, at = test) => at.call('GET', '/api/v1/me', { browser });
const counted = () =>
  test.records.read(systemCaller, async (tx) => ({
    people: (await tx.selectFrom('person').selectAll().execute()).length,
    sessions: (await tx.selectFrom('session').selectAll().execute()).length,
    attempts: (await tx.selectFrom('sign_in_attempt').selectAll().execute()).length,
  }));

describe('signing in through the provider', () => {
  it('is offered with the name of its button', async () => {
    const { json } = await test.call('GET', '/api/v1/sign-in');
    expect(json).toEqual({
      password: true,
      oidc: { label: 'Company account', path: '/api/v1/sign-in/oidc' },
    });
  });

  it('asks with PKCE, state and nonce, never the same, and keeps none of them readable', async () => {
    const browser = newBrowser();
    const urls = [new URL(await begin(browser)), new URL(await begin(browser))];
    for (const { searchParams } of urls)
      expect(Object.fromEntries(searchParams)).toEqual({
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: 'openid email profile',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
        state: expect.stringMatching(/^[\w-]{43}$/),
        nonce: expect.stringMatching(/^[\w-]{43}$/),
      });
    const values = ['state', 'nonce', 'code_challenge'].map((name) =>
      urls.map((url) => url.searchParams.get(name)),
    );
    for (const [one, two] of values) expect(one).not.toBe(two);
    const stored = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('sign_in_attempt').selectAll().execute(),
    );
    for (const value of values.flat()) expect(JSON.stringify(stored)).not.toContain(value);
  });

  it('links whoever was invited under the verified e-mail, and knows them by the subject from then on', async () => {
    const person = await invited('Ann@example.com', [{ role: 'accountant', scopeKind: 'all' }]);
    const first = await signIn({ sub: 'ann-1', email: 'ann@EXAMPLE.com', email_verified: true });
    expect([first.answer.status, first.answer.headers['location']]).toEqual([302, '/reports?month=2026-10']);
    expect((await me(first.browser)).json).toMatchObject({
      personId: person.id,
      permissions: { 'cost.read': {} },
    });
    expect(first.browser.cookies.has('finops_sign_in')).toBe(false);
    // Another e-mail at the provider changes nothing; the subject is who they are.
    const second = await signIn({ sub: 'ann-1', email: 'bob@example.com', email_verified: true });
    expect((await me(second.browser)).json).toMatchObject({ personId: person.id });
    const read = await test.call<PersonAnswer>('GET', `/api/v1/people/${person.id}`, { browser: boss });
    expect(read.json).toMatchObject({ provider: provider.issuer.origin, hasPassword: false });
  });

  it('stands in the audit log, the link with before and after', async () => {
    const person = await invited('logged@example.com');
    await signIn({ sub: 'logged', email: 'logged@example.com', email_verified: true });
    const rows = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('audit_log').selectAll().where('object_id', '=', person.id).orderBy('id').execute(),
    );
    expect(rows).toMatchObject([
      { action: 'person.create' },
      { action: 'person.link', before: { provider: null }, after: { provider: provider.issuer.origin } },
      { action: 'session.start', actor_name: 'logged@example.com', after: { by: 'provider' } },
    ]);
  });

  it.each([
    ['nobody invited', { sub: 'stranger', email: 'stranger@example.com', email_verified: true }],
    [
      'whose e-mail is not verified',
      { sub: 'unverified', email: 'waiting@example.com', email_verified: false },
    ],
    ['without e-mail', { sub: 'nameless' }],
    [
      'whose e-mail belongs to somebody with a password',
      { sub: 'thief', email: admin.email, email_verified: true },
    ],
    [
      'whose e-mail belongs to somebody linked already',
      { sub: 'twin', email: 'taken@example.com', email_verified: true },
    ],
    ['who is not active any more', { sub: 'left', email: 'left@example.com', email_verified: true }],
    ['whose e-mail is none', { sub: 'odd', email: "' or 1=1 --", email_verified: true }],
  ])('is refused to somebody %s, and nothing changes', async (_, account) => {
    if (account.sub === 'unverified') await invited('waiting@example.com');
    if (account.sub === 'twin') {
      await invited('taken@example.com');
      await signIn({ sub: 'first', email: 'taken@example.com', email_verified: true });
    }
    if (account.sub === 'left') {
      const { id } = await invited('left@example.com');
      const headers = { 'if-match': '*' };
      await test.call('PATCH', `/api/v1/people/${id}`, { browser: boss, body: { active: false }, headers });
    }
    const before = await counted();
    const { browser, answer } = await signIn(account);
    expect([answer.status, answer.json['code']]).toEqual([403, 'access.notInvited']);
    expect(browser.cookies.size).toBe(0);
    expect(await counted()).toEqual({ ...before, attempts: expect.any(Number) });
  });

  it('makes a person without any role where the settings say so', async () => {
    const open = await openAccessApp(settings(true));
    const account = { sub: 'new', email: 'new@example.com', email_verified: true, name: 'Nina \u0000New' };
    const { browser } = await signIn(account, newBrowser(), open);
    expect((await me(browser, open)).json).toMatchObject({
      name: 'new@example.com',
      grants: [],
      permissions: {},
    });
    const probe = await open.call('GET', '/api/v1/probe/cost', { browser });
    expect([probe.status, probe.json['code']]).toEqual([403, 'access.forbidden']);
    const taken = await signIn({ ...account, sub: 'other', email: admin.email }, newBrowser(), open);
    expect(taken.answer.json['code']).toBe('access.notInvited');
    await open.close();
  });
});

describe('what comes back from the provider', () => {
  const account = { sub: 'ann-1', email: 'ann@example.com', email_verified: true };
  const refused = async (browser: Browser, url: URL, status: number, code: string) => {
    const before = await counted();
    const answer = await finish(browser, url);
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
    const { people, sessions } = await counted();
    expect({ people, sessions }).toEqual({ people: before.people, sessions: before.sessions });
    expect(browser.cookies.has('finops_session')).toBe(false);
  };

  it('works once: the same address again is refused', async () => {
    const { url, browser } = await signIn(account);
    browser.cookies.delete('finops_session');
    await refused(browser, url, 400, 'access.unknownState');
    const copy = newBrowser();
    copy.cookies.set('finops_sign_in', 'whatever');
    await refused(copy, url, 400, 'access.unknownState');
  });

  it('works once, also when it comes many times at once', async () => {
    provider.account = account;
    const browser = newBrowser();
    const url = await provider.visit(await begin(browser));
    const browsers = Array.from({ length: 5 }, () => ({ ...browser, cookies: new Map(browser.cookies) }));
    const answers = await Promise.all(browsers.map((one) => finish(one, url)));
    expect(answers.map(({ status }) => status).sort()).toEqual([302, 400, 400, 400, 400]);
  });

  it('is refused in a browser that did not begin it, and is used up by that', async () => {
    provider.account = account;
    const [attacker, victim] = [newBrowser(), newBrowser()];
    const url = await provider.visit(await begin(attacker));
    await refused(victim, url, 403, 'access.foreignBrowser');
    await refused(attacker, url, 400, 'access.unknownState');
    await begin(victim);
    const other = await provider.visit(await begin(newBrowser()));
    await refused(victim, other, 403, 'access.foreignBrowser');
  });

  it.each([
    [
      'a state that we never sent',
      (url: URL) => url.searchParams.set('state', 'x'.repeat(43)),
      400,
      'access.unknownState',
    ],
    ['no state', (url: URL) => url.searchParams.delete('state'), 400, 'access.unknownState'],
    [
      'another code',
      (url: URL) => url.searchParams.set('code', 'x'.repeat(43)),
      403,
      'access.providerRefused',
    ],
    ['no code', (url: URL) => url.searchParams.delete('code'), 502, 'access.unfitAnswer'],
    [
      'another issuer',
      (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
      502,
      'access.unfitAnswer',
    ],
    ['the state twice', (url: URL) => url.searchParams.append('state', 'x'), 400, 'invalid'],
  ])('is refused with %s', async (_, change, status, code) => {
    provider.account = account;
    const browser = newBrowser();
    const url = await provider.visit(await begin(browser));
    change(url);
    await refused(browser, url, status, code);
  });

  it('is refused with the code of another sign-in', async () => {
    provider.account = account;
    const [one, other] = [newBrowser(), newBrowser()];
    const [mine, theirs] = [await provider.visit(await begin(one)), await provider.visit(await begin(other))];
    mine.searchParams.set('code', theirs.searchParams.get('code') ?? '');
    await refused(one, mine, 403, 'access.providerRefused');
  });

  it.each([
    ['nonce', 502, 'access.unfitAnswer'],
    ['verifier', 403, 'access.providerRefused'],
  ] as const)('is refused when the %s is not the one that we sent', async (part, status, code) => {
    provider.account = account;
    const browser = newBrowser();
    const url = await provider.visit(await begin(browser));
    await test.records.asOwner(async (tx) => {
      const rows = await tx.selectFrom('sign_in_attempt').selectAll().execute();
      for (const { state_hash, sealed } of rows) {
        const context = JSON.stringify(['sign_in_attempt', 'sealed', state_hash]);
        const proof = JSON.parse(testSealer.open(sealed, context)) as Proof;
        const other = testSealer.seal(JSON.stringify({ ...proof, [part]: 'x'.repeat(43) }), context);
        await tx
          .updateTable('sign_in_attempt')
          .set({ sealed: other as never })
          .where('state_hash', '=', state_hash)
          .execute();
      }
    });
    await refused(browser, url, status, code);
  });

  it('is refused after ten minutes, and when the person pressed cancel', async () => {
    provider.account = account;
    const late = newBrowser();
    const url = await provider.visit(await begin(late));
    test.clock.forward(600_000);
    await refused(late, url, 400, 'access.unknownState');
    provider.account = undefined;
    const cancelled = newBrowser();
    const answer = await provider.visit(await begin(cancelled));
    expect(answer.searchParams.get('error')).toBe('access_denied');
    await refused(cancelled, answer, 403, 'access.providerRefused');
  });
});

describe('where a sign-in leads', () => {
  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    'evil.example',
    '',
    '/a\r\nset-cookie: x=y',
    `/${'x'.repeat(2000)}`,
  ])('is never %j', async (returnTo) => {
    const path = `/api/v1/sign-in/oidc?returnTo=${encodeURIComponent(returnTo)}`;
    const before = await counted();
    const answer = await test.call('GET', path);
    expect(answer.status).toBe(400);
    expect(await counted()).toEqual(before);
  });

  it.each(['/', '/reports', '/a/../b?x=https://evil.example#//y'])('may be %j', async (returnTo) => {
    await begin(newBrowser(), returnTo);
  });
});

describe('a provider', () => {
  it('that does not answer is said to, and the next attempt asks it again', async () => {
    const gone = await openTestProvider(redirectUri);
    const silent: AccessSettings = {
      publicUrl,
      oidc: { ...(settings(false).oidc as NonNullable<AccessSettings['oidc']>), issuer: gone.issuer },
    };
    await gone.close();
    const app = await openAccessApp(silent);
    for (let round = 0; round < 2; round++) {
      const answer = await app.call('GET', '/api/v1/sign-in/oidc');
      expect([answer.status, answer.json['code']]).toEqual([503, 'access.providerUnavailable']);
      expect(answer.json['params']).toEqual({ reason: 'ECONNREFUSED' });
    }
    await app.close();
  });

  it('that answers for another issuer is not believed', async () => {
    const alias = new URL(provider.issuer);
    alias.hostname = 'localhost';
    const oidc = { ...(settings(false).oidc as NonNullable<AccessSettings['oidc']>), issuer: alias };
    const app = await openAccessApp({ publicUrl, oidc });
    expect((await app.call('GET', '/api/v1/sign-in/oidc')).json['code']).toBe('access.providerUnavailable');
    await app.close();
  });

  it('that is not configured is no door', async () => {
    const app = await openAccessApp();
    expect((await app.call('GET', '/api/v1/sign-in')).json).toEqual({ password: true, oidc: null });
    for (const path of ['/api/v1/sign-in/oidc', '/api/v1/sign-in/oidc/callback?code=x&state=y'])
      expect((await app.call('GET', path)).json['code']).toBe('access.noOidc');
    await app.close();
  });
});
