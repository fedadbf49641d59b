/** What goes into the engine and what comes out: plain arrays, so that a month of a large graph is a few hundred megabytes. */

/** A lane is allocated by itself: one dimension of one currency, charges or credits. */
export interface Lane {
  readonly dimension: string;
  readonly currency: string;
  readonly side: 'charge' | 'credit';
}

/** A metric, or a metric narrowed to a segment: one matrix of weights. */
export interface DriverKey {
  readonly metric: string;
  /** Canonical JSON of the segment; absent for the whole metric. */
  readonly segment?: string;
}

/** Weights of all nodes on all days, as whole numbers in a scale of their own per driver. */
export interface Drivers {
  /** The first day covered, `2026-09-24`: windows and `last_known` look back before the first allocated day. */
  readonly from: string;
  readonly days: number;
  /**
   * In the order of `CompiledGraph.drivers`: value of node n on day d at `[d * nodes + n]`. Whole and not negative; NaN is
   * missing, which is not 0. The sum over all nodes of a day is below 2⁵³.
   */
  readonly values: readonly Float64Array[];
}

/** Costs of one day: units of node n on lane l at `[n * lanes + l]`; whole, not negative (credits too). */
export type DirectOfDay = (day: number) => Float64Array;

/** What stays on nodes that are no products, by cause; sparse. Node balance: the causes of a node and lane sum to what it retains. */
export interface HeldUnits {
  readonly count: number;
  readonly node: Int32Array;
  readonly lane: Int32Array;
  readonly cause: Uint8Array;
  readonly units: Float64Array;
}

/** One allocated day. The arrays are used again for the next day: copy what must stay. */
export interface DayResult {
  readonly day: number;
  /** `[n * lanes + l]`, all whole and not negative; direct + inflow = outflow + retained. */
  readonly direct: Float64Array;
  readonly inflow: Float64Array;
  readonly outflow: Float64Array;
  readonly retained: Float64Array;
  /** `[e * lanes + l]` */
  readonly flows: Float64Array;
  /** Index into `qualities`, at `[e * lanes + l]` divided by dimension class: see `qualityOf`. */
  readonly qualityOf: (edge: number, lane: number) => number;
  readonly held: HeldUnits;
}
