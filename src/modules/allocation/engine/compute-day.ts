import { assert } from '../../../platform/kernel/index.ts';
import type { GraphFinding } from '../model.ts';
import type { Allocation } from './allocate.ts';
import { type ClassOrder, resolveCircles, treatmentOf } from './circles.ts';
import { describeLine } from './describe.ts';
import { enterDay, evaluateLines } from './evaluate.ts';
import { engineFinding } from './findings.ts';
import { listHeld } from './held.ts';
import type { NodeOrder } from './order.ts';
import { solveComponent, type Unsolved } from './reciprocal.ts';
import { countDay, type Work } from './work.ts';

/** So many nodes are pushed and checked at once, that their edges stay in the processor's cache. */
const nodesAtOnce = 128;

/** Computes a day into the arrays of the loops; returns why it cannot be computed, if so. */
export function computeDay(allocation: Allocation, day: number): readonly GraphFinding[] {
  const { input, work, evaluation, orders, held, passedOn, loops, entered } = allocation;
  loops.day.direct.set(input.direct(day));
  loops.day.inflow.fill(0);
  passedOn.clear();
  held.count = 0;
  for (const line of allocation.cutLines.splice(0)) {
    describeLine(work, line);
    evaluation.done[line] = -1;
  }
  enterDay(work, evaluation, day);
  const stretch = evaluation.stretchOf[day] as number;
  const { order, circles } = orders[stretch] as NodeOrder;
  if (entered.stretch !== stretch) loops.order.set(order);
  entered.stretch = stretch;
  if (circles.length > 0) return computeCircles(allocation, day);
  evaluateLines(work, evaluation, day);
  for (let begin = 0; begin < order.length; begin += nodesAtOnce) {
    const end = Math.min(order.length, begin + nodesAtOnce);
    loops.push(begin, end, -1);
    nameAndCheck(allocation, begin, end);
  }
  return [];
}

/** Says why cost rests where it does, and holds the arrays against the books. */
function nameAndCheck({ work, passedOn, held: list, loops }: Allocation, begin: number, end: number): void {
  const heldFrom = list.count;
  const { day, order } = loops;
  listHeld({ graph: work.graph, lines: work.lines, day, passedOn, list }, { order, begin, end });
  loops.check(begin, end, list, heldFrom);
}

/** A day on which circles are possible: everything is worked out first, then each class of lanes in an order of its own. */
function computeCircles(allocation: Allocation, day: number): readonly GraphFinding[] {
  const { work, evaluation, circles, loops, entered } = allocation;
  const end = loops.order.length;
  evaluateLines(work, evaluation, day);
  entered.stretch = -1;
  const errors: GraphFinding[] = [];
  for (let laneClass = 0; laneClass < classesOf(work); laneClass++) {
    const resolved = resolveCircles(work, circles, day, laneClass);
    noteCuts(allocation, resolved.cut, day, laneClass);
    errors.push(...resolved.errors);
    if (resolved.errors.length > 0) continue;
    loops.order.set(resolved.order.order);
    errors.push(...pushClass(allocation, resolved.order, day));
  }
  if (errors.length === 0) nameAndCheck(allocation, 0, end);
  return errors;
}

/** Classes of lanes that the lines are split into. */
function classesOf({ lines, graph }: Work): number {
  for (let node = 0; node < graph.nodeIds.length; node++) {
    const count = (lines.firstLine[node + 1] as number) - (lines.firstLine[node] as number);
    if (count > 0) return count;
  }
  return 0;
}

function noteCuts(
  { work, cutLines, cutDays }: Allocation,
  cut: readonly number[],
  day: number,
  laneClass: number,
): void {
  const { lines, graph, notes } = work;
  for (const edge of cut) if (notes.isOn) countDay(cutDays, edge, day);
  const nodes = new Set(cut.map((edge) => graph.from[edge] as number));
  for (const node of nodes) cutLines.push((lines.firstLine[node] as number) + laneClass);
}

/** The largest component that is solved exactly; elimination takes the cube of it. */
const mostNodes = 200;

function pushClass(
  { work, loops, passedOn }: Allocation,
  { order, circles, laneClass }: ClassOrder,
  day: number,
): GraphFinding[] {
  const { graph, lines } = work;
  const date = graph.days[day] as string;
  let done = 0;
  for (const { begin, end } of circles) {
    loops.push(done, begin, laneClass);
    done = end;
    const nodes = order.subarray(begin, end);
    assert(treatmentOf(graph.cycles, nodes).mode === 'reciprocal', 'only reciprocal circles are left');
    if (nodes.length > mostNodes) {
      const node = graph.nodeIds[nodes[0] as number] as string;
      const size = { size: nodes.length, most: mostNodes };
      return [engineFinding('componentTooLarge', `nodes/${node}`, { day: date, node, ...size })];
    }
    const unsolved = solveComponent({ graph, lines, day: loops.day, passedOn }, { nodes, laneClass });
    if (unsolved) return [unsolvedFinding(work, unsolved, { date, laneClass })];
  }
  loops.push(done, order.length, laneClass);
  return [];
}

function unsolvedFinding(
  { graph, lines, lanes }: Work,
  unsolved: Unsolved,
  { date, laneClass }: { readonly date: string; readonly laneClass: number },
): GraphFinding {
  const idOf = (node: number) => graph.nodeIds[node] as string;
  if (unsolved.reason === 'grossTooLarge') {
    const node = idOf(unsolved.node);
    return engineFinding('grossTooLarge', `nodes/${node}`, { day: date, node });
  }
  const nodes = unsolved.nodes.map(idOf);
  const line = (lines.firstLine[unsolved.nodes[0] as number] as number) + laneClass;
  const dimension = lanes[lines.laneList[lines.firstLane[line] as number] as number]?.dimension ?? '';
  return engineFinding('noExit', `nodes/${nodes[0]}`, { day: date, nodes, dimension });
}
