/**
 * What the caller may see. Every query demands one; nothing compiles without it.
 * `all` is the only scope until people and roles exist.
 */
export interface Scope {
  readonly kind: 'all';
}

/** The scope of the workspace's owner: everything. */
export const everything: Scope = { kind: 'all' };
