import type { FastifyReply, FastifyRequest } from 'fastify';

/** The cookie of a session. */
export const sessionCookieName = 'finops_session';
/** The cookie that ties a sign-in through a provider to the browser that began it. */
export const attemptCookieName = 'finops_sign_in';
/** The only path that the provider's answer comes to. */
export const attemptPath = '/api/v1/sign-in/oidc';

/** One cookie of a request. */
export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const { cookie } = request.headers;
  return cookie === undefined ? undefined : request.server.parseCookie(cookie)[name];
}

function optionsFor(publicUrl: string | undefined, path: string) {
  return {
    path,
    httpOnly: true,
    sameSite: 'lax',
    secure: publicUrl?.startsWith('https:') ?? false,
  } as const;
}

/** Gives the browser the session's cookie: no script reads it, no other site's form sends it; gone with the browser. */
export function setSessionCookie(reply: FastifyReply, value: string, publicUrl: string | undefined): void {
  reply.setCookie(sessionCookieName, value, optionsFor(publicUrl, '/'));
}

/** Takes the session's cookie back. */
export function clearSessionCookie(reply: FastifyReply, publicUrl: string | undefined): void {
  reply.clearCookie(sessionCookieName, optionsFor(publicUrl, '/'));
}

/** Ties a sign-in to this browser for ten minutes. */
export function setAttemptCookie(reply: FastifyReply, value: string, publicUrl: string | undefined): void {
  reply.setCookie(attemptCookieName, value, { ...optionsFor(publicUrl, attemptPath), maxAge: 600 });
}

/** Takes the sign-in's cookie back. */
export function clearAttemptCookie(reply: FastifyReply, publicUrl: string | undefined): void {
  reply.clearCookie(attemptCookieName, optionsFor(publicUrl, attemptPath));
}
