import { qualities, type StrategyName, strategyNames } from '../model.ts';
import { capShares } from './cap.ts';
import { shareResidual } from './residual.ts';
import { causeOf, perEntry, shareEqually, shareRest } from './sharing.ts';
import { weigh, weighed } from './weigh.ts';
import type { Sharing, Work } from './work.ts';

const strategyOf = (name: StrategyName) => strategyNames.indexOf(name);
const declared = qualities.indexOf('declared');
const held = qualities.indexOf('held');

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
export function shareSegment(work: Work, sharing: Sharing): void {
  const { segments } = work.lines;
  const { segment } = sharing;
  segments.quality[segment] = declared;
  segments.cause[segment] = fixedCause;
  segments.d[segment] = sharing.whole;
  segments.r[segment] = 0;
  segments.w[segment] = 1;
  segments.cut[segment] = 0;
  begin(work, sharing);
  const others = segments.live.others[segment] as number;
  if (others !== segments.live.present[segment]) takeFixed(work, sharing);
  const strategy = segments.live.strategy[segment] as number;
  if (strategy === fixedPercent) return;
  if (others === 0) {
    // Everybody who could take the rest was cut.
    segments.cut[segment] = (segments.cut[segment] as number) + sharing.available;
  } else if (strategy === equal) {
    shareEqually(work, sharing);
  } else {
    shareByMetric(work, sharing, strategy);
  }
}

/** Marks live edges. A loop, not `fill`: most groups are small, and a call for each array would take longer. */
function begin(work: Work, { first, edge, count }: Sharing): void {
  const { live, isWeighed } = work;
  const { x, y } = work.lines.entries;
  for (let i = 0; i < count; i++) {
    isWeighed[i] = live[edge + i] === 1 ? 1 : 0;
    x[first + i] = 0;
    y[first + i] = 0;
  }
}

/** Sets aside fixed percentages, and those of edges that were cut; the others remain marked. */
function takeFixed(work: Work, sharing: Sharing): void {
  const { live, isWeighed } = work;
  const { segments, entries } = work.lines;
  const { part } = entries;
  const { strategy, isCap } = work.graph.rules;
  const { segment, first, edge, rule, count } = sharing;
  segments.quality[segment] = perEntry;
  for (let i = 0; i < count; i++) {
    const state = live[edge + i];
    const isFixed = strategy[rule + i] === fixedPercent;
    entries.quality[first + i] = declared;
    if (isFixed) isWeighed[i] = 0;
    if (state === 0 || isWeighed[i] === 1) continue;
    const share = part[first + i] as number;
    const isPart = isFixed || (strategy[rule + i] === residual && isCap[rule + i] === 0);
    if (!isPart || share < 0) continue;
    sharing.available -= share;
    if (state === 2) segments.cut[segment] = (segments.cut[segment] as number) + share;
    else entries.x[first + i] = share;
  }
}

function shareByMetric(work: Work, sharing: Sharing, strategy: number): void {
  if (strategy === floor && !takeFloors(work, sharing)) {
    shareEqually(work, sharing);
    return;
  }
  if (strategy === hybrid) takeEqually(work, sharing);
  const rests = weigh(work, sharing);
  const isHeld = rests === weighed.missing || rests === weighed.zero;
  const keepsParts = strategy === floor || strategy === hybrid;
  markQuality(work, sharing, !isHeld ? rests : keepsParts ? declared : held);
  if (strategy === residual) shareResidual(work, sharing, isHeld);
  else if (!isHeld && strategy === capped) capShares(work, sharing);
  else if (!isHeld) shareRest(work, sharing);
  if (isHeld)
    work.lines.segments.cause[sharing.segment] = rests === weighed.missing ? missingDriver : zeroDriver;
}

function markQuality(work: Work, { segment, first, count }: Sharing, quality: number): void {
  const { segments, entries } = work.lines;
  if (segments.quality[segment] !== perEntry) {
    segments.quality[segment] = quality;
    return;
  }
  for (let i = 0; i < count; i++) if (work.isWeighed[i] === 1) entries.quality[first + i] = quality;
}

/** Gives each its floor; false where they do not fit, and everybody shall have the same instead. */
function takeFloors(work: Work, sharing: Sharing): boolean {
  const { isWeighed } = work;
  const { x, part } = work.lines.entries;
  const { first, count } = sharing;
  let floors = 0;
  for (let i = 0; i < count; i++) if (isWeighed[i] === 1) floors += part[first + i] as number;
  if (floors > sharing.available) return false;
  for (let i = 0; i < count; i++) if (isWeighed[i] === 1) x[first + i] = part[first + i] as number;
  sharing.available -= floors;
  return true;
}

/** Gives `fixedPercent` in equal parts: all fixed parts are from here on over D times the number of siblings. */
function takeEqually(work: Work, sharing: Sharing): void {
  const { isWeighed } = work;
  const { segments, entries } = work.lines;
  const { x, part } = entries;
  const { segment, first, count, whole } = sharing;
  const others = segments.live.others[segment] as number;
  let fixed = 0;
  for (let i = 0; i < count; i++) if (isWeighed[i] === 1) fixed = part[first + i] as number;
  for (let i = 0; i < count; i++) {
    x[first + i] = isWeighed[i] === 1 ? fixed : (x[first + i] as number) * others;
  }
  segments.cut[segment] = (segments.cut[segment] as number) * others;
  segments.d[segment] = whole * others;
  sharing.available = (sharing.available - fixed) * others;
}
