import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importBill } from '../../modules/ingestion/index.ts';
import { addDecimal, everything, formatDecimal, parseDecimal, zero } from '../../platform/kernel/index.ts';
import { openWorkspace, type Workspace } from '../../platform/warehouse/index.ts';
import type { DemoBills } from './demo-bills.ts';
import { writeDemoUsage } from './demo-usage.ts';
import { generateBills } from './generate-bills.ts';
import { writeAllocation } from './write-allocation.ts';
import { writeOrganization } from './write-organization.ts';

const seed = 7;
/** Two of the sources, one of them in euros, one in pounds; imports of all of them take a minute. */
const sources = ['azure', 'saas'];

let folder: string;
let workspace: Workspace;
let bills: DemoBills;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finops-demo-allocation-'));
  workspace = openWorkspace({ root: join(folder, 'data'), threads: 2 });
  const engine = await workspace.engine();
  bills = await generateBills(engine, join(folder, 'bills'), { scale: 'xs', seed });
  const context = { ...workspace, scope: everything, workspaceRoot: workspace.root, engine };
  for (const { source, path } of bills.deliveries.filter((delivery) => sources.includes(delivery.source))) {
    const { errors } = await importBill(context, { path, source }, { roots: [folder] });
    expect(errors).toEqual([]);
  }
  const entityOfSource = Object.fromEntries(bills.deliveries.map(({ source, entity }) => [source, entity]));
  await writeOrganization({ root: workspace.root, clock: workspace.clock, entityOfSource });
}, 120_000);
afterAll(async () => {
  await workspace.close();
  await rm(folder, { recursive: true, force: true });
});

it('allocates what the bills say, to the last decimal, and publishes it', async () => {
  const only = ['2026-09', '2026-10'] as never;
  const usage = (await writeDemoUsage(join(folder, 'usage'), seed)).slice(-2);
  const steps: string[] = [];
  const { months, nodes, edges } = await writeAllocation({
    ...{ workspace, usage, only },
    onStep: (text) => steps.push(text),
  });
  expect(months.map(({ month, currency, balances }) => [month, currency, balances])).toEqual([
    ['2026-09', 'EUR', true],
    ['2026-09', 'GBP', true],
    ['2026-10', 'EUR', true],
    ['2026-10', 'GBP', true],
  ]);
  const sum = (amounts: readonly string[]) =>
    formatDecimal(amounts.map(parseDecimal).reduce(addDecimal, zero));
  for (const { month, currency, total, allocated, unallocated } of months) {
    expect(sum([allocated, unallocated])).toBe(total);
    // All of it, for the tax of these bills is none that comes back.
    const expected = bills.expected.filter(
      (one) => sources.includes(one.source) && one.billingPeriod === month && one.currency === currency,
    );
    expect(total).toBe(sum(expected.map(({ effectiveCost }) => effectiveCost)));
  }
  expect(steps).toContain('allocating 2026-10');
  expect([nodes, edges]).toEqual([expect.any(Number), expect.any(Number)]);
}, 120_000);
