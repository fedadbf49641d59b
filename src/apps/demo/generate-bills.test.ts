import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, literal, openEngine } from '../../platform/warehouse/index.ts';
import { cur1Header } from './cur-1-sql.ts';
import { cur2Columns } from './cur-2-sql.ts';
import type { DemoBills } from './demo-bills.ts';
import { focusColumns } from './focus-columns-sql.ts';
import { generateBills } from './generate-bills.ts';

let engine: Engine;
let root: string;
let folder: string;
let bills: DemoBills;

beforeAll(async () => {
  engine = await openEngine();
  root = await mkdtemp(join(tmpdir(), 'centrail-demo-'));
  folder = join(root, 'first');
  bills = await generateBills(engine, folder, { scale: 'xs', seed: 7 });
});

afterAll(async () => {
  engine.close();
  await rm(root, { recursive: true, force: true });
});

test('the same seed writes the same files, byte for byte, and another seed writes others', async () => {
  const again = await generateBills(engine, join(root, 'again'), { scale: 'xs', seed: 7 });
  const other = await generateBills(engine, join(root, 'other'), { scale: 'xs', seed: 8 });
  expect(await contentOf(join(root, 'again'))).toEqual(await contentOf(folder));
  expect(again.expected).toEqual(bills.expected);
  expect(other.expected).not.toEqual(bills.expected);
});

test('every source has fourteen months and every month sums to what was announced before it was written', async () => {
  for (const { source } of bills.deliveries) {
    const read = await engine.rows(`
      select month, count(*)::integer as rows, sum(cost)::decimal(38,12) as cost
      from (${nativeRows(source)})
      group by month
      order by month`);
    const announced = bills.expected.filter((month) => month.source === source);
    expect(announced).toHaveLength(14);
    expect(read).toEqual(
      announced.map((month) => ({ month: month.billingPeriod, rows: month.rows, cost: month.nativeCost })),
    );
  }
});

test('manifests list files that exist, both layouts, and every data file is in a manifest', async () => {
  const files = await filesOf(folder);
  const manifests = files.filter((file) => file.endsWith('-Manifest.json'));
  const listed = new Set<string>();
  for (const file of manifests) {
    const manifest = JSON.parse(await readFile(file, 'utf8')) as {
      bucket?: string;
      reportKeys?: string[];
      dataFiles?: string[];
    };
    const bucketRoot = file.slice(0, file.indexOf(manifest.dataFiles ? '/exports/' : '/cur/'));
    const keys =
      manifest.reportKeys ?? (manifest.dataFiles ?? []).map((uri) => uri.split('/').slice(3).join('/'));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(existsSync(join(bucketRoot, key)), key).toBe(true);
      listed.add(join(bucketRoot, key));
    }
  }
  // 14 exports, and 15 assemblies with two copies of the manifest each.
  expect(manifests).toHaveLength(14 + 30);
  const data = files.filter((file) => /aws-.*[.](parquet|csv[.]gz)$/.test(file));
  expect(new Set(data)).toEqual(listed);
});

test('covered usage and its negation cancel in every month of every savings plan', async () => {
  for (const source of ['aws-retail', 'aws-logistics']) {
    const months = await engine.rows(`
      select month, plan, sum(cost)::decimal(38,12) as cost, count(*) filter (type = 'SavingsPlanCoveredUsage') as covered,
        count(*) filter (type = 'SavingsPlanNegation') as negations
      from (${awsRows(source)})
      where type in ('SavingsPlanCoveredUsage', 'SavingsPlanNegation')
      group by month, plan`);
    expect(months.length).toBeGreaterThanOrEqual(12);
    for (const month of months) {
      expect(month['cost']).toBe('0');
      expect(month['covered']).toBe(month['negations']);
    }
  }
});

test('a savings plan fee is what covered usage took plus the unused rest, and some of it is unused', async () => {
  for (const source of ['aws-retail', 'aws-logistics']) {
    const months = await engine.rows(`
      select month, plan,
        sum(plan_effective) filter (type = 'SavingsPlanCoveredUsage')::decimal(38,12) as covered,
        sum(plan_used)::decimal(38,12) as used,
        min(plan_total - plan_used) as least_unused,
        sum(plan_total - plan_used) > 0 as some_unused,
        sum(plan_total - plan_upfront - cost) filter (type = 'SavingsPlanRecurringFee')::decimal(38,12) as fee_difference
      from (${awsRows(source)})
      where plan is not null
      group by month, plan`);
    for (const month of months) {
      expect(month['covered'] ?? '0').toBe(month['used']);
      expect(Number(month['least_unused'])).toBeGreaterThanOrEqual(0);
      expect(month['fee_difference']).toBe('0');
    }
    expect(months.some((month) => month['some_unused'])).toBe(true);
  }
});

test('the upfront fee of a plan is what its twelve months amortise', async () => {
  const [plan] = await engine.rows(`
    select sum(cost) filter (type = 'SavingsPlanUpfrontFee')::decimal(38,12) as paid, sum(plan_upfront)::decimal(38,12) as amortised
    from (${awsRows('aws-retail')})
    where plan in (select plan from (${awsRows('aws-retail')}) where type = 'SavingsPlanUpfrontFee' and month = '2025-09')`);
  expect(plan?.['paid']).toBe(plan?.['amortised']);
  expect(Number(plan?.['paid'])).toBeGreaterThan(0);
});

test('a reservation fee is what reserved usage took plus the unused rest, and its upfront part fits too', async () => {
  const months = await engine.rows(`
    select month, reservation,
      sum(case when type = 'DiscountedUsage' then reserved_recurring when type = 'RIFee' then unused_recurring - cost end)::decimal(38,12) as recurring,
      sum(case when type = 'DiscountedUsage' then reserved_upfront when type = 'RIFee' then unused_upfront - period_upfront end)::decimal(38,12) as upfront,
      sum(unused_recurring) > 0 as some_unused,
      sum(cost) filter (type = 'DiscountedUsage')::decimal(38,12) as billed
    from (${awsRows('aws-logistics')})
    where reservation is not null and type in ('DiscountedUsage', 'RIFee')
    group by month, reservation`);
  expect(months).toHaveLength(28);
  for (const month of months) {
    expect(month['recurring']).toBe('0');
    expect(month['upfront']).toBe('0');
    expect(month['some_unused']).toBe(true);
    expect(month['billed'] ?? '0').toBe('0');
  }
});

test('net columns exist from the first month of the discount on and sum to the same bill as the gross column', async () => {
  const months = await engine.rows(`
    select month, sum(net)::decimal(38,12) as net, sum(cost)::decimal(38,12) as cost,
      count(*) filter (type = 'EdpDiscount') as discounts
    from (${awsRows('aws-logistics')})
    where month >= '2026-01'
    group by month`);
  expect(months).toHaveLength(10);
  for (const month of months) {
    expect(month['net']).toBe(month['cost']);
    expect(month['discounts']).toBeGreaterThan(0);
  }
  expect(await headerOf('aws-logistics', '20251201-20260101')).toEqual(cur1Header(false));
  expect(await headerOf('aws-logistics', '20260101-20260201')).toEqual(cur1Header(true));
});

test('every kind of line that AWS bills is there', async () => {
  const types = await engine.rows(`
    select distinct type from (${awsRows('aws-retail')} union all by name ${awsRows('aws-logistics')}) order by type`);
  expect(types.map((row) => row['type'])).toEqual([
    'BundledDiscount',
    'Credit',
    'DiscountedUsage',
    'EdpDiscount',
    'Fee',
    'PrivateRateDiscount',
    'RIFee',
    'Refund',
    'SavingsPlanCoveredUsage',
    'SavingsPlanNegation',
    'SavingsPlanRecurringFee',
    'SavingsPlanUpfrontFee',
    'Tax',
    'Usage',
  ]);
});

test('headers are those of the formats', async () => {
  const cur2 = await columnsOf(parquet('aws-retail'));
  expect([...cur2.keys()]).toEqual(cur2Columns);
  expect(cur2.get('line_item_unblended_cost')).toBe('DOUBLE');
  expect(cur2.get('resource_tags')).toBe('MAP(VARCHAR, VARCHAR)');
  expect(cur1Header(false)).toHaveLength(130);
  expect(focusColumns).toHaveLength(57);
  for (const source of ['azure', 'gcp', 'saas', 'ai']) {
    const names = [...(await columnsOf(relation(source))).keys()];
    expect(names.filter((name) => !name.startsWith('x_'))).toEqual(focusColumns);
  }
});

test('closed months carry invoice numbers, the open month none', async () => {
  for (const { source } of bills.deliveries) {
    const rows = await engine.rows(`
      select month = '2026-10' as open, count(invoice) as numbered, count(*) as rows from (${nativeRows(source)}) group by open`);
    for (const row of rows) expect(row['numbered']).toBe(row['open'] ? 0 : row['rows']);
  }
});

test('the restated month has other line ids, three late credits, two more days of logs and another sum', async () => {
  const { before, after, path } = bills.restatement;
  const again = awsRows('aws-logistics', path);
  const [sum] = await engine.rows(
    `select sum(cost)::decimal(38,12) as cost, count(*)::integer as rows from (${again})`,
  );
  expect(sum).toEqual({ cost: after.nativeCost, rows: after.rows });
  expect(after.nativeCost).not.toBe(before.nativeCost);
  expect(after.rows).toBeGreaterThan(before.rows);
  expect(after.assemblyId).not.toBe(before.assemblyId);
  const credits = `select count(*)::integer as n from (${again}) where type = 'Credit' and id not in
    (select id from (${awsRows('aws-logistics')}))`;
  expect(await engine.rows(credits)).toEqual([{ n: 3 }]);
});

test('the anomaly and the untagged cluster are where the facts say', async () => {
  const { anomaly, untagged } = bills;
  const [runaway] = await engine.rows(`
    select sum(cost)::decimal(38,12) as cost from (${awsRows('aws-retail')})
    where resource = ${literal(anomaly.resourceId)} and day >= date '${anomaly.start}' and day < date '${anomaly.end}'`);
  expect(runaway?.['cost']).toBe(anomaly.cost);
  expect(Number(anomaly.cost)).toBeGreaterThan(20 * Number(anomaly.costBefore));
  const [cluster] = await engine.rows(`
    select sum(cost)::decimal(38,12) as cost, count(app)::integer as tagged from (${awsRows('aws-retail')})
    where cluster = ${literal(untagged.cluster)}`);
  expect(cluster).toEqual({ cost: untagged.clusterCost, tagged: 0 });
  expect(Number(untagged.untaggedCost)).toBeGreaterThan(Number(untagged.clusterCost));
});

test('credits of the virtual currency are bought before they are used', async () => {
  const months = await engine.rows(`
    select BillingPeriodStart as month, sum(sum(coalesce(PricingQuantity::decimal(38,12) * (ChargeCategory = 'Purchase')::integer, 0)
      - case when PricingCurrency = 'CREDITS' then PricingCurrencyEffectiveCost::decimal(38,12) else 0 end)) over (order by BillingPeriodStart) > 0 as left_over
    from ${relation('ai')} where ProviderName = 'Quillon' group by month order by month`);
  expect(months).toHaveLength(14);
  for (const month of months) expect(month['left_over']).toBe(true);
});

test('a reservation of the second cloud costs each month exactly what its used and unused hours amortise', async () => {
  const months = await engine.rows(`
    select BillingPeriodStart as month, sum(BilledCost::decimal(38,12) - EffectiveCost::decimal(38,12))::decimal(38,12) as difference,
      count(*) filter (CommitmentDiscountStatus = 'Unused') as unused
    from ${relation('azure')} where CommitmentDiscountId is not null group by month`);
  expect(months).toHaveLength(14);
  for (const month of months) expect(month['difference']).toBe('0');
});

test('a folder that holds anything and a seed that is no whole number are refused, and nothing is written', async () => {
  const used = await mkdtemp(join(root, 'used-'));
  await writeFile(join(used, 'keep.txt'), 'mine');
  await expect(generateBills(engine, used, { scale: 'xs', seed: 1 })).rejects.toMatchObject({
    code: 'demo.folderNotEmpty',
  });
  expect(await readdir(used)).toEqual(['keep.txt']);
  await expect(generateBills(engine, join(root, 'new'), { scale: 'xs', seed: 1.5 })).rejects.toMatchObject({
    code: 'demo.badSeed',
  });
  expect(existsSync(join(root, 'new'))).toBe(false);
});

function parquet(source: string, below = folder): string {
  return `read_parquet(${literal(join(below, source, '**', '*.parquet'))}, hive_partitioning = false)`;
}

function csv(pattern: string): string {
  return `read_csv(${literal(pattern)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', union_by_name = true)`;
}

function relation(source: string): string {
  if (source === 'gcp' || source === 'aws-retail') return parquet(source);
  return csv(join(folder, source, '**', source === 'azure' ? '*.csv.gz' : '*.csv'));
}

/** Month, cost and invoice of every row; doubles as their shortest decimal. */
function nativeRows(source: string): string {
  if (source.startsWith('aws')) return `select month, cost, invoice from (${awsRows(source)})`;
  return `select substr(BillingPeriodStart::varchar, 1, 7) as month, BilledCost::varchar::decimal(38,12) as cost, InvoiceId as invoice
    from ${relation(source)}`;
}

const amounts = {
  cost: 'lineItem/UnblendedCost',
  plan_effective: 'savingsPlan/SavingsPlanEffectiveCost',
  plan_used: 'savingsPlan/UsedCommitment',
  plan_total: 'savingsPlan/TotalCommitmentToDate',
  plan_upfront: 'savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod',
  reserved_recurring: 'reservation/RecurringFeeForUsage',
  reserved_upfront: 'reservation/AmortizedUpfrontCostForUsage',
  period_upfront: 'reservation/AmortizedUpfrontFeeForBillingPeriod',
  unused_recurring: 'reservation/UnusedRecurringFee',
  unused_upfront: 'reservation/UnusedAmortizedUpfrontFeeForBillingPeriod',
} as const;

/** Rows of an AWS source under short names, read from its files alone. */
function awsRows(source: string, at = join(folder, source)): string {
  const old = source === 'aws-logistics';
  const name = (header: string) => (old ? `"${header}"` : cur2Name(header));
  const columns = Object.entries(amounts).map(
    ([short, header]) => `${name(header)}::varchar::decimal(38,12) as ${short}`,
  );
  const net = old ? ', "lineItem/NetUnblendedCost"::decimal(38,12) as net' : '';
  const app = old ? '"resourceTags/user:app"' : `resource_tags['user_app']`;
  const cluster = old ? '"resourceTags/aws:eks:cluster-name"' : `resource_tags['aws_eks_cluster_name']`;
  return `select substr(${name('bill/BillingPeriodStartDate')}::varchar, 1, 7) as month, ${name('lineItem/LineItemType')} as type,
      ${name('identity/LineItemId')} as id, ${name('bill/InvoiceId')} as invoice, ${name('lineItem/ResourceId')} as resource,
      substr(${name('lineItem/UsageStartDate')}::varchar, 1, 10)::date as day, ${name('savingsPlan/SavingsPlanARN')} as plan,
      ${name('reservation/ReservationARN')} as reservation, ${app} as app, ${cluster} as cluster, ${columns.join(', ')}${net}
    from ${old ? csv(join(at, '**', '*.csv.gz')) : `read_parquet(${literal(join(at, '**', '*.parquet'))}, hive_partitioning = false)`}`;
}

function cur2Name(header: string): string {
  return header
    .replace('/', '_')
    .replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z])/g, '_')
    .toLowerCase();
}

async function headerOf(source: string, month: string): Promise<readonly string[]> {
  const pattern = join(folder, source, 'cur', '*', month, '*', '*-00001.csv.gz');
  return [...(await columnsOf(csv(pattern))).keys()];
}

async function columnsOf(from: string): Promise<ReadonlyMap<string, string>> {
  const rows = await engine.rows(`describe select * from ${from}`);
  return new Map(rows.map((row) => [String(row['column_name']), String(row['column_type'])]));
}

async function filesOf(at: string): Promise<readonly string[]> {
  const names = await readdir(at, { recursive: true });
  const files: string[] = [];
  for (const name of names.sort()) if ((await stat(join(at, name))).isFile()) files.push(join(at, name));
  return files;
}

async function contentOf(at: string): Promise<readonly string[]> {
  const files = await filesOf(at);
  return Promise.all(
    files.map(
      async (file) =>
        `${file.slice(at.length)} ${createHash('sha256')
          .update(await readFile(file))
          .digest('hex')}`,
    ),
  );
}
