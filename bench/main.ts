import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { openEngine } from '../src/platform/warehouse/index.ts';
import { benchAllocation } from './allocate.ts';
import { benchApi } from './api.ts';
import { generateBenchCur } from './generate-cur.ts';
import { benchRecords } from './records.ts';
import { benchReports } from './reports.ts';
import { benchServe } from './serve.ts';
import { benchShowback } from './showback.ts';
import { measure } from './timed.ts';

/**
 * Speed as ratios against a baseline of the same run. `npm run bench` for 1.3 M rows and 10 M cost rows;
 * `npm run bench -- --full` adds 5 M rows; `npm run bench -- books` measures the records and the server only, `npm run bench --
 * allocation` the allocation only, `-- showback` costs of applications. Files are generated once and kept in bench/.cache.
 */
const full = process.argv.includes('--full');
const cache = join(import.meta.dirname, '.cache');
const threads = String(Math.min(4, availableParallelism()));
await mkdir(cache, { recursive: true });

console.log(
  `machine: ${cpus()[0]?.model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.versions.node}, ${threads} DuckDB threads`,
);
if (process.argv.includes('allocation')) {
  await benchAllocation(cache);
  process.exit();
}
if (process.argv.includes('showback')) {
  await benchShowback(cache);
  process.exit();
}
const bill = join(cache, 'cur-1300000.csv.gz');
/** `npm run bench -- books`: only the records and the server. */
if (!process.argv.includes('books')) {
  const peak = await benchImport(1_300_000, 3);
  if (full) {
    const larger = await benchImport(5_000_000, 1);
    line('peak memory, 5 M rows ÷ 1.3 M rows', (larger / peak).toFixed(2), '≤ 1.15');
  }
  await benchReports(cache);
  await benchApi(cache);
}
if (!existsSync(bill)) await generate(bill, 1_300_000);
await benchRecords();
await benchServe(cache, bill);
if (!process.argv.includes('books')) await benchAllocation(cache);

async function benchImport(rows: number, rounds: number): Promise<number> {
  const file = join(cache, `cur-${rows}.csv.gz`);
  if (!existsSync(file)) await generate(file, rows);
  const root = join(cache, `workspace-${rows}`);
  const target = join(cache, 'bare.parquet');
  console.log(`\nCUR v1 csv.gz, ${rows.toLocaleString('en')} rows × 130 columns`);
  const ratios = [];
  let peak = 0;
  for (let round = 1; round <= rounds; round++) {
    await rm(root, { recursive: true, force: true });
    await rm(target, { force: true });
    const bare = await measure('bare-copy.ts', [file, target, threads]);
    const imported = await measure('import-file.ts', [file, root, threads]);
    ratios.push(imported.milliseconds / bare.milliseconds);
    peak = Math.max(peak, imported.maxRssMb);
    console.log(
      `  round ${round}: bare copy ${seconds(bare)} (${bare.maxRssMb} MB), import ${seconds(imported)} (${imported.maxRssMb} MB), ${Math.round(rows / imported.milliseconds)} k rows/s`,
    );
  }
  line(`import ÷ bare copy (median of ${rounds})`, median(ratios).toFixed(2), '≤ 1.8');
  line('import process, peak', `${peak} MB`, '≤ 700 MB');
  const again = await measure('import-file.ts', [file, root, threads]);
  line(`unchanged re-import (${again['status']})`, seconds(again), '< 1 s');
  await rm(target, { force: true });
  return peak;
}

async function generate(file: string, rows: number): Promise<void> {
  const engine = await openEngine({ memoryLimitMb: 500, tempDirectory: join(cache, 'tmp') });
  console.log(`generating ${file} …`);
  await generateBenchCur(engine, file, rows);
  engine.close();
}

function seconds(measured: { readonly milliseconds: number }): string {
  return `${(measured.milliseconds / 1000).toFixed(2)} s`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function line(what: string, figure: string, goal: string): void {
  console.log(`  ${what.padEnd(42)} ${figure.padStart(10)}   goal ${goal}`);
}
