import { addMonths, parsePeriod } from '../../platform/kernel/index.ts';
import type { OriginInTheWay } from './consumption-errors.ts';
import type { StoredPart } from './consumption-facts-sql.ts';
import { quantityText, unitsOf } from './consumption-quantity.ts';
import type { OriginKind } from './model.ts';
import type { Origin } from './origin-sql.ts';

/** A product of an entity in a month that facts are brought for. */
export interface NeededOrigin {
  readonly entity: string;
  readonly product: string;
  readonly period: string;
}

/** Where a product of an entity is to come from, from a month until before another. */
export interface OriginSpan {
  readonly entity: string;
  readonly product: string;
  readonly validFrom: string;
  /** The first month that it no longer holds; null: until further notice. */
  readonly validTo: string | null;
}

/** What facts of a source need of origins. */
export interface OriginPlan {
  /** Nobody has declared these months; they can be. */
  readonly declared: readonly OriginSpan[];
  /** These months are another origin's. */
  readonly taken: readonly (NeededOrigin & { readonly by: Origin })[];
}

/**
 * Holds what facts need against the origins that there are. Months without an origin are declared from the first of them until the
 * next origin of the product begins.
 *
 * Facts of 2026-01 and 2026-06 where another origin has 2026-03 and 2026-04: declared are 2026-01 until 2026-03, and 2026-06 on.
 */
export function planOrigins(
  needed: readonly NeededOrigin[],
  origins: readonly Origin[],
  { kind, source }: { readonly kind: OriginKind; readonly source: string },
): OriginPlan {
  const declared: OriginSpan[] = [];
  const taken: (NeededOrigin & { by: Origin })[] = [];
  const known = groupBy(origins, keyOf);
  for (const [key, months] of groupBy(needed, keyOf)) {
    const ofProduct = known.get(key) ?? [];
    let made: OriginSpan | undefined;
    for (const { entity, product, period } of [...months].sort((a, b) => (a.period < b.period ? -1 : 1))) {
      const by = ofProduct.find((origin) => holds(origin, period));
      if (by && (by.kind !== kind || by.source !== source)) taken.push({ entity, product, period, by });
      if (by || (made && holds(made, period))) continue;
      const [next = null] = ofProduct
        .map(({ validFrom }) => validFrom)
        .filter((from) => from > period)
        .sort();
      made = { entity, product, validFrom: period, validTo: next };
      declared.push(made);
    }
  }
  return { declared, taken };
}

/** True where an origin holds in a month. */
export function holds(
  { validFrom, validTo }: Pick<OriginSpan, 'validFrom' | 'validTo'>,
  period: string,
): boolean {
  return validFrom <= period && (validTo === null || period < validTo);
}

/** True where two origins hold in one month. */
export function overlap(
  a: Pick<OriginSpan, 'validFrom' | 'validTo'>,
  b: Pick<OriginSpan, 'validFrom' | 'validTo'>,
): boolean {
  return (b.validTo === null || a.validFrom < b.validTo) && (a.validTo === null || b.validFrom < a.validTo);
}

/** What stands in the way, one for each origin and product, with what it holds in the months in question. */
export function waysOf(taken: OriginPlan['taken'], parts: readonly StoredPart[]): readonly OriginInTheWay[] {
  return [...groupBy(taken, ({ by }) => by.id).values()].flatMap((months) => {
    const [first] = months;
    if (!first) return [];
    const periods = months.map(({ period }) => period).sort();
    return [
      wayOf(
        first.by,
        monthsText(periods),
        partsIn(parts, first.by, (period) => periods.includes(period)),
      ),
    ];
  });
}

/** An origin with what it holds. */
export function wayOf(origin: Origin, months: string, parts: readonly StoredPart[]): OriginInTheWay {
  const { entity, product, kind, source } = origin;
  const quantity = quantityText(parts.reduce((sum, part) => sum + unitsOf(part.quantity), 0n));
  const facts = parts.reduce((sum, part) => sum + part.facts, 0);
  return { entity, product, months, kind, source, facts, quantity, unit: parts[0]?.unit ?? '' };
}

/** Parts of an origin's product in some months. */
export function partsIn(
  parts: readonly StoredPart[],
  { entity, product }: Pick<Origin, 'entity' | 'product'>,
  isAsked: (period: string) => boolean,
): StoredPart[] {
  return parts.filter((part) => part.entity === entity && part.product === product && isAsked(part.period));
}

/** `2026-03 to 2026-05`, `from 2026-03 on`. */
export function spanText({ validFrom, validTo }: Pick<OriginSpan, 'validFrom' | 'validTo'>): string {
  if (validTo === null) return `from ${validFrom} on`;
  const last = addMonths(parsePeriod(validTo), -1);
  return last === validFrom ? `in ${validFrom}` : `${validFrom} to ${last}`;
}

function monthsText(periods: readonly string[]): string {
  const [first = ''] = periods;
  const last = periods.at(-1) ?? first;
  return first === last ? `in ${first}` : `${first} to ${last}`;
}

function keyOf({ entity, product }: { readonly entity: string; readonly product: string }): string {
  return `${entity}\n${product}`;
}

function groupBy<T>(items: readonly T[], keyOfItem: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
