import { assert } from '../../../platform/kernel/index.ts';
import { nodeTypes } from '../model.ts';
import {
  checkCells,
  checkDay,
  checkFlows,
  finishChecking,
  soundChecks,
  startChecking,
} from './check-day.ts';
import { type HeldList, heldUnits } from './held.ts';
import type { LineDraft, Lines } from './lines.ts';
import { type Day, decideNode, pushNodes } from './push.ts';
import type { AllocationInput, CompiledGraph, DayChecks } from './types.ts';
import { compileKernel, type Kernel, type KernelArrays } from './wasm/kernel.ts';
import { openRoom, plainRoom, type Room } from './wasm/room.ts';

/** The arrays of an allocation, and the loops that run over them. */
export interface Loops {
  readonly lines: Lines;
  readonly day: Day;
  /** The order in which nodes are pushed; `push` and `check` count in it. */
  readonly order: Int32Array;
  /** Pushes some nodes, on all lanes or on one class of them. */
  readonly push: (begin: number, end: number, laneClass: number) => void;
  /** Holds some nodes against the books, after all that feed them; `heldFrom`: where their held units begin in the list. */
  readonly check: (begin: number, end: number, list: HeldList, heldFrom: number) => void;
  /** What the checks of a day found; ready for the next day. */
  readonly finish: (list: HeldList) => DayChecks;
}

/** Below so many flows a day, memory for WebAssembly costs more than it saves. */
const fewFlows = 20_000;

/** Makes the arrays of an allocation, in the memory of WebAssembly where that is worth it. */
export function makeLoops({ graph, lanes, loops }: AllocationInput, draft: LineDraft): Loops {
  const wanted = loops ?? (graph.to.length * lanes.length < fewFlows ? 'javascript' : 'webassembly');
  const room = wanted === 'webassembly' ? roomFor(graph, lanes.length, draft) : plainRoom;
  const lines = draft.finish(room);
  const cells = graph.nodeIds.length * lanes.length;
  const day = {
    direct: room.doubles(cells),
    inflow: room.doubles(cells),
    outflow: room.doubles(cells),
    retained: room.doubles(cells),
    flows: room.doubles(graph.to.length * lanes.length),
  };
  const order = room.integers(graph.nodeIds.length);
  const kernel = room.memory && compileKernel(room.memory, kernelArrays(graph, { room, lines, day, order }));
  return kernel ? kernel.loops : plainLoops(graph, { lines, day, order });
}

/** Room for the arrays below and those of `LineDraft.finish`. */
function roomFor(graph: CompiledGraph, lanes: number, { sizes }: LineDraft): Room {
  const nodes = graph.nodeIds.length;
  const edges = graph.to.length;
  const doubles = 6 * nodes * lanes + edges * lanes + sizes.entries + 3 * sizes.segments + 2 * lanes;
  const integers = 4 * nodes + edges + 4 * sizes.lines + 3 * sizes.segments + sizes.laneList + 8;
  return openRoom(8 * doubles + 4 * integers + nodes, 40);
}
