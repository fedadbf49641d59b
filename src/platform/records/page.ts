import { recordsErrors } from './errors.ts';

/**
 * A page out of one item more than it shows. The cursor names the last item shown: a list that changes meanwhile is
 * continued where it was left.
 */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  keyOf: (item: T) => string,
): { readonly items: T[]; readonly next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  if (last === undefined || found.length <= limit) return { items };
  return { items, next: Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') };
}

/** The key after which a page begins; it must have the given shape. Refusal: `records.unfitCursor`. */
export function afterCursor(cursor: string | undefined, shape = /^/): string | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof key === 'string' && shape.test(key)) return key;
  } catch {
    // Not one of ours; said below.
  }
  throw recordsErrors.unfitCursor({ cursor: cursor.slice(0, 60) });
}
