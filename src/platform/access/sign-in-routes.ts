import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { must, mutable } from '../kernel/index.ts';
import * as contract from './contract.ts';
import { makeFirstAdmin, redeemInvitation } from './links.ts';
import { originOf } from './owner-principal.ts';
import { type Permission, permissions } from './permissions.ts';
import type { AccessRouteOptions } from './routes.ts';
import { refuseForeignOrigin } from './same-origin.ts';
import { scopeOf } from './scope-of.ts';
import { attemptPath, clearSessionCookie, setSessionCookie } from './session-cookie.ts';
import { signIn, signOut } from './sign-in.ts';
import type { Place, SignedIn } from './start-session.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

/** Where somebody signs in from. */
export function placeOf(request: FastifyRequest): Place {
  return { ...originOf(request), userAgent: request.headers['user-agent'] ?? null };
}

/** Signing in and out, and who one is. */
export function addSignInRoutes(app: App, options: AccessRouteOptions): void {
  addDoors(app, options);
  addLinks(app, options);
  addOwnState(app, options);
}

function addDoors(app: App, options: AccessRouteOptions): void {
  const { publicUrl, oidc } = options;
  app.get(
    '/sign-in',
    {
      config: { open: 'anyone' },
      schema: {
        tags: ['access'],
        summary: 'How one may sign in here',
        security: [],
        response: { 200: contract.signInMethodsSchema },
      },
    },
    async () => ({ password: true as const, oidc: oidc ? { label: oidc.label, path: attemptPath } : null }),
  );

  app.post(
    '/sign-in',
    {
      config: { open: 'anyone' },
      schema: {
        tags: ['access'],
        summary: 'Sign in with e-mail and password; the session is in the cookie',
        description: 'After five failures one waits: 429 with Retry-After.',
        security: [],
        body: contract.signInSchema.meta({
          example: { email: 'ann@example.com', password: 'a sentence that only I know' },
        }),
        response: { 200: contract.signedInSchema },
      },
    },
    async (request, reply) => {
      refuseForeignOrigin(request, publicUrl);
      return admitted(reply, await signIn(options, request.body, placeOf(request)), publicUrl);
    },
  );
}

function addLinks(app: App, options: AccessRouteOptions): void {
  const { publicUrl } = options;
  app.post(
    '/first-start',
    {
      config: { open: 'anyone' },
      schema: {
        tags: ['access'],
        summary: 'Make the first administrator with the link that the server printed',
        security: [],
        body: contract.firstStartSchema,
        response: { 200: contract.signedInSchema },
      },
    },
    async (request, reply) => {
      refuseForeignOrigin(request, publicUrl);
      return admitted(reply, await makeFirstAdmin(options, request.body, placeOf(request)), publicUrl);
    },
  );

  app.post(
    '/set-password',
    {
      config: { open: 'anyone' },
      schema: {
        tags: ['access'],
        summary: 'Set a password with the link of an invitation, and sign in',
        security: [],
        body: contract.redeemSchema,
        response: { 200: contract.signedInSchema },
      },
    },
    async (request, reply) => {
      refuseForeignOrigin(request, publicUrl);
      return admitted(reply, await redeemInvitation(options, request.body, placeOf(request)), publicUrl);
    },
  );
}

function addOwnState(app: App, options: AccessRouteOptions): void {
  app.get(
    '/me',
    {
      config: { open: 'signedIn' },
      schema: {
        tags: ['access'],
        summary: 'Who I am, and what I may do to what',
        response: { 200: contract.meSchema },
      },
    },
    async (request) => meOf(request),
  );

  app.post(
    '/sign-out',
    {
      config: { open: 'signedIn' },
      schema: {
        tags: ['access'],
        summary: 'End this session',
        response: { 204: z.null().describe('Signed out') },
      },
    },
    async (request, reply) => {
      const { session } = must(request.principal, 'the principal');
      if (session) await signOut(options, request.caller, session.id);
      clearSessionCookie(reply, options.publicUrl);
      return reply.code(204).send(null);
    },
  );
}

function meOf(request: FastifyRequest): contract.Me {
  const principal = must(request.principal, 'the principal');
  const { actor, grants, personId, session, token } = principal;
  const names = Object.keys(permissions) as Permission[];
  const allowed = names.flatMap((name) => {
    const scope = scopeOf(principal, name);
    return scope ? [[name, scope] as const] : [];
  });
  return mutable({
    kind: actor.kind === 'system' ? 'owner' : actor.kind,
    name: actor.name,
    personId,
    grants,
    permissions: Object.fromEntries(allowed) as contract.Me['permissions'],
    csrfToken: session?.csrfToken ?? null,
    token,
  });
}

/** Gives the browser its session. */
function admitted(
  reply: FastifyReply,
  { cookie, csrfToken, person }: SignedIn,
  publicUrl: string | undefined,
) {
  setSessionCookie(reply, cookie, publicUrl);
  return { person, csrfToken };
}
