import { type FastifyInstance, fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { type Caller, ownerCaller, Refusal } from '../../kernel/index.ts';
import type { Jobs } from '../jobs.ts';
import { runRoutes } from '../routes.ts';

/** The routes alone, over HTTP: `x-caller` names who asks, without it the owner of everything. */
export async function openTestApp(
  jobs: () => Promise<Jobs>,
  callers: Readonly<Record<string, Caller>>,
): Promise<{ readonly app: FastifyInstance; readonly url: string }> {
  const app = fastify({ forceCloseConnections: 'idle' });
  app.setValidatorCompiler(validatorCompiler);
  // Answers are checked against their schemas here, which the server leaves to the compiler of the code.
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    request.caller = callers[String(request.headers['x-caller'])] ?? ownerCaller(request.id);
  });
  app.setErrorHandler((error, _, reply) =>
    error instanceof Refusal
      ? reply.code(error.status).send({ code: error.code, message: error.message })
      : reply.send(error),
  );
  await app.register(runRoutes, { prefix: '/api/v1', jobs });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, url };
}
