import { assemble, type Code, f64, f64x2, i32, type Local, type Routine, routine, v128, when, whileLoop, returns } from './assemble.ts';
import { instantiate, type Memory } from './web-assembly.ts';

/** Arrays that the kernel works on, all cut from one room; their form is that of `Lines`, `Day` and `Checking`. */
export interface KernelArrays {
  readonly lanes: number;
  readonly order: Int32Array;
  readonly firstLine: Int32Array;
  readonly firstSegment: Int32Array;
  readonly firstLane: Int32Array;
  readonly endLane: Int32Array;
  readonly laneList: Int32Array;
  readonly first: Int32Array;
  readonly end: Int32Array;
  readonly edge: Int32Array;
  readonly scale: Float64Array;
  readonly half: Float64Array;
  readonly epsilon: Float64Array;
  readonly reach: Float64Array;
  readonly to: Int32Array;
  readonly firstOut: Int32Array;
  /** 1: a product, on which cost may rest. */
  readonly isProduct: Uint8Array;
  readonly direct: Float64Array;
  readonly inflow: Float64Array;
  readonly outflow: Float64Array;
  readonly retained: Float64Array;
  readonly flows: Float64Array;
  /** Sums of the checks, per cell; all 0 between two days. */
  readonly received: Float64Array;
  readonly held: Float64Array;
  /** Sums of the checks, per lane: direct and retained over all nodes. */
  readonly costs: Float64Array;
  readonly rests: Float64Array;
}

/** The engine's inner loops on two lanes at a time. */
export interface Kernel {
  /**
   * Pushes the nodes `order[begin]` … `order[end - 1]`, all their lines or that of one class of lanes (−1: all), as `pushNodes`
   * does. It stops after a node whose rounding JavaScript has to decide, and returns its place in the order + 1; and before a
   * node with several groups, and returns −(its place + 1). 0: all are done.
   */
  readonly push: (begin: number, end: number, laneClass: number) => number;
  /** Adds up the flows out of nodes, and at their receivers; 0 where nothing is broken, as `checkFlows`. */
  readonly checkFlows: (begin: number, end: number) => number;
  /** Checks what stands on nodes, and adds it up per lane; 0 where nothing is broken, as `checkCells`. */
  readonly checkCells: (begin: number, end: number) => number;
}

/**
 * Compiles the loops for these very arrays: their addresses and the number of lanes are constants in the code. Undefined where
 * the processor has no instructions for two doubles at once.
 */
export function compileKernel(memory: Memory, arrays: KernelArrays): Kernel | undefined {
  const routines = [pushRoutine(arrays), checkFlowsRoutine(arrays), checkCellsRoutine(arrays)];
  return instantiate<Kernel>(assemble(routines), memory);
}

/** How one lane, or two side by side, are calculated with: the loops are written once for both. */
interface Width {
  readonly type: 'f64' | 'v128';
  readonly mask: 'i32' | 'v128';
  readonly lanes: number;
  readonly load: (base: number, at: Code) => Code;
  readonly store: (base: number, at: Code, value: Code) => Code;
  readonly all: (value: Code) => Code;
  readonly add: (a: Code, b: Code) => Code;
  readonly sub: (a: Code, b: Code) => Code;
  readonly mul: (a: Code, b: Code) => Code;
  readonly floor: (a: Code) => Code;
  readonly abs: (a: Code) => Code;
  readonly greater: (a: Code, b: Code) => Code;
  readonly differs: (a: Code, b: Code) => Code;
  /** Not a ≥ b: true for what is no number. */
  readonly notAtLeast: (a: Code, b: Code) => Code;
  readonly or: (a: Code, b: Code) => Code;
  /** A mask as a whole number: 0 where it is empty. */
  readonly any: (mask: Code) => Code;
}

const pair: Width = {
  type: 'v128',
  mask: 'v128',
  lanes: 2,
  load: f64x2.load,
  store: f64x2.store,
  all: f64x2.splat,
  ...{ add: f64x2.add, sub: f64x2.sub, mul: f64x2.mul, floor: f64x2.floor, abs: f64x2.abs },
  greater: f64x2.greater,
  differs: f64x2.ne,
  notAtLeast: (a, b) => v128.not(f64x2.greaterEqual(a, b)),
  or: v128.or,
  any: v128.any,
};

const single: Width = {
  type: 'f64',
  mask: 'i32',
  lanes: 1,
  load: f64.load,
  store: f64.store,
  all: (value) => value,
  ...{ add: f64.add, sub: f64.sub, mul: f64.mul, floor: f64.floor, abs: f64.abs },
  greater: f64.greater,
  differs: f64.ne,
  notAtLeast: (a, b) => i32.isZero(f64.greaterEqual(a, b)),
  or: i32.or,
  any: (mask) => mask,
};

const doubleBytes = 8;
const bytesOf = (size: number, index: Code) => i32.mul(index, i32.const(size));
const integerAt = (array: Int32Array, index: Code) => i32.load(array.byteOffset, bytesOf(4, index));
const nextIntegerAt = (array: Int32Array, index: Code) => i32.load(array.byteOffset + 4, bytesOf(4, index));
const doubleAt = (array: Float64Array, index: Code) => f64.load(array.byteOffset, bytesOf(doubleBytes, index));
const add = (variable: Local, by: number) => variable.set(i32.add(variable.get, i32.const(by)));

function pushRoutine(a: KernelArrays): Routine {
  return routine('push', 3, ([at, end, laneClass], local) => {
    const place = at as Local;
    const node = local('i32');
    const line = local('i32');
    const lineEnd = local('i32');
    const segment = local('i32');
    const lanePlace = local('i32');
    const lastPlace = local('i32');
    const near = local('i32');
    /** Bytes into an array of cells or flows, for the lane at hand. */
    const lane = local('i32');
    const cell = local('i32');
    const shares = { pair: pushLanes(a, pair, local), single: pushLanes(a, single, local) };
    const here = { segment, lane, cell, near };
    const isPair = i32.eq(
      nextIntegerAt(a.laneList, lanePlace.get),
      i32.add(integerAt(a.laneList, lanePlace.get), i32.const(1)),
    );
    const pushLine = [
      ...segment.set(integerAt(a.firstSegment, line.get)),
      ...lanePlace.set(integerAt(a.firstLane, line.get)),
      ...lastPlace.set(integerAt(a.endLane, line.get)),
      ...whileLoop(i32.less(lanePlace.get, lastPlace.get), [
        ...lane.set(bytesOf(doubleBytes, integerAt(a.laneList, lanePlace.get))),
        ...cell.set(i32.add(bytesOf(doubleBytes * a.lanes, node.get), lane.get)),
        // Both conditions are numbers 0 and 1: their product is 1 where both hold.
        ...when(
          i32.mul(i32.less(i32.add(lanePlace.get, i32.const(1)), lastPlace.get), isPair),
          [...shares.pair(here), ...add(lanePlace, 2)],
          [...shares.single(here), ...add(lanePlace, 1)],
        ),
      ]),
      ...add(line, 1),
    ];
    return [
      ...whileLoop(i32.less(place.get, (end as Local).get), [
        ...node.set(integerAt(a.order, place.get)),
        ...line.set(integerAt(a.firstLine, node.get)),
        ...lineEnd.set(nextIntegerAt(a.firstLine, node.get)),
        ...when(
          i32.eq(line.get, lineEnd.get),
          keepAll(a, { node, cell, lane }),
          [
            ...when(hasGroups(a, line), returns(i32.sub(i32.const(-1), place.get))),
            ...when(i32.greaterEqual((laneClass as Local).get, i32.const(0)), [
              ...line.set(i32.add(line.get, (laneClass as Local).get)),
              ...lineEnd.set(i32.add(line.get, i32.const(1))),
            ]),
            ...near.set(i32.const(0)),
            ...whileLoop(i32.less(line.get, lineEnd.get), pushLine),
          ],
        ),
        ...add(place, 1),
        ...when(near.get, returns(place.get)),
      ]),
      ...i32.const(0),
    ];
  });
}

/** Lines of one node have as many segments each: one for each of its groups. */
function hasGroups(a: KernelArrays, line: Local): Code {
  const begin = integerAt(a.firstSegment, line.get);
  return i32.ne(nextIntegerAt(a.firstSegment, line.get), i32.add(begin, i32.const(1)));
}

/** A node without edges keeps what it has. */
function keepAll(a: KernelArrays, { node, cell, lane }: { node: Local; cell: Local; lane: Local }): Code {
  const rowBytes = doubleBytes * a.lanes;
  const whole = f64.add(f64.load(a.direct.byteOffset, cell.get), f64.load(a.inflow.byteOffset, cell.get));
  return [
    ...cell.set(bytesOf(rowBytes, node.get)),
    ...lane.set(i32.add(cell.get, i32.const(rowBytes))),
    ...whileLoop(i32.less(cell.get, lane.get), [
      ...f64.store(a.outflow.byteOffset, cell.get, f64.const(0)),
      ...f64.store(a.retained.byteOffset, cell.get, whole),
      ...add(cell, doubleBytes),
    ]),
  ];
}

interface Here {
  readonly segment: Local;
  readonly lane: Local;
  readonly cell: Local;
  readonly near: Local;
}

/** The loop over the edges of a segment, for the lanes at hand; see `pushNodes` for why it is right. */
function pushLanes(a: KernelArrays, on: Width, local: (type: 'i32' | 'f64' | 'v128') => Local): (here: Here) => Code {
  const total = local(on.type);
  const upTo = local(on.type);
  const real = local(on.type);
  const whole = local(on.type);
  const half = local(on.type);
  const limit = local(on.type);
  const scale = local('f64');
  const isNear = local(on.mask);
  const entry = local('i32');
  const entryEnd = local('i32');
  const flow = local('i32');
  const edge = local('i32');
  const receiver = local('i32');
  const nothing = on.type === 'f64' ? f64.const(0) : f64x2.splat(f64.const(0));
  const noMask = on.mask === 'i32' ? i32.const(0) : f64x2.splat(f64.const(0));
  return ({ segment, lane, cell, near }) => {
    const firstEdge = integerAt(a.edge, segment.get);
    const before = on.load(a.outflow.byteOffset, cell.get);
    const idle = on.or(on.differs(total.get, nothing), on.differs(before, nothing));
    const share = on.all(f64.mul(f64.load(a.reach.byteOffset, entry.get), scale.get));
    const body = [
      ...real.set(on.add(on.mul(total.get, share), half.get)),
      ...whole.set(on.floor(real.get)),
      ...isNear.set(
        on.or(
          isNear.get,
          on.greater(on.abs(on.sub(on.sub(real.get, whole.get), on.all(f64.const(0.5)))), limit.get),
        ),
      ),
      ...real.set(on.sub(whole.get, upTo.get)),
      ...upTo.set(whole.get),
      ...on.store(a.flows.byteOffset, flow.get, real.get),
      ...receiver.set(i32.add(bytesOf(doubleBytes * a.lanes, i32.load(a.to.byteOffset, edge.get)), lane.get)),
      ...on.store(
        a.inflow.byteOffset,
        receiver.get,
        on.add(on.load(a.inflow.byteOffset, receiver.get), real.get),
      ),
      ...add(entry, doubleBytes),
      ...add(edge, 4),
      ...add(flow, doubleBytes * a.lanes),
    ];
    return [
      ...total.set(on.add(on.load(a.direct.byteOffset, cell.get), on.load(a.inflow.byteOffset, cell.get))),
      ...upTo.set(nothing),
      ...when(on.any(idle), [
        ...scale.set(doubleAt(a.scale, segment.get)),
        ...half.set(on.all(doubleAt(a.half, segment.get))),
        ...limit.set(
          on.sub(
            on.all(f64.const(0.5)),
            on.mul(on.add(total.get, on.all(f64.const(1))), on.all(doubleAt(a.epsilon, segment.get))),
          ),
        ),
        ...isNear.set(noMask),
        ...entry.set(bytesOf(doubleBytes, integerAt(a.first, segment.get))),
        ...entryEnd.set(bytesOf(doubleBytes, integerAt(a.end, segment.get))),
        ...edge.set(bytesOf(4, firstEdge)),
        ...flow.set(i32.add(bytesOf(doubleBytes * a.lanes, firstEdge), lane.get)),
        ...whileLoop(i32.less(entry.get, entryEnd.get), body),
        ...near.set(i32.or(near.get, on.any(isNear.get))),
      ]),
      ...on.store(a.outflow.byteOffset, cell.get, upTo.get),
      ...on.store(a.retained.byteOffset, cell.get, on.sub(total.get, upTo.get)),
    ];
  };
}

/** Runs `body` for the lanes of a row two at a time, and for an odd one. `lane` counts bytes. */
function overLanes(lanes: number, lane: Local, body: (on: Width) => Code): Code {
  const pairs = doubleBytes * (lanes - (lanes % 2));
  return [
    ...lane.set(i32.const(0)),
    ...whileLoop(i32.less(lane.get, i32.const(pairs)), [...body(pair), ...add(lane, 2 * doubleBytes)]),
    ...(lanes % 2 === 1 ? body(single) : []),
  ];
}

/** Loops over some nodes of the order. `bad` becomes 1 where anything is broken. */
function checkRoutine(
  name: string,
  a: KernelArrays,
  write: (here: { node: Local; lane: Local; bad: Local; local: (type: 'i32' | 'f64' | 'v128') => Local }) => Code,
): Routine {
  return routine(name, 2, ([at, end], local) => {
    const node = local('i32');
    const lane = local('i32');
    const bad = local('i32');
    const body = write({ node, lane, bad, local });
    return [
      ...whileLoop(i32.less((at as Local).get, (end as Local).get), [
        ...node.set(integerAt(a.order, (at as Local).get)),
        ...body,
        ...add(at as Local, 1),
      ]),
      ...bad.get,
    ];
  });
}

function checkFlowsRoutine(a: KernelArrays): Routine {
  const rowBytes = doubleBytes * a.lanes;
  return checkRoutine('checkFlows', a, ({ node, lane, bad, local }) => {
    const edge = local('i32');
    const end = local('i32');
    const flow = local('i32');
    const receiver = local('i32');
    const variables = (on: Width) => ({ sum: local(on.type), wrong: local(on.mask), part: local(on.type) });
    const own = { 1: variables(single), 2: variables(pair) };
    return overLanes(a.lanes, lane, (on) => {
      const { sum, wrong, part } = own[on.lanes as 1 | 2];
      const zero = on.all(f64.const(0));
      const cell = i32.add(bytesOf(rowBytes, node.get), lane.get);
      return [
        ...sum.set(zero),
        ...wrong.set(on.mask === 'i32' ? i32.const(0) : zero),
        ...edge.set(bytesOf(4, integerAt(a.firstOut, node.get))),
        ...end.set(bytesOf(4, nextIntegerAt(a.firstOut, node.get))),
        ...flow.set(i32.add(bytesOf(rowBytes, integerAt(a.firstOut, node.get)), lane.get)),
        ...whileLoop(i32.less(edge.get, end.get), [
          ...part.set(on.load(a.flows.byteOffset, flow.get)),
          ...wrong.set(on.or(wrong.get, on.notAtLeast(part.get, zero))),
          ...sum.set(on.add(sum.get, part.get)),
          ...receiver.set(i32.add(bytesOf(rowBytes, i32.load(a.to.byteOffset, edge.get)), lane.get)),
          ...on.store(
            a.received.byteOffset,
            receiver.get,
            on.add(on.load(a.received.byteOffset, receiver.get), part.get),
          ),
          ...add(edge, 4),
          ...add(flow, rowBytes),
        ]),
        ...wrong.set(on.or(wrong.get, on.differs(sum.get, on.load(a.outflow.byteOffset, cell)))),
        ...bad.set(i32.or(bad.get, on.any(wrong.get))),
      ];
    });
  });
}

function checkCellsRoutine(a: KernelArrays): Routine {
  const rowBytes = doubleBytes * a.lanes;
  return checkRoutine('checkCells', a, ({ node, lane, bad, local }) => {
    const cell = local('i32');
    const keeps = local('f64');
    const variables = (on: Width) => ({
      own: local(on.type),
      kept: local(on.type),
      into: local(on.type),
      wrong: local(on.mask),
    });
    const here = { 1: variables(single), 2: variables(pair) };
    // What must be named of what rests on a node: nothing on a product.
    const isProduct = i32.loadByte(a.isProduct.byteOffset, node.get);
    return [
      ...keeps.set(f64.const(1)),
      ...when(isProduct, keeps.set(f64.const(0))),
      ...overLanes(a.lanes, lane, (on) => {
        const { own, kept, into, wrong } = here[on.lanes as 1 | 2];
        const zero = on.all(f64.const(0));
        const outflow = on.load(a.outflow.byteOffset, cell.get);
        const wrongs = [
          on.differs(on.sub(on.sub(on.add(own.get, into.get), outflow), kept.get), zero),
          on.notAtLeast(kept.get, zero),
          on.notAtLeast(own.get, zero),
          on.differs(on.floor(own.get), own.get),
          on.differs(on.load(a.received.byteOffset, cell.get), into.get),
          on.differs(on.mul(kept.get, on.all(keeps.get)), on.load(a.held.byteOffset, cell.get)),
        ];
        return [
          ...cell.set(i32.add(bytesOf(rowBytes, node.get), lane.get)),
          ...own.set(on.load(a.direct.byteOffset, cell.get)),
          ...kept.set(on.load(a.retained.byteOffset, cell.get)),
          ...into.set(on.load(a.inflow.byteOffset, cell.get)),
          ...wrong.set(wrongs.reduce((all, each) => on.or(all, each))),
          ...bad.set(i32.or(bad.get, on.any(wrong.get))),
          ...on.store(a.received.byteOffset, cell.get, zero),
          ...on.store(a.held.byteOffset, cell.get, zero),
          ...addTo(on, a.costs, lane, own),
          ...addTo(on, a.rests, lane, kept),
        ];
      }),
    ];
  });
}

function addTo(on: Width, sums: Float64Array, lane: Local, value: Local): Code {
  return on.store(sums.byteOffset, lane.get, on.add(on.load(sums.byteOffset, lane.get), value.get));
}
