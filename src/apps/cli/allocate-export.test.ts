import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { charge, inMonth } from '../../modules/allocation/testing/run-bench.ts';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import { fixedClock } from '../../platform/kernel/index.ts';
import { type PreparedRecords, prepareTestRecords } from '../../platform/records/testing/test-records.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import { type RunningServer, readServerFile, serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

let folder: string;
let data: string;
let prepared: PreparedRecords;
let workspace: Workspace;
let server: RunningServer;

const graph = `graph: main
nodes:
  - { id: db, type: shared }
  - { id: shop, type: product }
  - { id: blog, type: product }
edges:
  - { from: db, to: shop, strategy: fixed_percent, params: { percent: "75" } }
rules:
  - { id: apps, node: "{Tags.app}", type: product }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-export-'));
  data = join(folder, 'data');
  await mkdir(data);
  prepared = await prepareTestRecords(data);
  const env = { FINOPS_SERVER_PORT: '0', FINOPS_IMPORT_ROOTS: folder, ...prepared.env };
  workspace = openWorkspace({ root: data, threads: 2, clock: fixedClock('2026-11-21T10:00:00Z') });
  server = await serve({ workspace, config: loadConfig({ env, cwd: folder }) });
  const rows = [charge('5', '40', 'db'), charge('6', '2', 'shop')].map((row) => inMonth('2026-10', row));
  await writeFile(join(folder, 'bill.csv'), csv(focus(...rows)));
  await writeFile(join(folder, 'graph.yaml'), graph);
  await finops('import', join(folder, 'bill.csv'), '--source', 'cloud');
  await finops('graph', 'apply', join(folder, 'graph.yaml'), '--publish', '--note', 'first');
  const { code, err } = await finops('allocate', 'run', '--month', '2026-10', '--publish');
  expect([code, err]).toEqual([0, expect.any(String)]);
});
afterAll(async () => {
  await server.close();
  await workspace.close();
  await prepared.remove();
  await rm(folder, { recursive: true, force: true });
});

async function finops(...args: readonly string[]) {
  const io = fakeIo({ cwd: folder, env: prepared.env });
  const code = await run([...args, '--data', data], io);
  return { code, out: io.out(), err: io.err() };
}

describe('finops allocate export', () => {
  it('writes every dataset of a month to a file, and says what the split of the bill comes to', async () => {
    for (const dataset of ['allocation', 'flow', 'attribution', 'focus', 'nodes', 'types', 'products']) {
      const asked = ['--month', '2026-10', '--dataset', dataset, '--out', `${dataset}.csv`];
      const { code, out, err } = await finops('allocate', 'export', ...asked);
      expect([dataset, code, err]).toEqual([dataset, 0, expect.stringContaining(`${dataset}.csv: `)]);
      if (dataset === 'focus') expect(out).toMatch(/EffectiveCost\s+42\s+42\s+USD/);
    }
    const split = (await readFile(join(folder, 'focus.csv'), 'utf8')).trim().split('\n');
    expect(split).toHaveLength(4);
  });

  it('does not replace a file unless it is told to', async () => {
    const asked = ['--month', '2026-10', '--out', 'allocation.csv'];
    expect((await finops('allocate', 'export', ...asked)).code).not.toBe(0);
    expect((await finops('allocate', 'export', ...asked, '--overwrite')).code).toBe(0);
  });

  it('refuses a folder that is not there before anything is computed', async () => {
    const { code, err } = await finops('allocate', 'export', '--month', '2026-10', '--out', 'no/where.csv');
    expect(code).not.toBe(0);
    expect(err).toContain('no');
  });
});

describe('the server', () => {
  it('answers all views of published results', async () => {
    const paths = ['nodes', 'nodes/db', 'nodes/db/timeline', 'by-type', 'by-dimension', 'summary'];
    const views = [...paths, 'products', 'infrastructure', 'reconciliation'];
    const secret = (await readServerFile(data))?.secret;
    for (const view of views) {
      const headers = { authorization: `Bearer ${secret}` };
      const answer = await fetch(`${server.url}/api/v1/allocation/results/${view}?month=2026-10`, {
        headers,
      });
      expect([view, answer.status]).toEqual([view, 200]);
    }
  });
});
