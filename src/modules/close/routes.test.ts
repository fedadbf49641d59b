import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { roles } from '../../platform/access/index.ts';
import { Refusal } from '../../platform/kernel/index.ts';
import { personOf } from '../allocation/testing/run-bench.ts';
import { closeRoutes } from './routes.ts';
import { type CloseBench, ofRetail, openCloseBench } from './testing/close-bench.ts';

let bench: CloseBench;
let app: FastifyInstance;
beforeAll(async () => {
  bench = await openCloseBench();
  app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are held against their contract.
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, _, reply) =>
    error instanceof Refusal
      ? reply.code(error.status).send({ code: error.code })
      : reply
          .code((error as { readonly statusCode?: number }).statusCode ?? 500)
          .send({ message: String(error) }),
  );
  app.decorateRequest('caller');
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request) => {
    const { scope, grants } = JSON.parse(String(request.headers['x-who'] ?? '{}'));
    request.caller = personOf(scope);
    const { actor } = request.caller;
    request.principal = grants === undefined ? null : ({ actor, grants, limit: null, sources: {} } as never);
  });
  const jobs = () => Promise.reject(new Error('no run is asked for here'));
  await app.register(closeRoutes, { ...bench.world, jobs, problemOf: () => ({}) });
}, 60_000);
afterAll(async () => {
  await app.close();
  await bench.close();
});

const get = (url: string, who: object = {}) =>
  app.inject({ method: 'GET', url, headers: { 'x-who': JSON.stringify(who) } });

it('answers the books of a month, held against invoices that the address names', async () => {
  const answer = await get('/close/2026-10/check?invoice=retail-aws%3D124.00&entity=retail');
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({ balances: true, context: { month: '2026-10', run: null } });
  expect(answer.json().lines.find(({ step }: { step: string }) => step === 'invoice').state).toBe('ties');
  const refusals = [
    '/close/2026-13/check',
    '/close/2026-10/check?invoice=retail-aws',
    '/close/2026-10/check?x=1',
  ];
  for (const path of refusals) expect((await get(path)).statusCode).toBe(400);
  expect((await get('/close/2026-10/check?entity=zulu')).statusCode).toBe(404);
});

it('shows the page with a policy of its own, to each caller what is theirs', async () => {
  const page = await get('/close/2026-10/page', { scope: ofRetail });
  expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  expect(page.body).toContain('Close of 2026-10');
  expect(page.body).not.toContain('labs');
});

it('closes for those only who may publish as far as they close', async () => {
  const post = (payload: object, who: object) =>
    app.inject({
      method: 'POST',
      url: '/close/2026-10',
      payload,
      headers: { 'x-who': JSON.stringify(who) },
    });
  const reader = { grants: [{ role: 'accountant', scopeKind: 'all', scopeIds: [] }] };
  const refused = await post({}, reader);
  expect([refused.statusCode, refused.json().code]).toEqual([403, 'close.publishForbidden']);
  // With the run that is published, and to see what would happen, it takes no more than closing: these reach the queue.
  for (const body of [{ allocate: false }, { dryRun: true }])
    expect((await post(body, reader)).body).toContain('no run is asked for here');
  const closer = { grants: [{ role: 'group.controller', scopeKind: 'all', scopeIds: [] }] };
  expect((await post({}, closer)).body).toContain('no run is asked for here');
});

it('relies on roles that give bills, allocations and showback to read together', () => {
  for (const { permissions } of Object.values(roles)) {
    const has = (name: string) => (permissions as readonly string[]).includes(name);
    if (has('cost.read') || has('period.close'))
      expect([has('cost.read'), has('allocation.read'), has('showback.read')]).toEqual([true, true, true]);
  }
});
