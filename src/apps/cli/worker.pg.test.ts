import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, focus } from '../../modules/ingestion/testing/bills.ts';
import { loadConfig } from '../../platform/config/index.ts';
import {
  type PreparedRecords,
  prepareTestRecords,
  testServer,
} from '../../platform/records/testing/test-records.ts';
import { openWorkspace } from '../../platform/warehouse/index.ts';
import { serve } from '../server/index.ts';
import { run } from './run.ts';
import { fakeIo } from './testing/fake-io.ts';

describe.skipIf(testServer === undefined)('finops worker beside a server that works nothing', () => {
  let folder: string;
  let prepared: PreparedRecords;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'finops-worker-'));
    prepared = await prepareTestRecords(join(folder, 'data'));
    await writeFile(
      join(folder, 'saas-2026-10.csv'),
      csv(focus({ BilledCost: '12.5', EffectiveCost: '12.5' })),
    );
  });
  afterAll(async () => {
    await prepared.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it('does the server’s imports, whose caller sees them come in', async () => {
    const data = join(folder, 'data');
    const workspace = openWorkspace({ root: data, threads: 1 });
    const env = { FINOPS_SERVER_PORT: '0', FINOPS_JOBS_CONCURRENCY: '0', ...prepared.env };
    const server = await serve({ workspace, config: loadConfig({ env, cwd: folder }) });
    const stop = new AbortController();
    const io = fakeIo({ cwd: folder, env: prepared.env, interrupted: stop.signal });
    const worker = run(['worker', '--data', data, '--json'], io);
    const mine = fakeIo({ cwd: folder, env: prepared.env });
    expect(await run(['import', 'saas-2026-10.csv', '--data', data, '--json'], mine)).toBe(0);
    expect(JSON.parse(mine.out())).toMatchObject({ imports: [{ source: 'saas', billedCost: '12.5' }] });
    while (io.out() === '') await sleep(50);
    const kinds = [
      ...['bill.import', 'aws.import', 'usage.import', 'usage.fetch', 'allocation.run'],
      ...['consumption.import', 'consumption.derive', 'close.month'],
    ];
    expect(JSON.parse(io.out())).toMatchObject({ kinds, concurrency: 1 });
    stop.abort('SIGTERM');
    await worker;
    await server.close();
    await workspace.close();
  });
});
