import { must } from '../../platform/kernel/index.ts';
import type { Session } from '../../platform/warehouse/index.ts';
import { type NodeSlots, slotAt } from './explain-slots.ts';
import {
  type End,
  type FlowColumns,
  indexOf,
  linksOfDay,
  type NumberedNode,
  namesOf,
  readFlows,
} from './explain-sql.ts';
import type { Moves } from './trace.ts';

/** `in`: where a node's cost comes from. `out`: where it went. */
export type Direction = 'in' | 'out';

/** The part of a run that leads to a node, or away from it. Nodes are numbered from 0; the node itself is 0. */
export interface NeighbourGraph {
  readonly nodes: readonly NumberedNode[];
  readonly moves: Moves;
  /** Index into `qualities`, by move. */
  readonly quality: Int32Array;
  /** The day whose flows were looked at first. */
  readonly day: string | undefined;
  /** Where they are known already. */
  readonly holdings?: Holdings;
  /** What stays on nodes that are no products, where it is known already. */
  readonly held?: HeldSlots;
  /**
   * Where there are quicker relations than the run's: what rules sent and the nodes' direct costs, both with the number of the node
   * as `i`, and the file with the edges of pairs.
   */
  readonly behind?: { readonly attribution: string; readonly allocation: string; readonly links: string };
}

/** Direct and inflow of node n in slot s at `[n * slots + s]`, and what ends there: direct cost (`in`), what is retained (`out`). */
export interface Holdings {
  readonly totals: Float64Array;
  readonly own: Float64Array;
}

/** Amounts that stay on nodes, one after the other; `cause` is an index into `heldCauses`. */
export interface HeldSlots {
  readonly count: number;
  readonly node: Int32Array;
  readonly slot: Int32Array;
  readonly cause: Int32Array;
  readonly amount: Float64Array;
}

/**
 * Reads the flows that lead to a node (`in`) or away from it (`out`), whatever their number of steps, in the slots in which the
 * node has cost. Whom to read is found from the links of one day, the one with most cost; flows of other days that come from
 * nodes not known by then are read in another pass.
 */
export async function readNeighbours(
  session: Session,
  flow: string,
  asked: {
    readonly node: string;
    readonly type: string;
    readonly slots: NodeSlots;
    readonly direction: Direction;
  },
): Promise<NeighbourGraph> {
  const { node, type, slots, direction } = asked;
  const { origin } = slots.parts;
  const [near, far] = direction === 'in' ? (['To', 'From'] as const) : (['From', 'To'] as const);
  const day = direction === 'in' ? slots.dayOf.inflow : slots.dayOf.outflow;
  const index =
    day === undefined ? undefined : await indexOf(session, flow, { end: near, node, day, origin });
  if (day === undefined || index === undefined) return loneNode({ index: -1, id: node, type });
  const links = await linksOfDay(session, flow, { day, origin });
  const known = reached(
    index,
    direction === 'in' ? { near: links.to, far: links.from } : { near: links.from, far: links.to },
  );
  const read: FlowColumns[] = [];
  let wanted = new Set(known);
  while (wanted.size > 0) {
    const found = await readFlows(session, flow, { end: near, indexes: wanted, parts: slots.parts });
    read.push(found);
    wanted = new Set<number>();
    for (const other of direction === 'in' ? found.from : found.to)
      if (!known.has(other)) {
        known.add(other);
        wanted.add(other);
      }
  }
  const others = [...known].filter((other) => other !== index).sort((a, b) => a - b);
  const names = await nameAll(session, flow, { end: far, indexes: others, day, origin });
  const nodes = [
    { index, id: node, type },
    ...others.map((other) => must(names.get(other), 'the name of a node')),
  ];
  return { nodes, ...movesOf(read, { nodes, slots, direction }), day };
}

/** A node that no edge touches. */
export function loneNode(node: NumberedNode): NeighbourGraph {
  const none = new Int32Array(0);
  return {
    nodes: [node],
    moves: { count: 0, near: none, far: none, slot: none, amount: new Float64Array(0) },
    quality: none,
    day: undefined,
  };
}

/** All that are reached from a node over links, itself included. */
export function reached(
  start: number,
  { near, far }: { readonly near: Int32Array; readonly far: Int32Array },
): Set<number> {
  const most = near.reduce((largest, node) => Math.max(largest, node), start);
  const first = new Int32Array(most + 2);
  for (let k = 0; k < near.length; k++) (first[(near[k] as number) + 1] as number)++;
  for (let node = 0; node <= most; node++) (first[node + 1] as number) += first[node] as number;
  const next = first.slice();
  const others = new Int32Array(near.length);
  for (let k = 0; k < near.length; k++) {
    const node = near[k] as number;
    others[next[node] as number] = far[k] as number;
    (next[node] as number)++;
  }
  const found = new Set([start]);
  for (const node of found)
    for (let at = first[node] ?? 0; at < (first[node + 1] ?? 0); at++) found.add(others[at] as number);
  return found;
}

async function nameAll(
  session: Session,
  flow: string,
  {
    indexes,
    day,
    ...asked
  }: {
    readonly end: End;
    readonly indexes: readonly number[];
    readonly day: string;
    readonly origin: string;
  },
): Promise<Map<number, NumberedNode>> {
  const ofDay = await namesOf(session, flow, { ...asked, indexes, day });
  const names = new Map(ofDay.map((node) => [node.index, node]));
  const missing = indexes.filter((index) => !names.has(index));
  for (const node of await namesOf(session, flow, { ...asked, indexes: missing }))
    names.set(node.index, node);
  return names;
}

/** The flows in the numbers of the trace; those of slots in which the node has nothing are left out. */
function movesOf(
  read: readonly FlowColumns[],
  {
    nodes,
    slots,
    direction,
  }: { readonly nodes: readonly NumberedNode[]; readonly slots: NodeSlots; readonly direction: Direction },
): { readonly moves: Moves; readonly quality: Int32Array } {
  const most = read.reduce((sum, { from }) => sum + from.length, 0);
  const highest = nodes.reduce((largest, { index }) => Math.max(largest, index), 0);
  const placeOf = new Int32Array(highest + 1);
  for (const [place, { index }] of nodes.entries()) placeOf[index] = place;
  const near = new Int32Array(most);
  const far = new Int32Array(most);
  const slot = new Int32Array(most);
  const amount = new Float64Array(most);
  const quality = new Int32Array(most);
  let count = 0;
  for (const columns of read) {
    const { from, to, code } = columns;
    const [nears, fars] = direction === 'in' ? [to, from] : [from, to];
    for (let row = 0; row < code.length; row++) {
      const at = slotAt(slots, code[row] as number);
      if (at < 0) continue;
      near[count] = placeOf[nears[row] as number] as number;
      far[count] = placeOf[fars[row] as number] as number;
      slot[count] = at;
      amount[count] = columns.amount[row] as number;
      quality[count] = columns.quality[row] as number;
      count++;
    }
  }
  return { moves: { count, near, far, slot, amount }, quality };
}
