import { strategyNames } from '../model.ts';
import type { Lines } from './lines.ts';
import { hundred, percentUnits } from './percent.ts';
import type { CompiledGraph, CompiledGroup } from './types.ts';
import type { Work } from './work.ts';

const fixedPercent = strategyNames.indexOf('fixed_percent');
const proportional = strategyNames.indexOf('proportional');
const segmentFiltered = strategyNames.indexOf('segment_filtered_proportional');

/** The stretches of days on which the same edges are live: their first days, and the stretch of every day. */
export function stretchesOf({ days, liveFrom, liveTo }: CompiledGraph): {
  readonly starts: readonly number[];
  readonly numberOf: Int32Array;
} {
  const isStart = new Uint8Array(days.length + 1);
  for (const bounds of [liveFrom, liveTo]) for (const day of bounds) isStart[day] = 1;
  isStart[0] = 1;
  const starts = [...days.keys()].filter((day) => isStart[day] === 1);
  const numberOf = new Int32Array(days.length);
  for (let day = 1; day < days.length; day++) {
    numberOf[day] = (numberOf[day - 1] as number) + (isStart[day] as number);
  }
  return { starts, numberOf };
}

/** Marks the edges that are live on a day. */
export function setLive({ live, graph: { liveFrom, liveTo } }: Work, day: number): void {
  for (let e = 0; e < live.length; e++) {
    live[e] = (liveFrom[e] as number) <= day && day < (liveTo[e] as number) ? 1 : 0;
  }
}

/** Writes what the live edges of each segment of a line have in common, and the segments' places on the line. */
export function describeLine(work: Work, line: number): void {
  const { firstSegment } = work.lines;
  const end = firstSegment[line + 1] as number;
  for (let segment = firstSegment[line] as number; segment < end; segment++) describeSegment(work, segment);
  placeSegments(work, line);
  for (let segment = firstSegment[line] as number; segment < end; segment++) findPlain(work, segment);
}

function describeSegment({ graph, live, lines }: Work, segment: number): void {
  const { strategy, weighing, percent } = graph.rules;
  const { first, end, edge, live: common } = lines.segments;
  const firstEdge = edge[segment] as number;
  const rule = firstRuleOf(graph, lines, segment);
  const count = (end[segment] as number) - (first[segment] as number);
  let kind = fixedPercent;
  let own = -1;
  let grain = hundred;
  let seen = 0;
  let others = 0;
  let present = 0;
  let cut = 0;
  for (let i = 0; i < count; i++) {
    const state = live[firstEdge + i] as number;
    if (state === 0) continue;
    present++;
    if (state === 2) cut++;
    const units = percent[rule + i] as number;
    while (units > 0 && units % grain !== 0) grain /= 10;
    if (strategy[rule + i] === fixedPercent) continue;
    kind = strategy[rule + i] as number;
    const weighs = weighing[rule + i] as number;
    own = seen === 0 || own === weighs ? weighs : -2;
    seen++;
    if (state === 1) others++;
  }
  for (let i = 0; i < count; i++) {
    lines.entries.part[(first[segment] as number) + i] = (percent[rule + i] as number) / grain;
  }
  common.strategy[segment] = kind;
  common.weighing[segment] = own;
  common.rule[segment] = rule;
  common.whole[segment] = hundred / grain;
  common.others[segment] = others;
  common.present[segment] = present;
  common.cut[segment] = cut;
}

/** The rule of a segment's first entry. */
function firstRuleOf(graph: CompiledGraph, lines: Lines, segment: number): number {
  const line = lines.segments.line[segment] as number;
  const offset =
    (lines.segments.edge[segment] as number) - (graph.firstOut[lines.node[line] as number] as number);
  return (graph.rules.firstRule[lines.ruleClass[line] as number] as number) + offset;
}

/** Groups lie on the line one after the other; one without a percent takes what the live others leave. */
function placeSegments({ graph, lines }: Work, line: number): void {
  const { s, q, g, group, live } = lines.segments;
  const first = lines.firstSegment[line] as number;
  const end = lines.firstSegment[line + 1] as number;
  const percents: number[] = [];
  let grain = hundred;
  let given = 0;
  for (let segment = first; segment < end; segment++) {
    const { percent } = (graph.groups[group[segment] as number] as CompiledGroup).settings;
    const isThere = (live.present[segment] as number) > 0;
    const units = !isThere ? 0 : percent === undefined ? -1 : percentUnits(percent);
    while (units > 0 && units % grain !== 0) grain /= 10;
    given += Math.max(0, units);
    percents.push(units);
  }
  let start = 0;
  for (let segment = first; segment < end; segment++) {
    const units = percents[segment - first] as number;
    const width = (units < 0 ? hundred - given : units) / grain;
    s[segment] = start;
    q[segment] = width;
    g[segment] = hundred / grain;
    start += width;
  }
}

/** Finds out whether a segment is the common case: the whole node, shared by one metric's value of the day. */
function findPlain({ graph, lines }: Work, segment: number): void {
  const { s, q, g, cut, live, first, end } = lines.segments;
  const strategy = live.strategy[segment];
  const weighing = graph.rules.weighings[live.weighing[segment] as number];
  const isPlain =
    (strategy === proportional || strategy === segmentFiltered) &&
    weighing !== undefined &&
    weighing.window === undefined &&
    live.others[segment] === live.present[segment] &&
    (s[segment] as number) + (q[segment] as number) === g[segment] &&
    s[segment] === 0;
  live.plain[segment] = isPlain ? weighing.driver : -1;
  if (!isPlain) return;
  cut[segment] = 0;
  lines.entries.x.fill(0, first[segment], end[segment]);
}
