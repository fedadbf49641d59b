import { join } from 'node:path';
import { readServerFile, serve } from '../src/apps/server/index.ts';
import { costDataset } from '../src/modules/focus/index.ts';
import { loadConfig } from '../src/platform/config/index.ts';
import { everything } from '../src/platform/kernel/index.ts';
import { compileCostQuery } from '../src/platform/warehouse/compile-cost-query.ts';
import { type CostQueryInput, costQuerySchema, openWorkspace } from '../src/platform/warehouse/index.ts';

const rounds = 50;

/** What the API adds to the bare statement: manifest, compilation, JSON, HTTP over a real socket. Medians of 50. */
export async function benchApi(cache: string): Promise<void> {
  const workspace = openWorkspace({ root: join(cache, 'demo', 'data'), threads: 2 });
  const config = loadConfig({ flags: { 'server.port': '0' }, env: {}, cwd: cache });
  const server = await serve({ workspace, config });
  const { secret } = (await readServerFile(workspace.root)) as { secret: string };
  console.log('\nAPI over the bare SQL (demo workspace, real socket, median of 50)');
  for (const [name, input] of Object.entries(queries)) {
    const query = costQuerySchema.parse(input);
    const selection = await workspace.lake.select(everything, costDataset, input);
    const compiled = compileCostQuery({ dataset: costDataset, selection, scope: everything, query });
    const engine = await workspace.engine();
    const bare = await median(() => engine.rows(compiled.sql, compiled.values));
    let bytes = 0;
    const api = await median(async () => {
      const answer = await fetch(`${server.url}/api/v1/cost-queries`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
        body: JSON.stringify(input),
      });
      bytes = (await answer.text()).length;
      if (!answer.ok) throw new Error(`${answer.status}`);
    });
    console.log(
      `  ${name.padEnd(28)} bare ${bare.toFixed(1).padStart(6)} ms  api ${api.toFixed(1).padStart(6)} ms  overhead ${(api - bare).toFixed(1).padStart(5)} ms  goal ≤ 30 ms  (${Math.round(bytes / 1000)} kB)`,
    );
  }
  await server.close();
  await workspace.close();
}

const queries: Readonly<Record<string, CostQueryInput>> = {
  'by service': { measures: [{ sum: 'EffectiveCost' }], dimensions: [{ column: 'ServiceName' }] },
  'by month, account, service': {
    measures: [{ sum: 'BilledCost' }, { sum: 'EffectiveCost' }],
    dimensions: [{ grain: 'month' }, { column: 'SubAccountId' }, { column: 'ServiceName' }],
    limit: 1000,
  },
  '10,000 resources': {
    measures: [{ sum: 'EffectiveCost' }],
    dimensions: [{ grain: 'month' }, { column: 'ResourceId' }],
    limit: 10_000,
  },
};

async function median(work: () => Promise<unknown>): Promise<number> {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[rounds >> 1] ?? Number.NaN;
}
