import type { Tx } from '../../platform/records/index.ts';
import { closedMonths, teamParents, usersOf } from './checks-sql.ts';
import { errors } from './errors.ts';
import { type FieldValue, type Kind, kindNamed } from './kinds.ts';
import { type StoredObject, sameValue } from './model.ts';
import { type Change, closedMonthProblem, cycleFrom, type Problem } from './plan.ts';
import { readOn } from './records.ts';

/** What stands against changes, seen from the objects that they name. Nothing is written yet. */
export async function checkReferences(
  tx: Tx,
  kind: Kind,
  changes: readonly Change[],
  today: string,
): Promise<Problem[]> {
  return [
    ...(await namedProblems(tx, kind, changes, today)),
    ...(await cycleProblems(tx, kind, changes)),
    ...(await monthProblems(tx, changes)),
  ];
}

/** An object that a change begins to name. */
interface Naming {
  readonly change: Change;
  readonly field: string;
  readonly id: string;
}

async function namedProblems(
  tx: Tx,
  kind: Kind,
  changes: readonly Change[],
  today: string,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [field, { refersTo }] of Object.entries(kind.fields)) {
    if (!refersTo) continue;
    const namings = changes.flatMap((change) => newlyNamed(kind, change, field));
    if (namings.length === 0) continue;
    const other = kindNamed(refersTo);
    const ids = [...new Set(namings.map(({ id }) => id))];
    const found = new Map((await readOn(tx, other, today, { ids })).map((object) => [object.id, object]));
    // Objects of the same file count as they will be.
    if (other === kind) for (const { after } of changes) found.set(after.id, after);
    problems.push(...namings.flatMap((naming) => namingProblem(kind, other, naming, found.get(naming.id))));
  }
  return problems;
}

function newlyNamed(kind: Kind, change: Change, field: string): Naming[] {
  const { before, after } = change;
  const restored = before !== null && before.retiredAt !== null && after.retiredAt === null;
  const moved = kind.fields[field]?.sharing ?? field;
  const isNew = restored || !sameValue(before?.values[moved], after.values[moved]);
  const known = isNew || before === null ? [] : namesIn(before, field);
  return namesIn(after, field)
    .filter((id) => !known.includes(id))
    .map((id) => ({ change, field, id }));
}

/** The ids that a field names, by whatever date. */
function namesIn({ values, assignments }: StoredObject, field: string): string[] {
  const named: (FieldValue | undefined)[] = [values[field], ...assignments.map(({ value }) => value[field])];
  return [...new Set(named)].filter((id): id is string => typeof id === 'string');
}

function namingProblem(
  kind: Kind,
  other: Kind,
  { change: { after }, field, id }: Naming,
  named: StoredObject | undefined,
): Problem[] {
  const problem = (refusal: Problem['refusal']) => [{ id: after.id, field, refusal }];
  if (!named) return problem(errors.unknownReference({ field, kind: other.title, id }));
  if (named.retiredAt !== null && after.retiredAt === null)
    return problem(errors.retiredReference({ field, kind: other.title, id }));
  const sharing = kind.fields[field]?.sharing;
  if (!sharing || sameValue(named.values[sharing], after.values[sharing])) return [];
  const [found, wanted] = [String(named.values[sharing]), String(after.values[sharing])];
  return problem(errors.elsewhere({ field, kind: other.title, id, sharing, found, wanted }));
}

async function cycleProblems(tx: Tx, kind: Kind, changes: readonly Change[]): Promise<Problem[]> {
  const moved = changes.filter(({ before, after }) => before?.values['parent'] !== after.values['parent']);
  if (kind.name !== 'team' || moved.length === 0) return [];
  const parents = await teamParents(tx);
  for (const { after } of moved) parents.set(after.id, after.values['parent'] as string | null);
  return moved.flatMap(({ after: { id } }) => {
    const path = cycleFrom(id, parents);
    return path ? [{ id, field: 'parent', refusal: errors.cycle({ id, path }) }] : [];
  });
}

async function monthProblems(tx: Tx, changes: readonly Change[]): Promise<Problem[]> {
  const dated = changes.filter(({ after }) => after.assignments.length > 0);
  if (dated.length === 0) return [];
  const entities = [...new Set(dated.map(({ after }) => String(after.values['entity'])))];
  const closed = await closedMonths(tx, entities);
  return dated.flatMap((change) => closedMonthProblem(change, closed) ?? []);
}

/** Retired objects that something active still uses. Asked after the write, so that what is retired together may go. */
export async function checkUses(
  tx: Tx,
  kind: Kind,
  changes: readonly Change[],
  today: string,
): Promise<Problem[]> {
  const retired = changes
    .filter(({ before, after }) => before?.retiredAt === null && after.retiredAt !== null)
    .map(({ after }) => after.id);
  if (retired.length === 0) return [];
  return (await usersOf(tx, kind, retired, today)).map(({ target: id, users, count }) => ({
    id,
    field: 'active',
    refusal: errors.inUse({ kind: kind.title, id, users, count }),
  }));
}
