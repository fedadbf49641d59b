import { qualities, type StrategyName, strategyNames } from '../model.ts';
import { capShares } from './cap.ts';
import { hundred } from './percent.ts';
import { causeOf, compareProducts, largestOf, type Sharing, shareRest } from './sharing.ts';
import { type Siblings, type Weighed, weigh, weighed } from './weigh.ts';
import type { Work } from './work.ts';

const strategyOf = (name: StrategyName) => strategyNames.indexOf(name);
const declared = qualities.indexOf('declared');
const held = qualities.indexOf('held');
/** In `Segments.quality`: each entry has its own. */
export const perEntry = 255;

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
  segments.cause[segment] = causeOf('fixed');
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
  if (strategy === equal) shareRest(work, sharing, () => 1);
  else shareByMetric(work, sharing, strategy);
}

/** Sets aside fixed percentages, those of edges that were cut too, and marks whom the group's strategy is for. */
function takeFixed(work: Work, sharing: Sharing): void {
  const { graph, live, isWeighed } = work;
  const { segments, entries } = work.lines;
  const { siblings, segment, first, grain } = sharing;
  const { strategy, percent, isCap } = graph.rules;
  for (let i = 0; i < siblings.count; i++) {
    const state = live[siblings.edge + i] as number;
    const rule = siblings.rule + i;
    const isFixed = strategy[rule] === fixedPercent;
    isWeighed[i] = state === 1 && !isFixed ? 1 : 0;
    const share = (percent[rule] as number) / grain;
    if (state === 1 && isFixed) {
      entries.x[first + i] = share;
      sharing.available -= share;
    }
    const hasPercent = isFixed || (strategy[rule] === residual && !isCap[rule] && share >= 0);
    if (state === 2 && hasPercent) {
      segments.cut[segment] = (segments.cut[segment] as number) + share;
      sharing.available -= share;
    }
  }
}

function shareByMetric(work: Work, sharing: Sharing, strategy: number): void {
  const { segment, siblings } = sharing;
  if (strategy === floor && !takeFloors(work, sharing)) {
    shareRest(work, sharing, () => 1);
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
    shareRest(work, sharing, (i) => work.weights[i] as number);
  }
  if (isHeld) work.lines.segments.cause[segment] = causeOfHold(rests);
}

function causeOfHold(rests: Weighed): number {
  return causeOf(rests === weighed.missing ? 'missing_driver' : 'zero_driver');
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
  const { segments, entries } = work.lines;
  const { segment, siblings, first, grain } = sharing;
  const { percent, isCap } = work.graph.rules;
  const largest = isHeld ? -1 : largestOf(work, siblings.count);
  const hasPercent = (i: number) =>
    i !== largest && (percent[siblings.rule + i] as number) >= 0 && !isCap[siblings.rule + i];
  let sum = 0;
  for (let i = 0; i < siblings.count; i++) {
    if (!work.isWeighed[i]) continue;
    if (hasPercent(i)) {
      const share = (percent[siblings.rule + i] as number) / grain;
      entries.x[first + i] = share;
      entries.quality[first + i] = declared;
      sharing.available -= share;
    } else sum += work.weights[i] as number;
  }
  if (isHeld) return;
  let caps = 0;
  let uncapped = 0;
  for (let i = 0; i < siblings.count; i++) {
    if (!work.isWeighed[i] || i === largest || hasPercent(i)) continue;
    const cap = (percent[siblings.rule + i] as number) / grain;
    const weight = work.weights[i] as number;
    if (cap >= 0 && compareProducts(sharing.available, weight, cap, sum) > 0) {
      entries.x[first + i] = cap;
      caps += cap;
    } else {
      entries.y[first + i] = weight;
      uncapped += weight;
    }
  }
  entries.x[first + largest] = 0 - caps;
  entries.y[first + largest] = sum - uncapped;
  segments.r[segment] = sharing.available;
  segments.w[segment] = sum;
}
