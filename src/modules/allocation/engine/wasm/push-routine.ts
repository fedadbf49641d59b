import {
  type Code,
  f64,
  i32,
  type Local,
  type Routine,
  returns,
  routine,
  when,
  whileLoop,
} from './assemble.ts';
import {
  add,
  bytesOf,
  doubleAt,
  doubleBytes,
  integerAt,
  type KernelArrays,
  nextIntegerAt,
  pair,
  single,
  type Width,
} from './kernel-arrays.ts';

/** The routine of `Kernel.push`. */
export function pushRoutine(a: KernelArrays): Routine {
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
