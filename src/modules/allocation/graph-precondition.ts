import { errors } from './errors.ts';

interface Versioned {
  readonly id: string;
  readonly version: number;
}

/** The ETag of a graph, its drafts and versions included: `"v3"`. */
export function graphEtag(version: number): string {
  return `"v${version}"`;
}

/**
 * Lets a change pass that was made of what is stored (`If-Match`, RFC 9110 section 13.1.1; `*` is any). Refused: no version
 * named (428), another version stored (412).
 */
export function refuseStaleGraph({ id: graph, version }: Versioned, ifMatch: string | undefined): void {
  if (ifMatch === undefined) throw errors.ifMatchNeeded({ graph });
  const named = ifMatch.split(',').map((tag) => tag.trim());
  if (!named.includes(graphEtag(version)) && !named.includes('*'))
    throw errors.staleGraph({ graph, version, given: ifMatch.slice(0, 100) });
}
