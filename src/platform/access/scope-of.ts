import {
  type Caller,
  everything,
  intersectionOf,
  nothing,
  type Scope,
  type SomeScope,
  unionOf,
} from '../kernel/index.ts';
import type { Grant, Principal } from './model.ts';
import { type Permission, roles } from './permissions.ts';

type Decisive = Pick<Principal, 'grants' | 'limit' | 'sources'>;

/**
 * What somebody may do this to: the union of the grants whose role has the permission, for a token no more than the
 * token's own grant. Undefined: nothing at all.
 *
 * Example: granted entity.viewer for A and B, with a token as entity.viewer for B and C: `cost.read` extends to B.
 */
export function scopeOf({ grants, limit, sources }: Decisive, permission: Permission): Scope | undefined {
  const own = grants === 'everything' ? everything : unionOfGrants(grants, permission, sources);
  const most = limit === null ? everything : unionOfGrants([limit], permission, sources);
  if (!own || !most) return undefined;
  const scope = intersectionOf(own, most);
  return isEmpty(scope) ? undefined : scope;
}

/** Who asks, with the scope of this permission; undefined without the permission. */
export function callerFor(principal: Principal, permission: Permission): Caller | undefined {
  const scope = scopeOf(principal, permission);
  return scope && { actor: principal.actor, scope };
}

function unionOfGrants(
  grants: readonly Grant[],
  permission: Permission,
  sources: Principal['sources'],
): Scope | undefined {
  const scopes = grants
    .filter(({ role }) => (roles[role].permissions as readonly Permission[]).includes(permission))
    .map((grant) => scopeOfGrant(grant, sources));
  return scopes.length === 0 ? undefined : scopes.reduce(unionOf);
}

function scopeOfGrant({ scopeKind, scopeIds }: Grant, sources: Principal['sources']): Scope {
  switch (scopeKind) {
    case 'all':
      return everything;
    case 'entities':
      return { ...nothing, entities: scopeIds, sources: scopeIds.flatMap((entity) => sources[entity] ?? []) };
    case 'companies':
      return { ...nothing, companies: scopeIds };
    case 'applications':
      return { ...nothing, applications: scopeIds };
  }
}

function isEmpty(scope: Scope): boolean {
  return scope.kind === 'some' && idsOf(scope).every((ids) => ids.length === 0);
}

function idsOf({ entities, sources, companies, applications }: SomeScope): readonly (readonly string[])[] {
  return [entities, sources, companies, applications];
}
