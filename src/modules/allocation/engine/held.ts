import { nodeTypes } from '../model.ts';
import type { Lines } from './lines.ts';
import type { Day } from './push.ts';
import { roundBounds } from './rounding.ts';
import { causeOf } from './sharing.ts';
import type { CompiledGraph, HeldUnits } from './types.ts';

const product = nodeTypes.indexOf('product');
const noRule = causeOf('no_rule');
const noEdge = causeOf('no_edge');
const fixed = causeOf('fixed');
const cutCycle = causeOf('cut_cycle');
const rounding = causeOf('rounding');

/** A list of `HeldUnits` that grows and is used again. */
export interface HeldList {
  count: number;
  node: Int32Array;
  lane: Int32Array;
  cause: Uint8Array;
  units: Float64Array;
}

/** Room for some entries. */
export function heldList(room: number): HeldList {
  return {
    count: 0,
    node: new Int32Array(room),
    lane: new Int32Array(room),
    cause: new Uint8Array(room),
    units: new Float64Array(room),
  };
}

/** What a list holds, without its spare room. */
export function heldUnits({ count, node, lane, cause, units }: HeldList): HeldUnits {
  return {
    count,
    node: node.subarray(0, count),
    lane: lane.subarray(0, count),
    cause: cause.subarray(0, count),
    units: units.subarray(0, count),
  };
}

/** Nodes of circles pass on less than they have, where rounding keeps a unit: per cell, how much they pass on shares of. */
export type PassedOn = ReadonlyMap<number, number>;

interface Nodes {
  readonly order: Int32Array;
  readonly begin: number;
  readonly end: number;
}

/** Says of everything that rests on some nodes that are no products why it does. */
export function listHeld(
  { graph, lines, day, passedOn, list }: HeldInput,
  { order, begin: first, end: last }: Nodes,
): void {
  const { lanes, firstLine, firstLane, endLane, laneList } = lines;
  for (let at = first; at < last; at++) {
    const node = order[at] as number;
    if (graph.nodeTypes[node] === product) continue;
    const begin = firstLine[node] as number;
    const end = firstLine[node + 1] as number;
    if (begin === end) holdAll(graph, { node, lanes }, day, list);
    for (let line = begin; line < end; line++) {
      const endPlace = endLane[line] as number;
      for (let place = firstLane[line] as number; place < endPlace; place++) {
        const lane = laneList[place] as number;
        if (day.retained[node * lanes + lane] !== 0)
          holdLane({ lines, day, passedOn, list }, { node, line, lane });
      }
    }
  }
}

/** What causes are read from, and where they go. */
export interface HeldInput {
  readonly graph: CompiledGraph;
  readonly lines: Lines;
  readonly day: Day;
  readonly passedOn: PassedOn;
  readonly list: HeldList;
}

/** On a node without edges everything stays for one reason. */
function holdAll(
  { unattributed, rounding: below }: CompiledGraph,
  { node, lanes }: { readonly node: number; readonly lanes: number },
  { retained }: Day,
  list: HeldList,
): void {
  const cause = node === unattributed ? noRule : node === below ? rounding : noEdge;
  for (let lane = 0; lane < lanes; lane++)
    hold(list, node, lane, cause, retained[node * lanes + lane] as number);
}

/** Why cost of a lane rests on a node with edges. */
function holdLane({ lines, day, passedOn, list }: Omit<HeldInput, 'graph'>, place: Place): void {
  const { segments, firstSegment, lanes } = lines;
  const { node, line, lane } = place;
  const cell = node * lanes + lane;
  const whole = (day.direct[cell] as number) + (day.inflow[cell] as number);
  const total = passedOn.size === 0 ? whole : (passedOn.get(cell) ?? whole);
  hold(list, node, lane, rounding, whole - total);
  const segment = firstSegment[line] as number;
  const isWhole = segments.s[segment] === 0 && segments.q[segment] === segments.g[segment];
  if (isWhole && segments.cut[segment] === 0 && firstSegment[line + 1] === segment + 1) {
    const cause = segments.live.present[segment] === 0 ? noEdge : (segments.cause[segment] as number);
    hold(list, node, lane, cause, total - (day.outflow[cell] as number));
  } else holdGaps({ lines, day, list }, place, total);
}

interface Place {
  readonly node: number;
  readonly line: number;
  readonly lane: number;
}

/** The gaps of a line: after the edges of each group, and after its last group. */
function holdGaps(
  { lines, day, list }: Pick<HeldInput, 'lines' | 'day' | 'list'>,
  { node, line, lane }: Place,
  total: number,
): void {
  const { segments, firstSegment } = lines;
  const end = firstSegment[line + 1] as number;
  let isLive = false;
  let upTo = 0;
  for (let segment = firstSegment[line] as number; segment < end; segment++) {
    if ((segments.live.present[segment] as number) > 0) isLive = true;
    if (segments.q[segment] === 0) continue;
    const bounds = roundBounds(lines, segment, total);
    const carried = bounds.start + flowsOf(lines, segment, day.flows, lane);
    hold(list, node, lane, cutCycle, bounds.cut - carried);
    hold(list, node, lane, segments.cause[segment] as number, bounds.end - bounds.cut);
    upTo = bounds.end;
  }
  hold(list, node, lane, isLive ? fixed : noEdge, total - upTo);
}

function flowsOf({ segments, lanes }: Lines, segment: number, flows: Float64Array, lane: number): number {
  const edge = segments.edge[segment] as number;
  const count = (segments.end[segment] as number) - (segments.first[segment] as number);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += flows[(edge + i) * lanes + lane] as number;
  return sum;
}

/** Positional arguments: it is called for every amount that rests anywhere. */
function hold(list: HeldList, node: number, lane: number, cause: number, units: number): void {
  if (units === 0) return;
  if (list.count === list.units.length) grow(list);
  list.node[list.count] = node;
  list.lane[list.count] = lane;
  list.cause[list.count] = cause;
  list.units[list.count] = units;
  list.count++;
}

function grow(list: HeldList): void {
  const { node, lane, cause, units } = heldList(2 * list.units.length);
  node.set(list.node);
  lane.set(list.lane);
  cause.set(list.cause);
  units.set(list.units);
  list.node = node;
  list.lane = lane;
  list.cause = cause;
  list.units = units;
}
