import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { literal } from '../../platform/warehouse/index.ts';
import { checksOf, largest, readWritten } from './checks.ts';
import type { WrittenFiles } from './checks-sql.ts';
import { filesOfRuns } from './late-costs.ts';
import { publishRun } from './publish-run.ts';
import { computeRun } from './run-compute.ts';
import type { AllocationRun } from './run-model.ts';
import { computeAndPublish } from './run-outcome.ts';
import { addTo, type Doctor, doctored } from './testing/doctor.ts';
import { charge, openRunBench, personOf, type RunBench, smallGraph } from './testing/run-bench.ts';

const everyone = personOf();
const october = { graph: 'main', period: '2026-10' };
const nano = { units: 1n, scale: 9 };

let bench: RunBench;
let run: AllocationRun;
let files: WrittenFiles;
beforeAll(async () => {
  bench = await openRunBench();
  await bench.publishGraph(smallGraph);
  await bench.bill('cloud', [charge('5', '10', 'db'), charge('5', '2.5', 'shop'), charge('6', '7', 'db')]);
  await bench.usage(
    'node,day,metric,value\napp:shop,2026-10-05,requests,1\napp:blog,2026-10-05,requests,2\n',
  );
  run = (await computeRun(bench, everyone, october)).run;
  files = await filesOfRuns(bench.workspace.lake, [run]);
});
afterAll(() => bench.close());

let copies = 0;

/** The files, with the rows of one dataset as a statement gives them. */
async function withRows(dataset: keyof WrittenFiles, select: string): Promise<WrittenFiles> {
  const target = `${bench.root}/doctored-${++copies}.parquet`;
  const list = files[dataset].map(literal).join(', ');
  const engine = await bench.workspace.engine();
  await engine.run(
    `copy (${select.replace('given', `read_parquet([${list}])`)}) to ${literal(target)} (format parquet)`,
  );
  return { ...files, [dataset]: [target] };
}

const expected = [{ origin: '2026-10', currency: 'USD', cost: '19.5' }];

async function broken(written: WrittenFiles): Promise<Record<string, string>> {
  const engine = await bench.workspace.engine();
  const part = await engine.session((session) => readWritten(session, written, nano));
  const checks = checksOf([part], expected).filter(({ ok }) => !ok);
  return Object.fromEntries(checks.map(({ name, difference }) => [name, difference]));
}

const change = (column: string, by: string, where: string) =>
  `select * replace (case when ${where} then ${column} ${by} else ${column} end as ${column}) from given`;

describe('the checks of a run', () => {
  it('find nothing in what a run has written', async () => {
    expect(await broken(files)).toEqual({});
  });

  it.each<[string, keyof WrittenFiles, string, Record<string, string>]>([
    [
      'a cent more on the bill than was attributed',
      'attribution',
      change('"Cost"', '- 0.01', `"NodeId" = 'app:shop'`),
      { attributionIsBill: '-0.01', directIsAttribution: '0.01', directOfNodes: '0.01' },
    ],
    [
      'a cost that was attributed to another node than it was allocated from',
      'attribution',
      `select * replace (case when "NodeId" = 'app:shop' then 'app:blog' else "NodeId" end as "NodeId") from given`,
      { directOfNodes: '2.5' },
    ],
    [
      'a direct cost that is not on the bill',
      'allocation',
      change('"Direct"', '+ 0.000000001', `"NodeId" = 'app:shop'`),
      {
        directIsAttribution: '0.000000001',
        directOfNodes: '0.000000001',
        nodeBalance: '0.000000001',
        retainedIsDirect: '0.000000001',
      },
    ],
    [
      'a cost that vanishes on a node',
      'allocation',
      change('"Retained"', '- 0.5', `"NodeId" = 'app:blog'`),
      { nodeBalance: '0.5', retainedIsDirect: '0.5', coverage: '0.5' },
    ],
    [
      'an inflow that no edge carried',
      'allocation',
      `select * replace (case when "NodeId" = 'app:blog' then "Inflow" + 1 else "Inflow" end as "Inflow",
        case when "NodeId" = 'app:blog' then "Direct" - 1 else "Direct" end as "Direct") from given`,
      { directIsAttribution: '1', directOfNodes: '1', inflowIsFlows: '1', retainedIsDirect: '1' },
    ],
    [
      'a flow that nobody sent',
      'flow',
      change('"Amount"', '+ 1', `"ToNode" = 'app:blog'`),
      { inflowIsFlows: '1', outflowIsFlows: '1' },
    ],
    [
      'a flow to another node than it is said to have reached',
      'flow',
      `select * replace (case when "ToNode" = 'app:blog' then 'app:shop' else "ToNode" end as "ToNode") from given`,
      { inflowIsFlows: '6.666666667' },
    ],
    [
      'cost that stays without a cause',
      'flow',
      `select * from given where "ToNode" is not null`,
      { heldIsUnallocated: '7', coverage: '7' },
    ],
    [
      'cost that stays on a product with a cause',
      'allocation',
      `select * replace (case when "NodeId" = 'db' then 'product' else "NodeType" end as "NodeType") from given`,
      { heldIsUnallocated: '7', coverage: '-7' },
    ],
    [
      'rows that are lost',
      'allocation',
      `select * from given where "NodeId" <> 'app:shop'`,
      {
        directIsAttribution: '2.5',
        directOfNodes: '2.5',
        inflowIsFlows: '3.333333333',
        retainedIsDirect: expect.any(String) as never,
        coverage: expect.any(String) as never,
      },
    ],
  ])('find %s', async (_, dataset, select, found) => {
    expect(await broken(await withRows(dataset, select))).toMatchObject(found);
  });

  it('know the largest difference by its size, whatever its sign', () => {
    expect(largest(['0', '1', '-2', '1.5'])).toBe('-2');
    expect(largest([])).toBe('0');
  });
});

/** Of the first two rows, both of products: direct and retained. */
const moveTwoUnits: Doctor = (table, columns, count) =>
  table === 'day_node' && count > 1
    ? columns.map((values, at) => {
        if (!(values instanceof Float64Array) || ![2, 5].includes(at)) return values;
        const [first = 0, second = 0, ...rest] = values;
        return Float64Array.from([first + 2, second - 2, ...rest]);
      })
    : columns;

describe('a run whose books are broken on the way to the lake', () => {
  const cases: readonly (readonly [string, Doctor, readonly string[]])[] = [
    ['one flow is a unit larger', addTo('day_flow', 2, 1), ['inflowIsFlows', 'outflowIsFlows']],
    ['one node keeps a unit less', addTo('day_node', 5, -1), ['nodeBalance', 'retainedIsDirect']],
    ['a product has two units of another one', moveTwoUnits, ['directOfNodes']],
    ['something held is a unit larger', addTo('day_held', 2, 1), ['heldIsUnallocated', 'coverage']],
  ];

  it.each(cases)('%s: it is failed, leaves no figures and is never published', async (_, doctor, names) => {
    const world = { ...bench, workspace: doctored(bench.workspace, doctor) };
    await bench.records.asOwner((tx) => tx.deleteFrom('allocation_run').execute());
    await bench.bill('cloud', [
      charge('5', String(10 + ++copies), 'db'),
      charge('6', String(7 + copies), 'db'),
    ]);
    const { generation } = await bench.workspace.lake.current();
    const outcome = await computeAndPublish(world, everyone, { month: '2026-10', publish: true });
    expect(outcome).toMatchObject({
      state: 'failed',
      snapshot: null,
      refused: { code: 'allocation.unbalanced', exitCode: 6 },
    });
    const found = outcome.checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(found).toEqual(expect.arrayContaining([...names]));
    expect((await bench.workspace.lake.current()).generation).toBe(generation);
    await expect(publishRun(bench, everyone, outcome.run)).rejects.toMatchObject({ exitCode: 6 });
    const mended = await computeAndPublish(bench, everyone, { month: '2026-10', publish: true });
    expect(mended).toMatchObject({ run: outcome.run, state: 'published', refused: null });
  });
});
