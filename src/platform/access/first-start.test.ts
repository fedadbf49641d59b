import { randomBytes } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { fastify } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemCaller } from '../kernel/index.ts';
import { openTestRecords, type TestRecords } from '../records/testing/test-records.ts';
import type { AccessContext } from './authenticate.ts';
import { addAuthentication } from './authentication.ts';
import { linkScript } from './link-page.ts';
import { makeFirstAdmin, openFirstStart } from './links.ts';
import { accessPages } from './pages.ts';
import { createPerson, setGrants } from './people.ts';
import { type MovedClock, movedClock } from './testing/access-app.ts';

let test: TestRecords;
let clock: MovedClock;
let context: AccessContext;
/** Lines of the audit log before the test. */
let logged: bigint;
const place = { address: '192.0.2.1', requestId: 'r1', userAgent: 'a browser' };
const ada = { email: 'ada@example.com', name: 'Ada', password: 'a long enough password' };

beforeAll(async () => {
  test = await openTestRecords();
});
afterAll(() => test.close());
beforeEach(async () => {
  clock = movedClock();
  context = { records: async () => test.records, clock, randomness: randomBytes };
  logged = await test.records.asOwner(async (tx) => {
    await sql`truncate person cascade`.execute(tx);
    const { last } = await tx
      .selectFrom('audit_log')
      .select(({ fn }) => fn.max('id').as('last'))
      .executeTakeFirstOrThrow();
    return last ?? 0n;
  });
});

async function aDayLater(token: string): Promise<string> {
  clock.forward(24 * 3_600_000);
  return token;
}

async function link(): Promise<string> {
  return (await openFirstStart(context))?.token ?? '';
}

describe('the first start', () => {
  it('makes one administrator, however often and at once the link is used', async () => {
    const token = await link();
    const tries = Array.from({ length: 4 }, (_, index) =>
      makeFirstAdmin(context, { ...ada, email: `ada${index}@example.com`, token }, place).then(
        () => 'made',
        (error: { readonly code: string }) => error.code,
      ),
    );
    expect((await Promise.all(tries)).sort()).toEqual([...Array<string>(3).fill('access.deadLink'), 'made']);
    const people = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('person').selectAll().execute(),
    );
    expect(people).toHaveLength(1);
    expect(await openFirstStart(context)).toBeUndefined();
  });

  it('makes older links useless once one was used: two servers that started print two', async () => {
    const [one, two] = [await link(), await link()];
    await makeFirstAdmin(context, { ...ada, token: one }, place);
    const second = makeFirstAdmin(context, { ...ada, email: 'eve@example.com', token: two }, place);
    await expect(second).rejects.toMatchObject({ code: 'access.deadLink' });
  });

  it('is over when an administrator was made in another way', async () => {
    const token = await link();
    const grants = [{ role: 'super_admin', scopeKind: 'all', scopeIds: [] }] as const;
    await createPerson(context, systemCaller, { email: 'bob@example.com', name: 'Bob', grants });
    await expect(makeFirstAdmin(context, { ...ada, token }, place)).rejects.toMatchObject({
      code: 'access.alreadyStarted',
      status: 409,
    });
  });

  it('goes on as long as nobody is administrator', async () => {
    const bob = await createPerson(context, systemCaller, {
      email: 'bob@example.com',
      name: 'Bob',
      grants: [],
    });
    await setGrants(context, systemCaller, { id: bob.id, version: null }, []);
    expect(await openFirstStart(context)).toBeDefined();
  });

  it.each([
    ['after a day', aDayLater, {}, 'access.deadLink'],
    [
      'with another secret',
      async (token: string) => `${token.slice(0, 18)}${'x'.repeat(43)}`,
      {},
      'access.deadLink',
    ],
    ['with nonsense', async () => "' or true --", {}, 'access.deadLink'],
    ['with a weak password', async (token: string) => token, { password: 'short' }, 'access.weakPassword'],
  ])('is refused %s, and changes nothing', async (_, change, given, code) => {
    const token = await change(await link());
    await expect(makeFirstAdmin(context, { ...ada, ...given, token }, place)).rejects.toMatchObject({ code });
    const people = await test.records.read(systemCaller, (tx) =>
      tx.selectFrom('person').select('id').execute(),
    );
    expect(people).toEqual([]);
    if (code === 'access.weakPassword') await makeFirstAdmin(context, { ...ada, token }, place);
  });

  it('stands in the audit log, and keeps of the link its digest only', async () => {
    const token = await link();
    await makeFirstAdmin(context, { ...ada, token }, place);
    const [rows, links] = await test.records.read(systemCaller, async (tx) => [
      await tx
        .selectFrom('audit_log')
        .select(['action', 'address', 'after'])
        .where('id', '>', logged)
        .orderBy('id')
        .execute(),
      await tx.selectFrom('one_time_link').selectAll().execute(),
    ]);
    expect(rows).toMatchObject([
      { action: 'person.create', address: '192.0.2.1', after: { email: ada.email, hasPassword: true } },
      { action: 'session.start', after: { by: 'link' } },
    ]);
    expect(JSON.stringify([rows, links])).not.toContain(token.split('.')[1]);
  });
});

describe('the pages of one-time links', async () => {
  const app = fastify();
  addAuthentication(app, async () => null);
  await app.register(accessPages);
  afterAll(() => app.close());

  it.each(['/first-start', '/set-password', '/link.js', '/link.css'])('serve %s to anyone', async (path) => {
    const answer = await app.inject(path);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'$/,
    );
  });

  it('hold no script and no style of their own, and load none from elsewhere', async () => {
    for (const path of ['/first-start', '/set-password']) {
      const { body } = await app.inject(path);
      expect(body).not.toMatch(/<script(?![^>]*\bsrc="\/link\.js")|<style|\son\w+=|style=|https?:/);
      expect(body).toContain('<html lang="en">');
      for (const [, id] of body.matchAll(/<input id="(\w+)"/g)) expect(body).toContain(`<label for="${id}">`);
    }
  });

  it('send the token in the body of one request, and take it out of the address', async () => {
    const sent: { readonly path: string; readonly body: string }[] = [];
    const page = openPage('#the-token', async (path, { body }) => {
      sent.push({ path, body });
      return { ok: true, json: async () => ({ person: { email: ada.email } }) };
    });
    expect([page.form.hidden, page.address()]).toEqual([false, '/first-start']);
    await page.submit({ ...ada, repeated: 'another one' });
    expect([sent, page.outcome()]).toEqual([[], 'The two passwords differ.']);
    await page.submit({ ...ada, repeated: ada.password });
    expect(sent.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ['/api/v1/first-start', { ...ada, token: 'the-token' }],
    ]);
    expect([page.form.hidden, page.outcome()]).toEqual([true, `Done. You are signed in as ${ada.email}.`]);
  });

  it('say what was refused, and what to do without a token or a server', async () => {
    const refusing = openPage('#x', async () => ({
      ok: false,
      json: async () => ({ detail: 'It is used.' }),
    }));
    await refusing.submit({ ...ada, repeated: ada.password });
    expect([refusing.form.hidden, refusing.outcome()]).toEqual([false, 'It is used.']);
    const gone = openPage('#x', async () => {
      throw new TypeError('fetch failed');
    });
    await gone.submit({ ...ada, repeated: ada.password });
    expect(gone.outcome()).toContain('The server does not answer');
    const bare = openPage('', async () => ({ ok: true, json: async () => ({}) }));
    expect([bare.form.hidden, bare.outcome()]).toEqual([true, expect.stringContaining('not whole')]);
  });

  it('never write what they are told into the page as HTML', () => {
    expect(linkScript).not.toMatch(/innerHTML|outerHTML|document\.write|location\.(search|href)|eval/);
  });
});

type Fetch = (
  path: string,
  init: { readonly body: string },
) => Promise<{ readonly ok: boolean; readonly json: () => Promise<unknown> }>;

/** The page's script over as much of a browser as it touches. */
function openPage(hash: string, fetch: Fetch) {
  const listeners: ((event: { preventDefault: () => void }) => Promise<void>)[] = [];
  const form = {
    hidden: true,
    dataset: { action: '/api/v1/first-start' },
    fields: {},
    querySelector: () => ({ disabled: false }),
    addEventListener: (_: string, listener: (typeof listeners)[number]) => listeners.push(listener),
  };
  const outcome = { textContent: '', className: '' };
  let address = `/first-start${hash}`;
  runInNewContext(linkScript, {
    document: { querySelector: () => form, getElementById: () => outcome },
    location: { hash, pathname: '/first-start' },
    history: { replaceState: (_: unknown, __: string, path: string) => (address = path) },
    FormData: class {
      *[Symbol.iterator]() {
        yield* Object.entries(form.fields);
      }
    },
    fetch,
  });
  return {
    form,
    outcome: () => outcome.textContent,
    address: () => address,
    submit: async (fields: Readonly<Record<string, string>>) => {
      form.fields = fields;
      for (const listener of listeners) await listener({ preventDefault: () => {} });
    },
  };
}
