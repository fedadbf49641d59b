import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCaller } from '../../src/platform/kernel/index.ts';
import { openRecords, type RecordsOptions } from '../../src/platform/records/index.ts';
import { prepareTestRecords } from '../../src/platform/records/testing/test-records.ts';

const kills = Number(process.env['CRASH_KILLS'] ?? 5);

let options: RecordsOptions;
let remove: () => Promise<void>;
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'finops-crash-'));
  const prepared = await prepareTestRecords(root);
  options = { root, databaseUrl: prepared.databaseUrl };
  remove = prepared.remove;
});
afterAll(async () => {
  await remove();
  await rm(options.root, { recursive: true, force: true });
});

interface Writer {
  readonly process: ChildProcess;
  /** Numbers of the writes that were acknowledged, as they come. */
  readonly acknowledged: string[];
}

async function startWriter(first: number): Promise<Writer> {
  const script = join(import.meta.dirname, 'write-records.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, options.root, String(first)], {
    env: { ...process.env, ...(options.databaseUrl ? { FINOPS_DATABASE_URL: options.databaseUrl } : {}) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    acknowledged.push(...lines);
  });
  await once(child.stdout, 'data');
  return { process: child, acknowledged };
}

async function written(): Promise<Set<string>> {
  const records = await openRecords(options);
  try {
    return await records.read(systemCaller, async (tx) => {
      const rows = await tx
        .selectFrom('audit_log')
        .select('object_id')
        .where('object_type', '=', 'crash')
        .execute();
      return new Set(rows.map((row) => row.object_id));
    });
  } finally {
    await records.close();
  }
}

describe('records under kill -9', () => {
  it(`keep every acknowledged write, ${kills} times in a row`, { timeout: 30_000 * kills }, async () => {
    let acknowledgedWrites = 0;
    for (let round = 0; round < kills; round++) {
      const writer = await startWriter(round * 1_000_000);
      await sleep(Math.random() * 400);
      writer.process.kill('SIGKILL');
      await once(writer.process, 'close');
      const kept = await written();
      expect(writer.acknowledged.filter((id) => !kept.has(id))).toEqual([]);
      acknowledgedWrites += writer.acknowledged.length;
    }
    expect(acknowledgedWrites).toBeGreaterThan(kills);
  });

  it('are held by one process at a time, and freed by its death', async () => {
    // A PostgreSQL serves many processes.
    if (options.databaseUrl !== undefined) return;
    const writer = await startWriter(900_000_000);
    const holder = `pid ${writer.process.pid}`;
    await expect(openRecords({ ...options, waitMs: 300 })).rejects.toMatchObject({
      code: 'records.locked',
      params: { holder, url: null },
    });
    const server = 'http://127.0.0.1:4870';
    await expect(openRecords({ ...options, holderUrl: async () => server })).rejects.toThrow(server);
    const waiting = openRecords({ ...options, waitMs: 10_000 });
    writer.process.kill('SIGKILL');
    await (await waiting).close();
  });
});
