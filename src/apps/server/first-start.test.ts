import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../platform/config/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { createLogger } from './log.ts';
import { type RunningServer, serve } from './serve.ts';

let root: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;
const log: string[] = [];

async function start(): Promise<RunningServer> {
  const config = loadConfig({ env: { FINOPS_SERVER_PORT: '0', ...prepared.env }, cwd: root });
  const logger = createLogger({ level: 'info', write: (line) => log.push(line) });
  return await serve({ workspace, config, logger });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'finops-first-start-'));
  prepared = await prepareTestRecords(root);
  workspace = openWorkspace({ root, threads: 1 });
  server = await start();
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(root, { recursive: true, force: true });
});

/** As a page of this server would. */
async function ask(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(`${server.url}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json', origin: server.url }),
      ...headers,
    },
  });
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : {} };
}

describe('the first start of a server', () => {
  it('gives a link whose page makes the administrator, who may then work by cookie', async () => {
    const link = new URL(server.firstStart ?? '');
    expect(link.origin).toBe(server.url);
    const page = await ask(link.pathname);
    expect(page.text).toContain('Create the first administrator');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    for (const path of ['/link.js', '/link.css']) expect((await ask(path)).status).toBe(200);

    const ada = { email: 'ada@example.com', name: 'Ada', password: 'a long enough password' };
    const made = await ask('/api/v1/first-start', { ...ada, token: link.hash.slice(1) });
    expect([made.status, made.json.person?.email]).toEqual([200, ada.email]);
    const cookie = made.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await ask('/api/v1/me', undefined, { cookie })).json).toMatchObject({
      kind: 'person',
      name: ada.email,
    });
    const bob = { email: 'bob@example.com', name: 'Bob' };
    const csrf = { cookie, 'x-csrf-token': made.json.csrfToken };
    expect((await ask('/api/v1/people', bob, { cookie })).json.code).toBe('access.noCsrfToken');
    expect((await ask('/api/v1/people', bob, csrf)).status).toBe(201);

    const again = await ask('/api/v1/first-start', {
      ...ada,
      email: 'eve@example.com',
      token: link.hash.slice(1),
    });
    expect([again.status, again.json.code]).toEqual([410, 'access.deadLink']);
    const wrong = { email: ada.email, password: 'not the password at all' };
    const statuses = [];
    for (let failed = 0; failed < 6; failed++) statuses.push((await ask('/api/v1/sign-in', wrong)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await ask('/api/v1/sign-in', wrong)).headers.get('retry-after')).toMatch(/^(60|5\d)$/);
    const [family = ''] = cookie.replace('finops_session=', '').split('.');
    for (const secret of [link.hash.slice(1), ada.password, family, made.json.csrfToken, 'not the password'])
      expect(log.join('\n')).not.toContain(secret);
    expect(log.join('\n')).toContain('/api/v1/first-start');
  });

  it('happens once: the next start gives no link', async () => {
    await server.close();
    server = await start();
    expect(server.firstStart).toBeUndefined();
  });
});
