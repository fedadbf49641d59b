import type { GraphFinding, SiblingGroup } from '../model.ts';

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
  /** `segmentKey`: canonical JSON of the segment; absent for the whole metric. */
  readonly segment?: string;
}

/** Weights of all nodes on all days, as whole numbers in a scale of their own per metric. */
export interface Drivers {
  /** The first day covered, `2026-09-24`: windows and `last_known` look back before the first allocated day. */
  readonly from: string;
  readonly days: number;
  /**
   * In the order of `CompiledGraph.drivers`: value of node n on day d at `[d * nodes + n]`. Whole and not negative; NaN is
   * missing, which is not 0. The sum over all nodes of a day is below 2⁵³. Drivers of one metric (its segments and the
   * whole) are in the same scale, because siblings may be weighed by different segments of it.
   */
  readonly values: readonly Float64Array[];
}

/**
 * Costs of one day: units of node n on lane l at `[n * lanes + l]`; whole, not negative (credits too). `day` is an index into
 * the graph's days. The array is copied; a day may be asked for twice.
 */
export type DirectOfDay = (day: number) => Float64Array;

/** What stays on nodes that are no products, by cause; sparse. Node balance: the causes of a node and lane sum to what it retains. */
export interface HeldUnits {
  readonly count: number;
  readonly node: Int32Array;
  readonly lane: Int32Array;
  /** Index into `heldCauses`. */
  readonly cause: Uint8Array;
  readonly units: Float64Array;
}

/** One allocated day. The arrays are used again for the next day: copy what must stay. */
export interface DayResult {
  /** Index into the graph's days. */
  readonly day: number;
  /** `[n * lanes + l]`, all whole and not negative; direct + inflow = outflow + retained. */
  readonly direct: Float64Array;
  readonly inflow: Float64Array;
  readonly outflow: Float64Array;
  readonly retained: Float64Array;
  /** `[e * lanes + l]` */
  readonly flows: Float64Array;
  /** Index into `qualities` of the share by which an edge carried a lane on this day. */
  readonly qualityOf: (edge: number, lane: number) => number;
  readonly held: HeldUnits;
  readonly checks: DayChecks;
}

/** One equation of the books: on how many places it is broken, and by how many units at most. Both 0 when it holds. */
export interface CheckCount {
  readonly broken: number;
  readonly largest: number;
}

/** The equations that every day is held against, from its arrays. */
export const checkNames = [
  /** On every node and lane: direct + inflow = outflow + retained. */
  'nodeBalance',
  /** On every lane: Σ retained = Σ direct. */
  'conservation',
  /** Direct costs are whole, not negative, and below 2⁵⁰ on every lane: within this all sums are exact. */
  'units',
  /** No flow and nothing retained is negative. */
  'sign',
  /** On every node and lane: what its edges carry = its outflow. */
  'outflow',
  /** On every node, over two lanes at a time: what the edges to it carry = its inflow. */
  'inflow',
  /** On every node that is no product, and lane: the causes add up to what it retains. */
  'held',
] as const;
export type CheckName = (typeof checkNames)[number];
export type DayChecks = Readonly<Record<CheckName, CheckCount>>;

/** A sibling group with its settings, and its edges of all days: `firstEdge` … `endEdge - 1`. */
export interface CompiledGroup {
  readonly node: number;
  readonly settings: SiblingGroup;
  readonly firstEdge: number;
  readonly endEdge: number;
}

/**
 * A graph as arrays, for some days. Nodes are numbered in the order of their ids by code point, edges by (from, group, to, id):
 * the order of cumulative rounding, whatever the order of the document.
 */
export interface CompiledGraph {
  readonly days: readonly string[];
  readonly dimensions: readonly string[];
  readonly nodeIds: readonly string[];
  readonly nodeOf: ReadonlyMap<string, number>;
  /** Index into `nodeTypes`. */
  readonly nodeTypes: Uint8Array;
  /** The reserved nodes, which no edge touches. */
  readonly unattributed: number;
  readonly rounding: number;
  readonly edgeIds: readonly string[];
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** The edges of node n are `firstOut[n]` … `firstOut[n + 1] - 1`. */
  readonly firstOut: Int32Array;
  /** An edge is live on the days `liveFrom[e]` … `liveTo[e] - 1`: valid, both ends there and not archived. */
  readonly liveFrom: Int32Array;
  readonly liveTo: Int32Array;
  /** What edges weigh by, by metric and segment in code point order. */
  readonly drivers: readonly DriverKey[];
  readonly groups: readonly CompiledGroup[];
  /** Groups of node n: `firstGroup[n]` … `firstGroup[n + 1] - 1`, by name. */
  readonly firstGroup: Int32Array;
  readonly rules: CompiledRules;
  readonly cycles: CompiledCycles;
  /** An `error` among them: the graph cannot be computed, and `allocate` refuses it. */
  readonly findings: readonly GraphFinding[];
}

/** How edges share, per node and class of dimensions that all its edges share alike in. */
export interface CompiledRules {
  /** Classes of node n: `firstClass[n]` … `firstClass[n + 1] - 1`. */
  readonly firstClass: Int32Array;
  /** The class of node n and dimension d is `firstClass[n] + classOf(n, d)`. */
  readonly classOf: (node: number, dimension: number) => number;
  /** Where the rules of class c lie: edge e of its node at `firstRule[c] + e - firstOut[node]`. */
  readonly firstRule: Int32Array;
  /** Strategy of an edge in a class: index into `strategyNames`. */
  readonly strategy: Uint8Array;
  /** Index into `weighings`; −1 where no metric is needed. */
  readonly weighing: Int32Array;
  /** `percent`, `cap`, `fixedPercent` or `floorPercent` in ten-thousandths of a percent; −1 where there is none. */
  readonly percent: Int32Array;
  /** 1: the percentage is a cap (`residual_to_max` knows both). */
  readonly isCap: Uint8Array;
  readonly weighings: readonly Weighing[];
}

/** How a node is weighed: by a driver's value of the day, or by its mean over a window. */
export interface Weighing {
  readonly driver: number;
  readonly window?: {
    readonly days: number;
    readonly missingDays: 'skip' | 'zero';
    /** In ten-thousandths; 10,000: every day counts the same. */
    readonly decay: number;
  };
}

/** What is done with circles: node numbers instead of ids. */
export interface CompiledCycles {
  readonly mode: 'refuse' | 'step_down' | 'reciprocal';
  readonly order: readonly number[];
  readonly components: readonly {
    readonly node: number;
    readonly mode: 'refuse' | 'step_down' | 'reciprocal';
    readonly order: readonly number[];
  }[];
}

/** Everything that an allocation is made of. */
export interface AllocationInput {
  readonly graph: CompiledGraph;
  readonly lanes: readonly Lane[];
  readonly direct: DirectOfDay;
  /** One matrix for each of `graph.drivers`, reaching back `lookBackDays` before the first day. */
  readonly drivers: Drivers;
  /**
   * Step-down: the order, as node ids, in which nodes close that `method.cycles` does not name. Absent: by direct charges over
   * the days of the graph, largest first. A run that computes some days of a month again hands in the month's
   * (`AllocationSummary.closingOrder`), so that the other days stay as they are.
   */
  readonly closingOrder?: readonly string[];
  /** Where the inner loops run; in WebAssembly when absent, but for small graphs. The numbers are the same. */
  readonly loops?: 'webassembly' | 'javascript';
}

/** An edge that step-down cut, and on how many days. */
export interface CutEdge {
  readonly edge: number;
  readonly days: number;
}

/** What an allocation comes to. */
export interface AllocationSummary {
  /** `refused`: `findings` holds errors, and no day was given out. */
  readonly status: 'done' | 'refused';
  readonly findings: readonly GraphFinding[];
  /** Over all days: places that are broken, and the largest difference in units. Publish nothing unless all are 0. */
  readonly checks: DayChecks;
  readonly cutEdges: readonly CutEdge[];
  /** Nodes of step-down components in the order in which they close; empty without such components. */
  readonly closingOrder: readonly string[];
}
