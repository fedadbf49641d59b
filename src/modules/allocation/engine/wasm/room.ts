import { type Memory, openMemory, pageBytes } from './web-assembly.ts';

/** A stretch of memory from which arrays are cut. */
export interface Room {
  readonly doubles: (count: number) => Float64Array;
  readonly integers: (count: number) => Int32Array;
  readonly bytes: (count: number) => Uint8Array;
  /** Undefined where the arrays are JavaScript's own. */
  readonly memory: Memory | undefined;
}

/** Arrays of JavaScript, each by itself. */
export const plainRoom: Room = {
  doubles: (count) => new Float64Array(count),
  integers: (count) => new Int32Array(count),
  bytes: (count) => new Uint8Array(count),
  memory: undefined,
};

/** Memory of WebAssembly for so many bytes in so many arrays, each at a multiple of sixteen; plain where there is none of that size. */
export function openRoom(bytes: number, arrays: number): Room {
  const memory = openMemory(Math.ceil((bytes + 16 * arrays) / pageBytes) + 1);
  if (memory === undefined) return plainRoom;
  let next = 0;
  const take = (size: number) => {
    const begin = next;
    next = Math.ceil((begin + size) / 16) * 16;
    return begin;
  };
  return {
    doubles: (count) => new Float64Array(memory.buffer, take(8 * count), count),
    integers: (count) => new Int32Array(memory.buffer, take(4 * count), count),
    bytes: (count) => new Uint8Array(memory.buffer, take(count), count),
    memory,
  };
}
