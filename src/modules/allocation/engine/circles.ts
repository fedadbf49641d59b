import type { GraphFinding } from '../model.ts';
import { digraphOf } from '../validate-scc.ts';
import { shortestCycle } from '../validate-shortest-cycle.ts';
import { carryingEdges } from './carry.ts';
import { describeLine } from './describe.ts';
import { evaluateLine } from './evaluate.ts';
import { engineFinding } from './findings.ts';
import { type NodeOrder, orderNodes } from './order.ts';
import type { CompiledCycles, CompiledGraph } from './types.ts';
import type { Work } from './work.ts';

/** What is known of circles before any day: which nodes can be in one, and in which order step-down closes them. */
export interface CirclePlan {
  /** Rank of a node among those that close; lower ones close first. */
  readonly rank: Int32Array;
}

/** How a day's circles are dealt with on one class of lanes. */
export interface ClassOrder extends NodeOrder {
  readonly laneClass: number;
}

/** What came of looking at a day's circles: an order, or findings that refuse the day. */
export interface Resolved {
  readonly order: ClassOrder;
  readonly cut: readonly number[];
  readonly errors: readonly GraphFinding[];
}

/**
 * Makes an order for a class of lanes on a day. Circles are those of edges that carry a share above 0. Under step-down, edges
 * back to a node that has closed are cut and the shares of their siblings worked out again, until no circle is left: an edge
 * that had no share may have one then. What is cut stays cut in the lines of this class until they are described again.
 */
export function resolveCircles(work: Work, plan: CirclePlan, day: number, laneClass: number): Resolved {
  const { graph, lines } = work;
  const cut: number[] = [];
  try {
    for (;;) {
      const { from, to, edges } = carryingEdges(graph, lines, laneClass);
      const found = orderNodes(graph.nodeIds.length, from, to);
      const order = { ...found, laneClass };
      const circles = found.circles.map(({ begin, end }) => found.order.subarray(begin, end));
      const errors = circles
        .filter((nodes) => treatmentOf(graph.cycles, nodes).mode === 'refuse')
        .map((nodes) => cycleFinding(graph, { from, to, edges, nodes, day }));
      if (errors.length > 0) return { order, cut, errors };
      const back = circles.flatMap((nodes) => backEdges(graph, plan, nodes, { from, to, edges }));
      if (back.length === 0) return { order, cut, errors };
      cutEdges(work, back, day, laneClass);
      cut.push(...back);
    }
  } finally {
    for (const edge of cut) work.live[edge] = 1;
  }
}

/** How a circle is treated: as its component is, where one of its nodes names it, else as all are. */
export function treatmentOf(
  { components, mode, order }: CompiledCycles,
  nodes: Int32Array,
): Pick<CompiledCycles, 'mode' | 'order'> {
  return components.find(({ node }) => nodes.includes(node)) ?? { mode, order };
}

interface Carrying {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly edges: Int32Array;
}

/** Edges within a circle that lead back to a node that closes no later; none unless it is stepped down. */
function backEdges(
  graph: CompiledGraph,
  { rank }: CirclePlan,
  nodes: Int32Array,
  { from, to, edges }: Carrying,
): number[] {
  const { mode, order } = treatmentOf(graph.cycles, nodes);
  if (mode !== 'step_down') return [];
  const declared = new Map(order.map((node, index) => [node, index]));
  const sorted = [...nodes].sort((a, b) => {
    const first = declared.get(a) ?? order.length;
    const second = declared.get(b) ?? order.length;
    return first - second || (rank[a] as number) - (rank[b] as number);
  });
  const closes = new Map(sorted.map((node, index) => [node, index]));
  return [...edges].filter((_, at) => {
    const giver = closes.get(from[at] as number);
    const receiver = closes.get(to[at] as number);
    return giver !== undefined && receiver !== undefined && receiver < giver;
  });
}

function cutEdges(work: Work, edges: readonly number[], day: number, laneClass: number): void {
  const { graph, lines, live, notes } = work;
  for (const edge of edges) live[edge] = 2;
  const wasOn = notes.isOn;
  notes.isOn = false;
  for (const node of new Set(edges.map((edge) => graph.from[edge] as number))) {
    const line = (lines.firstLine[node] as number) + laneClass;
    describeLine(work, line);
    evaluateLine(work, line, day);
  }
  notes.isOn = wasOn;
}

/** Edges that a search for the shortest circle may look at. */
const patience = 5_000_000;

function cycleFinding(
  { nodeIds, edgeIds, days }: CompiledGraph,
  { from, to, edges, nodes, day }: Carrying & { readonly nodes: Int32Array; readonly day: number },
): GraphFinding {
  const placeOf = new Map(Array.from(nodes, (node, place) => [node, place]));
  const inner = [...edges.keys()].filter(
    (at) => placeOf.has(from[at] as number) && placeOf.has(to[at] as number),
  );
  const circle = digraphOf(
    nodes.length,
    inner.map((at) => placeOf.get(from[at] as number) as number),
    inner.map((at) => placeOf.get(to[at] as number) as number),
  );
  const way = shortestCycle(circle, { left: patience }).edges.map(
    (at) => inner[circle.edgeAt[at] as number] as number,
  );
  const edgeNames = way.map((at) => edgeIds[edges[at] as number] as string);
  return engineFinding('cycle', `edges/${edgeNames[0]}`, {
    day: days[day] as string,
    nodes: way.map((at) => nodeIds[from[at] as number] as string),
    edges: edgeNames,
    size: nodes.length,
  });
}
