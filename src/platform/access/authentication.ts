import fastifyCookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { type Actor, assert, everything, nothing } from '../kernel/index.ts';
import { accessErrors } from './errors.ts';
import type { Principal } from './model.ts';
import { type Origin, originOf, ownerPrincipal } from './owner-principal.ts';
import { permissions } from './permissions.ts';
import { callerFor } from './scope-of.ts';
import './request.ts';

/** Says who sends a request; null for nobody. */
export type Authenticator = (request: FastifyRequest, reply: FastifyReply) => Promise<Principal | null>;

/**
 * Lets nobody call a route without what the route asks for, and sets `request.caller`, `principal` and `isOwner`. Without
 * an authenticator the app is called in-process, by the owner of the folder. Add it before any route: one that says
 * neither `permission` nor `open` is a defect, and the app does not start.
 */
export function addAuthentication(app: FastifyInstance, authenticator: Authenticator | undefined): void {
  app.register(fastifyCookie, { hook: false });
  app.decorateRequest('isOwner', false);
  app.decorateRequest('principal', null);
  app.decorateRequest('caller');
  app.addHook('onRoute', demandConfig);
  app.addHook('onRequest', async (request, reply) => {
    if (authenticator === undefined) return admit(request, ownerPrincipal(inProcess(request)));
    if (opennessOf(request) === 'anyone') return admit(request, null);
    admit(request, await authenticator(request, reply));
  });
}

function inProcess({ id }: FastifyRequest): Origin {
  return { address: null, requestId: id };
}

function demandConfig({ method, url, config }: RouteOptions): void {
  const said = [config?.permission, config?.open].filter((word) => word !== undefined);
  assert(
    said.length === 1,
    `Route ${method} ${url} must say either its permission or to whom it is open, in config`,
  );
}

/** What no route answers tells nothing of the API to strangers. */
function opennessOf(request: FastifyRequest): 'anyone' | 'signedIn' | undefined {
  if (request.is404) return request.url.startsWith('/api/') ? 'signedIn' : 'anyone';
  return request.routeOptions.config.open;
}

function admit(request: FastifyRequest, principal: Principal | null): void {
  const { permission } = request.routeOptions.config;
  const isOpen = opennessOf(request);
  if (principal === null && isOpen !== 'anyone') throw accessErrors.unauthorized({});
  request.principal = principal;
  request.isOwner = principal?.actor.kind === 'owner';
  const isUnlimited = principal?.grants === 'everything';
  const actor = principal?.actor ?? anonymous(request);
  if (isOpen !== undefined || permission === undefined || principal === null) {
    request.caller = { actor, scope: isUnlimited ? everything : nothing };
    return;
  }
  const caller = callerFor(principal, permission);
  if (!caller) throw accessErrors.forbidden({ permission, meaning: permissions[permission] });
  request.caller = caller;
}

function anonymous(request: FastifyRequest): Actor {
  return { kind: 'system', id: 'anonymous', name: 'not signed in', ...originOf(request) };
}
