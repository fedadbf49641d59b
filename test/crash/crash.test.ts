import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { costDataset } from '../../src/modules/focus/index.ts';
import { importBill } from '../../src/modules/ingestion/index.ts';
import { everything } from '../../src/platform/kernel/index.ts';
import {
  collectGarbage,
  faultPoints,
  filesBelow,
  openWorkspace,
  verifyLake,
  type Workspace,
} from '../../src/platform/warehouse/index.ts';

/**
 * A crash at any moment of an import leaves the month as it was or as it should be, never half; importing again gives the
 * exact sums, and gc leaves nothing behind. Every named fault point, and random moments of a real process.
 */

const child = join(import.meta.dirname, 'import-once.ts');
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const randomKills = Number(process.env['CRASH_KILLS'] ?? 8);

let folder: string;
const bills = { old: '', new: '' };
const sums = { old: '300.000000000006', new: '600.000000000012' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centrail-crash-'));
  for (const [name, factor] of [
    ['old', 1],
    ['new', 2],
  ] as const) {
    bills[name] = join(folder, `${name}.csv`);
    await writeFile(bills[name], focusBill(factor));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two months of three rows; the sums are exact to the last of twelve decimals. */
function focusBill(factor: number): string {
  const header =
    'BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ProviderName';
  const rows = ['2026-09', '2026-10'].flatMap((month) => {
    const next = month === '2026-09' ? '2026-10' : '2026-11';
    const cost = factor === 1 ? '50.000000000001' : '100.000000000002';
    return [1, 2, 3].map(
      (day) =>
        `${cost},${cost},${cost},${cost},USD,${month}-01T00:00:00Z,${next}-01T00:00:00Z,${month}-0${day}T00:00:00Z,${month}-0${day + 1}T00:00:00Z,Usage,Compute,AWS`,
    );
  });
  return `${[header, ...rows].join('\n')}\n`;
}

interface Ended {
  readonly output: string;
  readonly killed: boolean;
  readonly milliseconds: number;
}

/** Runs an import in a process of its own; kills it after `killAfterMs` of importing, or at a fault point. */
function runImport(
  workspace: string,
  bill: string,
  kill: { readonly faultPoint?: string; readonly afterMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...(kill.faultPoint ? { FINOPS_FAULT_POINT: kill.faultPoint } : {}) };
    const started = spawn(process.execPath, ['--import', 'tsx', child, workspace, bill, folder], { env });
    let output = '';
    let errors = '';
    let from = performance.now();
    let timer: NodeJS.Timeout | undefined;
    started.stdout.on('data', (chunk) => {
      if (output === '' && kill.afterMs !== undefined)
        timer = setTimeout(() => started.kill('SIGKILL'), kill.afterMs);
      if (output === '') from = performance.now();
      output += chunk;
    });
    started.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    started.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === null && code !== 0) reject(new Error(errors));
      else resolve({ output, killed: signal === 'SIGKILL', milliseconds: performance.now() - from });
    });
  });
}

async function importHere(workspace: Workspace, path: string): Promise<void> {
  const engine = await workspace.engine();
  const context = { ...workspace, scope: everything, workspaceRoot: workspace.root, engine };
  const result = await importBill(
    context,
    { path, source: 'bill', acceptRestatement: true },
    { roots: [folder] },
  );
  expect(result.errors).toEqual([]);
}

async function totalOf(workspace: Workspace): Promise<string | null> {
  const { relation } = await workspace.lake.select(everything, costDataset);
  const engine = await workspace.engine();
  const [row] = await engine.rows(`select sum(BilledCost) as total from ${relation}`);
  return (row?.['total'] ?? null) as string | null;
}

/** The month is old or new as a whole; importing again is exact; gc leaves only what the manifest names. */
async function expectWhole(root: string): Promise<'old' | 'new'> {
  const workspace = openWorkspace({ root, threads: 1 });
  try {
    const total = await totalOf(workspace);
    expect([sums.old, sums.new]).toContain(total);
    await importHere(workspace, bills.new);
    expect(await totalOf(workspace)).toBe(sums.new);
    await collectGarbage(workspace.lake, root, new Date(), { keepDays: 90, keepVersions: 3, graceHours: 24 });
    expect((await verifyLake(workspace.lake, await workspace.engine())).findings).toEqual([]);
    expect(await unnamedFiles(workspace)).toEqual([]);
    return total === sums.old ? 'old' : 'new';
  } finally {
    await workspace.close();
  }
}

async function unnamedFiles(workspace: Workspace): Promise<string[]> {
  const manifest = JSON.stringify(await workspace.lake.current());
  const data = (await filesBelow(join(workspace.root, 'lake'))).filter((file) =>
    /\.(parquet|json)$/.test(file),
  );
  const descriptions = data.filter((file) => file.endsWith('.json') && !file.startsWith('manifest/'));
  const named = (file: string) =>
    manifest.includes(file) || manifest.includes(file.split('/').at(-1)?.replace('.json', '') ?? '?');
  return [
    ...data.filter((file) => file.endsWith('.parquet') && !manifest.includes(file)),
    ...descriptions.filter((file) => !named(file)),
    ...(await filesBelow(join(workspace.root, 'tmp'))),
  ];
}

async function workspaceWithOldMonth(): Promise<string> {
  const root = await mkdtemp(join(folder, 'workspace-'));
  await restoreOldMonth(root);
  return root;
}

async function restoreOldMonth(root: string): Promise<void> {
  const workspace = openWorkspace({ root, threads: 1 });
  await importHere(workspace, bills.old);
  await workspace.close();
}

test('a crash at every named point leaves the old month or the new one', { timeout: 240_000 }, async () => {
  const reached = [];
  for (const name of faultPoints.filter((point) => point !== 'lake.views-written')) {
    const root = await workspaceWithOldMonth();
    const { killed } = await runImport(root, bills.new, { faultPoint: name });
    expect(killed, `${name} is never reached`).toBe(true);
    const state = await expectWhole(root);
    reached.push(`${name}: ${state}`);
    await rm(root, { recursive: true, force: true });
  }
  expect(reached.filter((line) => line.endsWith('new'))).toEqual([
    'lake.manifest-linked: new',
    'lake.committed: new',
  ]);
});

test(`a kill -9 at ${randomKills} random moments leaves the old month or the new one`, {
  timeout: 400_000,
}, async () => {
  console.log(`crash suite: CRASH_SEED=${seed}, ${randomKills} kills`);
  const root = await workspaceWithOldMonth();
  const reference = await mkdtemp(join(folder, 'workspace-'));
  await restoreOldMonth(reference);
  let { milliseconds: window } = await runImport(reference, bills.new);
  const random = randomNumbers(seed);
  let kills = 0;
  for (let attempts = 0; kills < randomKills && attempts < 3 * randomKills; attempts++) {
    await restoreOldMonth(root);
    const { killed, milliseconds } = await runImport(root, bills.new, { afterMs: random() * window });
    if (killed) kills++;
    // A machine that has become faster than at the reference would end before most of the kills.
    else window = Math.min(window, milliseconds);
    await expectWhole(root);
  }
  expect(kills).toBe(randomKills);
});

/** A small linear congruential generator: the same seed, the same moments. */
function randomNumbers(start: number): () => number {
  let state = start;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
