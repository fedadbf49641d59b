import type { FastifyInstance } from 'fastify';
import { fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { type Actor, everything } from '../../platform/kernel/index.ts';
import { addErrorHandling } from './error-handling.ts';
import { errors } from './errors.ts';
import { addRateLimits } from './rate-limits.ts';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

/** Callers are who `authorization` says; `stranger` has a bad token, nobody is anonymous. */
async function appWith(perMinute: number, trustProxy: string[] | false = false): Promise<FastifyInstance> {
  const app = fastify({ trustProxy });
  apps.push(app);
  addErrorHandling(app, { bodyLimit: 1_048_576 });
  await addRateLimits(app, { perMinute });
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    // As a token would: it names its owner.
    const name = request.headers.authorization;
    if (name === 'stranger') throw errors.strangeHost({ host: 'x' });
    const kind = name === 'owner' ? 'owner' : name === undefined ? 'system' : 'person';
    const actor: Actor = { kind, id: `${name}`, name: `${name}`, address: request.ip, requestId: request.id };
    request.caller = { actor, scope: everything };
  });
  const answer = async () => ({ done: true });
  app.get('/api/v1/x', { config: { open: 'signedIn' } }, answer);
  app.post('/api/v1/sign-in', { config: { open: 'anyone' } }, answer);
  app.get('/healthz', { config: { open: 'anyone', rateLimit: false } }, answer);
  await app.ready();
  return app;
}

interface Ask {
  readonly caller?: string;
  readonly address?: string;
  readonly forwarded?: string;
  readonly url?: string;
  readonly method?: 'GET' | 'POST';
}

async function ask(app: FastifyInstance, { caller, address, forwarded, url, method }: Ask = {}) {
  const answer = await app.inject({
    method: method ?? 'GET',
    url: url ?? '/api/v1/x',
    remoteAddress: address ?? '192.0.2.1',
    headers: {
      ...(caller === undefined ? {} : { authorization: caller }),
      ...(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }),
    },
  });
  return { status: answer.statusCode, headers: answer.headers, json: () => answer.json() };
}

async function statuses(app: FastifyInstance, times: number, how: Ask | ((i: number) => Ask)) {
  const seen: number[] = [];
  for (let i = 0; i < times; i++)
    seen.push((await ask(app, typeof how === 'function' ? how(i) : how)).status);
  return seen;
}

describe('the limit of requests a minute', () => {
  it('refuses a caller who asks more often, and says when to come again', async () => {
    const app = await appWith(3);
    expect(await statuses(app, 4, { caller: 'ann' })).toEqual([200, 200, 200, 429]);
    const refused = await ask(app, { caller: 'ann' });
    expect(refused.json()).toMatchObject({ code: 'server.tooMany', params: { limit: 3 } });
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers['content-type']).toContain('application/problem+json');
  });

  it('counts each caller alone, wherever they ask from', async () => {
    const app = await appWith(2);
    expect(await statuses(app, 3, (i) => ({ caller: 'ann', address: `192.0.2.${i}` }))).toEqual([
      200, 200, 429,
    ]);
    expect((await ask(app, { caller: 'ben' })).status).toBe(200);
  });

  it('counts strangers by their address, an IPv6 household as one', async () => {
    const app = await appWith(2);
    expect(await statuses(app, 3, {})).toEqual([200, 200, 429]);
    expect((await ask(app, { address: '192.0.2.2' })).status).toBe(200);
    const household = (i: number) => ({ address: `2001:db8:0:1::${i + 1}` });
    expect(await statuses(app, 3, household)).toEqual([200, 200, 429]);
    expect((await ask(app, { address: '2001:db8:0:2::1' })).status).toBe(200);
  });

  it('counts bad tokens by address, and looks up nobody from there when they were too many', async () => {
    const app = await appWith(3);
    expect((await ask(app, { caller: 'known before' })).status).toBe(200);
    expect(await statuses(app, 5, { caller: 'stranger' })).toEqual([403, 403, 403, 429, 429]);
    expect((await ask(app, { caller: 'ann' })).status).toBe(429);
    expect((await ask(app, { caller: 'ann', address: '192.0.2.9' })).status).toBe(200);
    expect((await ask(app, { caller: 'known before' })).status).toBe(200);
  });

  it('counts what is asked where nothing is', async () => {
    const app = await appWith(2);
    expect(await statuses(app, 3, { url: '/api/v1/nothing' })).toEqual([404, 404, 429]);
  });

  it('does not count the owner of the workspace, nor the questions of whoever watches the process', async () => {
    const app = await appWith(2);
    expect(new Set(await statuses(app, 9, { caller: 'owner' }))).toEqual(new Set([200]));
    expect(new Set(await statuses(app, 9, { url: '/healthz' }))).toEqual(new Set([200]));
    expect(await statuses(app, 3, {})).toEqual([200, 200, 429]);
    expect((await ask(app, { url: '/healthz' })).status).toBe(200);
  });

  it('is lower where strangers sign in', async () => {
    const app = await appWith(1000);
    const signIns = await statuses(app, 121, { url: '/api/v1/sign-in', method: 'POST' });
    expect(signIns.filter((status) => status === 429)).toHaveLength(1);
    expect((await ask(app)).status).toBe(200);
  });

  it('can be off', async () => {
    const app = await appWith(0);
    expect(new Set(await statuses(app, 200, { url: '/api/v1/sign-in', method: 'POST' }))).toEqual(
      new Set([200]),
    );
  });
});

describe('the address of a caller', () => {
  it('is not what X-Forwarded-For says, unless a trusted proxy said so', async () => {
    const direct = await appWith(2);
    const pretending = (i: number) => ({ forwarded: `198.51.100.${i}` });
    expect(await statuses(direct, 3, pretending)).toEqual([200, 200, 429]);
    const behind = await appWith(2, ['192.0.2.0/24']);
    expect(await statuses(behind, 3, pretending)).toEqual([200, 200, 200]);
    expect(await statuses(behind, 3, { forwarded: '198.51.100.9' })).toEqual([200, 200, 429]);
    const elsewhere = await statuses(behind, 3, (i) => ({ ...pretending(i), address: '203.0.113.5' }));
    expect(elsewhere).toEqual([200, 200, 429]);
  });
});
