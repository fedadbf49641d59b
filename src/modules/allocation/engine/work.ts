import { currenciesOf, type Lines } from './lines.ts';
import { type Smoothing, smoothingOf } from './smooth.ts';
import type { AllocationInput, CompiledGraph, Drivers, Lane } from './types.ts';

/** What shares are evaluated from and into; made once for all days. */
export interface Work {
  readonly graph: CompiledGraph;
  readonly lanes: readonly Lane[];
  readonly drivers: Drivers;
  readonly lines: Lines;
  /** Which day of the drivers a day of the graph is. */
  readonly driverDay: Int32Array;
  /** Per edge on the current day: 0 not live, 1 live, 2 cut by step-down. */
  readonly live: Uint8Array;
  /** Direct cost of the current day. */
  readonly direct: Float64Array;
  /** Lanes of charges, per currency. */
  readonly chargeLanes: readonly Int32Array[];
  /** Per weighing with a window. */
  readonly smoothings: readonly (Smoothing | undefined)[];
  readonly sharing: Sharing;
  /** The siblings under evaluation: their weights, by entry; and what `weigh` found. */
  readonly weights: Float64Array;
  readonly isWeighed: Uint8Array;
  readonly found: { sum: number; missing: number; count: number };
  /** Per group, 1: where a receiver has no value, the whole group falls back. */
  readonly mustBeComplete: Uint8Array;
  readonly notes: Notes;
}

/**
 * One group on one day, while its shares are worked out: an object that is used again for the next. Entry `first + i` has the edge
 * `edge + i` and the rule `rule + i`. Percentages are in units of which `whole` are 100 %.
 */
export interface Sharing {
  segment: number;
  first: number;
  edge: number;
  rule: number;
  count: number;
  group: number;
  /** The only currency of the line's lanes, as an index; −1 where it does not matter. */
  currency: number;
  /** The weighing of all; −2: they differ. */
  weighing: number;
  /** Of the graph. */
  day: number;
  whole: number;
  /** What fixed percentages, and those of edges that were cut, leave. */
  available: number;
}

/** What evaluation notices, by days; a day counts once. */
export interface Notes {
  /** Per driver, made when first needed: days on which a node had no value while a sibling had one. */
  readonly missing: (DayCount | undefined)[];
  /** Per group: days on which it fell back or was held. */
  readonly fallbacks: DayCount;
  /** False: nothing is noted, because the day is evaluated again. */
  isOn: boolean;
}

/** Counts days per item. */
export interface DayCount {
  readonly days: Int32Array;
  readonly lastDay: Int32Array;
}

/** Counts a day for an item, unless it was counted for it just before. */
export function countDay({ days, lastDay }: DayCount, item: number, day: number): void {
  if (lastDay[item] === day + 1) return;
  lastDay[item] = day + 1;
  days[item] = (days[item] as number) + 1;
}

/** Counters, all 0. */
export function dayCount(items: number): DayCount {
  return { days: new Int32Array(items), lastDay: new Int32Array(items) };
}

/** Makes everything that the evaluation of shares needs besides lines and costs. */
export function prepareWork(
  { graph, lanes, drivers }: AllocationInput,
  { lines, direct }: Pick<Work, 'lines' | 'direct'>,
): Work {
  const most = graph.groups.reduce((size, { firstEdge, endEdge }) => Math.max(size, endEdge - firstEdge), 0);
  const currencies = currenciesOf(lanes);
  return {
    graph,
    lanes,
    drivers,
    lines,
    driverDay: Int32Array.from(graph.days, (day) => dayNumber(day) - dayNumber(drivers.from)),
    live: new Uint8Array(graph.to.length),
    direct,
    chargeLanes: currencies.map((currency) => chargeLanesOf(lanes, currency)),
    smoothings: graph.rules.weighings.map((weighing) => smoothingOf(weighing, graph.nodeIds.length)),
    sharing: {
      ...{ segment: 0, first: 0, edge: 0, rule: 0, count: 0, group: 0, currency: 0, weighing: 0, day: 0 },
      ...{ whole: 1, available: 0 },
    },
    weights: new Float64Array(most),
    isWeighed: new Uint8Array(most),
    found: { sum: 0, missing: 0, count: 0 },
    mustBeComplete: Uint8Array.from(graph.groups, ({ settings }) =>
      settings.missing === 'fallback' ? 1 : 0,
    ),
    notes: {
      missing: graph.drivers.map(() => undefined),
      fallbacks: dayCount(graph.groups.length),
      isOn: true,
    },
  };
}

function chargeLanesOf(lanes: readonly Lane[], currency: string): Int32Array {
  return Int32Array.from(
    [...lanes.keys()].filter((at) => lanes[at]?.currency === currency && lanes[at]?.side === 'charge'),
  );
}

function dayNumber(day: string): number {
  return Date.parse(day) / 86_400_000;
}
