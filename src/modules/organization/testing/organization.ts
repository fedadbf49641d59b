import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { type Caller, everything, nothing, Refusal, type SomeScope } from '../../../platform/kernel/index.ts';
import { openSecrets, type Records, type Secrets } from '../../../platform/records/index.ts';
import { openTestRecords } from '../../../platform/records/testing/test-records.ts';
import { organizationRoutes } from '../routes.ts';

/** An answer of the API; a refusal has its `code` and `message` in the body. */
export interface Answer {
  readonly status: number;
  /** Whatever the answer's JSON holds. */
  readonly body: ReturnType<typeof JSON.parse>;
  readonly etag: string | undefined;
  readonly text: string;
}

/** The organization over fresh records, asked by HTTP as whoever a test wants to be. */
export interface TestOrganization {
  readonly records: Records;
  readonly secrets: Secrets;
  /** `send('PATCH', '/teams/web', { label: 'Web' }, { ifMatch: '"v1"' })`; by a caller without limits unless named. */
  readonly send: (method: Method, path: string, body?: unknown, how?: How) => Promise<Answer>;
  /** Sets the day that it is: `2026-11-21`. */
  readonly setToday: (day: string) => void;
  readonly close: () => Promise<void>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface How {
  readonly ifMatch?: string;
  /** The caller sees this only. */
  readonly scope?: Partial<SomeScope>;
}

/** Opens it on 2026-11-21, 10:00 UTC. */
export async function openTestOrganization(): Promise<TestOrganization> {
  const test = await openTestRecords();
  const folder = await mkdtemp(join(tmpdir(), 'finops-organization-'));
  const secrets = await openSecrets({
    file: join(folder, 'key'),
    environment: undefined,
    sealedWith: async () => [],
  });
  let today = '2026-11-21';
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are held against their contract.
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(tellRefusal);
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    request.caller = callerOf(request.headers['x-scope'] as string | undefined);
  });
  await app.register(organizationRoutes, {
    records: async () => test.records,
    secrets: async () => secrets,
    clock: { now: () => new Date(`${today}T10:00:00Z`) },
  });
  return {
    records: test.records,
    secrets,
    send: (method, path, body, how) => send(app, { method, path, body, how }),
    setToday: (day) => {
      today = day;
    },
    close: async () => {
      await app.close();
      await test.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const tellRefusal: Parameters<FastifyInstance['setErrorHandler']>[0] = (error, _, reply) => {
  const { statusCode = 500, message } = error as Error & { readonly statusCode?: number };
  if (error instanceof Refusal)
    return reply.code(error.status).send({ code: error.code, message, params: error.params });
  return reply
    .code(statusCode)
    .send({ code: statusCode === 400 ? 'server.invalid' : 'server.defect', message });
};

function callerOf(scope: string | undefined): Caller {
  const actor = {
    kind: 'person',
    id: 'p1',
    name: 'ann@example.com',
    address: '10.0.0.1',
    requestId: 'r1',
  } as const;
  return { actor, scope: scope === undefined ? everything : { ...nothing, ...JSON.parse(scope) } };
}

async function send(
  app: FastifyInstance,
  asked: {
    readonly method: Method;
    readonly path: string;
    readonly body: unknown;
    readonly how: How | undefined;
  },
): Promise<Answer> {
  const { method, path: url, body, how = {} } = asked;
  const headers = {
    ...(how.ifMatch === undefined ? {} : { 'if-match': how.ifMatch }),
    ...(how.scope === undefined ? {} : { 'x-scope': JSON.stringify(how.scope) }),
  };
  const response = await app.inject({
    method,
    url,
    headers,
    ...(body === undefined ? {} : { payload: body as object }),
  });
  const isJson = String(response.headers['content-type']).startsWith('application/json');
  return {
    status: response.statusCode,
    body: isJson ? response.json() : undefined,
    etag: response.headers['etag'] as string | undefined,
    text: response.body,
  };
}
