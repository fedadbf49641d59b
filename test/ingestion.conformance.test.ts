import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costDataset } from '../src/modules/focus/index.ts';
import { type ImportRequest, type ImportResult, importBill } from '../src/modules/ingestion/index.ts';
import { everything, formatDecimal, parseDecimal, sumDecimals } from '../src/platform/kernel/index.ts';
import { openWorkspace, verifyLake, type Workspace } from '../src/platform/warehouse/index.ts';

/** Real sample bills, kept outside the repository; without them this suite is skipped by name. */
const samples = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'shared', 'data');
const absent = !existsSync(samples);
const title = absent
  ? 'AWS and FOCUS bills tie out (SKIPPED: no sample folder beside the repository)'
  : 'AWS and FOCUS bills tie out';

/**
 * Rows and sums as the README of the samples states them: every value as text, rounded half-up at 12 decimals, added up.
 * In the order native (the file's own cost column), Billed, Effective, List, Contracted; null where it states none.
 */
type Sums = readonly [rows: number, native: string, billed: string, ...others: readonly (string | null)[]];

const aws: Readonly<Record<string, Sums>> = {
  'aws/cur-v1_anonymized_2023-11.csv.gz': [1281, '1.6823086974', '1.6823086974'],
  'aws/cur-2.0_derived-layout/exports/demo-cur2/data/BILLING_PERIOD=2023-11/demo-cur2-00001.snappy.parquet': [
    1281,
    '1.6823086974',
    '1.6823086974',
  ],
  'aws/cur-2.0_tiny-unit-sample.csv': [4, '0.0652', '0.0652'],
  'aws/cur-v1_report-with-manifest/koku-local/20180801-20180901/16e57707-f9e3-49be-8be6-b84e684b5194/koku-local-1.csv.gz':
    [13380, '143227.763678187617', '143227.763678187617'],
  // Three rows of covered usage without their negation: 30 is their on-demand value, 0.3 the price of the plan.
  'variants/aws-cur-v1_savings-plan-covered_koku.csv': [3, '30', '0', '0.3'],
  'variants/aws-cur_snake-case-alt-columns_koku.csv': [2, '0', '0', '0'],
};

const focus: Readonly<Record<string, Sums>> = {
  'focus/focus-1.0_official-sample_1000.csv': [
    1000,
    '20.52022672899',
    '20.52022672899',
    '14.97651418586',
    '20.39090575119',
    '14.97626039326',
  ],
  'focus/focus-1.2_aws_cost-and-usage_synthetic-100.csv': [
    100,
    '1157.488823772132',
    '1157.488823772132',
    '403.459218772132',
    '1203.923417841033',
    '1161.679082277732',
  ],
  'focus/focus-1.2_azure_cost-and-usage_synthetic-100.csv': [
    100,
    '3124.499949039805',
    '3124.499949039805',
    '2246.758270039805',
    '3376.155705009214',
    '3133.169624387005',
  ],
  'focus/focus-1.2_gcp_cost-and-usage_synthetic-100.csv': [
    100,
    '837.522223224658',
    '837.522223224658',
    '755.068472224658',
    '921.535147412594',
    '843.926171168858',
  ],
  'focus/focus-1.3_aws_cost-and-usage_synthetic-100.csv': [
    100,
    '1242.115619114858',
    '1242.115619114858',
    '215.678901114858',
    '1264.832294636176',
    '1245.011742622058',
  ],
  'focus/focus-1.3_azure_cost-and-usage_synthetic-100.csv': [
    100,
    '4697.144675872276',
    '4697.144675872276',
    '3322.307971872276',
    '5062.153488657004',
    '4702.350941958676',
  ],
  'focus/focus-1.3_gcp_cost-and-usage_synthetic-100.csv': [
    100,
    '1587.819930530262',
    '1587.819930530262',
    '717.197527530262',
    '1665.746079226',
    '1592.587495009862',
  ],
  'focus/focus-1.3_consolidated-multi-provider_synthetic.csv': [4, '308', '308', '308', '368', '308'],
  'focus-spec-examples/commitment_discount_purchase_scenario_1.csv': [1, '8760', '8760', '0'],
  'focus-spec-examples/commitment_discount_usage_scenario_1.csv': [1, '0', '0', '1'],
  'focus-spec-examples/commitment_discount_usage_scenario_2.csv': [1, '0', '0', '1'],
  'focus-spec-examples/commitment_discount_usage_scenario_3.csv': [2, '0', '0', '1'],
  'focus-spec-examples/commitment_discount_usage_scenario_4.csv': [2, '0.5', '0.5', '1.5'],
  'focus-spec-examples/one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource.csv':
    [3, '2.75', '2.75', '2.75', '6.25'],
  'focus-spec-examples/one_hundred_percent_utilization_with_commitment_discount_flexibility_with_2_resources.csv':
    [3, '2', '2', '2', '8'],
  'focus-spec-examples/one_hundred_percent_utilization_without_commitment_discount_flexibility.csv': [
    2,
    '1.5',
    '1.5',
    '1.5',
    '6',
  ],
  'focus-spec-examples/zero_percent_utilization_without_commitment_discount_flexibility.csv': [
    3,
    '3.5',
    '3.5',
    '3.5',
    '8',
  ],
  'focus-spec-examples/saas_spend_agreements_a1.csv': [4, '1200', '1200', '1200', '1257', '1200'],
  'focus-spec-examples/saas_spend_agreements_a2.csv': [13, '1200', '1200', '1200', '1257', '1200'],
  'focus-spec-examples/saas_spend_agreements_b1.csv': [5, '1200', '1200', '1200', '2457', '2400'],
  'focus-spec-examples/saas_spend_agreements_b2.csv': [14, '1200', '1200', '1200', '2457', '2400'],
  'focus-spec-examples/virtual_currency_pricing_model_a1.csv': [
    1,
    '200000',
    '200000',
    '0',
    '200000',
    '200000',
  ],
  'focus-spec-examples/virtual_currency_pricing_model_a2.csv': [3, '0', '0', '1230', '1230', '1230'],
  'focus-spec-examples/virtual_currency_pricing_model_b1.csv': [
    1,
    '100000',
    '100000',
    '0',
    '200000',
    '100000',
  ],
  'focus-spec-examples/virtual_currency_pricing_model_b2.csv': [3, '0', '0', '615', '1230', '615'],
  'focus-spec-examples/virtual_currency_pricing_model_b3.csv': [3, '0', '0', '495', '1230', '495'],
  'focus-spec-examples/virtual_currency_pricing_model_c.csv': [2, '53000', '53000', '0', '53000', '53000'],
};

/** Files without a billing month, imported with `--period`. */
const undated: Readonly<Record<string, Sums>> = {
  'focus/focus_scenario_correction-set.csv': [3, '75', '75'],
  'focus/focus_scenario_split-cost-allocation_equal.csv': [3, '100', '100'],
  'focus/focus_scenario_split-cost-allocation_negative.csv': [2, '-50', '-50'],
  'focus/focus_scenario_split-cost-allocation_weighted.csv': [3, '100', '100'],
};

describe.skipIf(absent)(title, () => {
  let root: string;
  let workspace: Workspace;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'centrail-conformance-'));
    workspace = openWorkspace({ root, threads: 2 });
  });
  afterAll(async () => {
    await workspace?.close();
    if (root) await rm(root, { recursive: true, force: true });
  });

  async function importSample(
    file: string,
    options: Omit<ImportRequest, 'path'> = {},
  ): Promise<ImportResult> {
    const { lake, clock, randomness } = workspace;
    const engine = await workspace.engine();
    return importBill(
      { scope: everything, workspaceRoot: root, lake, engine, clock, randomness },
      { path: join(samples, file), source: sourceOf(file), ...options },
      { roots: [samples] },
    );
  }

  /** The four costs of a source, added up over its months and currencies. */
  async function stored(file: string): Promise<(string | null)[]> {
    const { relation } = await workspace.lake.select(everything, costDataset, { sources: [sourceOf(file)] });
    const engine = await workspace.engine();
    const [row] = await engine.rows(
      `select sum(BilledCost) as b, sum(EffectiveCost) as e, sum(ListCost) as l, sum(ContractedCost) as c from ${relation}`,
    );
    return ['b', 'e', 'l', 'c'].map((name) => (row?.[name] ?? null) as string | null);
  }

  async function expectSums(file: string, sums: Sums, result: ImportResult): Promise<void> {
    const [rows, native, ...costs] = sums;
    expect(result.errors).toEqual([]);
    expect(result.imports.every(({ status }) => status === 'imported')).toBe(true);
    expect(result.imports.every(({ unexplained }) => unexplained === '0')).toBe(true);
    expect(result.imports.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBe(rows);
    expect(total(result, 'nativeCost')).toBe(native);
    expect(total(result, 'billedCost')).toBe(costs[0]);
    const found = await stored(file);
    expect(found.slice(0, costs.length)).toEqual(costs);
  }

  it.each(Object.entries(aws))('AWS: %s', async (file, sums) => {
    await expectSums(file, sums, await importSample(file));
  });

  it.each(Object.entries(focus))('FOCUS: %s', async (file, sums) => {
    await expectSums(file, sums, await importSample(file));
  });

  it.each(Object.entries(undated))('FOCUS without a month: %s', async (file, sums) => {
    const refused = await importSample(file);
    expect(refused.errors).toMatchObject([{ code: 'ingestion.noBillingPeriod', exitCode: 5 }]);
    expect(total(refused, 'nativeCost')).toBe(sums[1]);
    await expectSums(file, sums, await importSample(file, { period: '2026-05' }));
  });

  it('an AWS manifest leads to its files, of a CUR and of a Data Export', async () => {
    const cur = 'aws/cur-v1_report-with-manifest/koku-local/20180801-20180901/koku-local-Manifest.json';
    const result = await importSample(cur);
    expect(result.errors).toEqual([]);
    expect(total(result, 'nativeCost')).toBe('143227.763678187617');
    const exported =
      'aws/cur-2.0_derived-layout/exports/demo-cur2/metadata/BILLING_PERIOD=2023-11/demo-cur2-Manifest.json';
    expect(total(await importSample(exported), 'nativeCost')).toBe('1.6823086974');
  });

  it.each([
    ['focus/focus-1.3_aws_contract-commitment_synthetic.csv', '530096.56576'],
    ['focus/focus-1.3_azure_contract-commitment_synthetic.csv', '539071.29088'],
  ])('contract commitments are a dataset of their own: %s', async (file, cost) => {
    const result = await importSample(file);
    expect(result.imports).toMatchObject([
      {
        dataset: 'contract_commitment',
        billingPeriod: null,
        rowsRead: 10,
        nativeCost: cost,
        unexplained: '0',
      },
    ]);
  });

  it('a real CUR and the same bill as CUR 2.0 give the same costs by service', async () => {
    const [v1, v2] = Object.keys(aws);
    const engine = await workspace.engine();
    const [first, second] = await Promise.all(
      [v1, v2].map(async (file) => {
        const { relation } = await workspace.lake.select(everything, costDataset, {
          sources: [sourceOf(file ?? '')],
        });
        return engine.rows(
          `select x_ServiceCode, ChargeCategory, count(*) as n, sum(BilledCost) as b, sum(EffectiveCost) as e, sum(ListCost) as l, sum(ContractedCost) as c
           from ${relation} group by 1, 2 order by 1, 2`,
        );
      }),
    );
    expect(first?.length).toBeGreaterThan(5);
    expect(second).toEqual(first);
  });

  it('the 604 AWS rows of the official FOCUS 1.0 sample that are billed and have no effect are an issue', async () => {
    const file = 'focus/focus-1.0_official-sample_1000.csv';
    const { issues } = await importSample(file, { source: 'official' });
    const found = issues.filter(({ code }) => code === 'focus.effective_cost_zero');
    // Their BilledCost, added up from the file's text: 6.9404689424.
    expect(found).toMatchObject([
      { rows: 604, costAtStake: '6.9404689424', currency: 'USD', params: { provider: 'AWS' } },
      { rows: 4, params: { provider: 'Oracle' } },
    ]);
  });

  it.each([
    ['a1', '$10,000.00 '],
    ['a2', '$50,000.00 '],
    ['a3', '$1,000.00 '],
    ['b', '$50,000.00 '],
    ['c', '$10,100.00 '],
  ])('simple_saas_agreements_%s is refused: its costs are texts such as %s', async (name, value) => {
    const result = await importSample(`focus-spec-examples/simple_saas_agreements_${name}.csv`);
    expect(result.errors).toMatchObject([
      { code: 'ingestion.unreadableCells', exitCode: 5, params: { row: 1, field: 'BilledCost', value } },
    ]);
    expect(
      result.imports.every(({ nativeCost, status }) => nativeCost === null && status === 'refused'),
    ).toBe(true);
  });

  it.each([
    ['2', 3, '3'],
    ['3', 4, '4381.5'],
  ])('commitment_discount_purchase_scenario_%s is refused: it has an hour 30', async (name, row, native) => {
    const result = await importSample(
      `focus-spec-examples/commitment_discount_purchase_scenario_${name}.csv`,
    );
    expect(result.errors).toMatchObject([
      {
        code: 'ingestion.unreadableCells',
        exitCode: 5,
        params: { row, field: 'ChargePeriodEnd', value: '2023-02-01T30:00:00Z', rule: 'unreadable-date' },
      },
    ]);
    expect(total(result, 'nativeCost')).toBe(native);
  });

  it('a placeholder without a cost column is refused', async () => {
    const result = await importSample('aws/cur-parquet_cid-placeholder.parquet');
    expect(result.errors).toMatchObject([{ code: 'ingestion.noCostColumn', exitCode: 5 }]);
    expect(result.imports).toEqual([]);
  });

  it('a CUR with ragged rows is refused, its sum stated; accepted by name, what is set aside is named', async () => {
    const file = 'aws/cur-v1_koku_2023-11_cost-categories.csv';
    const refused = await importSample(file);
    expect(refused.errors).toMatchObject([{ code: 'ingestion.raggedRows', exitCode: 5 }]);
    expect(refused.imports).toMatchObject([
      { rowsRead: 26, nativeCost: '3.825697621723', status: 'refused', billedCost: null },
    ]);
    const accepted = await importSample(file, { acceptQuarantine: ['ragged-row'] });
    expect(accepted.errors).toEqual([]);
    expect(accepted.imports).toMatchObject([
      { rowsRead: 26, rowsWritten: 24, rowsQuarantined: 2, nativeCost: '3.825697621723', unexplained: '0' },
    ]);
  });

  it('Azure, Google and Oracle exports are no AWS or FOCUS bills, and are refused as such', async () => {
    for (const file of [
      'azure/azure-ea-usage_anonymized_focus-converters.csv',
      'gcp/gcp-billing-export_2020-11_koku.csv',
      'oci/oci-cost-report_2023-11-13_focus-converters.csv',
    ]) {
      const result = await importSample(file);
      expect(result.errors).toMatchObject([{ code: 'ingestion.unknownFormat', exitCode: 5 }]);
    }
  });

  it('the lake holds what was imported: every checksum, count and sum', async () => {
    const { findings, snapshots } = await verifyLake(workspace.lake, await workspace.engine());
    expect(findings).toEqual([]);
    expect(snapshots).toBeGreaterThan(70);
  });
});

function sourceOf(file: string): string {
  return file
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(-90)
    .replace(/^-/, '');
}

function total(result: ImportResult, figure: 'nativeCost' | 'billedCost'): string {
  return formatDecimal(sumDecimals(result.imports.map((entry) => parseDecimal(entry[figure] ?? '0'))));
}
