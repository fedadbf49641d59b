import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemCaller } from '../kernel/index.ts';
import { type AccessApp, admin, newBrowser, openAccessApp, operatorToken } from './testing/access-app.ts';

let test: AccessApp;
beforeAll(async () => {
  test = await openAccessApp();
});
afterAll(() => test.close());
beforeEach(async () => {
  // What one test failed counts in no other.
  test.clock.forward(24 * 3_600_000);
  expect(test.defects).toEqual([]);
});

const minute = 60_000;
const right = { email: admin.email, password: admin.password };
const wrong = { email: admin.email, password: 'not the password at all' };
const signIn = (body: unknown, remoteAddress = '198.51.100.7') =>
  test.call('POST', '/api/v1/sign-in', { body, remoteAddress });

const sessions = () =>
  test.records.read(systemCaller, (tx) => tx.selectFrom('session').selectAll().execute());

describe('signing in with a password', () => {
  it('gives a session in a cookie that no script and no other site can use', async () => {
    const answer = await signIn({ email: ' admin@EXAMPLE.com ', password: admin.password });
    expect(answer.status).toBe(200);
    expect(answer.json['person']).toMatchObject({ email: admin.email, name: admin.name });
    expect(answer.setCookies).toHaveLength(1);
    expect(answer.setCookies[0]).toMatch(
      /^finops_session=[\w-]{43}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('marks the cookie Secure when the public address is https', async () => {
    const secure = await openAccessApp({ publicUrl: 'https://finops.example.com', oidc: undefined });
    const answer = await secure.call('POST', '/api/v1/sign-in', { body: right });
    expect(answer.setCookies[0]).toContain('; Secure');
    await secure.close();
  });

  it('keeps nothing of the cookie but digests', async () => {
    const browser = await test.signIn(admin.email, admin.password);
    const [family, secret] = browser.cookies.get('finops_session')?.split('.') ?? [];
    const stored = JSON.stringify(await sessions());
    expect([family, secret]).toEqual([expect.any(String), expect.any(String)]);
    expect(stored).not.toContain(family);
    expect(stored).not.toContain(secret);
  });

  it('answers the same, and as slowly, whether the e-mail or the password is wrong', async () => {
    // The quickest of many rounds: other work on the machine makes a round slower, never quicker.
    const quickest = { known: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY };
    const answers = new Set<string>();
    for (let round = 0; round < 10; round++) {
      test.clock.forward(24 * 3_600_000);
      for (const [kind, email] of [
        ['known', admin.email],
        ['unknown', 'nobody@example.com'],
      ] as const) {
        const start = performance.now();
        const { status, json } = await signIn({ ...wrong, email });
        quickest[kind] = Math.min(quickest[kind], performance.now() - start);
        answers.add(JSON.stringify({ status, ...json }));
      }
    }
    expect([...answers]).toEqual([expect.stringContaining('"code":"access.wrongCredentials"')]);
    // Without the verification of nobody's hash the unknown one takes a fraction.
    expect(quickest.unknown / quickest.known).toBeGreaterThan(0.6);
  });

  it('begins a new session whatever cookie the browser held before', async () => {
    const browser = newBrowser();
    const planted = `${'a'.repeat(43)}.${'b'.repeat(43)}`;
    browser.cookies.set('finops_session', planted);
    await test.signIn(admin.email, admin.password, browser);
    const first = browser.cookies.get('finops_session') ?? '';
    await test.signIn(admin.email, admin.password, browser);
    const second = browser.cookies.get('finops_session') ?? '';
    const families = [planted, first, second].map((cookie) => cookie.split('.')[0]);
    expect(new Set(families).size).toBe(3);
  });

  it.each([
    ['an unknown field', { ...wrong, remember: true }],
    ['a password that is a number', { ...wrong, password: 12 }],
    ['no password', { email: wrong.email }],
    ['an e-mail of a kilobyte', { ...wrong, email: 'x'.repeat(1000) }],
  ])('refuses %s', async (_, body) => {
    expect((await signIn(body)).status).toBe(400);
  });

  it.each([
    ["' or 1=1 --"],
    ['admin@example.com\u0000'],
    ['../../admin@example.com'],
    ['%'],
    ['ADMİN@example.com'],
  ])('knows nobody called %j', async (email) => {
    const { status, json } = await signIn({ email, password: admin.password }, '198.51.100.8');
    expect([status, json['code']]).toEqual([401, 'access.wrongCredentials']);
  });

  it('is refused to a page of another site', async () => {
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const { status, json } = await test.call('POST', '/api/v1/sign-in', { body: right, headers });
    expect([status, json['code']]).toEqual([403, 'access.foreignOrigin']);
  });

  it('stands in the audit log, a failure without what was typed', async () => {
    await signIn({ email: 'my password in the wrong field', password: 'x' });
    await test.signIn(admin.email, admin.password);
    const rows = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('audit_log').selectAll().orderBy('id', 'desc').limit(2).execute(),
    );
    expect(rows).toMatchObject([
      { action: 'session.start', actor_kind: 'person', actor_name: admin.email, after: { by: 'password' } },
      { action: 'session.refuse', actor_id: 'anonymous', object_id: 'unknown', address: '198.51.100.7' },
    ]);
    expect(JSON.stringify(rows.map(({ id: _, ...row }) => row))).not.toContain('wrong field');
  });
});

describe('throttling', () => {
  it('lets five attempts fail, then makes them wait 1, 2, 4 … 15 minutes, even with the right password', async () => {
    for (let failed = 0; failed < 5; failed++) expect((await signIn(wrong)).status).toBe(401);
    const waits = [];
    for (let round = 0; round < 6; round++) {
      const refused = await signIn(right);
      expect(refused.status).toBe(429);
      expect(refused.json['code']).toBe('access.throttled');
      const seconds = Number(refused.headers['retry-after']);
      waits.push(seconds);
      test.clock.forward(seconds * 1000 - 1);
      expect((await signIn(right)).status).toBe(429);
      test.clock.forward(1);
      if (round < 5) expect((await signIn(wrong)).status).toBe(401);
    }
    expect(waits).toEqual([60, 120, 240, 480, 900, 900]);
    expect((await signIn(right)).status).toBe(200);
    expect((await signIn(wrong)).status).toBe(401);
    expect((await signIn(right)).status).toBe(200);
  });

  it('does the same for an e-mail that nobody has', async () => {
    const unknown = { ...wrong, email: 'ghost@example.com' };
    const statuses = [];
    for (let failed = 0; failed < 6; failed++) statuses.push((await signIn(unknown)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('counts thirty attempts at once as thirty', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => signIn(wrong)));
    const tried = answers.filter(({ status }) => status === 401).length;
    expect(tried).toBe(5);
  });

  it('counts an address over all e-mails, its IPv6 network as one, and this machine not at all', async () => {
    const from = (address: string, index: number) =>
      signIn({ email: `somebody${index}@example.com`, password: 'guess' }, address);
    const statuses = async (address: (index: number) => string) => {
      const found = [];
      for (let index = 0; index < 21; index++) found.push((await from(address(index), index)).status);
      return found;
    };
    expect((await statuses(() => '203.0.113.9')).indexOf(429)).toBe(20);
    test.clock.forward(24 * 60 * minute);
    expect((await statuses((index) => `2001:db8:1:2::${index.toString(16)}`)).indexOf(429)).toBe(20);
    test.clock.forward(24 * 60 * minute);
    expect((await statuses(() => '127.0.0.1')).indexOf(429)).toBe(-1);
  });
});

describe('a session', () => {
  const me = (browser: Awaited<ReturnType<AccessApp['signIn']>>) =>
    test.call('GET', '/api/v1/me', { browser });

  it('ends with a sign-out, and its cookie with it', async () => {
    const browser = await test.signIn(admin.email, admin.password);
    const copy = { ...browser, cookies: new Map(browser.cookies) };
    expect((await me(browser)).json).toMatchObject({ kind: 'person', csrfToken: browser.csrfToken });
    const out = await test.call('POST', '/api/v1/sign-out', { browser });
    expect(out.status).toBe(204);
    expect(browser.cookies.size).toBe(0);
    expect((await me(copy)).json['code']).toBe('access.sessionEnded');
  });

  it('ends after two hours without use, and after twelve in any case', async () => {
    const idle = await test.signIn(admin.email, admin.password);
    test.clock.forward(119 * minute);
    expect((await me(idle)).status).toBe(200);
    test.clock.forward(120 * minute);
    const ended = await me(idle);
    expect([ended.status, ended.json['code']]).toEqual([401, 'access.sessionEnded']);
    expect(ended.setCookies[0]).toMatch(/^finops_session=; Max-Age=0/);
    const busy = await test.signIn(admin.email, admin.password);
    const statuses = [];
    for (let hour = 0; hour < 12; hour++) {
      test.clock.forward(60 * minute);
      statuses.push((await me(busy)).status);
    }
    expect(statuses).toEqual([...Array<number>(11).fill(200), 401]);
  });

  it('changes its secret every quarter of an hour; requests on their way still come in', async () => {
    const browser = await test.signIn(admin.email, admin.password);
    const old = { ...browser, cookies: new Map(browser.cookies) };
    test.clock.forward(15 * minute);
    const [first, second] = await Promise.all([me(browser), me(old)]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect([...first.setCookies, ...second.setCookies]).toHaveLength(1);
    for (const { cookies } of [browser, old])
      expect(cookies.get('finops_session')).toMatch(/^[\w-]{43}\.[\w-]{43}$/);
    expect(browser.cookies.get('finops_session')).not.toBe(old.cookies.get('finops_session'));
  });

  it('ends when an old cookie of it is shown again, for whoever stole it and for whoever was robbed', async () => {
    const browser = await test.signIn(admin.email, admin.password);
    const stolen = { ...browser, cookies: new Map(browser.cookies) };
    test.clock.forward(15 * minute);
    expect((await me(browser)).setCookies).toHaveLength(1);
    expect((await me(browser)).status).toBe(200);
    test.clock.forward(30_000);
    expect((await test.call('POST', '/api/v1/probe/people', { browser: stolen })).status).toBe(200);
    test.clock.forward(1);
    const reused = await me(stolen);
    expect([reused.status, reused.json['code']]).toEqual([401, 'access.cookieReused']);
    expect((await me(browser)).json['code']).toBe('access.sessionEnded');
    const [logged] = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('audit_log').select(['action', 'address']).orderBy('id', 'desc').limit(1).execute(),
    );
    expect(logged).toEqual({ action: 'session.revoke', address: '127.0.0.1' });
  });

  it('survives an answer that was lost on the way with the new cookie in it', async () => {
    const browser = await test.signIn(admin.email, admin.password);
    const deaf = { ...browser, cookies: new Map(browser.cookies) };
    test.clock.forward(15 * minute);
    expect((await me(deaf)).setCookies).toHaveLength(1);
    test.clock.forward(10 * minute);
    expect((await me(browser)).setCookies).toHaveLength(1);
    expect((await me(browser)).status).toBe(200);
    // The one that was lost is an old cookie now.
    test.clock.forward(31_000);
    expect((await me(deaf)).json['code']).toBe('access.cookieReused');
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['SQL', "' or true --"],
    ['a cookie of another installation', `${'x'.repeat(43)}.${'y'.repeat(43)}`],
    ['a part of one', 'x'.repeat(43)],
  ])('is not had for %s', async (_, cookie) => {
    const browser = newBrowser();
    browser.cookies.set('finops_session', encodeURIComponent(cookie));
    const answer = await me(browser);
    expect([answer.status, answer.json['code']]).toEqual([401, 'access.sessionEnded']);
  });
});

describe('a change by cookie', () => {
  const change = (headers: Readonly<Record<string, string>>, cookies: ReadonlyMap<string, string>) =>
    test.call('POST', '/api/v1/probe/people', {
      headers: { cookie: `finops_session=${cookies.get('finops_session')}`, ...headers },
    });

  it.each([
    ['without the CSRF token', {}, 'access.noCsrfToken'],
    ['with another one', { 'x-csrf-token': 'x' }, 'access.noCsrfToken'],
    ['from another site', { 'sec-fetch-site': 'cross-site' }, 'access.foreignOrigin'],
    ['from a sibling site', { 'sec-fetch-site': 'same-site' }, 'access.foreignOrigin'],
    ['from another origin', { origin: 'https://evil.example' }, 'access.foreignOrigin'],
    ['from another port', { origin: 'http://localhost:8080' }, 'access.foreignOrigin'],
    ['from a sandboxed page', { origin: 'null' }, 'access.foreignOrigin'],
    ['from nowhere', undefined, 'access.foreignOrigin'],
  ])('is refused %s', async (_, headers, code) => {
    const { cookies, csrfToken } = await test.signIn(admin.email, admin.password);
    const token = { 'x-csrf-token': csrfToken ?? '' };
    const here = { 'sec-fetch-site': 'same-origin', origin: 'http://localhost' };
    const isAboutToken = code === 'access.noCsrfToken';
    const given =
      headers === undefined
        ? token
        : isAboutToken
          ? { ...here, ...headers }
          : { ...token, ...here, ...headers };
    const refused = await change(given as Record<string, string>, cookies);
    expect([refused.status, refused.json['code']]).toEqual([403, code]);
    expect((await change({ ...token, ...here }, cookies)).status).toBe(200);
  });

  it('is refused with the CSRF token of another session of the same person', async () => {
    const [one, other] = [
      await test.signIn(admin.email, admin.password),
      await test.signIn(admin.email, admin.password),
    ];
    const answer = await test.call('POST', '/api/v1/probe/people', {
      browser: { ...one, csrfToken: other.csrfToken },
    });
    expect([answer.status, answer.json['code']]).toEqual([403, 'access.noCsrfToken']);
  });

  it('needs nothing of that with a token instead of a cookie', async () => {
    const answer = await test.call('POST', '/api/v1/probe/people', {
      bearer: operatorToken,
    });
    expect(answer.status).toBe(200);
  });
});
