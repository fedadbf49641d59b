/**
 * The few instructions of WebAssembly that the engine's inner loops need, as functions that return their code: nested calls read
 * as expressions, `f64x2.add(f64x2.mul(total, share), half)`. Opcodes as in the WebAssembly core specification 2.0, section 5.4.
 */
export type Code = readonly number[];

/** A variable of a function. */
export interface Local {
  readonly get: Code;
  readonly set: (value: Code) => Code;
}

type Type = 'i32' | 'f64' | 'v128';
const typeCodes = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;
const nothing = 0x40;

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low + 128);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const two = (opcode: number) => (a: Code, b: Code) => [...a, ...b, opcode];
const one = (opcode: number) => (a: Code) => [...a, opcode];
const wideTwo = (opcode: number) => (a: Code, b: Code) => [...a, ...b, 0xfd, ...unsigned(opcode)];
const wideOne = (opcode: number) => (a: Code) => [...a, 0xfd, ...unsigned(opcode)];
/** `base`: the address of an array, `at`: bytes into it. */
const reading = (opcode: Code, align: number) => (base: number, at: Code) => [
  ...at,
  ...opcode,
  align,
  ...unsigned(base),
];
const writing = (opcode: Code, align: number) => (base: number, at: Code, value: Code) => [
  ...[...at, ...value, ...opcode, align],
  ...unsigned(base),
];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: reading([0x28], 2),
  loadByte: reading([0x2d], 0),
  add: two(0x6a),
  sub: two(0x6b),
  mul: two(0x6c),
  or: two(0x72),
  eq: two(0x46),
  ne: two(0x47),
  less: two(0x48),
  greaterEqual: two(0x4e),
  isZero: one(0x45),
} as const;

export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(new Float64Array([value]).buffer)],
  load: reading([0x2b], 3),
  store: writing([0x39], 3),
  add: two(0xa0),
  sub: two(0xa1),
  mul: two(0xa2),
  floor: one(0x9c),
  abs: one(0x99),
  ne: two(0x62),
  greater: two(0x64),
  greaterEqual: two(0x66),
} as const;

/** Two doubles side by side. Arrays are aligned to eight bytes only. */
export const f64x2 = {
  load: reading([0xfd, 0x00], 3),
  store: writing([0xfd, 0x0b], 3),
  splat: wideOne(0x14),
  add: wideTwo(0xf0),
  sub: wideTwo(0xf1),
  mul: wideTwo(0xf2),
  floor: wideOne(0x75),
  abs: wideOne(0xec),
  /** The first of the two, and the second. */
  first: (a: Code) => [...a, 0xfd, 0x21, 0],
  second: (a: Code) => [...a, 0xfd, 0x21, 1],
  ne: wideTwo(0x48),
  greater: wideTwo(0x4a),
  greaterEqual: wideTwo(0x4c),
} as const;

/** Masks of two doubles. */
export const v128 = {
  not: wideOne(0x4d),
  or: wideTwo(0x50),
  any: wideOne(0x53),
} as const;

/** Runs `body` while `condition` holds. */
export function whileLoop(condition: Code, body: Code): Code {
  // block · loop · leave unless condition · body · again · end · end
  return [0x02, nothing, 0x03, nothing, ...condition, 0x45, 0x0d, 1, ...body, 0x0c, 0, 0x0b, 0x0b];
}

export function when(condition: Code, then: Code, otherwise: Code = []): Code {
  const rest = otherwise.length === 0 ? [] : [0x05, ...otherwise];
  return [...condition, 0x04, nothing, ...then, ...rest, 0x0b];
}

export function returns(value: Code): Code {
  return [...value, 0x0f];
}

/** A function of whole numbers that gives a whole number. */
export interface Routine {
  readonly name: string;
  readonly parameters: number;
  readonly locals: readonly Type[];
  readonly body: Code;
}

/** Writes a routine: `write` gets its parameters and makes its variables. */
export function routine(
  name: string,
  parameters: number,
  write: (parameters: readonly Local[], local: (type: Type) => Local) => Code,
): Routine {
  const locals: Type[] = [];
  const variable = (index: number): Local => ({
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
  });
  const body = write(
    Array.from({ length: parameters }, (_, index) => variable(index)),
    (type) => variable(parameters + locals.push(type) - 1),
  );
  return { name, parameters, locals, body };
}

/** The bytes of a module that exports routines, and works in the memory that it is given as `env.memory`. */
export function assemble(routines: readonly Routine[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, items: readonly Code[]) => {
    const content = [...unsigned(items.length), ...items.flat()];
    return [id, ...unsigned(content.length), ...content];
  };
  const text = (value: string) => [...unsigned(value.length), ...new TextEncoder().encode(value)];
  const types = routines.map(({ parameters }) => [
    ...[0x60, ...unsigned(parameters), ...new Array<number>(parameters).fill(typeCodes.i32)],
    ...[1, typeCodes.i32],
  ]);
  const bodies = routines.map(({ locals, body }) => {
    const code = [
      ...unsigned(locals.length),
      ...locals.flatMap((type) => [1, typeCodes[type]]),
      ...body,
      0x0b,
    ];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, 0x01]]),
    ...section(
      3,
      routines.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      routines.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]),
    ),
    ...section(10, bodies),
  ]);
}
