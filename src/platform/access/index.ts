export type { AccessContext, FixedTokens } from './authenticate.ts';
export {
  type Authenticator,
  type AuthenticatorOptions,
  addAuthentication,
  createAuthenticator,
} from './authentication.ts';
export type {
  LinkAnswer,
  MadeTokenAnswer,
  Me,
  PeopleList,
  PersonAnswer,
  TokenAnswer,
  TokenList,
} from './contract.ts';
export { type OneTimeLink, openFirstStart } from './links.ts';
export { isLoopback } from './loopback.ts';
export type { Grant, Principal } from './model.ts';
export { accessPages } from './pages.ts';
export {
  type Permission,
  permissions,
  type RoleName,
  roleNames,
  roles,
  type ScopeKind,
} from './permissions.ts';
export type { Caller } from './request.ts';
export { type AccessRouteOptions, accessRoutes } from './routes.ts';
export { callerFor, scopeOf } from './scope-of.ts';
export { type AccessSettings, type OidcSettings, readAccessSettings } from './settings.ts';
