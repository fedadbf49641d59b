import type { CompiledGraph, CompiledGroup, Lane } from './types.ts';
import type { Room } from './wasm/room.ts';

/**
 * The shares of a graph on one day, as cumulative lines.
 *
 * A *line* is one node with the lanes that its edges share alike. Its *segments* are the node's sibling groups, each with its
 * part of the node. Entry i of a segment is an edge; with all before it, it reaches up to the share
 *
 *     C(i) = ( S + Q · ( X(i)/D + (R/D) · (Y(i)/W) ) ) / G
 *
 * of the node: the segment begins at S/G and is Q/G wide (0, 1, 1 for the only group of a node); X are fixed parts over D; what
 * they leave to weights is R over D; Y are weights over their sum W. All are whole numbers below 2⁵³, held in Float64, so that
 * every share is an exact fraction, over G·D·W. An edge carries round(T·C(i)) − round(T·C(i−1)) of a total T.
 */
export interface Lines {
  readonly lanes: number;
  /** Lines of node n: `firstLine[n]` … `firstLine[n + 1] - 1`. */
  readonly firstLine: Int32Array;
  readonly node: Int32Array;
  /** Index into `CompiledRules.firstRule`. */
  readonly ruleClass: Int32Array;
  /** The only currency of the line's lanes, as an index; −1 where it does not matter. */
  readonly currency: Int32Array;
  /** The lanes of line k: `laneList[firstLane[k]]` … `laneList[endLane[k] - 1]`. */
  readonly firstLane: Int32Array;
  readonly endLane: Int32Array;
  /** Three more entries than there are, so that the next ones can always be looked at. */
  readonly laneList: Int32Array;
  /** Segments of line k: `firstSegment[k]` … `firstSegment[k + 1] - 1`. */
  readonly firstSegment: Int32Array;
  readonly segments: Segments;
  readonly entries: Entries;
}

/** Per segment. `first` … `end - 1` are its entries; their edges begin at `edge`. */
export interface Segments {
  readonly line: Int32Array;
  /** Index into `CompiledGraph.groups`. */
  readonly group: Int32Array;
  readonly first: Int32Array;
  readonly end: Int32Array;
  readonly edge: Int32Array;
  /** What its live edges have in common; written when other edges become live. */
  readonly live: LiveRules;
  /** The numbers of the day, as in the formula above; not written where `plain` holds. */
  readonly s: Float64Array;
  readonly q: Float64Array;
  readonly g: Float64Array;
  readonly d: Float64Array;
  readonly r: Float64Array;
  readonly w: Float64Array;
  /** Part over D of edges that step-down cut: it comes after the last entry, and stays on the node. */
  readonly cut: Float64Array;
  /** Why the rest of the segment stays on the node: index into `heldCauses`. */
  readonly cause: Uint8Array;
  /** Index into `qualities`; 255: look at the entry. */
  readonly quality: Uint8Array;
  /** G·D·W where that is at most 2⁵¹: `reach` counts in it then. 0 where it is more: `reach` is C as a double. */
  readonly denominator: Float64Array;
  /** C = `reach` · `scale`, as doubles. */
  readonly scale: Float64Array;
  /** Where the segment begins, in the denominator. */
  readonly begin: Float64Array;
  /** Bound of the error of T · C, per T + 1. */
  readonly epsilon: Float64Array;
  /** ½, and a little more where the denominator allows it; see `push.ts`. */
  readonly half: Float64Array;
}

/** Per segment, over its edges that are live (or were, until step-down cut them). */
export interface LiveRules {
  /** How edges that are not `fixed_percent` share: index into `strategyNames`; `fixed_percent` where there are no others. */
  readonly strategy: Uint8Array;
  /** Index into `weighings`; −1: none, −2: they differ. */
  readonly weighing: Int32Array;
  /** The rule of the first entry. */
  readonly rule: Int32Array;
  /** 100 % in units of the largest power of ten that all percentages are multiples of: 100 where they are whole percents. */
  readonly whole: Float64Array;
  /** Live edges that are not `fixed_percent`. */
  readonly others: Int32Array;
  /** Edges, live or cut. */
  readonly present: Int32Array;
  /** Edges of them that were cut. */
  readonly cut: Int32Array;
  /** The driver, where all share by its value of the day and nothing else is to be known; −1 elsewhere. */
  readonly plain: Int32Array;
}

/** Per entry: an edge in a line. */
export interface Entries {
  /** The percentage of its rule, of `LiveRules.whole`; negative where there is none. Written with `LiveRules`. */
  readonly part: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Up to where the edges reach; see `Segments.denominator`. */
  readonly reach: Float64Array;
  readonly quality: Uint8Array;
}

/** Lines that are counted and not made yet: how much room they need. */
export interface LineDraft {
  readonly sizes: {
    readonly lines: number;
    readonly segments: number;
    readonly entries: number;
    readonly laneList: number;
  };
  readonly finish: (room: Room) => Lines;
}

/**
 * Lays out the lines of a graph for some lanes. Lanes of another currency have a line apart where a group falls back by cost.
 * `split`: every node has a line for each class of lanes that all nodes share alike, so that a circle can be cut for one class
 * and stay open for another; line c of a node is then that of class c.
 */
export function layOutLines(graph: CompiledGraph, lanes: readonly Lane[], split: boolean): LineDraft {
  const nodes = graph.nodeIds.length;
  const keyOf = laneKeys(graph, lanes);
  const common = split ? commonClasses(graph, lanes.length, keyOf) : undefined;
  const draft = new Draft(lanes.length);
  const firstLine = new Int32Array(nodes + 1);
  for (let node = 0; node < nodes; node++) {
    firstLine[node] = draft.node.length;
    if (graph.firstOut[node] === graph.firstOut[node + 1]) continue;
    const keys = keyOf(node);
    if (keys === undefined && (common === undefined || common.length === 1)) {
      draft.addLine(graph, { node, ruleClass: graph.rules.firstClass[node] as number, currency: -1 });
      continue;
    }
    for (const list of common ?? lanesByKey(keys ?? new Array(lanes.length).fill(''))) {
      draft.addLine(graph, { node, ...lineOf(node, list[0] as number) }, list);
    }
  }
  firstLine[nodes] = draft.node.length;
  return { sizes: draft.sizes(), finish: (room) => draft.finish(firstLine, room) };

  function lineOf(node: number, lane: number): Pick<DraftLine, 'ruleClass' | 'currency'> {
    const { dimension, currency } = lanes[lane] as Lane;
    const own = graph.rules.classOf(node, graph.dimensions.indexOf(dimension));
    return {
      ruleClass: (graph.rules.firstClass[node] as number) + own,
      currency: fallsBackByCost(graph, node) ? currenciesOf(lanes).indexOf(currency) : -1,
    };
  }
}

/** Per node: a key per lane, equal where lanes share alike; undefined where all do. */
function laneKeys(
  graph: CompiledGraph,
  lanes: readonly Lane[],
): (node: number) => readonly string[] | undefined {
  const dimensionOf = lanes.map(({ dimension }) => graph.dimensions.indexOf(dimension));
  const isMixed = currenciesOf(lanes).length > 1;
  return (node) => {
    const byCost = isMixed && fallsBackByCost(graph, node);
    const hasOneClass = (graph.rules.firstClass[node] as number) + 1 === graph.rules.firstClass[node + 1];
    if (hasOneClass && !byCost) return undefined;
    return lanes.map(({ currency }, lane) => {
      const own = graph.rules.classOf(node, dimensionOf[lane] as number);
      return byCost ? `${own} ${currency}` : `${own}`;
    });
  };
}

function lanesByKey(keys: readonly string[]): readonly (readonly number[])[] {
  const found = new Map<string, number[]>();
  for (const [lane, key] of keys.entries()) {
    const known = found.get(key);
    if (known) known.push(lane);
    else found.set(key, [lane]);
  }
  return [...found.values()];
}

/** Lanes that every node shares alike, together. */
function commonClasses(
  graph: CompiledGraph,
  lanes: number,
  keyOf: (node: number) => readonly string[] | undefined,
): readonly (readonly number[])[] {
  let keys: readonly string[] = new Array<string>(lanes).fill('0');
  for (let node = 0; node < graph.nodeIds.length; node++) {
    if (graph.firstOut[node] === graph.firstOut[node + 1]) continue;
    const own = keyOf(node);
    if (own === undefined) continue;
    const refined = keys.map((key, lane) => `${key} ${own[lane]}`);
    const numbers = new Map([...new Set(refined)].map((key, number) => [key, `${number}`]));
    keys = refined.map((key) => numbers.get(key) as string);
  }
  return lanesByKey(keys);
}

/** The currencies of a run, in the order of its lanes. */
export function currenciesOf(lanes: readonly Lane[]): readonly string[] {
  return [...new Set(lanes.map(({ currency }) => currency))];
}

function fallsBackByCost({ groups, firstGroup }: CompiledGraph, node: number): boolean {
  for (let at = firstGroup[node] as number; at < (firstGroup[node + 1] as number); at++) {
    if (groups[at]?.settings.fallback === 'by_cost') return true;
  }
  return false;
}

interface DraftLine {
  readonly node: number;
  readonly ruleClass: number;
  readonly currency: number;
}

/** Lines while they are counted. */
class Draft {
  readonly node: number[] = [];
  readonly ruleClass: number[] = [];
  readonly currency: number[] = [];
  readonly firstLane: number[] = [];
  readonly endLane: number[] = [];
  readonly laneList: number[];
  readonly firstSegment: number[] = [];
  readonly line: number[] = [];
  readonly group: number[] = [];
  readonly first: number[] = [];
  readonly edge: number[] = [];
  entries = 0;
  readonly #lanes: number;

  constructor(lanes: number) {
    this.#lanes = lanes;
    this.laneList = Array.from({ length: lanes }, (_, lane) => lane);
  }

  /** A line of all lanes, or of those listed. */
  addLine(graph: CompiledGraph, { node, ruleClass, currency }: DraftLine, list?: readonly number[]): void {
    this.firstLane.push(list ? this.laneList.length : 0);
    if (list) this.laneList.push(...list);
    this.endLane.push(list ? this.laneList.length : this.#lanes);
    this.firstSegment.push(this.line.length);
    for (let at = graph.firstGroup[node] as number; at < (graph.firstGroup[node + 1] as number); at++) {
      const { firstEdge, endEdge } = graph.groups[at] as CompiledGroup;
      this.line.push(this.node.length);
      this.group.push(at);
      this.first.push(this.entries);
      this.edge.push(firstEdge);
      this.entries += endEdge - firstEdge;
    }
    this.node.push(node);
    this.ruleClass.push(ruleClass);
    this.currency.push(currency);
  }

  sizes(): LineDraft['sizes'] {
    return {
      lines: this.node.length,
      segments: this.line.length,
      entries: this.entries,
      laneList: this.laneList.length,
    };
  }

  finish(firstLine: Int32Array, room: Room): Lines {
    const segments = this.line.length;
    const integers = (values: ArrayLike<number>) => {
      const array = room.integers(values.length);
      array.set(values);
      return array;
    };
    return {
      lanes: this.#lanes,
      firstLine: integers(firstLine),
      node: Int32Array.from(this.node),
      ruleClass: Int32Array.from(this.ruleClass),
      currency: Int32Array.from(this.currency),
      firstLane: integers(this.firstLane),
      endLane: integers(this.endLane),
      laneList: integers([...this.laneList, -1, -1, -1]),
      firstSegment: integers([...this.firstSegment, segments]),
      segments: {
        line: Int32Array.from(this.line),
        group: Int32Array.from(this.group),
        first: integers(this.first),
        end: integers([...this.first.slice(1), this.entries]),
        edge: integers(this.edge),
        ...dayArrays(segments, room),
      },
      entries: {
        part: new Float64Array(this.entries),
        x: new Float64Array(this.entries),
        y: new Float64Array(this.entries),
        reach: room.doubles(this.entries),
        quality: new Uint8Array(this.entries),
      },
    };
  }
}

function dayArrays(
  segments: number,
  room: Room,
): Omit<Segments, 'line' | 'group' | 'first' | 'end' | 'edge'> {
  const doubles = () => new Float64Array(segments);
  return {
    live: {
      strategy: new Uint8Array(segments),
      weighing: new Int32Array(segments),
      rule: new Int32Array(segments),
      whole: doubles(),
      others: new Int32Array(segments),
      present: new Int32Array(segments),
      cut: new Int32Array(segments),
      plain: new Int32Array(segments),
    },
    s: doubles(),
    q: doubles(),
    g: doubles(),
    d: doubles(),
    r: doubles(),
    w: doubles(),
    cut: doubles(),
    cause: new Uint8Array(segments),
    quality: new Uint8Array(segments),
    denominator: doubles(),
    begin: doubles(),
    scale: room.doubles(segments),
    epsilon: room.doubles(segments),
    half: room.doubles(segments),
  };
}
