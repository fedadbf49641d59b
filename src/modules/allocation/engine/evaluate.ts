import { qualities } from '../model.ts';
import { describeLine, setLive } from './describe.ts';
import type { Lines } from './lines.ts';
import { shareSegment } from './share.ts';
import { causeOf, perEntry } from './sharing.ts';
import type { Sharing, Work } from './work.ts';

const measured = qualities.indexOf('measured');

/** Which lines hold for which set of live edges; evaluation skips those that cannot have changed. */
export interface Evaluation {
  /** Number of the stretch of days with the same live edges that lines were described for; −1: none. */
  stretch: number;
  readonly stretchOf: Int32Array;
  /** Per line: the stretch that it was evaluated for; −1: not, or its metric may differ from day to day. */
  readonly done: Int32Array;
}

/** Nothing evaluated yet. */
export function prepareEvaluation({ lines }: Work, stretchOf: Int32Array): Evaluation {
  return { stretch: -1, stretchOf, done: new Int32Array(lines.node.length).fill(-1) };
}

/** Describes every line anew where other edges are live than on the day before. */
export function enterDay(work: Work, evaluation: Evaluation, day: number): void {
  const stretch = evaluation.stretchOf[day] as number;
  if (evaluation.stretch === stretch) return;
  evaluation.stretch = stretch;
  setLive(work, day);
  evaluation.done.fill(-1);
  for (let line = 0; line < evaluation.done.length; line++) describeLine(work, line);
}

/** Works out the shares of all lines on a day. */
export function evaluateLines(work: Work, evaluation: Evaluation, day: number): void {
  const { firstSegment, segments } = work.lines;
  const { plain } = segments.live;
  const { done, stretch } = evaluation;
  const at = work.driverDay[day] as number;
  const isCovered = at >= 0 && at < work.drivers.days;
  const inputs = plainInputs(work, at);
  for (let line = 0; line < done.length; line++) {
    if (done[line] === stretch) continue;
    const segment = firstSegment[line] as number;
    const isPlain = isCovered && (plain[segment] as number) >= 0 && firstSegment[line + 1] === segment + 1;
    if (isPlain && evaluatePlain(inputs, segment)) continue;
    done[line] = evaluateLine(work, line, day) ? stretch : -1;
  }
}

/** Evaluates one line; true where it holds as long as the same edges are live. */
export function evaluateLine(work: Work, line: number, day: number): boolean {
  const { segments, firstSegment } = work.lines;
  let isLasting = true;
  const end = firstSegment[line + 1] as number;
  for (let segment = firstSegment[line] as number; segment < end; segment++) {
    if (segments.live.weighing[segment] !== -1) isLasting = false;
    if (segments.live.present[segment] === 0 || segments.q[segment] === 0) {
      emptySegment(work, segment);
    } else {
      shareSegment(work, enterSegment(work, segment, line, day));
    }
    accumulate(work.lines, segment);
  }
  return isLasting;
}

/** Fills in what the strategies work with. */
function enterSegment({ sharing, lines }: Work, segment: number, line: number, day: number): Sharing {
  const { segments, currency } = lines;
  sharing.segment = segment;
  sharing.first = segments.first[segment] as number;
  sharing.edge = segments.edge[segment] as number;
  sharing.rule = segments.live.rule[segment] as number;
  sharing.count = (segments.end[segment] as number) - sharing.first;
  sharing.group = segments.group[segment] as number;
  sharing.currency = currency[line] as number;
  sharing.weighing = segments.live.weighing[segment] as number;
  sharing.day = day;
  sharing.whole = segments.live.whole[segment] as number;
  sharing.available = sharing.whole;
  return sharing;
}

function emptySegment({ lines: { segments, entries } }: Work, segment: number): void {
  const first = segments.first[segment] as number;
  const end = segments.end[segment] as number;
  entries.x.fill(0, first, end);
  entries.y.fill(0, first, end);
  entries.quality.fill(0, first, end);
  segments.quality[segment] = perEntry;
  segments.cause[segment] = causeOf('fixed');
  segments.d[segment] = 1;
  segments.r[segment] = 0;
  segments.w[segment] = 1;
  segments.cut[segment] = 0;
}

/** The largest common denominator with which products stay exact. */
const mostDenominator = 2 ** 51;

/**
 * Makes parts and weights cumulative. Where the common denominator is small enough, `reach` is the exact numerator over it, and
 * total × reach × scale is rounded three times, and once more with the half added; where not, `reach` is rounded some seven
 * times. Each rounding is at most 2⁻⁵³ of a number up to total + 1.
 */
function accumulate({ segments, entries }: Lines, segment: number): void {
  const { x: xs, y: ys, reach } = entries;
  const s = segments.s[segment] as number;
  const q = segments.q[segment] as number;
  const g = segments.g[segment] as number;
  const d = segments.d[segment] as number;
  const r = segments.r[segment] as number;
  const w = segments.w[segment] as number;
  const denominator = g * d * w;
  const isExact = denominator <= mostDenominator;
  const start = s * d * w;
  segments.denominator[segment] = isExact ? denominator : 0;
  segments.scale[segment] = isExact ? 1 / denominator : 1;
  segments.begin[segment] = isExact ? start : 0;
  segments.epsilon[segment] = isExact ? exactEpsilon : 2 ** -49;
  segments.half[segment] = isExact ? 0.5 + 0.25 / denominator : 0.5;
  const end = segments.end[segment] as number;
  let x = 0;
  let y = 0;
  for (let i = segments.first[segment] as number; i < end; i++) {
    x += xs[i] as number;
    y += ys[i] as number;
    xs[i] = x;
    ys[i] = y;
    reach[i] = isExact ? start + q * (x * w + r * y) : (s + q * (x / d + (r / d) * (y / w))) / g;
  }
}

const exactEpsilon = 1.25 * 2 ** -51;

/** What the common case reads and writes, taken together once for many segments. */
interface PlainInputs {
  readonly live: Uint8Array;
  readonly to: Int32Array;
  readonly reach: Float64Array;
  readonly values: readonly Float64Array[];
  readonly row: number;
  readonly segments: Lines['segments'];
}

function plainInputs({ graph, live, lines, drivers }: Work, at: number): PlainInputs {
  const { segments, entries } = lines;
  const row = at * graph.nodeTypes.length;
  return { live, to: graph.to, reach: entries.reach, values: drivers.values, row, segments };
}

/** The common case in one tight loop. False where a value is missing or all are 0: then the group's settings say what to do. */
function evaluatePlain({ live, to, reach, values, row, segments }: PlainInputs, segment: number): boolean {
  const weights = values[segments.live.plain[segment] as number] as Float64Array;
  const first = segments.first[segment] as number;
  const end = segments.end[segment] as number;
  const shift = (segments.edge[segment] as number) - first;
  let sum = 0;
  for (let i = first; i < end; i++) {
    if (live[i + shift] === 1) sum += weights[row + (to[i + shift] as number)] as number;
    reach[i] = sum;
  }
  if (!(sum > 0 && sum <= mostDenominator)) return false;
  const scale = 1 / sum;
  segments.denominator[segment] = sum;
  segments.scale[segment] = scale;
  segments.epsilon[segment] = exactEpsilon;
  segments.half[segment] = 0.5 + 0.25 * scale;
  segments.quality[segment] = measured;
  return true;
}
