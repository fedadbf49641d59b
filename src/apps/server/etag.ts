import type { FastifyInstance } from 'fastify';
import type { Lake } from '../../platform/warehouse/index.ts';

/** Reads that depend on more than the lake. */
const notOfTheLake = /^\/api\/v1\/exports/;

/**
 * Everything that the API reads is a function of the address, of the lake's generation and of this version, so that
 * these three are the ETag: a client that has seen the generation gets 304 before anything is queried.
 */
export function addEtags(app: FastifyInstance, lake: Lake, version: string): void {
  app.addHook('onRequest', async (request, reply) => {
    const { method, url } = request;
    if ((method !== 'GET' && method !== 'HEAD') || !url.startsWith('/api/v1/') || notOfTheLake.test(url))
      return;
    const { generation, createdAt } = await lake.current();
    // The time tells a lake restored from a backup, or another workspace at the same address, from this one.
    const etag = `W/"${version}-${generation}-${Date.parse(createdAt).toString(36)}"`;
    const seen = (request.headers['if-none-match'] ?? '').split(/\s*,\s*/);
    if (seen.includes(etag) || seen.includes('*')) {
      reply.header('etag', etag);
      return reply.code(304).send();
    }
    // Only on answers: a refusal is not the resource.
    reply.header('etag', etag);
  });
}
