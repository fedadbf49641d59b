import { sql } from 'kysely';
import type { Tx } from '../records.ts';

/** What to list; everything when absent. */
export interface AuditFilter {
  readonly objectType?: string | undefined;
  readonly objectId?: string | undefined;
  /** Id or name of the actor. */
  readonly actor?: string | undefined;
  /** `application.update`, or `application.` for everything done to applications. */
  readonly action?: string | undefined;
  readonly entity?: string | undefined;
  /** Times (ISO 8601): from, inclusive; to, exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Rows of the log that pass the filter, newest first, older than the row `before`. The caller's scope is in force. */
export async function selectAuditRows(
  tx: Tx,
  filter: AuditFilter,
  page: { readonly before: bigint | undefined; readonly limit: number },
) {
  return await tx
    .selectFrom('audit_log')
    .leftJoin('audit_seal', 'audit_seal.audit_id', 'audit_log.id')
    .selectAll('audit_log')
    .select(['audit_seal.position', 'audit_seal.hash'])
    .where((where) => {
      const { objectType, objectId, actor, action, entity, from, to } = filter;
      return where.and([
        ...(page.before === undefined ? [] : [where('audit_log.id', '<', page.before as never)]),
        ...(objectType === undefined ? [] : [where('object_type', '=', objectType)]),
        ...(objectId === undefined ? [] : [where('object_id', '=', objectId)]),
        ...(entity === undefined ? [] : [where('entity_id', '=', entity)]),
        ...(action === undefined
          ? []
          : action.endsWith('.')
            ? [where(sql`starts_with(action, ${action})`, '=', true)]
            : [where('action', '=', action)]),
        ...(actor === undefined
          ? []
          : [where.or([where('actor_id', '=', actor), where('actor_name', '=', actor)])]),
        ...(from === undefined ? [] : [where('at', '>=', from as never)]),
        ...(to === undefined ? [] : [where('at', '<', to as never)]),
      ]);
    })
    .orderBy('audit_log.id', 'desc')
    .limit(page.limit)
    .execute();
}

/** One row as `selectAuditRows` gives it. */
export type AuditRow = Awaited<ReturnType<typeof selectAuditRows>>[number];
