import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errors } from './errors.ts';

/** Who may call. In-process there is one caller, the owner of the folder; over a socket everybody shows a token. */
export interface Access {
  /** Makes its bearer the owner: it was read from the workspace folder. */
  readonly secret: string;
  /** The operator's token for others. */
  readonly token?: string | undefined;
  /** Answer only for names of this machine, so that a web page cannot reach the API through a name of its own. */
  readonly loopbackOnly: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller has the rights of the workspace folder's owner: in-process, or by the secret that lies in it. */
    isOwner: boolean;
  }
}

/** On every answer, errors included: the API serves data, never a page. */
export const safeHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Sets the headers of every answer and refuses strange hosts, missing tokens and bodies that are not JSON. */
export function addGuards(app: FastifyInstance, access: Access | undefined): void {
  app.decorateRequest('isOwner', false);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(safeHeaders);
    const isApi = request.url.startsWith('/api/');
    if (isApi) reply.header('cache-control', 'no-cache');
    if (access?.loopbackOnly) refuseStrangeHost(request);
    request.isOwner = access === undefined;
    if (access && isApi) request.isOwner = isOwner(request, access);
    if (request.method === 'POST') refuseOtherThanJson(request);
  });
}

function refuseStrangeHost({ host }: FastifyRequest): void {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (name.toLowerCase() !== 'localhost' && !isLoopback(name))
    throw errors.strangeHost({ host: host.slice(0, 200) });
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for an address, or the name, that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return host === 'localhost' || (family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4'));
}

/** True for the owner's secret, false for the token of others; anything else is refused. */
function isOwner({ headers }: FastifyRequest, { secret, token }: Access): boolean {
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  const owner = same(given, secret);
  if (!same(given, token ?? secret) && !owner) throw errors.unauthorized({});
  return owner;
}

/** Digests have one length: the time that this takes tells nothing about the token, its length included. */
function same(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A form or a plain text can be sent by any web page without asking; JSON cannot. */
function refuseOtherThanJson({ headers }: FastifyRequest): void {
  const type = headers['content-type'] ?? 'nothing';
  if (!/^application\/json\s*(;|$)/i.test(type)) throw errors.mediaType({ found: type.slice(0, 100) });
}
