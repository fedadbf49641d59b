import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { AccessContext } from './authenticate.ts';
import { addPeopleRoutes } from './people-routes.ts';
import { openProvider } from './provider.ts';
import { addProviderRoutes } from './provider-routes.ts';
import type { Sealer } from './provider-sign-in.ts';
import type { AccessSettings } from './settings.ts';
import { addSignInRoutes } from './sign-in-routes.ts';
import { addTokenRoutes } from './token-routes.ts';

export interface AccessRouteOptions extends AccessContext, AccessSettings {
  /** Opened on first use. */
  readonly secrets: () => Promise<Sealer>;
  /** Where one-time links lead when there is no public URL: `http://127.0.0.1:4870`. */
  readonly localUrl: () => string;
}

/** Who comes in, who there is, and what they may do; under `/api/v1`. */
export const accessRoutes: FastifyPluginAsyncZod<AccessRouteOptions> = async (app, options) => {
  // Who one is, tokens and links are for nobody's cache.
  app.addHook('onRequest', async (_, reply) => {
    reply.header('cache-control', 'no-store');
  });
  addSignInRoutes(app, options);
  addProviderRoutes(app, {
    ...options,
    provider: options.oidc && openProvider(options.oidc),
    createPeople: options.oidc?.createPeople ?? false,
  });
  addPeopleRoutes(app, options);
  addTokenRoutes(app, options);
};
