import { noCurrency } from '../../../platform/kernel/index.ts';
import { identifier, literal } from '../../../platform/warehouse/index.ts';
import { costDataset } from '../../focus/index.ts';
import { awsCostRules } from './aws-cost.ts';
import { awsServices } from './aws-services.ts';
import { decimalCell, monthOf, timestampCell } from './cells.ts';
import { type Converter, literalOrNull } from './converter.ts';
import type { NativeColumns } from './native-columns.ts';
import type { ColumnRules, Rule } from './rules.ts';

/** Which of the two parts of a native row: the row itself, or the unused part synthesised from a commitment fee. */
export const part = 'scan.part';

/** What is chosen once per file: net or gross costs, and what stands in for a currency or month that the bill lacks. */
export interface AwsOptions {
  readonly net: boolean;
  readonly currency?: string | undefined;
  readonly period?: string | undefined;
}

/** The words of a CUR row that the rules speak of, as SQL over the scanned native row. */
export interface AwsWords {
  readonly lineType: string;
  /** True for the unused part of a commitment fee. */
  readonly unused: string;
  readonly usage: string;
  readonly savingsPlan: string;
  readonly reservation: string;
  readonly money: (...names: readonly string[]) => string;
}

const usageTypes = `('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')`;

/** Native column names of CUR v1; CUR 2.0 and Athena spell them in snake case and are found all the same. */
export function awsWords(native: NativeColumns): AwsWords {
  const lineType = native.has('lineItem/LineItemType') ? native.text('lineItem/LineItemType') : `'Usage'`;
  return {
    lineType,
    unused: `${part} = 1`,
    usage: `${lineType} in ${usageTypes} and ${part} = 0`,
    savingsPlan: native.text('savingsPlan/SavingsPlanARN'),
    reservation: native.text('reservation/ReservationARN'),
    money: (...names) => decimalCell(native.text(...names)),
  };
}

/** The SQL scan of one staged CUR file: every row, and commitment fees a second time as their unused part. */
export function awsScan(native: NativeColumns, stagedFile: string): string {
  const from = `read_parquet(${literal(stagedFile)}, file_row_number = true)`;
  const services = awsServices.map((row) => `(${row.map(literal).join(', ')})`).join(', ');
  const code = native.text('lineItem/ProductCode');
  const rows = `select *, file_row_number + 1 as source_row, 0 as part from ${from}`;
  const unused = hasUnusedParts(native)
    ? `\n  union all\n  select *, file_row_number + 1, 1 from ${from} where ${awsWords(native).lineType} in ('RIFee', 'SavingsPlanRecurringFee')`
    : '';
  return `(
  ${rows}${unused}
) as scan
left join (values ${services}) as service(code, category, subcategory) on service.code = ${code}`;
}

/** Fees can be split only where the bill says how much of the commitment was used. */
export function hasUnusedParts(native: NativeColumns): boolean {
  return native.has('savingsPlan/UsedCommitment') || native.has('reservation/UnusedRecurringFee');
}

/** Number columns by the line types whose rules read them; '' for every type. */
const awsNumbers: Readonly<Record<string, readonly string[]>> = {
  '': [
    'lineItem/UnblendedCost',
    'lineItem/NetUnblendedCost',
    'lineItem/UsageAmount',
    'lineItem/NormalizedUsageAmount',
    'lineItem/UnblendedRate',
    'lineItem/NetUnblendedRate',
    'pricing/publicOnDemandCost',
    'pricing/publicOnDemandRate',
  ],
  DiscountedUsage: ['reservation/EffectiveCost', 'reservation/NetEffectiveCost'],
  SavingsPlanCoveredUsage: [
    'savingsPlan/SavingsPlanEffectiveCost',
    'savingsPlan/NetSavingsPlanEffectiveCost',
  ],
  SavingsPlanRecurringFee: ['savingsPlan/TotalCommitmentToDate', 'savingsPlan/UsedCommitment'],
  RIFee: [
    'reservation/UnusedAmortizedUpfrontFeeForBillingPeriod',
    'reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod',
    'reservation/UnusedRecurringFee',
    'reservation/NetUnusedRecurringFee',
    'reservation/UnusedNormalizedUnitQuantity',
    'reservation/UnusedQuantity',
    'reservation/TotalReservedNormalizedUnits',
  ],
};

/** Every converted column of an AWS bill, costs first in `aws-cost.ts`, the rest here. */
function awsRules(native: NativeColumns, options: AwsOptions): ColumnRules[] {
  const words = awsWords(native);
  return [
    ...awsCostRules(native, words, options),
    ...chargeRules(native, words, options),
    ...accountRules(native),
    ...commitmentRules(native, words),
    ...resourceRules(native),
    ...skuRules(native, words),
    ...tagRules(native),
  ];
}

function plain(
  column: string,
  type: ColumnRules['type'],
  id: string,
  says: string,
  value: string,
): ColumnRules {
  return { column, type, rules: [{ id: `aws.${id}`, says, value }] };
}

function text(column: string, id: string, native: NativeColumns, ...names: readonly string[]): ColumnRules {
  return plain(column, 'string', id, `As in ${names.join(', else ')}.`, native.text(...names));
}

function chargeRules(native: NativeColumns, words: AwsWords, options: AwsOptions): ColumnRules[] {
  const { lineType, unused } = words;
  const rule = (id: string, says: string, value: string, when?: string): Rule =>
    when === undefined ? { id: `aws.${id}`, says, value } : { id: `aws.${id}`, says, value, when };
  const usageStart = timestampCell(native.text('lineItem/UsageStartDate'));
  const given =
    options.period === undefined ? undefined : `timestamp ${literal(`${options.period}-01 00:00:00`)}`;
  const billStart = native.has('bill/BillingPeriodStartDate')
    ? timestampCell(native.text('bill/BillingPeriodStartDate'))
    : (given ?? `date_trunc('month', ${usageStart})`);
  const billEnd = native.has('bill/BillingPeriodEndDate')
    ? timestampCell(native.text('bill/BillingPeriodEndDate'))
    : `${billStart} + interval 1 month`;
  const commitmentRefund = `${lineType} = 'Refund' and (${words.savingsPlan} is not null or ${words.reservation} is not null)`;
  return [
    plain(
      'BillingPeriodStart',
      'timestamp',
      'billing-period',
      'The billing period of the bill; of the usage where the file has none.',
      billStart,
    ),
    plain('BillingPeriodEnd', 'timestamp', 'billing-period', 'Exclusive end, as AWS writes it.', billEnd),
    plain('ChargePeriodStart', 'timestamp', 'charge-period', 'As in lineItem/UsageStartDate.', usageStart),
    plain(
      'ChargePeriodEnd',
      'timestamp',
      'charge-period',
      'As in lineItem/UsageEndDate (exclusive).',
      timestampCell(native.text('lineItem/UsageEndDate')),
    ),
    {
      column: 'ChargeCategory',
      type: 'string',
      rules: [
        rule(
          'category.unused',
          'The unused part of a commitment is usage that nobody made.',
          `'Usage'`,
          unused,
        ),
        rule(
          'category.usage',
          'Usage, covered or not, and the entry that offsets it.',
          `'Usage'`,
          `${lineType} in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation')`,
        ),
        rule(
          'category.purchase',
          'Fees buy a commitment or a subscription.',
          `'Purchase'`,
          `${lineType} in ('Fee', 'RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee')`,
        ),
        rule('category.tax', 'Tax.', `'Tax'`, `${lineType} = 'Tax'`),
        rule('category.credit', 'Credit.', `'Credit'`, `${lineType} = 'Credit'`),
        rule(
          'category.refund-of-purchase',
          'FOCUS has no refund: it is a negative row of the original category.',
          `'Purchase'`,
          commitmentRefund,
        ),
        rule(
          'category.refund',
          'FOCUS has no refund: it is a negative row of the original category.',
          `'Usage'`,
          `${lineType} = 'Refund'`,
        ),
        rule(
          'category.adjustment',
          'Discounts that AWS bills as rows of their own, and types that we do not know.',
          `'Adjustment'`,
        ),
      ],
    },
    {
      column: 'ChargeClass',
      type: 'string',
      rules: [
        rule(
          'class.refund',
          'A refund corrects an earlier charge.',
          `'Correction'`,
          `${lineType} = 'Refund' or ${native.text('bill/BillType')} = 'Refund'`,
        ),
        rule(
          'class.earlier-usage',
          'Usage of an earlier month, billed in this one.',
          `'Correction'`,
          `${lineType} = 'Usage' and ${usageStart} < ${billStart}`,
        ),
      ],
    },
    {
      column: 'ChargeFrequency',
      type: 'string',
      rules: [
        rule(
          'frequency.recurring',
          'Commitment fees recur.',
          `'Recurring'`,
          `${lineType} in ('RIFee', 'SavingsPlanRecurringFee') and not (${unused})`,
        ),
        rule(
          'frequency.one-time',
          'Paid once.',
          `'One-Time'`,
          `${lineType} in ('Fee', 'SavingsPlanUpfrontFee', 'Tax', 'Credit', 'Refund')`,
        ),
        rule('frequency.usage', 'By usage.', `'Usage-Based'`),
      ],
    },
    text('ChargeDescription', 'description', native, 'lineItem/LineItemDescription'),
    {
      column: 'BillingCurrency',
      type: 'string',
      rules: [
        rule(
          'currency',
          'As in lineItem/CurrencyCode; XXX (no currency) where the bill names none.',
          `coalesce(${native.text('lineItem/CurrencyCode')}, ${literal(options.currency ?? noCurrency)})`,
        ),
      ],
    },
    text('InvoiceId', 'invoice', native, 'bill/InvoiceId'),
    text('InvoiceIssuerName', 'invoice-issuer', native, 'bill/InvoicingEntity', 'lineItem/LegalEntity'),
    {
      column: 'ServiceProviderName',
      type: 'string',
      rules: [
        rule(
          'provider.marketplace',
          'A marketplace seller provides the service.',
          native.text('lineItem/LegalEntity'),
          `${native.text('bill/BillingEntity')} = 'AWS Marketplace'`,
        ),
        rule('provider', 'AWS.', `'AWS'`),
      ],
    },
    plain('HostProviderName', 'string', 'host', 'What AWS bills runs on AWS.', `'AWS'`),
    text('x_LineItemType', 'kept', native, 'lineItem/LineItemType'),
    text('x_UsageType', 'kept', native, 'lineItem/UsageType'),
    text('x_Operation', 'kept', native, 'lineItem/Operation'),
    text('x_ServiceCode', 'kept', native, 'lineItem/ProductCode'),
    text('x_TaxType', 'kept', native, 'lineItem/TaxType'),
    text('x_BillType', 'kept', native, 'bill/BillType'),
  ];
}

function accountRules(native: NativeColumns): ColumnRules[] {
  return [
    text('BillingAccountId', 'account', native, 'bill/PayerAccountId'),
    text('BillingAccountName', 'account', native, 'bill/PayerAccountName'),
    plain('BillingAccountType', 'string', 'account', 'The account that pays.', `'Payer Account'`),
    text('SubAccountId', 'sub-account', native, 'lineItem/UsageAccountId'),
    text('SubAccountName', 'sub-account', native, 'lineItem/UsageAccountName'),
    plain('SubAccountType', 'string', 'sub-account', 'The account that uses.', `'Linked Account'`),
  ];
}

function commitmentRules(
  native: NativeColumns,
  { lineType, unused, savingsPlan, reservation, money }: AwsWords,
): ColumnRules[] {
  const ofPlan = `(${lineType} in ('SavingsPlanCoveredUsage', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee', 'SavingsPlanNegation') or (${lineType} = 'Refund' and ${savingsPlan} is not null))`;
  const ofReservation = `(${lineType} in ('DiscountedUsage', 'RIFee') or (${lineType} in ('Fee', 'Refund') and ${reservation} is not null))`;
  const unusedPlan = `${money('savingsPlan/TotalCommitmentToDate')} - ${money('savingsPlan/UsedCommitment')}`;
  const rule = (id: string, says: string, value: string, when: string): Rule => ({
    id: `aws.commitment.${id}`,
    says,
    value,
    when,
  });
  const byKind = (column: string, plan: string, reserved: string, says: string): ColumnRules => ({
    column,
    type: 'string',
    rules: [rule('savings-plan', says, plan, ofPlan), rule('reservation', says, reserved, ofReservation)],
  });
  return [
    byKind('CommitmentDiscountId', savingsPlan, reservation, 'The ARN of the plan or reservation.'),
    byKind('CommitmentDiscountType', `'Savings Plan'`, `'Reserved Instance'`, "AWS's name of the kind."),
    byKind(
      'CommitmentDiscountCategory',
      `'Spend'`,
      `'Usage'`,
      'Plans commit to spend, reservations to usage.',
    ),
    {
      column: 'CommitmentDiscountStatus',
      type: 'string',
      rules: [
        rule('unused', 'The part of the fee that no usage took.', `'Unused'`, unused),
        rule(
          'used',
          'Usage that the commitment covered.',
          `'Used'`,
          `${lineType} in ('SavingsPlanCoveredUsage', 'DiscountedUsage')`,
        ),
      ],
    },
    {
      column: 'CommitmentDiscountQuantity',
      type: 'decimal',
      rules: [
        rule(
          'plan-unused',
          'Commitment not used, in currency.',
          unusedPlan,
          `${unused} and ${lineType} = 'SavingsPlanRecurringFee'`,
        ),
        rule(
          'reservation-unused',
          'Normalised hours not used.',
          money('reservation/UnusedNormalizedUnitQuantity', 'reservation/UnusedQuantity'),
          unused,
        ),
        rule(
          'plan-used',
          'Commitment used, in currency.',
          money('savingsPlan/SavingsPlanEffectiveCost'),
          `${lineType} = 'SavingsPlanCoveredUsage'`,
        ),
        rule(
          'reservation-used',
          'Normalised hours used.',
          money('lineItem/NormalizedUsageAmount', 'lineItem/UsageAmount'),
          `${lineType} = 'DiscountedUsage'`,
        ),
        rule(
          'plan-bought',
          'Commitment bought, in currency.',
          money('savingsPlan/TotalCommitmentToDate', 'lineItem/UnblendedCost'),
          `${lineType} = 'SavingsPlanRecurringFee'`,
        ),
        rule(
          'reservation-bought',
          'Normalised hours bought.',
          money('reservation/TotalReservedNormalizedUnits', 'lineItem/UsageAmount'),
          `${lineType} = 'RIFee'`,
        ),
      ],
    },
    {
      column: 'CommitmentDiscountUnit',
      type: 'string',
      rules: [
        rule(
          'plan-unit',
          'Plans count currency.',
          native.text('lineItem/CurrencyCode'),
          `${lineType} in ('SavingsPlanCoveredUsage', 'SavingsPlanRecurringFee')`,
        ),
        rule(
          'reservation-unit',
          'Reservations count normalised hours.',
          `'Normalized Hours'`,
          `${lineType} in ('DiscountedUsage', 'RIFee')`,
        ),
      ],
    },
  ];
}

function resourceRules(native: NativeColumns): ColumnRules[] {
  const id = native.text('lineItem/ResourceId');
  const arnResource = `split_part(${id}, ':', 6)`;
  const name = nameTag(native);
  return [
    plain(
      'ServiceName',
      'string',
      'service',
      'Product name, else its code.',
      `coalesce(${native.text('product/ProductName', 'product/product_name')}, ${native.entry('product', 'product_name')}, ${native.text('product/servicename')}, ${native.entry('product', 'servicename')}, ${native.text('product/servicecode', 'lineItem/ProductCode')})`,
    ),
    plain(
      'ServiceCategory',
      'string',
      'service-category',
      'By product code; Other where we do not know it.',
      `coalesce(service.category, 'Other')`,
    ),
    plain('ServiceSubcategory', 'string', 'service-category', 'By product code.', 'service.subcategory'),
    plain(
      'RegionId',
      'string',
      'region',
      'As in product/regionCode, else product/region.',
      `coalesce(${native.text('product/regionCode', 'product/region')}, ${native.entry('product', 'region')})`,
    ),
    text('RegionName', 'region', native, 'product/location'),
    text('AvailabilityZone', 'availability-zone', native, 'lineItem/AvailabilityZone'),
    text('ResourceId', 'resource', native, 'lineItem/ResourceId'),
    plain('ResourceName', 'string', 'resource-name', 'The Name tag.', name),
    {
      column: 'ResourceType',
      type: 'string',
      rules: [
        {
          id: 'aws.resource-type.arn',
          says: "The type in the resource's ARN.",
          when: `${id}[1:4] = 'arn:' and contains(${arnResource}, '/')`,
          value: `split_part(${arnResource}, '/', 1)`,
        },
        {
          id: 'aws.resource-type.arn-service',
          says: "The service in the resource's ARN.",
          when: `${id}[1:4] = 'arn:'`,
          value: `split_part(${id}, ':', 3)`,
        },
        {
          id: 'aws.resource-type.instance',
          says: 'An EC2 instance id.',
          when: `${id}[1:2] = 'i-'`,
          value: `'instance'`,
        },
        {
          id: 'aws.resource-type.volume',
          says: 'An EBS volume id.',
          when: `${id}[1:4] = 'vol-'`,
          value: `'volume'`,
        },
      ],
    },
  ];
}

function nameTag(native: NativeColumns): string {
  return native.has('resource_tags')
    ? native.entry('resource_tags', 'user_name')
    : native.text('resourceTags/user:Name', 'resource_tags_user_name');
}

function skuRules(native: NativeColumns, { lineType, unused, usage, money }: AwsWords): ColumnRules[] {
  const rule = (id: string, says: string, value: string, when: string): Rule => ({
    id: `aws.${id}`,
    says,
    value,
    when,
  });
  const amount = money('lineItem/UsageAmount');
  const unit = native.text('pricing/unit');
  const metered = (column: string, type: ColumnRules['type'], value: string, says: string): ColumnRules => ({
    column,
    type,
    rules: [rule('quantity.metered', says, value, usage)],
  });
  return [
    text('SkuId', 'sku', native, 'product/sku'),
    text('SkuPriceId', 'sku-price', native, 'pricing/RateCode', 'pricing/RateId'),
    text('SkuMeter', 'sku-meter', native, 'lineItem/UsageType'),
    plain(
      'SkuPriceDetails',
      'json',
      'sku-details',
      'What the product columns say of the SKU, under the keys that FOCUS defines.',
      skuDetails(native),
    ),
    metered('ConsumedQuantity', 'decimal', amount, 'Usage only, never the unused part of a commitment.'),
    metered('ConsumedUnit', 'string', unit, 'The unit of the price.'),
    {
      column: 'PricingQuantity',
      type: 'decimal',
      rules: [
        rule(
          'quantity.unused',
          'Nothing was priced for the unused part.',
          'null',
          `${unused} or ${lineType} in ('Tax', 'SavingsPlanNegation')`,
        ),
        { id: 'aws.quantity', says: 'As in lineItem/UsageAmount.', value: amount },
      ],
    },
    {
      column: 'PricingUnit',
      type: 'string',
      rules: [
        rule(
          'quantity.unused',
          'Nothing was priced for the unused part.',
          'null',
          `${unused} or ${lineType} in ('Tax', 'SavingsPlanNegation')`,
        ),
        { id: 'aws.unit', says: 'As in pricing/unit.', value: unit },
      ],
    },
    {
      column: 'PricingCategory',
      type: 'string',
      rules: [
        rule(
          'pricing.none',
          'Tax and credits have no price.',
          'null',
          `${lineType} in ('Tax', 'Credit', 'Refund')`,
        ),
        rule(
          'pricing.committed',
          'Covered by a commitment.',
          `'Committed'`,
          `${lineType} in ('SavingsPlanCoveredUsage', 'DiscountedUsage') or ${unused}`,
        ),
        rule(
          'pricing.dynamic',
          'Spot.',
          `'Dynamic'`,
          `contains(${native.text('lineItem/UsageType')}, 'SpotUsage') or ${native.text('pricing/PurchaseOption', 'product/marketoption')} = 'Spot'`,
        ),
        rule(
          'pricing.standard',
          'On demand, or the purchase itself.',
          `'Standard'`,
          `${lineType} in ('Usage', 'Fee', 'RIFee', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee')`,
        ),
        { id: 'aws.pricing.other', says: 'Any other.', value: `'Other'` },
      ],
    },
  ];
}

function skuDetails(native: NativeColumns): string {
  const product = (name: string, key: string) =>
    `coalesce(${native.text(`product/${name}`)}, ${native.entry('product', key)})`;
  const vcpu = `try_cast(${product('vcpu', 'vcpu')} as integer)::varchar`;
  const memory = `regexp_extract(${product('memory', 'memory')}, '^([0-9.]+) GiB$', 1)`;
  return jsonObject([
    ['InstanceType', jsonText(product('instanceType', 'instance_type'))],
    ['InstanceSeries', jsonText(product('instanceFamily', 'instance_family'))],
    ['CoreCount', vcpu],
    ['MemorySize', `nullif(${memory}, '')`],
    ['OperatingSystem', jsonText(product('operatingSystem', 'operating_system'))],
    ['StorageClass', jsonText(product('storageClass', 'storage_class'))],
  ]);
}

function tagRules(native: NativeColumns): ColumnRules[] {
  return [
    plain(
      'Tags',
      'json',
      'tags',
      "User tags under their own keys (the prefix `user:` is AWS's); AWS's tags keep `aws:`.",
      tagObject(native, 'resource_tags', ['resourceTags/', 'resource_tags_']),
    ),
    plain(
      'x_CostCategories',
      'string',
      'cost-categories',
      'Cost categories as a JSON object.',
      tagObject(native, 'cost_category', ['costCategory/', 'cost_category_']),
    ),
    plain(
      'x_Discounts',
      'string',
      'discounts',
      'Discounts as a JSON object.',
      tagObject(native, 'discount', ['discount/']),
    ),
  ];
}

function tagObject(native: NativeColumns, mapColumn: string, prefixes: readonly string[]): string {
  const map = native.find(mapColumn);
  if (map?.type.startsWith('MAP')) {
    const entries = `list_transform(map_entries(${identifier(map.name)}), e -> ${jsonKey(`regexp_replace(e.key, '^user[_:]', '')`)} || to_json(e.value))`;
    return `case when cardinality(${identifier(map.name)}) > 0 then '{' || array_to_string(${entries}, ',') || '}' end`;
  }
  if (map?.type === 'VARCHAR') return `nullif(nullif(${identifier(map.name)}, ''), '{}')`;
  const columns = native.under(...prefixes);
  return jsonObject(
    columns.map(({ column, rest }) => [rest.replace(/^user[:_]/, ''), jsonText(native.text(column.name))]),
  );
}

function jsonKey(key: string): string {
  return `to_json(${key}) || ':'`;
}

function jsonText(value: string): string {
  return `to_json(${value})`;
}

/** A JSON object as text of the members that are not null; null when there is none. */
function jsonObject(members: readonly (readonly [string, string])[]): string {
  if (members.length === 0) return 'cast(null as varchar)';
  const parts = members.map(([key, value]) => `${literal(`${JSON.stringify(key)}:`)} || ${value}`);
  return `'{' || nullif(concat_ws(',', ${parts.join(', ')}), '') || '}'`;
}

/** The converter of a Cost and Usage Report, v1 or 2.0. `net`: the file's costs are net of discounts. */
export function awsConverter(native: NativeColumns, options: AwsOptions): Converter {
  const named = (...names: readonly string[]) => names.filter((name) => native.has(name));
  const intervals = [
    ['bill/BillingPeriodStartDate', 'bill/BillingPeriodEndDate'],
    ['lineItem/UsageStartDate', 'lineItem/UsageEndDate'],
  ] as const;
  const label = native.find('bill/BillingPeriodStartDate');
  const usage = options.period === undefined ? native.find('lineItem/UsageStartDate') : undefined;
  const period = label ?? usage;
  const cost = options.net ? 'lineItem/NetUnblendedCost' : 'lineItem/UnblendedCost';
  return {
    version: 'aws-1',
    dataset: costDataset,
    nativeCost: native.find(cost)?.name,
    period: period
      ? monthOf(native.text(period.name), 'iso', label !== undefined)
      : literalOrNull(options.period),
    periodColumn: period && { name: period.name, isLabel: label !== undefined },
    currency: `coalesce(${native.text('lineItem/CurrencyCode')}, ${literal(options.currency ?? noCurrency)})`,
    currencyColumn: native.find('lineItem/CurrencyCode')?.name,
    kindColumn: native.find('lineItem/LineItemType')?.name,
    account: `coalesce(${native.text('bill/PayerAccountId')}, '')`,
    invoiced: `${native.text('bill/InvoiceId')} is not null`,
    numbers: Object.entries(awsNumbers).flatMap(([type, names]) =>
      named(...names).map((name) =>
        type === '' ? { name } : { name, when: `${awsWords(native).lineType} = ${literal(type)}` },
      ),
    ),
    times: named(...intervals.flat()),
    dateOrder: 'iso',
    intervals: intervals.filter(([start, end]) => native.has(start) && native.has(end)),
    scan: (file) => awsScan(native, file),
    columns: awsRules(native, options),
  };
}
