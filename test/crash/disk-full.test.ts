import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { costDataset } from '../../src/modules/focus/index.ts';
import { importBill } from '../../src/modules/ingestion/index.ts';
import { everything } from '../../src/platform/kernel/index.ts';
import { filesBelow, openWorkspace, verifyLake, type Workspace } from '../../src/platform/warehouse/index.ts';

/** A disk of a few megabytes, where the machine lets us make one; the suite says so where it does not. */
async function smallDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'centrail-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    await rm(folder, { recursive: true });
    return undefined;
  }
}

const disk = await smallDisk();
if (disk === undefined) console.log('disk-full suite: no right to mount a small disk here; skipped');

test.skipIf(disk === undefined)(
  'a full disk refuses the import, keeps the month and leaves no half one',
  async () => {
    const root = disk as string;
    const bills = await mkdtemp(join(tmpdir(), 'centrail-bills-'));
    const workspace = openWorkspace({ root: join(root, 'data'), threads: 1 });
    try {
      await importRows(workspace, bills, 10);
      const before = await filesBelow(root);
      await expect(importRows(workspace, bills, 300_000)).rejects.toMatchObject({
        code: 'lake.diskFull',
        exitCode: 1,
      });
      expect(await filesBelow(root)).toEqual(before);
      expect(await totalOf(workspace)).toBe('10.00000000001');
      expect((await verifyLake(workspace.lake, await workspace.engine())).findings).toEqual([]);
    } finally {
      await workspace.close();
      execFileSync('umount', [root]);
      await rm(root, { recursive: true });
      await rm(bills, { recursive: true });
    }
  },
);

async function importRows(workspace: Workspace, folder: string, count: number): Promise<void> {
  const header =
    'BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ResourceId';
  const rows = Array.from(
    { length: count },
    (_, i) =>
      `1.000000000001,1,USD,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,2026-10-03T00:00:00Z,Usage,${noise(i)}`,
  );
  const path = join(folder, 'bill.csv');
  await writeFile(path, `${[header, ...rows].join('\n')}\n`);
  const context = {
    ...workspace,
    scope: everything,
    workspaceRoot: workspace.root,
    engine: await workspace.engine(),
  };
  const { errors } = await importBill(context, { path }, { roots: [folder] });
  if (errors.length > 0) throw Object.assign(new Error(errors[0]?.message), errors[0]);
}

/** Text that does not compress well. */
function noise(i: number): string {
  return `${(i * 2_654_435_761) % 4_294_967_291}-${(i * 40_503 * 65_537) % 4_294_967_279}-${(i * 97_861) % 999_983}`;
}

async function totalOf(workspace: Workspace): Promise<unknown> {
  const { relation } = await workspace.lake.select(everything, costDataset);
  const [row] = await (await workspace.engine()).rows(`select sum(BilledCost) as total from ${relation}`);
  return row?.['total'];
}
