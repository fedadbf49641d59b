import type { FastifyInstance, RouteOptions } from 'fastify';
import { z } from 'zod';
import { isNestedDeeperThan } from '../../platform/kernel/index.ts';
import { errors } from './errors.ts';

/** Levels of a body; a filter that somebody wrote has five. */
const deepest = 50;

/**
 * Refuses, before any schema looks at it, what no route has a use for: bodies nested deeper than 50 levels
 * (`server.tooDeep`), and NUL characters, which neither the records nor a path of a file can hold. A route of the API that
 * takes no query or no body takes none: whoever sends one expects something of it, a preview for instance.
 */
export function addInputLimits(app: FastifyInstance): void {
  // Fastify reads plain text of itself; nobody here does.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRoute', refuseUnknownQuery);
  app.addHook('preValidation', async ({ params, query, body, routeOptions }) => {
    if (routeOptions.schema && !routeOptions.schema.body) refuseAnyBody(body);
    if (isNestedDeeperThan(body, deepest)) throw errors.tooDeep({ levels: deepest });
    for (const [place, value] of Object.entries({ params, query, body })) refuseNul(place, value);
  });
}

function refuseUnknownQuery(route: RouteOptions): void {
  if (route.schema && !route.schema.querystring && route.url.startsWith('/api/'))
    route.schema.querystring = z.strictObject({});
}

function refuseAnyBody(body: unknown): void {
  const isNone = typeof body === 'object' ? Object.keys(body ?? {}).length === 0 : body === undefined;
  if (!isNone) throw errors.invalid({ issues: [{ field: 'body', message: 'there is nothing to say here' }] });
}

function refuseNul(field: string, value: unknown): void {
  if (typeof value === 'string' && value.includes('\0'))
    throw errors.invalid({ issues: [{ field, message: 'holds a NUL character' }] });
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    refuseNul(field, name);
    refuseNul(`${field}.${name}`, inner);
  }
}
