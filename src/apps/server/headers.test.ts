import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { safeHeaders } from './headers.ts';
import { openTestServer, type TestServer } from './testing/test-server.ts';

const token = 'token-of-the-operator-0815';
let direct: TestServer;
let proxied: TestServer;

beforeAll(async () => {
  direct = await openTestServer({ env: { FINOPS_SERVER_TOKEN: token, FINOPS_SERVER_RATE_LIMIT: '30' } });
  proxied = await openTestServer({
    env: {
      FINOPS_SERVER_TOKEN: token,
      FINOPS_SERVER_TRUST_PROXY: '127.0.0.1',
      FINOPS_SERVER_PUBLIC_URL: 'https://finops.example.com',
    },
  });
});
afterAll(async () => {
  await direct.close();
  await proxied.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** As it is written: `fetch` would mend paths and set headers of its own. */
function get(
  { server }: TestServer,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

const asOwner = ({ secret }: TestServer) => ({ authorization: `Bearer ${secret}` });

describe('every answer of a server', () => {
  it.each([
    ['/api/v1/sources', 200],
    ['/api/v1/nothing', 404],
    ['/api/v1/rows/%zz', 400],
    ['/api/v1/periods/saas/2026-13', 400],
    ['/healthz', 200],
    ['/nothing', 404],
  ])('of %s (%i) has the headers that keep a browser from using it', async (path, status) => {
    const answer = await get(direct, path, asOwner(direct));
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(safeHeaders);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.headers['x-powered-by']).toBeUndefined();
  });

  it('is refused to a stranger with the same headers, and is for nobody else’s cache', async () => {
    const answer = await get(direct, '/api/v1/sources');
    expect([answer.status, answer.headers]).toEqual([401, expect.objectContaining(safeHeaders)]);
    expect(answer.headers).toMatchObject({
      'cache-control': 'private, no-cache',
      vary: 'authorization, cookie',
      'strict-transport-security': 'max-age=31536000',
    });
  });

  it('that is a page has the policy of the page', async () => {
    const { headers } = await get(direct, '/first-start');
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(headers['x-frame-options']).toBe('DENY');
  });

  it('has the id of its request', async () => {
    const { headers } = await get(direct, '/healthz', { 'x-request-id': 'a.b-c_1' });
    expect(headers['x-request-id']).toBe('a.b-c_1');
  });
});

describe('a server behind a proxy', () => {
  const forwarded = (host: string) => ({
    ...asOwner(proxied),
    'x-forwarded-host': host,
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '198.51.100.7',
  });

  it('answers for its public name and this machine, for no other', async () => {
    const statuses = ['finops.example.com', 'localhost', 'evil.example.com'].map(
      async (host) => (await get(proxied, '/api/v1/sources', forwarded(host))).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 403]);
  });

  it('believes no address without being told to', async () => {
    const answer = await get(direct, '/api/v1/sources', {
      ...forwarded('evil.example.com'),
      ...asOwner(direct),
    });
    expect(answer.status).toBe(200);
  });
});

describe('the figures', () => {
  it('are open where only this machine can ask', async () => {
    expect((await get(direct, '/metrics')).status).toBe(200);
  });

  it('need system.manage where others can: the server’s token will do', async () => {
    expect((await get(proxied, '/metrics')).status).toBe(401);
    expect((await get(proxied, '/metrics', { authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it('tell of the records, the runs, the audit log and what was refused', async () => {
    await get(direct, '/api/v1/imports/nope', asOwner(direct));
    const { text } = await get(direct, '/metrics');
    for (const line of [
      /^finops_records_up 1$/m,
      /^finops_records_connections\{state="busy"\} \d+$/m,
      /^finops_records_waiting 0$/m,
      /^finops_records_transactions_total\{end="committed"\} [1-9]\d*$/m,
      /^finops_records_transaction_seconds_total \d+\.\d+$/m,
      /^finops_audit_unsealed_seconds [\d.]+$/m,
      /^finops_problems_total\{code="ingestion.unknownImport"\} [1-9]\d*$/m,
    ])
      expect(text).toMatch(line);
  });
});

describe('the limit of requests', () => {
  it('is that of server.rateLimit', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 32; i++) statuses.push((await get(direct, '/api/v1/sign-in')).status);
    const refused = await get(direct, '/api/v1/sign-in');
    expect([new Set(statuses), refused.status]).toEqual([new Set([200, 429]), 429]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await get(direct, '/healthz')).status).toBe(200);
    expect((await get(direct, '/api/v1/sources', asOwner(direct))).status).toBe(200);
    expect((await get(direct, '/api/v1/sources', { authorization: 'Bearer bad' })).status).toBe(429);
  });
});
