import { assert } from '../../platform/kernel/index.ts';
import { amountText, assertPlaces, numberOf } from './decimals.ts';
import { type EdgeFlow, type FlowNetwork, flowNetwork } from './flow-network.ts';

/** What deduplication must know of an anomaly; an `Anomaly` with an id and a node is one. */
export interface NodeAnomaly {
  /** Unique. */
  readonly id: string;
  /** The node of the graph whose cost was off. */
  readonly node: string;
  readonly currency: string;
  /** Σ of its points, signed decimal text. */
  readonly excess: string;
  readonly points: readonly { readonly at: string; readonly excess: string }[];
}

/** An anomaly that another one explains. */
export interface Consequence<A extends NodeAnomaly> {
  readonly anomaly: A;
  /** The id of the anomaly that is shown in its stead: always one that is kept. */
  readonly consequenceOf: string;
  /** The id of the one that explains it: `consequenceOf` itself, or a consequence of it that lies between. */
  readonly via: string;
  /** What of the excess of `via` flowed down here on the days that both have, signed decimal text. */
  readonly flowed: string;
  /** flowed ÷ excess of this anomaly; at least the share asked for. */
  readonly share: number;
}

/** Every anomaly is in exactly one of the two. */
export interface Deduplicated<A extends NodeAnomaly> {
  readonly kept: readonly A[];
  readonly consequences: readonly Consequence<A>[];
}

export interface DeduplicationOptions {
  /** What part of an excess must have come down for it to be a consequence: 0 … 1, one half unless told otherwise. */
  readonly leastShare?: number;
  /** 2 … 12: the decimals at which `flowed` is rounded, half-up. */
  readonly places: number;
}

interface Explanation {
  readonly by: number;
  readonly flowed: number;
  readonly share: number;
}

/**
 * Keeps anomalies that nothing above explains; the others are kept as consequences, none is lost. An anomaly explains another of the
 * same currency where cost flows from its node to the other's, both have days in common, and what of its excess flowed down on
 * these days is at least `leastShare` of the other's whole excess, to the same side. The excess of a day went the way of all cost of
 * that day: by the shares of the edges. Of several explanations the one that brought most is taken; in a circle, where two explain
 * each other, the one with the larger excess stays.
 *
 * A pool has 100 more on Monday; 60 % of it flow to an application with an excess of 70: 60 of 70 came down, it is a consequence.
 */
export function deduplicateAnomalies<A extends NodeAnomaly>(
  anomalies: readonly A[],
  flows: readonly EdgeFlow[],
  { leastShare = 0.5, places }: DeduplicationOptions,
): Deduplicated<A> {
  assertPlaces(places);
  assert(leastShare > 0, 'a share of 0 would make everything a consequence');
  assert(new Set(anomalies.map(({ id }) => id)).size === anomalies.length, 'two anomalies have one id');
  const explanations = explain(anomalies, flowNetwork(flows), leastShare);
  breakCircles(anomalies, explanations);
  const kept: A[] = [];
  const consequences: Consequence<A>[] = [];
  for (const [index, anomaly] of anomalies.entries()) {
    const explanation = explanations[index];
    if (!explanation) {
      kept.push(anomaly);
      continue;
    }
    const { by, flowed, share } = explanation;
    consequences.push({
      anomaly,
      consequenceOf: (anomalies[rootOf(by, explanations)] as A).id,
      via: (anomalies[by] as A).id,
      flowed: amountText(flowed, places),
      share,
    });
  }
  return { kept, consequences };
}

/** The best explanation of each, by index; `undefined` where none brought enough. */
function explain(
  anomalies: readonly NodeAnomaly[],
  network: FlowNetwork,
  leastShare: number,
): (Explanation | undefined)[] {
  const present = new Map<string, number[]>();
  for (const [index, { currency, points }] of anomalies.entries()) {
    for (const { at } of points) {
      const there = present.get(momentOf(currency, at));
      if (there) there.push(index);
      else present.set(momentOf(currency, at), [index]);
    }
  }
  const best = new Array<Explanation | undefined>(anomalies.length).fill(undefined);
  for (const by of anomalies.keys()) {
    for (const [index, flowed] of flowedDown(by, anomalies, { present, network })) {
      const share = flowed / numberOf((anomalies[index] as NodeAnomaly).excess);
      const before = best[index];
      if (!Number.isFinite(share) || share < leastShare) continue;
      if (!before || isBetter(anomalies, { by, flowed, share }, before)) best[index] = { by, flowed, share };
    }
  }
  return best;
}

/** What of an anomaly's excess came to each other anomaly on the days that they have in common. */
function flowedDown(
  by: number,
  anomalies: readonly NodeAnomaly[],
  all: { readonly present: ReadonlyMap<string, readonly number[]>; readonly network: FlowNetwork },
): Map<number, number> {
  const { node, currency, points } = anomalies[by] as NodeAnomaly;
  const flowed = new Map<number, number>();
  for (const { at, excess } of points) {
    const amount = numberOf(excess);
    const partOf = all.network.reach(node, currency, at);
    for (const index of all.present.get(momentOf(currency, at)) ?? []) {
      const part = partOf((anomalies[index] as NodeAnomaly).node);
      if (part !== 0) flowed.set(index, (flowed.get(index) ?? 0) + amount * part);
    }
  }
  return flowed;
}

/** More flowed, or as much from the one with the smaller id. */
function isBetter(anomalies: readonly NodeAnomaly[], one: Explanation, other: Explanation): boolean {
  const difference = Math.abs(one.flowed) - Math.abs(other.flowed);
  if (difference !== 0) return difference > 0;
  return (anomalies[one.by]?.id ?? '') < (anomalies[other.by]?.id ?? '');
}

/** In a circle of explanations the anomaly with the largest excess (the smallest id among equals) explains itself. */
function breakCircles(anomalies: readonly NodeAnomaly[], explanations: (Explanation | undefined)[]): void {
  const done = new Set<number>();
  for (const start of anomalies.keys()) {
    const path: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && !done.has(at) && !path.includes(at)) {
      path.push(at);
      at = explanations[at]?.by;
    }
    if (at !== undefined && !done.has(at))
      explanations[largest(anomalies, path.slice(path.indexOf(at)))] = undefined;
    for (const one of path) done.add(one);
  }
}

function largest(anomalies: readonly NodeAnomaly[], circle: readonly number[]): number {
  const sizeOf = (index: number) => Math.abs(numberOf((anomalies[index] as NodeAnomaly).excess));
  const idOf = (index: number) => (anomalies[index] as NodeAnomaly).id;
  return circle.reduce((most, one) => {
    const difference = sizeOf(one) - sizeOf(most);
    if (difference !== 0) return difference > 0 ? one : most;
    return idOf(one) < idOf(most) ? one : most;
  });
}

function rootOf(index: number, explanations: readonly (Explanation | undefined)[]): number {
  let at = index;
  for (let by = explanations[at]?.by; by !== undefined; by = explanations[at]?.by) at = by;
  return at;
}

function momentOf(currency: string, at: string): string {
  return `${currency} ${at}`;
}
