import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type {} from '../../platform/access/index.ts';
import { errors } from './errors.ts';

/** Requests a minute from one address to what strangers may call of the API: signing in costs them little and us much. */
const forStrangersPerMinute = 120;
const minute = 60_000;
/** Callers, and credentials, that are remembered. */
const remembered = 20_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Has been counted, or refused before it was. */
    isCounted: boolean;
  }
}

/**
 * Refuses with `server.tooMany` who asks more than `perMinute` times a minute; 0: nobody. Callers are counted by who they
 * are; strangers, and whoever shows a token or cookie that is no good, by their address. Where that was too often, nothing
 * is looked up for them any more; who came from there before and was known goes on. The owner of the workspace is not
 * counted, nor are routes with `config.rateLimit: false`. Each process counts for itself.
 *
 * Call it before authentication is added, so that what is over the limit costs nothing.
 */
export async function addRateLimits(
  app: FastifyInstance,
  { perMinute }: { readonly perMinute: number },
): Promise<void> {
  if (perMinute === 0) return;
  const { general, forStrangers } = await createLimits(app, perMinute);
  const known = new Set<string>();

  app.decorateRequest('isCounted', false);
  app.addHook('onRequest', async (request) => {
    request.isCounted = request.routeOptions.config?.rateLimit === false;
    if (request.isCounted || known.has(credentialOf(request))) return;
    // Looking does not count: the next one would be one too many, too.
    const counted = await general(request, { increment: false });
    if (!counted.isAllowed && counted.remaining === 0) refuse(request, counted);
  });
  // After authentication, which is done on the request's arrival, and before its body is read.
  app.addHook('preParsing', async (request) => {
    if (request.isCounted) return;
    if (callerOf(request) !== undefined) remember(known, credentialOf(request));
    if (request.caller.actor.kind === 'owner') return;
    const limits = isForStrangers(request) ? [general, forStrangers] : [general];
    for (const limit of limits) {
      const counted = await limit(request);
      if (!counted.isAllowed && counted.isExceeded) refuse(request, counted);
    }
  });
  app.addHook('onResponse', async (request) => {
    if (!request.isCounted && request.caller === undefined) await general(request);
  });
}

async function createLimits(app: FastifyInstance, perMinute: number) {
  // Loaded for servers only: a command that works in-process limits nobody.
  const { fastifyRateLimit, normalizeIP } = await import('@fastify/rate-limit');
  // IPv4 whole, IPv6 by its first 64 bits, which one household or machine has for itself.
  const addressOf = ({ ip }: FastifyRequest) => `address ${normalizeIP(ip, 64)}`;
  await app.register(fastifyRateLimit, {
    global: false,
    max: perMinute,
    timeWindow: minute,
    cache: remembered,
    keyGenerator: (request) => callerOf(request) ?? addressOf(request),
    errorResponseBuilder: (_, { max, ttl }) => tooMany(max, ttl / 1000),
  });
  const max = Math.min(forStrangersPerMinute, perMinute);
  return {
    general: app.createRateLimit(),
    forStrangers: app.createRateLimit({ max, keyGenerator: addressOf }),
  };
}

/** Undefined before authentication, and for strangers. */
function callerOf({ caller }: FastifyRequest): string | undefined {
  const { kind, id } = caller?.actor ?? { kind: 'system', id: '' };
  return kind === 'system' ? undefined : `${kind} ${id}`;
}

function isForStrangers({ routeOptions, url }: FastifyRequest): boolean {
  return routeOptions.config?.open === 'anyone' && url.startsWith('/api/');
}

/** What somebody shows, as a digest: secrets are not kept. Empty for nothing. */
function credentialOf({ headers }: FastifyRequest): string {
  const shown = headers.authorization ?? headers.cookie;
  return shown === undefined ? '' : createHash('sha256').update(shown).digest('base64');
}

function remember(known: Set<string>, credential: string): void {
  if (known.size >= remembered) known.clear();
  known.add(credential);
}

function refuse(
  request: FastifyRequest,
  { max, ttlInSeconds }: { readonly max: number; readonly ttlInSeconds: number },
): never {
  request.isCounted = true;
  throw tooMany(max, ttlInSeconds);
}

function tooMany(limit: number, seconds: number): Error {
  return errors.tooMany({ limit, retryAfterSeconds: Math.max(1, Math.ceil(seconds)) });
}
