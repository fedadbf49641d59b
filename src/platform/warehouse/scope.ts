import { assert, type Scope, seesSource } from '../kernel/index.ts';
import type { Dataset } from './dataset.ts';
import { identifier } from './engine.ts';
import { lakeErrors } from './errors.ts';
import type { Manifest } from './manifest.ts';

/**
 * A generation as a scope shows it: the partitions of its sources and no other, so that what is not seen cannot be told
 * from what is not there. Only `visibleIn` makes one: what looks for months takes this and not the manifest itself.
 */
export interface VisibleManifest extends Pick<Manifest, 'generation' | 'partitions'> {
  readonly scope: Scope;
}

/** The part of a generation that a scope shows. A missing or unknown scope is a defect. */
export function visibleIn(manifest: Manifest, scope: Scope): VisibleManifest {
  demandScope(scope);
  const { generation, partitions } = manifest;
  return { scope, generation, partitions: partitions.filter(({ source }) => seesSource(scope, source)) };
}

/**
 * The sources whose rows a scope shows, sorted; undefined: all. Without any it is a refusal, `lake.applicationScope` or
 * `lake.noSources`: an empty answer would look like a cost of 0. A missing or unknown scope is a defect.
 */
export function sourcesIn(scope: Scope): readonly string[] | undefined {
  demandScope(scope);
  if (scope.kind === 'all') return undefined;
  if (scope.sources.length > 0) return sorted(scope.sources);
  throw scope.applications.length > 0 ? lakeErrors.applicationScope({}) : lakeErrors.noSources({});
}

/**
 * The condition on a row of the dataset to be in scope, such as `"source" in ('aws', 'saas')`; undefined: every row is. Of a
 * dataset whose rows name their owners: `("entity" in ('fr') or "application" in ('shop'))`. `say` gives a name as SQL: a literal, or the placeholder of a bound value. Rows that name no source are in no
 * limited scope. Refuses as `sourcesIn` does.
 */
export function scopeSql(
  dataset: Dataset,
  scope: Scope,
  say: (source: string) => string,
): string | undefined {
  if (!isOwned(dataset)) return oneOf(dataset.roles.source, sourcesIn(scope), say);
  const owners = ownersIn(scope);
  if (!owners) return undefined;
  const parts = [
    oneOf(dataset.roles.entity, owners.entities, say),
    oneOf(dataset.roles.application, owners.applications, say),
  ];
  const named = parts.filter((part) => part !== undefined);
  return named.length === 0 ? 'false' : `(${named.join(' or ')})`;
}

/** Whether rows are seen by the entity and the application that they name, and not by the source of a bill. */
export function isOwned({ roles }: Dataset): boolean {
  return roles.entity !== undefined || roles.application !== undefined;
}

/** What a scope shows of a dataset, as a plain value: equal ones see the same rows. Refuses as `scopeSql` does. */
export function shownOf(dataset: Dataset, scope: Scope): unknown {
  return (isOwned(dataset) ? ownersIn(scope) : sourcesIn(scope)) ?? null;
}

/** The partitions of a dataset that may hold rows in scope, by the manifest as it is. */
export function partitionsOf(dataset: Dataset, manifest: Manifest, scope: Scope): VisibleManifest {
  if (!isOwned(dataset)) return visibleIn(manifest, scope);
  ownersIn(scope);
  const { generation, partitions } = manifest;
  return { scope, generation, partitions: partitions.filter((p) => p.dataset === dataset.name) };
}

interface Owners {
  readonly entities: readonly string[];
  readonly applications: readonly string[];
}

/** The entities and applications whose rows a scope shows, sorted; undefined: all. None at all is `lake.noSources`. */
function ownersIn(scope: Scope): Owners | undefined {
  demandScope(scope);
  if (scope.kind === 'all') return undefined;
  if (scope.entities.length + scope.applications.length === 0) throw lakeErrors.noSources({});
  return { entities: sorted(scope.entities), applications: sorted(scope.applications) };
}

function oneOf(
  column: string | undefined,
  values: readonly string[] | undefined,
  say: (value: string) => string,
): string | undefined {
  if (column === undefined || values === undefined || values.length === 0) return undefined;
  return `${identifier(column)} in (${values.map(say).join(', ')})`;
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

/** Refuses with `lake.partOfLake` unless the scope is everything: some work is on the lake as a whole. */
export function demandWholeLake(scope: Scope, work: string): void {
  demandScope(scope);
  if (scope.kind !== 'all') throw lakeErrors.partOfLake({ work });
}

function demandScope(scope: Scope): void {
  const given: Partial<Scope> | null | undefined = scope;
  const known = given?.kind === 'all' || (given?.kind === 'some' && Array.isArray(given.sources));
  assert(known, 'the lake demands a scope that it knows');
}
