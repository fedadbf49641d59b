import { assemble } from './assemble.ts';
import { checkCellsRoutine, checkFlowsRoutine } from './check-routines.ts';
import type { KernelArrays } from './kernel-arrays.ts';
import { pushRoutine } from './push-routine.ts';
import { instantiate, type Memory } from './web-assembly.ts';

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
