import { describe, expect, it } from 'vitest';
import { nodeTypes } from '../model.ts';
import * as alter from '../testing/alterations.ts';
import { layeredAllocation, type MadeUp } from '../testing/random-allocation.ts';
import { oneLane, prepareSmall, type Small } from '../testing/small-allocation.ts';
import {
  bytesOf,
  causesOf,
  type DayArrays,
  namesOf,
  type Snapshots,
  snapshotsOf,
} from '../testing/snapshots.ts';
import { allocateDay } from './allocate.ts';

describe.each(alter.modes)('with %s', (_, options) => {
  it('a credit equal to its charge nets to 0 on every node, edge and cause', () => {
    alter.always(options, (made) => {
      const { lanes } = namesOf(alter.mirrored(made));
      for (let at = 0; at < lanes.length; at += 2) expect(lanes[at + 1]).toEqual(lanes[at]);
    });
  });

  it('direct + inflow = outflow + retained everywhere, and all that rests is all that came', () => {
    alter.always(options, (made) => {
      const snapshots = snapshotsOf(made);
      for (const [day, arrays] of snapshots.days.entries()) expectBooks(made, snapshots, day, arrays);
    });
  });
});

/** The equations, in whole numbers without end and from the arrays alone. */
function expectBooks(
  made: MadeUp,
  { from, to, nodeTypes: types }: Snapshots,
  day: number,
  arrays: DayArrays,
): void {
  const { direct, inflow, outflow, retained, flows, held } = arrays;
  const lanes = made.lanes.length;
  const zeros = () => new Array<bigint>(direct.length).fill(0n);
  const [into, out, named] = [zeros(), zeros(), zeros()];
  const add = (sums: bigint[], cell: number, units: bigint) => {
    sums[cell] = (sums[cell] as bigint) + units;
  };
  for (const [at, units] of flows.entries()) {
    const [edge, lane] = [Math.floor(at / lanes), at % lanes];
    expect(units).toBeGreaterThanOrEqual(0);
    add(out, (from[edge] as number) * lanes + lane, BigInt(units));
    add(into, (to[edge] as number) * lanes + lane, BigInt(units));
  }
  for (let at = 0; at < held.count; at++) {
    const cell = (held.node[at] as number) * lanes + (held.lane[at] as number);
    add(named, cell, BigInt(held.units[at] as number));
  }
  expect(Array.from(inflow, BigInt)).toEqual(into);
  expect(Array.from(outflow, BigInt)).toEqual(out);
  const rests = Array.from(
    direct,
    (own, cell) => BigInt(own) + (into[cell] as bigint) - (out[cell] as bigint),
  );
  expect(Array.from(retained, BigInt)).toEqual(rests);
  const product = nodeTypes.indexOf('product');
  expect(named).toEqual(
    rests.map((units, cell) => (types[Math.floor(cell / lanes)] === product ? 0n : units)),
  );
  for (let lane = 0; lane < lanes; lane++) {
    let came = 0n;
    for (const [key, units] of made.direct) {
      if (key.startsWith(`${day} `) && key.endsWith(` ${lane}`)) came += BigInt(units);
    }
    const all = rests.filter((_, cell) => cell % lanes === lane);
    expect(all.every((units) => units >= 0n)).toBe(true);
    expect(all.reduce((sum, units) => sum + units, 0n)).toBe(came);
  }
}

describe('a graph without circles', () => {
  const withMode = (made: MadeUp, mode: string) => alter.withDocument(made, { method: { cycles: { mode } } });

  it('comes to the same in all three modes', () => {
    alter.always({ mode: 'refuse', withCircles: false }, (made) => {
      const plain = bytesOf(snapshotsOf(made));
      expect(bytesOf(snapshotsOf(withMode(made, 'step_down')))).toEqual(plain);
      expect(bytesOf(snapshotsOf(withMode(made, 'reciprocal')))).toEqual(plain);
    });
  });

  it('comes to the same in all three with circles of edges that carry nothing', () => {
    alter.always({ mode: 'refuse', withCircles: false }, (given) => {
      const groups = given.document.groups.map((group) => ({ ...group, residual: 'keep' }));
      const made = alter.withDocument(given, { groups });
      const plain = causesOf(namesOf(made));
      for (const [mode] of alter.modes) {
        expect(causesOf(namesOf(withMode(alter.withIdleCircles(made), mode)))).toEqual(plain);
      }
    });
  });
});

describe.each(['javascript', 'webassembly'] as const)('in %s', (loops) => {
  it('a day without cost carries nothing of the day before', () => {
    const small: Small = {
      ...{ nodes: ['pool', 'A', 'B'], direct: {}, days: ['2026-10-01', '2026-10-02'] },
      edges: ['A', 'B'].map((to) => ({ from: 'pool', to, strategy: 'equal' })),
      lanes: [...oneLane, { dimension: 'Network', currency: 'EUR', side: 'charge' }],
      more: { loops, direct: (day) => Float64Array.from({ length: 10 }, () => (day === 0 ? 101 : 0)) },
    };
    const { allocation } = prepareSmall(small);
    expect(allocateDay(allocation, 0).flows).toContain(51);
    const { flows, inflow, outflow, retained, held, checks } = allocateDay(allocation, 1);
    for (const amounts of [flows, inflow, outflow, retained]) expect(new Set(amounts)).toEqual(new Set([0]));
    expect([held.count, checks.nodeBalance.broken]).toEqual([0, 0]);
  });
});

describe.each([7, 10])('with 400 nodes, several groups and %i lanes', (lanes) => {
  it.each(alter.modes)('both kinds of loops give the same bytes (%s)', (_, { mode }) => {
    const made = layeredAllocation({ nodes: 400, lanes, mode });
    const inJavascript = snapshotsOf(made, { loops: 'javascript' });
    expect(inJavascript.refused).toEqual([]);
    expect(inJavascript.days.map(({ flows }) => flows.some((units) => units > 0))).toEqual([
      true,
      true,
      true,
    ]);
    expect(bytesOf(snapshotsOf(made, { loops: 'webassembly' }))).toEqual(bytesOf(inJavascript));
  });
});
