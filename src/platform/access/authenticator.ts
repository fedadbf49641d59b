import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type AccessContext,
  authenticateCookie,
  authenticateToken,
  type FixedTokens,
} from './authenticate.ts';
import type { Authenticator } from './authentication.ts';
import { accessErrors } from './errors.ts';
import type { Principal } from './model.ts';
import { originOf } from './owner-principal.ts';
import { isSafeMethod, refuseForgery } from './same-origin.ts';
import { clearSessionCookie, cookieOf, sessionCookieName, setSessionCookie } from './session-cookie.ts';

export interface AuthenticatorOptions extends AccessContext, FixedTokens {
  /** `https://finops.example.com`: what browsers call the server. */
  readonly publicUrl?: string | undefined;
}

/**
 * Finds out who sends a request: by the bearer token where there is one, else by the session's cookie. A token or cookie
 * that is no good is refused, whatever the route asks for; so is a change by cookie that another site's page could make.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  return async (request, reply) => {
    const origin = originOf(request);
    const { authorization } = request.headers;
    if (authorization !== undefined)
      return await authenticateToken(options, options, bearerOf(authorization), origin);
    const cookie = cookieOf(request, sessionCookieName);
    if (cookie === undefined) return null;
    return await bySession(options, cookie, request, reply);
  };
}

async function bySession(
  options: AuthenticatorOptions,
  cookie: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Principal> {
  const { publicUrl } = options;
  const isSafe = isSafeMethod(request.method);
  try {
    const place = { ...originOf(request), isSafe };
    const { principal, newCookie } = await authenticateCookie(options, cookie, place);
    if (!isSafe) refuseForgery(request, principal.session?.csrfToken ?? '', publicUrl);
    if (newCookie !== null) setSessionCookie(reply, newCookie, publicUrl);
    return principal;
  } catch (error) {
    // A session that is no more leaves the browser, too.
    if ((error as { readonly status?: number }).status === 401) clearSessionCookie(reply, publicUrl);
    throw error;
  }
}

function bearerOf(authorization: string): string {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw accessErrors.unauthorized({});
  return token;
}
