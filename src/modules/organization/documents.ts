import { ever } from './dated.ts';
import { type Kind, sealedMark } from './kinds.ts';
import type { StoredObject, Values } from './model.ts';
import { valuesOn } from './plan.ts';

/** An object as it is shown: its fields beside id, version and retirement. Sealed texts are masked. */
export interface ShownObject {
  readonly id: string;
  readonly active: boolean;
  readonly retiredAt: string | null;
  readonly version: number;
  /** A `FieldValue` for each field of the kind. */
  readonly [field: string]: unknown;
}

/** An object as it is on a day, for lists, answers to changes and files. */
export function shown(kind: Kind, object: StoredObject, day: string): ShownObject {
  const { id, version, retiredAt } = object;
  const active = retiredAt === null || retiredAt.slice(0, 10) > day;
  return { id, ...masked(kind, valuesOn(object, day)), active, retiredAt, version };
}

export interface Histories {
  readonly labels: readonly {
    /** Null: since the beginning. */
    readonly validFrom: string | null;
    readonly validTo: string | null;
    readonly label: string;
  }[];
  readonly assignments?: readonly ({
    readonly validFrom: string;
    readonly validTo: string | null;
  } & Values)[];
}

/** What was different before: labels since the beginning (null), and who answered for an application when. */
export function historiesOf(object: StoredObject): Histories {
  const labels = object.labels.map(({ validFrom, validTo, value: label }) => ({
    validFrom: validFrom === ever ? null : validFrom,
    validTo,
    label,
  }));
  const assignments = object.assignments.map(({ validFrom, validTo, value }) => ({
    ...value,
    validFrom,
    validTo,
  }));
  return assignments.length === 0 ? { labels } : { labels, assignments };
}

/** An object as the audit log keeps it: whole, and without secrets. */
export function audited(kind: Kind, object: StoredObject): Readonly<Record<string, unknown>> {
  const { id, version, retiredAt, values } = object;
  return { id, ...masked(kind, values), ...historiesOf(object), retiredAt, version };
}

function masked(kind: Kind, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      kind.fields[name]?.sealed && value !== null ? sealedMark : value,
    ]),
  );
}
