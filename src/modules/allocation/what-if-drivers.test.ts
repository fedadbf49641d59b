import { describe, expect, it } from 'vitest';
import { compileGraph } from './engine/compile-graph.ts';
import { graphDocumentSchema } from './model.ts';
import type { MetricChange } from './what-if-contract.ts';
import { changeDrivers } from './what-if-drivers.ts';

const document = graphDocumentSchema.parse({
  nodes: [
    { id: 'a', type: 'product' },
    { id: 'b', type: 'product' },
    { id: 'pool', type: 'shared' },
  ],
  edges: ['a', 'b'].map((to) => ({
    from: 'pool',
    to,
    strategy: 'proportional',
    params: { metric: 'requests' },
  })),
  metrics: [{ id: 'requests', from: 'usage' }],
});
const graph = compileGraph({
  document,
  nodes: [],
  days: ['2026-10-01', '2026-10-02'],
  dimensions: ['Compute'],
});
const [a = 0, b = 0] = ['a', 'b'].map((id) => graph.nodeOf.get(id));
const width = graph.nodeIds.length;

/** Weights of a and b on 30 September and the two days of October, at scale 1: 50 is 5.0. */
function drivers(values: readonly (readonly [number, number])[]) {
  const matrix = new Float64Array(values.length * width).fill(Number.NaN);
  values.forEach(([ofA, ofB], day) => {
    matrix[day * width + a] = ofA;
    matrix[day * width + b] = ofB;
  });
  return { drivers: { from: '2026-09-30', days: values.length, values: [matrix] }, scales: [1] };
}
const given = drivers([
  [50, 100],
  [Number.NaN, 100],
  [0, 100],
]);
const changed = (...changes: readonly MetricChange[]) => {
  const { drivers: after, findings } = changeDrivers(graph, given, changes, 'main');
  const [matrix = new Float64Array()] = after.values;
  const days = [0, 1, 2].map((day) => [matrix[day * width + a], matrix[day * width + b]]);
  return { days, findings };
};

describe('usage as it would be', () => {
  it('scales a node by an exact factor: the others become finer, so that all stay whole', () => {
    expect(changed({ metric: 'requests', node: 'a', factor: '1.2' }).days).toEqual([
      [600, 1000],
      [Number.NaN, 1000],
      [0, 1000],
    ]);
  });

  it('sets a value where none was measured, on the days of the month or on one', () => {
    expect(changed({ metric: 'requests', node: 'a', value: '7.25' }).days).toEqual([
      [500, 1000],
      [725, 1000],
      [725, 1000],
    ]);
    expect(changed({ metric: 'requests', node: 'a', value: '7', day: '2026-10-02' }).days).toEqual([
      [50, 100],
      [Number.NaN, 100],
      [70, 100],
    ]);
    // A day of another month is not there.
    expect(changed({ metric: 'requests', node: 'a', value: '7', day: '2026-11-02' }).days).toEqual(
      changed().days,
    );
  });

  it('takes one change after the other, and leaves what was given as it was', () => {
    const before = [...(given.drivers.values[0] ?? [])];
    const { days } = changed(
      { metric: 'requests', node: 'a', factor: '0.5' },
      { metric: 'requests', node: 'b', value: '2' },
    );
    expect(days).toEqual([
      [250, 1000],
      [Number.NaN, 20],
      [0, 20],
    ]);
    expect([...(given.drivers.values[0] ?? [])]).toEqual(before);
  });

  it('says that a factor for everybody moves no share', () => {
    const { days, findings } = changed({ metric: 'requests', factor: '3' });
    expect(days).toEqual(changed().days);
    expect(findings.map(({ code }) => code)).toEqual(['allocation.uniformScale']);
  });

  it('is refused where it would no longer be exact, or names what there is not', () => {
    const large = drivers([[2 ** 52, 1]]);
    const factor = { metric: 'requests', node: 'b', factor: '0.001' } as const;
    expect(() => changeDrivers(graph, large, [factor], 'main')).toThrow(/too large to be shared out exactly/);
    expect(() => changed({ metric: 'visits', node: 'a', factor: '2' })).toThrow(/metric 'visits'/);
    expect(() => changed({ metric: 'requests', node: 'c', factor: '2' })).toThrow(/node 'c'/);
  });
});
