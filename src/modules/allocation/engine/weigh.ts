import type { SiblingGroup } from '../model.ts';
import { exactMean, type Smoothing, smoothDay, wholeWeights } from './smooth.ts';
import type { Weighing } from './types.ts';
import { countDay, dayCount, type Sharing, type Work } from './work.ts';

/** What a group's weights rest on: an index into `qualities`, or why there are none. */
export const weighed = { measured: 1, smoothed: 2, fallback: 3, missing: 4, zero: 5 } as const;
export type Weighed = (typeof weighed)[keyof typeof weighed];

/**
 * Writes the weights of the siblings that `work.isWeighed` marks into `work.weights`, their sum into `work.found`. Where the
 * metric says nothing, the group's fallback gives them: every one 1, those of the last day that has some, or direct charges.
 */
export function weigh(work: Work, siblings: Sharing): Weighed {
  const at = work.driverDay[siblings.day] as number;
  const { found, notes } = work;
  fill(work, siblings, at);
  if (isUsable(work, siblings)) {
    if (found.missing > 0 && notes.isOn) noteMissing(work, siblings, at);
    return hasWindow(work, siblings) ? weighed.smoothed : weighed.measured;
  }
  const cause = found.sum > 0 || found.missing === found.count ? weighed.missing : weighed.zero;
  if (notes.isOn) countDay(notes.fallbacks, siblings.group, siblings.day);
  return fallBack(work, siblings, at) ? weighed.fallback : cause;
}

/** An array, not the group's settings: these lie far apart in memory, and every group would wait for its own. */
function isUsable({ found, mustBeComplete }: Work, { group }: Sharing): boolean {
  return found.sum > 0 && (found.missing === 0 || mustBeComplete[group] === 0);
}

function fallBack(work: Work, siblings: Sharing, at: number): boolean {
  const { settings } = work.graph.groups[siblings.group] as { readonly settings: SiblingGroup };
  switch (settings.fallback) {
    case 'equal':
      weighEqually(work, siblings.count);
      return true;
    case 'by_cost':
      fillWithCost(work, siblings);
      return work.found.sum > 0;
    case 'last_known':
      for (let back = 1; back <= settings.lastKnownDays; back++) {
        fill(work, siblings, at - back);
        if (isUsable(work, siblings)) return true;
      }
      return false;
    default:
      return false;
  }
}

/** Weighs everybody that is marked 1. */
export function weighEqually({ weights, isWeighed, found }: Work, count: number): void {
  found.sum = 0;
  for (let i = 0; i < count; i++) {
    weights[i] = isWeighed[i] as number;
    found.sum += weights[i] as number;
  }
}

function hasWindow({ graph, isWeighed, smoothings }: Work, { rule, count, weighing }: Sharing): boolean {
  if (weighing >= 0) return smoothings[weighing] !== undefined;
  for (let i = 0; i < count; i++) {
    if (isWeighed[i]) return smoothings[graph.rules.weighing[rule + i] as number] !== undefined;
  }
  return false;
}

/** Weights on a day of the drivers; a sibling without a value weighs 0. */
function fill(work: Work, siblings: Sharing, at: number): void {
  const { found, drivers } = work;
  found.sum = 0;
  found.missing = 0;
  found.count = 0;
  if (hasWindow(work, siblings)) {
    // Whole days are smoothed once for all groups; an earlier day is looked at by few.
    const isToday = at === work.driverDay[siblings.day];
    if (isToday && siblings.weighing >= 0) fillSmoothed(work, siblings, at);
    else fillExactMeans(work, siblings, at);
  } else if (at < 0 || at >= drivers.days) {
    fillNothing(work, siblings);
  } else if (siblings.weighing >= 0) fillValues(work, siblings, at);
  else fillMixedValues(work, siblings, at);
}

/** No value for anybody. */
function fillNothing({ weights, isWeighed, found }: Work, { count }: Sharing): void {
  for (let i = 0; i < count; i++) {
    weights[i] = 0;
    if (isWeighed[i] === 1) found.count++;
  }
  found.missing = found.count;
}

/** Values of one driver. */
function fillValues(work: Work, { edge, count, weighing }: Sharing, at: number): void {
  const { graph, drivers, weights, isWeighed, found } = work;
  const { to } = graph;
  const { driver } = graph.rules.weighings[weighing] as Weighing;
  const values = drivers.values[driver] as Float64Array;
  const row = at * graph.nodeTypes.length;
  let sum = 0;
  let missing = 0;
  let weighedCount = 0;
  for (let i = 0; i < count; i++) {
    weights[i] = 0;
    if (isWeighed[i] === 0) continue;
    weighedCount++;
    const value = values[row + (to[edge + i] as number)] as number;
    if (Number.isNaN(value)) {
      missing++;
      continue;
    }
    weights[i] = value;
    sum += value;
  }
  found.sum = sum;
  found.missing = missing;
  found.count = weighedCount;
}

/** Values of several drivers of one metric. */
function fillMixedValues(work: Work, siblings: Sharing, at: number): void {
  const { graph, drivers, weights, isWeighed, found } = work;
  const { weighing, weighings } = graph.rules;
  for (let i = 0; i < siblings.count; i++) {
    weights[i] = 0;
    if (isWeighed[i] === 0) continue;
    found.count++;
    const { driver } = weighings[weighing[siblings.rule + i] as number] as Weighing;
    const cell = at * graph.nodeTypes.length + (graph.to[siblings.edge + i] as number);
    const value = (drivers.values[driver] as Float64Array)[cell] as number;
    if (Number.isNaN(value)) {
      found.missing++;
      continue;
    }
    weights[i] = value;
    found.sum += value;
  }
}

/** Means over the same window; numerators alone where all denominators are equal. */
function fillSmoothed(work: Work, siblings: Sharing, at: number): void {
  const { graph, drivers, weights, isWeighed, found, smoothings } = work;
  const smoothing = smoothings[siblings.weighing] as Smoothing;
  smoothDay(smoothing, drivers, at);
  const { numerator, denominator } = smoothing;
  const { to } = graph;
  let sum = 0;
  let missing = 0;
  let count = 0;
  let common = 0;
  let isPlain = true;
  for (let i = 0; i < siblings.count; i++) {
    weights[i] = 0;
    if (isWeighed[i] === 0) continue;
    count++;
    const node = to[siblings.edge + i] as number;
    const own = denominator[node] as number;
    if (own === 0) {
      missing++;
      continue;
    }
    if (common === 0) common = own;
    else if (common !== own) isPlain = false;
    weights[i] = numerator[node] as number;
    sum += weights[i] as number;
  }
  found.sum = sum;
  found.missing = missing;
  found.count = count;
  if (!isPlain || sum >= 2 ** 53) fillExactMeans(work, siblings, at);
}

function fillExactMeans(work: Work, siblings: Sharing, at: number): void {
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

/** Direct charges of the receivers, over all dimensions of the line's currency. */
function fillWithCost(work: Work, siblings: Sharing): void {
  const { graph, direct, chargeLanes, lanes, weights, isWeighed, found } = work;
  const own = chargeLanes[Math.max(0, siblings.currency)] as Int32Array;
  found.sum = 0;
  for (let i = 0; i < siblings.count; i++) {
    const row = (graph.to[siblings.edge + i] as number) * lanes.length;
    let cost = 0;
    for (const lane of own) cost += direct[row + lane] as number;
    weights[i] = isWeighed[i] ? cost : 0;
    found.sum += weights[i] as number;
  }
  if (found.sum >= 2 ** 53) fillWithExactCost(work, siblings, own);
}

function fillWithExactCost(work: Work, siblings: Sharing, own: Int32Array): void {
  const { graph, direct, lanes, weights, isWeighed, found } = work;
  const costs = Array.from({ length: siblings.count }, (_, i) => {
    const row = (graph.to[siblings.edge + i] as number) * lanes.length;
    const cost = own.reduce((sum, lane) => sum + BigInt(direct[row + lane] as number), 0n);
    return { numerator: isWeighed[i] ? cost : 0n, denominator: 1n };
  });
  const whole = wholeWeights(costs);
  weights.set(whole);
  found.sum = whole.reduce((sum, weight) => sum + weight, 0);
}

function noteMissing(work: Work, siblings: Sharing, at: number): void {
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
