import {
  type Code,
  f64,
  f64x2,
  i32,
  type Local,
  type Routine,
  routine,
  v128,
  when,
  whileLoop,
} from './assemble.ts';
import {
  add,
  bytesOf,
  doubleBytes,
  integerAt,
  type KernelArrays,
  nextIntegerAt,
  pair,
  single,
  type Width,
} from './kernel-arrays.ts';

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

/** The routine of `Kernel.checkFlows`. */
export function checkFlowsRoutine(a: KernelArrays): Routine {
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

/** The routine of `Kernel.checkCells`. */
export function checkCellsRoutine(a: KernelArrays): Routine {
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
