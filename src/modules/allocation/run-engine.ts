import type { Session } from '../../platform/warehouse/index.ts';
import { type Allocation, allocateDay, prepareAllocation } from './engine/allocate.ts';
import { type EngineFindingCode, engineFinding } from './engine/findings.ts';
import { orderLive } from './engine/order.ts';
import { summarize } from './engine/summarize.ts';
import type { CompiledGraph, DayResult } from './engine/types.ts';
import { errors } from './errors.ts';
import type { GraphFinding } from './model.ts';
import { directOf, type UnitColumns } from './run-day.ts';
import type { PreparedMonth } from './run-prepare.ts';
import { unitsOfDay } from './write-run-sql.ts';

/** What the engine noticed on one day; what it noticed on several days is told once, with their number. */
export interface DayNote {
  readonly code: string;
  readonly path: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What the engine needs of a prepared month; of its attribution the table of cells. */
export interface MonthOfEngine extends Pick<PreparedMonth, 'graph' | 'lanes' | 'drivers' | 'scale'> {
  readonly days: readonly Pick<PreparedMonth['days'][number], 'day'>[];
  readonly attribution: Pick<PreparedMonth['attribution'], 'table'>;
}

/** A month in the engine. */
export interface MonthEngine {
  /** In which order circles close that the graph leaves to the costs: every day depends on it. */
  readonly closingOrder: readonly string[];
  /** Allocates a day (an index into the graph's days). Its direct costs and rests lie in the session then. */
  readonly allocate: (
    day: number,
  ) => Promise<{ readonly result: DayResult; readonly notes: readonly DayNote[] }>;
}

/** Notes of a day that are kept; a graph in which more is missing is told by these. */
const notesKept = 200;

/**
 * Puts a prepared month into the engine. Costs of all days are read ahead only where cost goes round in circles, because their
 * order is that of the month. Refusal: `allocation.uncomputableGraph`.
 */
export async function startEngine(
  session: Session,
  month: PreparedMonth,
  graphId: string,
): Promise<MonthEngine> {
  const { allocation, load, unload } = await prepare(session, month);
  const broken = errorsOf(allocation);
  if (broken.length > 0) throw errors.uncomputableGraph({ graph: graphId, findings: broken });
  let before = new Map<string, number>();
  return {
    closingOrder: summarize(allocation, 'done').closingOrder,
    allocate: async (day) => {
      await load(day);
      const result = allocateDay(allocation, day);
      unload(day);
      const noted = summarize(allocation, 'done').findings.flatMap(noteOf);
      const after = new Map(noted.map(({ key, count }) => [key, count]));
      const notes = noted.filter(({ key, count }) => count > (before.get(key) ?? 0)).map(({ note }) => note);
      before = after;
      return { result, notes: notes.slice(0, notesKept) };
    },
  };
}

/** True when the pools of circles are too large for the month's scale, and nothing else is wrong with the graph. */
export async function needsRoom(session: Session, month: MonthOfEngine): Promise<boolean> {
  const { mode, components } = month.graph.cycles;
  if (![mode, ...components.map((component) => component.mode)].includes('reciprocal')) return false;
  if (!hasCircles(month.graph)) return false;
  const found = errorsOf((await prepare(session, month)).allocation);
  return found.length > 0 && found.every(({ code }) => code === 'allocation.grossTooLarge');
}

/** Reads ahead what circles need, and prepares the engine. */
async function prepare(session: Session, { graph, lanes, drivers, days, attribution, scale }: MonthOfEngine) {
  const loaded = new Map<number, UnitColumns>();
  const load = async (day: number) => {
    const date = graph.days[day] as string;
    loaded.set(day, await unitsOfDay(session, { cells: attribution.table, day: date, scale }));
  };
  const keeps = hasCircles(graph);
  if (keeps) for (const { day } of days) await load(graph.days.indexOf(day));
  const none: UnitColumns = { n: new Int32Array(), l: new Int32Array(), units: new Float64Array() };
  const allocation = prepareAllocation({
    ...{ graph, lanes, drivers },
    direct: (day) => directOf(loaded.get(day) ?? none, graph.nodeIds.length, lanes.length),
  });
  const unload = (day: number) => {
    if (!keeps) loaded.delete(day);
  };
  return { allocation, load, unload };
}

function errorsOf({ findings }: Pick<Allocation, 'findings'>): GraphFinding[] {
  return findings.filter(({ severity }) => severity === 'error');
}

/** True when on any day cost can come back to a node that it has left. */
export function hasCircles(graph: CompiledGraph): boolean {
  const turns = new Set([0, ...graph.liveFrom, ...graph.liveTo]);
  return [...turns].some((day) => day < graph.days.length && orderLive(graph, day).circles.length > 0);
}

/** A finding that counts days, as a note of the day that it was met on. */
function noteOf({ code, path, params }: GraphFinding): { key: string; count: number; note: DayNote }[] {
  const { days, ...rest } = params;
  if (typeof days !== 'number') return [];
  return [{ key: keyOf({ code, path, params: rest }), count: days, note: { code, path, params: rest } }];
}

function keyOf({ code, path, params }: DayNote): string {
  return JSON.stringify([code, path, params]);
}

/** The notes of all days as findings: each once, with the number of its days. */
export function findingsOfNotes(notes: readonly DayNote[]): GraphFinding[] {
  const counted = new Map<string, { note: DayNote; days: number }>();
  for (const note of notes) {
    const known = counted.get(keyOf(note));
    if (known) known.days++;
    else counted.set(keyOf(note), { note, days: 1 });
  }
  return [...counted.values()].map(({ note, days }) => {
    const code = note.code.replace(/^allocation\./, '') as EngineFindingCode;
    return engineFinding(code, note.path, { ...note.params, days } as never);
  });
}
