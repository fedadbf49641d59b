import type { ColumnKind } from './table.ts';

/**
 * What is done with the rows of an answer, as plain values. Every step is exact; a division is rounded half-up
 * (ratios at 6 decimals, money at 12) and x ÷ 0 is null.
 */
export type Step = RowStep | TableStep;

/** Steps on one row at a time; they hold for a row of totals too. Null when a part is null. */
export type RowStep =
  /** The same value on every row: a budget. */
  | { readonly step: 'constant'; readonly name: string; readonly value: string; readonly kind: ColumnKind }
  /** of − minus. */
  | { readonly step: 'difference'; readonly name: string; readonly of: string; readonly minus: string }
  /** of ÷ over: a share. */
  | { readonly step: 'ratio'; readonly name: string; readonly of: string; readonly over: string }
  /** Cost ÷ quantity: the price per unit, weighted by quantity. */
  | { readonly step: 'unitPrice'; readonly name: string; readonly cost: string; readonly quantity: string };

/** Steps that need all rows of the answer; totals are summed anew. */
export type TableStep =
  /** of × by, where `by` is a dimension whose value is a number; other rows get null. */
  | {
      readonly step: 'product';
      readonly name: string;
      readonly of: string;
      readonly by: string;
      /** The dimension with the product's unit, when it is not that of `of`. */
      readonly unit?: string;
    }
  /** Counts a measure as 0 on rows whose dimension has this value. */
  | {
      readonly step: 'zeroWhere';
      readonly measure: string;
      readonly dimension: string;
      readonly value: string;
    }
  /** Keeps the rows whose value is above 0. */
  | { readonly step: 'keepPositive'; readonly of: string }
  /** Keeps the rows where the first of `names` that is not null differs from `than`. */
  | { readonly step: 'keepDifferent'; readonly names: readonly string[]; readonly than: string }
  /** Sums the measures over fewer dimensions. */
  | {
      readonly step: 'regroup';
      readonly by: readonly string[];
      /** Measures kept; all when absent. */
      readonly measures?: readonly string[];
    }
  /** Against the month before: see `time-steps.ts`. */
  | { readonly step: 'change'; readonly month: string; readonly of: string }
  /** Against the mean of the days before: see `time-steps.ts`. */
  | { readonly step: 'trailingMean'; readonly day: string; readonly of: string; readonly days: number }
  /** A straight line through the months: see `trend.ts`. */
  | { readonly step: 'trend'; readonly month: string; readonly of: string; readonly months: number }
  /** BilledCost to EffectiveCost: see `bridge.ts`. */
  | { readonly step: 'bridge' };
