import type { CycleMode, GraphFinding } from './model.ts';
import { type Component, findComponents } from './validate-components.ts';
import { daysWithoutExit } from './validate-exit.ts';
import { finding } from './validate-findings.ts';
import { dayText, edgeName, firstDay, type GraphIndex, lastDay, nodeName } from './validate-index.ts';
import { digraphOf } from './validate-scc.ts';
import { inDimensions } from './validate-shares.ts';
import { type Budget, shortestCycle } from './validate-shortest-cycle.ts';

/** Edges that all searches for circles may look at together: a few seconds. */
const patience = 20_000_000;

/**
 * Finds where cost would go round in a circle: for each component of nodes that do so, on the days and in the dimensions in which
 * they do, a shortest circle. Under `refuse` it is an error; under `step_down` and `reciprocal` it is told, and under
 * `reciprocal` a component that nothing can leave is an error.
 */
export function validateCycles(index: GraphIndex): GraphFinding[] {
  const budget: Budget = { left: patience };
  const { found, undecided } = findComponents(index, budget);
  return [
    ...circleFindings(index, found, budget),
    ...undecided.map((nodes) =>
      finding('cycleUndecided', `nodes/${nodeName(index, nodes[0] as number)}`, {
        nodes: nodes.slice(0, 3).map((node) => nodeName(index, node)),
        size: nodes.length,
      }),
    ),
    ...modeFindings(index, found, undecided),
  ];
}

interface Circle {
  readonly code: 'cycle' | 'cycleResolved' | 'componentWithoutExit';
  readonly mode: CycleMode;
  readonly edges: readonly number[];
  readonly size: number;
  readonly shortest: boolean;
  readonly dimensions: Set<string | null>;
  /** The dimensions that were looked at apart. */
  readonly all: readonly (string | null)[];
  readonly from: number;
  readonly until: number;
}

function circleFindings(index: GraphIndex, found: readonly Component[], budget: Budget): GraphFinding[] {
  const modeOf = modeFinder(index);
  const circles = new Map<string, Circle>();
  for (const component of found) {
    const mode = modeOf(component);
    const { edges, shortest } = circleOf(index, component, budget);
    const base = { mode, edges, size: component.nodes.length, shortest };
    const code = mode === 'refuse' ? 'cycle' : 'cycleResolved';
    const where = { dimensions: new Set([component.dimension]), all: component.dimensions };
    addCircle(circles, { code, ...base, ...where, ...commonDays(index, edges) });
    if (mode !== 'reciprocal') continue;
    const { closed, dimensions: all } = daysWithoutExit(index, component);
    for (const { dimension, from, until } of closed) {
      const dimensions = new Set([dimension]);
      addCircle(circles, { code: 'componentWithoutExit', ...base, dimensions, all, from, until });
    }
  }
  return [...circles.values()].map((circle) => circleFinding(index, circle));
}

/** One circle is one finding, in all the dimensions in which it was met. */
function addCircle(circles: Map<string, Circle>, circle: Circle): void {
  const { code, mode, edges, from, until } = circle;
  const key = `${code} ${mode} ${from} ${until} ${edges.join(' ')}`;
  const known = circles.get(key);
  if (!known) circles.set(key, circle);
  else for (const dimension of circle.dimensions) known.dimensions.add(dimension);
}

function circleOf(
  index: GraphIndex,
  { nodes, edges }: Component,
  budget: Budget,
): { readonly edges: readonly number[]; readonly shortest: boolean } {
  const local = new Map(nodes.map((node, at) => [node, at]));
  const ends = (side: Int32Array) => edges.map((edge) => local.get(side[edge] as number) as number);
  const graph = digraphOf(nodes.length, ends(index.from), ends(index.to));
  const circle = shortestCycle(graph, budget);
  return { ...circle, edges: circle.edges.map((at) => edges[graph.edgeAt[at] as number] as number) };
}

/** The days on which all of some edges are live; never none for the edges of a component. */
function commonDays({ start, end }: GraphIndex, edges: readonly number[]): { from: number; until: number } {
  return {
    from: edges.reduce((latest, edge) => Math.max(latest, start[edge] as number), firstDay),
    until: edges.reduce((first, edge) => Math.min(first, end[edge] as number), lastDay),
  };
}

function circleFinding(index: GraphIndex, circle: Circle): GraphFinding {
  const { code, mode, edges, size, shortest, dimensions, all, from, until } = circle;
  const names = edges.map((edge) => edgeName(index, edge));
  return finding(code, `edges/${names[0]}`, {
    nodes: edges.map((edge) => nodeName(index, index.from[edge] as number)),
    edges: names,
    size,
    shortest,
    mode,
    ...inDimensions([...dimensions].sort(), all),
    from: dayText(from),
    until: dayText(until),
  });
}

/** How a component is treated: as the entry of method.cycles says that names one of its nodes, else as the graph's. */
function modeFinder(index: GraphIndex): (component: Pick<Component, 'nodes'>) => CycleMode {
  const { cycles } = index.document.method;
  const modes = new Map<number | undefined, CycleMode>();
  for (const { node, mode } of [...cycles.components].reverse()) modes.set(index.nodeOf.get(node), mode);
  return ({ nodes }) => {
    if (modes.size === 0) return cycles.mode;
    const named = nodes.find((node) => modes.has(node));
    return named === undefined ? cycles.mode : (modes.get(named) ?? cycles.mode);
  };
}

/** What method.cycles says of components that are none, or twice of one. */
function modeFindings(
  index: GraphIndex,
  found: readonly Component[],
  undecided: readonly (readonly number[])[],
): GraphFinding[] {
  const { components } = index.document.method.cycles;
  if (components.length === 0) return [];
  const circling = [...found.map(({ nodes }) => nodes), ...undecided].map((nodes) => new Set(nodes));
  const findings: GraphFinding[] = [];
  components.forEach(({ node, mode }, at) => {
    const number = index.nodeOf.get(node);
    if (number === undefined) return;
    const own = circling.filter((nodes) => nodes.has(number));
    if (own.length === 0) findings.push(finding('notInCycle', `method/cycles/components/${node}`, { node }));
    const other = components
      .slice(0, at)
      .find(
        (before) =>
          before.mode !== mode && own.some((nodes) => nodes.has(index.nodeOf.get(before.node) ?? -1)),
      );
    if (!other) return;
    findings.push(
      finding('cycleModesDiffer', `method/cycles/components/${node}`, {
        nodes: [other.node, node],
        modes: [other.mode, mode],
      }),
    );
  });
  return findings;
}
