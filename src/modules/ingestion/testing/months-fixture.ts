import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { everything } from '../../../platform/kernel/index.ts';
import { type Engine, openWorkspace, type Workspace } from '../../../platform/warehouse/index.ts';
import type { ImportRequest, ImportResult } from '../contract.ts';
import { importBill } from '../import-bill.ts';

/** Cells of one row by column; what is not named has the default of its bill. */
export type BillRow = Readonly<Record<string, string>>;

/** A workspace whose clock moves on by a minute each time it is asked, and a folder of bills beside. */
export interface MonthsBench {
  readonly workspace: Workspace;
  readonly engine: Engine;
  /** Writes a bill as CSV and imports it; refuses to go on when the import has errors. */
  readonly load: (name: string, rows: readonly BillRow[], options?: LoadOptions) => Promise<ImportResult>;
  readonly close: () => Promise<void>;
}

type LoadOptions = Omit<ImportRequest, 'path'>;

export async function openMonthsBench(): Promise<MonthsBench> {
  const folder = await mkdtemp(join(tmpdir(), 'centrail-months-'));
  const root = join(folder, 'data');
  let time = Date.parse('2026-11-21T08:00:00Z');
  const clock = {
    now: () => {
      time += 60_000;
      return new Date(time);
    },
  };
  const workspace = openWorkspace({ root, threads: 1, clock });
  const engine = await workspace.engine();
  return {
    workspace,
    engine,
    load: async (name, rows, options = {}) => {
      const path = join(folder, 'bills', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, csvOf(rows));
      const result = await importBill(
        {
          scope: everything,
          workspaceRoot: root,
          lake: workspace.lake,
          engine,
          clock,
          randomness: workspace.randomness,
        },
        { path, acceptRestatement: true, ...options },
        { roots: [folder] },
      );
      if (result.errors.length > 0) throw new Error(result.errors.map(({ message }) => message).join('\n'));
      return result;
    },
    close: async () => {
      await workspace.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A row of a FOCUS 1.2 bill: usage of a machine on 5 October 2026, 1.50 USD, no invoice yet. */
export function focusRow(cells: BillRow = {}, month = '2026-10'): BillRow {
  return {
    BilledCost: '1.5',
    EffectiveCost: '1.5',
    ListCost: '2',
    ContractedCost: '1.5',
    BillingAccountId: '111',
    BillingCurrency: 'USD',
    BillingPeriodStart: `${month}-01T00:00:00Z`,
    BillingPeriodEnd: `${nextMonth(month)}-01T00:00:00Z`,
    ChargeCategory: 'Usage',
    ChargePeriodStart: `${month}-05T00:00:00Z`,
    ChargePeriodEnd: `${month}-06T00:00:00Z`,
    InvoiceId: '',
    InvoiceIssuerName: 'Microsoft',
    ProviderName: 'Microsoft',
    PublisherName: 'Microsoft',
    ResourceId: 'vm-1',
    ServiceName: 'Machines',
    SkuMeter: 'hours',
    SubAccountId: 'sub-1',
    Tags: '{"team":"web"}',
    x_Ours: 'kept',
    ...cells,
  };
}

/** A row of an AWS CUR v1: on-demand usage of October 2026, 0.10 USD. */
export function curRow(cells: BillRow = {}, month = '2026-10'): BillRow {
  return {
    'identity/LineItemId': 'line',
    'bill/InvoiceId': '',
    'bill/BillingEntity': 'AWS',
    'bill/BillType': 'Anniversary',
    'bill/PayerAccountId': '123456789012',
    'bill/BillingPeriodStartDate': `${month}-01T00:00:00Z`,
    'bill/BillingPeriodEndDate': `${nextMonth(month)}-01T00:00:00Z`,
    'lineItem/UsageAccountId': '210987654321',
    'lineItem/LineItemType': 'Usage',
    'lineItem/UsageStartDate': `${month}-03T00:00:00Z`,
    'lineItem/UsageEndDate': `${month}-03T01:00:00Z`,
    'lineItem/ProductCode': 'AmazonEC2',
    'lineItem/UsageType': 'BoxUsage:t3.large',
    'lineItem/Operation': 'RunInstances',
    'lineItem/ResourceId': 'i-0abc',
    'lineItem/UsageAmount': '1',
    'lineItem/CurrencyCode': 'USD',
    'lineItem/UnblendedRate': '0.1',
    'lineItem/UnblendedCost': '0.1',
    'lineItem/LineItemDescription': 'on demand',
    'product/ProductName': 'Amazon Elastic Compute Cloud',
    'pricing/publicOnDemandCost': '0.12',
    'pricing/publicOnDemandRate': '0.12',
    'pricing/unit': 'Hrs',
    'reservation/ReservationARN': '',
    'savingsPlan/SavingsPlanARN': '',
    'savingsPlan/SavingsPlanEffectiveCost': '',
    'savingsPlan/TotalCommitmentToDate': '',
    'savingsPlan/UsedCommitment': '',
    'resourceTags/user:team': 'web',
    ...cells,
  };
}

function nextMonth(month: string): string {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5))];
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}

function csvOf(rows: readonly BillRow[]): string {
  const header = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [header, ...rows.map((row) => header.map((name) => row[name] ?? ''))];
  return `${lines.map((cells) => cells.map(cell).join(',')).join('\n')}\n`;
}
