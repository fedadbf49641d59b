import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Size } from './large-month.ts';
import { type Measured, measure } from './timed.ts';

const large: Size = { nodes: 10_000, edges: 50_000, days: 31, dimensions: 10 };
const huge: Size = { nodes: 100_000, edges: 1_000_000, days: 1, dimensions: 10 };
const rounds = 12;

/**
 * The allocation: the engine alone, each strategy beside a loop over the same arrays without rounding and checks; a month from bill to
 * lake beside writing the same files from ready arrays; the month again after one day has changed; an explanation; a day of a million
 * edges.
 */
export async function benchAllocation(cache: string): Promise<void> {
  await benchStrategies();
  await benchMonth(cache);
  await benchHuge(cache);
}

async function benchStrategies(): Promise<void> {
  const { nodes, edges, days, dimensions } = large;
  console.log(`\nengine, ${sizeOf(large)}: a month ÷ a bare loop (best of ${rounds})`);
  const measured = await measure(
    'allocate-strategies.ts',
    [nodes, edges, days, dimensions, rounds].map(String),
  );
  const figures = measured['figures'] as Record<string, Record<string, number>>;
  for (const [strategy, figure] of Object.entries(figures)) {
    const { ratio = 0, edgeLanesPerSecond = 0, engineMs, bareMs } = figure;
    const goal = strategy === 'equal' || strategy === 'proportional' ? '≤ 1.5' : '≤ 3';
    const rate = `${Math.round(edgeLanesPerSecond / 1e6)} M edge-lanes/s`;
    console.log(
      `  ${strategy.padEnd(30)} ${ratio.toFixed(2)}   ${engineMs} ms ÷ ${bareMs} ms, ${rate}   goal ${goal}`,
    );
  }
}

async function benchMonth(cache: string): Promise<void> {
  console.log(`\nallocation of a month, ${sizeOf(large)}: bill and usage in the lake → run in the lake`);
  const run = await runOf(cache, large);
  const { month, monthCpu, ready, readyCpu, again, againCpu, flows, monthPeakMb } = run;
  say('run', `${seconds(month)}, ${seconds(monthCpu)} of processor, ${flows} flow rows`);
  say('writing the same files from ready arrays', `${seconds(ready)}, ${seconds(readyCpu)} of processor`);
  say('run ÷ writing, by processor time', `${(number(monthCpu) / number(readyCpu)).toFixed(2)}   goal ≤ 4`);
  say('peak memory of the run', `${monthPeakMb} MB   goal ≤ 1500`);
  const { prepareMs = 0, firstMs = 0, medianMs = 0 } = run['explain'] as Record<string, number>;
  say('explanation of a product, median of 20 warm', `${Math.round(medianMs)} ms   goal < 300 ms`);
  say('the first one; made ready at publishing', `${Math.round(firstMs)} ms; ${seconds(prepareMs / 1000)}`);
  say(
    'one day changed',
    `${seconds(again)}, ${seconds(againCpu)} of processor, ${run['reusedDays']} days reused`,
  );
  say('one day ÷ month', `1/${(number(month) / number(again)).toFixed(1)}   goal ≤ 1/20`);
}

async function benchHuge(cache: string): Promise<void> {
  console.log(`\nallocation of one day, ${sizeOf(huge)}`);
  const { month, monthCpu, monthPeakMb, flows } = await runOf(cache, huge);
  say('run', `${seconds(month)}, ${seconds(monthCpu)} of processor, ${flows} flow rows`);
  say('peak memory', `${monthPeakMb} MB   goal ≤ 2000`);
}

/** Prepares and runs in processes of their own, so that the peak is that of the run. */
async function runOf(cache: string, size: Size): Promise<Measured> {
  const folder = await mkdtemp(join(cache, 'allocation-'));
  try {
    await measure('allocate-prepare.ts', [folder, JSON.stringify(size)]);
    return await measure('allocate-run.ts', [folder, JSON.stringify(size)]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sizeOf({ nodes, edges, days, dimensions }: Size): string {
  const [n, e] = [nodes, edges].map((count) => count.toLocaleString('en'));
  return `${n} nodes × ${e} edges × ${days} days × ${dimensions} dimensions`;
}

function say(what: string, figure: string): void {
  console.log(`  ${what.padEnd(42)} ${figure}`);
}

function number(value: unknown): number {
  return value as number;
}

function seconds(value: unknown): string {
  return `${number(value).toFixed(1)} s`;
}
