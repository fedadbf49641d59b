import { fastifyRateLimit, normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type {} from '../../platform/access/index.ts';
import { errors } from './errors.ts';

/** Requests a minute from one address to what strangers may call of the API: signing in costs them little and us much. */
const forStrangersPerMinute = 120;
const minute = 60_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Has been counted, or refused before it was. */
    isCounted: boolean;
  }
}

/**
 * Refuses with `server.tooMany` who asks more than `perMinute` times a minute; 0: nobody. Callers are counted by who they are; strangers, and whoever shows a token or cookie that is no good,
 * by their address, and from an address that is over its limit nobody is looked at. The owner of the workspace is not
 * counted, nor are routes with `config.rateLimit: false`. Each process counts for itself.
 *
 * Call it before authentication is added, so that what is over the limit costs nothing.
 */
export async function addRateLimits(
  app: FastifyInstance,
  { perMinute }: { readonly perMinute: number },
): Promise<void> {
  if (perMinute === 0) return;
  await app.register(fastifyRateLimit, {
    global: false,
    max: perMinute,
    timeWindow: minute,
    keyGenerator: keyOf,
    cache: 20_000,
    errorResponseBuilder: (_, { max: limit, ttl }) =>
      errors.tooMany({ limit, retryAfterSeconds: Math.ceil(ttl / 1000) }),
  });
  const general = app.createRateLimit();
  const forStrangers = app.createRateLimit({
    max: Math.min(forStrangersPerMinute, perMinute),
    keyGenerator: addressOf,
  });

  app.decorateRequest('isCounted', false);
  app.addHook('onRequest', async (request) => {
    request.isCounted = isFree(request);
    if (!request.isCounted) refuse(request, await general(request, { increment: false }));
  });
  // After authentication, which is done on the request's arrival, and before its body is read.
  app.addHook('preParsing', async (request) => {
    if (request.isCounted || request.caller.actor.kind === 'owner') return;
    refuse(request, await general(request));
    if (isForStrangers(request)) refuse(request, await forStrangers(request));
  });
  app.addHook('onResponse', async (request) => {
    if (!request.isCounted && request.caller === undefined) await general(request);
  });
}

function isFree({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config?.rateLimit === false;
}

function isForStrangers({ routeOptions, url }: FastifyRequest): boolean {
  return routeOptions.config?.open === 'anyone' && url.startsWith('/api/');
}

function keyOf(request: FastifyRequest): string {
  const { kind, id } = request.caller?.actor ?? { kind: 'system', id: '' };
  return kind === 'system' ? addressOf(request) : `${kind} ${id}`;
}

/** IPv4 whole, IPv6 by its first 64 bits, which one household or machine has for itself. */
function addressOf({ ip }: FastifyRequest): string {
  return `address ${normalizeIP(ip, 64)}`;
}

type Counted = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>;

function refuse(request: FastifyRequest, counted: Counted): void {
  if (counted.isAllowed) return;
  // Looking alone does not count: the next request would be one too many, too.
  const isOver = counted.isExceeded || (request.caller === undefined && counted.remaining === 0);
  if (!isOver) return;
  request.isCounted = true;
  throw errors.tooMany({ limit: counted.max, retryAfterSeconds: Math.max(1, counted.ttlInSeconds) });
}
