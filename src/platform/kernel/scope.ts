/**
 * What the caller may see. Every query demands one; nothing compiles without it, and it stands in the SQL of every
 * statement: as a filter in the lake, as row-level security in the records.
 */
export type Scope = { readonly kind: 'all' } | SomeScope;

/** Only what is named: an empty list is nothing of that kind. */
export interface SomeScope {
  readonly kind: 'some';
  /** Ids of legal entities. */
  readonly entities: readonly string[];
  /** Names of the sources of bills that belong to these entities: raw cost rows are seen by source. */
  readonly sources: readonly string[];
  /** Ids of invoiced companies. */
  readonly companies: readonly string[];
  /** Ids of applications: they count in allocation and showback, never on raw cost rows. */
  readonly applications: readonly string[];
}

/** The scope of the workspace's owner and of roles without limits: everything. */
export const everything: Scope = { kind: 'all' };

/** The scope that sees nothing. */
export const nothing: SomeScope = {
  kind: 'some',
  entities: [],
  sources: [],
  companies: [],
  applications: [],
};

/** True when rows of this source may be seen. */
export function seesSource(scope: Scope, source: string): boolean {
  return scope.kind === 'all' || scope.sources.includes(source);
}

/** Everything that one of the two sees. */
export function unionOf(a: Scope, b: Scope): Scope {
  if (a.kind === 'all' || b.kind === 'all') return everything;
  return combined(a, b, (x, y) => [...new Set([...x, ...y])].sort());
}

/** What both see. */
export function intersectionOf(a: Scope, b: Scope): Scope {
  if (a.kind === 'all') return b;
  if (b.kind === 'all') return a;
  return combined(a, b, (x, y) => x.filter((id) => y.includes(id)));
}

function combined(
  a: SomeScope,
  b: SomeScope,
  combine: (x: readonly string[], y: readonly string[]) => readonly string[],
): SomeScope {
  return {
    kind: 'some',
    entities: combine(a.entities, b.entities),
    sources: combine(a.sources, b.sources),
    companies: combine(a.companies, b.companies),
    applications: combine(a.applications, b.applications),
  };
}
