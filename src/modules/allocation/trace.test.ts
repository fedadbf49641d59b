import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { followMoves, type TraceInput } from './trace.ts';
import { apportion, sharesOf } from './trace-apportion.ts';
import { orderOf } from './trace-order.ts';
import { heaviestPaths, pathTo } from './trace-paths.ts';

/** A trace against the flow in one slot, of nodes with direct costs and the amounts that they passed on. */
function inOneSlot(
  direct: readonly number[],
  flows: readonly (readonly [from: number, to: number, amount: number])[],
  start: number,
): TraceInput {
  const totals = Float64Array.from(direct);
  for (const [, to, amount] of flows) (totals[to] as number) += amount;
  return {
    nodes: direct.length,
    slots: 1,
    moves: {
      count: flows.length,
      near: Int32Array.from(flows, ([, to]) => to),
      far: Int32Array.from(flows, ([from]) => from),
      slot: new Int32Array(flows.length),
      amount: Float64Array.from(flows, ([, , amount]) => amount),
    },
    totals,
    start,
    followed: Float64Array.of(totals[start] as number),
    moneyOf: new Uint8Array(1),
    monies: 1,
  };
}

/** What of the followed cost is direct cost of each node. */
function contributions(input: TraceInput, direct: readonly number[]): number[] {
  const { passing } = followMoves(input);
  return direct.map((own, n) =>
    own === 0 ? 0 : ((passing[n] as number) * own) / (input.totals[n] as number),
  );
}

describe('cost followed through a run', () => {
  it('counts every way once, and every node with all its ways', () => {
    // 0 gives 60 to 1 and 40 to 2, which both give all they have to 3.
    const input = inOneSlot(
      [100, 10, 0, 0],
      [
        [0, 1, 60],
        [0, 2, 40],
        [1, 3, 70],
        [2, 3, 40],
      ],
      3,
    );
    expect(contributions(input, [100, 10, 0, 0])).toEqual([100, 10, 0, 0]);
    const { links } = followMoves(input);
    expect([...links.passing]).toEqual([60, 40, 70, 40]);
  });

  it('goes round a circle until what is left is below any unit', () => {
    // 0 and 1 give each other: 0 has 1000 and gives 1 half; 1 gives 0 a fifth and 2 the rest. Gross 1111.1 and 555.5.
    const [a, b] = [1000 / 0.9, 500 / 0.9];
    const input = inOneSlot(
      [1000, 0, 7],
      [
        [0, 1, a / 2],
        [1, 0, b / 5],
        [1, 2, (b * 4) / 5],
      ],
      2,
    );
    const { rest } = followMoves(input);
    expect(rest).toBeLessThan(1e-9);
    const [from0 = 0, , from2] = contributions(input, [1000, 0, 7]);
    expect(from0).toBeCloseTo(400 / 0.9, 9);
    expect(from2).toBe(7);
  });

  it('explains a node of a circle by what it has gross', () => {
    const [a, b] = [1000 / 0.9, 500 / 0.9];
    const input = inOneSlot(
      [1000, 0],
      [
        [0, 1, a / 2],
        [1, 0, b / 5],
      ],
      0,
    );
    const [all] = contributions(input, [1000, 0]);
    expect(all).toBeCloseTo(a, 9);
  });

  it('agrees with the exact solution on random graphs with circles, and loses nothing', () => {
    const cases = fc.integer({ min: 2, max: 7 }).chain((size) =>
      fc.record({
        direct: fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: size, maxLength: size }),
        share: fc.array(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: size, maxLength: size }), {
          minLength: size,
          maxLength: size,
        }),
        start: fc.integer({ min: 0, max: size - 1 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ direct, share, start }) => {
        // Every node keeps at least an eighth.
        const parts = share.map((row, i) => row.map((part, j) => (i === j ? 0 : part / 800)));
        const totals = solve(transposed(parts), direct);
        const flows = parts.flatMap((row, from) =>
          row
            .map((part, to) => [from, to, part * (totals[from] as number)] as const)
            .filter(([, , x]) => x > 0),
        );
        const input = inOneSlot(direct, flows, start);
        const found = contributions(input, direct);
        // What one unit at node n brings to the start, gross: y = e + P y.
        const reach = solve(
          parts,
          direct.map((_, n) => (n === start ? 1 : 0)),
        );
        for (const [n, own] of direct.entries()) expect(found[n]).toBeCloseTo(own * (reach[n] as number), 6);
        const whole = totals[start] as number;
        expect(Math.abs(found.reduce((sum, part) => sum + part, 0) - whole)).toBeLessThan(1e-9 * (1 + whole));
      }),
    );
  });
});

function transposed(matrix: readonly (readonly number[])[]): number[][] {
  return matrix.map((_, i) => matrix.map((row) => row[i] ?? 0));
}

/** x of x = M x + c, by elimination. */
function solve(m: readonly (readonly number[])[], c: readonly number[]): number[] {
  const rows = m.map((row, i) => [...row.map((value, j) => (i === j ? 1 : 0) - value), c[i] ?? 0]);
  for (let p = 0; p < rows.length; p++) {
    const pivot = rows[p] as number[];
    for (const [r, row] of rows.entries()) {
      const factor = r === p ? 0 : (row[p] as number) / (pivot[p] as number);
      for (let k = p; k < row.length; k++) (row[k] as number) -= factor * (pivot[k] as number);
    }
  }
  return rows.map((row, i) => (row.at(-1) as number) / (row[i] as number));
}

describe('the order of a trace', () => {
  it('keeps nodes of one circle together, and puts everything behind what leads to it', () => {
    const near = Int32Array.of(0, 1, 2, 2, 4);
    const far = Int32Array.of(1, 2, 1, 3, 0);
    const { order, firstOfCircle } = orderOf(5, { count: 5, near, far });
    expect([...order]).toEqual([4, 0, 1, 2, 3]);
    expect([...firstOfCircle]).toEqual([0, 1, 2, 4, 5]);
  });
});

describe('the main path', () => {
  it('is the one on which most came, and not the one with the fewest steps', () => {
    // To 3: 60 of the 100 of 0 by 1 and 2, 40 straight.
    const input = inOneSlot(
      [100, 0, 0, 0],
      [
        [0, 1, 60],
        [1, 2, 60],
        [2, 3, 60],
        [0, 3, 40],
      ],
      3,
    );
    const trace = followMoves(input);
    const paths = heaviestPaths(trace, {
      nodes: 4,
      slots: 1,
      start: 3,
      money: 0,
      monies: 1,
      moneyOf: input.moneyOf,
    });
    const way = pathTo(paths, trace.links, 0).map((k) => [trace.links.near[k], trace.links.far[k]]);
    expect(way).toEqual([
      [3, 2],
      [2, 1],
      [1, 0],
    ]);
  });

  it('ends in a circle too', () => {
    const input = inOneSlot(
      [10, 10, 0],
      [
        [0, 1, 9],
        [1, 0, 9],
        [1, 2, 10],
      ],
      2,
    );
    const trace = followMoves(input);
    const paths = heaviestPaths(trace, {
      nodes: 3,
      slots: 1,
      start: 2,
      money: 0,
      monies: 1,
      moneyOf: input.moneyOf,
    });
    expect(pathTo(paths, trace.links, 0)).toHaveLength(2);
  });
});

describe('units split by weights', () => {
  it('sum to the whole, stay within a unit of their share, and leave nothing to who has no weight', () => {
    const weights = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e9, noNaN: true })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 15n), 10n ** 15n), weights, (units, given) => {
        const parts = apportion(units, given);
        const whole = given.reduce((sum, weight) => sum + weight, 0);
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(units);
        for (const [i, weight] of given.entries()) {
          if (whole === 0) continue;
          if (weight === 0) expect(parts[i]).toBe(0n);
          expect(Math.abs(Number(parts[i]) - (Number(units) * weight) / whole)).toBeLessThan(2);
        }
      }),
    );
  });

  it('are rounded in the order given', () => {
    expect(apportion(10n, [1, 1, 1])).toEqual([3n, 4n, 3n]);
    expect(apportion(-10n, [1, 1, 1])).toEqual([-3n, -4n, -3n]);
    expect(sharesOf([1, 1, 1])).toEqual(['0.333333', '0.333334', '0.333333']);
    expect(sharesOf([1])).toEqual(['1']);
  });
});
