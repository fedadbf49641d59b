import { accessErrors } from './errors.ts';
import type { Grant } from './model.ts';
import { roles, type ScopeKind } from './permissions.ts';

/**
 * Refuses a grant that its role cannot have, and one that says the same twice: `access.unfitGrant`. Ids are put in order,
 * each once.
 */
export function fitGrants(grants: readonly Grant[]): readonly Grant[] {
  const seen = new Set<string>();
  return grants.map((grant) => {
    const fitted = fitGrant(grant);
    const key = `${fitted.role} ${fitted.scopeKind}`;
    if (seen.has(key))
      throw unfit(fitted, `is granted twice with the scope ${fitted.scopeKind}; give all ids in one grant`);
    seen.add(key);
    return fitted;
  });
}

/** As `fitGrants`, for one. */
export function fitGrant(grant: Grant): Grant {
  const { role, scopeKind, scopeIds } = grant;
  const allowed: readonly ScopeKind[] = roles[role].scopes;
  if (!allowed.includes(scopeKind))
    throw unfit(grant, `is granted with the scope ${allowed.join(' or ')}, not ${scopeKind}`);
  if (scopeKind === 'all' && scopeIds.length > 0)
    throw unfit(grant, 'extends to all: leave the ids out, or name the kind of scope that they belong to');
  if (scopeKind !== 'all' && scopeIds.length === 0)
    throw unfit(grant, `extends to named ${scopeKind}: name at least one`);
  return { role, scopeKind, scopeIds: [...new Set(scopeIds)].sort() };
}

function unfit({ role }: Grant, problem: string): Error {
  return accessErrors.unfitGrant({ role, problem });
}
