import { type GraphChart, sizeOf } from './chart.ts';
import { frameOf, margin } from './frame.ts';
import { columnsIn, type Drawing, graphNotes, typeKeys } from './graph-option.ts';
import { type DrawnGraph, type DrawnNode, reduceGraph } from './reduce-graph.ts';
import { graphicElement } from './shapes.ts';
import { amountText, boldness, fitted, lengthOf, textWidth } from './text.ts';
import { fontFamily, type Palette, paletteOf, sizes } from './theme.ts';

const nodeWidth = 14;
/** A label is beside its node: as far apart as lines of text are, labels never meet. */
const nodeGap = 18;
/** Between two columns there is room for a label. */
const leastStep = 180;

/**
 * Bands of money between columns of nodes. A node is as high as what it costs, so that what it retains is the part of it that no
 * band leaves.
 */
export function sankeyOption(chart: GraphChart): Drawing {
  const palette = paletteOf(chart.theme);
  const limit = chart.height === undefined ? 36 : Math.floor((chart.height - 150) / (nodeGap + 3));
  const columns = columnsIn(chart, leastStep);
  const graph = withoutLoose(reduceGraph(chart, { rows: Math.max(2, limit), columns }));
  const rows = Array<number>(graph.levels).fill(0);
  for (const { level } of graph.nodes) rows[level] = (rows[level] as number) + 1;
  const most = Math.max(1, ...rows);
  const lastLabels = lastColumnRoom(graph, chart.currency);
  const size = sizeOf(chart, {
    width: Math.max(840, graph.levels * 240 + lastLabels),
    height: Math.max(520, most * (nodeGap + 34) + 170),
  });
  const notes = graphNotes(graph, chart.currency);
  const step = (size.width - 2 * margin - lastLabels - nodeWidth) / Math.max(1, graph.levels - 1);
  const frame = frameOf(chart, { size, keys: typeKeys(graph.nodes, palette), notes });
  const height = size.height - frame.top - frame.bottom;
  return {
    size,
    option: {
      animation: false,
      backgroundColor: palette.background,
      textStyle: { fontFamily },
      graphic: { elements: frame.shapes.map(graphicElement) },
      series: [
        {
          type: 'sankey',
          silent: true,
          left: margin,
          right: margin + lastLabels,
          top: frame.top,
          bottom: frame.bottom + 4,
          nodeWidth,
          // Bands need room too: where a column is full, its labels move together.
          nodeGap: Math.min(nodeGap, Math.max(2, (height * 0.7) / most)),
          nodeAlign: 'left',
          layoutIterations: 64,
          draggable: false,
          lineStyle: { color: 'source', opacity: palette.flow, curveness: 0.5 },
          data: graph.nodes.map((node) =>
            nodeItem(node, { palette, currency: chart.currency, graph, step, lastLabels }),
          ),
          links: graph.edges.map(({ from, to, amount }) => ({
            source: graph.nodes[from]?.id,
            target: graph.nodes[to]?.id,
            value: amount === null ? 1 : lengthOf(amount),
          })),
        },
      ],
    },
  };
}

/** A node without flows has a place when it costs something. */
function withoutLoose(graph: DrawnGraph): DrawnGraph {
  const linked = new Set(graph.edges.flatMap(({ from, to }) => [from, to]));
  const places = new Map<number, number>();
  const nodes = graph.nodes.filter((node, at) => {
    const stays = linked.has(at) || (node.amount !== null && lengthOf(node.amount) > 0);
    if (stays) places.set(at, places.size);
    return stays;
  });
  const edges = graph.edges.map((edge) => ({
    ...edge,
    from: places.get(edge.from) ?? 0,
    to: places.get(edge.to) ?? 0,
  }));
  return { ...graph, nodes, edges };
}

interface Drawn {
  readonly palette: Palette;
  readonly currency: string | null;
  readonly graph: DrawnGraph;
  /** From one column to the next. */
  readonly step: number;
  readonly lastLabels: number;
}

/** Room for the labels of the last column: what they need, within reason. */
function lastColumnRoom({ nodes, levels }: DrawnGraph, currency: string | null): number {
  const widths = nodes
    .filter(({ level }) => level === levels - 1)
    .map(({ name, amount }) => {
      const money = amount === null ? '' : `  ${amountText(amount, currency)}`;
      return textWidth(name, sizes.label * boldness) + textWidth(money, sizes.small) + 16;
    });
  return Math.min(300, Math.max(140, ...widths));
}

function nodeItem(
  node: DrawnNode,
  { palette, currency, graph, step, lastLabels }: Drawn,
): Record<string, unknown> {
  const isLast = node.level === graph.levels - 1;
  const room = (isLast ? lastLabels : step - nodeWidth) - 14;
  const money = node.amount === null ? '' : amountText(node.amount, currency);
  const moneyWidth = money === '' ? 0 : textWidth(`  ${money}`, sizes.small);
  const name = fitted(node.name, Math.max(48, room - moneyWidth), sizes.label * boldness);
  const text = money === '' ? `{n|${plain(name)}}` : `{n|${plain(name)}}  {a|${money}}`;
  return {
    name: node.id,
    depth: node.level,
    ...(node.amount === null ? {} : { value: lengthOf(node.amount) }),
    itemStyle: { color: palette.types[node.type], borderWidth: 0 },
    label: {
      position: 'right',
      formatter: text,
      rich: {
        n: { fontSize: sizes.label, fontWeight: 600, color: palette.text, ...halo(palette) },
        a: { fontSize: sizes.small, color: palette.text, ...halo(palette) },
      },
    },
  };
}

/** A label stands over bands. */
function halo({ background }: Palette): Record<string, unknown> {
  return { textBorderColor: background, textBorderWidth: 3 };
}

/** Braces and bars are signs of ECharts' rich texts. */
function plain(text: string): string {
  return text.replace(/[{}|]/g, (sign) => ({ '{': '(', '}': ')', '|': '/' })[sign] ?? sign);
}
