import type { Lines } from './lines.ts';
import { roundExactly, roundStart } from './rounding.ts';

/** Arrays of one day, `[n * lanes + l]`; flows `[e * lanes + l]`. */
export interface Day {
  readonly direct: Float64Array;
  readonly inflow: Float64Array;
  readonly outflow: Float64Array;
  readonly retained: Float64Array;
  readonly flows: Float64Array;
}

/** Some nodes of an order, and which of their lines: the one of a class of lanes, or all (−1). */
export interface Pushed {
  readonly order: Int32Array;
  readonly begin: number;
  readonly end: number;
  readonly laneClass: number;
}

/**
 * Passes on what nodes have, in an order in which every node comes after all that feed it. This is the inner loop of a run.
 *
 * An edge that reaches up to the share C of a total T carries round(T · C), half-up, less what the edges before it carry. In
 * doubles that is floor(T · C + ½), wrong only where T · C + ½ is nearer to a whole number than its error; then `decide` goes
 * over the segment again. Where C is a fraction of a denominator D, T · C + ½ is a whole number or at least 1/(2D) away from
 * one, so 1/(4D) may be added (`half`): then ties, as the halves of an odd total, are far from the boundary too.
 *
 * Two lanes go at once, so that a share is loaded once for both and sums stay in registers. Pairs of lanes without cost, whose
 * flows are 0 from the day before, are skipped. There is no call in the loop over the edges: it would cost as much as all its
 * arithmetic.
 */
export function pushNodes(
  lines: Lines,
  to: Int32Array,
  day: Day,
  { order, begin, end, laneClass }: Pushed,
): void {
  const { direct, inflow, outflow, retained, flows } = day;
  const { lanes, firstLine, firstLane, endLane, laneList, firstSegment } = lines;
  const { reach } = lines.entries;
  const { first, end: ends, edge: edges, half: halves, scale: scales, epsilon: epsilons } = lines.segments;
  for (let at = begin; at < end; at++) {
    const node = order[at] as number;
    const row = node * lanes;
    let line = firstLine[node] as number;
    let lineEnd = firstLine[node + 1] as number;
    if (line === lineEnd) keepAll(day, row, lanes);
    else if (laneClass >= 0) {
      line += laneClass;
      lineEnd = line + 1;
    }
    for (; line < lineEnd; line++) {
      const segment = firstSegment[line] as number;
      const last = endLane[line] as number;
      let place = firstLane[line] as number;
      if ((firstSegment[line + 1] as number) === segment + 1) {
        const scale = scales[segment] as number;
        const half = halves[segment] as number;
        const epsilon = epsilons[segment] as number;
        const entryBegin = first[segment] as number;
        const entryEnd = ends[segment] as number;
        const shift = (edges[segment] as number) - entryBegin;
        for (; place + 1 < last; place += 2) {
          const lane = laneList[place] as number;
          if (laneList[place + 1] !== lane + 1) break;
          const cell = row + lane;
          const totalA = (direct[cell] as number) + (inflow[cell] as number);
          const totalB = (direct[cell + 1] as number) + (inflow[cell + 1] as number);
          const both = totalA + totalB;
          if (both === 0 && outflow[cell] === 0 && outflow[cell + 1] === 0) {
            retained[cell] = 0;
            retained[cell + 1] = 0;
            continue;
          }
          const limit = 0.5 - (both + 2) * epsilon;
          let isNear = false;
          let upToA = 0;
          let upToB = 0;
          for (let entry = entryBegin; entry < entryEnd; entry++) {
            const c = (reach[entry] as number) * scale;
            const realA = totalA * c + half;
            const realB = totalB * c + half;
            const wholeA = Math.floor(realA);
            const wholeB = Math.floor(realB);
            if (Math.abs(realA - wholeA - 0.5) > limit || Math.abs(realB - wholeB - 0.5) > limit)
              isNear = true;
            const partA = wholeA - upToA;
            const partB = wholeB - upToB;
            upToA = wholeA;
            upToB = wholeB;
            const edge = entry + shift;
            const flow = edge * lanes + lane;
            const receiver = (to[edge] as number) * lanes + lane;
            flows[flow] = partA;
            flows[flow + 1] = partB;
            inflow[receiver] = (inflow[receiver] as number) + partA;
            inflow[receiver + 1] = (inflow[receiver + 1] as number) + partB;
          }
          if (isNear) {
            upToA = decide(lines, to, day, segment, lane, totalA);
            upToB = decide(lines, to, day, segment, lane + 1, totalB);
          }
          outflow[cell] = upToA;
          outflow[cell + 1] = upToB;
          retained[cell] = totalA - upToA;
          retained[cell + 1] = totalB - upToB;
        }
      }
      for (; place < last; place++) pushLane(lines, to, day, line, laneList[place] as number);
    }
  }
}

/** A node without edges keeps what it has. */
function keepAll({ direct, inflow, outflow, retained }: Day, first: number, lanes: number): void {
  for (let cell = first; cell < first + lanes; cell++) {
    outflow[cell] = 0;
    retained[cell] = (direct[cell] as number) + (inflow[cell] as number);
  }
}

/** One lane of a line: the odd one, and those of nodes with several groups. */
function pushLane(lines: Lines, to: Int32Array, day: Day, line: number, lane: number): void {
  const { direct, inflow, outflow, retained, flows } = day;
  const { segments, entries, lanes, firstSegment } = lines;
  const cell = (lines.node[line] as number) * lanes + lane;
  const total = (direct[cell] as number) + (inflow[cell] as number);
  const isIdle = total === 0 && outflow[cell] === 0;
  let out = 0;
  const segmentEnd = firstSegment[line + 1] as number;
  for (let segment = firstSegment[line] as number; segment < segmentEnd && !isIdle; segment++) {
    const scale = segments.scale[segment] as number;
    const half = segments.half[segment] as number;
    const limit = 0.5 - (total + 1) * (segments.epsilon[segment] as number);
    const end = segments.end[segment] as number;
    const shift = (segments.edge[segment] as number) - (segments.first[segment] as number);
    let isNear = false;
    let upTo = segments.s[segment] === 0 ? 0 : roundStart(lines, segment, total);
    out -= upTo;
    for (let entry = segments.first[segment] as number; entry < end; entry++) {
      const real = total * ((entries.reach[entry] as number) * scale) + half;
      const whole = Math.floor(real);
      if (Math.abs(real - whole - 0.5) > limit) isNear = true;
      const receiver = (to[entry + shift] as number) * lanes + lane;
      flows[(entry + shift) * lanes + lane] = whole - upTo;
      inflow[receiver] = (inflow[receiver] as number) + (whole - upTo);
      upTo = whole;
    }
    out += isNear ? decide(lines, to, day, segment, lane, total) : upTo;
  }
  outflow[cell] = out;
  retained[cell] = total - out;
}

/** Sets a node right that was pushed elsewhere with doubles that were too near to a boundary; it has one group. */
export function decideNode(lines: Lines, to: Int32Array, day: Day, node: number, laneClass: number): void {
  const { firstLine, firstLane, endLane, laneList, firstSegment, lanes } = lines;
  const begin = (firstLine[node] as number) + Math.max(0, laneClass);
  const end = laneClass < 0 ? (firstLine[node + 1] as number) : begin + 1;
  for (let line = begin; line < end; line++) {
    for (let place = firstLane[line] as number; place < (endLane[line] as number); place++) {
      const lane = laneList[place] as number;
      const cell = node * lanes + lane;
      const total = (day.direct[cell] as number) + (day.inflow[cell] as number);
      const out = decide(lines, to, day, firstSegment[line] as number, lane, total);
      day.outflow[cell] = out;
      day.retained[cell] = total - out;
    }
  }
}

/**
 * Goes over a segment again where doubles were too near to a boundary, and sets right what they got wrong; up to where its
 * edges reach.
 */
function decide(
  lines: Lines,
  to: Int32Array,
  { inflow, flows }: Day,
  segment: number,
  lane: number,
  total: number,
): number {
  const { segments, entries, lanes } = lines;
  const scale = segments.scale[segment] as number;
  const half = segments.half[segment] as number;
  const limit = 0.5 - (total + 1) * (segments.epsilon[segment] as number);
  const first = segments.first[segment] as number;
  const end = segments.end[segment] as number;
  const firstEdge = segments.edge[segment] as number;
  let upTo = segments.s[segment] === 0 ? 0 : roundStart(lines, segment, total);
  for (let entry = first; entry < end; entry++) {
    const real = total * ((entries.reach[entry] as number) * scale) + half;
    let whole = Math.floor(real);
    if (Math.abs(real - whole - 0.5) > limit) whole = roundExactly(lines, segment, entry, total, whole);
    const edge = firstEdge + entry - first;
    const flow = edge * lanes + lane;
    const wrong = whole - upTo - (flows[flow] as number);
    if (wrong !== 0) {
      const receiver = (to[edge] as number) * lanes + lane;
      flows[flow] = whole - upTo;
      inflow[receiver] = (inflow[receiver] as number) + wrong;
    }
    upTo = whole;
  }
  return upTo;
}
