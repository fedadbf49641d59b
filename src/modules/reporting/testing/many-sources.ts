import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { everything, type Scope } from '../../../platform/kernel/index.ts';
import { openWorkspace, type Workspace } from '../../../platform/warehouse/index.ts';
import { focusRoutes } from '../../focus/index.ts';
import { apiFor } from '../../focus/testing/api-for.ts';
import { ingestionRoutes } from '../../ingestion/index.ts';
import {
  curRow,
  focusRow,
  type MonthsBench,
  openMonthsBench,
} from '../../ingestion/testing/months-fixture.ts';
import { reportingRoutes } from '../index.ts';

/** The sources of the bills below. */
export const sources = ['aws', 'azure', 'gcp', 'plan'] as const;

/**
 * Four sources: an AWS bill and a FOCUS bill with an old version of October each, one in another currency with a column of
 * its own, and commitments of a contract.
 */
export async function loadManySources(): Promise<MonthsBench> {
  const bench = await openMonthsBench();
  const { load } = bench;
  await load('aws-2026-09.csv', [curRow({}, '2026-09')]);
  await load('aws-2026-10.csv', [curRow(), curRow({ 'lineItem/ProductCode': 'AmazonS3' })]);
  await load('aws-2026-10.csv', [curRow({ 'lineItem/UnblendedCost': '0.25' })]);
  await load('azure.csv', [focusRow({ InvoiceId: 'inv-7' }), focusRow({ InvoiceId: 'inv-8' })]);
  await load('azure.csv', [focusRow({ BilledCost: '7', InvoiceId: 'inv-7' }), focusRow({}, '2026-09')]);
  await load('gcp.csv', [
    focusRow({ BillingCurrency: 'EUR', ServiceName: 'Queries', x_OfGcp: 'secret', Tags: '{"app":"shop"}' }),
  ]);
  await load('plan.csv', [
    {
      ContractCommitmentId: 'c-1',
      ContractId: 'k-1',
      ContractCommitmentCategory: 'Spend',
      ContractCommitmentType: 'Plan',
      ContractCommitmentCost: '1200',
      BillingCurrency: 'EUR',
      ContractCommitmentPeriodStart: '2026-01-01T00:00:00Z',
      ContractCommitmentPeriodEnd: '2027-01-01T00:00:00Z',
    },
  ]);
  return bench;
}

/**
 * A workspace of its own with the same lake, in which nothing of any other source is left: no file, no line. It is one
 * generation on.
 */
export async function workspaceWithOnly(of: Workspace, kept: readonly string[]): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'centrail-only-'));
  const lake = join(root, 'lake');
  await cp(of.lake.root, lake, { recursive: true });
  const workspace = openWorkspace({ root, threads: 1, clock: of.clock });
  await workspace.lake.write((writer) =>
    writer.change('only these', ({ partitions, discarded }) => ({
      discarded,
      partitions: partitions.filter(({ source }) => kept.includes(source)),
    })),
  );
  const datasets = new Set((await of.lake.current()).partitions.map(({ dataset }) => dataset));
  for (const folder of [...datasets].map((dataset) => join(lake, dataset)))
    for (const source of await readdir(folder))
      if (!kept.includes(source)) await rm(join(folder, source), { recursive: true });
  return workspace;
}

/** The whole API of a lake for a caller with this scope, imports left out. */
export function apiOf(workspace: Workspace, scope: Scope = everything): Promise<FastifyInstance> {
  return apiFor(scope, async (app) => {
    await app.register(ingestionRoutes, {
      workspace,
      gc: { keepDays: 90, keepVersions: 3 },
      records: () => Promise.reject(new Error('nothing is changed here')),
      jobs: () => Promise.reject(new Error('nothing is imported here')),
      problemOf: (error) => ({ message: String(error) }),
    });
    await app.register(reportingRoutes, { workspace });
    await app.register(focusRoutes, { workspace });
    await app.ready();
  });
}
