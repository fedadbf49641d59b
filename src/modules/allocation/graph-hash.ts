import { createHash } from 'node:crypto';
import { type Part, type PartKind, partsOf, textsOf } from './graph-parts.ts';
import type { GraphDocument } from './model.ts';

/**
 * SHA-256, in hex, of a document: of its canonical JSON (names sorted, defaults filled in, nodes, edges, groups and metrics
 * sorted by id, rules in their order). Two documents that say the same have one hash, however they were written.
 */
export function hashDocument(document: GraphDocument): string {
  return hashParts(partsOf(document));
}

/** The same of a document's parts, sorted as `partsOf` sorts them. */
export function hashParts(parts: readonly Part[]): string {
  const hash = createHash('sha256');
  const list = (kind: PartKind) => `[${textsOf(parts, kind).join(',')}]`;
  hash.update(`{"edges":${list('edge')},"groups":${list('group')},"method":${textsOf(parts, 'method')[0]}`);
  hash.update(`,"metrics":${list('metric')},"nodes":${list('node')},"rules":${list('rule')}}`);
  return hash.digest('hex');
}
