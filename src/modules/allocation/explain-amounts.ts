import type { ExplainedLane } from './explain-slots.ts';
import { amountOf } from './explain-slots.ts';

/** Charges and credits in units, both without sign. */
export interface Sides {
  readonly charges: bigint;
  readonly credits: bigint;
}

/** An amount as answers show it, decimal text: charges are positive, credits negative, `net` is their sum. */
export interface Amount {
  readonly charges: string;
  readonly credits: string;
  readonly net: string;
}

const nothing: Sides = { charges: 0n, credits: 0n };

/** 5 of charges and 2 of credits are `{ charges: '5', credits: '-2', net: '3' }`. */
export function asAmount({ charges, credits }: Sides): Amount {
  return { charges: amountOf(charges), credits: amountOf(-credits), net: amountOf(charges - credits) };
}

export function addSides(a: Sides, b: Sides): Sides {
  return { charges: a.charges + b.charges, credits: a.credits + b.credits };
}

/** Σ of some parts. */
export function sumSides(parts: Iterable<Sides>): Sides {
  let sum = nothing;
  for (const part of parts) sum = addSides(sum, part);
  return sum;
}

/** Charges and credits together: what is ranked by. */
export function sizeOf({ charges, credits }: Sides): bigint {
  return charges + credits;
}

/** Adds up units per lane for the lanes that are asked for. */
export function sumLanes(
  lanes: readonly ExplainedLane[],
  units: readonly bigint[],
  isAsked: (lane: ExplainedLane) => boolean,
): Sides {
  let charges = 0n;
  let credits = 0n;
  for (const [l, lane] of lanes.entries()) {
    if (!isAsked(lane)) continue;
    if (lane.side === 'credit') credits += units[l] ?? 0n;
    else charges += units[l] ?? 0n;
  }
  return { charges, credits };
}

/** A list cut after the largest: the rest is one sum, so that all still add up. */
export function cut<Item>(
  items: readonly Item[],
  most: number,
  sizesOf: (item: Item) => Sides,
): { readonly kept: readonly Item[]; readonly rest: { readonly count: number; readonly sum: Sides } } {
  const order = items
    .map((item, index) => ({ item, index, size: sizeOf(sizesOf(item)) }))
    .filter(({ size }) => size > 0n)
    .sort((a, b) => (a.size === b.size ? a.index - b.index : a.size > b.size ? -1 : 1))
    .map(({ item }) => item);
  const rest = order.slice(most);
  return { kept: order.slice(0, most), rest: { count: rest.length, sum: sumSides(rest.map(sizesOf)) } };
}
