import { createHash } from 'node:crypto';
import type { CostQuery } from './cost-query.ts';
import type { QueryContext } from './query-columns.ts';
import { queryErrors } from './query-errors.ts';
import { shownOf } from './scope.ts';

type Asked = Pick<QueryContext, 'dataset' | 'selection' | 'scope'>;

interface Place {
  /** Hash of the query without its cursor and page size, and of the scope: another scope has other pages. */
  readonly query: string;
  readonly generation: number;
  /** Rows already given. */
  readonly offset: number;
}

/** The cursor of the page that begins after `offset` rows: opaque, good for this query, scope and generation only. */
export function cursorAt(context: Asked, query: CostQuery, offset: number): string {
  const place: Place = { query: hashOf(context, query), generation: context.selection.generation, offset };
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Rows to skip: 0 without a cursor. A cursor of another query or generation is a refusal that says to start again. */
export function offsetOf(context: Asked, query: CostQuery): number {
  if (query.cursor === undefined) return 0;
  const place = readPlace(query.cursor);
  if (!place) throw queryErrors.staleCursor({ reason: 'it is damaged' });
  if (place.query !== hashOf(context, query))
    throw queryErrors.staleCursor({ reason: 'it belongs to another query' });
  if (place.generation !== context.selection.generation)
    throw queryErrors.staleCursor({ reason: 'the data has changed since the first page' });
  return place.offset;
}

function readPlace(cursor: string): Place | undefined {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Partial<Place> | null;
    const { query, generation, offset } = place ?? {};
    if (typeof query !== 'string' || typeof generation !== 'number' || typeof offset !== 'number')
      return undefined;
    return Number.isSafeInteger(offset) && offset >= 0 ? { query, generation, offset } : undefined;
  } catch {
    return undefined;
  }
}

function hashOf({ dataset, scope }: Asked, query: CostQuery): string {
  const { cursor: _, limit: __, ...asked } = query;
  return createHash('sha256')
    .update(canonical([dataset.name, asked, shownOf(dataset, scope)]))
    .digest('base64url')
    .slice(0, 22);
}

/** JSON with sorted keys: equal queries have equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
