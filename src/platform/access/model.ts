import type { Actor } from '../kernel/index.ts';
import type { RoleName, ScopeKind } from './permissions.ts';

/** A role and what it extends to. */
export interface Grant {
  readonly role: RoleName;
  readonly scopeKind: ScopeKind;
  /** Ids of entities, companies or applications; empty when the kind is `all`. */
  readonly scopeIds: readonly string[];
}

/** Who proved who they are, with all that decides what they may do. */
export interface Principal {
  readonly actor: Actor;
  /** `everything`: the workspace's owner and the bearer of `server.token`, whom no role limits. */
  readonly grants: readonly Grant[] | 'everything';
  /** A token does what its owner may, and of that no more than this; null: no further limit. */
  readonly limit: Grant | null;
  /** Entity → names of its sources, for every entity that a grant names. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
  /** The person who signed in, or who owns the token. */
  readonly personId: string | null;
  readonly session: { readonly id: string; readonly csrfToken: string } | null;
  readonly token: { readonly id: string; readonly expiresAt: string } | null;
}
