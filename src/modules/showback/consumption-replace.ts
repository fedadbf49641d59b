import { createHash } from 'node:crypto';
import type { Caller, Clock } from '../../platform/kernel/index.ts';
import { type AuditEntry, audit, type Tx } from '../../platform/records/index.ts';
import { closedMonths, lockOrganization, periodStateOf } from '../organization/index.ts';
import { type ClosedMonth, consumptionErrors, type OriginInTheWay } from './consumption-errors.ts';
import {
  deleteFacts,
  insertFacts,
  insertParts,
  insertSums,
  lockConsumption,
  type MonthAt,
  readParts,
  type StoredPart,
  writeWatermark,
} from './consumption-facts-sql.ts';
import { insertImport } from './consumption-import-sql.ts';
import type { FactPart } from './consumption-parts.ts';
import type { OriginKind } from './model.ts';
import { type OriginSpan, planOrigins, waysOf } from './origin-plan.ts';
import { insertOrigins, readOrigins } from './origin-sql.ts';

/** What a source says of months: it takes the place of all that it said of them before. */
export interface Delivery {
  readonly kind: OriginKind;
  readonly source: string;
  /** Where it is from, for the sentence that explains a fact: a file's name. */
  readonly origin: string;
  readonly periods: readonly string[];
  /** Whose facts are replaced; absent: of every entity that the caller sees. */
  readonly entities?: readonly string[] | undefined;
  /** Which products' facts are replaced; absent: all that the source has. */
  readonly products?: readonly string[] | undefined;
  /** Within `periods`, `entities` and `products`. */
  readonly parts: readonly FactPart[];
  /** Rows of the file or list, and those of them that are left out. */
  readonly rows: { readonly read: number; readonly rejected: number };
}

/** What a delivery would change, and what stands in its way. */
export interface DeliveryPlan {
  /** Parts that are new or differ. */
  readonly changed: readonly FactPart[];
  /** What these and those that go were before. */
  readonly before: readonly StoredPart[];
  readonly unchanged: number;
  /** Entity's months that change. */
  readonly months: readonly MonthAt[];
  readonly declared: readonly OriginSpan[];
  readonly closed: readonly ClosedMonth[];
  readonly otherOrigins: readonly OriginInTheWay[];
}

/** What was done. */
export interface Delivered extends DeliveryPlan {
  /** Id of the import that keeps it; null where all was there already. */
  readonly import: string | null;
}

/**
 * Works out what a delivery changes. A part whose facts are there already, to the last decimal, is left alone, in closed months
 * too. Changes nothing.
 */
export async function planDelivery(tx: Tx, delivery: Delivery): Promise<DeliveryPlan> {
  const { kind, source, periods, entities, products, parts } = delivery;
  const stored = await readParts(tx, { originKind: kind, source, periods, entities, products });
  const known = new Map(stored.map((part) => [keyOf(part), part]));
  const changed = parts.filter((part) => known.get(keyOf(part))?.hash !== part.hash);
  const said = new Set(parts.map(keyOf));
  const changes = new Set(changed.map(keyOf));
  const before = stored.filter((part) => changes.has(keyOf(part)) || !said.has(keyOf(part)));
  const months = monthsOf([...changed, ...before]);
  const origins = await readOrigins(tx, {
    entities: [...new Set(changed.map(({ entity }) => entity))],
    products: [...new Set(changed.map(({ product }) => product))],
  });
  const { declared, taken } = planOrigins(changed, origins, delivery);
  const inTheWay =
    taken.length === 0
      ? []
      : await readParts(tx, {
          entities: [...new Set(taken.map(({ entity }) => entity))],
          products: [...new Set(taken.map(({ product }) => product))],
          periods,
        });
  return {
    ...{ changed, before, months, declared, otherOrigins: waysOf(taken, inTheWay) },
    unchanged: parts.length - changed.length,
    closed: await closedAmong(tx, months),
  };
}

/**
 * Replaces what a source says of months by a delivery, with the sums and the watermarks of the months that change, in the caller's
 * transaction; origins that are missing are declared. Other sources' facts stay as they are.
 *
 * Refusals: `consumption.closedMonth`, `consumption.otherOrigin`.
 */
export async function replaceConsumption(
  tx: Tx,
  caller: Caller,
  delivery: Delivery,
  clock: Clock,
): Promise<Delivered> {
  await lockDelivery(tx, delivery);
  const plan = await planDelivery(tx, delivery);
  if (plan.closed.length > 0) throw consumptionErrors.closedMonth({ months: plan.closed });
  if (plan.otherOrigins.length > 0) throw consumptionErrors.otherOrigin({ origins: plan.otherOrigins });
  if (plan.months.length === 0) return { ...plan, import: null };
  const now = clock.now().toISOString();
  await declareMissing(tx, caller, { ...delivery, declared: plan.declared, now });
  const entities = [...new Set(plan.months.map(({ entity }) => entity))].sort();
  const importId = await insertImport(tx, {
    ...{ entities, source: delivery.source, kind: delivery.kind, origin: delivery.origin },
    ...{ periods: delivery.periods, contentHash: hashOfParts(delivery.parts), state: 'taken' },
    ...{ rowsRead: delivery.rows.read, rowsTaken: delivery.rows.read - delivery.rows.rejected },
    ...{ rowsRejected: delivery.rows.rejected, importedAt: now, importedBy: caller.actor.name },
  });
  for (const month of plan.months) {
    const isHere = (part: MonthAt) => part.entity === month.entity && part.period === month.period;
    const parts = plan.changed.filter(isHere);
    const old = plan.before.filter(isHere);
    if (old.length > 0) await deleteFacts(tx, month, old);
    await insertFacts(tx, month, parts, importId);
    await insertSums(tx, month, parts, importId);
    await insertParts(tx, parts, { originKind: delivery.kind, source: delivery.source, importId });
    await writeWatermark(tx, month, now);
  }
  await audit(tx, caller, ...auditLines(delivery, plan, importId));
  return { ...plan, import: importId };
}

/** Whoever else changes these entities' facts, origins or months waits until this is done. */
async function lockDelivery(
  tx: Tx,
  { kind, source, periods, entities, products, parts }: Delivery,
): Promise<void> {
  await lockOrganization(tx, 'shared');
  const stored = await readParts(tx, { originKind: kind, source, periods, entities, products });
  await lockConsumption(
    tx,
    [...parts, ...stored].map(({ entity }) => entity),
  );
}

/** SHA-256 of what a delivery says. */
export function hashOfParts(parts: readonly FactPart[]): string {
  const lines = parts.map((part) => `${keyOf(part)} ${part.hash}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

async function declareMissing(
  tx: Tx,
  { actor }: Caller,
  {
    kind,
    source,
    declared,
    now,
  }: Delivery & { readonly declared: readonly OriginSpan[]; readonly now: string },
): Promise<void> {
  const said = { kind, source, definition: {}, declaredAt: now, declaredBy: actor.name };
  await insertOrigins(
    tx,
    declared.map((span) => ({ ...span, ...said })),
  );
}

async function closedAmong(tx: Tx, months: readonly MonthAt[]): Promise<ClosedMonth[]> {
  const closed = await closedMonths(tx, [...new Set(months.map(({ entity }) => entity))]);
  const found: ClosedMonth[] = [];
  for (const { entity, period } of months)
    if (closed.get(entity)?.includes(period))
      found.push({ entity, month: period, state: await periodStateOf(tx, entity, period) });
  return found;
}

function auditLines({ kind, source, origin }: Delivery, plan: DeliveryPlan, importId: string): AuditEntry[] {
  const sumOf = (parts: readonly { readonly facts: number }[]) =>
    parts.reduce((sum, { facts }) => sum + facts, 0);
  return [...new Set(plan.months.map(({ entity }) => entity))].map((entity) => {
    const ofEntity = <T extends MonthAt>(items: readonly T[]) =>
      items.filter((item) => item.entity === entity);
    const months = ofEntity(plan.months).map(({ period }) => period);
    return {
      action: `consumption.${kind === 'import' ? 'import' : 'derive'}`,
      object: { type: 'consumptionImport', id: importId },
      entity,
      before: plan.before.length === 0 ? null : { facts: sumOf(ofEntity(plan.before)) },
      after: {
        ...{ source, origin, months, facts: sumOf(ofEntity(plan.changed)) },
        declared: ofEntity(plan.declared.map((span) => ({ ...span, period: '' }))).map(
          ({ product }) => product,
        ),
      },
    };
  });
}

function monthsOf(parts: readonly MonthAt[]): MonthAt[] {
  const months = new Map(parts.map(({ entity, period }) => [`${entity}\n${period}`, { entity, period }]));
  return [...months].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, month]) => month);
}

function keyOf({ entity, period, product }: Pick<StoredPart, 'entity' | 'period' | 'product'>): string {
  return `${entity}\n${period}\n${product}`;
}
