import { errors } from './errors.ts';

/** The ETag of a version: `"v3"`. */
export function etagOf(version: number): string {
  return `"v${version}"`;
}

interface At {
  readonly kind: { readonly title: string };
  readonly id: string;
  readonly ifMatch: string | undefined;
}

/**
 * The object, when the change was made of the version that is stored (`If-Match`, RFC 9110 section 13.1.1; `*` is any).
 * Refused: no object (404), no version named (428), another version stored (412).
 */
export function refuseStale<T extends { readonly version: number }>(
  { kind: { title: kind }, id, ifMatch }: At,
  stored: T | undefined,
): T {
  if (!stored) throw errors.unknown({ kind, id });
  if (ifMatch === undefined) throw errors.ifMatchNeeded({ kind, id });
  const { version } = stored;
  const named = ifMatch.split(',').map((tag) => tag.trim());
  if (!named.includes(etagOf(version)) && !named.includes('*'))
    throw errors.stale({ kind, id, version, given: ifMatch.slice(0, 100) });
  return stored;
}
