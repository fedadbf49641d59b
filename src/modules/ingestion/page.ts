import { ingestionErrors } from './errors.ts';

/**
 * One page of a sorted list. The cursor names the last item shown, not its place: a list that changes meanwhile is
 * continued where it was left, without gaps or doubles. `keyOf` must be unique and ascending in the list.
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): { readonly items: T[]; readonly next?: string } {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page,
    ...(last !== undefined && rest.length > page.length
      ? { next: Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') }
      : {}),
  };
}

function readCursor(cursor: string): string {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof key === 'string') return key;
  } catch {
    // Not one of ours; said below.
  }
  throw ingestionErrors.unfitCursor({ cursor: cursor.slice(0, 60) });
}
