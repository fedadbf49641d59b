import type { Caller } from '../../platform/kernel/index.ts';
import { type AuditEntry, audit, type Tx } from '../../platform/records/index.ts';
import { checkReferences, checkUses } from './check-references.ts';
import { lockOrganization } from './checks-sql.ts';
import { audited } from './documents.ts';
import { errors } from './errors.ts';
import type { Kind } from './kinds.ts';
import { type StoredObject, sameValue, type Wanted } from './model.ts';
import { type Change, type Moment, type Problem, planChange } from './plan.ts';
import {
  entityOf,
  insertObjects,
  readWhole,
  updateObjects,
  writeAssignments,
  writeLabels,
} from './records.ts';
import { type Secrets, sealGiven } from './secrets.ts';

/** Who changes what kind, when. */
export interface Changing {
  readonly caller: Caller;
  readonly kind: Kind;
  readonly moment: Moment;
  /** Opened before the transaction; needed where a sealed text is given. */
  readonly secrets: Secrets | undefined;
}

/** What was changed, and what stands against it: with a problem nothing may be kept. */
export interface Outcome {
  readonly changes: readonly Change[];
  readonly problems: readonly Problem[];
  /** Objects that were as wanted already. */
  readonly unchanged: number;
}

/** Lists of the whole installation are changed by callers without limits only. */
export function refuseForeignList({ scope }: Caller, kind: Kind): void {
  if (kind.belongsTo === 'installation' && scope.kind !== 'all')
    throw errors.wholeScopeNeeded({ kind: kind.title });
}

/**
 * Brings objects to what is wanted, with their history and the audit log, in a few statements whatever their number.
 * `stored`: what there is of them, read after the lock was taken.
 */
export async function changeObjects(
  tx: Tx,
  changing: Changing,
  stored: ReadonlyMap<string, StoredObject>,
  wanted: readonly Wanted[],
): Promise<Outcome> {
  const { kind, moment } = changing;
  const planned = wanted.map((wish) => {
    const before = stored.get(wish.id);
    return planChange(kind, before, sealGiven(kind, before, wish, changing.secrets), moment);
  });
  const changes = planned.filter((plan): plan is Change => plan !== undefined && 'after' in plan);
  const problems = [
    ...planned.flatMap((plan) => (plan && !('after' in plan) ? plan : [])),
    ...(await checkReferences(tx, kind, changes, moment.today)),
  ];
  const unchanged = planned.filter((plan) => plan === undefined).length;
  if (problems.length > 0) return { changes, problems, unchanged };
  return { changes, problems: await write(tx, changing, changes), unchanged };
}

async function write(tx: Tx, changing: Changing, changes: readonly Change[]): Promise<Problem[]> {
  const { kind, caller, moment } = changing;
  const made = changes.filter(({ before }) => before === null).map(({ after }) => after);
  const changed = changes.filter(({ before }) => before !== null).map(({ after }) => after);
  const taken = made.length > 0 ? await insertObjects(tx, kind, made) : new Set<string>();
  if (taken.size > 0)
    return [...taken].map((id) => ({ id, field: 'id', refusal: errors.taken({ kind: kind.title, id }) }));
  if (changed.length > 0 && (await updateObjects(tx, kind, changed)) < changed.length)
    throw errors.wholeScopeNeeded({ kind: kind.title });
  await writeDated(tx, kind, changes);
  await audit(tx, caller, ...changes.map((change) => auditEntry(kind, change)));
  return checkUses(tx, kind, changes, moment.today);
}

async function writeDated(tx: Tx, kind: Kind, changes: readonly Change[]): Promise<void> {
  const differing = (part: 'labels' | 'assignments') =>
    changes
      .filter(({ before, after }) => !sameValue(before?.[part] ?? [], after[part]))
      .map(({ after }) => after);
  const [labelled, assigned] = [differing('labels'), differing('assignments')];
  if (labelled.length > 0) await writeLabels(tx, kind, labelled);
  if (assigned.length > 0) await writeAssignments(tx, assigned);
}

/** `application.create`, `.update`, `.retire` or `.restore`, with the object before and after. */
function auditEntry(kind: Kind, { before, after }: Change): AuditEntry {
  return {
    action: `${kind.name}.${verbOf(before, after)}`,
    object: { type: kind.name, id: after.id },
    entity: entityOf(kind, after),
    before: before && audited(kind, before),
    after: audited(kind, after),
  };
}

function verbOf(before: StoredObject | null, after: StoredObject): string {
  if (!before) return 'create';
  if (before.retiredAt === after.retiredAt) return 'update';
  return after.retiredAt === null ? 'restore' : 'retire';
}

/** Objects by id with all their history, for a change; others wait for the lock as they must. */
export async function readForChange(
  tx: Tx,
  kind: Kind,
  asked: { readonly ids?: readonly string[]; readonly alone: boolean },
): Promise<ReadonlyMap<string, StoredObject>> {
  await lockOrganization(tx, asked.alone ? 'alone' : 'shared');
  const objects = await readWhole(tx, kind, {
    ...(asked.ids ? { ids: asked.ids } : {}),
    lock: true,
  });
  return new Map(objects.map((object) => [object.id, object]));
}
