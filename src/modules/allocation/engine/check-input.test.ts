import { describe, expect, it } from 'vitest';
import { byHours, hours, prepareSmall, type Small } from '../testing/small-allocation.ts';
import { allocateDay, prepareAllocation } from './allocate.ts';
import type { AllocationInput } from './types.ts';

const small: Small = {
  nodes: ['pool', 'A', 'B'],
  edges: byHours('pool', ['A', 'B']),
  usage: hours({ A: 1, B: 3 }),
  direct: { pool: 100 },
};

/** The input of a sound allocation, with something changed. */
function change(with_: (input: AllocationInput) => Partial<AllocationInput>): () => void {
  const { input } = prepareSmall(small).allocation;
  return () => prepareAllocation({ ...input, ...with_(input) });
}

/** The same with one weight of the day replaced. */
function withWeight(node: string, value: number): () => void {
  return change(({ graph, drivers }) => {
    const values = (drivers.values[0] as Float64Array).slice();
    values[30 * graph.nodeIds.length + (graph.nodeOf.get(node) as number)] = value;
    return { drivers: { ...drivers, values: [values] } };
  });
}

describe('drivers that break their contract are a defect, named by metric', () => {
  it.each([
    ['a fraction', 0.5, 'the driver hours holds 0.5, which is no whole weight'],
    ['a negative number', -1, 'the driver hours holds -1, which is no whole weight'],
    ['an infinite number', Number.POSITIVE_INFINITY, 'the driver hours'],
    ['a sum of 2⁵³', 2 ** 53 - 3, 'the driver hours adds up to 9007199254740992 on day 30'],
  ])('%s', (_, value, message) => {
    expect(withWeight('A', value)).toThrow(message);
  });

  it('a sum just below 2⁵³ is none, nor is a missing value', () => {
    expect(withWeight('A', 2 ** 53 - 4)).not.toThrow();
    expect(withWeight('A', Number.NaN)).not.toThrow();
  });

  it('a matrix too many or too short', () => {
    expect(change(({ drivers }) => ({ drivers: { ...drivers, values: [] } }))).toThrow(
      'one matrix is needed',
    );
    const short = change(({ drivers }) => ({ drivers: { ...drivers, days: drivers.days - 1 } }));
    expect(short).toThrow('the driver hours has not one value per node and day');
  });
});

describe('a lane of a dimension that the graph was not compiled for', () => {
  it('is a defect', () => {
    const lanes = [{ dimension: 'Tax', currency: 'EUR', side: 'charge' as const }];
    expect(change(() => ({ lanes, direct: () => new Float64Array(5) }))).toThrow(
      'not compiled for the dimension Tax',
    );
  });
});

describe('costs beyond what sums are exact for', () => {
  it('are seen by the check of units', () => {
    const { allocation } = prepareSmall({ ...small, direct: { pool: 2 ** 50 } });
    expect(allocateDay(allocation, 0).checks.units).toEqual({ broken: 1, largest: 2 ** 50 });
  });
});
