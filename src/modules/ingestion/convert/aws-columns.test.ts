import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Row } from '../../../platform/warehouse/index.ts';
import {
  type Bench,
  type Cells,
  costRows,
  cur,
  importInto,
  openBench,
  put,
  putCur2,
  snakeCase,
  type Table,
  without,
} from '../testing/bills.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

async function convert(table: Table, columns: string, name = 'acme.csv'): Promise<Row[]> {
  const result = await importInto(bench, await put(bench, name, table));
  expect(result.errors).toEqual([]);
  return costRows(bench, columns);
}

const renamed = (table: Table, rename: (name: string) => string): Table => ({
  ...table,
  header: table.header.map(rename),
});

describe('the spelling of columns', () => {
  const rows: readonly Cells[] = [
    {},
    {
      'lineItem/LineItemType': 'SavingsPlanCoveredUsage',
      'savingsPlan/SavingsPlanARN': 'arn:plan',
      'savingsPlan/SavingsPlanEffectiveCost': '0.07',
    },
  ];
  const expected = [
    { BilledCost: '0.1', EffectiveCost: '0.1', CommitmentDiscountId: null, SubAccountId: '222222222222' },
    {
      BilledCost: '0',
      EffectiveCost: '0.07',
      CommitmentDiscountId: 'arn:plan',
      SubAccountId: '222222222222',
    },
  ];
  const columns = 'BilledCost, EffectiveCost, CommitmentDiscountId, SubAccountId';

  test.each([
    ['as CUR v1 has it', (name: string) => name],
    ['as Athena has it, with savings_plan_a_r_n', snakeCase],
    ['in snake case, with savings_plan_arn', (name: string) => snakeCase(name).replace('a_r_n', 'arn')],
    ['in upper case', (name: string) => name.toUpperCase()],
    ['with blanks', (name: string) => ` ${name.replace('/', ' ')} `],
  ])('does not matter: %s', async (_, rename) => {
    expect(await convert(renamed(cur(...rows), rename), columns)).toEqual(expected);
  });

  test('does not matter, nor does their order or a byte order mark', async () => {
    const table = cur(...rows);
    const reversed = {
      header: table.header.toReversed(),
      rows: table.rows.map((cells) => cells.toReversed()),
    };
    const marked = {
      ...reversed,
      header: reversed.header.map((name, index) => (index === 0 ? `\ufeff${name}` : name)),
    };
    expect(await convert(marked, columns)).toEqual(expected);
  });
});

describe('tags', () => {
  const tagged = cur(
    {
      'resourceTags/user:Name': 'web "1"',
      'resourceTags/user:Cost Center': 'a,b\\c',
      'resourceTags/aws:createdBy': 'root',
      'costCategory/Team': 'Blue',
      'discount/EdpDiscount': '',
    },
    { 'resourceTags/user:Name': '' },
  );

  test('of the user lose their prefix, those of AWS keep it, empty ones are left out', async () => {
    const [first, second] = await convert(tagged, 'Tags, ResourceName, x_CostCategories, x_Discounts');
    expect(JSON.parse(String(first?.['Tags']))).toEqual({
      Name: 'web "1"',
      'Cost Center': 'a,b\\c',
      'aws:createdBy': 'root',
    });
    expect(first).toMatchObject({
      ResourceName: 'web "1"',
      x_CostCategories: '{"Team":"Blue"}',
      x_Discounts: null,
    });
    expect(second).toEqual({ Tags: null, ResourceName: null, x_CostCategories: null, x_Discounts: null });
  });

  test('are the same text whether a bill holds them in columns or in a map, but for the case of keys', async () => {
    await importInto(bench, await putCur2(bench, 'acme.parquet', tagged));
    const [first, second] = await costRows(bench, 'Tags, ResourceName, x_CostCategories');
    expect(JSON.parse(String(first?.['Tags']))).toEqual({
      name: 'web "1"',
      'cost center': 'a,b\\c',
      'aws:createdby': 'root',
    });
    expect(first).toMatchObject({ ResourceName: 'web "1"', x_CostCategories: '{"team":"Blue"}' });
    expect(second).toEqual({ Tags: null, ResourceName: null, x_CostCategories: null });
  });

  test('in snake-case columns are found', async () => {
    const [row] = await convert(
      cur({ resource_tags_user_name: 'web', resource_tags_user_team: 'blue', cost_category_unit: 'x' }),
      'Tags, ResourceName, x_CostCategories',
    );
    expect(row).toEqual({
      Tags: '{"name":"web","team":"blue"}',
      ResourceName: 'web',
      x_CostCategories: '{"unit":"x"}',
    });
  });

  test('in a CUR 2.0 CSV are JSON text, treated as the map is', async () => {
    const [row, empty] = await convert(
      cur(
        { resource_tags: '{"user_name":"web","aws_created_by":"root"}', product: '{"product_name":"EC2"}' },
        { resource_tags: '{}' },
      ),
      'Tags, ResourceName, ServiceName',
    );
    expect(JSON.parse(String(row?.['Tags']))).toEqual({ name: 'web', aws_created_by: 'root' });
    expect(row).toMatchObject({ ResourceName: 'web', ServiceName: 'EC2' });
    expect(empty).toEqual({ Tags: null, ResourceName: null, ServiceName: 'AmazonEC2' });
  });
});

describe('service, region and resource', () => {
  test('the name of a service is the product name, else the service name, else the code', async () => {
    const rows = await convert(
      cur(
        { 'product/ProductName': 'Amazon Elastic Compute Cloud', 'product/servicename': 'EC2' },
        { 'product/servicename': 'EC2' },
        { 'product/servicecode': 'AmazonS3', 'lineItem/ProductCode': 'AmazonS3' },
        { 'lineItem/ProductCode': 'AcmeUnheardOf' },
      ),
      'ServiceName, ServiceCategory, ServiceSubcategory, x_ServiceCode',
    );
    expect(rows).toEqual([
      {
        ServiceName: 'Amazon Elastic Compute Cloud',
        ServiceCategory: 'Compute',
        ServiceSubcategory: 'Virtual Machines',
        x_ServiceCode: 'AmazonEC2',
      },
      {
        ServiceName: 'EC2',
        ServiceCategory: 'Compute',
        ServiceSubcategory: 'Virtual Machines',
        x_ServiceCode: 'AmazonEC2',
      },
      {
        ServiceName: 'AmazonS3',
        ServiceCategory: 'Storage',
        ServiceSubcategory: 'Object Storage',
        x_ServiceCode: 'AmazonS3',
      },
      {
        ServiceName: 'AcmeUnheardOf',
        ServiceCategory: 'Other',
        ServiceSubcategory: null,
        x_ServiceCode: 'AcmeUnheardOf',
      },
    ]);
  });

  test('the region is its code, else the older column; the zone stands beside it', async () => {
    const columns = 'RegionId, RegionName, AvailabilityZone';
    const rows = await convert(
      cur(
        {
          'product/regionCode': 'eu-west-3',
          'product/region': 'eu-west-9',
          'product/location': 'EU (Paris)',
          'lineItem/AvailabilityZone': 'eu-west-3a',
        },
        { 'product/region': 'us-east-1' },
      ),
      columns,
    );
    expect(rows).toEqual([
      { RegionId: 'eu-west-3', RegionName: 'EU (Paris)', AvailabilityZone: 'eu-west-3a' },
      { RegionId: 'us-east-1', RegionName: null, AvailabilityZone: null },
    ]);
  });

  test.each([
    ['arn:aws:ec2:eu-west-1:222222222222:instance/i-1', 'instance'],
    ['arn:aws:lambda:eu-west-1:222222222222:function:send', 'lambda'],
    ['arn:aws:s3:::bucket', 's3'],
    ['i-0123456789abcdef0', 'instance'],
    ['vol-0123456789abcdef0', 'volume'],
    ['my-bucket', null],
    ['', null],
  ])('the resource %s has the type %s', async (id, type) => {
    const [row] = await convert(cur({ 'lineItem/ResourceId': id }), 'ResourceId, ResourceType');
    expect(row).toEqual({ ResourceId: id === '' ? null : id, ResourceType: type });
  });

  test('what the product columns say of the SKU goes under the keys of FOCUS; what is no number is left out', async () => {
    const rows = await convert(
      cur(
        {
          'product/sku': 'ABC',
          'pricing/RateCode': 'ABC.TERM.RATE',
          'product/instanceType': 'm5.large',
          'product/instanceFamily': 'General purpose',
          'product/vcpu': '2',
          'product/memory': '8 GiB',
          'product/operatingSystem': 'Linux',
          'product/storageClass': '',
        },
        { 'pricing/RateId': '77', 'product/vcpu': 'NA', 'product/memory': 'NA' },
      ),
      'SkuId, SkuPriceId, SkuMeter, SkuPriceDetails',
    );
    expect(rows.map((row) => JSON.parse(String(row['SkuPriceDetails'])))).toEqual([
      {
        InstanceType: 'm5.large',
        InstanceSeries: 'General purpose',
        CoreCount: 2,
        MemorySize: 8,
        OperatingSystem: 'Linux',
      },
      null,
    ]);
    expect(rows[0]).toMatchObject({
      SkuId: 'ABC',
      SkuPriceId: 'ABC.TERM.RATE',
      SkuMeter: 'BoxUsage:m5.large',
    });
    expect(rows[1]).toMatchObject({ SkuId: null, SkuPriceId: '77' });
  });

  test('are found in the product map of CUR 2.0', async () => {
    const table = cur({
      'product/ProductName': 'Elastic Compute',
      'product/vcpu': '4',
      'product/memory': '16 GiB',
      'product/operatingSystem': 'Linux',
      'product/regionCode': 'eu-west-1',
    });
    await importInto(bench, await putCur2(bench, 'acme.parquet', table));
    const [row] = await costRows(bench, 'ServiceName, RegionId, SkuPriceDetails');
    expect(row).toMatchObject({ ServiceName: 'Elastic Compute', RegionId: 'eu-west-1' });
    expect(JSON.parse(String(row?.['SkuPriceDetails']))).toEqual({
      CoreCount: 4,
      MemorySize: 16,
      OperatingSystem: 'Linux',
    });
  });
});

describe('columns that a bill lacks', () => {
  test('without the commitment columns a fee stays one row, and covered usage takes effect at 0', async () => {
    const rows = await convert(
      cur(
        { 'lineItem/LineItemType': 'RIFee', 'lineItem/UnblendedCost': '36' },
        { 'lineItem/LineItemType': 'SavingsPlanCoveredUsage' },
        { 'lineItem/LineItemType': 'SavingsPlanNegation', 'lineItem/UnblendedCost': '-0.1' },
      ),
      'BilledCost, EffectiveCost, x_Part',
    );
    expect(rows).toEqual([
      { BilledCost: '36', EffectiveCost: '0', x_Part: 0 },
      { BilledCost: '0', EffectiveCost: '0', x_Part: 0 },
      { BilledCost: '0', EffectiveCost: '0', x_Part: 0 },
    ]);
  });

  test('a bill of dates, types and costs alone is converted; the rest is null', async () => {
    const few = {
      header: [
        'lineItem/UsageStartDate',
        'lineItem/LineItemType',
        'lineItem/UnblendedCost',
        'lineItem/CurrencyCode',
      ],
      rows: [['2026-10-05T00:00:00Z', 'Usage', '1.5', 'EUR']],
    };
    const [row] = await convert(
      few,
      'BilledCost, EffectiveCost, ListCost, BillingCurrency, BillingPeriodStart, BillingPeriodEnd, ChargePeriodEnd, SubAccountId, Tags, SkuPriceDetails, ServiceName, ServiceCategory',
    );
    expect(row).toEqual({
      BilledCost: '1.5',
      EffectiveCost: '1.5',
      ListCost: '1.5',
      BillingCurrency: 'EUR',
      BillingPeriodStart: '2026-10-01T00:00:00Z',
      BillingPeriodEnd: '2026-11-01T00:00:00Z',
      ChargePeriodEnd: null,
      SubAccountId: null,
      Tags: null,
      SkuPriceDetails: null,
      ServiceName: null,
      ServiceCategory: 'Other',
    });
  });

  test('without a billing period the month is that of the usage, and the result says so', async () => {
    const table = without(
      cur({}, { 'lineItem/UsageStartDate': '2026-11-02T00:00:00Z', 'lineItem/UsageEndDate': '' }),
      'bill/BillingPeriodStartDate',
      'bill/BillingPeriodEndDate',
    );
    const result = await importInto(bench, await put(bench, 'acme.csv', table));
    expect(result.imports.map(({ billingPeriod, nativeCost }) => [billingPeriod, nativeCost])).toEqual([
      ['2026-10', '0.1'],
      ['2026-11', '0.1'],
    ]);
    expect(result.issues).toContainEqual(expect.objectContaining({ code: 'ingestion.periodFromCharge' }));
  });
});
