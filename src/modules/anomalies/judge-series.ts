import { assert } from '../../platform/kernel/index.ts';
import { assertPlaces } from './decimals.ts';
import type { Expectation } from './expectation.ts';
import { type Findings, type JudgingOptions, judgePoint, type Verdict } from './judge.ts';
import {
  type AmountSeries,
  calendars,
  type Grain,
  type Point,
  readPoints,
  settle,
  usualHoldBackHours,
} from './series.ts';

/** What a grain expects, from how long a history. */
export interface JudgingMethod {
  readonly grain: Grain;
  /** How many days or months before a point are its history. */
  readonly window: number;
  /** `undefined` where history is too short. */
  readonly expect: (history: readonly Point[], index: number) => Expectation | undefined;
  /** A last look at a verdict. */
  readonly review?: (verdict: Verdict, expectation: Expectation) => Verdict;
}

/** All but the anomalies: verdicts in the order of time, `undefined` for a settled point that was not judged. */
export interface JudgedSeries extends Omit<Findings, 'anomalies' | 'recurring'> {
  readonly verdicts: readonly (Verdict | undefined)[];
}

/**
 * Judges each settled point of a series against the points of the window before it. Amounts in another currency than the floors
 * are a `Defect`.
 */
export function judgeSeries(
  series: AmountSeries,
  options: JudgingOptions,
  method: JudgingMethod,
): JudgedSeries {
  const { floors, places, now, gaps, judgeFrom, holdBackHours: hours = usualHoldBackHours } = options;
  const { grain, window, expect, review } = method;
  assertPlaces(places);
  assert(
    floors.currency === series.currency,
    `floors in ${floors.currency} for amounts in ${series.currency}`,
  );
  const { settled, heldBack } = settle(grain, readPoints(grain, series.points, gaps), { now, hours });
  const from = judgeFrom === undefined ? Number.NEGATIVE_INFINITY : calendars[grain].indexOf(judgeFrom);
  const verdicts: (Verdict | undefined)[] = [];
  const tooLittleHistory: string[] = [];
  let start = 0;
  for (const [end, point] of settled.entries()) {
    while ((settled[start] as Point).index < point.index - window) start++;
    if (point.index < from) continue;
    const expectation = expect(settled.slice(start, end), point.index);
    if (!expectation) tooLittleHistory.push(point.at);
    const verdict = expectation && judgePoint(point, expectation, options);
    verdicts.push(verdict && review ? review(verdict, expectation) : verdict);
  }
  return {
    key: series.key,
    currency: series.currency,
    verdicts,
    judged: verdicts.length - tooLittleHistory.length,
    heldBack: heldBack.map(({ at }) => at),
    tooLittleHistory,
  };
}
