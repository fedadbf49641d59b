import type { Row, Session } from '../../platform/warehouse/index.ts';
import { type Direction, type HeldSlots, loneNode, type NeighbourGraph, reached } from './explain-graph.ts';
import type { NodeSlots } from './explain-slots.ts';
import { amongSql, type NumberedNode } from './explain-sql.ts';
import type { TraceCache } from './trace-cache.ts';
import { readFigures } from './trace-cache-figures.ts';
import {
  cachedAttribution,
  cachedIndex,
  cachedLinks,
  cachedNodes,
  cachedRows,
  cachedShares,
  read,
  type ShareRows,
} from './trace-cache-sql.ts';

/** Every row of a node, read from a cache; none where no edge touches it: then it is not in there. */
export async function rowsFromCache(session: Session, cache: TraceCache, node: string): Promise<Row[]> {
  const index = await cachedIndex(session, cache.fileOf('node'), node);
  return index === undefined ? [] : cachedRows(session, cache, cache.fileOf, { index, node });
}

/** What leads to a node, or away from it, read from the shares of a cache: as `readNeighbours`, with what all nodes have. */
export async function cachedNeighbours(
  session: Session,
  cache: TraceCache,
  asked: {
    readonly node: string;
    readonly type: string;
    readonly slots: NodeSlots;
    readonly direction: Direction;
  },
): Promise<NeighbourGraph> {
  const { node, type, slots, direction } = asked;
  const index = await cachedIndex(session, cache.fileOf('node'), node);
  if (index === undefined) return loneNode({ index: -1, id: node, type });
  const { from, to } = await cachedLinks(session, cache.fileOf('link'));
  const known = reached(index, direction === 'in' ? { near: to, far: from } : { near: from, far: to });
  const others = [...known].filter((other) => other !== index);
  const nodes = [
    { index, id: node, type },
    ...(await cachedNodes(session, cache.fileOf('node'), amongSql('i', others))),
  ];
  const shares = await cachedShares(
    session,
    cache.fileOf('share'),
    amongSql(direction === 'in' ? 't' : 'f', known),
  );
  const holdings = await holdingsOf(cache, nodes, slots);
  const { totals, direct } = holdings;
  const { moves, quality, held, retained } = expand(shares, {
    nodes,
    slots,
    direction,
    totals,
    slotOf: slotsOf(cache, slots),
  });
  const own = direction === 'in' ? direct : retained;
  return {
    nodes,
    moves,
    quality,
    day: slots.dayOf[direction === 'in' ? 'inflow' : 'outflow'],
    holdings: { totals, own },
    held,
    behind: {
      attribution: cachedAttribution(cache, cache.fileOf),
      allocation: read(cache.fileOf('sum')),
      links: cache.fileOf('link'),
    },
  };
}

/** Slot of the explained node by day and lane of the cache, at `[day * lanes + lane]`; −1 where it has nothing. */
interface SlotTable {
  readonly lanes: number;
  readonly slots: Int32Array;
}

function slotsOf({ lanes, firstDay }: TraceCache, { parts, slotOf }: NodeSlots): SlotTable {
  const before = Math.round((Date.parse(parts.firstDay) - Date.parse(firstDay)) / 86_400_000);
  const slots = new Int32Array((before + parts.days) * lanes.length).fill(-1);
  for (const [l, { dimension, currency, side }] of lanes.entries()) {
    const d = parts.dimensions.indexOf(dimension);
    const c = parts.currencies.indexOf(currency);
    if (d < 0 || c < 0) continue;
    for (let day = 0; day < parts.days; day++) {
      const code =
        ((day * parts.dimensions.length + d) * parts.currencies.length + c) * 2 + (side === 'credit' ? 1 : 0);
      slots[(before + day) * lanes.length + l] = slotOf[code] as number;
    }
  }
  return { lanes: lanes.length, slots };
}

function slotAt({ lanes, slots }: SlotTable, day: number, lane: number): number {
  return slots[day * lanes + lane] ?? -1;
}

async function holdingsOf(
  cache: TraceCache,
  nodes: readonly NumberedNode[],
  slots: NodeSlots,
): Promise<{ readonly totals: Float64Array; readonly direct: Float64Array }> {
  const places = placesOf(nodes);
  const table = slotsOf(cache, slots);
  const totals = new Float64Array(nodes.length * slots.count);
  const direct = new Float64Array(nodes.length * slots.count);
  const indexes = nodes.map(({ index }) => index);
  for (const { node, slot: known, total, direct: own } of await readFigures(cache.figures, indexes)) {
    const base = (places[node] as number) * slots.count;
    for (let row = 0; row < known.length; row++) {
      const slot = table.slots[known[row] as number] ?? -1;
      if (slot < 0) continue;
      totals[base + slot] = total[row] as number;
      if (own) direct[base + slot] = own[row] as number;
    }
  }
  return { totals, direct };
}

function placesOf(nodes: readonly NumberedNode[]): Int32Array {
  const places = new Int32Array(nodes.reduce((most, { index }) => Math.max(most, index), 0) + 1).fill(-1);
  for (const [place, { index }] of nodes.entries()) places[index] = place;
  return places;
}

interface Expanding {
  readonly nodes: readonly NumberedNode[];
  readonly slots: NodeSlots;
  readonly direction: Direction;
  readonly totals: Float64Array;
  readonly slotOf: SlotTable;
}

/** Shares as amounts again, slot by slot: of what the giver has in it. */
function expand(shares: ShareRows, given: Expanding) {
  const { nodes, slots, direction, totals, slotOf } = given;
  const places = placesOf(nodes);
  const most = { moved: 0, kept: 0 };
  for (let row = 0; row < shares.t.length; row++)
    most[(shares.t[row] as number) < 0 ? 'kept' : 'moved'] +=
      (shares.lane[row] as number) < 0 ? slotOf.lanes : 1;
  const moved = new Rows(most.moved);
  const kept = new Rows(most.kept);
  const retained = new Float64Array(nodes.length * slots.count);
  for (let row = 0; row < shares.t.length; row++) {
    const [t, lane] = [shares.t[row] as number, shares.lane[row] as number];
    const from = places[shares.f[row] as number] as number;
    const [first, end] = lane < 0 ? [0, slotOf.lanes] : [lane, lane + 1];
    for (let l = first; l < end; l++) {
      const slot = slotAt(slotOf, shares.day[row] as number, l);
      const total = slot < 0 ? 0 : (totals[from * slots.count + slot] as number);
      if (total === 0) continue;
      const amount = (shares.share[row] as number) * total;
      if (t >= 0) {
        const to = places[t] as number;
        moved.add(
          direction === 'in' ? to : from,
          direction === 'in' ? from : to,
          slot,
          shares.mark[row] as number,
          amount,
        );
        continue;
      }
      (retained[from * slots.count + slot] as number) += amount;
      kept.add(from, -1 - t, slot, 0, amount);
    }
  }
  const held: HeldSlots = {
    count: kept.count,
    node: kept.a,
    slot: kept.slot,
    cause: kept.b,
    amount: kept.amount,
  };
  const { count, a, b, slot, mark, amount } = moved;
  return { moves: { count, near: a, far: b, slot, amount }, quality: mark, held, retained };
}

/** Rows of five numbers. */
class Rows {
  count = 0;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly slot: Int32Array;
  readonly mark: Int32Array;
  readonly amount: Float64Array;

  constructor(most: number) {
    this.a = new Int32Array(most);
    this.b = new Int32Array(most);
    this.slot = new Int32Array(most);
    this.mark = new Int32Array(most);
    this.amount = new Float64Array(most);
  }

  add(a: number, b: number, slot: number, mark: number, amount: number): void {
    this.a[this.count] = a;
    this.b[this.count] = b;
    this.slot[this.count] = slot;
    this.mark[this.count] = mark;
    this.amount[this.count] = amount;
    this.count++;
  }
}
