import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '../../platform/warehouse/index.ts';
import { type DriverRequest, readDrivers } from './drivers.ts';
import type { DriverKey } from './engine/types.ts';
import { graphDocumentSchema, type Segment, segmentOperators } from './model.ts';
import { openUsageBench, type UsageBench } from './testing/usage-bench.ts';

let bench: UsageBench;
beforeEach(async () => {
  bench = await openUsageBench();
});
afterEach(() => bench.close());

const nodes = ['checkout', 'db', 'search'];
type Metrics = Parameters<typeof graphDocumentSchema.parse>[0];
const documentOf = (metrics: unknown[]) => graphDocumentSchema.parse({ metrics } as Metrics);
const requests = documentOf([{ id: 'requests', from: 'usage' }]);

async function read(
  drivers: readonly DriverKey[],
  how: Partial<DriverRequest> = {},
  prepare: (session: Session) => Promise<void> = async () => {},
) {
  const engine = await bench.workspace.engine();
  return engine.session(async (session) => {
    await prepare(session);
    const { lake } = bench.workspace;
    const given = { graph: 'main', document: requests, period: '2026-10', nodes, lookBackDays: 0 };
    return readDrivers({ session, lake, drivers, ...given, ...how });
  });
}

/** Values of one day by node; null where there is none. */
function dayOf(values: Float64Array | undefined, day: number, count = nodes.length): (number | null)[] {
  return [...(values ?? []).slice(day * count, (day + 1) * count)].map((value) =>
    Number.isNaN(value) ? null : value,
  );
}

const header = 'node,day,metric,value';

describe('weights of a month', () => {
  it('are whole numbers by day and node, in the scale of the most exact value', async () => {
    await bench.importCsv(
      `${header}\nsearch,2026-10-01,requests,0.25\ndb,2026-10-01,requests,1.5\ndb,2026-10-31,requests,7\n`,
    );
    const { drivers, scales, snapshots, findings } = await read([{ metric: 'requests' }]);
    expect([drivers.from, drivers.days, scales]).toEqual(['2026-10-01', 31, [2]]);
    expect([0, 1, 30].map((day) => dayOf(drivers.values[0], day))).toEqual([
      [null, 150, 25],
      [null, null, null],
      [null, 700, null],
    ]);
    const [current] = (await bench.workspace.lake.current()).partitions;
    expect(snapshots).toEqual([
      { source: 'usage~main~csv', period: '2026-10', snapshot: current?.current?.id },
    ]);
    expect(findings).toEqual([]);
  });

  it('tell a value of 0 from none', async () => {
    await bench.importCsv(`${header}\nsearch,2026-10-02,requests,0\n`);
    const { drivers } = await read([{ metric: 'requests' }]);
    expect(dayOf(drivers.values[0], 1)).toEqual([null, null, 0]);
  });

  it('look back as many days as windows need, over months', async () => {
    await bench.importCsv(
      `${header}\ndb,2026-08-31,requests,9\ndb,2026-09-24,requests,1\ndb,2026-09-23,requests,8\ndb,2026-11-01,requests,7\n`,
    );
    const { drivers, snapshots } = await read([{ metric: 'requests' }], { lookBackDays: 7 });
    expect([drivers.from, drivers.days]).toEqual(['2026-09-24', 38]);
    expect(dayOf(drivers.values[0], 0)).toEqual([null, 1, null]);
    expect([...(drivers.values[0] ?? [])].filter((value) => !Number.isNaN(value))).toEqual([1]);
    expect(snapshots.map(({ period }) => period)).toEqual(['2026-09']);
  });

  it('add up rows of other labels and of other sources, and warn where two sources tell of one day', async () => {
    await bench.importCsv(`${header},label.zone\ndb,2026-10-01,requests,1,a\ndb,2026-10-01,requests,2,b\n`);
    await bench.importCsv(`${header}\ndb,2026-10-01,requests,4\nsearch,2026-10-01,requests,8\n`, {
      source: 'other',
    });
    const { drivers, findings } = await read([{ metric: 'requests' }]);
    expect(dayOf(drivers.values[0], 0)).toEqual([null, 7, 8]);
    expect(findings.map(({ code, params }) => [code, params['cells'], params['sources']])).toEqual([
      ['usageOfSeveralSources', 1, ['csv', 'other']],
    ]);
  });

  it('are of this graph alone', async () => {
    await bench.importCsv(`${header}\ndb,2026-10-01,requests,1\n`);
    const { drivers, findings, snapshots } = await read([{ metric: 'requests' }], { graph: 'mai' });
    expect(dayOf(drivers.values[0], 0)).toEqual([null, null, null]);
    expect([findings.map(({ code }) => code), snapshots]).toEqual([['metricWithoutValues'], []]);
  });

  it('are read as they were, where an earlier reading names its contents', async () => {
    await bench.importCsv(`${header}\ndb,2026-10-01,requests,1\n`);
    const before = await read([{ metric: 'requests' }]);
    await bench.importCsv(`${header}\ndb,2026-10-01,requests,2\n`);
    const { snapshots } = before;
    const again = await read([{ metric: 'requests' }], { snapshots });
    expect(again).toEqual(before);
    expect(dayOf((await read([{ metric: 'requests' }])).drivers.values[0], 0)).toEqual([null, 2, null]);
    const none = await read([{ metric: 'requests' }], { snapshots: [] });
    expect(none.findings.map(({ code }) => code)).toEqual(['metricWithoutValues']);
  });

  it('leave out nodes that the graph does not have, and say so', async () => {
    await bench.importCsv(`${header}\nghost,2026-10-01,requests,5\ndb,2026-10-01,requests,1\n`);
    const { drivers, findings } = await read([{ metric: 'requests' }]);
    expect(dayOf(drivers.values[0], 0)).toEqual([null, 1, null]);
    expect(findings).toMatchObject([
      { code: 'usageOfUnknownNodes', severity: 'info', params: { nodes: 1, examples: ['ghost'] } },
    ]);
  });

  it('take only the unit that the graph declares, and rows that name none', async () => {
    await bench.importCsv(`${header},unit\ndb,2026-10-01,requests,1,k\n`);
    await bench.importCsv(`${header},unit\nsearch,2026-10-01,requests,2,m\n`, { source: 'b' });
    await bench.importCsv(`${header}\ncheckout,2026-10-01,requests,3\n`, { source: 'c' });
    const document = documentOf([{ id: 'requests', from: 'usage', unit: 'k' }]);
    const { drivers, findings, units } = await read([{ metric: 'requests' }], { document });
    expect(dayOf(drivers.values[0], 0)).toEqual([3, 1, null]);
    expect(units).toEqual({ requests: 'k' });
    expect(findings).toMatchObject([{ code: 'usageInOtherUnits', params: { rows: 1, otherUnits: ['m'] } }]);
  });

  it('are none where units differ and none is declared', async () => {
    await bench.importCsv(`${header},unit\ndb,2026-10-01,requests,1,k\n`);
    await bench.importCsv(`${header},unit\nsearch,2026-10-01,requests,2,m\n`, { source: 'b' });
    const { drivers, findings, units } = await read([{ metric: 'requests' }]);
    expect(dayOf(drivers.values[0], 0)).toEqual([null, null, null]);
    expect(units).toEqual({ requests: null });
    expect(findings).toMatchObject([
      { code: 'metricInSeveralUnits', severity: 'error', params: { units: ['k', 'm'] } },
    ]);
  });

  it('come from the bill where the graph says so, and not below 0', async () => {
    await bench.importCsv(`${header}\ndb,2026-10-01,gb,99\ndb,2026-10-01,requests,1\n`);
    const document = documentOf([
      { id: 'requests', from: 'usage' },
      { id: 'gb', from: 'quantity', unit: 'GB' },
    ]);
    const { drivers, findings, scales } = await read(
      [{ metric: 'gb' }, { metric: 'requests' }],
      { document, billMetrics: 'bill_metric' },
      async (session) => {
        await session.run(
          `create temp table bill_metric as select * from (values
  ('gb', 'db', timestamp '2026-10-01', 0.5::decimal(38,12)), ('gb', 'db', timestamp '2026-10-01', 0.125),
  ('gb', 'search', timestamp '2026-10-01', -1), ('gb', 'db', timestamp '2026-09-30', 7), ('gb', 'db', timestamp '2026-11-01', 0.0625), ('requests', 'db', timestamp '2026-10-01', 7)
) as t("Metric", "NodeId", "Day", "Value")`,
        );
      },
    );
    expect([dayOf(drivers.values[0], 0), dayOf(drivers.values[1], 0)]).toEqual([
      [null, 625, 0],
      [null, 1, null],
    ]);
    expect(scales).toEqual([3, 0]);
    expect(findings).toMatchObject([{ code: 'negativeWeights', params: { cells: 1 } }]);
  });
});

describe('a segment', () => {
  const rows: readonly (readonly [string, Record<string, string>, number])[] = [
    ['checkout', { env: 'prod', 'a/b~"c': 'x' }, 1],
    ['checkout', { env: 'test' }, 2],
    ['checkout', {}, 4],
    ['db', { env: 'test' }, 8],
    ['search', { 'env ': 'prod' }, 16],
  ];
  const file = `${header},labels\n${rows
    .map(
      ([node, labels, value]) =>
        `${node},2026-10-01,requests,${value},"${JSON.stringify(labels).replaceAll('"', '""')}"`,
    )
    .join('\n')}\n`;

  it.each<[Partial<Segment> & { label: string }, (number | null)[]]>([
    [{ label: 'env', operator: 'eq', values: ['prod'] }, [1, 0, 0]],
    [{ label: 'env', operator: 'in', values: ['prod', 'test'] }, [3, 8, 0]],
    [{ label: 'env', operator: 'neq', values: ['prod'] }, [6, 8, 16]],
    [{ label: 'env', operator: 'not_in', values: ['prod', 'test'] }, [4, 0, 16]],
    [{ label: 'env', operator: 'exists', values: [] }, [3, 8, 0]],
    [{ label: 'env', operator: 'not_exists', values: [] }, [4, 0, 16]],
    [{ label: 'a/b~"c', operator: 'eq', values: ['x'] }, [1, 0, 0]],
    [{ label: `env') or ('1' = '1`, operator: 'eq', values: [`prod' or '1'='1`] }, [0, 0, 0]],
    [{ label: 'env', operator: 'eq', values: [`prod"`] }, [0, 0, 0]],
  ])(
    '%j takes what fits, 0 where a node has only other rows, and nothing where it has none',
    async (segment, expected) => {
      await bench.importCsv(file);
      const { drivers } = await read([{ metric: 'requests', segment: JSON.stringify(segment) }]);
      expect(dayOf(drivers.values[0], 0)).toEqual(expected);
      expect(dayOf(drivers.values[0], 1)).toEqual([null, null, null]);
    },
  );

  it('and its opposite are the whole, whatever the labels', async () => {
    await bench.importCsv(file);
    const opposites = { eq: 'neq', in: 'not_in', exists: 'not_exists' } as const;
    for (const [operator, opposite] of Object.entries(opposites)) {
      const values = operator === 'exists' ? [] : ['prod'];
      const keys = [operator, opposite].map((one) => ({
        metric: 'requests',
        segment: JSON.stringify({ label: 'env', operator: one, values }),
      }));
      const { drivers } = await read([...keys, { metric: 'requests' }]);
      const [fits, rest, whole] = drivers.values.map((values) => dayOf(values, 0));
      expect(whole).toEqual(fits?.map((value, node) => (value ?? 0) + (rest?.[node] ?? 0)));
    }
    expect(segmentOperators).toHaveLength(6);
  });
});

describe('exactness', () => {
  it('keeps twelve decimals, and numbers beyond 2⁵³ by coarser units only, which is told', async () => {
    await bench.importCsv(
      `${header}\ndb,2026-10-01,requests,0.000000000001\nsearch,2026-10-01,requests,999999999999999999\ndb,2026-10-02,requests,150\ndb,2026-10-03,requests,500\ndb,2026-10-04,requests,1499\n`,
    );
    const { drivers, scales, findings } = await read([{ metric: 'requests' }]);
    expect(scales).toEqual([-3]);
    expect([0, 1, 2, 3].map((day) => dayOf(drivers.values[0], day))).toEqual([
      [null, 0, 1_000_000_000_000_000],
      [null, 0, null],
      [null, 1, null],
      [null, 1, null],
    ]);
    expect(findings).toMatchObject([
      { code: 'driverRounded', params: { metric: 'requests', scale: -3, decimals: 12, lost: 2 } },
    ]);
    const small = `${header}\ndb,2026-10-01,requests,9007.199254740979\nsearch,2026-10-01,requests,0.000000000009\n`;
    await bench.importCsv(small);
    expect(await read([{ metric: 'requests' }])).toMatchObject({
      scales: [12],
      findings: [],
      drivers: { values: [expect.anything()] },
    });
    await bench.importCsv(small.replace('9007', '9008'));
    expect((await read([{ metric: 'requests' }])).scales).toEqual([11]);
  });

  it('makes of any values whole numbers whose sum of a day is below 2⁵³, each within half a unit', async () => {
    const cell = fc.record({
      node: fc.constantFrom(...nodes),
      day: fc.integer({ min: 1, max: 3 }),
      units: fc.bigInt({ min: 0n, max: 10n ** 24n }),
      zeros: fc.integer({ min: 0, max: 12 }),
    });
    const month = fc.uniqueArray(cell, {
      minLength: 1,
      maxLength: 9,
      selector: ({ node, day }) => `${node} ${day}`,
    });
    await fc.assert(
      fc.asyncProperty(month, async (cells) => {
        const exact = cells.map(({ units, zeros }) => (units / 10n ** BigInt(zeros)) * 10n ** BigInt(zeros));
        const rows = cells.map(({ node, day }, index) => {
          const digits = String(exact[index]).padStart(13, '0');
          return `${node},2026-10-0${day},requests,${digits.slice(0, -12)}.${digits.slice(-12)}`;
        });
        await bench.importCsv(`${header}\n${rows.join('\n')}\n`);
        const { drivers, scales, findings } = await read([{ metric: 'requests' }]);
        const scale = scales[0] as number;
        const unit = 10n ** BigInt(12 - scale);
        const found = cells.map(
          ({ node, day }) => drivers.values[0]?.[(day - 1) * nodes.length + nodes.indexOf(node)] as number,
        );
        found.forEach((value, index) => {
          expect(Number.isInteger(value)).toBe(true);
          const distance = 2n * (BigInt(value) * unit - (exact[index] as bigint));
          expect(distance <= unit && distance > -unit).toBe(true);
        });
        for (const day of [0, 1, 2]) {
          const sum = dayOf(drivers.values[0], day).reduce(
            (total: bigint, value) => total + BigInt(value ?? 0),
            0n,
          );
          expect(sum < 2n ** 53n).toBe(true);
        }
        const isExact = found.every((value, index) => BigInt(value) * unit === exact[index]);
        expect(isExact || findings.some(({ code }) => code === 'driverRounded')).toBe(true);
      }),
      { numRuns: 25, seed: 11 },
    );
  });
});
