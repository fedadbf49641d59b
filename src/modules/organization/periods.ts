import { type Caller, periodOf } from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import { lockOrganization } from './checks-sql.ts';
import type { EntityPeriod } from './contract.ts';
import { errors } from './errors.ts';
import { kindNamed } from './kinds.ts';
import { findPeriod, type PeriodState, writePeriod } from './period-sql.ts';
import { readOn } from './records.ts';

/** A step of a month: close it when showback is done, lock it for good, or open a closed one again. */
export type PeriodVerb = 'close' | 'lock' | 'reopen';

const steps: Readonly<Record<PeriodVerb, { readonly from: PeriodState; readonly to: PeriodState }>> = {
  close: { from: 'OPEN', to: 'CLOSED' },
  lock: { from: 'CLOSED', to: 'LOCKED' },
  reopen: { from: 'CLOSED', to: 'OPEN' },
};

export interface PeriodChange {
  readonly entity: string;
  readonly period: string;
  readonly verb: PeriodVerb;
  readonly reason: string | null;
  readonly now: Date;
}

/**
 * Moves an entity's month: OPEN → CLOSED → LOCKED, and CLOSED → OPEN with a reason. It waits for changes of ownership that
 * are being made. Refusals: `organization.unknown` (the entity), `organization.wrongState`, `organization.monthToCome`.
 */
export async function changePeriod(tx: Tx, caller: Caller, change: PeriodChange): Promise<EntityPeriod> {
  const { entity, period, verb, reason, now } = change;
  await lockOrganization(tx, 'alone');
  await refuseUnknownEntity(tx, entity);
  const before = await findPeriod(tx, entity, period);
  const { from, to } = steps[verb];
  if (before.state !== from)
    throw errors.wrongState({ entity, period, state: before.state, verb, needed: from });
  const current = periodOf(now);
  if (verb === 'close' && period > current) throw errors.monthToCome({ period, current });
  const said = { changedAt: now.toISOString(), changedBy: caller.actor.name };
  const after = { entity, period, state: to, reason, ...said };
  await writePeriod(tx, after);
  await audit(tx, caller, {
    action: `period.${verb}`,
    object: { type: 'period', id: periodId({ entity, period }) },
    entity,
    before: { state: before.state, reason: before.reason },
    after: { state: to, reason },
  });
  return after;
}

/** A month as the audit log names it: `retail/2026-10`. */
export function periodId({ entity, period }: { readonly entity: string; readonly period: string }): string {
  return `${entity}/${period}`;
}

/** Refuses an entity that is not there, or that the caller does not see. */
export async function refuseUnknownEntity(tx: Tx, id: string): Promise<void> {
  const kind = kindNamed('entity');
  const [found] = await readOn(tx, kind, '9999-12-31', { ids: [id] });
  if (!found) throw errors.unknown({ kind: kind.title, id });
}
