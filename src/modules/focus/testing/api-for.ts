import { type FastifyInstance, fastify } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type {} from '../../../platform/access/index.ts';
import { Defect, ownerCaller, Refusal, type Scope } from '../../../platform/kernel/index.ts';

/** The routes of modules as a server registers them, called by somebody with this scope. Close it at the end. */
export async function apiFor(
  scope: Scope,
  register: (app: FastifyInstance) => Promise<unknown>,
): Promise<FastifyInstance> {
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    request.caller = { ...ownerCaller(request.id), scope };
  });
  app.setErrorHandler((error, _, reply) => {
    const known = error instanceof Refusal;
    const { code, message, params } = known ? error : { code: 'server.defect', message: String(error) };
    return reply
      .code(known ? error.status : error instanceof Defect ? 500 : 400)
      .send({ code, message, params });
  });
  await register(app);
  return app;
}
