import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemCaller } from '../kernel/index.ts';
import { openRecords, type Records } from '../records/index.ts';
import { prepareTestRecords } from '../records/testing/test-records.ts';
import { openTestJobs } from './testing/test-jobs.ts';

/** A worker is killed in the middle of its runs: what can begin again has its effect once, the rest says why it failed. */

let root: string;
let effects: string;
let database: Awaited<ReturnType<typeof prepareTestRecords>>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'finops-jobs-crash-'));
  effects = join(root, 'effects');
  database = await prepareTestRecords(root);
});
afterAll(async () => {
  await database.remove();
  await rm(root, { recursive: true, force: true });
});

function startWorker(mode: 'ask' | 'work', heldMs: number): ChildProcess {
  const program = join(import.meta.dirname, 'testing/crash-worker.ts');
  const words = [root, database.databaseUrl ?? '-', effects, mode, String(heldMs)];
  return spawn(process.execPath, ['--import', 'tsx', program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Reads the worker's lines until so many runs have begun. */
async function untilBegun(worker: ChildProcess, count: number): Promise<string[]> {
  let text = '';
  for await (const chunk of worker.stdout ?? []) {
    text += chunk;
    const begun = text.split('\n').filter((line) => line.startsWith('begun'));
    if (begun.length >= count) return begun;
  }
  throw new Error(`The worker ended early: ${text}`);
}

async function withRecords<T>(work: (records: Records) => Promise<T>): Promise<T> {
  const records = await openRecords({ root, databaseUrl: database.databaseUrl });
  try {
    return await work(records);
  } finally {
    await records.close();
  }
}

const states = () =>
  withRecords(async (records) =>
    (await openTestJobs(records, {}).list(systemCaller, { limit: 10 })).map(
      ({ kind, state, attempt, interruptions, problem }) => ({
        kind,
        state,
        attempt,
        interruptions,
        code: problem?.code ?? null,
      }),
    ),
  );

it('kill -9 in the middle of a run: it resumes or fails with the reason, and has its effect once', async () => {
  const first = startWorker('ask', 60_000);
  await untilBegun(first, 2);
  first.kill('SIGKILL');
  await once(first, 'exit');
  expect((await states()).map(({ state }) => state)).toEqual(['running', 'running']);
  if (database.databaseUrl !== undefined) {
    // Elsewhere somebody else may be at it, so that it takes half a minute of silence; that time is made to pass.
    await withRecords((records) =>
      records.asOwner((tx) => sql`update run set alive_at = alive_at - interval '31 seconds'`.execute(tx)),
    );
  }
  const second = startWorker('work', 100);
  const [begun] = await untilBegun(second, 1);
  expect(begun).toMatch(/ 2$/);
  for (;;) {
    const text = await readFile(effects, 'utf8').catch(() => '');
    if (text !== '') break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  second.kill('SIGTERM');
  await once(second, 'exit');
  expect(await states()).toEqual([
    { kind: 'test.once', state: 'failed', attempt: 1, interruptions: 0, code: 'jobs.interrupted' },
    { kind: 'test.work', state: 'succeeded', attempt: 2, interruptions: 1, code: null },
  ]);
  expect((await readFile(effects, 'utf8')).trim().split('\n')).toHaveLength(1);
}, 180_000);
