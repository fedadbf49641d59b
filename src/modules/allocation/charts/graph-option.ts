import { type Decimal, parseDecimal } from '../../../platform/kernel/index.ts';
import { boxShapes } from './box.ts';
import { type ChartSize, type DrawnType, type GraphChart, largestSide, sizeOf } from './chart.ts';
import { frameOf, type Key, margin } from './frame.ts';
import { type Box, layOut, type Route } from './layout.ts';
import { type DrawnEdge, type DrawnGraph, type DrawnNode, reduceGraph } from './reduce-graph.ts';
import { customElement, graphicElement, type Shape } from './shapes.ts';
import { amountText, boldness, lengthOf, textWidth } from './text.ts';
import { type Palette, paletteOf, sizes } from './theme.ts';

/** An option of ECharts, as it takes it. */
export type ChartOption = Readonly<Record<string, unknown>>;
export interface Drawing {
  readonly option: ChartOption;
  readonly size: ChartSize;
}

const typeNames: readonly (readonly [DrawnType, string])[] = [
  ['infrastructure', 'Infrastructure'],
  ['resource', 'Resource'],
  ['platform', 'Platform'],
  ['shared', 'Shared'],
  ['service', 'Service'],
  ['product', 'Product'],
  ['other', 'Others'],
];

/** The colour key of the types that are in a picture. */
export function typeKeys(nodes: readonly Pick<DrawnNode, 'type'>[], palette: Palette): Key[] {
  return typeNames
    .filter(([type]) => nodes.some((node) => node.type === type))
    .map(([type, name]) => ({ name, color: palette.types[type] }));
}

/** What a picture of a graph does not show, for below it. */
export function graphNotes(graph: DrawnGraph, currency: string | null): string[] {
  const { cut, withoutWidth, hasMoney, together, within } = graph;
  const named = cut.slice(0, 4).map(({ from, to, amount }) => {
    const money = amount === null ? '' : ` (${amountText(parseDecimal(amount), currency)})`;
    return `${from} → ${to}${money}`;
  });
  const more = cut.length > named.length ? ` and ${cut.length - named.length} more` : '';
  return [
    ...(cut.length === 0 ? [] : [`Not drawn, because they close a circle: ${named.join(', ')}${more}.`]),
    ...(within.count === 0
      ? []
      : [
          `${within.count} flows between nodes of one column are not drawn${hasMoney ? `: ${amountText(within.amount, currency)}` : ''}. A wider picture has more columns.`,
        ]),
    ...(together === 0 ? [] : [`The ${together} smallest nodes stand together, those of a column as one.`]),
    ...(withoutWidth === 0 ? [] : [`${withoutWidth} flows of zero or less are not drawn.`]),
    ...(hasMoney ? [] : ['The structure only: no amounts, all lines alike.']),
  ];
}

/** Rows of text in a box: the name, and the amount below it where there is one and room. */
const boxHeights = [40, 26, 18] as const;

const leastStep = 150;

/** Columns that a picture has at most: as many as have room for their texts, 12 where no width was asked. */
export function columnsIn({ width }: GraphChart, step: number): number {
  return width === undefined
    ? 12
    : Math.max(2, Math.floor((Math.min(width, largestSide) - 2 * margin) / step));
}

/** Boxes in columns and lines between them, as wide as the money that flows. */
export function graphOption(chart: GraphChart): Drawing {
  const palette = paletteOf(chart.theme);
  const limit = chart.height === undefined ? 60 : Math.floor((chart.height - 140) / (boxHeights[2] + 4));
  const graph = reduceGraph(chart, { rows: Math.max(2, limit), columns: columnsIn(chart, leastStep) });
  const rows = Array<number>(graph.levels).fill(0);
  for (const { level } of graph.nodes) rows[level] = (rows[level] as number) + 1;
  const most = Math.max(1, ...rows);
  const preferred = graph.hasMoney ? boxHeights[0] : boxHeights[1];
  const size = sizeOf(chart, {
    width: Math.max(760, graph.levels * 260 + 2 * margin),
    height: Math.max(360, most * (preferred + 14) + 170),
  });
  const notes = graphNotes(graph, chart.currency);
  const frame = frameOf(chart, { size, keys: typeKeys(graph.nodes, palette), notes });
  const height = size.height - frame.top - frame.bottom;
  const boxHeight =
    boxHeights.find((each) => each <= preferred && most * (each + 6) <= height) ?? boxHeights[2];
  const step = (size.width - 2 * margin) / graph.levels;
  const { boxes, routes } = layOut(graph, {
    x: margin,
    y: frame.top,
    width: size.width - 2 * margin,
    height,
    boxWidth: Math.min(step * 0.68, Math.max(90, ...graph.nodes.map((node) => boxWidth(node, chart)))),
    boxHeight,
    gap: 14,
    lineWidth: lineWidths(graph),
  });
  const shapes = [
    ...routes.map((route) => lineShape(graph, route, palette)),
    ...graph.nodes.flatMap((node, at) =>
      boxShapes(node, boxes[at] as Box, { palette, currency: chart.currency }),
    ),
  ];
  return { size, option: optionOf(palette, frame.shapes.map(graphicElement), shapes) };
}

/** What the texts of a box need. */
function boxWidth({ name, amount }: DrawnNode, { currency }: GraphChart): number {
  const money = amount === null ? 0 : textWidth(amountText(amount, currency), sizes.small);
  return Math.max(textWidth(name, sizes.label * boldness), money) + 24;
}

/** An option that draws shapes as they are. */
export function optionOf(
  palette: Palette,
  graphics: readonly object[],
  shapes: readonly Shape[],
): ChartOption {
  return {
    animation: false,
    backgroundColor: palette.background,
    graphic: { elements: graphics },
    series: [
      {
        type: 'custom',
        coordinateSystem: 'none',
        silent: true,
        data: [0],
        renderItem: () => ({ type: 'group', children: shapes.map(customElement) }),
      },
    ],
  };
}

/** The widest line is 16 pixels and stands for the largest amount; no line is less than 1. */
function lineWidths({ edges, hasMoney }: DrawnGraph): (edge: DrawnEdge) => number {
  const length = ({ amount }: DrawnEdge) => (amount === null ? 0 : lengthOf(amount as Decimal));
  const largest = Math.max(...edges.map(length), 0);
  if (!hasMoney || largest === 0) return () => 1.5;
  return (edge) => Math.max(1, (16 * length(edge)) / largest);
}

function lineShape({ nodes }: DrawnGraph, { edge, points, width }: Route, palette: Palette): Shape {
  const [start, ...rest] = points;
  let path = `M${start?.map(digits).join(',')}`;
  let [x, y] = start ?? [0, 0];
  rest.forEach(([nextX, nextY], at) => {
    // Between columns a curve, across a column a straight line.
    const bend = (nextX - x) / 2;
    path +=
      at % 2 === 0
        ? `C${digits(x + bend)},${digits(y)} ${digits(nextX - bend)},${digits(nextY)} ${digits(nextX)},${digits(nextY)}`
        : `L${digits(nextX)},${digits(nextY)}`;
    [x, y] = [nextX, nextY];
  });
  const type = nodes[edge.from]?.type ?? 'other';
  return {
    kind: 'path',
    path,
    stroke: palette.types[type],
    width,
    opacity: width < 2 ? palette.flow * 1.6 : palette.flow,
  };
}

function digits(value: number): number {
  return Math.round(value * 10) / 10;
}
