import type { Tx } from '../../platform/records/index.ts';
import type { HistoryEntry } from './contract.ts';

/** The changes of an object out of the audit log, the newest first; `before`: only entries before this one. */
export async function readHistory(
  tx: Tx,
  object: { readonly type: string; readonly id: string },
  page: { readonly before?: string | undefined; readonly limit: number },
): Promise<(HistoryEntry & { readonly entry: string })[]> {
  let query = tx
    .selectFrom('audit_log')
    .select(['id', 'at', 'actor_kind', 'actor_id', 'actor_name', 'action', 'before', 'after', 'request_id'])
    .where('object_type', '=', object.type)
    .where('object_id', '=', object.id)
    .orderBy('id', 'desc')
    .limit(page.limit);
  if (page.before !== undefined) query = query.where('id', '<', BigInt(page.before));
  const rows = await query.execute();
  return rows.map(({ id, at, action, before, after, ...row }) => ({
    entry: String(id),
    at,
    actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
    action,
    before,
    after,
    requestId: row.request_id,
  }));
}
