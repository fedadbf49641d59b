import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
} from 'yaml';
import { at } from './graph-yaml-findings.ts';
import { placeOf } from './graph-yaml-read.ts';
import { isRecord } from './graph-yaml-schema.ts';
import { edgeIdOf, type GraphEdge } from './model.ts';

/** A place in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Where the value at a path stands; of a `name` in it, where that is written. What is not there stands where the nearest thing
 * around it does.
 */
export function positionOf(
  document: Document,
  lines: LineCounter,
  { path, name }: { readonly path: readonly PropertyKey[]; readonly name?: string | undefined },
): Position {
  let offset = startOf(document.contents) ?? 0;
  let node: unknown = document.contents;
  for (const step of name === undefined ? path : [...path, name]) {
    if (isAlias(node)) node = node.resolve(document);
    const next: unknown = isSeq(node) ? node.items[Number(step)] : pairOf(node, step);
    if (next === undefined) break;
    const isNamed = isPair(next);
    // A field is shown at its name: an empty value has no place of its own.
    offset = startOf(isNamed ? next.key : next) ?? offset;
    node = isNamed ? next.value : next;
  }
  return placeOf(lines, offset);
}

function pairOf(node: unknown, step: PropertyKey): unknown {
  if (!isMap(node)) return undefined;
  // The last of several: the one that counts.
  return node.items.findLast(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

/** `['edges', 3, 'params', 'cap']` as findings name it: `edges/a -> b/params/cap`; by its place where it has no id yet. */
export function pathText(value: unknown, path: readonly PropertyKey[]): string {
  const [kind, place, ...rest] = path;
  if (typeof place !== 'number') return path.map(String).join('/');
  const id = idOf(String(kind), at(value, [String(kind), place])) ?? String(place + 1);
  return [String(kind), id, ...rest.map(String)].join('/');
}

function idOf(kind: string, part: unknown): string | undefined {
  if (!isRecord(part)) return undefined;
  const { id, from, to, node, name } = part;
  if (typeof id === 'string') return id;
  if (kind === 'edges' && typeof from === 'string' && typeof to === 'string') {
    const { validFrom } = part;
    const dated = typeof validFrom === 'string' ? { validFrom } : {};
    return edgeIdOf({ from, to, ...dated } as GraphEdge);
  }
  if (kind !== 'groups' || typeof node !== 'string') return undefined;
  return typeof name === 'string' && name !== '' ? `${node}/${name}` : node;
}

/** The way back: the fields of the value that a finding's path names; undefined for what it does not have. */
export function fieldsOf(value: unknown, path: string): readonly PropertyKey[] | undefined {
  const [kind = '', ...steps] = path.split('/');
  const parts = at(value, [kind]);
  if (!Array.isArray(parts))
    return isRecord(value) && Object.hasOwn(value, kind) ? [kind, ...steps] : undefined;
  const ids = new Map(parts.map((part, place) => [idOf(kind, part), place]));
  // Ids may have slashes: the longest that fits is meant.
  for (let length = steps.length; length > 0; length--) {
    const place = ids.get(steps.slice(0, length).join('/'));
    if (place !== undefined) return [kind, place, ...steps.slice(length)];
  }
  return [kind];
}
