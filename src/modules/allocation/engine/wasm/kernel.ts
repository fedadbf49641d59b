import {
  assemble,
  type Code,
  f64,
  f64x2,
  i32,
  type Local,
  type Routine,
  returns,
  routine,
  v128,
  when,
  whileLoop,
} from './assemble.ts';
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
  /** Lanes whose inflows, and held units, are checked as one sum: at most eight, and four where circles make pools larger. */
  readonly blockLanes: number;
  /** Sums of the checks, per node and block of lanes; all 0 between two days. */
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
const doubleAt = (array: Float64Array, index: Code) =>
  f64.load(array.byteOffset, bytesOf(doubleBytes, index));
const add = (variable: Local, by: number) => variable.set(i32.add(variable.get, i32.const(by)));

function pushRoutine(a: KernelArrays): Routine {
  return routine('push', 3, ([at, end, laneClass], local) => {
    const place = at as Local;
    const node = local('i32');
    const line = local('i32');
    const lineEnd = local('i32');
    const lanePlace = local('i32');
    const lastPlace = local('i32');
    const near = local('i32');
    const here = { segment: local('i32'), lane: local('i32'), cell: local('i32'), near };
    const four = pushLanes(a, { on: pair, vectors: 2 }, local);
    const two = pushLanes(a, { on: pair, vectors: 1 }, local);
    const one = pushLanes(a, { on: single, vectors: 1 }, local);
    /** Lanes of a line ascend: that many are side by side when the last of them is so far from the first. */
    const areAdjacent = (count: number) =>
      i32.eq(
        i32.load(a.laneList.byteOffset + 4 * (count - 1), bytesOf(4, lanePlace.get)),
        i32.add(integerAt(a.laneList, lanePlace.get), i32.const(count - 1)),
      );
    const isWithin = (count: number) => i32.less(i32.add(lanePlace.get, i32.const(count - 1)), lastPlace.get);
    const widest = (count: number, then: Code, otherwise: Code) =>
      when(isWithin(count), when(areAdjacent(count), then, otherwise), otherwise);
    const pushLine = [
      ...here.segment.set(integerAt(a.firstSegment, line.get)),
      ...lanePlace.set(integerAt(a.firstLane, line.get)),
      ...lastPlace.set(integerAt(a.endLane, line.get)),
      ...whileLoop(i32.less(lanePlace.get, lastPlace.get), [
        ...here.lane.set(bytesOf(doubleBytes, integerAt(a.laneList, lanePlace.get))),
        ...here.cell.set(i32.add(bytesOf(doubleBytes * a.lanes, node.get), here.lane.get)),
        ...widest(
          4,
          [...four(here), ...add(lanePlace, 4)],
          widest(2, [...two(here), ...add(lanePlace, 2)], [...one(here), ...add(lanePlace, 1)]),
        ),
      ]),
      ...add(line, 1),
    ];
    return [
      ...whileLoop(i32.less(place.get, (end as Local).get), [
        ...node.set(integerAt(a.order, place.get)),
        ...line.set(integerAt(a.firstLine, node.get)),
        ...lineEnd.set(nextIntegerAt(a.firstLine, node.get)),
        ...when(i32.eq(line.get, lineEnd.get), keepAll(a, { node, cell: here.cell, lane: here.lane }), [
          ...when(hasGroups(a, line), returns(i32.sub(i32.const(-1), place.get))),
          ...when(i32.greaterEqual((laneClass as Local).get, i32.const(0)), [
            ...line.set(i32.add(line.get, (laneClass as Local).get)),
            ...lineEnd.set(i32.add(line.get, i32.const(1))),
          ]),
          ...near.set(i32.const(0)),
          ...whileLoop(i32.less(line.get, lineEnd.get), pushLine),
          ...when(near.get, returns(i32.add(place.get, i32.const(1)))),
        ]),
        ...add(place, 1),
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

/** So many registers of one lane or two. */
interface Lanes {
  readonly on: Width;
  readonly vectors: number;
}

/** The loop over the edges of a segment, for the lanes at hand; see `pushNodes` for why it is right. */
function pushLanes(
  a: KernelArrays,
  { on, vectors }: Lanes,
  local: (type: 'i32' | 'f64' | 'v128') => Local,
): (here: Here) => Code {
  const own = Array.from({ length: vectors }, (_, vector) => ({
    total: local(on.type),
    upTo: local(on.type),
    limit: local(on.type),
    shift: vector * on.lanes * doubleBytes,
  }));
  const real = local(on.type);
  const whole = local(on.type);
  const share = local(on.type);
  const half = local(on.type);
  const scale = local('f64');
  const isNear = local(on.mask);
  const isBusy = local(on.mask);
  const entry = local('i32');
  const entryEnd = local('i32');
  const flow = local('i32');
  const edge = local('i32');
  const receiver = local('i32');
  const zero = on.all(f64.const(0));
  const noMask = on.mask === 'i32' ? i32.const(0) : zero;
  const load = (array: Float64Array, shift: number, at: Local) => on.load(array.byteOffset + shift, at.get);
  const store = (array: Float64Array, shift: number, at: Local, value: Code) =>
    on.store(array.byteOffset + shift, at.get, value);
  const parts = own.flatMap(({ total, upTo, limit, shift }) => [
    ...real.set(on.add(on.mul(total.get, share.get), half.get)),
    ...whole.set(on.floor(real.get)),
    ...isNear.set(
      on.or(
        isNear.get,
        on.greater(on.abs(on.sub(on.sub(real.get, whole.get), on.all(f64.const(0.5)))), limit.get),
      ),
    ),
    ...real.set(on.sub(whole.get, upTo.get)),
    ...upTo.set(whole.get),
    ...store(a.flows, shift, flow, real.get),
    ...store(a.inflow, shift, receiver, on.add(load(a.inflow, shift, receiver), real.get)),
  ]);
  return ({ segment, lane, cell, near }) => {
    const firstEdge = integerAt(a.edge, segment.get);
    const begin = own.flatMap(({ total, upTo, shift }) => [
      ...total.set(on.add(load(a.direct, shift, cell), load(a.inflow, shift, cell))),
      ...upTo.set(zero),
      ...isBusy.set(
        on.or(isBusy.get, on.or(on.differs(total.get, zero), on.differs(load(a.outflow, shift, cell), zero))),
      ),
    ]);
    const limits = own.flatMap(({ total, limit }) =>
      limit.set(
        on.sub(
          on.all(f64.const(0.5)),
          on.mul(on.add(total.get, on.all(f64.const(1))), on.all(doubleAt(a.epsilon, segment.get))),
        ),
      ),
    );
    const pushEdge = [
      ...share.set(on.all(f64.mul(f64.load(a.reach.byteOffset, entry.get), scale.get))),
      ...receiver.set(i32.add(bytesOf(doubleBytes * a.lanes, i32.load(a.to.byteOffset, edge.get)), lane.get)),
      ...parts,
      ...add(entry, doubleBytes),
      ...add(edge, 4),
      ...add(flow, doubleBytes * a.lanes),
    ];
    return [
      ...isBusy.set(noMask),
      ...begin,
      ...when(on.any(isBusy.get), [
        ...scale.set(doubleAt(a.scale, segment.get)),
        ...half.set(on.all(doubleAt(a.half, segment.get))),
        ...limits,
        ...isNear.set(noMask),
        ...entry.set(bytesOf(doubleBytes, integerAt(a.first, segment.get))),
        ...entryEnd.set(bytesOf(doubleBytes, integerAt(a.end, segment.get))),
        ...edge.set(bytesOf(4, firstEdge)),
        ...flow.set(i32.add(bytesOf(doubleBytes * a.lanes, firstEdge), lane.get)),
        ...whileLoop(i32.less(entry.get, entryEnd.get), pushEdge),
        ...near.set(i32.or(near.get, on.any(isNear.get))),
      ]),
      ...own.flatMap(({ total, upTo, shift }) => [
        ...store(a.outflow, shift, cell, upTo.get),
        ...store(a.retained, shift, cell, on.sub(total.get, upTo.get)),
      ]),
    ];
  };
}

/** The lanes of a row: blocks that are added up, each cut into pairs and an odd one; places in bytes. */
function blocksOf({
  lanes,
  blockLanes,
}: KernelArrays): readonly (readonly { readonly on: Width; readonly at: number }[])[] {
  const blocks = [];
  for (let begin = 0; begin < lanes; begin += blockLanes) {
    const end = Math.min(lanes, begin + blockLanes);
    const parts = [];
    for (let lane = begin; lane < end; lane += 2) {
      parts.push({ on: lane + 1 < end ? pair : single, at: doubleBytes * lane });
    }
    blocks.push(parts);
  }
  return blocks;
}

/** Both lanes of a pair in one. */
function both(on: Width, value: Code, spare: Local): Code {
  if (on.type === 'f64') return value;
  return [...spare.set(value), ...f64.add(f64x2.first(spare.get), f64x2.second(spare.get))];
}

type MakeLocal = (type: 'i32' | 'f64' | 'v128') => Local;

/** Loops over some nodes of the order, block by block. `bad` becomes 1 where anything is broken. */
function checkRoutine(
  name: string,
  a: KernelArrays,
  write: (here: { readonly node: Local; readonly bad: Local; readonly local: MakeLocal }) => Code,
): Routine {
  return routine(name, 2, ([at, end], local) => {
    const node = local('i32');
    const bad = local('i32');
    const body = write({ node, bad, local });
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

/** Variables of a kind for each part of a block, used again by the next block. */
function partLocals(
  local: MakeLocal,
  names: readonly string[],
): (part: number, on: Width, name: string) => Local {
  const made = new Map<string, Local>();
  for (let part = 0; part < 4; part++) {
    for (const type of ['f64', 'v128'] as const) {
      for (const name of names) made.set(`${part} ${type} ${name}`, local(type));
    }
  }
  return (part, on, name) => made.get(`${part} ${on.type} ${name}`) as Local;
}

function checkFlowsRoutine(a: KernelArrays): Routine {
  const rowBytes = doubleBytes * a.lanes;
  const blocks = blocksOf(a);
  return checkRoutine('checkFlows', a, ({ node, bad, local }) => {
    const edge = local('i32');
    const end = local('i32');
    const flow = local('i32');
    const cell = local('i32');
    const receiver = local('i32');
    const spare = local('v128');
    const all = local('f64');
    const wrong = { f64: local('i32'), v128: local('v128') };
    const variable = partLocals(local, ['sum', 'part']);
    const zero = (on: Width) => on.all(f64.const(0));
    return [
      ...cell.set(bytesOf(rowBytes, node.get)),
      ...blocks.flatMap((parts, block) => {
        const sumOf = (index: number, on: Width) => variable(index, on, 'sum');
        const readPart = parts.flatMap(({ on, at }, index) => {
          const part = variable(index, on, 'part');
          return [
            ...part.set(on.load(a.flows.byteOffset + at, flow.get)),
            ...wrong[on.type].set(on.or(wrong[on.type].get, on.notAtLeast(part.get, zero(on)))),
            ...sumOf(index, on).set(on.add(sumOf(index, on).get, part.get)),
            ...all.set(f64.add(all.get, both(on, part.get, spare))),
          ];
        });
        const { first, next } = blockCell(a, block, receiver);
        return [
          ...wrong.f64.set(i32.const(0)),
          ...wrong.v128.set(f64x2.splat(f64.const(0))),
          ...parts.flatMap(({ on }, index) => sumOf(index, on).set(zero(on))),
          ...edge.set(bytesOf(4, integerAt(a.firstOut, node.get))),
          ...end.set(bytesOf(4, nextIntegerAt(a.firstOut, node.get))),
          ...flow.set(bytesOf(rowBytes, integerAt(a.firstOut, node.get))),
          ...whileLoop(i32.less(edge.get, end.get), [
            ...all.set(f64.const(0)),
            ...readPart,
            ...receiver.set(bytesOf(doubleBytes * blocks.length, i32.load(a.to.byteOffset, edge.get))),
            ...next(f64.add(first, all.get)),
            ...add(edge, 4),
            ...add(flow, rowBytes),
          ]),
          ...parts.flatMap(({ on, at }, index) =>
            wrong[on.type].set(
              on.or(
                wrong[on.type].get,
                on.differs(sumOf(index, on).get, on.load(a.outflow.byteOffset + at, cell.get)),
              ),
            ),
          ),
          ...bad.set(i32.or(bad.get, i32.or(wrong.f64.get, v128.any(wrong.v128.get)))),
        ];
      }),
    ];
  });
}

/** Reads and writes what a receiver's block has received. */
function blockCell(a: KernelArrays, block: number, at: Local) {
  const base = a.received.byteOffset + doubleBytes * block;
  return { first: f64.load(base, at.get), next: (value: Code) => f64.store(base, at.get, value) };
}

function checkCellsRoutine(a: KernelArrays): Routine {
  const rowBytes = doubleBytes * a.lanes;
  const blocks = blocksOf(a);
  return checkRoutine('checkCells', a, ({ node, bad, local }) => {
    const cell = local('i32');
    const sums = local('i32');
    const nowhere = local('i32');
    const spare = local('v128');
    const received = local('f64');
    const rested = local('f64');
    const keeps = local('f64');
    const wrong = { f64: local('i32'), v128: local('v128') };
    const variable = partLocals(local, ['own', 'kept', 'into']);
    const checkPart = ({ on, at }: { readonly on: Width; readonly at: number }, index: number): Code => {
      const [own, kept, into] = ['own', 'kept', 'into'].map((name) => variable(index, on, name)) as [
        Local,
        Local,
        Local,
      ];
      const zero = on.all(f64.const(0));
      const outflow = on.load(a.outflow.byteOffset + at, cell.get);
      const wrongs = [
        on.differs(on.sub(on.sub(on.add(own.get, into.get), outflow), kept.get), zero),
        on.notAtLeast(kept.get, zero),
        on.notAtLeast(own.get, zero),
        on.differs(on.floor(own.get), own.get),
      ];
      return [
        ...own.set(on.load(a.direct.byteOffset + at, cell.get)),
        ...kept.set(on.load(a.retained.byteOffset + at, cell.get)),
        ...into.set(on.load(a.inflow.byteOffset + at, cell.get)),
        ...wrong[on.type].set(wrongs.reduce((all, each) => on.or(all, each), wrong[on.type].get)),
        ...received.set(f64.add(received.get, both(on, into.get, spare))),
        ...rested.set(f64.add(rested.get, both(on, kept.get, spare))),
        ...addTo(on, a.costs.byteOffset + at, nowhere, own),
        ...addTo(on, a.rests.byteOffset + at, nowhere, kept),
      ];
    };
    return [
      // What has to be named of what rests on a node: nothing on a product.
      ...keeps.set(f64.const(1)),
      ...when(i32.loadByte(a.isProduct.byteOffset, node.get), keeps.set(f64.const(0))),
      ...cell.set(bytesOf(rowBytes, node.get)),
      ...sums.set(bytesOf(doubleBytes * blocks.length, node.get)),
      ...wrong.f64.set(i32.const(0)),
      ...wrong.v128.set(f64x2.splat(f64.const(0))),
      ...blocks.flatMap((parts, block) => {
        const place = doubleBytes * block;
        const isWrong = (found: Local, array: Float64Array, share: Code) =>
          f64.ne(f64.mul(found.get, share), f64.load(array.byteOffset + place, sums.get));
        return [
          ...received.set(f64.const(0)),
          ...rested.set(f64.const(0)),
          ...parts.flatMap(checkPart),
          ...wrong.f64.set(i32.or(wrong.f64.get, isWrong(received, a.received, f64.const(1)))),
          ...wrong.f64.set(i32.or(wrong.f64.get, isWrong(rested, a.held, keeps.get))),
          ...f64.store(a.received.byteOffset + place, sums.get, f64.const(0)),
          ...f64.store(a.held.byteOffset + place, sums.get, f64.const(0)),
        ];
      }),
      ...bad.set(i32.or(bad.get, i32.or(wrong.f64.get, v128.any(wrong.v128.get)))),
    ];
  });
}

/** Adds to a sum at a fixed address; `nowhere` is 0. */
function addTo(on: Width, address: number, nowhere: Local, value: Local): Code {
  return on.store(address, nowhere.get, on.add(on.load(address, nowhere.get), value.get));
}
