import type { FastifyInstance, FastifyRequest } from 'fastify';
import type {} from '../../platform/access/index.ts';

/** Logs every answer: what was asked, by whom, what became of it and how long it took. */
export function addRequestLog(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { kind, id } = request.caller?.actor ?? { kind: 'nobody', id: '' };
    request.log.info(
      {
        method: request.method,
        url: loggedUrl(request),
        status: reply.statusCode,
        ...(reply.problemCode === '' ? {} : { code: reply.problemCode }),
        caller: `${kind} ${id}`.trim(),
        ms: Math.round(reply.elapsedTime),
      },
      'answered',
    );
  });
}

/** Where strangers come, the query is theirs and may hold what lets them in. */
function loggedUrl({ url, routeOptions }: FastifyRequest): string {
  const [path = '', query] = url.split('?', 2);
  if (query === undefined) return path;
  return routeOptions.config?.open === 'anyone' ? `${path}?[hidden]` : url.slice(0, 2000);
}
