import type { Caller } from '../../platform/kernel/index.ts';
import type { Tx } from '../../platform/records/index.ts';
import { afterCursor, pageOf } from '../../platform/records/index.ts';
import type { History } from './contract.ts';
import { errors } from './errors.ts';
import { readHistory } from './history-sql.ts';

/** An object that has a history, and the entity whose people may read it. */
export interface Historied {
  readonly type: string;
  /** For sentences. */
  readonly title: string;
  readonly id: string;
  /** Null: the installation's. */
  readonly entity: string | null;
}

/**
 * A page of what was done to an object, the newest first. It names people, so that the caller's scope must cover the
 * entity: seeing the object as the engineer of an application is not enough.
 */
export async function historyOf(
  tx: Tx,
  { scope }: Caller,
  { type, title, id, entity }: Historied,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<History> {
  if (scope.kind !== 'all' && (entity === null || !scope.entities.includes(entity)))
    throw errors.historyElsewhere({ kind: title, id });
  const before = afterCursor(cursor, /^\d{1,18}$/);
  const found = await readHistory(tx, { type, id }, { before, limit: limit + 1 });
  const { items, ...next } = pageOf(found, limit, ({ entry }) => entry);
  return { context: {}, items: items.map(({ entry: _, ...change }) => change), ...next };
}
