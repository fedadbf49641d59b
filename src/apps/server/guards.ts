import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../../platform/access/index.ts';
import { errors } from './errors.ts';

export interface GuardOptions {
  /** Answer only for names of this machine, so that a web page cannot reach the API through a name of its own. */
  readonly loopbackOnly: boolean;
  /** What browsers call the server, through a proxy: its name is as good. */
  readonly publicUrl?: string | undefined;
}

/** Refuses strange names of the server, and bodies that are not JSON. */
export function addGuards(app: FastifyInstance, { loopbackOnly, publicUrl }: GuardOptions): void {
  const publicHost = publicUrl && new URL(publicUrl).host;
  app.addHook('onRequest', async (request) => {
    if (loopbackOnly && request.host !== publicHost) refuseStrangeHost(request);
    if (['POST', 'PUT', 'PATCH'].includes(request.method) && !request.is404) refuseOtherThanJson(request);
  });
}

function refuseStrangeHost({ host }: FastifyRequest): void {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (name.toLowerCase() !== 'localhost' && !isLoopback(name))
    throw errors.strangeHost({ host: host.slice(0, 200) });
}

/** A form or a plain text can be sent by any web page without asking; JSON cannot. */
function refuseOtherThanJson({ headers }: FastifyRequest): void {
  const type = headers['content-type'] ?? 'nothing';
  if (!/^application\/json\s*(;|$)/i.test(type)) throw errors.mediaType({ found: type.slice(0, 100) });
}
