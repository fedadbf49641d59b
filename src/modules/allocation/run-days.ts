import type { Session } from '../../platform/warehouse/index.ts';
import { dayHasher } from './input-hash.ts';
import { loadDay } from './run-day.ts';
import { type MonthEngine, startEngine } from './run-engine.ts';
import type { RunPlan } from './run-plan.ts';
import type { PreparedMonth } from './run-prepare.ts';
import { addDayTotals, makeTotals } from './run-totals-sql.ts';
import { type PartWriting, type RunPart, writePart } from './write-run.ts';
import { dropDay, writeAllocation, writeAttribution, writeFlow } from './write-run-sql.ts';

/** How whoever waits for a run follows it. */
export interface RunHooks {
  /** Aborted when the run is to stop. */
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: string) => void) | undefined;
  /** Days done, of how many. */
  readonly onDay?: ((done: number, total: number) => void) | undefined;
}

/** What writing the days of a month needs. */
export interface DaysWriting {
  readonly month: PreparedMonth;
  readonly plan: Pick<RunPlan, 'graph' | 'document' | 'period'>;
  readonly writing: PartWriting;
  /** Days of earlier runs by their hash. */
  readonly known: ReadonlyMap<string, RunPart>;
  /** New in every attempt: names of files are never used again. */
  readonly attempt: string;
  readonly hooks: RunHooks;
}

/**
 * Allocates the days of a month and writes each; a day whose inputs are those of an earlier run's day is taken over with its
 * files. `reused`: how many were.
 */
export async function writeDays(
  session: Session,
  { month, plan, writing, known, attempt, hooks }: DaysWriting,
): Promise<{ readonly parts: readonly RunPart[]; readonly reused: number }> {
  const engine = await startEngine(session, month, plan.graph);
  const { graph, drivers, scale, nodes } = month;
  const further = JSON.stringify(engine.closingOrder);
  const hashOf = dayHasher({ graph, document: plan.document, drivers, scale, nodes: nodes.hash, further });
  const parts: RunPart[] = [];
  let reused = 0;
  for (const { day, fingerprint } of month.days) {
    hooks.signal?.throwIfAborted();
    const index = graph.days.indexOf(day);
    const hash = hashOf(index, fingerprint);
    const before = known.get(hash);
    if (before) reused++;
    parts.push(before ?? (await writeDay(session, { month, plan, writing, engine, attempt, index, hash })));
    hooks.onDay?.(parts.length, month.days.length);
  }
  await dropDay(session);
  return { parts, reused };
}

async function writeDay(
  session: Session,
  {
    month,
    plan,
    writing,
    engine,
    attempt,
    index,
    hash,
  }: Pick<DaysWriting, 'month' | 'plan' | 'writing' | 'attempt'> & {
    readonly engine: MonthEngine;
    readonly index: number;
    readonly hash: string;
  },
): Promise<RunPart> {
  const { graph, lanes, scale, attribution } = month;
  const { result, notes } = await engine.allocate(index);
  await loadDay(session, result, {
    nodes: graph.nodeIds.length,
    edges: graph.edgeIds.length,
    lanes: lanes.length,
  });
  const day = graph.days[index] as string;
  const head = { graph: plan.graph, period: plan.period };
  const part = { part: day, hash, notes, file: `${attempt}-${day.slice(8)}` };
  return writePart(writing, part, {
    attribution: (target) => writeAttribution(session, head, { cells: attribution.table, day, target }),
    allocation: (target) => writeAllocation(session, head, { day, scale, target }),
    flow: (target) => writeFlow(session, head, { day, scale, target }),
  });
}

/** Allocates the days of a month and leaves their sums per node in the session (`run_total`); nothing is written. */
export async function sumDays(
  session: Session,
  month: PreparedMonth,
  { graph: graphId, hooks }: { readonly graph: string; readonly hooks: RunHooks },
): Promise<void> {
  const engine = await startEngine(session, month, graphId);
  const { graph, lanes, scale } = month;
  await makeTotals(session);
  const sizes = { nodes: graph.nodeIds.length, edges: 0, lanes: lanes.length };
  for (const [done, { day }] of month.days.entries()) {
    hooks.signal?.throwIfAborted();
    const { result } = await engine.allocate(graph.days.indexOf(day));
    await loadDay(session, result, sizes);
    await addDayTotals(session, scale);
    hooks.onDay?.(done + 1, month.days.length);
  }
  await dropDay(session);
}
