import { assert } from '../../../platform/kernel/index.ts';
import type { GraphFinding } from '../model.ts';
import { addChecks, soundChecks } from './check-day.ts';
import { checkInput } from './check-input.ts';
import type { CirclePlan } from './circles.ts';
import { closingOrder } from './closing-order.ts';
import { computeDay } from './compute-day.ts';
import { stretchesOf } from './describe.ts';
import { type Evaluation, prepareEvaluation } from './evaluate.ts';
import { type HeldList, heldList, heldUnits } from './held.ts';
import { layOutLines } from './lines.ts';
import { type Loops, makeLoops } from './loops.ts';
import { type NodeOrder, orderLive } from './order.ts';
import { qualityReader } from './quality.ts';
import { summarize } from './summarize.ts';
import type { AllocationInput, AllocationSummary, DayResult } from './types.ts';
import { type DayCount, dayCount, prepareWork, type Work } from './work.ts';

/** An allocation that is ready to compute days, and what it has noticed so far. Its buffers belong to one day at a time. */
export interface Allocation {
  readonly input: AllocationInput;
  readonly work: Work;
  readonly evaluation: Evaluation;
  /** Per stretch of days with the same live edges. */
  readonly orders: readonly NodeOrder[];
  /** The stretch of days whose order the loops have; −1: none. */
  readonly entered: { stretch: number };
  readonly circles: CirclePlan;
  readonly closing: readonly number[];
  readonly loops: Loops;
  /** What nodes of circles pass on shares of, where they are solved. */
  readonly passedOn: Map<number, number>;
  readonly held: HeldList;
  /** Lines that hold what step-down cut on the last day. */
  readonly cutLines: number[];
  readonly cutDays: DayCount;
  readonly checks: ReturnType<typeof soundChecks>;
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
  if (isRefused(allocation)) return summarize(allocation, 'refused');
  for (const day of input.days ?? input.graph.days.keys()) {
    input.signal?.throwIfAborted();
    await input.onDay(allocateDay(allocation, day));
  }
  return summarize(allocation, 'done');
}

/** True where findings say that nothing can be computed. */
function isRefused({ findings }: Pick<Allocation, 'findings'>): boolean {
  return findings.some(({ severity }) => severity === 'error');
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
  const hasCircles = orders.some(({ circles }) => circles.length > 0);
  const loops = makeLoops(input, layOutLines(graph, input.lanes, hasCircles), hasCircles);
  const work = prepareWork(input, { lines: loops.lines, direct: loops.day.direct });
  const closing = closingOrder(input, orders);
  const rank = new Int32Array(graph.nodeIds.length);
  for (const [index, node] of closing.entries()) rank[node] = index;
  const allocation = {
    input,
    work,
    evaluation: prepareEvaluation(work, stretches.numberOf),
    orders,
    entered: { stretch: -1 },
    circles: { rank },
    closing,
    loops,
    passedOn: new Map(),
    held: heldList(1024),
    cutLines: [],
    cutDays: dayCount(graph.to.length),
    checks: soundChecks(),
    findings: graph.findings,
  };
  if (isRefused(graph)) return allocation;
  return { ...allocation, findings: [...graph.findings, ...tryCircles(allocation)] };
}

/**
 * Computes one day alone. The result lives until the next call. Its checks are counted; publish nothing where one is broken.
 */
export function allocateDay(allocation: Allocation, day: number): DayResult {
  const errors = computeDay(allocation, day);
  assert(errors.length === 0, `day ${day} was not tried before: ${errors[0]?.message}`);
  const { work, held, checks, loops } = allocation;
  const found = loops.finish(held);
  addChecks(checks, found);
  return { day, ...loops.day, held: heldUnits(held), qualityOf: qualityReader(work), checks: found };
}

/** Computes the days that can have circles without noting anything; every reason to refuse, once. */
function tryCircles(allocation: Allocation): GraphFinding[] {
  const { work, evaluation, orders, input, loops, held } = allocation;
  const found = new Map<string, GraphFinding>();
  work.notes.isOn = false;
  for (const day of input.graph.days.keys()) {
    if (orders[evaluation.stretchOf[day] as number]?.circles.length === 0) continue;
    const errors = computeDay(allocation, day);
    loops.finish(held);
    for (const finding of errors) {
      const key = `${finding.code} ${finding.path}`;
      if (!found.has(key)) found.set(key, finding);
    }
  }
  work.notes.isOn = true;
  return [...found.values()];
}
