import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { Refusal, type SomeScope } from '../../../platform/kernel/index.ts';
import { openTestRecords, type TestRecords } from '../../../platform/records/testing/test-records.ts';
import { graphRoutes } from '../graph-routes.ts';
import type { GraphDocumentInput } from '../model.ts';
import { personOf } from './run-bench.ts';

/** An answer of the API; a refusal has its `code` and `message` in the body. */
export interface GraphAnswer {
  readonly status: number;
  /** Whatever the answer's JSON holds. */
  readonly body: ReturnType<typeof JSON.parse>;
  readonly etag: string | undefined;
}

/** The graphs over fresh records, asked by HTTP as whoever a test wants to be. */
export interface GraphBench extends TestRecords {
  readonly app: FastifyInstance;
  /** `send('PUT', '/graphs/main/draft', { document }, { ifMatch: '"v1"' })`; by a caller without limits unless named. */
  readonly send: (method: Method, path: string, body?: unknown, how?: How) => Promise<GraphAnswer>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface How {
  readonly ifMatch?: string;
  /** The caller sees this only. */
  readonly scope?: Partial<SomeScope>;
}

/** Opens it with the entities retail and labs, which have the applications shop and lab. */
export async function openGraphBench(): Promise<GraphBench> {
  const test = await openTestRecords();
  await test.records.asOwner(async (tx) => {
    const entity = { country: 'FR', currency: 'EUR', time_zone: 'UTC' };
    await tx
      .insertInto('entity')
      .values([
        { id: 'retail', label: 'Retail', ...entity },
        { id: 'labs', label: 'Labs', ...entity },
      ])
      .execute();
    await tx
      .insertInto('application')
      .values([
        { id: 'shop', label: 'Shop', entity_id: 'retail', environments: ['prod'] },
        { id: 'lab', label: 'Lab', entity_id: 'labs', environments: ['prod'] },
      ])
      .execute();
  });
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are held against their contract.
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(tellRefusal);
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    const scope = request.headers['x-scope'] as string | undefined;
    request.caller = personOf(scope === undefined ? undefined : JSON.parse(scope));
  });
  await app.register(graphRoutes, { records: async () => test.records });
  return {
    ...test,
    app,
    send: (method, path, body, how) => send(app, { method, path, body, how }),
    close: async () => {
      await app.close();
      await test.close();
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

async function send(
  app: FastifyInstance,
  asked: {
    readonly method: Method;
    readonly path: string;
    readonly body: unknown;
    readonly how: How | undefined;
  },
): Promise<GraphAnswer> {
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
  return {
    status: response.statusCode,
    body: response.json(),
    etag: response.headers['etag'] as string | undefined,
  };
}

/** A database that two products use, by their queries; nothing in it is wrong. */
export const smallGraph: GraphDocumentInput = {
  nodes: [
    { id: 'db', type: 'shared', name: 'Orders database', labels: { team: 'data' } },
    { id: 'app:shop', type: 'product', application: 'shop' },
    { id: 'app:web', type: 'product' },
  ],
  edges: [
    { from: 'db', to: 'app:shop', strategy: 'proportional', params: { metric: 'queries' } },
    { from: 'db', to: 'app:web', strategy: 'proportional', params: { metric: 'queries' } },
  ],
  groups: [{ node: 'db', fallback: 'equal' }],
  rules: [
    { id: 'tagged', where: 'Tags.app is not null', node: 'app:{Tags.app}', type: 'product' },
    { id: 'rest', node: 'db' },
  ],
  metrics: [{ id: 'queries', from: 'usage' }],
};
