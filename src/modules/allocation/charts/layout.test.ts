import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDecimal,
  compareDecimal,
  formatDecimal,
  parseDecimal,
  sumDecimals,
  zero,
} from '../../../platform/kernel/index.ts';
import type { GraphChart } from './chart.ts';
import { columnsOf } from './columns.ts';
import { layOut } from './layout.ts';
import { cutCircles, levelsOf } from './levels.ts';
import { type DrawnEdge, reduceGraph } from './reduce-graph.ts';
import { spread } from './spread.ts';

const amount = fc.integer({ min: -20, max: 100_000 }).map((units) => `${units / 100}`);

/** Any graph, with circles, edges to nodes that nobody declared, edges told twice. */
const charts = fc
  .record({
    nodes: fc.integer({ min: 1, max: 14 }),
    edges: fc.array(fc.tuple(fc.nat(15), fc.nat(15), amount), { maxLength: 30 }),
    amounts: fc.array(amount, { minLength: 16, maxLength: 16 }),
    top: fc.integer({ min: 1, max: 16 }),
    hasMoney: fc.boolean(),
  })
  .map(
    ({ nodes, edges, amounts, top, hasMoney }): GraphChart => ({
      kind: 'graph',
      theme: 'light',
      title: 'x',
      currency: hasMoney ? 'EUR' : null,
      top,
      nodes: Array.from({ length: nodes }, (_, n) => ({
        id: `n${n}`,
        name: `Node ${n}`,
        type: n % 3 === 0 ? 'product' : 'service',
        amount: hasMoney ? (amounts[n] ?? '0') : null,
      })),
      edges: edges.map(([from, to, each]) => ({
        from: `n${from}`,
        to: `n${to}`,
        amount: hasMoney ? each : null,
      })),
    }),
  );

describe('what is drawn of a graph', () => {
  it('is all of its money, or told: between columns, within one, in circles, without width', () => {
    fc.assert(
      fc.property(
        charts,
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 2, max: 6 }),
        (chart, rows, columns) => {
          const drawn = reduceGraph(chart, { rows, columns });
          if (!drawn.hasMoney) return;
          // An edge to itself moves nothing; parallel edges are one.
          const merged = new Map<string, ReturnType<typeof parseDecimal>>();
          for (const { from, to, amount: each } of chart.edges) {
            const key = `${from} ${to}`;
            if (from !== to) merged.set(key, addDecimal(merged.get(key) ?? zero, parseDecimal(each ?? '0')));
          }
          const wide = [...merged.values()].filter((each) => compareDecimal(each, zero) > 0);
          expect(drawn.withoutWidth).toBe(merged.size - wide.length);
          const shown = sumDecimals([
            ...drawn.edges.map((edge) => edge.amount ?? zero),
            ...drawn.cut.map((edge) => parseDecimal(edge.amount ?? '0')),
            drawn.within.amount,
          ]);
          expect(formatDecimal(shown)).toBe(formatDecimal(sumDecimals(wide)));
          const given = sumDecimals(chart.nodes.map((node) => parseDecimal(node.amount ?? '0')));
          expect(formatDecimal(sumDecimals(drawn.nodes.map((node) => node.amount ?? zero)))).toBe(
            formatDecimal(given),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('leads from column to later column, with no more rows and columns than there is room for', () => {
    fc.assert(
      fc.property(
        charts,
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 2, max: 6 }),
        (chart, rows, columns) => {
          const drawn = reduceGraph(chart, { rows, columns });
          for (const { from, to } of drawn.edges) {
            expect(drawn.nodes[from]?.level).toBeLessThan(drawn.nodes[to]?.level ?? 0);
          }
          expect(drawn.levels).toBeLessThanOrEqual(columns);
          for (let level = 0; level < drawn.levels; level++) {
            expect(drawn.nodes.filter((node) => node.level === level).length).toBeLessThanOrEqual(rows);
          }
          const named = drawn.nodes.filter(({ members }) => members === 1);
          const others = drawn.nodes.filter(({ members }) => members > 1);
          expect(named.length).toBeLessThanOrEqual((chart.top ?? 0) + drawn.levels);
          expect(others.reduce((sum, { members }) => sum + members, 0)).toBe(drawn.together);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps the largest nodes by themselves', () => {
    const node = (id: string, each: string) => ({ id, name: id, type: 'service' as const, amount: each });
    const nodes = [node('a', '5'), node('b', '100'), node('c', '20'), node('d', '7'), node('e', '50')];
    const chart = {
      kind: 'graph',
      theme: 'light',
      title: '',
      currency: 'EUR',
      nodes,
      edges: [],
      top: 2,
    } as const;
    const drawn = reduceGraph(chart, { rows: 10, columns: 5 });
    expect(drawn.nodes.map(({ name, members }) => [name, members])).toEqual([
      ['b', 1],
      ['e', 1],
      ['3 others', 3],
    ]);
    expect(drawn.nodes.at(-1)?.amount).toEqual(parseDecimal('32'));
  });

  it('cuts the narrow edge of a circle', () => {
    const link = (from: number, to: number, each: string) => ({ from, to, amount: parseDecimal(each) });
    const { cut } = cutCircles(3, [link(0, 1, '100'), link(1, 2, '90'), link(2, 1, '3')]);
    expect(cut).toEqual([link(2, 1, '3')]);
  });

  it('puts products that pass nothing on into the last column, and a chain of many nodes in as many', () => {
    const types = [
      { type: 'platform' },
      { type: 'service' },
      { type: 'product' },
      { type: 'product' },
    ] as const;
    expect(
      levelsOf(types, [
        { from: 0, to: 1 },
        { from: 1, to: 2 },
        { from: 0, to: 3 },
      ]),
    ).toEqual([0, 1, 2, 2]);
    const n = 50_000;
    const chain = Array.from({ length: n - 1 }, (_, from) => ({ from, to: from + 1, amount: null }));
    const services = Array.from({ length: n }, () => ({ type: 'service' as const }));
    expect(levelsOf(services, cutCircles(n, chain).kept).at(-1)).toBe(n - 1);
  });

  it('joins levels where the least money is lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.integer({ min: 1, max: 50 })), { maxLength: 15 }),
        fc.integer({ min: 2, max: 5 }),
        (triples, most) => {
          const levels = [0, 1, 2, 3, 4, 5, 6];
          const edges = triples
            .filter(([from, to]) => from < to)
            .map(([from, to, each]): DrawnEdge => ({ from, to, amount: { units: BigInt(each), scale: 0 } }));
          const lost = (column: readonly number[]) =>
            edges
              .filter(({ from, to }) => column[from] === column[to])
              .reduce((sum, edge) => sum + Number(edge.amount?.units), 0);
          const best = columnsOf(levels, edges, most);
          const ways = cuts(levels.length, most).map((starts) =>
            levels.map((level) => starts.filter((start) => start <= level).length),
          );
          expect(lost(best)).toBe(Math.min(...ways.map(lost)));
          expect(best).toEqual([...best].sort((a, b) => a - b));
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** All ways to cut a row of things into `most` parts, as the first of each later part. */
function cuts(things: number, most: number, from = 1): number[][] {
  if (most === 1) return [[]];
  const all: number[][] = [];
  for (let at = from; at < things; at++)
    for (const rest of cuts(things, most - 1, at + 1)) all.push([at, ...rest]);
  return all;
}

describe('things in a column', () => {
  it('keep their order and their gaps, and stay within it', () => {
    const thing = fc.record({
      wanted: fc.integer({ min: -50, max: 300 }),
      size: fc.integer({ min: 1, max: 20 }),
      gap: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(thing, { maxLength: 8 }), (things) => {
        const middles = spread(things, 0, 250);
        things.forEach(({ size }, at) => {
          const top = (middles[at] as number) - size / 2;
          expect(top).toBeGreaterThanOrEqual(-1e-9);
          expect(top + size).toBeLessThanOrEqual(250 + 1e-9);
          const before = things[at - 1];
          if (!before) return;
          const end = (middles[at - 1] as number) + before.size / 2;
          expect(top - end).toBeGreaterThanOrEqual((things[at]?.gap ?? 0) - 1e-9);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('stand where they want to where nothing is in the way, and share what they lack where it is', () => {
    expect(
      spread(
        [
          { wanted: 50, size: 10, gap: 0 },
          { wanted: 80, size: 10, gap: 0 },
        ],
        0,
        100,
      ),
    ).toEqual([50, 80]);
    expect(
      spread(
        [
          { wanted: 50, size: 10, gap: 0 },
          { wanted: 50, size: 10, gap: 0 },
        ],
        0,
        100,
      ),
    ).toEqual([45, 55]);
  });
});

describe('boxes and lines', () => {
  it('do not stand over each other: boxes have their place, and lines pass columns between them', () => {
    fc.assert(
      fc.property(charts, (chart) => {
        const graph = reduceGraph({ ...chart, top: 40 }, { rows: 30, columns: 12 });
        const area = {
          x: 10,
          y: 20,
          width: 1500,
          height: 1400,
          boxWidth: 80,
          boxHeight: 26,
          gap: 10,
          lineWidth: () => 3,
        };
        const { boxes, routes } = layOut(graph, area);
        boxes.forEach((box, at) => {
          expect(box.y).toBeGreaterThanOrEqual(area.y - 1e-6);
          expect(box.y + box.height).toBeLessThanOrEqual(area.y + area.height + 1e-6);
          for (const other of boxes.slice(at + 1)) {
            const isApart = other.x !== box.x || Math.abs(other.y - box.y) >= box.height - 1e-6;
            expect(isApart).toBe(true);
          }
        });
        for (const { edge, points } of routes) {
          const [from, to] = [boxes[edge.from], boxes[edge.to]];
          expect(points[0]?.[0]).toBeCloseTo((from?.x ?? 0) + 80);
          expect(points.at(-1)?.[0]).toBeCloseTo(to?.x ?? 0);
          for (const [point, box] of [
            [points[0], from],
            [points.at(-1), to],
          ] as const) {
            expect(Math.abs((point?.[1] ?? 0) - ((box?.y ?? 0) + 13))).toBeLessThanOrEqual(13);
          }
          for (const [x, y] of points.slice(1, -1)) {
            const hit = boxes.find(
              (box) =>
                (Math.abs(box.x - x) < 1 || Math.abs(box.x + 80 - x) < 1) && y > box.y && y < box.y + 26,
            );
            expect(hit).toBeUndefined();
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
