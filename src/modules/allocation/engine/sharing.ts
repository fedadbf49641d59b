import { heldCauses } from '../model.ts';
import { weighEqually } from './weigh.ts';
import type { Sharing, Work } from './work.ts';

/** Index of a cause in `heldCauses`. */
export function causeOf(cause: (typeof heldCauses)[number]): number {
  return heldCauses.indexOf(cause);
}

/** Gives what is available to the marked entries, by `work.weights`. */
export function shareRest(work: Work, { segment, count, first, available }: Sharing): void {
  const { segments, entries } = work.lines;
  const { weights, isWeighed } = work;
  const { y } = entries;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (isWeighed[i] === 0) continue;
    const weight = weights[i] as number;
    y[first + i] = weight;
    sum += weight;
  }
  if (sum === 0) return;
  segments.w[segment] = sum;
  segments.r[segment] = available;
  // Without any percentage the fraction is as short as can be.
  if (available === segments.d[segment] && isWithoutParts(work, segment, count)) {
    segments.d[segment] = 1;
    segments.r[segment] = 1;
  }
}

/** Gives the marked entries the same. */
export function shareEqually(work: Work, sharing: Sharing): void {
  weighEqually(work, sharing.count);
  shareRest(work, sharing);
}

function isWithoutParts({ lines: { entries, segments } }: Work, segment: number, count: number): boolean {
  const first = segments.first[segment] as number;
  for (let i = 0; i < count; i++) if (entries.x[first + i] !== 0) return false;
  return segments.cut[segment] === 0;
}

/** The entry with the largest weight; of equals the one with the smallest id. */
export function largestOf({ weights, isWeighed }: Work, count: number): number {
  let largest = -1;
  for (let i = 0; i < count; i++) {
    if (isWeighed[i] && (largest < 0 || (weights[i] as number) > (weights[largest] as number))) largest = i;
  }
  return largest;
}

/** Negative, 0 or positive as a·b is below, equal to or above c·d; exact, for whole numbers from 0 to 2⁵³. */
export function compareProducts(a: number, b: number, c: number, d: number): number {
  const left = a * b;
  const right = c * d;
  return Math.abs(left - right) > (left + right) * 2 ** -50 ? left - right : compareExactly(a, b, c, d);
}

function compareExactly(a: number, b: number, c: number, d: number): number {
  const exact = BigInt(a) * BigInt(b) - BigInt(c) * BigInt(d);
  return exact > 0n ? 1 : exact < 0n ? -1 : 0;
}

/** In `Segments.quality`: each entry has its own. */
export const perEntry = 255;
