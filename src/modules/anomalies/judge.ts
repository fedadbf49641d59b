import {
  absDecimal,
  addDecimal,
  assert,
  compareDecimal,
  type Decimal,
  formatDecimal,
  isZero,
  negateDecimal,
  parseDecimal,
  subtractDecimal,
  sumDecimals,
  zero,
} from '../../platform/kernel/index.ts';
import { decimalOf, divideDecimal, multiplyDecimal } from './decimals.ts';
import type { Expectation } from './expectation.ts';
import { scoreOf } from './robust-z.ts';
import type { AmountSeries, Gaps, Grain, Point } from './series.ts';

/** What a change must reach to be worth anybody's time. Both must be reached, exactly or by more. */
export interface Floors {
  /** Of `absolute`; a series in another currency is a `Defect`. */
  readonly currency: string;
  /** Money, decimal text: `"50"`. */
  readonly absolute: string;
  /** A fraction of what was expected, decimal text: `"0.2"` is a fifth. Nothing expected: any change reaches it. */
  readonly relative: string;
}

/** How series are judged. */
export interface JudgingOptions {
  /** The clock: what is younger than the hold-back is not judged. */
  readonly now: Date;
  readonly floors: Floors;
  readonly gaps: Gaps;
  /** 2 … 12: the decimals at which expected amounts are rounded, half-up. */
  readonly places: number;
  /** Scores beyond it are anomalies: 3.5 unless told otherwise (Iglewicz and Hoaglin 1993). */
  readonly threshold?: number;
  /** 48 unless told otherwise. */
  readonly holdBackHours?: number;
  /**
   * The first day or month to be judged; earlier ones are history only. An anomaly that began before it is cut there. All unless
   * told otherwise.
   */
  readonly judgeFrom?: string;
}

/** One day or month against what was expected. Amounts are decimal texts in the currency of the series. */
export interface JudgedPoint {
  readonly at: string;
  readonly amount: string;
  readonly expected: string;
  /** What would have passed: expected ∓ threshold × scale, `low` not below 0 where history never was. */
  readonly low: string;
  readonly high: string;
  /** amount − expected, exactly. */
  readonly excess: string;
  /** Robust z, with the sign of the excess; null where history never moved, so that any change is beyond its scale. */
  readonly score: number | null;
}

/** Days or months in a row that are off to the same side: what people are shown. */
export interface Anomaly {
  readonly key: string;
  readonly currency: string;
  readonly grain: Grain;
  readonly direction: 'up' | 'down';
  /** The first and the last day or month, both included. */
  readonly first: string;
  readonly last: string;
  /** In the order of time; at least one. */
  readonly points: readonly JudgedPoint[];
  /** Sums over the points, exact: amount − expected = excess. */
  readonly amount: string;
  readonly expected: string;
  readonly excess: string;
  /** excess ÷ |expected| with four decimals; null where nothing was expected. */
  readonly relative: string | null;
  /** The score of the point that is furthest off; null where one is beyond any scale. */
  readonly score: number | null;
}

/** What judging one series found, and what it could not judge. */
export interface Findings {
  readonly key: string;
  readonly currency: string;
  readonly anomalies: readonly Anomaly[];
  /** Days that would be anomalies, had not the same day of the month before been off alike: monthly fees. Empty for months. */
  readonly recurring: readonly JudgedPoint[];
  /** How many points were judged. */
  readonly judged: number;
  /** Younger than the hold-back. */
  readonly heldBack: readonly string[];
  /** Not judged, because history is too short. */
  readonly tooLittleHistory: readonly string[];
}

/** Iglewicz and Hoaglin's cut. */
const usualThreshold = 3.5;

/** How a judged point stands. */
export interface Verdict {
  readonly point: Point;
  readonly judged: JudgedPoint;
  /** Beyond the threshold, and both floors reached. */
  readonly anomalous: boolean;
}

/**
 * A point against its expectation. Expected 100 with a scale of 10 and a threshold of 3.5: 65 … 135 would pass, 160 is 60 more and
 * has a score of 6; with floors of 50 and 0.2 it is an anomaly, with a floor of 100 it is none.
 */
export function judgePoint(point: Point, expectation: Expectation, options: JudgingOptions): Verdict {
  const { expected, scale, negative } = expectation;
  const { places, floors, threshold = usualThreshold } = options;
  const center = decimalOf(expected, places);
  const margin = decimalOf(threshold * scale.sigma, places);
  const excess = subtractDecimal(point.amount, center);
  const low = subtractDecimal(center, margin);
  const score = isZero(excess) ? 0 : scoreOf(point.value - expected, scale);
  return {
    point,
    judged: {
      at: point.at,
      amount: formatDecimal(point.amount),
      expected: formatDecimal(center),
      low: formatDecimal(!negative && low.units < 0n ? zero : low),
      high: formatDecimal(addDecimal(center, margin)),
      excess: formatDecimal(excess),
      score,
    },
    anomalous: (score === null || Math.abs(score) > threshold) && reachesFloors(excess, center, floors),
  };
}

/** Both floors, in exact decimals: 60 more than 100 reaches 60 and 0.6. */
function reachesFloors(excess: Decimal, expected: Decimal, { absolute, relative }: Floors): boolean {
  const size = absDecimal(excess);
  const share = multiplyDecimal(parseDecimal(relative), absDecimal(expected));
  return (
    !isZero(size) && compareDecimal(size, parseDecimal(absolute)) >= 0 && compareDecimal(size, share) >= 0
  );
}

/**
 * Anomalous points in a row, as one each: same side, and nothing judged as normal (or not judged at all) between them. Days without
 * an amount part them only where more than `mostApart` lie between one and the next.
 */
export function joinVerdicts(
  series: AmountSeries,
  grain: Grain,
  verdicts: readonly (Verdict | undefined)[],
  mostApart: number,
): Anomaly[] {
  const runs: Verdict[][] = [];
  let before: Verdict | undefined;
  for (const verdict of verdicts) {
    if (verdict?.anomalous) {
      if (before && continues(before, verdict, mostApart)) runs.at(-1)?.push(verdict);
      else runs.push([verdict]);
    }
    before = verdict?.anomalous ? verdict : undefined;
  }
  return runs.map((run) => anomalyOf(series, grain, run));
}

function continues(before: Verdict, verdict: Verdict, mostApart: number): boolean {
  return (
    verdict.point.index - before.point.index <= mostApart && directionOf(before) === directionOf(verdict)
  );
}

function directionOf({ judged }: Verdict): 'up' | 'down' {
  return judged.excess.startsWith('-') ? 'down' : 'up';
}

function anomalyOf({ key, currency }: AmountSeries, grain: Grain, run: readonly Verdict[]): Anomaly {
  const points = run.map(({ judged }) => judged);
  const [first, last] = [points[0], points.at(-1)];
  assert(first && last && run[0], 'an anomaly has a point');
  const expected = sumDecimals(points.map((point) => parseDecimal(point.expected)));
  const excess = sumDecimals(points.map((point) => parseDecimal(point.excess)));
  const relative = divideDecimal(excess, expected.units < 0n ? negateDecimal(expected) : expected, 4);
  return {
    key,
    currency,
    grain,
    direction: directionOf(run[0]),
    first: first.at,
    last: last.at,
    points,
    amount: formatDecimal(addDecimal(expected, excess)),
    expected: formatDecimal(expected),
    excess: formatDecimal(excess),
    relative: relative ? formatDecimal(relative) : null,
    score: furthest(points.map(({ score }) => score)),
  };
}

function furthest(scores: readonly (number | null)[]): number | null {
  return scores.reduce<number | null>((most, score) => {
    if (most === null || score === null) return null;
    return Math.abs(score) > Math.abs(most) ? score : most;
  }, 0);
}
