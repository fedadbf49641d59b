import type { Caller } from '../../platform/kernel/index.ts';
import { audit, type Tx } from '../../platform/records/index.ts';
import {
  type CalendarEntry,
  type CalendarSpan,
  type ClosedMonth,
  type EntriesAsked,
  lockCalendar,
  readClosedMonths,
  readEntries,
  readEntriesFor,
  replaceEntries,
} from './price-calendar-sql.ts';
import { priceErrors } from './price-errors.ts';
import { sharedMonths } from './price-overlaps.ts';
import { requireView, type VersionForPricing, versionOf } from './price-views.ts';
import { hasEntity, readViews } from './price-views-sql.ts';

/** Entries of the calendar that the caller sees. */
export async function listCalendar(tx: Tx, asked: EntriesAsked = {}): Promise<CalendarEntry[]> {
  return readEntries(tx, asked);
}

/**
 * Has a view hold in these months, for an entity or for all that have no entry of their own. Entries that held in some of them are cut:
 * what they say of other months stays. What is so already is no change.
 *
 * budget from 2026-01 on, then standard from 2026-04 until 2026-07: budget to March, standard to June, budget from July on.
 *
 * Refusals: `price.unknownView`, `price.viewRetired`, `price.notPublished`, `price.viewOfAnother`, `price.unknownEntity`,
 * `price.wholeScopeNeeded`; `price.monthClosed` where a closed or locked month would get another view.
 */
export async function setCalendar(tx: Tx, caller: Caller, span: CalendarSpan): Promise<CalendarEntry[]> {
  const { entity, view } = span;
  await refuseForeign(tx, caller, entity);
  await refuseUnfitView(tx, span);
  await lockCalendar(tx);
  const before = await readEntries(tx, { entity });
  const touched = before.filter((entry) => sharedMonths(entry, span) !== undefined);
  const isSet = touched.some((entry) => entry.view === view && covers(entry, span));
  if (isSet) return before;
  const pieces = [...touched.flatMap((entry) => outside(entry, span)), span];
  const untouched = before.filter((entry) => !touched.includes(entry));
  await refuseClosedMonths(tx, span, before, [...untouched, ...pieces]);
  await replaceEntries(
    tx,
    touched.map(({ id }) => id),
    pieces,
  );
  await auditCalendar(tx, caller, entity, 'set', touched, pieces);
  return readEntries(tx, { entity });
}

/** Takes an entry out: its months have no view, or the installation's. Refusals: `price.unknownCalendarEntry`, `price.monthClosed`. */
export async function removeFromCalendar(tx: Tx, caller: Caller, id: string): Promise<CalendarEntry> {
  await lockCalendar(tx);
  const [found] = await readEntries(tx, { id });
  if (!found) throw priceErrors.unknownCalendarEntry({ entry: id });
  const { entity } = found;
  await refuseForeign(tx, caller, entity);
  const before = await readEntries(tx, { entity });
  const after = before.filter((entry) => entry.id !== id);
  await refuseClosedMonths(tx, found, before, after);
  await replaceEntries(tx, [id], []);
  await auditCalendar(tx, caller, entity, 'remove', [found], []);
  return found;
}

/** Callers with limits read the installation's entries, and set those of their own entities. */
async function refuseForeign(tx: Tx, { scope }: Caller, entity: string | null): Promise<void> {
  if (scope.kind === 'all' && entity === null) return;
  if (entity === null) throw priceErrors.wholeScopeNeeded({ what: 'The price calendar of the installation' });
  if (!(await hasEntity(tx, entity))) throw priceErrors.unknownEntity({ entity });
}

async function refuseUnfitView(tx: Tx, { entity, view }: CalendarSpan): Promise<void> {
  const found = await requireView(tx, view);
  if (found.retiredAt !== null) throw priceErrors.viewRetired({ view, retiredAt: found.retiredAt });
  if (found.entity !== null && found.entity !== entity)
    throw priceErrors.viewOfAnother({ view, viewEntity: found.entity, entity });
  versionOf(found);
}

type Months = Pick<CalendarSpan, 'validFrom' | 'validTo'>;

function covers(outer: Months, inner: Months): boolean {
  return (
    outer.validFrom <= inner.validFrom &&
    (outer.validTo === null || (inner.validTo !== null && inner.validTo <= outer.validTo))
  );
}

/** What an entry says of months before and after a span. */
function outside({ entity, view, validFrom, validTo }: CalendarEntry, span: Months): CalendarSpan[] {
  const before = validFrom < span.validFrom ? [{ entity, view, validFrom, validTo: span.validFrom }] : [];
  const isLonger = span.validTo !== null && (validTo === null || span.validTo < validTo);
  const after = isLonger ? [{ entity, view, validFrom: span.validTo ?? '', validTo }] : [];
  return [...before, ...after];
}

/**
 * Refuses a change that gives a closed or locked month another view. `before` and `after` are all entries of the changed calendar;
 * months of an entity that has an entry of its own are not touched by the installation's.
 */
async function refuseClosedMonths(
  tx: Tx,
  span: CalendarSpan,
  before: readonly CalendarSpan[],
  after: readonly CalendarSpan[],
): Promise<void> {
  const closed = await readClosedMonths(tx, span);
  if (closed.length === 0) return;
  const unchanged = await readEntriesFor(
    tx,
    closed.map(({ entity }) => entity),
    closed.map(({ period }) => period),
  );
  const others = unchanged.filter(({ entity }) => entity !== span.entity);
  for (const { entity, period, state } of closed) {
    const [old, now] = [before, after].map((entries) => viewIn([...entries, ...others], entity, period));
    if (old !== now)
      throw priceErrors.monthClosed({ entity, period, state, before: old ?? null, after: now ?? null });
  }
}

/** The view of an entity's month: its own entry before the installation's. */
function viewIn(
  entries: readonly CalendarSpan[],
  entity: ClosedMonth['entity'],
  month: string,
): string | undefined {
  const holding = entries.filter(
    ({ validFrom, validTo }) => validFrom <= month && (validTo === null || month < validTo),
  );
  const own = holding.find((entry) => entry.entity === entity);
  return (own ?? holding.find((entry) => entry.entity === null))?.view;
}

async function auditCalendar(
  tx: Tx,
  caller: Caller,
  entity: string | null,
  verb: string,
  before: readonly CalendarSpan[],
  after: readonly CalendarSpan[],
): Promise<void> {
  const said = (spans: readonly CalendarSpan[]) =>
    spans.length === 0
      ? null
      : { entries: spans.map(({ view, validFrom, validTo }) => ({ view, validFrom, validTo })) };
  await audit(tx, caller, {
    action: `price-calendar.${verb}`,
    object: { type: 'price-calendar', id: entity ?? 'installation' },
    entity,
    before: said(before),
    after: said(after),
  });
}

/**
 * The view that holds for an entity in a month, with its newest published version: the entity's own calendar goes before the
 * installation's. Undefined where no view holds.
 */
export async function viewOfMonth(
  tx: Tx,
  entity: string,
  month: string,
): Promise<VersionForPricing | undefined> {
  return (await viewsOfMonths(tx, [entity], [month])).get(`${entity}/${month}`);
}

/** The same of many entities and months, by `entity/month`; two questions to the records however many they are. */
export async function viewsOfMonths(
  tx: Tx,
  entities: readonly string[],
  months: readonly string[],
): Promise<ReadonlyMap<string, VersionForPricing>> {
  const entries = await readEntriesFor(tx, entities, months);
  const ids = [...new Set(entries.map(({ view }) => view))];
  const found = await readViews(tx, { ids });
  const versions = new Map(
    found.map((view) => [view.id, versionOf({ ...view, active: view.retiredAt === null })]),
  );
  return new Map(
    entities.flatMap((entity) =>
      months.flatMap((month) => {
        const version = versions.get(viewIn(entries, entity, month) ?? '');
        return version ? [[`${entity}/${month}`, version] as const] : [];
      }),
    ),
  );
}
