import { createHash } from 'node:crypto';
import { type Allocation, allocateDay, prepareAllocation } from '../engine/allocate.ts';
import type { AllocationInput, CompiledGraph, DayResult } from '../engine/types.ts';
import { compileMadeUp, directOfDay, driversOf, type MadeUp } from './random-allocation.ts';
import { type NamedDay, nameDay } from './small-allocation.ts';

/** The arrays of one day, copied. */
export type DayArrays = Pick<DayResult, 'direct' | 'inflow' | 'outflow' | 'retained' | 'flows' | 'held'>;

/** All that comes out of an allocation: arrays as they are, or why there are none. */
export interface Snapshots {
  /** Codes of errors. */
  readonly refused: readonly string[];
  readonly closing: readonly string[];
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly nodeTypes: Uint8Array;
  readonly days: readonly DayArrays[];
}

/** Computes a made-up allocation, all its days or some, and copies what comes out. */
export function snapshotsOf(
  made: MadeUp,
  change: Partial<AllocationInput> = {},
  days: readonly number[] = [...made.days.keys()],
): Snapshots {
  const { graph, allocation, refused } = start(made, change);
  return {
    refused,
    closing: allocation.closing.map((node) => graph.nodeIds[node] as string),
    ...{ from: graph.from, to: graph.to, nodeTypes: graph.nodeTypes },
    days: refused.length > 0 ? [] : days.map((day) => copy(allocateDay(allocation, day))),
  };
}

/** Half of them in JavaScript, half in WebAssembly, unless `change` says where. */
function start(
  made: MadeUp,
  change: Partial<AllocationInput>,
): { readonly graph: CompiledGraph; readonly allocation: Allocation; readonly refused: readonly string[] } {
  const graph = compileMadeUp(made);
  const allocation = prepareAllocation({
    ...{ graph, lanes: made.lanes, direct: directOfDay(graph, made), drivers: driversOf(graph, made.usage) },
    loops: made.usage.length % 2 === 0 ? 'javascript' : 'webassembly',
    ...change,
  });
  const errors = allocation.findings.filter(({ severity }) => severity === 'error');
  return { graph, allocation, refused: errors.map(({ code }) => code) };
}

function copy({ direct, inflow, outflow, retained, flows, held }: DayResult): DayArrays {
  const { count, node, lane, cause, units } = held;
  return {
    direct: direct.slice(),
    inflow: inflow.slice(),
    outflow: outflow.slice(),
    retained: retained.slice(),
    flows: flows.slice(),
    held: { count, node: node.slice(), lane: lane.slice(), cause: cause.slice(), units: units.slice() },
  };
}

/** What comes out as short texts, one per array: equal where every byte is. */
export function bytesOf({ refused, closing, days }: Omit<Snapshots, 'from' | 'to' | 'nodeTypes'>): object {
  return { refused, closing, days: days.map(digests) };
}

function digests({ held, ...arrays }: DayArrays): Record<string, string> {
  const all = { ...arrays, node: held.node, lane: held.lane, cause: held.cause, units: held.units };
  return Object.fromEntries(Object.entries(all).map(([name, array]) => [name, digest(array)]));
}

function digest({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
    .slice(0, 16);
}

/** What comes out by name: for graphs that differ in nodes and edges. Day by day, of each its lanes. */
export interface NamedSnapshots extends Pick<Snapshots, 'refused' | 'closing'> {
  readonly lanes: readonly NamedDay[];
}

/** Computes a made-up allocation and names what comes out. */
export function namesOf(made: MadeUp, change: Partial<AllocationInput> = {}): NamedSnapshots {
  const { graph, allocation, refused } = start(made, change);
  const lanes: NamedDay[] = [];
  for (const day of refused.length > 0 ? [] : made.days.keys()) {
    const result = allocateDay(allocation, day);
    for (const lane of made.lanes.keys())
      lanes.push(nameDay(graph, result, { lane, lanes: made.lanes.length }));
  }
  return { refused, closing: allocation.closing.map((node) => graph.nodeIds[node] as string), lanes };
}

/** What flows, and why the rest rests; not by what shares were made. */
export function causesOf({ refused, lanes }: NamedSnapshots): object {
  return { refused, lanes: lanes.map(({ flows, pools, held }) => ({ flows, pools, held })) };
}
