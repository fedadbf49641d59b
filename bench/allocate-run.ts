import { join } from 'node:path';
import { filesOfRuns } from '../src/modules/allocation/late-costs.ts';
import { publishRun } from '../src/modules/allocation/publish-run.ts';
import { computeRun } from '../src/modules/allocation/run-compute.ts';
import type { AllocationRun } from '../src/modules/allocation/run-model.ts';
import { systemCaller } from '../src/platform/kernel/index.ts';
import { openRecords } from '../src/platform/records/index.ts';
import { identifier, literal, openWorkspace } from '../src/platform/warehouse/index.ts';
import { benchExplain } from './allocate-explain.ts';
import { nodeId } from './large-graph.ts';
import { type Size, writeBill } from './large-month.ts';
import { report } from './timed.ts';

/**
 * A month of a large graph, from the bill's Parquet to the published run: `node allocate-run.ts <folder> <size as JSON>`. Beside it: the month again after one day's cost has changed; writing the same files from ready arrays, day by day.
 */
const folder = process.argv[2] as string;
const size = JSON.parse(process.argv[3] as string) as Size;
const { days } = size;
const period = '2026-10';
const daysWritten = 4;
const records = await openRecords({ root: folder, databaseUrl: undefined });
const workspace = openWorkspace({ root: folder, threads: 2 });
const wish = { graph: 'main', period };
const world = { workspace, records };
const began = performance.now();
const month = await timed(() => computeRun(world, systemCaller, wish));
const monthPeakMb = Math.round(process.resourceUsage().maxRSS / 1024);
const { run } = month.value;
if (run.state !== 'computed') throw new Error(JSON.stringify(run.result.checks));
await publishRun(world, systemCaller, run.id);
const facts = { monthPeakMb, month: month.seconds, monthCpu: month.cpu, flows: run.result.rows.flow };
const further =
  days > 1
    ? { ...(await explainProducts()), ...(await computeAgain()), ...(await writeReadyArrays(run)) }
    : {};
await workspace.close();
await records.close();
report(performance.now() - began, { ...facts, ...further });

/** Products from the last layer, each asked for once. */
async function explainProducts() {
  const products = Array.from({ length: 41 }, (_, at) => nodeId(size.nodes - 1 - at * 37));
  return { explain: await benchExplain(workspace, { month: period, products }) };
}

/** The month again, after the cost of one day has changed. */
async function computeAgain() {
  await writeBill(workspace, size, 'case when day = 7 and node % 97 = 3 then 1 else 0 end');
  const { value, seconds, cpu } = await timed(() => computeRun(world, systemCaller, wish));
  return { again: seconds, againCpu: cpu, reusedDays: value.run.result.reusedDays };
}

interface Timed<T> {
  readonly value: T;
  readonly seconds: number;
  /** Processor seconds of all threads. */
  readonly cpu: number;
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const start = performance.now();
  const before = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return { value, seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

/**
 * Writes files that the run has written once more, from arrays that are there already: the least that any run has to do. Some of
 * its days, each with its files of flows and of nodes, counted for all.
 */
async function writeReadyArrays(run: AllocationRun) {
  const files = await filesOfRuns(workspace.lake, [run]);
  const engine = await workspace.engine();
  const target = join(folder, 'ready.parquet');
  let seconds = 0;
  let cpu = 0;
  await engine.session(async (session) => {
    for (const file of [...files.flow.slice(0, daysWritten), ...files.allocation.slice(0, daysWritten)]) {
      const described = await session.rows(`describe select * from ${literal(file)}`);
      const kinds = described.map((row) => kindOf(String(row['column_type'])));
      const names = described.map((row) => identifier(String(row['column_name'])));
      const columns = await session.columns(
        `select ${names.map((name, at) => kinds[at]?.read(name)).join(', ')} from ${literal(file)}`,
      );
      const arrays = columns as Parameters<typeof session.append>[1];
      const written = await timed(async () => {
        await session.run(
          `create or replace temp table ready (${kinds.map(({ type }, at) => `c${at} ${type}`).join(', ')})`,
        );
        await session.append('ready', arrays, arrays[0]?.length ?? 0);
        await session.run(
          `copy (select ${kinds.map(({ write }, at) => `${write(`c${at}`)} as c${at}`).join(', ')} from ready)
  to ${literal(target)} (format parquet, compression zstd, compression_level 1, row_group_size 20480)`,
        );
      });
      seconds += written.seconds;
      cpu += written.cpu;
    }
  });
  return { ready: (seconds * days) / daysWritten, readyCpu: (cpu * days) / daysWritten };
}

/** How a column is held in an array: amounts as whole units, times as numbers. */
function kindOf(type: string): {
  readonly type: string;
  readonly read: (name: string) => string;
  readonly write: (name: string) => string;
} {
  if (type.startsWith('DECIMAL')) {
    return {
      type: 'bigint',
      read: (name) => `(${name} * 1000000000)::double`,
      write: (name) => `(${name}::decimal(28, 0) * 0.000000001::decimal(9, 9))::decimal(38, 12)`,
    };
  }
  if (type === 'BIGINT')
    return { type: 'integer', read: (name) => `coalesce(${name}, 0)::integer`, write: (name) => name };
  if (type.startsWith('TIMESTAMP')) {
    return {
      type: 'double',
      read: (name) => `epoch(${name})`,
      write: (name) => `to_timestamp(${name})::timestamp`,
    };
  }
  return { type: 'varchar', read: (name) => `coalesce(${name}, '')`, write: (name) => name };
}
