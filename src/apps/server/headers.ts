import type { FastifyInstance } from 'fastify';

/** What the least answer has: those to requests that cannot be read meet no hook. */
export const safeHeaders = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/**
 * On every answer of a server, errors included: a browser loads nothing for it, shows it in no frame, and keeps to TLS
 * where it came by TLS. The API serves data; a page sets a policy of its own. Answers of the API are for one caller, and
 * are asked for again each time.
 */
export async function addHeaders(app: FastifyInstance): Promise<void> {
  // Loaded for servers only: a command that works in-process meets no browser.
  const { fastifyHelmet } = await import('@fastify/helmet');
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    // What else runs below this name is not ours to decide.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/api/')) return;
    reply.headers({ 'cache-control': 'private, no-cache', vary: 'authorization, cookie' });
  });
}
