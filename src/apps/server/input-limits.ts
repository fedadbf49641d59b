import type { FastifyInstance, RouteOptions } from 'fastify';
import { z } from 'zod';
import { errors } from './errors.ts';

/** Levels of a body; a filter that somebody wrote has five. */
const deepest = 50;

/**
 * Refuses, before any schema looks at it, what no route has a use for: bodies nested deeper than 50 levels
 * (`server.tooDeep`), and NUL characters, which neither the records nor a path of a file can hold. A route of the API that
 * takes no query or no body takes none: whoever sends one expects something of it, a preview for instance.
 */
export function addInputLimits(app: FastifyInstance): void {
  app.addHook('onRoute', refuseUnknownQuery);
  app.addHook('preValidation', async ({ params, query, body, routeOptions }) => {
    if (routeOptions.schema && !routeOptions.schema.body) refuseAnyBody(body);
    for (const [place, value] of Object.entries({ params, query, body })) refuseUnfit(place, value);
  });
}

function refuseUnknownQuery(route: RouteOptions): void {
  if (route.schema && !route.schema.querystring && route.url.startsWith('/api/'))
    route.schema.querystring = z.strictObject({});
}

function refuseAnyBody(body: unknown): void {
  const isNone = body === undefined || body === null || JSON.stringify(body) === '{}';
  if (!isNone) throw errors.invalid({ issues: [{ field: 'body', message: 'there is nothing to say here' }] });
}

interface Part {
  readonly path: string;
  readonly value: unknown;
  readonly level: number;
}

/** Without recursion: the stack is what a deep body is after. */
function refuseUnfit(place: string, whole: unknown): void {
  const parts: Part[] = [{ path: place, value: whole, level: 0 }];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const { path, value, level } = part;
    if (typeof value === 'string') refuseNul(path, value);
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) continue;
    if (level === deepest) throw errors.tooDeep({ levels: deepest });
    for (const [name, inner] of Object.entries(value)) {
      refuseNul(path, name);
      parts.push({ path: `${path}.${name}`, value: inner, level: level + 1 });
    }
  }
}

function refuseNul(field: string, text: string): void {
  if (text.includes('\0')) throw errors.invalid({ issues: [{ field, message: 'holds a NUL character' }] });
}
