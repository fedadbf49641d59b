import type { SiblingGroup } from '../model.ts';
import { exactMean, type Smoothing, smoothDay, wholeWeights } from './smooth.ts';
import type { Weighing } from './types.ts';
import { countDay, dayCount, type Work } from './work.ts';

/** What a group's weights rest on: an index into `qualities`, or why there are none. */
export const weighed = { measured: 1, smoothed: 2, fallback: 3, missing: 4, zero: 5 } as const;
export type Weighed = (typeof weighed)[keyof typeof weighed];

/** The siblings that are weighed: entry i of a segment has the edge `edge + i` and the rule `rule + i`. */
export interface Siblings {
  readonly edge: number;
  readonly rule: number;
  readonly count: number;
  readonly group: number;
  readonly currency: number;
  /** Of the graph. */
  readonly day: number;
}

/**
 * Writes the weights of the siblings that `work.isWeighed` marks into `work.weights`, their sum into `work.found`. Where the
 * metric says nothing, the group's fallback gives them: every one 1, those of the last day that has some, or direct charges.
 */
export function weigh(work: Work, siblings: Siblings): Weighed {
  const { settings } = work.graph.groups[siblings.group] as { readonly settings: SiblingGroup };
  const at = work.driverDay[siblings.day] as number;
  const { found, notes } = work;
  fill(work, siblings, at);
  const isSmoothed = hasWindow(work, siblings);
  if (isUsable(work, settings)) {
    if (found.missing > 0 && notes.isOn) noteMissing(work, siblings, at);
    return isSmoothed ? weighed.smoothed : weighed.measured;
  }
  const cause = found.sum > 0 || found.missing === found.count ? weighed.missing : weighed.zero;
  if (notes.isOn) countDay(notes.fallbacks, siblings.group, siblings.day);
  return fallBack(work, siblings, settings, at) ? weighed.fallback : cause;
}

function isUsable({ found }: Work, { missing }: SiblingGroup): boolean {
  return found.sum > 0 && (found.missing === 0 || missing === 'zero');
}

function fallBack(work: Work, siblings: Siblings, settings: SiblingGroup, at: number): boolean {
  switch (settings.fallback) {
    case 'equal':
      fillWith(work, siblings, () => 1);
      return true;
    case 'by_cost':
      fillWithCost(work, siblings);
      return work.found.sum > 0;
    case 'last_known':
      for (let back = 1; back <= settings.lastKnownDays; back++) {
        fill(work, siblings, at - back);
        if (isUsable(work, settings)) return true;
      }
      return false;
    default:
      return false;
  }
}

function hasWindow({ graph, isWeighed }: Work, { rule, count }: Siblings): boolean {
  const { weighing, weighings } = graph.rules;
  for (let i = 0; i < count; i++) {
    if (isWeighed[i]) return weighings[weighing[rule + i] as number]?.window !== undefined;
  }
  return false;
}

/** Weights on a day of the drivers; a sibling without a value weighs 0. */
function fill(work: Work, siblings: Siblings, at: number): void {
  if (hasWindow(work, siblings)) {
    // Whole days are smoothed once for all groups; an earlier day is looked at by few.
    if (at === work.driverDay[siblings.day]) fillSmoothed(work, siblings, at);
    else fillExactMeans(work, siblings, at);
    return;
  }
  const { graph, drivers, weights, isWeighed, found } = work;
  const { weighing, weighings } = graph.rules;
  const nodes = graph.nodeIds.length;
  const isCovered = at >= 0 && at < drivers.days;
  found.sum = 0;
  found.missing = 0;
  found.count = 0;
  for (let i = 0; i < siblings.count; i++) {
    weights[i] = 0;
    if (!isWeighed[i]) continue;
    found.count++;
    const { driver } = weighings[weighing[siblings.rule + i] as number] as Weighing;
    const node = graph.to[siblings.edge + i] as number;
    const value = isCovered
      ? ((drivers.values[driver] as Float64Array)[at * nodes + node] as number)
      : Number.NaN;
    if (Number.isNaN(value)) {
      found.missing++;
      continue;
    }
    weights[i] = value;
    found.sum += value;
  }
}

/** Means over windows; whole numbers in their proportion. */
function fillSmoothed(work: Work, siblings: Siblings, at: number): void {
  const { graph, drivers, weights, isWeighed, found, smoothings } = work;
  found.sum = 0;
  found.missing = 0;
  found.count = 0;
  let common = 0;
  let isPlain = true;
  for (let i = 0; i < siblings.count; i++) {
    weights[i] = 0;
    if (!isWeighed[i]) continue;
    found.count++;
    const smoothing = smoothings[graph.rules.weighing[siblings.rule + i] as number] as Smoothing;
    smoothDay(smoothing, drivers, at);
    const node = graph.to[siblings.edge + i] as number;
    const denominator = smoothing.denominator[node] as number;
    if (denominator === 0) {
      found.missing++;
      continue;
    }
    if (common === 0) common = denominator;
    else if (common !== denominator) isPlain = false;
    weights[i] = smoothing.numerator[node] as number;
    found.sum += weights[i] as number;
  }
  if (!isPlain || found.sum >= 2 ** 53) fillExactMeans(work, siblings, at);
}

function fillExactMeans(work: Work, siblings: Siblings, at: number): void {
  const { graph, drivers, weights, isWeighed, found, smoothings } = work;
  const means = [];
  const places: number[] = [];
  found.sum = 0;
  found.missing = 0;
  found.count = 0;
  for (let i = 0; i < siblings.count; i++) {
    weights[i] = 0;
    if (!isWeighed[i]) continue;
    found.count++;
    const smoothing = smoothings[graph.rules.weighing[siblings.rule + i] as number] as Smoothing;
    const mean = exactMean(smoothing, drivers, graph.to[siblings.edge + i] as number, at);
    if (mean === undefined) {
      found.missing++;
      continue;
    }
    means.push(mean);
    places.push(i);
  }
  for (const [at, weight] of wholeWeights(means).entries()) {
    weights[places[at] as number] = weight;
    found.sum += weight;
  }
}

function fillWith(
  { weights, isWeighed, found }: Work,
  { count }: Siblings,
  weightOf: (i: number) => number,
): void {
  found.sum = 0;
  for (let i = 0; i < count; i++) {
    weights[i] = isWeighed[i] ? weightOf(i) : 0;
    found.sum += weights[i] as number;
  }
}

/** Direct charges of the receivers, over all dimensions of the line's currency. */
function fillWithCost(work: Work, siblings: Siblings): void {
  const { graph, direct, chargeLanes, lanes, weights, isWeighed, found } = work;
  const own = chargeLanes[Math.max(0, siblings.currency)] as Int32Array;
  const costOf = (i: number) => {
    const row = (graph.to[siblings.edge + i] as number) * lanes.length;
    let cost = 0;
    for (const lane of own) cost += direct[row + lane] as number;
    return cost;
  };
  fillWith(work, siblings, costOf);
  if (found.sum < 2 ** 53) return;
  const costs = Array.from({ length: siblings.count }, (_, i) => {
    const row = (graph.to[siblings.edge + i] as number) * lanes.length;
    return own.reduce((sum, lane) => sum + BigInt(direct[row + lane] as number), 0n);
  });
  const whole = wholeWeights(
    costs.map((numerator, i) => ({ numerator: isWeighed[i] ? numerator : 0n, denominator: 1n })),
  );
  weights.set(whole);
  found.sum = whole.reduce((sum, weight) => sum + weight, 0);
}

function noteMissing(work: Work, siblings: Siblings, at: number): void {
  const { graph, drivers, isWeighed, smoothings, notes } = work;
  const nodes = graph.nodeIds.length;
  for (let i = 0; i < siblings.count; i++) {
    if (!isWeighed[i]) continue;
    const weighing = graph.rules.weighing[siblings.rule + i] as number;
    const { driver } = graph.rules.weighings[weighing] as Weighing;
    const node = graph.to[siblings.edge + i] as number;
    const smoothing = smoothings[weighing];
    const isMissing = smoothing
      ? smoothing.denominator[node] === 0
      : at < 0 ||
        at >= drivers.days ||
        Number.isNaN((drivers.values[driver] as Float64Array)[at * nodes + node]);
    if (!isMissing) continue;
    notes.missing[driver] ??= dayCount(nodes);
    countDay(notes.missing[driver], node, siblings.day);
  }
}
