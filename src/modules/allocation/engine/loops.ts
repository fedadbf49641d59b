import { assert } from '../../../platform/kernel/index.ts';
import { nodeTypes } from '../model.ts';
import { checkCells, checkDay, checkFlows, finishChecking, soundChecks, startChecking } from './check-day.ts';
import { type HeldList, heldUnits } from './held.ts';
import type { LineDraft, Lines } from './lines.ts';
import { type Day, decideNode, pushNodes } from './push.ts';
import type { AllocationInput, CompiledGraph, DayChecks } from './types.ts';
import { compileKernel, type Kernel } from './wasm/kernel.ts';
import type { KernelArrays } from './wasm/kernel-arrays.ts';
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
export function makeLoops(
  { graph, lanes, loops }: AllocationInput,
  draft: LineDraft,
  hasCircles: boolean,
): Loops {
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
  const own = { lines, day, order };
  if (room.memory === undefined) return plainLoops(graph, own);
  // Sums of a block stay below 2⁵³: lanes are below 2⁵⁰, pools that go round below 2⁵¹.
  const arrays = kernelArrays(graph, own, { room, blockLanes: hasCircles ? 4 : 8 });
  const kernel = compileKernel(room.memory, arrays);
  return kernel ? kernelLoops(graph, own, { kernel, arrays }) : plainLoops(graph, own);
}

type Own = Pick<Loops, 'lines' | 'day' | 'order'>;

/** Room for the arrays below and those of `LineDraft.finish`. */
function roomFor(graph: CompiledGraph, lanes: number, { sizes }: LineDraft): Room {
  const nodes = graph.nodeIds.length;
  const edges = graph.to.length;
  const doubles = 6 * nodes * lanes + edges * lanes + sizes.entries + 3 * sizes.segments + 2 * lanes;
  const integers = 4 * nodes + edges + 4 * sizes.lines + 3 * sizes.segments + sizes.laneList + 8;
  return openRoom(8 * doubles + 4 * integers + nodes, 40);
}

/** The loops in JavaScript. */
function plainLoops(graph: CompiledGraph, { lines, day, order }: Own): Loops {
  const checking = startChecking(graph, lines.lanes);
  return {
    ...{ lines, day, order },
    push: (begin, end, laneClass) => pushNodes(lines, graph.to, day, { order, begin, end, laneClass }),
    check: (begin, end, list, heldFrom) => {
      const checked = { ...day, held: heldUnits(list), heldFrom };
      checkFlows(checking, checked, { order, begin, end });
      checkCells(checking, checked, { order, begin, end });
    },
    finish: () => finishChecking(checking),
  };
}

function kernelArrays(
  graph: CompiledGraph,
  { lines, day, order }: Own,
  { room, blockLanes }: { readonly room: Room; readonly blockLanes: number },
): KernelArrays {
  const copied = (values: Int32Array) => {
    const array = room.integers(values.length);
    array.set(values);
    return array;
  };
  const isProduct = room.bytes(graph.nodeTypes.length);
  const product = nodeTypes.indexOf('product');
  for (const [node, type] of graph.nodeTypes.entries()) isProduct[node] = type === product ? 1 : 0;
  const sums = graph.nodeIds.length * Math.ceil(lines.lanes / blockLanes);
  const { first, end, edge, scale, half, epsilon } = lines.segments;
  return {
    ...lines,
    ...{ first, end, edge, scale, half, epsilon, reach: lines.entries.reach },
    ...day,
    order,
    to: copied(graph.to),
    firstOut: copied(graph.firstOut),
    isProduct,
    blockLanes,
    received: room.doubles(sums),
    held: room.doubles(sums),
    costs: room.doubles(lines.lanes),
    rests: room.doubles(lines.lanes),
  };
}

/** The loops in WebAssembly; JavaScript decides what is too near to a rounding boundary, and pushes nodes with several groups. */
function kernelLoops(
  graph: CompiledGraph,
  { lines, day, order }: Own,
  { kernel, arrays }: { readonly kernel: Kernel; readonly arrays: KernelArrays },
): Loops {
  let broken = 0;
  return {
    ...{ lines, day, order },
    push: (begin, end, laneClass) => {
      for (let at = begin; at < end; ) {
        const stop = kernel.push(at, end, laneClass);
        if (stop === 0) return;
        at = Math.abs(stop);
        if (stop > 0) decideNode(lines, graph.to, day, order[at - 1] as number, laneClass);
        else pushNodes(lines, graph.to, day, { order, begin: at - 1, end: at, laneClass });
      }
    },
    check: (begin, end, list, heldFrom) => {
      addHeld(arrays, list, heldFrom);
      broken += kernel.checkFlows(begin, end) + kernel.checkCells(begin, end);
    },
    finish: (list) => {
      const isSound = broken === 0 && areLanesSound(arrays);
      broken = 0;
      arrays.costs.fill(0);
      arrays.rests.fill(0);
      if (isSound) return soundChecks();
      const found = checkDay(graph, lines.lanes, { ...day, held: heldUnits(list) });
      const names = Object.values(found).filter((each) => each.broken > 0);
      assert(names.length > 0, 'the two checks of a day contradict each other');
      return found;
    },
  };
}

function addHeld({ held, lanes, blockLanes }: KernelArrays, list: HeldList, from: number): void {
  const blocks = Math.ceil(lanes / blockLanes);
  for (let at = from; at < list.count; at++) {
    const sum = (list.node[at] as number) * blocks + Math.floor((list.lane[at] as number) / blockLanes);
    held[sum] = (held[sum] as number) + (list.units[at] as number);
  }
}

/** On every lane: what rests is what was there, and sums are exact. */
function areLanesSound({ costs, rests }: KernelArrays): boolean {
  return costs.every((cost, lane) => cost === rests[lane] && cost < 2 ** 50);
}
