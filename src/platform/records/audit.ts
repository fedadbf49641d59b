import type { Caller } from '../kernel/index.ts';
import { jsonb } from './jsonb.ts';
import type { Tx } from './records.ts';

/** What was done to what: one line of the audit log. */
export interface AuditEntry {
  /** Object and verb: `application.update`. */
  readonly action: string;
  readonly object: { readonly type: string; readonly id: string };
  /** The entity that the object belongs to; null when it belongs to the installation. */
  readonly entity: string | null;
  /** The object before and after, without secrets; null where there was or is none. */
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Writes lines of the audit log in the transaction of the change: both happen, or neither. The sealer chains them within
 * a second of the commit, so that changes do not queue behind one head.
 */
export async function audit(tx: Tx, { actor }: Caller, ...entries: readonly AuditEntry[]): Promise<void> {
  for (let start = 0; start < entries.length; start += 1000) {
    const rows = entries.slice(start, start + 1000).map(({ action, object, entity, before, after }) => ({
      actor_kind: actor.kind,
      actor_id: actor.id,
      actor_name: actor.name,
      address: actor.address,
      request_id: actor.requestId,
      action,
      object_type: object.type,
      object_id: object.id,
      entity_id: entity,
      before: before === null ? null : jsonb(before),
      after: after === null ? null : jsonb(after),
    }));
    await tx.insertInto('audit_log').values(rows).execute();
  }
}
