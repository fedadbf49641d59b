import { type Caller, type Clock, must } from '../../platform/kernel/index.ts';
import type { Records, Tx } from '../../platform/records/index.ts';
import { type Changing, changeObjects, readForChange, refuseForeignList } from './change-objects.ts';
import { type Histories, historiesOf, type ShownObject, shown } from './documents.ts';
import { errors } from './errors.ts';
import type { Kind } from './kinds.ts';
import type { StoredObject, Values, Wanted } from './model.ts';
import type { PeriodChange } from './periods.ts';
import { momentOf, valuesOn } from './plan.ts';
import { refuseStale } from './precondition.ts';
import { type Asked, readOn, readWhole } from './records.ts';
import { needsSecrets, opened, type Secrets } from './secrets.ts';

/** What the organization works with. */
export interface OrganizationOptions {
  readonly records: () => Promise<Records>;
  /** Seals and opens billing addresses; asked for only where one is given or shown. */
  readonly secrets: () => Promise<Secrets>;
  readonly clock: Clock;
  /**
   * What else a step of a month does: prepared before the transaction that moves its state, done inside it, after the step. Closing
   * freezes costs, which later modules know of.
   */
  readonly preparePeriodStep?:
    | ((caller: Caller, change: PeriodChange) => Promise<(tx: Tx) => Promise<void>>)
    | undefined;
}

/** A kind of object and who asks about it. */
export interface Asking {
  readonly caller: Caller;
  readonly kind: Kind;
}

/** One object, and the version that a change of it was made of (`If-Match`). */
export interface ObjectAt extends Asking {
  readonly id: string;
  readonly ifMatch: string | undefined;
}

/** A page of objects as they are on a day, with one more than `limit` when there are more. */
export async function listObjects(
  { records }: OrganizationOptions,
  { caller, kind }: Asking,
  day: string,
  asked: Asked,
): Promise<ShownObject[]> {
  const found = await (await records()).read(caller, (tx) => readOn(tx, kind, day, asked));
  return found.map((object) => shown(kind, object, day));
}

/** One object with all its history and its sealed texts opened, its fields as they are on a day. */
export async function showObject(
  options: OrganizationOptions,
  asking: Asking & { readonly id: string },
  day: string,
): Promise<ShownObject & Histories> {
  const { kind } = asking;
  const object = await findObject(options, asking);
  const { values } = await opened(kind, { ...object, values: valuesOn(object, day) }, options.secrets);
  const label = object.labels.findLast(({ validFrom }) => validFrom <= day)?.value ?? null;
  return { ...shown(kind, object, day), ...values, label, ...historiesOf(object) };
}

/** The stored object; one that is not there or not seen is refused. */
export async function findObject(
  { records }: OrganizationOptions,
  { caller, kind, id }: Asking & { readonly id: string },
): Promise<StoredObject> {
  const [object] = await (await records()).read(caller, (tx) => readWhole(tx, kind, { ids: [id] }));
  if (!object) throw errors.unknown({ kind: kind.title, id });
  return object;
}

/** Makes an object. `validFrom`: from when its dated fields hold; the first of this month by default. */
export async function createObject(
  options: OrganizationOptions,
  asking: Asking,
  wanted: Wanted,
  validFrom: string | undefined,
): Promise<ShownObject> {
  const { title } = asking.kind;
  return changeOne(options, asking, wanted, {
    validFrom,
    guard: (stored) => {
      if (stored) throw errors.taken({ kind: title, id: wanted.id });
    },
  });
}

/** Changes the fields given; one that says what holds already leaves the version as it is. */
export async function updateObject(
  options: OrganizationOptions,
  at: ObjectAt,
  values: Values,
  validFrom: string | undefined,
): Promise<ShownObject> {
  const guard = (stored: StoredObject | undefined) => refuseStale(at, stored);
  return changeOne(options, at, { id: at.id, values }, { validFrom, guard });
}

/** Retires (`active` false) or restores an object. Nothing is deleted: its id, facts and history stay. */
export async function setActive(
  options: OrganizationOptions,
  at: ObjectAt,
  active: boolean,
): Promise<ShownObject> {
  const { id } = at;
  const kind = at.kind.title;
  return changeOne(
    options,
    at,
    { id, values: {}, active },
    {
      validFrom: undefined,
      guard: (stored) => {
        const retiredAt = refuseStale(at, stored).retiredAt;
        if (active && retiredAt === null) throw errors.alreadyActive({ kind, id });
        if (!active && retiredAt !== null) throw errors.alreadyRetired({ kind, id, retiredAt });
      },
    },
  );
}

interface How {
  readonly validFrom: string | undefined;
  /** Looks at what is stored before anything is changed. */
  readonly guard: (stored: StoredObject | undefined) => unknown;
}

async function changeOne(
  options: OrganizationOptions,
  { caller, kind }: Asking,
  wanted: Wanted,
  { validFrom, guard }: How,
): Promise<ShownObject> {
  refuseForeignList(caller, kind);
  const changing: Changing = {
    caller,
    kind,
    moment: momentOf(options.clock.now(), validFrom),
    secrets: needsSecrets(kind, [wanted]) ? await options.secrets() : undefined,
  };
  const { id } = wanted;
  const after = await (await options.records()).write(caller, async (tx) => {
    const stored = await readForChange(tx, kind, { ids: [id], alone: mustBeAlone(wanted) });
    guard(stored.get(id));
    const { changes, problems } = await changeObjects(tx, changing, stored, [wanted]);
    const [problem] = problems;
    if (problem) throw problem.refusal;
    return changes[0]?.after ?? must(stored.get(id), 'the object that was not changed');
  });
  return shown(kind, after, changing.moment.today);
}

/** See `lockOrganization`. */
function mustBeAlone({ values, active }: Wanted): boolean {
  return active === false || 'parent' in values;
}
