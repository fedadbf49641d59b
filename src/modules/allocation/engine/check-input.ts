import { assert } from '../../../platform/kernel/index.ts';
import type { AllocationInput, Drivers } from './types.ts';

/** Holds drivers against their contract: whole numbers, not negative, with sums of a day below 2⁵³. A breach is a defect. */
export function checkInput({ graph, drivers, lanes }: AllocationInput): void {
  const nodes = graph.nodeIds.length;
  assert(drivers.values.length === graph.drivers.length, 'one matrix is needed for each driver of the graph');
  for (const [index, values] of drivers.values.entries()) {
    const { metric } = graph.drivers[index] as { readonly metric: string };
    assert(values.length === nodes * drivers.days, `the driver ${metric} has not one value per node and day`);
    checkDriver(values, { drivers, nodes, metric });
  }
  for (const { dimension } of lanes) {
    assert(graph.dimensions.includes(dimension), `the graph was not compiled for the dimension ${dimension}`);
  }
}

function checkDriver(
  values: Float64Array,
  { drivers, nodes, metric }: { readonly drivers: Drivers; readonly nodes: number; readonly metric: string },
): void {
  for (let day = 0; day < drivers.days; day++) {
    const begin = day * nodes;
    const { sum, strange } = sumWhole(values, begin, begin + nodes);
    assert(strange < 0, `the driver ${metric} holds ${values[strange]}, which is no whole weight`);
    assert(
      sum < 2 ** 53,
      `the driver ${metric} adds up to ${sum} on day ${day} of the drivers, which is not exact`,
    );
  }
}

/** The sum of a range without what is missing; `strange`: where a value stands that is no whole number from 0 on, or −1. */
function sumWhole(
  values: Float64Array,
  begin: number,
  end: number,
): { readonly sum: number; readonly strange: number } {
  let sum = 0;
  let strange = -1;
  for (let at = begin; at < end; at++) {
    const value = values[at] as number;
    if (Number.isNaN(value)) continue;
    if (value < 0 || Math.floor(value) !== value) strange = at;
    sum += value;
  }
  return { sum, strange };
}
