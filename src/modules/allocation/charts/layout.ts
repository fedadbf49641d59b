import type { DrawnEdge, DrawnGraph } from './reduce-graph.ts';
import { spread } from './spread.ts';

/** Where boxes and lines of a layered graph stand. */
export interface Layout {
  readonly boxes: readonly Box[];
  /** Per edge: its points from the left to the right, two per column that it passes. */
  readonly routes: readonly Route[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Route {
  readonly edge: DrawnEdge;
  readonly points: readonly (readonly [number, number])[];
  readonly width: number;
}

export interface LayoutArea extends Box {
  readonly boxWidth: number;
  readonly boxHeight: number;
  /** Between two boxes of a column. */
  readonly gap: number;
  /** Width of an edge's line. */
  readonly lineWidth: (edge: DrawnEdge) => number;
}

/** A box of a column, or the place where a line passes it. */
interface Item {
  readonly level: number;
  /** The node; undefined where a line passes. */
  readonly node?: number;
  readonly size: number;
  readonly before: Item[];
  readonly after: Item[];
  place: number;
  middle: number;
}

/**
 * Lays a graph out in columns from the left to the right (after Sugiyama, Tagawa and Toda 1981): lines that pass a column have a
 * place of their own in it, so that none runs behind a box; the order in the columns is that of the mean of the neighbours, the
 * best of some rounds, that is with the fewest crossings; then everything moves as near to its neighbours as the order allows.
 */
export function layOut(graph: DrawnGraph, area: LayoutArea): Layout {
  const columns: Item[][] = Array.from({ length: graph.levels }, () => []);
  const items = graph.nodes.map(({ level }, node) => newItem(columns, { level, node, size: area.boxHeight }));
  const ways = graph.edges.map((edge) => {
    const way = [items[edge.from] as Item];
    const end = items[edge.to] as Item;
    for (let level = (way[0] as Item).level + 1; level < end.level; level++) {
      way.push(newItem(columns, { level, size: area.lineWidth(edge) }));
    }
    way.push(end);
    way.forEach((item, at) => {
      const next = way[at + 1];
      if (!next) return;
      item.after.push(next);
      next.before.push(item);
    });
    return way;
  });
  orderColumns(columns);
  placeItems(columns, area);
  const step = graph.levels < 2 ? 0 : (area.width - area.boxWidth) / (graph.levels - 1);
  const left = (level: number) =>
    area.x + (graph.levels < 2 ? (area.width - area.boxWidth) / 2 : level * step);
  const boxes = items.map(({ level, middle }) => ({
    x: left(level),
    y: middle - area.boxHeight / 2,
    width: area.boxWidth,
    height: area.boxHeight,
  }));
  return { boxes, routes: routesOf(graph, { ways, area, left }) };
}

function newItem(columns: readonly Item[][], item: Pick<Item, 'level' | 'node' | 'size'>): Item {
  const column = columns[item.level] as Item[];
  const made: Item = { ...item, before: [], after: [], place: column.length, middle: 0 };
  column.push(made);
  return made;
}

const rounds = 12;

function orderColumns(columns: readonly Item[][]): void {
  let best = columns.map((column) => [...column]);
  let fewest = crossings(columns);
  for (let round = 0; round < rounds && fewest > 0; round++) {
    const isForth = round % 2 === 0;
    const order = isForth ? columns : [...columns].reverse();
    for (const column of order) sortBy(column, isForth ? 'before' : 'after');
    const count = crossings(columns);
    if (count >= fewest) continue;
    fewest = count;
    best = columns.map((column) => [...column]);
  }
  columns.forEach((column, at) => {
    column.splice(0, column.length, ...(best[at] as Item[]));
    number(column);
  });
}

function sortBy(column: Item[], side: 'before' | 'after'): void {
  const wanted = new Map(column.map((item) => [item, mean(item[side], item.place)]));
  column.sort((a, b) => (wanted.get(a) as number) - (wanted.get(b) as number) || a.place - b.place);
  number(column);
}

function number(column: readonly Item[]): void {
  column.forEach((item, place) => {
    item.place = place;
  });
}

function mean(items: readonly Item[], otherwise: number): number {
  return items.length === 0 ? otherwise : items.reduce((sum, { place }) => sum + place, 0) / items.length;
}

/** Pairs of lines between neighbouring columns that cross: inversions, counted by a tree of sums. */
function crossings(columns: readonly (readonly Item[])[]): number {
  let count = 0;
  columns.forEach((column, at) => {
    const size = columns[at + 1]?.length ?? 0;
    const tree = new Int32Array(size + 1);
    let seen = 0;
    for (const { after } of column) {
      const places = after.map(({ place }) => place).sort((a, b) => a - b);
      for (const place of places) {
        let smaller = 0;
        for (let i = place + 1; i > 0; i -= i & -i) smaller += tree[i] as number;
        count += seen - smaller;
      }
      for (const place of places) {
        for (let i = place + 1; i <= size; i += i & -i) tree[i] = (tree[i] as number) + 1;
        seen++;
      }
    }
  });
  return count;
}

/** Gives every item its height: first the columns as they are, centred, then each near to its neighbours. */
function placeItems(columns: readonly Item[][], area: LayoutArea): void {
  const until = area.y + area.height;
  const gaps = columns.map((column) => {
    const needed = column.reduce((sum, { size }) => sum + size, 0);
    const room = (area.height - needed) / Math.max(1, column.length - 1);
    return { box: Math.min(area.gap, room), line: Math.min(area.gap / 2, room) };
  });
  const settle = (at: number, wanted: (item: Item) => number) => {
    const column = columns[at] as Item[];
    const { box, line } = gaps[at] as { readonly box: number; readonly line: number };
    const isBox = (item: Item | undefined) => item?.node !== undefined;
    const standing = column.map((item, place) => ({
      wanted: wanted(item),
      size: item.size,
      gap: isBox(item) && isBox(column[place - 1]) ? box : line,
    }));
    spread(standing, area.y, until).forEach((middle, place) => {
      (column[place] as Item).middle = middle;
    });
  };
  const centre = area.y + area.height / 2;
  columns.forEach((_, at) => void settle(at, () => centre));
  for (let round = 0; round < rounds; round++) {
    const isForth = round % 2 === 0;
    for (let step = 0; step < columns.length; step++) {
      const at = isForth ? step : columns.length - 1 - step;
      settle(at, (item) => {
        const neighbours =
          round < rounds - 2 ? (isForth ? item.before : item.after) : [...item.before, ...item.after];
        if (neighbours.length === 0) return item.middle;
        return neighbours.reduce((sum, { middle }) => sum + middle, 0) / neighbours.length;
      });
    }
  }
}

interface Ways {
  readonly ways: readonly (readonly Item[])[];
  readonly area: LayoutArea;
  readonly left: (level: number) => number;
}

/** Lines leave and reach a box side by side, in the order of their other ends. */
function routesOf({ edges }: DrawnGraph, { ways, area, left }: Ways): Route[] {
  const widths = edges.map(area.lineWidth);
  const leaving = ports(ways, widths, area.boxHeight, 'leaving');
  const reaching = ports(ways, widths, area.boxHeight, 'reaching');
  return edges.map((edge, at) => {
    const way = ways[at] as readonly Item[];
    const points = way.flatMap((item, place): (readonly [number, number])[] => {
      const x = left(item.level);
      const right = x + area.boxWidth;
      if (place === 0) return [[right, item.middle + (leaving[at] as number)]];
      if (place === way.length - 1) return [[x, item.middle + (reaching[at] as number)]];
      return [
        [x, item.middle],
        [right, item.middle],
      ];
    });
    return { edge, points, width: widths[at] as number };
  });
}

function ports(
  ways: readonly (readonly Item[])[],
  widths: readonly number[],
  boxHeight: number,
  side: 'leaving' | 'reaching',
): number[] {
  const byNode = new Map<Item, number[]>();
  ways.forEach((way, at) => {
    const own = (side === 'leaving' ? way[0] : way.at(-1)) as Item;
    const known = byNode.get(own);
    if (known) known.push(at);
    else byNode.set(own, [at]);
  });
  const offsets: number[] = Array(ways.length).fill(0);
  const other = (at: number) => (side === 'leaving' ? ways[at]?.[1] : ways[at]?.at(-2))?.middle ?? 0;
  for (const edges of byNode.values()) {
    edges.sort((a, b) => other(a) - other(b) || a - b);
    const total = edges.reduce((sum, at) => sum + (widths[at] as number) + 1, 0);
    const scale = Math.min(1, (boxHeight - 6) / total);
    let top = (-total * scale) / 2;
    for (const at of edges) {
      const width = ((widths[at] as number) + 1) * scale;
      offsets[at] = top + width / 2;
      top += width;
    }
  }
  return offsets;
}
