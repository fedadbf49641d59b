import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, serve } from './serve.ts';
import { findServer, readServerFile, serverFilePath } from './server-file.ts';

const token = 'a token of the operator, long enough'.replaceAll(' ', '-');
let folder: string;
let root: string;
let workspace: Workspace;
let server: RunningServer;
let secret: string;

let prepared: PreparedRecords;

function configWith(env: Readonly<Record<string, string>> = {}) {
  return loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env, ...env }, cwd: folder });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-serve-'));
  root = join(folder, 'data');
  workspace = openWorkspace({ root, threads: 1 });
  prepared = await prepareTestRecords(root);
  const config = configWith({ FINOPS_SERVER_TOKEN: token, FINOPS_IMPORT_ROOTS: join(folder, 'allowed') });
  server = await serve({ workspace, config });
  secret = (await readServerFile(root))?.secret ?? '';
  await writeBill('allowed/saas-2026-10.csv', '10.5');
  await writeBill('elsewhere/other-2026-10.csv', '1');
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

async function writeBill(name: string, cost: string): Promise<void> {
  const { mkdir } = await import('node:fs/promises');
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, csv(focus({ BilledCost: cost, EffectiveCost: cost })));
}

function ask(
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
}

interface Answer {
  readonly code?: string;
  readonly totals?: unknown;
  readonly imports?: readonly { readonly status: string }[];
}

async function jsonOf(answer: Response): Promise<Answer> {
  return (await answer.json()) as Answer;
}

describe('who may call', () => {
  it.each([
    ['nobody', {}, 'access.unauthorized'],
    ['a wrong token', { authorization: 'Bearer wrong' }, 'access.badToken'],
    ['another scheme', { authorization: `Basic ${token}` }, 'access.unauthorized'],
  ])('is not %s', async (_, headers, code) => {
    const answer = await fetch(`${server.url}/api/v1/sources`, { headers });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await jsonOf(answer)).code).toBe(code);
    expect((await fetch(`${server.url}/api/openapi.json`, { headers })).status).toBe(401);
  });

  it('is the bearer of the token or of the secret in the workspace; health is open', async () => {
    for (const good of [token, secret]) {
      expect((await ask('/api/v1/sources', undefined, { authorization: `Bearer ${good}` })).status).toBe(200);
    }
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it('is no web page that gave its own name to this address', async () => {
    const { port } = new URL(server.url);
    const statusFor = (host: string) =>
      new Promise((resolve) => {
        const headers = { host, authorization: `Bearer ${token}` };
        request({ port, path: '/api/v1/sources', headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        }).end();
      });
    const hosts = [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      `localhost:${port}`,
      '[::1]',
    ];
    expect(await Promise.all(hosts.map(statusFor))).toEqual([403, 403, 403, 200, 200]);
  });

  it('gets every answer with the headers that keep a browser from using it', async () => {
    const { headers } = await fetch(`${server.url}/api/v1/sources`);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('imports over HTTP', () => {
  it('run in a process of their own and stream their progress', async () => {
    const body = { path: join(folder, 'allowed', 'saas-2026-10.csv') };
    const answer = await ask('/api/v1/imports', body, { accept: 'application/x-ndjson' });
    const lines = (await answer.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.at(-1).result.imports).toMatchObject([
      { source: 'saas', billedCost: '10.5', status: 'imported' },
    ]);
    const query = { measures: [{ sum: 'BilledCost' }] };
    expect((await jsonOf(await ask('/api/v1/cost-queries', query))).totals).toEqual({ BilledCost: '10.5' });
  });

  it('stand in a queue: two at once both come in', async () => {
    await writeBill('allowed/one-2026-10.csv', '1');
    await writeBill('allowed/two-2026-10.csv', '2');
    const answers = await Promise.all(
      ['one', 'two'].map((name) =>
        ask('/api/v1/imports', { path: join(folder, 'allowed', `${name}-2026-10.csv`) }),
      ),
    );
    const results = await Promise.all(answers.map(jsonOf));
    expect(results.map(({ imports }) => imports?.[0]?.status)).toEqual(['imported', 'imported']);
  });

  it.each([
    ['a file outside the roots', { path: 'elsewhere/other-2026-10.csv' }, 'objects.outsideRoots'],
    [
      'a file that is not there, outside the roots',
      { path: 'elsewhere/nothing.csv' },
      'objects.outsideRoots',
    ],
    ['a way out of the roots', { path: 'allowed/../elsewhere/other-2026-10.csv' }, 'objects.outsideRoots'],
    [
      'a mapping outside the roots',
      { path: 'allowed/saas-2026-10.csv', as: 'mapping:elsewhere/m.json' },
      'objects.outsideRoots',
    ],
    ['a bucket of no export', { path: 's3://somebody/else' }, 'ingestion.foreignBucket'],
  ])('do not read %s', async (_, { path, ...rest }, code) => {
    const absolute = (text: string) => (text.startsWith('s3:') ? text : join(folder, text));
    const as = 'as' in rest ? { as: `mapping:${absolute(rest.as.slice('mapping:'.length))}` } : {};
    const answer = await ask('/api/v1/imports', { path: absolute(path), ...as });
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([403, code]);
  });

  it('read whatever the account can read when the owner of the workspace asks', async () => {
    const body = { path: join(folder, 'elsewhere', 'other-2026-10.csv') };
    const answer = await ask('/api/v1/imports', body, { authorization: `Bearer ${secret}` });
    expect((await jsonOf(answer)).imports).toMatchObject([{ source: 'other', status: 'imported' }]);
  });

  it('are stopped when the caller hangs up, and the next one comes in', async () => {
    const hangUp = new AbortController();
    await writeBill('allowed/left-2026-10.csv', '7');
    const body = { path: join(folder, 'allowed', 'left-2026-10.csv') };
    const left = fetch(`${server.url}/api/v1/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: hangUp.signal,
    });
    await sleep(150);
    hangUp.abort();
    await expect(left).rejects.toThrow();
    expect((await jsonOf(await ask('/api/v1/imports', body))).imports).toMatchObject([{ source: 'left' }]);
  });
});

describe('a server that stops', () => {
  it('ends a running import, which changes nothing', async () => {
    const data = join(folder, 'stopping');
    const own = openWorkspace({ root: data, threads: 1 });
    const stopping = await serve({ workspace: own, config: configWith() });
    const owner = (await readServerFile(data))?.secret ?? '';
    const answer = fetch(`${stopping.url}/api/v1/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${owner}`, 'content-type': 'application/json' },
      body: JSON.stringify({ path: join(folder, 'allowed', 'saas-2026-10.csv') }),
    });
    await sleep(200);
    await stopping.close();
    const { status } = await answer;
    expect([status, (await own.lake.current()).generation]).toEqual([503, 0]);
    await own.close();
  });
});

describe('one server per workspace', () => {
  it('leaves its address for its owner only', async () => {
    const { mode } = await stat(serverFilePath(root));
    expect(mode & 0o777).toBe(0o600);
    expect(await findServer(root)).toMatchObject({ url: server.url, pid: process.pid });
  });

  it('refuses a second one', async () => {
    const second = serve({ workspace, config: configWith() });
    await expect(second).rejects.toMatchObject({ code: 'server.running', exitCode: 7 });
    expect(await findServer(root)).toMatchObject({ url: server.url });
  });

  it('takes the place of one that was killed, and leaves nothing behind', async () => {
    const data = join(folder, 'left-behind');
    const own = openWorkspace({ root: data, threads: 1 });
    const stale = { url: server.url, pid: 1, instance: 'another', secret: 'x' };
    const { mkdir } = await import('node:fs/promises');
    await mkdir(data, { recursive: true });
    await writeFile(serverFilePath(data), JSON.stringify(stale));
    expect(await findServer(data)).toBeUndefined();
    const next = await serve({ workspace: own, config: configWith() });
    expect(await findServer(data)).toMatchObject({ url: next.url });
    await next.close();
    await own.close();
    await expect(readFile(serverFilePath(data))).rejects.toThrow('ENOENT');
    await expect(fetch(next.url)).rejects.toThrow();
  });

  it.each([
    [{ FINOPS_SERVER_HOST: '0.0.0.0' }, 'server.openToAll'],
    [{ FINOPS_SERVER_HOST: 'example.org' }, 'server.openToAll'],
    [{ FINOPS_SERVER_TOKEN: 'short' }, 'server.weakToken'],
    [{ FINOPS_SERVER_HOST: '192.0.2.1', FINOPS_SERVER_TOKEN: token }, 'server.cannotListen'],
  ])('does not start with %j', async (env, code) => {
    const other = openWorkspace({ root: join(folder, 'never'), threads: 1 });
    await expect(serve({ workspace: other, config: configWith(env) })).rejects.toMatchObject({ code });
    await other.close();
  });
});
