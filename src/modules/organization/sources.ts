import type { Caller } from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import { lockOrganization } from './checks-sql.ts';
import type { SourceAssignment } from './contract.ts';
import { errors } from './errors.ts';
import { kindNamed } from './kinds.ts';
import { refuseStale } from './precondition.ts';
import { readOn } from './records.ts';
import { findSource, lockSource, removeSource, writeSource } from './source-sql.ts';

/** Sources are assigned by callers without limits: whoever could give himself a source would see its bills. */
const kind = { title: 'source' };

/**
 * Gives the bills of a source to an entity. A source that belongs to another one changes hands only with the version
 * that the caller read (`If-Match`).
 */
export async function assignSource(
  tx: Tx,
  caller: Caller,
  {
    source,
    entity,
    ifMatch,
  }: { readonly source: string; readonly entity: string; readonly ifMatch: string | undefined },
): Promise<SourceAssignment> {
  refuseLimited(caller);
  await lockOrganization(tx, 'alone');
  const [named] = await readOn(tx, kindNamed('entity'), '9999-12-31', { ids: [entity] });
  if (!named) throw errors.unknownReference({ field: 'entity', kind: 'entity', id: entity });
  if (named.retiredAt) throw errors.retiredReference({ field: 'entity', kind: 'entity', id: entity });
  const before = await lockSource(tx, source);
  if (before?.entity === entity) return before;
  if (before) refuseStale({ kind, id: source, ifMatch }, before);
  const after = { source, entity, version: (before?.version ?? 0) + 1 };
  await writeSource(tx, after);
  await audit(tx, caller, auditEntry('assign', entity, before ?? null, after));
  return after;
}

/** Takes a source from its entity: afterwards only callers without limits see its bills. */
export async function unassignSource(
  tx: Tx,
  caller: Caller,
  { source, ifMatch }: { readonly source: string; readonly ifMatch: string | undefined },
): Promise<SourceAssignment> {
  refuseLimited(caller);
  const before = refuseStale({ kind, id: source, ifMatch }, await lockSource(tx, source));
  await removeSource(tx, source);
  await audit(tx, caller, auditEntry('unassign', before.entity, before, null));
  return before;
}

/** The assignment of a source; one that is not there or not seen is refused. */
export async function requireSource(tx: Tx, source: string): Promise<SourceAssignment> {
  const found = await findSource(tx, source);
  if (!found) throw errors.unknown({ kind: kind.title, id: source });
  return found;
}

function refuseLimited({ scope }: Caller): void {
  if (scope.kind !== 'all') throw errors.wholeScopeNeeded({ kind: kind.title });
}

function auditEntry(
  verb: string,
  entity: string,
  before: SourceAssignment | null,
  after: SourceAssignment | null,
) {
  const id = before?.source ?? after?.source ?? '';
  return { action: `source.${verb}`, object: { type: 'source', id }, entity, before, after };
}
