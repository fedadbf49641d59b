import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { createLogger } from './log.ts';
import { openTestServer, type TestServer } from './testing/test-server.ts';

const password = 'correct horse battery staple';
const lines: string[] = [];
/** Everything that was shown to the server and must stay with it. */
const secrets: string[] = [password, 'CODE-of-the-provider', 'STATE-of-the-sign-in', 'p4ssw0rd-in-a-url'];
let test: TestServer;

beforeAll(async () => {
  const logger = createLogger({ level: 'debug', write: (line) => lines.push(line) });
  test = await openTestServer({ logger, env: { FINOPS_SERVER_TOKEN: 'token-of-the-operator-0815' } });
  secrets.push(test.secret, 'token-of-the-operator-0815');
});
afterAll(() => test.close());

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const answer = await fetch(`${test.server.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  await answer.clone().text();
  return answer;
}

function idOf(answer: Response): string {
  return answer.headers.get('x-request-id') ?? '';
}

/** What was logged of requests so far. */
function answered(): { readonly [name: string]: unknown }[] {
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'answered');
}

describe('the log of a server', () => {
  it('tells every request and none of its secrets: first start, sign-in, tokens, providers, imports', async () => {
    const token = test.server.firstStart?.split('#')[1] ?? '';
    const email = 'ann@example.com';
    const started = await send('POST', '/api/v1/first-start', { token, email, name: 'Ann', password });
    expect(started.status).toBe(200);
    const cookie = started.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const { csrfToken } = (await started.json()) as { csrfToken: string };
    secrets.push(token, token.split('.')[1] ?? '', cookie.split('=')[1] ?? '', csrfToken);

    const session = { cookie, 'x-csrf-token': csrfToken, origin: test.server.url };
    expect((await send('GET', '/api/v1/me', undefined, session)).status).toBe(200);
    const made = await send(
      'POST',
      '/api/v1/tokens',
      {
        name: 'night',
        grant: { role: 'accountant' },
        expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
      },
      session,
    );
    expect(made.status).toBe(201);
    const { secret: apiToken = '' } = (await made.json()) as { secret?: string };
    const asked = [
      await send('POST', '/api/v1/sign-in', { email, password: `${password}!` }),
      await send('POST', '/api/v1/sign-in', `{"email":"${email}","password":"${password}"`),
      await send('GET', '/api/v1/sign-in/oidc/callback?code=CODE-of-the-provider&state=STATE-of-the-sign-in'),
      await send('GET', '/api/v1/sources', undefined, { authorization: `Bearer ${apiToken}` }),
      await send('GET', '/api/v1/sources', undefined, { authorization: 'Bearer p4ssw0rd-in-a-url' }),
      await send('GET', `/api/v1/sources?access_token=${test.secret}`, undefined, {
        authorization: `Bearer ${test.secret}`,
      }),
      await send(
        'POST',
        '/api/v1/imports',
        { path: 'https://ann:p4ssw0rd-in-a-url@bills.example.com/x.csv' },
        { authorization: `Bearer ${test.secret}` },
      ),
      await send('POST', '/api/v1/sign-out', {}, session),
    ];
    secrets.push(apiToken, apiToken.slice(-43));
    expect(secrets.every((text) => text.length > 8)).toBe(true);

    await expect.poll(() => answered().length).toBe(asked.length + 3);
    for (const answer of asked)
      expect(answered().filter(({ reqId }) => reqId === idOf(answer))).toHaveLength(1);
    for (const secret of secrets) expect(lines.filter((line) => line.includes(secret))).toEqual([]);
  });

  it('tells of an import what became of it', async () => {
    await writeFile(join(test.folder, 'saas-2026-10.csv'), csv(focus({ BilledCost: '1' })));
    const answer = await send(
      'POST',
      '/api/v1/imports',
      { path: join(test.folder, 'saas-2026-10.csv') },
      { authorization: `Bearer ${test.secret}` },
    );
    await expect
      .poll(() => answered().find(({ reqId }) => reqId === idOf(answer)))
      .toMatchObject({ method: 'POST', url: '/api/v1/imports', status: 200, caller: 'owner local-owner' });
  });

  it('has the id that the caller gave, when it is fit for a log', async () => {
    const given = await send('GET', '/healthz', undefined, { 'x-request-id': 'deploy-7.check_1' });
    expect(idOf(given)).toBe('deploy-7.check_1');
    for (const unfit of ['two words', 'x'.repeat(65), '"},{"level":60', '../etc'])
      expect(idOf(await send('GET', '/healthz', undefined, { 'x-request-id': unfit }))).toMatch(
        /^[0-9a-z]{17}$/,
      );
    await expect.poll(() => answered().some(({ reqId }) => reqId === 'deploy-7.check_1')).toBe(true);
  });
});

describe('an error in the log', () => {
  /** As libraries throw them: with the request that failed, and what was behind it. */
  function terribleError(): Error {
    const cause = new Error('connect postgres://finops:hunter2-of-the-db@db:5432/finops failed');
    return Object.assign(new Error('Bearer hunter2-of-the-header was refused', { cause }), {
      sql: 'select 1',
      config: {
        url: 'https://example.com/callback?code=hunter2-of-the-code&page=2',
        headers: { Authorization: 'Basic hunter2-of-the-user', accept: 'x' },
        deeper: [{ client_secret: 'hunter2-of-the-client', 'set-cookie': ['a=hunter2-of-the-cookie'] }],
      },
      response: { refresh_token: 'hunter2-of-the-token', passwordHash: 'hunter2-of-the-hash' },
    });
  }

  function logged(
    make: (write: (line: string) => void) => { error: (fields: object, text: string) => void },
  ) {
    const written: string[] = [];
    make((line) => written.push(line)).error({ err: terribleError(), run: 'r1' }, 'it failed');
    return written.join('');
  }

  it('keeps its message, stack and statement, and loses the secrets that stand in it', () => {
    const line = logged((write) => createLogger({ level: 'info', write }));
    expect(line).not.toContain('hunter2');
    expect(JSON.parse(line)).toMatchObject({
      msg: 'it failed',
      run: 'r1',
      err: {
        sql: 'select 1',
        message: expect.stringContaining('[hidden] was refused'),
        stack: expect.stringContaining('log.test.ts'),
        config: { url: expect.stringContaining('page=2'), headers: { accept: 'x' } },
      },
    });
    expect(line).toContain('postgres://finops:[hidden]@db');
  });

  it('would tell all of them without this', () => {
    const line = logged((write) => pino({}, { write }));
    expect(line.match(/hunter2-of-the-\w+/g)?.length).toBeGreaterThanOrEqual(8);
  });

  it('is written also when it holds itself, or a number that JSON has not', () => {
    const error = Object.assign(new Error('round'), { count: 3n }) as Error & { self?: unknown };
    error.self = { error };
    const written: string[] = [];
    createLogger({ level: 'info', write: (line) => written.push(line) }).error({ err: error }, 'x');
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ err: { message: 'round', count: '3' } });
  });
});
