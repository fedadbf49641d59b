import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlowNetwork, growNetwork } from './growth.ts';

const tenPercent = { numerator: 1n, denominator: 10n };
const everybody = () => true;

describe('growth of a driver, if pools grow with it', () => {
  // A pool of 100 that gives 60 to a and 40 to b by the driver.
  const pool: FlowNetwork = {
    direct: [100n, 0n, 0n],
    edges: [
      { from: 0, to: 1, amount: 60n, driven: 60n },
      { from: 0, to: 2, amount: 40n, driven: 40n },
    ],
  };

  it('is paid by whoever grows: others pay what they paid', () => {
    const growth = growNetwork(pool, { grows: (node) => node === 1, more: tenPercent });
    expect(growth).toEqual({ pools: [6n, 0n, 0n], rests: [0n, 6n, 0n] });
  });

  it('of everybody is growth of the pool', () => {
    const growth = growNetwork(pool, { grows: everybody, more: tenPercent });
    expect(growth).toEqual({ pools: [10n, 0n, 0n], rests: [0n, 6n, 4n] });
  });

  it('does not touch what is shared without the driver', () => {
    const half = { ...pool, edges: pool.edges.map((edge) => ({ ...edge, driven: edge.amount / 2n })) };
    expect(growNetwork(half, { grows: everybody, more: tenPercent }).rests).toEqual([0n, 3n, 2n]);
  });

  it('grows every charge once, although two pools on its way are shared by the driver', () => {
    // 100 at the cluster, all to the platform, which adds 50 of its own; half of it to each product.
    const chain: FlowNetwork = {
      direct: [100n, 50n, 0n, 0n],
      edges: [
        { from: 0, to: 1, amount: 100n, driven: 100n },
        { from: 1, to: 2, amount: 75n, driven: 75n },
        { from: 1, to: 3, amount: 75n, driven: 75n },
      ],
    };
    const growth = growNetwork(chain, { grows: everybody, more: tenPercent });
    // 10 more of the cluster's 100, and 5 of the platform's own 50 (2 and 2: a unit is not cut).
    expect(growth.pools[0]).toBe(10n);
    expect(growth.pools[1]).toBe(4n);
    expect(growth.rests).toEqual([0n, 0n, 7n, 7n]);
  });

  it('shrinks as it grows', () => {
    const less = growNetwork(pool, { grows: everybody, more: { numerator: -1n, denominator: 10n } });
    expect(less.rests).toEqual([0n, -6n, -4n]);
  });

  it('ends in a circle', () => {
    // Two that serve each other; a sends 20 to b, b sends 10 to a and 60 on.
    const circle: FlowNetwork = {
      direct: [100n, 50n, 0n],
      edges: [
        { from: 0, to: 1, amount: 20n, driven: 20n },
        { from: 1, to: 0, amount: 10n, driven: 0n },
        { from: 1, to: 2, amount: 60n, driven: 0n },
      ],
    };
    const { pools, rests } = growNetwork(circle, {
      grows: everybody,
      more: { numerator: 1n, denominator: 1n },
    });
    expect(rests.reduce((a, b) => a + b)).toBe(pools.reduce((a, b) => a + b));
    expect(pools[0]).toBeGreaterThanOrEqual(18n);
  });

  it('rests to the last unit: what pools cost more is what nodes pay more', () => {
    const graph = fc.integer({ min: 2, max: 8 }).chain((nodes) =>
      fc.record({
        direct: fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: nodes, maxLength: nodes }),
        shares: fc.array(
          fc.record({
            from: fc.integer({ min: 0, max: nodes - 1 }),
            to: fc.integer({ min: 0, max: nodes - 1 }),
            part: fc.bigInt({ min: 0n, max: 400n }),
            driven: fc.boolean(),
          }),
          { maxLength: 20 },
        ),
        grower: fc.integer({ min: 0, max: nodes - 1 }),
        numerator: fc.bigInt({ min: -100n, max: 300n }),
      }),
    );
    fc.assert(
      fc.property(graph, ({ direct, shares, grower, numerator }) => {
        const network = forwardNetwork(direct, shares);
        for (const grows of [everybody, (node: number) => node === grower]) {
          const { pools, rests } = growNetwork(network, { grows, more: { numerator, denominator: 100n } });
          expect(rests.reduce((a, b) => a + b)).toBe(pools.reduce((a, b) => a + b));
        }
      }),
    );
  });
});

/** Flows of a graph whose edges go from lower to higher numbers; nobody gives more than all. */
function forwardNetwork(
  direct: readonly bigint[],
  shares: readonly {
    readonly from: number;
    readonly to: number;
    readonly part: bigint;
    readonly driven: boolean;
  }[],
): FlowNetwork {
  const total = [...direct];
  const left = direct.map(() => 1000n);
  const edges = [...shares]
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from)
    .flatMap(({ from, to, part, driven }) => {
      const taken = part < (left[from] ?? 0n) ? part : (left[from] ?? 0n);
      left[from] = (left[from] ?? 0n) - taken;
      const amount = ((total[from] ?? 0n) * taken) / 1000n;
      total[to] = (total[to] ?? 0n) + amount;
      return amount === 0n ? [] : [{ from, to, amount, driven: driven ? amount : 0n }];
    });
  return { direct, edges };
}
