import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type {} from '../../platform/access/index.ts';
import type { Scope } from '../../platform/kernel/index.ts';
import type { Lake, Manifest } from '../../platform/warehouse/index.ts';

/** Reads that depend on nothing but the lake. What reads the records sets the version of its object, or none. */
export const lakeReads: ReadonlySet<string> = new Set(
  [
    'cost-queries',
    'imports',
    'imports/:id',
    'periods',
    'periods/:source/:period',
    'periods/:source/:period/diff',
    'reports',
    'rows/:id',
    'snapshots',
    'sources',
  ].map((path) => `/api/v1/${path}`),
);

/**
 * What is read from the lake is a function of the address, of the lake's generation, of what the caller may see and of
 * this version, so that these are the ETag: a client that has seen it gets 304 before anything is queried. Call it after
 * whatever sets `request.caller`: who may not read gets no answer, not even that nothing changed.
 */
export function addEtags(app: FastifyInstance, lake: Pick<Lake, 'current'>, version: string): void {
  app.addHook('preHandler', async (request, reply) => {
    if (!isLakeRead(request)) return;
    const etag = etagOf(await lake.current(), request.caller.scope, version);
    // Only on answers: a refusal is not the resource, and takes it back.
    reply.headers({ etag, vary: 'authorization, cookie' });
    const seen = (request.headers['if-none-match'] ?? '').split(/\s*,\s*/);
    if (seen.includes(etag) || seen.includes('*')) return reply.code(304).send();
  });
}

function isLakeRead({ method, routeOptions }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && lakeReads.has(routeOptions.url ?? '');
}

function etagOf({ generation, createdAt }: Manifest, scope: Scope, version: string): string {
  // The time tells a lake restored from a backup, or another workspace at the same address, from this one.
  const lake = `${generation}-${Date.parse(createdAt).toString(36)}`;
  return `W/"${version}-${lake}-${digestOf(scope)}"`;
}

function digestOf(scope: Scope): string {
  if (scope.kind === 'all') return 'all';
  const seen = [scope.entities, scope.sources, scope.companies, scope.applications];
  const sorted = seen.map((ids) => [...new Set(ids)].sort());
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 16);
}
