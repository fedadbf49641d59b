import { qualities, type StrategyName, strategyNames } from '../model.ts';
import { capShares } from './cap.ts';
import { hundred } from './percent.ts';
import { causeOf, compareProducts, largestOf, type Sharing, shareEqually, shareRest } from './sharing.ts';
import { type Siblings, type Weighed, weigh, weighed } from './weigh.ts';
import type { Work } from './work.ts';

const strategyOf = (name: StrategyName) => strategyNames.indexOf(name);
const declared = qualities.indexOf('declared');
const held = qualities.indexOf('held');
/** In `Segments.quality`: each entry has its own. */
export const perEntry = 255;

const fixedCause = causeOf('fixed');
const missingDriver = causeOf('missing_driver');
const zeroDriver = causeOf('zero_driver');

const fixedPercent = strategyOf('fixed_percent');
const equal = strategyOf('equal');
const capped = strategyOf('capped_proportional');
const residual = strategyOf('residual_to_max');
const hybrid = strategyOf('hybrid_fixed_proportional');
const floor = strategyOf('min_floor_proportional');

/**
 * Works out a group's shares: writes each entry's own fixed part (x) and weight (y), not yet cumulative, and the segment's D, R,
 * W, `cut`, `cause` and `quality`. `fixed_percent` edges take theirs first; every percentage is one of the group's part.
 */
export function shareSegment(work: Work, segment: number, siblings: Siblings): void {
  const { segments, entries } = work.lines;
  const first = segments.first[segment] as number;
  const grain = segments.live.grain[segment] as number;
  const sharing = { segment, siblings, first, grain, whole: hundred / grain, available: hundred / grain };
  entries.x.fill(0, first, first + siblings.count);
  entries.y.fill(0, first, first + siblings.count);
  entries.quality.fill(declared, first, first + siblings.count);
  segments.quality[segment] = perEntry;
  segments.cause[segment] = fixedCause;
  segments.d[segment] = sharing.whole;
  segments.r[segment] = 0;
  segments.w[segment] = 1;
  segments.cut[segment] = 0;
  takeFixed(work, sharing);
  const strategy = segments.live.strategy[segment] as number;
  if (strategy === fixedPercent) return;
  if (segments.live.others[segment] === 0) {
    // Everybody who could take the rest was cut.
    segments.cut[segment] = (segments.cut[segment] as number) + sharing.available;
    return;
  }
  if (strategy === equal) shareEqually(work, sharing);
  else shareByMetric(work, sharing, strategy);
}

/** Sets aside fixed percentages, those of edges that were cut too, and marks whom the group's strategy is for. */
function takeFixed(work: Work, sharing: Sharing): void {
  const { live, isWeighed } = work;
  const { segments } = work.lines;
  const { siblings, segment } = sharing;
  for (let i = 0; i < siblings.count; i++) isWeighed[i] = live[siblings.edge + i] === 1 ? 1 : 0;
  if (segments.live.others[segment] === segments.live.present[segment]) return;
  const { strategy } = work.graph.rules;
  for (let i = 0; i < siblings.count; i++) {
    const rule = siblings.rule + i;
    if (strategy[rule] === fixedPercent) isWeighed[i] = 0;
    const state = live[siblings.edge + i] as number;
    if (state !== 0 && isWeighed[i] === 0) setAside(work, sharing, i, state === 2);
  }
}

/** Sets aside the percentage of an edge that is not weighed. */
function setAside(work: Work, sharing: Sharing, i: number, isCut: boolean): void {
  const { strategy, percent, isCap } = work.graph.rules;
  const { segments, entries } = work.lines;
  const { siblings, segment, first, grain } = sharing;
  const rule = siblings.rule + i;
  const share = (percent[rule] as number) / grain;
  const isPart = strategy[rule] === fixedPercent || (strategy[rule] === residual && isCap[rule] === 0);
  if (!isPart || share < 0) return;
  sharing.available -= share;
  if (isCut) segments.cut[segment] = (segments.cut[segment] as number) + share;
  else entries.x[first + i] = share;
}

function shareByMetric(work: Work, sharing: Sharing, strategy: number): void {
  const { segment, siblings } = sharing;
  if (strategy === floor && !takeFloors(work, sharing)) {
    shareEqually(work, sharing);
    return;
  }
  if (strategy === hybrid) takeEqually(work, sharing);
  const rests = weigh(work, siblings);
  const isHeld = rests === weighed.missing || rests === weighed.zero;
  const keepsParts = strategy === floor || strategy === hybrid;
  markQuality(work, sharing, isHeld && !keepsParts ? held : isHeld ? declared : rests);
  if (strategy === residual) {
    shareResidual(work, sharing, isHeld);
  } else if (!isHeld && strategy === capped) {
    capShares(work, sharing);
  } else if (!isHeld) {
    shareRest(work, sharing);
  }
  if (isHeld) work.lines.segments.cause[segment] = causeOfHold(rests);
}

function causeOfHold(rests: Weighed): number {
  return rests === weighed.missing ? missingDriver : zeroDriver;
}

function markQuality(work: Work, { siblings, first }: Sharing, quality: number): void {
  const { quality: qualityOf } = work.lines.entries;
  for (let i = 0; i < siblings.count; i++) if (work.isWeighed[i]) qualityOf[first + i] = quality;
}

/** Gives each its floor; false where they do not fit, and everybody shall have the same instead. */
function takeFloors(work: Work, sharing: Sharing): boolean {
  const { siblings, first, grain } = sharing;
  const floorOf = (i: number) => (work.graph.rules.percent[siblings.rule + i] as number) / grain;
  let floors = 0;
  for (let i = 0; i < siblings.count; i++) if (work.isWeighed[i]) floors += floorOf(i);
  if (floors > sharing.available) return false;
  for (let i = 0; i < siblings.count; i++) {
    if (work.isWeighed[i]) work.lines.entries.x[first + i] = floorOf(i);
  }
  sharing.available -= floors;
  return true;
}

/** Gives `fixedPercent` in equal parts: all fixed parts are from here on over D times the number of siblings. */
function takeEqually(work: Work, sharing: Sharing): void {
  const { segments, entries } = work.lines;
  const { segment, siblings, first, grain, whole } = sharing;
  const count = segments.live.others[segment] as number;
  let part = 0;
  for (let i = 0; i < siblings.count; i++) {
    if (work.isWeighed[i]) part = (work.graph.rules.percent[siblings.rule + i] as number) / grain;
  }
  for (let i = 0; i < siblings.count; i++) {
    entries.x[first + i] = work.isWeighed[i] ? part : (entries.x[first + i] as number) * count;
  }
  segments.cut[segment] = (segments.cut[segment] as number) * count;
  segments.d[segment] = whole * count;
  sharing.available = (sharing.available - part) * count;
}

/**
 * Percentages first; the others by weight, up to their caps; the largest consumer takes what all others leave. In the line it
 * has the weight of everybody who is capped, less their caps.
 */
function shareResidual(work: Work, sharing: Sharing, isHeld: boolean): void {
  const { weights, isWeighed } = work;
  const { entries } = work.lines;
  const { siblings, first, grain } = sharing;
  const { percent, isCap } = work.graph.rules;
  const largest = isHeld ? -1 : largestOf(work, siblings.count);
  let sum = 0;
  for (let i = 0; i < siblings.count; i++) {
    if (isWeighed[i] === 0) continue;
    const rule = siblings.rule + i;
    if (i === largest || isCap[rule] === 1 || (percent[rule] as number) < 0) {
      sum += weights[i] as number;
      continue;
    }
    const share = (percent[rule] as number) / grain;
    entries.x[first + i] = share;
    entries.quality[first + i] = declared;
    sharing.available -= share;
    // Done with; what follows is for the others.
    isWeighed[i] = 0;
  }
  if (!isHeld) shareUpToCaps(work, sharing, largest, sum);
}

function shareUpToCaps(work: Work, sharing: Sharing, largest: number, sum: number): void {
  const { weights, isWeighed } = work;
  const { segments, entries } = work.lines;
  const { segment, siblings, first, grain, available } = sharing;
  const { percent } = work.graph.rules;
  let caps = 0;
  let uncapped = 0;
  for (let i = 0; i < siblings.count; i++) {
    if (isWeighed[i] === 0 || i === largest) continue;
    const cap = (percent[siblings.rule + i] as number) / grain;
    const weight = weights[i] as number;
    if (cap >= 0 && compareProducts(available, weight, cap, sum) > 0) {
      entries.x[first + i] = cap;
      caps += cap;
    } else {
      entries.y[first + i] = weight;
      uncapped += weight;
    }
  }
  entries.x[first + largest] = 0 - caps;
  entries.y[first + largest] = sum - uncapped;
  segments.r[segment] = available;
  segments.w[segment] = sum;
}
