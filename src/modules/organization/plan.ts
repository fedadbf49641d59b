import type { Refusal } from '../../platform/kernel/index.ts';
import { changeFrom, type Dated, ever, firstDifference, valueOn } from './dated.ts';
import { errors } from './errors.ts';
import { type Field, type FieldValue, fieldsOf, type Kind } from './kinds.ts';
import { type StoredObject, sameValue, type Values, type Wanted } from './model.ts';

/** What a wish does to an object: `before` is null when it makes one. */
export interface Change {
  readonly before: StoredObject | null;
  readonly after: StoredObject;
}

/** Why a wish cannot be granted, and which field says so. */
export interface Problem {
  readonly id: string;
  readonly field: string;
  readonly refusal: Refusal;
}

/** When a change is made, and from which day what is dated holds. */
export interface Moment {
  /** ISO 8601. */
  readonly now: string;
  /** Day of `now` in UTC. */
  readonly today: string;
  /** Named by the caller; without it a dated field holds from the first of this month, and only what differs today is changed. */
  readonly validFrom: string | undefined;
}

/** The moment of a change. */
export function momentOf(now: Date, validFrom: string | undefined): Moment {
  const iso = now.toISOString();
  return { now: iso, today: iso.slice(0, 10), validFrom };
}

/** A change, the problems that stand against it, or undefined when all is as wanted already. */
export function planChange(
  kind: Kind,
  before: StoredObject | undefined,
  wanted: Wanted,
  moment: Moment,
): Change | readonly Problem[] | undefined {
  return before ? planUpdate(kind, before, wanted, moment) : planCreation(kind, wanted, moment);
}

function planCreation(kind: Kind, wanted: Wanted, moment: Moment): Change | readonly Problem[] {
  const { id, values } = wanted;
  const missing = Object.entries(kind.fields).filter(
    ([name, field]) => field.default === undefined && (values[name] ?? null) === null,
  );
  if (missing.length > 0)
    return missing.map(([field]) => ({
      id,
      field,
      refusal: errors.required({ kind: kind.title, id, field }),
    }));
  const filled = (fields: readonly (readonly [string, Field])[]) =>
    Object.fromEntries(
      fields.map(([name, field]) => [name, patched(field, field.default ?? null, values[name])]),
    );
  const dated = fieldsOf(kind, 'dated');
  const validFrom = moment.validFrom ?? firstOfMonth(moment.today);
  return {
    before: null,
    after: {
      id,
      version: 1,
      retiredAt: wanted.active === false ? moment.now : null,
      values: filled(fieldsOf(kind, 'own')),
      labels: [{ validFrom: ever, validTo: null, value: String(values['label']) }],
      assignments: dated.length === 0 ? [] : [{ validFrom, validTo: null, value: filled(dated) }],
    },
  };
}

function planUpdate(
  kind: Kind,
  before: StoredObject,
  wanted: Wanted,
  moment: Moment,
): Change | readonly Problem[] | undefined {
  const given = givenTo(before, wanted, moment);
  const problems = [...fixedProblems(kind, before, given), ...labelProblems(before, given, moment)];
  if (problems.length > 0) return problems;
  const own = fieldsOf(kind, 'own').map(([name, field]) => [
    name,
    patched(field, before.values[name] ?? null, given[name]),
  ]);
  const after: StoredObject = {
    id: before.id,
    version: before.version + 1,
    retiredAt: wanted.active === undefined ? before.retiredAt : retiredBy(wanted.active, before, moment),
    values: Object.fromEntries(own),
    labels: labelsAfter(before, given, moment),
    assignments: assignmentsAfter(kind, before, given, moment),
  };
  return sameValue({ ...before, version: 0 }, { ...after, version: 0 }) ? undefined : { before, after };
}

function retiredBy(active: boolean, before: StoredObject, { now }: Moment): string | null {
  return active ? null : (before.retiredAt ?? now);
}

/** Without a date named, what is as wanted today is left as it was before and will be. */
function givenTo(before: StoredObject, { values }: Wanted, { validFrom, today }: Moment): Values {
  if (validFrom !== undefined) return values;
  const current = valuesOn(before, today);
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => !holdsAlready(current[name], value)),
  );
}

function holdsAlready(current: FieldValue | undefined, given: FieldValue): boolean {
  if (!isMap(given)) return sameValue(current ?? null, given);
  return Object.entries(given).every(
    ([name, text]) => ((current ?? {}) as Map)[name] === (text ?? undefined),
  );
}

function fixedProblems(kind: Kind, { id, values }: StoredObject, given: Values): Problem[] {
  return fieldsOf(kind, 'own')
    .filter(([name, field]) => field.fixed && name in given && !sameValue(given[name], values[name]))
    .map(([field]) => ({
      id,
      field,
      refusal: errors.fixed({ kind: kind.title, id, field, value: String(values[field]) }),
    }));
}

function labelProblems(before: StoredObject, given: Values, { validFrom, today }: Moment): Problem[] {
  const { id } = before;
  const renamed = given['label'] !== undefined && given['label'] !== before.values['label'];
  if (!renamed || validFrom === undefined || validFrom <= today) return [];
  return [{ id, field: 'label', refusal: errors.futureLabel({ id, validFrom }) }];
}

function labelsAfter(before: StoredObject, given: Values, moment: Moment): readonly Dated<string>[] {
  const label = given['label'];
  if (typeof label !== 'string' || (moment.validFrom ?? '') > moment.today) return before.labels;
  return changeFrom(before.labels, startIn(before.labels, moment), () => label, sameValue);
}

function assignmentsAfter(
  kind: Kind,
  before: StoredObject,
  given: Values,
  moment: Moment,
): readonly Dated<Values>[] {
  const fields = fieldsOf(kind, 'dated');
  // A day alone takes what was first said back to that day.
  const onlyDay = moment.validFrom !== undefined && Object.keys(given).length === 0;
  if (fields.length === 0 || !(onlyDay || fields.some(([name]) => name in given))) return before.assignments;
  const change = (value: Values) =>
    Object.fromEntries(
      fields.map(([name, field]) => [name, patched(field, value[name] ?? null, given[name])]),
    );
  return changeFrom(before.assignments, startIn(before.assignments, moment), change, sameValue);
}

/** The day named; else the first of this month, but not before the first row. */
function startIn(rows: readonly Dated<unknown>[], { validFrom, today }: Moment): string {
  const [start = ''] = [firstOfMonth(today), rows[0]?.validFrom ?? ''].sort().reverse();
  return validFrom ?? start;
}

function firstOfMonth(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

type Map = Readonly<Record<string, string | null>>;

function isMap(value: FieldValue): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is given replaces; attributes are merged name by name, and null takes one away. */
function patched(field: Field, before: FieldValue, given: FieldValue | undefined): FieldValue {
  if (given === undefined) return before;
  if (field.type !== 'attributes') return given;
  const merged: Map = { ...(before as Map), ...(given as Map) };
  const kept = Object.entries(merged).flatMap(([name, text]) =>
    text === null ? [] : [[name, text] as const],
  );
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The fields of an object as they are on a day; dated ones that nothing was said of by then are null. */
export function valuesOn({ values, assignments }: StoredObject, day: string): Values {
  return { ...values, ...valueOn(assignments, day) };
}

/**
 * The problem of a change that tells the ownership of a closed month anew. `closed`: entity → its closed and locked months,
 * sorted.
 */
export function closedMonthProblem(
  { before, after }: Change,
  closed: ReadonlyMap<string, readonly string[]>,
): Problem | undefined {
  const validFrom = firstDifference(before?.assignments ?? [], after.assignments, sameValue);
  const entity = String(after.values['entity']);
  const period = validFrom && closed.get(entity)?.find((month) => month >= validFrom.slice(0, 7));
  if (!validFrom || !period) return undefined;
  const { id } = after;
  return { id, field: 'validFrom', refusal: errors.monthClosed({ id, validFrom, entity, period }) };
}

/** The teams on a way that leads back to its start, from `id` upwards; undefined when it ends at a team without parent. */
export function cycleFrom(id: string, parents: ReadonlyMap<string, string | null>): string[] | undefined {
  const path = [id];
  const seen = new Set(path);
  for (let above = parents.get(id); above; above = parents.get(above)) {
    path.push(above);
    if (above === id) return path;
    // A circle higher up is told of its own members.
    if (seen.has(above)) return undefined;
    seen.add(above);
  }
  return undefined;
}
