import type { NodeType } from '../model.ts';

export type ChartTheme = 'light' | 'dark';

/** What every chart has around it. Sizes are in pixels; without them a chart is as large as its content needs. */
export interface ChartFrame {
  readonly title: string;
  /** Below the title: the month, the run, what is counted. */
  readonly subtitle?: string;
  readonly theme: ChartTheme;
  readonly width?: number;
  readonly height?: number;
}

/** What a drawn node is: a node of the graph, or several that had no room (`other`). */
export type DrawnType = NodeType | 'other';

export interface ChartNode {
  readonly id: string;
  readonly name: string;
  readonly type: DrawnType;
  /** Decimal text, what the node costs with everything that flows into it; null where no money is known. */
  readonly amount: string | null;
}

export interface ChartEdge {
  readonly from: string;
  readonly to: string;
  /** Decimal text; null where no money is known. */
  readonly amount: string | null;
}

/**
 * Where cost flows: as a `sankey`, whose bands are as wide as the money in them, or as a `graph` of boxes and lines. Without
 * any amount it shows the structure, every line alike.
 */
export interface GraphChart extends ChartFrame {
  readonly kind: 'sankey' | 'graph';
  /** ISO 4217 code of all amounts; null without amounts. */
  readonly currency: string | null;
  readonly nodes: readonly ChartNode[];
  readonly edges: readonly ChartEdge[];
  /** Nodes that are drawn by themselves, the largest; 40 when absent, 150 at most. The others are one per column. */
  readonly top?: number;
}

/** An amount per day for each of some dimensions, stacked. */
export interface TrendChart extends ChartFrame {
  readonly kind: 'trend';
  readonly currency: string;
  /** Days, ascending: `2026-10-01`. */
  readonly days: readonly string[];
  readonly series: readonly {
    readonly name: string;
    /** Decimal text per day, in the order of `days`. */
    readonly amounts: readonly string[];
  }[];
}

export interface NamedAmount {
  readonly name: string;
  /** Decimal text. */
  readonly amount: string;
}

/**
 * What a node costs, step by step: its direct cost, what flows in (and from where), what flows out (and to where), what it
 * retains. direct + Σ inflows − Σ outflows = retained.
 */
export interface WaterfallChart extends ChartFrame {
  readonly kind: 'waterfall';
  readonly currency: string;
  readonly direct: string;
  readonly inflows: readonly NamedAmount[];
  readonly outflows: readonly NamedAmount[];
  /** Flows of either direction that have a step of their own, the largest; 6 when absent. The rest is one step. */
  readonly top?: number;
}

export type Chart = GraphChart | TrendChart | WaterfallChart;

/** The size that a chart is drawn in: what was asked, within what can be drawn. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** The smallest and the largest side that is drawn; a larger wish is cut, so that no request fills the memory. */
const smallestSide = 240;
export const largestSide = 6000;

/** What was asked, or what the content needs, within the bounds. */
export function sizeOf({ width, height }: ChartFrame, needed: ChartSize): ChartSize {
  const within = (side: number) => Math.min(largestSide, Math.max(smallestSide, Math.round(side)));
  return { width: within(width ?? needed.width), height: within(height ?? needed.height) };
}
