import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { Refusal, type SomeScope } from '../../../platform/kernel/index.ts';
import { economicsRoutes } from '../economics-routes.ts';
import { recommendationRoutes } from '../recommendation-routes.ts';
import { computeAndPublish } from '../run-outcome.ts';
import { whatIfRoutes } from '../what-if-routes.ts';
import { openRunBench, personOf, type RunBench } from './run-bench.ts';

/** An answer of the API; a refusal has its `code` and `message` in the body. */
export interface AdviceAnswer {
  readonly status: number;
  /** Whatever the answer's JSON holds; the text of another answer. */
  readonly body: ReturnType<typeof JSON.parse>;
}

/** Bills, graphs and runs, and the API over what they are good for. */
export interface AdviceBench extends RunBench {
  readonly app: FastifyInstance;
  readonly get: (path: string, scope?: Partial<SomeScope>) => Promise<AdviceAnswer>;
  readonly post: (path: string, body: unknown, scope?: Partial<SomeScope>) => Promise<AdviceAnswer>;
  /** Computes and publishes a month; fails when that is refused. */
  readonly run: (month: string, graph?: string) => Promise<string>;
}

/** Opens it; see `openRunBench`. */
export async function openAdviceBench(
  sources: Parameters<typeof openRunBench>[0] = {},
): Promise<AdviceBench> {
  const bench = await openRunBench(sources);
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are held against their contract.
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, _, reply) => {
    const { statusCode = 500, message } = error as Error & { readonly statusCode?: number };
    if (error instanceof Refusal)
      return reply.code(error.status).send({ code: error.code, message, params: error.params });
    if (statusCode >= 500) process.stderr.write(`${(error as Error).stack}\n`);
    return reply
      .code(statusCode)
      .send({ code: statusCode === 400 ? 'server.invalid' : 'server.defect', message });
  });
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    const scope = request.headers['x-scope'] as string | undefined;
    request.caller = personOf(scope === undefined ? undefined : JSON.parse(scope));
  });
  const options = { workspace: bench.workspace, records: async () => bench.records };
  for (const routes of [economicsRoutes, whatIfRoutes, recommendationRoutes])
    await app.register(routes, options);

  async function send(method: 'GET' | 'POST', url: string, body?: unknown, scope?: Partial<SomeScope>) {
    const response = await app.inject({
      method,
      url,
      headers: scope === undefined ? {} : { 'x-scope': JSON.stringify(scope) },
      ...(body === undefined ? {} : { payload: body as object }),
    });
    const isJson = String(response.headers['content-type']).includes('json');
    return { status: response.statusCode, body: isJson ? response.json() : response.body };
  }

  return {
    ...bench,
    app,
    get: (path, scope) => send('GET', path, undefined, scope),
    post: (path, body, scope) => send('POST', path, body, scope),
    run: async (month, graph = 'main') => {
      const world = { workspace: bench.workspace, records: bench.records };
      const { run, refused } = await computeAndPublish(world, personOf(), { graph, month, publish: true });
      if (refused !== null) throw new Error(refused.message);
      return run;
    },
    close: async () => {
      await app.close();
      await bench.close();
    },
  };
}
