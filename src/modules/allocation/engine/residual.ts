import { qualities } from '../model.ts';
import { compareProducts, largestOf, perEntry } from './sharing.ts';
import type { Sharing, Work } from './work.ts';

const declared = qualities.indexOf('declared');

/**
 * `residual_to_max`: percentages first; the others by weight, up to their caps; the largest consumer takes what all others
 * leave, whatever its own percentage is. In the line it has the weight of everybody who is capped, less their caps.
 *
 * Weights 70, 20 and 10, the second with a cap of 15 %: 10 and 15, and 75 for the largest.
 */
export function shareResidual(work: Work, sharing: Sharing, isHeld: boolean): void {
  const { weights, isWeighed } = work;
  const { isCap } = work.graph.rules;
  const { part } = work.lines.entries;
  const { first, rule, count } = sharing;
  const largest = isHeld ? -1 : largestOf(work, count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (isWeighed[i] === 0) continue;
    if (i === largest || isCap[rule + i] === 1 || (part[first + i] as number) < 0)
      sum += weights[i] as number;
    else takePercent(work, sharing, i);
  }
  if (!isHeld) shareUpToCaps(work, sharing, largest, sum);
}

/** Gives an edge its percentage; what follows is for the others. */
function takePercent(work: Work, sharing: Sharing, i: number): void {
  const { segments, entries } = work.lines;
  const { segment, first, count } = sharing;
  if (segments.quality[segment] !== perEntry) {
    const common = segments.quality[segment] as number;
    for (let each = 0; each < count; each++) entries.quality[first + each] = common;
    segments.quality[segment] = perEntry;
  }
  const share = entries.part[first + i] as number;
  entries.x[first + i] = share;
  entries.quality[first + i] = declared;
  sharing.available -= share;
  work.isWeighed[i] = 0;
}

function shareUpToCaps(work: Work, sharing: Sharing, largest: number, sum: number): void {
  const { weights, isWeighed } = work;
  const { segments, entries } = work.lines;
  const { x, y, part } = entries;
  const { segment, first, count, available } = sharing;
  let caps = 0;
  let uncapped = 0;
  for (let i = 0; i < count; i++) {
    if (isWeighed[i] === 0 || i === largest) continue;
    const cap = part[first + i] as number;
    const weight = weights[i] as number;
    if (cap >= 0 && compareProducts(available, weight, cap, sum) > 0) {
      x[first + i] = cap;
      caps += cap;
    } else {
      y[first + i] = weight;
      uncapped += weight;
    }
  }
  x[first + largest] = 0 - caps;
  y[first + largest] = sum - uncapped;
  segments.r[segment] = available;
  segments.w[segment] = sum;
}
