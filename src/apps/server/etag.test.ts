import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../platform/warehouse/index.ts';
import { errors } from './errors.ts';
import { addEtags } from './etag.ts';
import { newSmallApp } from './testing/small-app.ts';

let app: FastifyInstance;
let manifest: Manifest;
let worked = 0;

beforeAll(async () => {
  app = newSmallApp();
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['x-caller'] === 'stranger') throw errors.strangeHost({ host: 'x' });
  });
  addEtags(app, { current: async () => manifest }, '1.0.0');
  const answer = async () => ({ worked: ++worked });
  for (const path of ['/api/v1/periods', '/api/v1/applications'])
    app.get(path, { config: { open: 'signedIn' } }, answer);
  app.get('/api/v1/imports/:id', { config: { open: 'signedIn' } }, async () => {
    throw errors.badRequest({ problem: 'refused' });
  });
  manifest = { generation: 3, createdAt: '2026-10-01T00:00:00.000Z', partitions: [] } as never;
  await app.ready();
});
afterAll(() => app.close());

async function get(headers: Readonly<Record<string, string>> = {}, url = '/api/v1/periods') {
  const { statusCode, headers: answered } = await app.inject({ method: 'GET', url, headers });
  return { status: statusCode, etag: answered['etag'] as string | undefined, vary: answered['vary'] };
}

describe('the ETag of what is read from the lake', () => {
  it('spares a client what it has seen, and the server the work', async () => {
    const { etag = '' } = await get();
    const before = worked;
    expect(await get({ 'if-none-match': `"other", ${etag}` })).toMatchObject({ status: 304, etag });
    expect(worked).toBe(before);
  });

  it('changes with the lake', async () => {
    const { etag = '' } = await get();
    manifest = { ...manifest, generation: 4 };
    expect((await get({ 'if-none-match': etag })).status).toBe(200);
    const later = await get();
    manifest = { ...manifest, createdAt: '2026-10-02T00:00:00.000Z' };
    expect((await get({ 'if-none-match': later.etag ?? '' })).status).toBe(200);
  });

  it('is another one for a caller who sees something else at the same address', async () => {
    const alice = await get({ 'x-caller': 'alice' });
    const bob = await get({ 'x-caller': 'bob', 'if-none-match': alice.etag ?? '' });
    expect([bob.status, bob.etag === alice.etag]).toEqual([200, false]);
    expect(alice.vary).toBe('authorization, cookie');
    const less = await get({ 'x-caller': 'aliceWithLess', 'if-none-match': alice.etag ?? '' });
    expect(less.status).toBe(200);
  });

  it('tells nothing to a caller who may not read', async () => {
    const { etag = '' } = await get();
    const stranger = await get({ 'x-caller': 'stranger', 'if-none-match': etag });
    expect([stranger.status, stranger.etag]).toEqual([403, undefined]);
    expect((await get({ 'x-caller': 'stranger', 'if-none-match': '*' })).status).toBe(403);
  });

  it('stands on no refusal, and not on what is read from the records', async () => {
    expect(await get({}, '/api/v1/imports/x')).toMatchObject({ status: 400, etag: undefined });
    const records = await get({ 'if-none-match': '*' }, '/api/v1/applications');
    expect([records.status, records.etag]).toEqual([200, undefined]);
  });
});
