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
  if (scope.sources.length > 0) return [...new Set(scope.sources)].sort();
  throw scope.applications.length > 0 ? lakeErrors.applicationScope({}) : lakeErrors.noSources({});
}

/**
 * The condition on a row of the dataset to be in scope, such as `"source" in ('aws', 'saas')`; undefined: every row is.
 * `say` gives a source's name as SQL: a literal, or the placeholder of a bound value. Rows that name no source are in no
 * limited scope. Refuses as `sourcesIn` does.
 */
export function scopeSql(
  dataset: Dataset,
  scope: Scope,
  say: (source: string) => string,
): string | undefined {
  const sources = sourcesIn(scope);
  return sources && `${identifier(dataset.roles.source)} in (${sources.map(say).join(', ')})`;
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
