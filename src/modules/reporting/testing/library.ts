import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { everything } from '../../../platform/kernel/index.ts';
import { type Engine, openEngine } from '../../../platform/warehouse/index.ts';
import { costDataset } from '../../focus/index.ts';
import type { ReportResult } from '../contract.ts';
import type { GivenParameters } from '../parameters.ts';
import { runReport } from '../run-report.ts';
import { smallBill } from './small-bill.ts';
import { type BillRow, storeBill } from './store-bill.ts';

/** The library over the small bill. */
export interface TestLibrary {
  readonly run: (name: string, parameters?: GivenParameters, limit?: number) => Promise<ReportResult>;
  /** The rows as sorted lines, `Nimbus | 12.5 | -`: values in the order of the columns, `-` for null. */
  readonly lines: (name: string, parameters?: GivenParameters) => Promise<string[]>;
  readonly close: () => Promise<void>;
}

/** Stores the bill in a temporary folder and opens an engine on it; close it at the end. */
export async function openLibrary(
  rows: readonly BillRow[] = Object.values(smallBill),
  custom: readonly string[] = [],
): Promise<TestLibrary> {
  const engine: Engine = await openEngine({ threads: 1 });
  const folder = await mkdtemp(join(tmpdir(), 'reports-'));
  const selection = await storeBill(engine, { folder, name: 'bill' }, rows, custom);
  const run: TestLibrary['run'] = (name, parameters = {}, limit = 10_000) =>
    runReport(engine, { dataset: costDataset, selection, scope: everything, name, parameters, limit });
  return {
    run,
    lines: async (name, parameters) => linesOf(await run(name, parameters)).sort(),
    close: async () => {
      engine.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Rows as lines, in the order of the report. */
export function linesOf(result: ReportResult): string[] {
  return result.rows.map((row) => result.columns.map(({ name }) => String(row[name] ?? '-')).join(' | '));
}

/** A block of lines as written in a test: trimmed, sorted, blank lines and spaces around bars not counted. */
export function expected(block: string): string[] {
  return block
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .join(' | ')
        .trim(),
    )
    .filter((line) => line !== '')
    .sort();
}

/** Parameters that every report with required ones can run with on the small bill. */
export const exampleParameters: Readonly<Record<string, GivenParameters>> = {
  'subaccount-budget': { provider: 'Nimbus', 'sub-account': 's-web', budget: '50', currency: 'USD' },
  'application-cost-by-month': { application: 'shop' },
  'provider-tag-coverage': { provider: 'Nimbus', tag: 'team' },
  'tag-coverage': { tag: 'team' },
  'subaccount-service-costs': { 'sub-account': 's-data' },
  'availability-zone-costs': { 'sub-account': 's-data' },
  'provider-subaccount-service-costs': { provider: 'Nimbus', 'sub-account': 's-web' },
  'provider-spend-by-month': { provider: 'Fjord' },
  'service-costs': { service: 'Machines' },
  'compute-resource-costs': { 'sub-account': 's-web' },
  'resource-components': { resource: 'vm-1' },
  'sku-meters': { sku: 'SKU-VM' },
  'virtual-currency-purchases': { unit: 'Token' },
  'virtual-currency-targets': { 'pricing-currency': 'Token' },
  'virtual-currency-consumption': { 'pricing-currency': 'Token' },
};
