import { assert } from '../../../platform/kernel/index.ts';
import type { GraphFinding } from '../model.ts';
import {
  addChecks,
  type Checking,
  checkCells,
  checkFlows,
  finishChecking,
  soundChecks,
  startChecking,
} from './check-day.ts';
import { checkInput } from './check-input.ts';
import { type CirclePlan, type ClassOrder, resolveCircles, treatmentOf } from './circles.ts';
import { closingOrder } from './closing-order.ts';
import { describeLine, stretchesOf } from './describe.ts';
import { type Evaluation, enterDay, evaluateNodes, prepareEvaluation } from './evaluate.ts';
import { engineFinding } from './findings.ts';
import { type HeldList, heldList, heldUnits, listHeld } from './held.ts';
import { type NodeOrder, orderLive } from './order.ts';
import { type Day, type Pushed, pushNodes } from './push.ts';
import { qualityReader } from './quality.ts';
import { solveComponent, type Unsolved } from './reciprocal.ts';
import { summarize } from './summarize.ts';
import type { AllocationInput, AllocationSummary, DayResult } from './types.ts';
import { countDay, type DayCount, dayCount, prepareWork, type Work } from './work.ts';

/** An allocation that is ready to compute days, and what it has noticed so far. Its buffers belong to one day at a time. */
export interface Allocation {
  readonly input: AllocationInput;
  readonly work: Work;
  readonly evaluation: Evaluation;
  /** Per stretch of days with the same live edges. */
  readonly orders: readonly NodeOrder[];
  readonly circles: CirclePlan;
  readonly closing: readonly number[];
  readonly day: { -readonly [K in keyof Day]: Day[K] };
  /** What nodes of circles pass on shares of, where they are solved. */
  readonly passedOn: Map<number, number>;
  readonly held: HeldList;
  /** Lines that hold what step-down cut on the last day. */
  readonly cutLines: number[];
  readonly cutDays: DayCount;
  readonly checks: ReturnType<typeof soundChecks>;
  readonly checking: Checking;
  /** Errors among them: nothing can be computed. */
  readonly findings: readonly GraphFinding[];
}

/** An allocation of several days, one after the other. */
export interface AllocateInput extends AllocationInput {
  /** Indices into the graph's days; all of them when absent. */
  readonly days?: readonly number[];
  /** Takes a day away. Its arrays are used again for the next day, which waits for a returned promise. */
  readonly onDay: (result: DayResult) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Sends every cost through the graph, day by day. Either every day is given out, or, where `findings` says why it cannot be
 * computed, none. The same input gives the same numbers to the last unit, whatever the order of its nodes and edges.
 *
 * Compute 100.00 (10,000 units) with `equal` edges to web, api and jobs: 3,333, 3,334 and 3,333 units arrive; compute keeps 0.
 */
export async function allocate(input: AllocateInput): Promise<AllocationSummary> {
  const allocation = prepareAllocation(input);
  if (allocation.findings.some(({ severity }) => severity === 'error'))
    return summarize(allocation, 'refused');
  for (const day of input.days ?? input.graph.days.keys()) {
    input.signal?.throwIfAborted();
    await input.onDay(allocateDay(allocation, day));
  }
  return summarize(allocation, 'done');
}

/**
 * Prepares an allocation. Days on which cost could go round in a circle are computed once on trial, so that `findings` holds
 * every reason to refuse before a day is given out.
 */
export function prepareAllocation(input: AllocationInput): Allocation {
  const { graph } = input;
  checkInput(input);
  const stretches = stretchesOf(graph);
  const orders = stretches.starts.map((day) => orderLive(graph, day));
  const work = prepareWork(
    input,
    orders.some(({ circles }) => circles.length > 0),
  );
  const closing = closingOrder(input, orders);
  const cells = graph.nodeIds.length * input.lanes.length;
  const rank = new Int32Array(graph.nodeIds.length);
  for (const [index, node] of closing.entries()) rank[node] = index;
  const allocation = {
    input,
    work,
    evaluation: prepareEvaluation(work, stretches.numberOf),
    orders,
    circles: { rank },
    closing,
    day: {
      direct: new Float64Array(cells),
      inflow: new Float64Array(cells),
      outflow: new Float64Array(cells),
      retained: new Float64Array(cells),
      flows: new Float64Array(graph.to.length * input.lanes.length),
    },
    passedOn: new Map(),
    held: heldList(1024),
    cutLines: [],
    cutDays: dayCount(graph.to.length),
    checks: soundChecks(),
    checking: startChecking(graph, input.lanes.length),
    findings: graph.findings,
  };
  if (graph.findings.some(({ severity }) => severity === 'error')) return allocation;
  return { ...allocation, findings: [...graph.findings, ...tryCircles(allocation)] };
}

/**
 * Computes one day alone. The result lives until the next call. Its checks are counted; publish nothing where one is broken.
 */
export function allocateDay(allocation: Allocation, day: number): DayResult {
  const errors = computeDay(allocation, day);
  assert(errors.length === 0, `day ${day} was not tried before: ${errors[0]?.message}`);
  const { work, held, checks, checking } = allocation;
  const { direct, inflow, outflow, retained, flows } = allocation.day;
  const found = finishChecking(checking);
  addChecks(checks, found);
  const result = { day, direct, inflow, outflow, retained, flows, held: heldUnits(held) };
  return { ...result, qualityOf: qualityReader(work), checks: found };
}

/** So many nodes are worked out, pushed and checked at once, that their edges stay in the processor's cache. */
const nodesAtOnce = 128;

/** Computes a day; returns why it cannot be computed, if so. */
function computeDay(allocation: Allocation, day: number): readonly GraphFinding[] {
  const { input, work, evaluation, orders, held, passedOn } = allocation;
  const direct = input.direct(day);
  allocation.day.direct = direct;
  work.current.direct = direct;
  allocation.day.inflow.fill(0);
  passedOn.clear();
  held.count = 0;
  for (const line of allocation.cutLines.splice(0)) {
    describeLine(work, line);
    evaluation.done[line] = -1;
  }
  enterDay(work, evaluation, day);
  const known = orders[evaluation.stretchOf[day] as number] as NodeOrder;
  if (known.circles.length > 0) return computeCircles(allocation, known, day);
  const { order } = known;
  for (let begin = 0; begin < order.length; begin += nodesAtOnce) {
    const nodes = { order, begin, end: Math.min(order.length, begin + nodesAtOnce), laneClass: -1 };
    evaluateNodes(work, evaluation, day, nodes);
    pushNodes(work.lines, work.graph.to, allocation.day, nodes);
    nameAndCheck(allocation, nodes);
  }
  return [];
}

/** Says why cost rests where it does, and holds the arrays against the books. */
function nameAndCheck(
  { work, day, passedOn, held: list, checking }: Allocation,
  nodes: Omit<Pushed, 'laneClass'>,
): void {
  const heldFrom = list.count;
  listHeld({ graph: work.graph, lines: work.lines, day, passedOn, list }, nodes);
  const checked = { ...day, held: heldUnits(list), heldFrom };
  checkFlows(checking, checked, nodes);
  checkCells(checking, checked, nodes);
}

/** A day on which circles are possible: everything is worked out first, then each class of lanes in an order of its own. */
function computeCircles(allocation: Allocation, { order }: NodeOrder, day: number): readonly GraphFinding[] {
  const { work, evaluation, circles } = allocation;
  const all = { order, begin: 0, end: order.length };
  evaluateNodes(work, evaluation, day, all);
  const errors: GraphFinding[] = [];
  for (let laneClass = 0; laneClass < classesOf(work); laneClass++) {
    const resolved = resolveCircles(work, circles, day, laneClass);
    noteCuts(allocation, resolved.cut, day, laneClass);
    errors.push(...resolved.errors);
    if (resolved.errors.length === 0) errors.push(...pushClass(allocation, resolved.order, day));
  }
  if (errors.length === 0) nameAndCheck(allocation, all);
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
  for (const edge of cut) {
    if (work.notes.isOn) countDay(cutDays, edge, day);
    const line = (work.lines.firstLine[work.graph.from[edge] as number] as number) + laneClass;
    if (!cutLines.includes(line)) cutLines.push(line);
  }
}

/** The largest component that is solved exactly; elimination takes the cube of it. */
const mostNodes = 200;

function pushClass(
  { work, day: arrays, passedOn }: Allocation,
  { order, circles, laneClass }: ClassOrder,
  day: number,
): GraphFinding[] {
  const { graph, lines } = work;
  const push = (begin: number, end: number) =>
    pushNodes(lines, graph.to, arrays, { order, begin, end, laneClass });
  let done = 0;
  for (const { begin, end } of circles) {
    push(done, begin);
    const nodes = order.subarray(begin, end);
    assert(treatmentOf(graph.cycles, nodes).mode === 'reciprocal', 'only reciprocal circles are left');
    const date = graph.days[day] as string;
    if (nodes.length > mostNodes) {
      const node = graph.nodeIds[nodes[0] as number] as string;
      return [
        engineFinding('componentTooLarge', `nodes/${node}`, {
          day: date,
          node,
          size: nodes.length,
          most: mostNodes,
        }),
      ];
    }
    const unsolved = solveComponent({ graph, lines, day: arrays, passedOn }, { nodes, laneClass });
    if (unsolved) return [unsolvedFinding(work, unsolved, { date, laneClass })];
    done = end;
  }
  push(done, order.length);
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

/** Computes the days that can have circles without noting anything; every reason to refuse, once. */
function tryCircles(allocation: Allocation): GraphFinding[] {
  const { work, evaluation, orders, input } = allocation;
  const found = new Map<string, GraphFinding>();
  work.notes.isOn = false;
  for (const day of input.graph.days.keys()) {
    if (orders[evaluation.stretchOf[day] as number]?.circles.length === 0) continue;
    const errors = computeDay(allocation, day);
    finishChecking(allocation.checking);
    for (const finding of errors) {
      const key = `${finding.code} ${finding.path}`;
      if (!found.has(key)) found.set(key, finding);
    }
  }
  work.notes.isOn = true;
  return [...found.values()];
}
