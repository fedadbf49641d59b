import { addDecimal, compareDecimal, formatDecimal, parseDecimal } from '../../platform/kernel/index.ts';
import type { AdviceStatus, BasisPart } from './recommend-model.ts';

/** What decides whether a saving counts. */
export interface CountedSaving {
  readonly id: string;
  readonly currency: string;
  readonly saving: string | null;
  readonly status: AdviceStatus;
  readonly basis: readonly BasisPart[];
}

/** Savings that count, per currency, and for each that does not, in which one it is contained. */
export interface SavingCount {
  /** Id → id of the recommendation that counts instead. */
  readonly countedIn: ReadonlyMap<string, string>;
  readonly totals: readonly { readonly currency: string; readonly saving: string; readonly count: number }[];
}

/**
 * Counts every saving once. Of recommendations that rest on the same cost the one that saves most counts, ties by id; the others
 * are contained in it, even where they rest on other cost too. So the sum is never more than the cost behind it. What was
 * dismissed or is done counts for nothing.
 *
 * Idle `db` saves 80 of its 100; an unused commitment among the rows of `db` saves 30: 80 in all, the second counted in the first.
 */
export function countSavings(recommendations: readonly CountedSaving[]): SavingCount {
  const standing = recommendations
    .filter(({ saving, status }) => saving !== null && (status === 'open' || status === 'accepted'))
    .sort(
      (a, b) =>
        compareDecimal(parseDecimal(b.saving ?? '0'), parseDecimal(a.saving ?? '0')) ||
        (a.id < b.id ? -1 : 1),
    );
  const countedIn = new Map<string, string>();
  /** Currency, node and part (empty: all of it) → who counts there. */
  const taken = new Map<string, string>();
  const anyPart = new Map<string, string>();
  const totals = new Map<string, { saving: string; count: number }>();
  for (const { id, currency, saving, basis } of standing) {
    const owner = basis.map((part) => ownerOf(taken, anyPart, currency, part)).find((found) => found);
    if (owner !== undefined) {
      countedIn.set(id, owner);
      continue;
    }
    for (const part of basis) {
      taken.set(placeOf(currency, part), id);
      anyPart.set(placeOf(currency, { node: part.node }), id);
    }
    const total = totals.get(currency) ?? { saving: '0', count: 0 };
    const sum = addDecimal(parseDecimal(total.saving), parseDecimal(saving ?? '0'));
    totals.set(currency, { saving: formatDecimal(sum), count: total.count + 1 });
  }
  return {
    countedIn,
    totals: [...totals]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([currency, total]) => ({ currency, ...total })),
  };
}

/** Whoever counts on the whole node, on this part of it, or, for the whole node, on any part. */
function ownerOf(
  taken: ReadonlyMap<string, string>,
  anyPart: ReadonlyMap<string, string>,
  currency: string,
  { node, part }: BasisPart,
): string | undefined {
  const whole = taken.get(placeOf(currency, { node }));
  if (part === undefined) return whole ?? anyPart.get(placeOf(currency, { node }));
  return whole ?? taken.get(placeOf(currency, { node, part }));
}

function placeOf(currency: string, { node, part = '' }: BasisPart): string {
  return JSON.stringify([currency, node, part]);
}
