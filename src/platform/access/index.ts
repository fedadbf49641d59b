import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { AccessContext } from './authenticate.ts';
import type { Authenticator } from './authentication.ts';
import type { AuthenticatorOptions } from './authenticator.ts';
import type { OneTimeLink } from './links.ts';
import type { AccessRouteOptions } from './routes.ts';

export type { AccessContext, FixedTokens } from './authenticate.ts';
export { type Authenticator, addAuthentication } from './authentication.ts';
export type { AuthenticatorOptions } from './authenticator.ts';
export type {
  LinkAnswer,
  MadeTokenAnswer,
  Me,
  PeopleList,
  PersonAnswer,
  TokenAnswer,
  TokenList,
} from './contract.ts';
export type { OneTimeLink } from './links.ts';
export { isLoopback } from './loopback.ts';
export type { Grant, Principal } from './model.ts';
export { accessPages } from './pages.ts';
export { type Permission, type RoleName, roles, type ScopeKind } from './permissions.ts';
export type { Caller } from './request.ts';
export type { AccessRouteOptions } from './routes.ts';
export { callerFor } from './scope-of.ts';
export { type AccessSettings, type OidcSettings, readAccessSettings } from './settings.ts';

// A command in the workspace's own process asks nobody who they are: what reads the records is loaded when it is called for.

/** As `createAuthenticator` of authenticator.ts. */
export async function createAuthenticator(options: AuthenticatorOptions): Promise<Authenticator> {
  return (await import('./authenticator.ts')).createAuthenticator(options);
}

/** As `accessRoutes` of routes.ts. */
export const accessRoutes: FastifyPluginAsyncZod<AccessRouteOptions> = async (app, options) => {
  const { accessRoutes: routes } = await import('./routes.ts');
  await routes(app, options);
};

/** As `openFirstStart` of links.ts. */
export async function openFirstStart(context: AccessContext): Promise<OneTimeLink | undefined> {
  return (await import('./links.ts')).openFirstStart(context);
}
