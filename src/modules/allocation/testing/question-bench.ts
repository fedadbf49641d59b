import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { Refusal, type SomeScope } from '../../../platform/kernel/index.ts';
import { economicsRoutes } from '../economics-routes.ts';
import { allocationExportRoutes } from '../export-routes.ts';
import { allocationResultRoutes } from '../parity-routes.ts';
import { allocationQuestionRoutes } from '../question-routes.ts';
import { recommendationRoutes } from '../recommendation-routes.ts';
import { computeAndPublish } from '../run-outcome.ts';
import { whatIfRoutes } from '../what-if-routes.ts';
import { openRunBench, personOf, type RunBench } from './run-bench.ts';

/** An answer of the API; a refusal has its `code` and `message` in the body, a file is its bytes. */
export interface QuestionAnswer {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Bills, graphs, runs, and the API over their results and what they are good for. */
export interface QuestionBench extends RunBench {
  readonly app: FastifyInstance;
  readonly get: (path: string, scope?: Partial<SomeScope>) => Promise<QuestionAnswer>;
  readonly post: (path: string, body: unknown, scope?: Partial<SomeScope>) => Promise<QuestionAnswer>;
  /** Computes a month and publishes it unless told not to; the run's id. */
  readonly run: (
    month: string,
    how?: { readonly graph?: string; readonly publish?: boolean },
  ) => Promise<string>;
}

/** Opens it; see `openRunBench`. */
export async function openQuestionBench(
  sources: Parameters<typeof openRunBench>[0] = {},
): Promise<QuestionBench> {
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
  const plugins = [
    ...[allocationQuestionRoutes, allocationResultRoutes, allocationExportRoutes],
    ...[economicsRoutes, whatIfRoutes, recommendationRoutes],
  ];
  for (const routes of plugins) await app.register(routes, options);

  async function send(method: 'GET' | 'POST', url: string, body?: unknown, scope?: Partial<SomeScope>) {
    const response = await app.inject({
      method,
      url,
      headers: scope === undefined ? {} : { 'x-scope': JSON.stringify(scope) },
      ...(body === undefined ? {} : { payload: body as object }),
    });
    const isJson = String(response.headers['content-type']).includes('json');
    return {
      status: response.statusCode,
      body: isJson ? response.json() : response.body,
      bytes: response.rawPayload,
      headers: response.headers,
    };
  }

  return {
    ...bench,
    app,
    get: (path, scope) => send('GET', path, undefined, scope),
    post: (path, body, scope) => send('POST', path, body, scope),
    run: async (month, { graph = 'main', publish = true } = {}) => {
      const world = { workspace: bench.workspace, records: bench.records };
      const { run, refused } = await computeAndPublish(world, personOf(), { graph, month, publish });
      if (refused !== null) throw new Error(refused.message);
      return run;
    },
    close: async () => {
      await app.close();
      await bench.close();
    },
  };
}

/** Σ of decimal texts, exact: at most 12 decimals. */
export function sumTexts(texts: readonly string[]): string {
  const units = texts.reduce((sum, text) => {
    const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
    const size = BigInt(`${whole}${fraction.padEnd(12, '0')}`);
    return sign === '-' ? sum - size : sum + size;
  }, 0n);
  const digits = (units < 0n ? -units : units).toString().padStart(13, '0');
  const text = `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '');
  return units < 0n ? `-${text}` : text;
}
