import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import * as contract from './contract.ts';
import { accessErrors } from './errors.ts';
import type { Provider } from './provider.ts';
import { beginSignIn, finishSignIn, type ProviderContext } from './provider-sign-in.ts';
import type { AccessRouteOptions } from './routes.ts';
import {
  attemptCookieName,
  clearAttemptCookie,
  cookieOf,
  setAttemptCookie,
  setSessionCookie,
} from './session-cookie.ts';
import { placeOf } from './sign-in-routes.ts';

type App = Parameters<FastifyPluginAsyncZod>[0];

interface Options extends AccessRouteOptions {
  readonly provider: Provider | undefined;
  readonly createPeople: boolean;
}

/** Signing in through an identity provider: there, and back again. */
export function addProviderRoutes(app: App, options: Options): void {
  const { publicUrl } = options;
  app.get(
    '/sign-in/oidc',
    {
      config: { open: 'anyone' },
      schema: {
        tags: ['access'],
        summary: 'Go to the identity provider to sign in',
        security: [],
        querystring: contract.oidcQuerySchema,
        response: { 302: z.null().describe('To the provider') },
      },
    },
    async (request, reply) => {
      const { url, browserCookie } = await beginSignIn(configured(options), request.query.returnTo);
      setAttemptCookie(reply, browserCookie, publicUrl);
      return reply.redirect(url, 302);
    },
  );

  app.get(
    '/sign-in/oidc/callback',
    {
      config: { open: 'anyone' },
      schema: {
        tags: ['access'],
        summary: 'Where the identity provider sends people back to',
        security: [],
        querystring: contract.oidcCallbackSchema,
        response: { 302: z.null().describe('Signed in') },
      },
    },
    async (request, reply) => {
      const context = configured(options);
      const browserCookie = cookieOf(request, attemptCookieName);
      clearAttemptCookie(reply, publicUrl);
      const url = new URL(request.url, publicUrl);
      const signedIn = await finishSignIn(context, { url, browserCookie }, placeOf(request));
      setSessionCookie(reply, signedIn.cookie, publicUrl);
      return reply.redirect(signedIn.returnTo, 302);
    },
  );
}

function configured({ provider, ...options }: Options): ProviderContext {
  if (!provider) throw accessErrors.noOidc({});
  return { ...options, provider };
}
