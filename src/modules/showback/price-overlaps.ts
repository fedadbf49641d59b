import { groupedBy } from './price-groups.ts';
import { lineScope, type NewLine } from './price-line.ts';

/** Two lines that price the same in the same months. */
export interface Overlap<T> {
  readonly first: T;
  readonly second: T;
  /** The first month that both hold. */
  readonly from: string;
  /** The first month that not both hold any more; null: never. */
  readonly to: string | null;
}

/**
 * Every line that shares a month with an earlier one of the same level, target, entity, environment and region, with the first such
 * one. A product from 2026-01 until 2026-07 and the same product from 2026-06 on overlap in 2026-06.
 */
export function overlapsIn<T extends NewLine>(lines: readonly T[]): Overlap<T>[] {
  return [...groupedBy(lines, lineScope).values()].flatMap(overlapsOfOneScope);
}

function overlapsOfOneScope<T extends NewLine>(lines: readonly T[]): Overlap<T>[] {
  const found: Overlap<T>[] = [];
  let longest: T | undefined;
  for (const line of [...lines].sort(byBeginning)) {
    const common = longest && sharedMonths(longest, line);
    if (longest && common) found.push({ first: longest, second: line, ...common });
    if (longest === undefined || endsBefore(longest.validTo, line.validTo)) longest = line;
  }
  return found;
}

function byBeginning(a: Pick<Months, 'validFrom'>, b: Pick<Months, 'validFrom'>): number {
  if (a.validFrom === b.validFrom) return 0;
  return a.validFrom < b.validFrom ? -1 : 1;
}

type Months = Pick<NewLine, 'validFrom' | 'validTo'>;

/** The months that both hold, `to` being the first that not both do; undefined where they share none. */
export function sharedMonths(
  a: Months,
  b: Months,
): { readonly from: string; readonly to: string | null } | undefined {
  const from = byBeginning(a, b) > 0 ? a.validFrom : b.validFrom;
  const to = endsBefore(a.validTo, b.validTo) ? a.validTo : b.validTo;
  return to === null || from < to ? { from, to } : undefined;
}

function endsBefore(a: string | null, b: string | null): boolean {
  return a !== null && (b === null || a < b);
}
