import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runDemo } from '../src/apps/demo/run-demo.ts';
import { costDataset } from '../src/modules/focus/index.ts';
import { listReports, runReport } from '../src/modules/reporting/index.ts';
import { everything } from '../src/platform/kernel/index.ts';
import {
  costQuerySchema,
  type Engine,
  literal,
  openWorkspace,
  runCostQuery,
  type Workspace,
} from '../src/platform/warehouse/index.ts';

const goalRows = 10_000_000;

/** Every report over 10 M cost rows: the demo's months, copied under many sources with costs of their own. */
export async function benchReports(cache: string): Promise<void> {
  const root = join(cache, 'cost-rows');
  if (!existsSync(root)) await makeRows(cache, root);
  const workspace = openWorkspace({ root, threads: 2, memoryLimitMb: 2000 });
  const engine = await workspace.engine();
  const selection = await workspace.lake.select(everything, costDataset);
  console.log(`\nreports over ${selection.rows.toLocaleString('en')} cost rows in ${selection.files} files`);
  const inputs = { dataset: costDataset, selection, scope: everything };
  for (const { name, parameters } of listReports()) {
    const given = Object.fromEntries(
      parameters
        .filter(({ required }) => required)
        .map((parameter) => [parameter.name, example[parameter.name] ?? 'x']),
    );
    const started = performance.now();
    const { rows } = await runReport(engine, { ...inputs, name, parameters: given, limit: 100 });
    const milliseconds = performance.now() - started;
    const rate = (selection.rows / milliseconds / 1000).toFixed(1);
    console.log(
      `  ${name.padEnd(52)} ${milliseconds.toFixed(0).padStart(6)} ms  ${rate.padStart(6)} M rows/s  ${rows.length} rows`,
    );
  }
  await benchFiles(workspace, engine);
  await workspace.close();
}

/** Values for required parameters; they need not find anything, the scan is the same. */
const example: Readonly<Record<string, string>> = {
  tag: 'app',
  provider: 'AWS',
  'sub-account': '400000000001',
  budget: '1000',
  currency: 'USD',
  unit: 'Tokens',
};

/** A query of two months opens the files of two months, and no other. */
async function benchFiles(workspace: Workspace, engine: Engine): Promise<void> {
  const range = { from: '2026-08', to: '2026-09' };
  const selection = await workspace.lake.select(everything, costDataset, range);
  const query = costQuerySchema.parse({
    measures: [{ sum: 'BilledCost' }],
    dimensions: [{ column: 'ServiceName' }],
    ...range,
  });
  const started = performance.now();
  await runCostQuery(engine, { dataset: costDataset, selection, scope: everything, query });
  const milliseconds = performance.now() - started;
  const [plan] = await engine.rows(`explain analyze select sum(BilledCost) from ${selection.relation}`);
  const read = [...JSON.stringify(plan).matchAll(/Total Files Read: (\d+)/g)].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  );
  console.log(
    `  two months by service: ${milliseconds.toFixed(0)} ms, ${selection.rows.toLocaleString('en')} rows; files of the months asked ${selection.files}, files opened ${read}`,
  );
}

async function makeRows(cache: string, root: string): Promise<void> {
  const folder = join(cache, 'demo');
  console.log('\ngenerating 10 M cost rows …');
  const demo = await runDemo({ folder, scale: 's', seed: 1, onStep: () => {} });
  const source = openWorkspace({ root: demo.workspace });
  const target = openWorkspace({ root, threads: 2, memoryLimitMb: 1000 });
  const engine = await target.engine();
  const manifest = await source.lake.current();
  const months = manifest.partitions.filter((p) => p.dataset === 'cost' && p.current);
  const rows = months.reduce(
    (sum, p) => sum + (p.current?.files.reduce((n, file) => n + file.rows, 0) ?? 0),
    0,
  );
  const copies = Math.ceil(goalRows / rows);
  await target.lake.write(async (writer) => {
    const sealed = [];
    for (const month of months) {
      const id = `bench-${month.period}`;
      const files = month.current?.files.map((file) => literal(source.lake.resolve(file.path))).join(', ');
      const { path, absolute } = await writer.newFile(
        join('cost', month.source, month.period),
        `${id}.parquet`,
      );
      const [count] = await engine.rows(
        `copy (select t.* replace (t.BilledCost * (1 + c.i)::decimal(4,0) as BilledCost, t.x_SourceRow + c.i * 1000000 as x_SourceRow)
          from read_parquet([${files}], union_by_name = true) t, range(${copies}) c(i)) to ${literal(absolute)} (format parquet, compression zstd, row_group_size 122880)`,
      );
      const copied = Number(count?.['Count']);
      const totals = (month.current?.currencies ?? []).map((currency) => ({
        currency,
        rows: copied,
        sums: { BilledCost: null },
      }));
      sealed.push(
        await writer.seal({
          id,
          dataset: 'cost',
          source: month.source,
          period: month.period,
          files: [{ path, rows: copied }],
          extraColumns: month.current?.extraColumns ?? [],
          currencyColumn: null,
          totals,
          delivery: { key: 'bench', fingerprint: id },
          final: true,
          raw: [],
          origin: null,
        }),
      );
    }
    await writer.publish('bench rows', sealed);
  });
  await source.close();
  await target.close();
}
