import type { FastifyRequest } from 'fastify';
import { isSame } from './credential.ts';
import { accessErrors } from './errors.ts';

/** True for a method that by its definition changes nothing. */
export function isSafeMethod(method: string): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method);
}

/**
 * Refuses a change by cookie that a page of another site could have made: it must carry the session's token, which only
 * our pages can read, and the browser must say that it comes from one of them.
 */
export function refuseForgery(
  request: FastifyRequest,
  csrfToken: string,
  publicUrl: string | undefined,
): void {
  const { headers } = request;
  const given = headers['x-csrf-token'];
  if (typeof given !== 'string' || !isSame(given, csrfToken)) throw accessErrors.noCsrfToken({});
  if (headers.origin === undefined && headers['sec-fetch-site'] === undefined)
    throw accessErrors.foreignOrigin({ origin: 'an unnamed place' });
  refuseForeignOrigin(request, publicUrl);
}

/** Refuses a request that a browser says comes from elsewhere; one without such headers comes from no page. */
export function refuseForeignOrigin({ headers, host }: FastifyRequest, publicUrl: string | undefined): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isOurs = origin === undefined || isOwnOrigin(origin, host, publicUrl);
  if (isOurs && (site === undefined || site === 'same-origin')) return;
  throw accessErrors.foreignOrigin({ origin: (origin ?? `a ${String(site)} page`).slice(0, 200) });
}

/** Without a public URL the host must be the one that was called: which scheme a proxy speaks outside is not known. */
function isOwnOrigin(origin: string, host: string, publicUrl: string | undefined): boolean {
  if (publicUrl !== undefined) return origin === publicUrl;
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
