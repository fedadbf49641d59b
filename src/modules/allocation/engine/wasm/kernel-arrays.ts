import { type Code, f64, f64x2, i32, type Local, v128 } from './assemble.ts';

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

/** How one lane, or two side by side, are calculated with: the loops are written once for both. */
export interface Width {
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

export const pair: Width = {
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

export const single: Width = {
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

export const doubleBytes = 8;
export const bytesOf = (size: number, index: Code) => i32.mul(index, i32.const(size));
export const integerAt = (array: Int32Array, index: Code) => i32.load(array.byteOffset, bytesOf(4, index));
export const nextIntegerAt = (array: Int32Array, index: Code) =>
  i32.load(array.byteOffset + 4, bytesOf(4, index));
export const doubleAt = (array: Float64Array, index: Code) =>
  f64.load(array.byteOffset, bytesOf(doubleBytes, index));
export const add = (variable: Local, by: number) => variable.set(i32.add(variable.get, i32.const(by)));
