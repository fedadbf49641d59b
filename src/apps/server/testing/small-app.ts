import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { type Caller, newId, nothing, type Scope } from '../../../platform/kernel/index.ts';
import { openSecrets, type Secrets } from '../../../platform/records/index.ts';
import type { TestRecords } from '../../../platform/records/testing/test-records.ts';
import { addErrorHandling } from '../error-handling.ts';
import { addIdempotency, type IdempotencyOptions } from '../idempotency.ts';

/** Callers of the tests: the header `x-caller` names one. */
export const callers: Readonly<Record<string, { readonly id: string; readonly scope: Scope }>> = {
  alice: { id: 'p1', scope: { kind: 'all' } },
  bob: { id: 'p2', scope: { ...nothing, entities: ['retail'], sources: ['retail-aws'] } },
  /** The same person after a role was taken away. */
  aliceWithLess: { id: 'p1', scope: { ...nothing, entities: ['labs'], sources: ['labs-aws'] } },
};

/** An app with the server's error handling, whose caller is who `x-caller` says; alice without the header. */
export function newSmallApp(): FastifyInstance {
  const app = fastify({ genReqId: () => newRequestId() });
  app.setValidatorCompiler(validatorCompiler);
  addErrorHandling(app, { bodyLimit: 1_048_576 });
  app.addHook('onRequest', async (request) => {
    request.caller = callerOf(request);
  });
  return app;
}

function callerOf({ id: requestId, ip: address, headers }: FastifyRequest): Caller {
  const name = String(headers['x-caller'] ?? 'alice');
  const { id, scope } = callers[name] ?? { id: name, scope: nothing };
  return { actor: { kind: 'person', id, name, address, requestId }, scope };
}

function newRequestId(): string {
  return newId({ now: () => new Date() }, randomBytes);
}

/** Secrets whose key lies beside the records of a test. */
export function openTestSecrets({ root }: Pick<TestRecords, 'root'>): Promise<Secrets> {
  return openSecrets({ file: join(root, 'secrets.key'), sealedWith: async () => [] });
}

/** What a test's route does with its caller. */
export type Work = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** A small app with Idempotency-Keys and one work, behind `POST /work` and, open to anyone, `/sign-in`. */
export async function openKeyedApp(
  test: TestRecords,
  work: Work,
  options: Partial<IdempotencyOptions> = {},
): Promise<FastifyInstance> {
  const app = newSmallApp();
  addIdempotency(app, {
    records: async () => test.records,
    secrets: () => openTestSecrets(test),
    lake: { current: async () => ({ format: 1, generation: 0, createdAt: '', partitions: [] }) as never },
    newId: newRequestId,
    ...options,
  });
  app.post('/work', { config: { open: 'signedIn' } }, work);
  app.post('/sign-in', { config: { open: 'anyone' } }, work);
  await app.ready();
  return app;
}
