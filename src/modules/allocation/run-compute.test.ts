import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedClock } from '../../platform/kernel/index.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { filesOfRuns } from './late-costs.ts';
import { computeRun } from './run-compute.ts';
import type { AllocationRun } from './run-model.ts';
import { charge, openRunBench, personOf, type RunBench, smallGraph } from './testing/run-bench.ts';

const everyone = personOf();
const october = { graph: 'main', period: '2026-10' };
const bill = [
  charge('5', '10', 'db'),
  charge('5', '2.5', 'shop'),
  charge('6', '1', 'nobody', { Tags: '{}' }),
  charge('6', '7', 'db'),
  charge('6', '-1', 'db'),
  charge('7', '4.000000000123', 'mail'),
  charge('7', '0.000000000789', 'blog'),
];
const requests = [
  'node,day,metric,value',
  'app:shop,2026-10-05,requests,1',
  'app:blog,2026-10-05,requests,2',
  'app:shop,2026-10-07,requests,3',
].join('\n');

let bench: RunBench;
let first: AllocationRun;
beforeAll(async () => {
  bench = await openRunBench();
  await bench.publishGraph(smallGraph);
  await bench.bill('cloud', bill);
  await bench.usage(`${requests}\n`);
});
afterAll(() => bench.close());

/** Name of a file's day → SHA-256 of its content, dataset by dataset. */
async function contents(workspace: Workspace, run: AllocationRun): Promise<Record<string, string>> {
  const files = await filesOfRuns(workspace.lake, [run]);
  const found: Record<string, string> = {};
  for (const [dataset, paths] of Object.entries(files))
    for (const path of paths)
      found[`${dataset} ${basename(path).slice(-10, -8)}`] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
  return found;
}

/** A copy of the workspace without any allocation, over the same records. */
async function elsewhere<T>(work: (workspace: Workspace) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'finops-copy-'));
  await cp(bench.workspace.root, root, { recursive: true });
  const clock = fixedClock('2026-11-22T08:00:00Z');
  const workspace = openWorkspace({ root, threads: 1, clock });
  try {
    await workspace.lake.write((writer) =>
      writer.change('forget the runs', ({ partitions, discarded }) => ({
        partitions: partitions.filter(({ dataset }) => ['cost', 'usage', 'native'].includes(dataset)),
        discarded,
      })),
    );
    return await work(workspace);
  } finally {
    await workspace.close();
    await rm(root, { recursive: true, force: true });
  }
}

/** Forgets the rows of runs, so that nothing is known. */
async function forgetRuns(): Promise<void> {
  await bench.records.asOwner((tx) => tx.deleteFrom('allocation_run').execute());
}

async function rowsOf(run: AllocationRun, dataset: 'attribution' | 'allocation' | 'flow', columns: string) {
  const files = (await filesOfRuns(bench.workspace.lake, [run]))[dataset];
  const list = files.map((file) => `'${file}'`).join(', ');
  return bench.rows(
    `select ${columns} from read_parquet([${list}], file_row_number = true) order by filename, file_row_number`,
  );
}

describe('a run of a month', () => {
  beforeAll(async () => {
    first = (await computeRun(bench, everyone, october)).run;
  });

  it('says what a month comes to, and why what is unallocated is', () => {
    expect(first).toMatchObject({ state: 'computed', version: 1, entity: null, method: { scale: 9 } });
    expect(first.result.currencies).toEqual([
      {
        currency: 'USD',
        total: '23.500000000912',
        allocated: '16.5',
        unallocated: '7.000000000912',
        coverage: '0.67346938773',
        charges: '24.500000000912',
        allocatedCharges: '16.5',
        causes: [
          { cause: 'no_rule', amount: '1' },
          { cause: 'missing_driver', amount: '6' },
          { cause: 'rounding', amount: '0.000000000912' },
        ],
        qualities: [{ quality: 'measured', amount: '10' }],
        bridge: expect.arrayContaining([{ part: 'total', amount: '23.500000000912' }]),
        restated: [],
      },
    ]);
    expect(first.result.findings.map(({ code, params }) => [code, params['days']])).toContainEqual([
      'allocation.fellBack',
      1,
    ]);
    expect(first.result.made).toEqual({
      count: 1,
      nodes: [{ id: 'app:mail', type: 'product', application: null }],
    });
  });

  it('balances: every equation is held against what was written', () => {
    expect(first.result.checks.map(({ name, ok, difference }) => [name, ok, difference])).toEqual([
      ['attributionIsBill', true, '0'],
      ['directIsAttribution', true, '0'],
      ['directOfNodes', true, '0'],
      ['nodeBalance', true, '0'],
      ['inflowIsFlows', true, '0'],
      ['outflowIsFlows', true, '0'],
      ['retainedIsDirect', true, '0'],
      ['heldIsUnallocated', true, '0'],
      ['coverage', true, '0'],
    ]);
  });

  it('writes a row for each node, day, dimension, currency and side that has any amount', async () => {
    const columns = `strftime("ChargePeriodStart", '%d') as day, "Side" as side, "NodeId" as node, "Direct" as direct, "Inflow" as inflow, "Outflow" as outflow, "Retained" as retained, "ApplicationId" as application, "EntityId" as entity`;
    const rows = (await rowsOf(first, 'allocation', columns)).map((row) => Object.values(row).join(' '));
    expect(rows).toEqual([
      '05 charge app:blog 0 6.666666667 0 6.666666667  ',
      '05 charge app:shop 2.5 3.333333333 0 5.833333333 shop retail',
      '05 charge db 10 0 10 0  ',
      '06 charge db 7 0 0 7  ',
      '06 credit db -1 0 0 -1  ',
      '06 charge unattributed 1 0 0 1  ',
      '07 charge app:mail 4 0 0 4  ',
      '07 charge rounding 0.000000000912 0 0 0.000000000912  ',
    ]);
  });

  it('writes flows by receiver, and what stays with its cause', async () => {
    const columns = `strftime("ChargePeriodStart", '%d') as day, "Side" as side, "FromNode" as f, "FromIndex" as fi, coalesce("ToNode", '-') as t, "ToIndex" as ti, "Amount" as amount, "Quality" as quality, coalesce("Cause", '-') as cause`;
    const rows = (await rowsOf(first, 'flow', columns)).map((row) => Object.values(row).join(' '));
    expect(rows).toEqual([
      '05 charge db 2 app:blog 0 6.666666667 measured -',
      '05 charge db 2 app:shop 1 3.333333333 measured -',
      '06 charge unattributed  -  1 held no_rule',
      '06 charge db 2 -  7 held missing_driver',
      '06 credit db 2 -  -1 held missing_driver',
      '07 charge rounding  -  0.000000000912 held rounding',
    ]);
  });

  it('keeps every cent of the bill on its nodes', async () => {
    const rows = await rowsOf(first, 'attribution', `"NodeId" as node, "RuleId" as rule, "Cost" as cost`);
    expect(rows.map((row) => Object.values(row).join(' '))).toEqual([
      'app:shop applications 2.5',
      'db database 10',
      'db database 7',
      'db database -1',
      'unattributed  1',
      'app:blog applications 0.000000000789',
      'app:mail applications 4.000000000123',
    ]);
  });

  it('enters the history of its month: nobody reads it before it is published', async () => {
    const { partitions } = await bench.workspace.lake.current();
    const own = partitions.filter(({ source }) => source === 'graph~main');
    expect(
      own.map(({ dataset, current, history }) => [dataset, current, history.map(({ id }) => id)]),
    ).toEqual(['allocation', 'attribution', 'flow'].map((dataset) => [dataset, null, [first.id]]));
  });

  it('is found again instead of being computed again', async () => {
    const { generation } = await bench.workspace.lake.current();
    expect(await computeRun(bench, everyone, october)).toMatchObject({ known: true, run: { id: first.id } });
    expect((await bench.workspace.lake.current()).generation).toBe(generation);
  });

  it('has the same id and the same bytes in another workspace', async () => {
    const before = await contents(bench.workspace, first);
    expect(Object.keys(before)).toHaveLength(9);
    await forgetRuns();
    const other = await elsewhere(async (workspace) => {
      const { run, known } = await computeRun({ ...bench, workspace }, everyone, october);
      return { id: run.id, known, contents: await contents(workspace, run) };
    });
    expect(other).toEqual({ id: first.id, known: false, contents: before });
  });

  it('is computed again after a crash that kept its files and not its row', async () => {
    await forgetRuns();
    const { run, known } = await computeRun(bench, everyone, october);
    expect([known, run.id, run.snapshot]).toEqual([false, first.id, `${first.id}-2`]);
    expect(run.result.reusedDays).toBe(3);
    expect(await contents(bench.workspace, run)).toEqual(await contents(bench.workspace, first));
  });
});

describe('late costs of an open month', () => {
  it('compute the touched days again, and no other; as if all had been computed at once', async () => {
    const before = (await computeRun(bench, everyone, october)).run;
    await bench.bill('cloud', [...bill, charge('6', '0.25', 'wiki')]);
    const { run } = await computeRun(bench, everyone, october);
    expect(run.id).not.toBe(before.id);
    expect([run.result.days, run.result.reusedDays]).toEqual([3, 2]);
    const [was, is] = [await contents(bench.workspace, before), await contents(bench.workspace, run)];
    const changed = Object.keys(is).filter((name) => was[name] !== is[name]);
    expect(changed).toEqual(['attribution 06', 'allocation 06']);
    await forgetRuns();
    const atOnce = await elsewhere(async (workspace) => {
      const whole = (await computeRun({ ...bench, workspace }, everyone, october)).run;
      return [whole.id, whole.result.reusedDays, await contents(workspace, whole)];
    });
    expect(atOnce).toEqual([run.id, 0, is]);
  });

  it('are noticed when nothing but an amount, or nothing but its node has changed', async () => {
    const variations = [
      [charge('6', '7.5', 'db'), ['attribution 06', 'allocation 06', 'flow 06']],
      [charge('6', '7.5', 'blog'), ['attribution 06', 'allocation 06', 'flow 06']],
      [charge('6', '7', 'db'), ['attribution 06', 'allocation 06', 'flow 06']],
    ] as const;
    let before = (await computeRun(bench, everyone, october)).run;
    for (const [row, touched] of variations) {
      await bench.bill('cloud', [...bill.slice(0, 3), row, ...bill.slice(4), charge('6', '0.25', 'wiki')]);
      const { run } = await computeRun(bench, everyone, october);
      const [was, is] = [await contents(bench.workspace, before), await contents(bench.workspace, run)];
      expect(Object.keys(is).filter((name) => was[name] !== is[name])).toEqual(touched);
      before = run;
    }
  });

  it('leave findings of the days that were taken over as they are', async () => {
    const { run } = await computeRun(bench, everyone, october);
    expect(run.result.reusedDays).toBe(3);
    expect(run.result.findings.map(({ code, params }) => [code, params['days']])).toContainEqual([
      'allocation.fellBack',
      1,
    ]);
  });

  it('of usage touch the days on which it is used', async () => {
    await bench.usage(`${requests}\napp:blog,2026-10-06,requests,1\n`);
    const { run } = await computeRun(bench, everyone, october);
    expect([run.result.days, run.result.reusedDays]).toEqual([3, 2]);
    expect(run.result.currencies[0]?.causes.map(({ cause }) => cause)).toEqual(['no_rule', 'rounding']);
  });
});

describe('usage that is narrowed to segments', () => {
  it('weighs siblings by one measure, whatever the decimals of each segment', async () => {
    const by = (to: string, env: string) => ({
      ...{ from: 'db', to, strategy: 'segment_filtered_proportional' as const },
      params: { metric: 'requests', segment: { label: 'env', values: [env] } },
    });
    const edges = [by('app:shop', 'prod'), by('app:blog', 'test')];
    await bench.publishGraph({ ...smallGraph, edges }, { id: 'segments' });
    const header = 'node,day,metric,value,label.env';
    const lines = ['app:shop,2026-10-05,requests,1.5,prod', 'app:blog,2026-10-05,requests,2.25,test'];
    await bench.usage(`${[header, ...lines].join('\n')}\n`, { graph: 'segments' });
    const { run } = await computeRun(bench, everyone, { ...october, graph: 'segments' });
    const flows = await rowsOf(run, 'flow', '"ToNode" as node, "Amount" as amount');
    expect(flows.filter(({ node }) => node !== null)).toEqual([
      { node: 'app:blog', amount: '6' },
      { node: 'app:shop', amount: '4' },
    ]);
  });
});

describe('a new version of the graph', () => {
  it('leaves days as they are on which the same edges hold', async () => {
    const shares = { strategy: 'fixed_percent', params: { percent: '40' } } as const;
    const [shop, blog] = smallGraph.edges ?? [];
    const edges = [
      { ...shop, validTo: '2026-10-06' },
      { ...blog, validTo: '2026-10-06' },
      { from: 'db', to: 'app:shop', id: 'later', validFrom: '2026-10-06', ...shares },
    ];
    await bench.publishGraph({ ...smallGraph, edges } as typeof smallGraph);
    const { run } = await computeRun(bench, everyone, october);
    // On the 5th the same edges hold.
    expect([run.version, run.result.days, run.result.reusedDays]).toEqual([2, 3, 1]);
    expect(run.result.currencies[0]?.causes).toContainEqual({ cause: 'fixed', amount: '3.6' });
    const old = await computeRun(bench, everyone, { ...october, version: 1 });
    expect(old).toMatchObject({ run: { version: 1 } });
  });
});

describe('a charge that comes in several rows', () => {
  it('is the same cost: every day stays as it was', async () => {
    await bench.bill('cloud', bill);
    const before = await computeRun(bench, everyone, october);
    const [whole, ...others] = bill;
    expect(whole).toEqual(charge('5', '10', 'db'));
    const split = [charge('5', '3.333333333333', 'db'), charge('5', '6.666666666667', 'db'), ...others];
    await bench.bill('cloud', split);
    const { run, known } = await computeRun(bench, everyone, october);
    expect([known, run.id === before.run.id, run.result.reusedDays]).toEqual([false, false, 3]);
    expect(run.result.currencies).toEqual(before.run.result.currencies);
  });
});
