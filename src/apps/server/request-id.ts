import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** The id of a request: the one that its caller gave in `X-Request-Id`, where that is fit for logs, else a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>, newId: () => string): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : newId();
}

/** Tells every caller the id under which the log and the audit log have the request. */
export function addRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
}
