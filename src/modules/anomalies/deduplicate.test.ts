import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deduplicateAnomalies, type NodeAnomaly } from './deduplicate.ts';
import { type EdgeFlow, flowNetwork } from './flow-network.ts';

const options = { places: 2 } as const;

function anomaly(
  id: string,
  node: string,
  excesses: Readonly<Record<string, number>>,
  currency = 'EUR',
): NodeAnomaly {
  const points = Object.entries(excesses).map(([at, excess]) => ({ at, excess: String(excess) }));
  const excess = Object.values(excesses).reduce((sum, one) => sum + one, 0);
  return { id, node, currency, excess: String(excess), points };
}

function flow(from: string, to: string, share: number, at = 'mon', currency = 'EUR'): EdgeFlow {
  return { from, to, at, currency, amount: String(share * 100), fromTotal: '100' };
}

describe('deduplication along the graph', () => {
  it('shows an excess of a pool once, and what it did below as its consequence', () => {
    const pool = anomaly('1', 'pool', { mon: 100 });
    const application = anomaly('2', 'shop', { mon: 70 });
    expect(deduplicateAnomalies([application, pool], [flow('pool', 'shop', 0.6)], options)).toEqual({
      kept: [pool],
      consequences: [
        {
          anomaly: application,
          consequenceOf: '1',
          via: '1',
          flowed: '60',
          share: expect.closeTo(60 / 70, 10),
        },
      ],
    });
  });

  it('keeps what only a smaller part came down to', () => {
    const anomalies = [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { mon: 121 })];
    expect(deduplicateAnomalies(anomalies, [flow('pool', 'shop', 0.6)], options).kept).toHaveLength(2);
    const asked = { places: 2, leastShare: 0.49 };
    expect(deduplicateAnomalies(anomalies, [flow('pool', 'shop', 0.6)], asked).kept).toHaveLength(1);
  });

  it('takes exactly the share that was asked for as enough', () => {
    const anomalies = [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { mon: 100 })];
    expect(deduplicateAnomalies(anomalies, [flow('pool', 'shop', 0.5)], options).consequences).toHaveLength(
      1,
    );
  });

  it('adds up all paths, through nodes that were not off as well', () => {
    const anomalies = [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { mon: 60 })];
    const flows = [
      flow('pool', 'left', 0.5),
      flow('pool', 'right', 0.5),
      flow('left', 'shop', 0.8),
      flow('right', 'shop', 0.2),
    ];
    const { consequences } = deduplicateAnomalies(anomalies, flows, options);
    expect(consequences).toMatchObject([{ consequenceOf: '1', flowed: '50' }]);
  });

  it('counts the days that both have, against the whole excess below', () => {
    const pool = anomaly('1', 'pool', { mon: 100, tue: 100 });
    const long = anomaly('2', 'shop', { tue: 100, wed: 100, thu: 100 });
    const flows = ['mon', 'tue', 'wed', 'thu'].map((day) => flow('pool', 'shop', 1, day));
    expect(deduplicateAnomalies([pool, long], flows, options).kept).toEqual([pool, long]);
    const whole = anomaly('4', 'shop', { mon: 100, tue: 120 });
    expect(deduplicateAnomalies([pool, whole], flows, options).consequences).toMatchObject([
      { flowed: '200' },
    ]);
    const short = anomaly('3', 'shop', { tue: 100, wed: 60 });
    expect(deduplicateAnomalies([pool, short], flows, options).consequences).toMatchObject([
      { flowed: '100' },
    ]);
  });

  it.each<[string, readonly NodeAnomaly[], readonly EdgeFlow[]]>([
    [
      'other days',
      [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { tue: 50 })],
      [flow('pool', 'shop', 1)],
    ],
    [
      'the other side',
      [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { mon: -50 })],
      [flow('pool', 'shop', 1)],
    ],
    [
      'no path',
      [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { mon: 50 })],
      [flow('pool', 'other', 1)],
    ],
    [
      'the other way',
      [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { mon: 40 })],
      [flow('shop', 'pool', 1)],
    ],
    [
      'no flow that day',
      [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { mon: 50 })],
      [flow('pool', 'shop', 1, 'tue')],
    ],
    [
      'another currency',
      [anomaly('1', 'pool', { mon: 100 }, 'USD'), anomaly('2', 'shop', { mon: 50 })],
      [flow('pool', 'shop', 1)],
    ],
    [
      'a flow in another currency',
      [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'shop', { mon: 50 })],
      [flow('pool', 'shop', 1, 'mon', 'USD')],
    ],
    [
      'the same node',
      [anomaly('1', 'pool', { mon: 100 }), anomaly('2', 'pool', { mon: 50 })],
      [flow('pool', 'shop', 1)],
    ],
  ])('explains nothing by %s', (_, anomalies, flows) => {
    expect(deduplicateAnomalies(anomalies, flows, options)).toEqual({ kept: anomalies, consequences: [] });
  });

  it('follows savings down as it follows excess', () => {
    const anomalies = [anomaly('1', 'pool', { mon: -100 }), anomaly('2', 'shop', { mon: -90 })];
    expect(deduplicateAnomalies(anomalies, [flow('pool', 'shop', 0.9)], options).consequences).toMatchObject([
      { flowed: '-90', share: 1 },
    ]);
  });

  it('names the first of a chain, and what lies between', () => {
    const anomalies = [
      anomaly('a', 'top', { mon: 100 }),
      anomaly('b', 'middle', { mon: 150 }),
      anomaly('c', 'bottom', { mon: 150 }),
    ];
    const flows = [flow('top', 'middle', 0.8), flow('middle', 'bottom', 0.9)];
    // 80 of 150 came from the top to the middle, 135 of 150 from there to the bottom, and 72 of 150, too little, from the top.
    expect(deduplicateAnomalies(anomalies, flows, options)).toMatchObject({
      kept: [{ id: 'a' }],
      consequences: [
        { anomaly: { id: 'b' }, consequenceOf: 'a', via: 'a', flowed: '80' },
        { anomaly: { id: 'c' }, consequenceOf: 'a', via: 'b', flowed: '135' },
      ],
    });
  });

  it('takes of two explanations the one that brought more, and of equal ones the smaller id', () => {
    const shop = anomaly('s', 'shop', { mon: 100 });
    const two = (left: number, right: number) =>
      deduplicateAnomalies(
        [anomaly('r', 'right', { mon: right }), shop, anomaly('l', 'left', { mon: left })],
        [flow('left', 'shop', 1), flow('right', 'shop', 1)],
        options,
      ).consequences[0]?.consequenceOf;
    expect([two(60, 70), two(70, 60), two(60, 60)]).toEqual(['r', 'l', 'l']);
  });

  it('keeps the larger of two that explain each other in a circle', () => {
    const anomalies = [
      anomaly('a', 'left', { mon: 90 }),
      anomaly('b', 'right', { mon: 100 }),
      anomaly('c', 'shop', { mon: 80 }),
    ];
    const flows = [
      flow('left', 'right', 0.9),
      flow('right', 'left', 0.5),
      flow('left', 'shop', 0.1),
      flow('right', 'shop', 0.5),
    ];
    const { kept, consequences } = deduplicateAnomalies(anomalies, flows, options);
    expect(kept).toMatchObject([{ id: 'b' }]);
    expect(consequences.map((one) => one.consequenceOf)).toEqual(['b', 'b']);
  });

  it('refuses two anomalies of one id, and a share of 0', () => {
    const one = anomaly('a', 'pool', { mon: 1 });
    expect(() => deduplicateAnomalies([one, one], [], options)).toThrow('one id');
    expect(() => deduplicateAnomalies([one], [], { places: 2, leastShare: 0 })).toThrow('share of 0');
  });

  it('loses no anomaly, and every consequence names one that is kept, whatever the graph', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f'];
    const days = ['mon', 'tue', 'wed'];
    const anomalies = fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 0, max: 99 }).map(String),
        node: fc.constantFrom(...nodes),
        excesses: fc.dictionary(
          fc.constantFrom(...days),
          fc.integer({ min: -50, max: 100 }).filter((n) => n !== 0),
          { minKeys: 1 },
        ),
      }),
      { selector: ({ id }) => id, maxLength: 12 },
    );
    const flows = fc.array(
      fc.record({
        from: fc.constantFrom(...nodes),
        to: fc.constantFrom(...nodes),
        at: fc.constantFrom(...days),
        share: fc.integer({ min: 0, max: 40 }),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(anomalies, flows, fc.constantFrom(0.1, 0.5, 1), (drawn, edges, leastShare) => {
        const all = drawn.map(({ id, node, excesses }) => anomaly(id, node, excesses));
        const { kept, consequences } = deduplicateAnomalies(
          all,
          edges.map(({ from, to, at, share }) => flow(from, to, share / 100, at)),
          { places: 2, leastShare },
        );
        const names = [...kept, ...consequences.map((one) => one.anomaly)].map(({ id }) => id);
        expect(names.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
        const shown = new Set(kept.map(({ id }) => id));
        for (const { consequenceOf, via, share, anomaly: one } of consequences) {
          expect(shown.has(consequenceOf)).toBe(true);
          expect(via).not.toBe(one.id);
          expect(share).toBeGreaterThanOrEqual(leastShare);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what of a unit reaches a node', () => {
  it('is summed over all paths', () => {
    const reach = flowNetwork([flow('a', 'b', 0.5), flow('b', 'c', 0.4), flow('a', 'c', 0.1)]).reach(
      'a',
      'EUR',
      'mon',
    );
    expect(['a', 'b', 'c', 'nobody'].map(reach)).toEqual([0, 0.5, expect.closeTo(0.3, 12), 0]);
  });

  it('goes round a circle until nothing is left: 0.5 + 0.5 × 0.25 + … = 0.667', () => {
    const network = flowNetwork([flow('a', 'b', 0.5), flow('b', 'a', 0.5), flow('b', 'c', 0.5)]);
    expect(network.reach('a', 'EUR', 'mon')('b')).toBeCloseTo(2 / 3, 6);
    expect(network.reach('a', 'EUR', 'mon')('c')).toBeCloseTo(1 / 3, 6);
    expect(network.reach('a', 'EUR', 'mon')('a')).toBe(0);
  });

  it('is nothing from a node that had nothing', () => {
    const network = flowNetwork([{ ...flow('a', 'b', 0), fromTotal: '0' }]);
    expect(network.reach('a', 'EUR', 'mon')('b')).toBe(0);
  });
});
