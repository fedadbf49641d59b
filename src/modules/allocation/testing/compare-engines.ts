import { expect } from 'vitest';
import { type Allocation, allocateDay, prepareAllocation } from '../engine/allocate.ts';
import type { CompiledGraph, DayResult } from '../engine/types.ts';
import { heldCauses } from '../model.ts';
import { less, minus, none, ratio, size } from './fraction.ts';
import { compileMadeUp, directOfDay, driversOf, type MadeUp } from './random-allocation.ts';
import {
  allocateExactly,
  allocateInUnits,
  circleBounds,
  type ExactInput,
  type ExactResult,
  type OpenedLines,
  pathBounds,
} from './rational-engine.ts';

/** Puts a made-up allocation into the engine: half of them in JavaScript, half in WebAssembly. */
export function enter(made: MadeUp): { readonly graph: CompiledGraph; readonly allocation: Allocation } {
  const graph = compileMadeUp(made);
  const drivers = driversOf(graph, made.usage);
  const loops = made.usage.length % 2 === 0 ? 'javascript' : 'webassembly';
  const direct = directOfDay(graph, made);
  return { graph, allocation: prepareAllocation({ graph, lanes: made.lanes, direct, drivers, loops }) };
}

/** One lane of one day as the exact twin takes it. */
export function exactInput(
  made: MadeUp,
  {
    graph,
    closing,
    day,
    lane,
  }: {
    readonly graph: CompiledGraph;
    readonly closing: readonly number[];
    readonly day: number;
    readonly lane: number;
  },
): ExactInput {
  const { dimension, currency } = made.lanes[lane] as (typeof made.lanes)[number];
  const ids = made.document.nodes.map(({ id }) => id);
  const unitsOf = (id: string, of: number) => BigInt(made.direct.get(`${day} ${id} ${of}`) ?? 0);
  const chargeLanes = [...made.lanes.keys()].filter((of) => {
    const other = made.lanes[of];
    return other?.currency === currency && other.side === 'charge';
  });
  return {
    document: made.document,
    usage: made.usage,
    direct: new Map(ids.map((id) => [id, unitsOf(id, lane)])),
    charges: new Map(ids.map((id) => [id, chargeLanes.reduce((sum, of) => sum + unitsOf(id, of), 0n)])),
    day: made.days[day] as string,
    dimension,
    closing: closing.map((node) => graph.nodeIds[node] as string),
  };
}

/**
 * Holds the engine against its exact twin, on every day and lane: no more than a unit per edge on every path away from the exact
 * amounts, and the very units that rounding along the line gives. The books balance on every day.
 */
export function expectAgreement(made: MadeUp): void {
  const { graph, allocation } = enter(made);
  expect(allocation.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  for (let day = 0; day < made.days.length; day++) {
    const result = allocateDay(allocation, day);
    expect(brokenChecks(result)).toEqual([]);
    const known = new Map<string, OpenedLines>();
    for (const [lane, { dimension, currency }] of made.lanes.entries()) {
      const input = exactInput(made, { graph, closing: allocation.closing, day, lane });
      const exact = allocateExactly(input, known.get(`${dimension} ${currency}`));
      known.set(`${dimension} ${currency}`, exact);
      const found = laneOf(graph, result, lane, made.lanes.length);
      const units = allocateInUnits(input, exact);
      expect(found.flows).toEqual(withoutZeros(units.flows));
      expect(found.held).toEqual(withoutZeros(heldOnly(made, units.held)));
      expectNear(found, exact);
    }
  }
}

/**
 * Holds the engine's solution of circles against the exact one: it refuses where there is none, its books balance, and its pools
 * are no further away than rounding can come to when it goes round. True where there was a circle.
 */
export function expectSolution(made: MadeUp): boolean {
  const { graph, allocation } = enter(made);
  const refused = allocation.findings.filter(({ severity }) => severity === 'error');
  let hasCircles = false;
  const wanted = new Set<string>();
  for (let day = 0; day < made.days.length; day++) {
    const result = refused.length > 0 ? undefined : allocateDay(allocation, day);
    if (result) expect(brokenChecks(result)).toEqual([]);
    for (const lane of made.lanes.keys()) {
      const input = exactInput(made, { graph, closing: [], day, lane });
      const exact = solutionOf(input);
      if (exact === undefined) wanted.add('allocation.noExit');
      else if ([...exact.total.values()].some((pool) => !less(pool, ratio(2n ** 51n))))
        wanted.add('allocation.grossTooLarge');
      if (exact === undefined || result === undefined) continue;
      if (exact.circles.length > 0) hasCircles = true;
      const { total } = laneOf(graph, result, lane, made.lanes.length);
      for (const [id, bound] of circleBounds(input, exact)) {
        const away = size(minus(ratio(total.get(id) ?? 0n), exact.total.get(id) ?? none));
        expect(less(bound, away) ? `${id} is off by ${Number(away.n / away.d)}` : 'near').toBe('near');
      }
    }
  }
  // One reason is enough to refuse a day; and where there is no solution, the twin does not know how large other pools are.
  if (wanted.has('allocation.noExit')) wanted.add('allocation.grossTooLarge');
  expect(refused.map(({ code }) => code).filter((code) => !wanted.has(code))).toEqual([]);
  expect(refused.length === 0).toBe(wanted.size === 0);
  return hasCircles;
}

function solutionOf(input: ExactInput): ExactResult | undefined {
  try {
    return allocateExactly(input);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Names of the equations that a day breaks. */
export function brokenChecks({ checks }: DayResult): string[] {
  return Object.entries(checks).flatMap(([name, { broken }]) => (broken > 0 ? [name] : []));
}

interface LaneResult {
  readonly flows: ReadonlyMap<string, bigint>;
  readonly held: ReadonlyMap<string, bigint>;
  readonly total: ReadonlyMap<string, bigint>;
}

/** One lane of a result, by name, without zeros. */
export function laneOf(graph: CompiledGraph, result: DayResult, lane: number, lanes: number): LaneResult {
  const flows = new Map<string, bigint>();
  for (const [edge, id] of graph.edgeIds.entries()) {
    const units = result.flows[edge * lanes + lane] as number;
    if (units !== 0) flows.set(id, BigInt(units));
  }
  const total = new Map<string, bigint>();
  for (const [node, id] of graph.nodeIds.entries()) {
    const cell = node * lanes + lane;
    total.set(id, BigInt((result.direct[cell] as number) + (result.inflow[cell] as number)));
  }
  const held = new Map<string, bigint>();
  for (let at = 0; at < result.held.count; at++) {
    if (result.held.lane[at] !== lane) continue;
    const node = graph.nodeIds[result.held.node[at] as number] as string;
    const key = `${node} ${heldCauses[result.held.cause[at] as number]}`;
    held.set(key, (held.get(key) ?? 0n) + BigInt(result.held.units[at] as number));
  }
  return { flows, held, total };
}

/** Causes are told of nodes that are no products. */
function heldOnly(made: MadeUp, held: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> {
  const products = new Set(made.document.nodes.filter(({ type }) => type === 'product').map(({ id }) => id));
  return new Map([...held].filter(([key]) => !products.has(key.slice(0, key.lastIndexOf(' ')))));
}

function withoutZeros(units: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> {
  return new Map([...units].filter(([, amount]) => amount !== 0n));
}

function expectNear({ total }: LaneResult, exact: ExactResult): void {
  const bounds = pathBounds(exact);
  for (const [id, amount] of exact.total) {
    const difference = size(minus(ratio(total.get(id) ?? 0n), amount));
    const bound = bounds.get(id) ?? none;
    expect(
      less(bound, difference) ? `${id} is off by ${Number(difference.n) / Number(difference.d)}` : 'near',
    ).toBe('near');
  }
}
