import { accessErrors } from './errors.ts';

/**
 * One page of a list that was read with one item more than it shows. The cursor names the last item shown: a list that
 * changes meanwhile is continued where it was left.
 */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  keyOf: (item: T) => string,
): { readonly context: Record<never, never>; readonly items: readonly T[]; readonly next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return {
    context: {},
    items,
    ...(hasMore ? { next: Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') } : {}),
  };
}

/** The key after which a page begins. Refusal: `access.unfitCursor`. */
export function afterCursor(cursor: string | undefined): { readonly after?: string } {
  if (cursor === undefined) return {};
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof key === 'string') return { after: key };
  } catch {
    // Not one of ours; said below.
  }
  throw accessErrors.unfitCursor({ cursor: cursor.slice(0, 60) });
}
